// SPDX-License-Identifier: GPL-2.0-or-later
#include "src/datafile.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "src/cleanup.h"
#include "src/file.h"

/* The directory of the running program; "" where /proc does not tell. */
static const char *program_dir(char *buf, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", buf, size - 1);
	char *slash;

	buf[n > 0 ? n : 0] = '\0';
	slash = strrchr(buf, '/');
	if (slash)
		*slash = '\0';
	return buf;
}

int datafile_find(const char *subpath, char **ret_path, struct error *err)
{
	_cleanup_free_ char *beside = NULL, *shared = NULL;
	char dir[PATH_MAX];

	beside = path_join(program_dir(dir, sizeof(dir)), subpath);
	shared = path_join(WRING_DATADIR, subpath);
	if (!beside || !shared)
		return error_set(err, -ENOMEM, "%s", subpath);
	if (access(beside, R_OK) == 0)
		*ret_path = TAKE_PTR(beside);
	else if (access(shared, R_OK) == 0)
		*ret_path = TAKE_PTR(shared);
	else
		return error_say(err, -ENOENT,
				 "%s is not there: looked for %s and %s; install wring again",
				 subpath, beside, shared);
	return 0;
}
