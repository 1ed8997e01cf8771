// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/kernel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/cleanup.h"
#include "src/file.h"

int cache_path(char **ret, struct error *err)
{
	const char *own = getenv("WRING_CACHE"), *xdg = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");
	char *path;

	/* The XDG rules say that a relative path there is to be ignored. */
	if (own && *own)
		path = strdup(own);
	else if (xdg && *xdg == '/')
		path = path_join(xdg, "wring");
	else if (home && *home)
		path = path_join(home, ".cache/wring");
	else
		return error_say(err, -ENOENT,
				 "there is no cache directory: set WRING_CACHE (or HOME)");
	*ret = path;
	return path ? 0 : error_set(err, -ENOMEM, "find the cache directory");
}

int cache_dir(char **ret, struct error *err)
{
	_cleanup_free_ char *path = NULL;
	int r = cache_path(&path, err);

	if (r < 0)
		return r;
	r = dir_make(path, err);
	if (r < 0)
		return error_prefix(err, "the cache (WRING_CACHE moves it)");
	*ret = realpath(path, NULL);
	return *ret ? 0 : error_set(err, -errno, "open %s", path);
}
