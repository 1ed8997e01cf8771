// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/scratch.h"

#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mount.h>

#include "src/macro.h"

bool scratch_is_tmpfs(const char *dir)
{
	return streq(dir, "tmpfs");
}

int scratch_setup(struct worker *w, const char *dir, const char *mount_options, struct error *err)
{
	if (!scratch_is_tmpfs(dir))
		return 0;
	if (unshare(CLONE_NEWNS) < 0)
		return error_set(err, -errno, "a mount namespace for dir: tmpfs");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return error_set(err, -errno, "make mounts private for dir: tmpfs");
	if (mount("wring", w->dir, "tmpfs", MS_NOSUID | MS_NODEV, mount_options) < 0)
		return error_set(err, -errno, "mount a tmpfs%s%s on %s",
				 mount_options ? " with " : "", mount_options ? mount_options : "",
				 w->dir);
	return 0;
}
