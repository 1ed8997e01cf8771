// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/history/history.h"

#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "results/record.h"
#include "results/regime.h"
#include "results/stats/values.h"
#include "results/table.h"
#include "src/cleanup.h"
#include "src/macro.h"

struct maker {
	struct history *history;
	const struct history_wish *wish;
	struct error *err;
};

static int out_of_memory(const struct maker *m)
{
	return error_set(m->err, -ENOMEM, "history");
}

bool history_matches(const struct strlist *patterns, const char *name)
{
	for (size_t i = 0; patterns && i < patterns->count; i++)
		if (fnmatch(patterns->items[i], name, 0) == 0)
			return true;
	return !patterns || patterns->count == 0;
}

bool history_matches_scenario(const struct strlist *patterns, const char *scenario)
{
	_cleanup_free_ char *base = strdup(scenario);

	if (base)
		base[strcspn(base, "@")] = '\0';
	return history_matches(patterns, scenario) || (base && history_matches(patterns, base));
}

/* ---- groups ---- */

static bool group_is(const struct history_group *g, const struct history_group *names)
{
	return streq(g->suite, names->suite) && streq(g->scenario, names->scenario) &&
	       streq(g->kernel, names->kernel);
}

/* Behind the last one of the same scenario, and that of the same kernel, so that these are one
 * beside the other; else at the end. */
static size_t group_place(const struct history *h, const struct history_group *names)
{
	size_t place = h->count;

	for (size_t i = 0; i < h->count; i++)
		if (streq(h->groups[i].suite, names->suite) &&
		    streq(h->groups[i].scenario, names->scenario))
			place = i + 1;
	for (size_t i = 0; i < h->count; i++)
		if (group_is(&h->groups[i], names))
			place = i + 1;
	return place;
}

/* Takes the group over. */
static struct history_group *group_insert(struct history *h, const struct history_group *group)
{
	size_t place = group_place(h, group);
	struct history_group *more = reallocarray(h->groups, h->count + 1, sizeof(*more));

	if (!more)
		return NULL;
	h->groups = more;
	memmove(&more[place + 1], &more[place], (h->count - place) * sizeof(*more));
	more[place] = *group;
	h->count++;
	return &more[place];
}

/* The group whose work and machine are the trial's, made where there is none. */
static int group_of(struct maker *m, const struct run_trial *t, struct history_group **ret)
{
	struct history_group new = {
		.suite = dated_run_suite(t->run),
		.scenario = t->trial->scenario,
		.kernel = m->wish->join_kernels ? HISTORY_ANY_KERNEL : t->trial->kernel,
		.first = *t,
	};

	for (size_t i = 0; i < m->history->count; i++) {
		struct history_group *g = &m->history->groups[i];
		_cleanup_free_ char *why = NULL;

		if (!group_is(g, &new))
			continue;
		if (run_apart(&why, &g->first, t) < 0) {
			free(new.apart);
			return out_of_memory(m);
		}
		if (!why) {
			free(new.apart);
			*ret = g;
			return 0;
		}
		free(new.apart);
		new.apart = TAKE_PTR(why);
	}
	*ret = group_insert(m->history, &new);
	if (*ret)
		return 0;
	free(new.apart);
	return out_of_memory(m);
}

static int group_note_run(struct maker *m, struct history_group *g, size_t run)
{
	size_t *more;

	if (g->run_count && g->runs[g->run_count - 1] == run)
		return 0;
	more = reallocarray(g->runs, g->run_count + 1, sizeof(*more));
	if (!more)
		return out_of_memory(m);
	g->runs = more;
	more[g->run_count++] = run;
	return 0;
}

/* ---- series ---- */

static void point_done(struct history_point *p)
{
	free(p->seeds);
	free(p->values);
}

static void series_done(struct history_series *s)
{
	for (size_t i = 0; i < s->count; i++)
		point_done(&s->points[i]);
	free(s->points);
	free(s->changes);
	free(s->apart);
}

static struct history_series *series_insert(struct history_group *g, size_t place,
					    const struct history_series *series)
{
	struct history_series *more = reallocarray(g->series, g->count + 1, sizeof(*more));

	if (!more)
		return NULL;
	g->series = more;
	memmove(&more[place + 1], &more[place], (g->count - place) * sizeof(*more));
	more[place] = *series;
	g->count++;
	return &more[place];
}

