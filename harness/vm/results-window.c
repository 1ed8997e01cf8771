// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/results-window.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"

/* QEMU's docs/specs/ivshmem-spec.txt: the device's numbers, and its memory as BAR 2. */
#define VENDOR "0x1af4"
#define DEVICE "0x1110"
#define BAR    "resource2"
#define BUS    "bus/pci/devices"

static bool has_id(int dir, const char *file, const char *id)
{
	char text[32];

	return file_read_line(dir, file, text, sizeof(text)) == 0 && streq(text, id);
}

static int map(int dir, void **ret, size_t *ret_size, struct error *err)
{
	_cleanup_close_ int fd = -1;
	struct stat st;
	void *at;
	int r = file_write_kernel(dir, "enable", "1");

	if (r < 0)
		return error_set(err, r, "enable the results window");
	fd = openat(dir, BAR, O_RDWR | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_set(err, -errno, "open the results window");
	at = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return error_set(err, -errno, "map the results window");
	*ret = at;
	*ret_size = (size_t)st.st_size;
	return 0;
}

int results_window_map(const struct fsroot *fs, void **ret, size_t *ret_size, struct error *err)
{
	_cleanup_closedir_ DIR *bus = NULL;
	struct dirent *entry;
	int fd = openat(fs->sys, BUS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	bus = fd < 0 ? NULL : fdopendir(fd);
	if (!bus) {
		int code = -errno;

		if (fd >= 0)
			close(fd);
		return error_set(err, code, "open /sys/" BUS);
	}
	while ((entry = readdir(bus))) {
		_cleanup_close_ int dir = -1;

		if (*entry->d_name == '.')
			continue;
		dir = openat(dirfd(bus), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (dir >= 0 && has_id(dir, "vendor", VENDOR) && has_id(dir, "device", DEVICE))
			return map(dir, ret, ret_size, err);
	}
	return error_say(err, -ENODEV, "this machine has no results window (PCI device 1af4:1110)");
}
