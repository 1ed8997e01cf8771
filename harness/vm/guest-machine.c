// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/guest-machine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>

#include "harness/sysctl.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"

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

int guest_set_sysctls(const struct machine_spec *machine, struct error *err)
{
	_cleanup_fsroot_ struct fsroot fs = { -1, -1, -1 };
	int r = fsroot_open(&fs, "/", err);

	for (size_t i = 0; r == 0 && i < machine->sysctl_count; i++)
		r = sysctl_set(&fs, &machine->sysctls[i], err);
	return r;
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
