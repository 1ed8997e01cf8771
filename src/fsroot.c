// SPDX-License-Identifier: GPL-2.0-or-later
#include "src/fsroot.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "src/cleanup.h"
#include "src/macro.h"

static int open_dir(int dirfd, const char *path)
{
	return openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int fsroot_open(struct fsroot *ret, const char *root, struct error *err)
{
	static const char *const mounts[] = { "fs/cgroup", "fs/cgroup/unified" };
	struct fsroot fs = { -1, -1, -1 };
	_cleanup_close_ int top = open_dir(AT_FDCWD, root);

	if (top < 0)
		return error_set(err, -errno, "open %s", root);
	fs.proc = open_dir(top, "proc");
	fs.sys = open_dir(top, "sys");
	if (fs.proc < 0 || fs.sys < 0) {
		int r = error_set(err, -errno, "open %s of %s", fs.proc < 0 ? "proc" : "sys", root);

		fsroot_close(&fs);
		return r;
	}
	for (size_t i = 0; i < ARRAY_SIZE(mounts) && fs.cgroup < 0; i++) {
		_cleanup_close_ int fd = open_dir(fs.sys, mounts[i]);

		if (fd >= 0 && faccessat(fd, "cgroup.controllers", R_OK, 0) == 0)
			fs.cgroup = TAKE_FD(fd);
	}
	*ret = fs;
	return 0;
}

void fsroot_close(struct fsroot *fs)
{
	int *fds[] = { &fs->proc, &fs->sys, &fs->cgroup };

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
}
