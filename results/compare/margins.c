// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/compare/margins.h"

#include <fnmatch.h>
#include <math.h>
#include <string.h>

#include "results/compare/differences.h"
#include "src/macro.h"

/* A variant's name stands for itself, and its scenario's name for all of its variants. */
static bool names_scenario(const char *pattern, const char *name)
{
	char base[300];

	if (fnmatch(pattern, name, 0) == 0)
		return true;
	snprintf(base, sizeof(base), "%.*s", (int)strcspn(name, "@"), name);
	return fnmatch(pattern, base, 0) == 0;
}

const json_t *margins_of(const json_t *policy, const struct cell *base, const struct cell *fresh)
{
	const struct cell *cell = fresh ? fresh : base;
	const json_t *own = fresh ? json_object_get(fresh->spec, "gate") : NULL;
	const char *pattern;
	json_t *margins;

	json_object_foreach ((json_t *)policy, pattern, margins)
		if (names_scenario(pattern, cell->key) || names_scenario(pattern, cell->scenario))
			return margins;
	if (policy)
		return NULL;
	return own || !base ? own : json_object_get(base->spec, "gate");
}

bool margin_of(const json_t *policy, const struct cell *base, const struct cell *fresh,
	       const char *metric, struct margin *ret)
{
	const char *pattern;
	json_t *text;

	json_object_foreach ((json_t *)margins_of(policy, base, fresh), pattern, text) {
		if (fnmatch(pattern, metric, 0) != 0)
			continue;
		return json_is_string(text) && parse_margin(json_string_value(text), ret) == 0;
	}
	return false;
}

bool margin_meets(const char *name, const struct cell *cell)
{
	for (size_t i = 0; cell && i < cell->series_count; i++)
		if (fnmatch(name, cell->series[i].metric, 0) == 0)
			return true;
	return false;
}

double margin_widening(const json_t *noise, const struct side *base_side,
		       const struct side *fresh_side, const struct series *base,
		       const struct series *fresh, const char *scenario, double share)
{
	const json_t *floor = json_object_get(json_object_get(noise, scenario), base->metric);
	double drift =
		MAX(isnan(base->drift) ? 0 : base->drift, isnan(fresh->drift) ? 0 : fresh->drift);
	char makers[600];

	if (json_is_number(floor))
		return MAX(json_number_value(floor) - share, 0);
	if (drift > 0 && !same_makers(base_side, fresh_side, makers, sizeof(makers)))
		return drift;
	return 0;
}
