// SPDX-License-Identifier: GPL-2.0-or-later
/* Why a run has no figure in a series. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "results/history/history.h"
#include "results/record.h"
#include "results/table.h"
#include "results/json.h"
#include "src/macro.h"

/* The trial is good: then it is the metric that is not. */
static void say_metric(const struct stored_trial *trial, const char *metric, char *buf, size_t size)
{
	const json_t *found = json_object_get(json_object_get(trial->json, "metrics"), metric);
	struct record *record;

	if (found) {
		snprintf(buf, size, "invalid: %s", json_text(found, "why", ""));
	} else if (record_open(&record, trial->dir, NULL) == 0) {
		metric_absence(record, metric, buf, size);
		record_free(record);
	} else {
		snprintf(buf, size, "its trial has no such metric");
	}
}

static void say_trial(const struct stored_trial *trial, const char *metric, char *buf, size_t size)
{
	const char *outcome = json_text(trial->json, "outcome", ""),
		   *why = json_text(trial->json, "why", "");
	const json_t *invalid = json_object_get(trial->json, "invalid");

	if (!streq(outcome, "completed"))
		snprintf(buf, size, "seed %llu %s%s%s", (unsigned long long)trial->seed, outcome,
			 *why ? ": " : "", why);
	else if (json_array_size(invalid))
		snprintf(buf, size, "seed %llu is invalid: %s", (unsigned long long)trial->seed,
			 json_string_value(json_array_get(invalid, 0)));
	else
		say_metric(trial, metric, buf, size);
	buf[strcspn(buf, "\n")] = '\0';
}

const char *history_gap(const struct history *history, const struct history_group *group,
			size_t run, const char *metric, char *buf, size_t size)
{
	const struct run *of = history->runs->items[run].run;
	bool any = streq(group->kernel, HISTORY_ANY_KERNEL), said = false;

	snprintf(buf, size, "it has no such trial");
	for (size_t i = 0; i < of->trial_count; i++) {
		const struct stored_trial *trial = &of->trials[i];

		if (!streq(trial->scenario, group->scenario) ||
		    !(any || streq(trial->kernel, group->kernel)))
			continue;
		/* A good trial without the metric tells more than one that failed. */
		if (!said || trial_good(trial))
			say_trial(trial, metric, buf, size);
		said = true;
		if (trial_good(trial))
			break;
	}
	return buf;
}
