// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/history/history-text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "results/value.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"

const char *history_release(const struct history_point *point)
{
	const json_t *trial = point->of.trial->json;
	const char *release = json_string_value(json_object_get(trial, "release"));

	return release && *release ? release : point->of.trial->kernel;
}

const char *history_shift(const struct history_change *change, const struct history_series *series,
			  char buf[static FORMAT_MAX])
{
	const char *unit = value_unit(series->unit);
	double percent = 100 * change->shift;
	char value[FORMAT_MAX];

	if (isfinite(percent)) {
		snprintf(buf, FORMAT_MAX, fabs(percent) < 100 ? "%+.2g %%" : "%+.0f %%", percent);
	} else {
		value_format(fabs(change->after - change->before), series->unit, value);
		snprintf(buf, FORMAT_MAX, "%s%.25s%s%.10s",
			 change->after < change->before ? "-" : "+", value, *unit ? " " : "", unit);
	}
	return buf;
}

const char *history_direction(const struct history_change *change,
			      const struct history_series *series)
{
	bool more = change->after > change->before;

	if (series->def->better == BETTER_NONE)
		return "";
	return more == (series->def->better == BETTER_HIGHER) ? ", better" : ", worse";
}

char *history_causes(const struct history_point *before, const struct history_point *after)
{
	_cleanup_strlist_ struct strlist list = {};
	_cleanup_free_ char *text = NULL;

	if (run_differences(&list, &before->of, &after->of) < 0)
		return NULL;
	if (list.count == 0)
		return strdup("nothing that the records tell differs from the run before");
	for (size_t i = 0; i < list.count; i++) {
		char *more = text_format("%s%s%s", text ? text : "differs from the run before in ",
					 text ? "; " : "", list.items[i]);

		free(text);
		text = more;
		if (!text)
			return NULL;
	}
	return TAKE_PTR(text);
}
