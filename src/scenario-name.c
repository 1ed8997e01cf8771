// SPDX-License-Identifier: GPL-2.0-or-later
#include "src/scenario-name.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/cleanup.h"
#include "src/macro.h"
#include "src/nearest.h"

static const struct scenario *choose(const struct suite *suite, const char *suite_name,
				     const char *name, struct error *err)
{
	struct nearest search = { .word = name ? name : "" };
	char hint[200];

	for (size_t i = 0; i < suite->scenario_count; i++) {
		nearest_offer(&search, suite->scenarios[i].name);
		if (name ? streq(suite->scenarios[i].name, name) : suite->scenario_count == 1)
			return &suite->scenarios[i];
	}
	if (name)
		error_say(err, -EINVAL, "%s has no scenario «%s»%s", suite_name, name,
			  nearest_hint(&search, hint, sizeof(hint)));
	else
		error_say(err, -EINVAL, "%s has %zu scenarios: name one, as %s/%s", suite_name,
			  suite->scenario_count, suite_name, suite->scenarios[0].name);
	return NULL;
}

int scenario_find(const char *what, const struct strlist *overrides, const char *seeds,
		  struct suite **ret_suite, const struct scenario **ret_scenario, char **ret_name,
		  struct error *err)
{
	const char *slash = strrchr(what, '/');
	bool whole = !slash || access(what, F_OK) == 0;
	_cleanup_free_ char *name = whole ? strdup(what) : strndup(what, (size_t)(slash - what)),
			    *path = NULL;
	struct suite *suite;
	int r = name ? suite_find(name, &path, err) : error_set(err, -ENOMEM, "suite");

	if (r == 0)
		r = suite_load(&suite, path, overrides, seeds, &(struct strlist){}, err);
	if (r < 0)
		return r;
	*ret_scenario = choose(suite, name, whole ? NULL : slash + 1, err);
	if (!*ret_scenario) {
		suite_free(suite);
		return -EINVAL;
	}
	*ret_suite = suite;
	if (ret_name)
		*ret_name = TAKE_PTR(name);
	return 0;
}