/*
 * The series whose counters mean the same; a new one stands behind those of its name. Trials have
 * their metrics in one order, so that the series is likely to be the one behind the last.
 */
static int series_of(struct maker *m, struct history_group *g, const struct run_trial *t,
		     const struct history_series *new, size_t likely, struct history_series **ret)
{
	const json_t *regime = json_object_get(t->trial->json, "regime");
	size_t place = g->count;
	const char *apart = NULL;
	struct history_series made = *new;

	for (size_t k = 0; k < g->count; k++) {
		size_t i = (likely + k) % g->count;
		struct history_series *s = &g->series[i];
		const json_t *other;
		const char *why = NULL;

		if (!streq(s->metric, new->metric))
			continue;
		other = json_object_get(s->points[0].of.trial->json, "regime");
		if (regime_compare(new->def, other, regime, &why) != REGIME_DIFFERENT) {
			*ret = s;
			return 0;
		}
		place = i + 1;
		apart = why;
	}
	made.apart = apart ? strdup(apart) : NULL;
	if (!apart || made.apart)
		*ret = series_insert(g, place, &made);
	if ((apart && !made.apart) || !*ret) {
		free(made.apart);
		return out_of_memory(m);
	}
	return 0;
}

static int two_kernels(const struct maker *m, const struct history_point *p,
		       const struct run_trial *t)
{
	return error_say(m->err, -EINVAL,
			 "%s has both %s and %s, which can't be one point of a series over all "
			 "kernels: choose by --kernel",
			 t->run->run->dir, p->of.trial->kernel, t->trial->kernel);
}

static int add_value(struct maker *m, struct history_series *s, size_t run,
		     const struct run_trial *t, double value)
{
	struct history_point *p = s->count ? &s->points[s->count - 1] : NULL;
	uint64_t *seeds;
	double *values;

	if (!p || p->run != run) {
		struct history_point *more = reallocarray(s->points, s->count + 1, sizeof(*more));

		if (!more)
			return out_of_memory(m);
		s->points = more;
		p = &more[s->count++];
		*p = (struct history_point){ .of = *t, .run = run };
	} else if (!streq(p->of.trial->kernel, t->trial->kernel)) {
		return two_kernels(m, p, t);
	}
	seeds = reallocarray(p->seeds, p->count + 1, sizeof(*seeds));
	if (seeds)
		p->seeds = seeds;
	values = reallocarray(p->values, p->count + 1, sizeof(*values));
	if (values)
		p->values = values;
	if (!seeds || !values)
		return out_of_memory(m);
	seeds[p->count] = t->trial->seed;
	values[p->count++] = value;
	return 0;
}

/*
 * What only another wring knows has no meaning to go by, but the generators' own counters. The
 * catalog takes long to search: a trial's metrics are most likely those of the one before it.
 */
static const struct metric_def *definition(const struct history_group *g, size_t likely,
					   const char *name)
{
	const struct metric_def *def;

	if (g->count && streq(g->series[likely % g->count].metric, name))
		return g->series[likely % g->count].def;
	def = metric_find(name);
	return def || !starts_with(name, "work.") ? def : &metric_counter;
}

