// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/guest-machine.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/process.h"

int guest_load_modules(const char *list, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	char *rest, *line;
	int r = file_read(AT_FDCWD, list, &text, NULL, err);

	if (r < 0)
		return r;
	for (rest = text; (line = strsep(&rest, "\n"));) {
		char *parameters = line, *file = strsep(&parameters, " ");
		_cleanup_close_ int fd = *file ? open(file, O_RDONLY | O_CLOEXEC) : -1;

		if (!*file)
			continue;
		if (fd < 0)
			return error_set(err, -errno, "open module %s", file);
		if (syscall(SYS_finit_module, fd, parameters ? parameters : "", 0) < 0 &&
		    errno != EEXIST)
			return error_set(err, -errno, "load module %s", file);
	}
	return 0;
}

static int set(const char *dir, const char *file, const char *value, struct error *err)
{
	_cleanup_free_ char *path = path_join(dir, file);
	int r = path ? file_write_kernel(AT_FDCWD, path, value) : -ENOMEM;

	return r < 0 ? error_set(err, r, "write %s to %s/%s", value, dir, file) : 0;
}

static int set_number(const char *dir, const char *file, uint64_t value, struct error *err)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	return set(dir, file, text, err);
}

/*
 * A memory-backed null_blk by configfs (Documentation/block/null_blk.rst), whose requests
 * complete by a timer after latency_ns. Kernels name the disk after the directory or after a
 * running number: the directory is named so that both agree.
 */
static int make_null_blk(unsigned index, uint64_t size_bytes, uint64_t latency_ns, char *ret_device,
			 size_t size, struct error *err)
{
	char dir[80];
	int r;

	if (mount("configfs", "/sys/kernel/config", "configfs", 0, NULL) < 0 && errno != EBUSY)
		return error_set(err, -errno, "mount configfs");
	snprintf(dir, sizeof(dir), "/sys/kernel/config/nullb/nullb%u", index);
	if (mkdir(dir, 0755) < 0)
		return error_set(err, -errno, "make null_blk device %u", index);
	r = set_number(dir, "size", size_bytes >> 20, err);
	if (r == 0)
		r = set(dir, "memory_backed", "1", err);
	if (r == 0)
		r = set(dir, "blocksize", "4096", err);
	if (r == 0)
		r = set_number(dir, "irqmode", latency_ns ? 2 : 0, err);
	if (r == 0 && latency_ns)
		r = set_number(dir, "completion_nsec", latency_ns, err);
	if (r == 0)
		r = set(dir, "power", "1", err);
	if (r == 0)
		snprintf(ret_device, size, "/dev/nullb%u", index);
	return r;
}

