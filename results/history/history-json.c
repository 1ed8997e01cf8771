// SPDX-License-Identifier: GPL-2.0-or-later
/* A history for programs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "results/history/history-changes.h"
#include "results/history/history-show.h"
#include "results/history/history-text.h"
#include "src/macro.h"

static json_t *number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *date_json(const struct dated_run *run)
{
	char text[RUN_DATE_MAX];
	struct tm tm;

	gmtime_r(&run->started, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return json_string(text);
}

static json_t *run_json(const struct dated_run *run)
{
	static const char *const dated[] = {
		[DATED_RECORD] = "record", [DATED_NAME] = "name", [DATED_FILE] = "file"
	};
	static const char *const copied[] = { "wring",	     "status",	"where",      "clock",
					      "accelerator", "kernels", "environment" };
	json_t *json = json_pack("{s:s, s:o, s:s, s:s, s:s, s:i}", "dir", run->run->dir, "started",
				 date_json(run), "started_by", dated[run->dated], "suite",
				 dated_run_suite(run), "verdict", history_verdict(run), "trials",
				 (int)run->run->trial_count);

	for (size_t i = 0; i < ARRAY_SIZE(copied); i++)
		json_object_set(json, copied[i], json_object_get(run->run->json, copied[i]));
	return json;
}

static json_t *point_json(const struct history_point *p)
{
	json_t *values = json_object();

	for (size_t i = 0; i < p->count; i++) {
		char seed[24];

		snprintf(seed, sizeof(seed), "%llu", (unsigned long long)p->seeds[i]);
		json_object_set_new(values, seed, number(p->values[i]));
	}
	return json_pack("{s:I, s:s, s:s, s:o, s:o, s:o, s:o}", "run", (json_int_t)p->run, "kernel",
			 p->of.trial->kernel, "release", history_release(p), "median",
			 number(p->median), "least", number(p->least), "most", number(p->most),
			 "seeds", values);
}

static json_t *change_json(const struct history_series *s, const struct history_change *c)
{
	const struct history_point *before = &s->points[c->at - 1], *after = &s->points[c->at];
	struct strlist list = {};
	json_t *differs = json_array();

	if (run_differences(&list, &before->of, &after->of) == 0)
		for (size_t i = 0; i < list.count; i++)
			json_array_append_new(differs, json_string(list.items[i]));
	strlist_done(&list);
	return json_pack("{s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "before",
			 (json_int_t)before->run, "after", (json_int_t)after->run, "median_before",
			 number(c->before), "median_after", number(c->after), "shift",
			 number(c->shift), "p", number(c->p), "q", number(c->q), "differs",
			 differs);
}

static json_t *series_json(const struct history_group *g, const struct history_series *s)
{
	static const char *const states[] = {
		[HISTORY_JUDGED] = "judged", [HISTORY_STEADY] = "steady", [HISTORY_FEW] = "few"
	};
	static const char *const sides[] = {
		[BETTER_NONE] = "none", [BETTER_LOWER] = "lower", [BETTER_HIGHER] = "higher"
	};
	const char *apart = s->apart ? s->apart : g->apart;
	json_t *points = json_array(), *changes = json_array();

	for (size_t i = 0; i < s->count; i++)
		json_array_append_new(points, point_json(&s->points[i]));
	for (size_t i = 0; i < s->change_count; i++)
		json_array_append_new(changes, change_json(s, &s->changes[i]));
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:s, s:b, s:o, s:o}", "suite",
			 g->suite, "scenario", g->scenario, "kernel", g->kernel, "metric",
			 s->metric, "unit", s->unit, "better", sides[s->def->better], "apart",
			 apart ? json_string(apart) : json_null(), "state", states[s->state],
			 "seeds_differ", s->seeds_differ, "points", points, "changes", changes);
}

json_t *history_json(const struct history *history, double alpha)
{
	json_t *runs = json_array(), *series = json_array(), *problems = json_array();

	for (size_t i = 0; i < history->runs->count; i++)
		json_array_append_new(runs, run_json(&history->runs->items[i]));
	for (size_t i = 0; i < history->runs->problems.count; i++)
		json_array_append_new(problems, json_string(history->runs->problems.items[i]));
	for (size_t i = 0; i < history->count; i++) {
		const struct history_group *g = &history->groups[i];

		for (size_t k = 0; k < g->count; k++)
			json_array_append_new(series, series_json(g, &g->series[k]));
	}
	return json_pack("{s:f, s:I, s:o, s:o, s:o}", "alpha", alpha, "runs_least",
			 (json_int_t)history_runs_least(alpha), "runs", runs, "series", series,
			 "problems", problems);
}
