// SPDX-License-Identifier: GPL-2.0-or-later
#include "src/noise-file.h"

#include <errno.h>

#include "harness/vm/kernel.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"

int noise_file(char **ret, const char *suite, struct error *err)
{
	_cleanup_free_ char *cache = NULL;
	int r = cache_dir(&cache, err);

	if (r < 0)
		return r;
	*ret = text_format("%s/noise/%s.json", cache, suite);
	return *ret ? 0 : error_set(err, -ENOMEM, "noise");
}

int noise_of_side(struct noise *ret, const struct side *side, struct error *err)
{
	const char *clock = json_string_value(json_object_get(side->run, "clock"));
	const char *suite =
		json_string_value(json_object_get(json_object_get(side->run, "suite"), "suite"));
	_cleanup_free_ char *path = NULL;
	struct error ignored = {};
	int r;

	if (!clock || streq(clock, "insn") || !suite)
		return 0;
	r = noise_file(&path, suite, err);
	if (r < 0 || access(path, F_OK) < 0)
		return r; /* the gate says what is to be done */
	return noise_load(ret, path, err ? err : &ignored);
}