/* What mkswap(8) writes: version 1, no label, no bad pages (include/linux/swap.h, swap_header). */
static int format_swap(const char *device, uint64_t bytes, struct error *err)
{
	struct {
		char boot[1024];
		uint32_t version, last_page, bad_pages;
		unsigned char uuid[16], label[16];
		uint32_t padding[117];
	} * header;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	_cleanup_free_ char *block = calloc(1, page);
	_cleanup_close_ int fd = open(device, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return error_set(err, -errno, "open %s", device);
	if (!block)
		return error_set(err, -ENOMEM, "format %s", device);
	header = (void *)block;
	header->version = 1;
	header->last_page = (uint32_t)(bytes / page - 1);
	header->uuid[0] = 1;
	memcpy(block + page - 10, "SWAPSPACE2", 10);
	if (pwrite(fd, block, page, 0) != (ssize_t)page || fsync(fd) < 0)
		return error_set(err, -errno, "format %s", device);
	return 0;
}

int guest_make_swap(const struct swap_spec *swap, struct error *err)
{
	char device[40] = "/dev/zram0";
	int r = 0;

	if (swap->type == SWAP_NONE)
		return 0;
	if (swap->type == SWAP_ZRAM) {
		if (swap->algorithm)
			r = set("/sys/block/zram0", "comp_algorithm", swap->algorithm, err);
		if (r == 0)
			r = set_number("/sys/block/zram0", "disksize", swap->size_bytes, err);
	} else {
		r = make_null_blk(0, swap->size_bytes, swap->latency_ns, device, sizeof(device),
				  err);
	}
	if (r == 0)
		r = format_swap(device, swap->size_bytes, err);
	if (r == 0 && swapon(device, 0) < 0)
		r = error_set(err, -errno, "swapon %s", device);
	return r;
}

int guest_make_disk(const struct disk_spec *disk, struct error *err)
{
	/* Fixed identities: the same trial makes the same disk. */
	static const char uuid[] = "77726e67-0000-4000-8000-000000000001";
	char device[40];
	const char *const format[] = { "/sbin/mke2fs",
				       "-q",
				       "-F",
				       "-t",
				       "ext4",
				       "-U",
				       uuid,
				       "-E",
				       "hash_seed=77726e67-0000-4000-8000-000000000002,lazy_itable_"
				       "init=0,lazy_journal_init=0,nodiscard",
				       device,
				       NULL };
	_cleanup_free_ char *output = NULL;
	int status = 0, r;

	if (disk->type == DISK_NONE)
		return 0;
	r = make_null_blk(1, disk->size_bytes, disk->latency_ns, device, sizeof(device), err);
	if (r == 0)
		r = process_run(format, NULL, &output, &status, err);
	if (r < 0)
		return r;
	if (status)
		return error_say(err, -EIO, "mke2fs %s: status %d: %s", device, status, output);
	if (mkdir(DISK_MOUNT, 0755) < 0 && errno != EEXIST)
		return error_set(err, -errno, "create %s", DISK_MOUNT);
	if (mount(device, DISK_MOUNT, "ext4", MS_NOATIME, NULL) < 0)
		return error_set(err, -errno, "mount %s", device);
	return 0;
}

#define TAR_BLOCK 512

/* POSIX.1-1988 ustar header, of which only what a regular file needs is set. */
struct tar_header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], sum[8], type, link[100];
	char magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155], rest[12];
};

/* Where the archive grows. */
struct window {
	char *next, *end;
};

static int put(struct window *w, const void *data, size_t len, struct error *err)
{
	size_t padded = (len + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;

	if ((size_t)(w->end - w->next) < padded)
		return error_say(err, -ENOSPC, "the record is larger than the room for results");
	memcpy(w->next, data, len);
	w->next += padded; /* the window is all zero before */
	return 0;
}

static int put_file(struct window *w, const char *name, const char *data, size_t len,
		    struct error *err)
{
	struct tar_header h = { .type = '0', .magic = "ustar", .version = { '0', '0' } };
	unsigned sum = 0;
	int r;

	_Static_assert(sizeof(h) == TAR_BLOCK, "a tar header is a block");
	snprintf(h.name, sizeof(h.name), "%s", name);
	snprintf(h.mode, sizeof(h.mode), "%07o", 0644);
	snprintf(h.uid, sizeof(h.uid), "%07o", 0);
	snprintf(h.gid, sizeof(h.gid), "%07o", 0);
	snprintf(h.size, sizeof(h.size), "%011lo", (unsigned long)len);
	snprintf(h.mtime, sizeof(h.mtime), "%011o", 0);
	memset(h.sum, ' ', sizeof(h.sum));
	for (size_t i = 0; i < sizeof(h); i++)
		sum += ((unsigned char *)&h)[i];
	snprintf(h.sum, sizeof(h.sum), "%06o", sum);
	r = put(w, &h, sizeof(h), err);
	return r < 0 ? r : put(w, data, len, err);
}

int guest_send_files(void *window, size_t size, int dirfd, const char *const *names,
		     struct error *err)
{
	struct window w = { .next = window, .end = (char *)window + size };
	int r = 0;

	for (; *names && r == 0; names++) {
		_cleanup_free_ char *data = NULL;
		size_t len;

		if (faccessat(dirfd, *names, F_OK, 0) < 0 && errno == ENOENT)
			continue;
		r = file_read(dirfd, *names, &data, &len, err);
		if (r == 0)
			r = put_file(&w, *names, data, len, err);
	}
	/* Two empty blocks end an archive: they are there already, if there is room for them. */
	if (r == 0 && w.end - w.next < 2 * TAR_BLOCK)
		r = error_say(err, -ENOSPC, "the record is larger than the room for results");
	return r;
}