static int add_metrics(struct maker *m, struct history_group *g, size_t run,
		       const struct run_trial *t)
{
	json_t *metrics = json_object_get(t->trial->json, "metrics"), *metric;
	const char *name;
	size_t likely = 0;
	int r = 0;

	json_object_foreach (metrics, name, metric) {
		const char *unit = json_string_value(json_object_get(metric, "unit"));
		struct history_series new = { .metric = name }, *s = NULL;
		double value = json_number_value(json_object_get(metric, "value"));

		if (!history_matches(m->wish->metrics, name) ||
		    !json_is_true(json_object_get(metric, "valid")) || !isfinite(value))
			continue;
		new.def = definition(g, likely, name);
		if (!new.def)
			continue;
		new.unit = unit ? unit : new.def->unit;
		r = series_of(m, g, t, &new, likely, &s);
		if (r == 0) {
			likely = (size_t)(s - g->series) + 1;
			r = add_value(m, s, run, t, value);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_run(struct maker *m, size_t run)
{
	const struct dated_run *dated = &m->history->runs->items[run];
	int r = 0;

	if (!history_matches(m->wish->suites, dated_run_suite(dated)))
		return 0;
	for (size_t i = 0; r == 0 && i < dated->run->trial_count; i++) {
		struct run_trial t = { .run = dated, .trial = &dated->run->trials[i] };
		struct history_group *g;

		if (!history_matches_scenario(m->wish->scenarios, t.trial->scenario) ||
		    !history_matches(m->wish->kernels, t.trial->kernel))
			continue;
		r = group_of(m, &t, &g);
		if (r == 0)
			r = group_note_run(m, g, run);
		if (r == 0 && trial_good(t.trial))
			r = add_metrics(m, g, run, &t);
	}
	return r;
}

/* ---- figures ---- */

static int point_finish(struct history_point *p)
{
	_cleanup_free_ double *sorted = values_sorted(p->values, p->count);

	if (!sorted)
		return -ENOMEM;
	p->least = sorted[0];
	p->most = sorted[p->count - 1];
	p->median = values_median(sorted, p->count);
	return 0;
}

static bool has_seed(const struct history_point *p, uint64_t seed)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->seeds[i] == seed)
			return true;
	return false;
}

/* In every run that isn't short of seeds itself. */
static bool is_common(const struct history_series *s, uint64_t seed, size_t most)
{
	for (size_t i = 0; i < s->count; i++)
		if (2 * s->points[i].count >= most && !has_seed(&s->points[i], seed))
			return false;
	return true;
}

/*
 * The median of other seeds is another figure, whatever the kernel: only seeds that all runs have
 * are taken, if there are any. A run with less than half of the most seeds has no say in that, and
 * keeps what it has when none of those are in it.
 */
static int keep_common_seeds(struct history_series *s)
{
	_cleanup_free_ uint64_t *common = NULL;
	size_t most = 0, count = 0, of = 0;

	for (size_t i = 0; i < s->count; i++) {
		if (s->points[i].count > most)
			of = i;
		most = MAX(most, s->points[i].count);
	}
	common = calloc(most + 1, sizeof(*common));
	if (!common)
		return -ENOMEM;
	for (size_t i = 0; i < most; i++)
		if (is_common(s, s->points[of].seeds[i], most))
			common[count++] = s->points[of].seeds[i];
	s->seeds_differ = count == 0;
	for (size_t i = 0; i < s->count && count > 0; i++) {
		struct history_point *p = &s->points[i];
		const struct history_point kept = { .seeds = common, .count = count };
		size_t n = 0;

		for (size_t k = 0; k < p->count; k++) {
			if (!has_seed(&kept, p->seeds[k]))
				continue;
			p->seeds[n] = p->seeds[k];
			p->values[n++] = p->values[k];
		}
		s->seeds_dropped = MAX(s->seeds_dropped, n ? p->count - n : 0);
		p->count = n ? n : p->count;
	}
	return 0;
}

static int finish(struct maker *m)
{
	for (size_t i = 0; i < m->history->count; i++) {
		struct history_group *g = &m->history->groups[i];

		for (size_t k = 0; k < g->count; k++) {
			struct history_series *s = &g->series[k];

			if (keep_common_seeds(s) < 0)
				return out_of_memory(m);
			for (size_t j = 0; j < s->count; j++)
				if (point_finish(&s->points[j]) < 0)
					return out_of_memory(m);
		}
	}
	return 0;
}

int history_make(struct history *ret, const struct runs *runs, const struct history_wish *wish,
		 struct error *err)
{
	_cleanup_history_ struct history history = { .runs = runs };
	struct maker m = { .history = &history, .wish = wish, .err = err };
	int r = 0;

	for (size_t i = 0; r == 0 && i < runs->count; i++)
		r = add_run(&m, i);
	if (r == 0)
		r = finish(&m);
	if (r < 0)
		return r;
	*ret = history;
	history = (struct history){};
	return 0;
}

void history_done(struct history *history)
{
	for (size_t i = 0; i < history->count; i++) {
		struct history_group *g = &history->groups[i];

		for (size_t k = 0; k < g->count; k++)
			series_done(&g->series[k]);
		free(g->series);
		free(g->runs);
		free(g->apart);
	}
	free(history->groups);
	*history = (struct history){};
}
