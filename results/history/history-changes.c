// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/history/history-changes.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "results/stats/changes.h"
#include "results/stats/fdr.h"
#include "results/stats/values.h"
#include "src/cleanup.h"
#include "src/macro.h"

/* Shuffles of a first look; and how much a second one may take, in shuffled pairs of values. */
#define SHUFFLES	999
#define SHUFFLES_EFFORT 4e8

double history_p_least(size_t runs)
{
	double ways = 1;

	for (size_t i = 1; i <= runs / 2; i++)
		ways *= (double)(runs - runs / 2 + i) / (double)i;
	return fmin(2 / ways, 1);
}

size_t history_runs_least(double alpha)
{
	size_t runs = 2 * changes_rules_default.segment_least;

	while (history_p_least(runs) > alpha)
		runs++;
	return runs;
}

static void choose_state(struct history_series *s, double alpha)
{
	s->state = HISTORY_STEADY;
	for (size_t i = 1; i < s->count; i++)
		if (s->points[i].median != s->points[0].median)
			s->state = HISTORY_JUDGED;
	if (s->count < history_runs_least(alpha))
		s->state = HISTORY_FEW;
}

static int search(struct history_series *s, double alpha, unsigned shuffles, struct error *err)
{
	struct changes_rules rules = changes_rules_default;
	_cleanup_free_ double *values = calloc(s->count, sizeof(*values));
	_cleanup_free_ struct change *found = NULL;
	struct history_change *changes;
	size_t count;
	int r;

	if (!values)
		return error_set(err, -ENOMEM, "history");
	for (size_t i = 0; i < s->count; i++)
		values[i] = s->points[i].median;
	rules.alpha = alpha;
	rules.permutations = shuffles;
	r = changes_find(values, s->count, &rules, &found, &count, err);
	if (r < 0)
		return r;
	changes = calloc(count + 1, sizeof(*changes));
	if (!changes)
		return error_set(err, -ENOMEM, "history");
	for (size_t i = 0; i < count; i++)
		changes[i] = (struct history_change){
			.at = found[i].at,
			.p = found[i].p,
		};
	free(s->changes);
	s->changes = changes;
	s->change_count = count;
	return 0;
}

/* ---- the family ---- */

struct family {
	struct history_series **series; /* those that are judged */
	size_t count;
	double alpha;
};

static int family_make(struct family *f, struct history *history)
{
	size_t all = 0;

	for (size_t i = 0; i < history->count; i++)
		all += history->groups[i].count;
	f->series = calloc(all + 1, sizeof(struct history_series *));
	if (!f->series)
		return -ENOMEM;
	for (size_t i = 0; i < history->count; i++) {
		for (size_t k = 0; k < history->groups[i].count; k++) {
			struct history_series *s = &history->groups[i].series[k];

			choose_state(s, f->alpha);
			if (s->state == HISTORY_JUDGED)
				f->series[f->count++] = s;
		}
	}
	return 0;
}

/*
 * Shuffles that give a p as low as a family of that size asks of one that stands alone. Those of
 * a first look are enough for series in which it finds nothing: more would find no more.
 */
static unsigned shuffles_of(const struct family *f, const struct history_series *s)
{
	double wanted = 2 * (double)f->count / f->alpha;
	double most = SHUFFLES_EFFORT / ((double)s->count * (double)s->count);

	return (unsigned)fmax(SHUFFLES, fmin(wanted, most));
}

/* A series without a change counts with a p of 1. */
static int family_q(const struct family *f)
{
	_cleanup_free_ double *p = NULL;
	size_t all = 0, n = 0;

	for (size_t i = 0; i < f->count; i++)
		all += MAX(f->series[i]->change_count, 1);
	p = calloc(all + 1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	for (size_t i = 0; i < f->count; i++) {
		for (size_t k = 0; k < f->series[i]->change_count; k++)
			p[n++] = f->series[i]->changes[k].p;
		if (f->series[i]->change_count == 0)
			p[n++] = 1;
	}
	if (fdr_adjust(p, n, p) < 0)
		return -ENOMEM;
	n = 0;
	for (size_t i = 0; i < f->count; i++) {
		for (size_t k = 0; k < f->series[i]->change_count; k++)
			f->series[i]->changes[k].q = p[n++];
		n += f->series[i]->change_count == 0;
	}
	return 0;
}

int history_level(const struct history_series *s, size_t first, size_t last, double *ret)
{
	_cleanup_free_ double *values = calloc(last - first + 1, sizeof(*values));

	if (!values)
		return -ENOMEM;
	for (size_t i = first; i < last; i++)
		values[i - first] = s->points[i].median;
	return values_find_median(values, last - first, ret);
}

static double shift(double before, double after)
{
	return before != 0 ? (after - before) / fabs(before) : NAN;
}

/* What stays, with its levels: those that a dropped change parted are one again. */
static int keep(struct history_series *s, double alpha)
{
	size_t kept = 0;
	int r = 0;

	for (size_t k = 0; k < s->change_count; k++)
		if (s->changes[k].q <= alpha)
			s->changes[kept++] = s->changes[k];
	s->change_count = kept;
	for (size_t k = 0; r == 0 && k < kept; k++) {
		struct history_change *c = &s->changes[k];
		size_t first = k ? s->changes[k - 1].at : 0;
		size_t last = k + 1 < kept ? s->changes[k + 1].at : s->count;

		r = history_level(s, first, c->at, &c->before);
		if (r == 0)
			r = history_level(s, c->at, last, &c->after);
		c->shift = shift(c->before, c->after);
	}
	return r;
}

int history_judge(struct history *history, double alpha, struct error *err)
{
	struct family f = { .alpha = alpha };
	int r = family_make(&f, history);

	for (size_t i = 0; r == 0 && i < f.count; i++) {
		struct history_series *s = f.series[i];
		unsigned shuffles = shuffles_of(&f, s);

		r = search(s, alpha, SHUFFLES, err);
		if (r == 0 && s->change_count && shuffles > SHUFFLES)
			r = search(s, alpha, shuffles, err);
	}
	if (r == 0)
		r = family_q(&f);
	for (size_t i = 0; r == 0 && i < f.count; i++)
		r = keep(f.series[i], alpha);
	free(f.series);
	if (r == -ENOMEM)
		error_set(err, r, "history");
	return r;
}
