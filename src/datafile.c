// SPDX-License-Identifier: GPL-2.0-or-later
#include "src/datafile.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"

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
	char dir[PATH_MAX];
	const char *const places[] = { program_dir(dir, sizeof(dir)), WRING_DATADIR,
				       WRING_LIBEXECDIR };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		_cleanup_free_ char *path = path_join(places[i], subpath);

		if (!path)
			return error_set(err, -ENOMEM, "%s", subpath);
		if (access(path, R_OK) < 0)
			continue;
		*ret_path = TAKE_PTR(path);
		return 0;
	}
	return error_say(err, -ENOENT,
			 "%s is not there: looked in %s, %s and %s; install wring again", subpath,
			 places[0], places[1], places[2]);
}
