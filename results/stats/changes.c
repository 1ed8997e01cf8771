// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/stats/changes.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "results/stats/values.h"
#include "src/cleanup.h"
#include "src/rng.h"

const struct changes_rules changes_rules_default = {
	.alpha = 0.01,
	.permutations = 999,
	.segment_least = 3,
	.seed = 1,
};

/* Statistics that are equal but for rounding: the sums are made in another order. */
#define ROUNDING 1e-9

struct split {
	double statistic; /* below 0: none */
	size_t at;
};

struct search {
	const struct changes_rules *rules;
	size_t count;
	double *shuffled; /* [count] */
	double *over;	  /* [count + 1]: 1 / k */
	double *within;	  /* [count + 1]: sum of distances among a segment's first */
	double *across;	  /* [count]: of each value, its distances to those before the split */
	size_t *bounds;	  /* where segments begin; the last is count */
	size_t segments;
	struct change *changes; /* in the order in which they were found */
	struct rng rng;
};

/* over: 1 / k for each k, which is what takes the time where there are many splits to look at. */
static inline double statistic(double across, double first, double second, size_t m, size_t n,
			       const double *over)
{
	return 2 * over[m + n] *
	       (across - (double)n * over[m - 1] * first - (double)m * over[n - 1] * second);
}

static double sum_within(const double *values, size_t count)
{
	double sum = 0;

	for (size_t i = 1; i < count; i++)
		for (size_t k = 0; k < i; k++)
			sum += fabs(values[i] - values[k]);
	return sum;
}

double changes_statistic(const double *before, size_t m, const double *after, size_t n)
{
	double across = 0, within_before, within_after;

	for (size_t i = 0; i < m; i++)
		for (size_t k = 0; k < n; k++)
			across += fabs(before[i] - after[k]);
	within_before = sum_within(before, m) / ((double)m - 1);
	within_after = sum_within(after, n) / ((double)n - 1);
	return 2 / (double)(m + n) *
	       (across - (double)n * within_before - (double)m * within_after);
}

/*
 * The best split of a segment. What comes after it ends anywhere: a change that is soon undone is
 * not diluted by what follows. All sums are brought up to date from split to split and from end to
 * end, so that the n^2 / 2 statistics take constant time each.
 */
static struct split best_of_segment(const struct search *s, const double *z, size_t n)
{
	size_t least = s->rules->segment_least;
	struct split best = { .statistic = -INFINITY };
	double *within = s->within, *across = s->across;

	within[0] = 0;
	for (size_t k = 0; k < n; k++) {
		double sum = 0;

		for (size_t i = 0; i < k; i++)
			sum += fabs(z[k] - z[i]);
		within[k + 1] = within[k] + sum;
		across[k] = 0;
	}
	for (size_t at = 1; at + least <= n; at++) {
		double sum = 0;

		for (size_t k = at; k < n; k++) {
			size_t after = k + 1 - at;
			double q;

			across[k] += fabs(z[k] - z[at - 1]);
			sum += across[k];
			if (at < least || after < least)
				continue;
			q = statistic(sum, within[at], within[k + 1] - within[at] - sum, at, after,
				      s->over);
			if (q > best.statistic)
				best = (struct split){ q, at };
		}
	}
	return best;
}

static struct split best_of_all(const struct search *s, const double *values)
{
	struct split best = { .statistic = -INFINITY };

	for (size_t i = 0; i < s->segments; i++) {
		size_t from = s->bounds[i];
		struct split split = best_of_segment(s, values + from, s->bounds[i + 1] - from);

		if (split.statistic > best.statistic)
			best = (struct split){ split.statistic, from + split.at };
	}
	return best;
}

static void shuffle(struct rng *rng, double *values, size_t count)
{
	for (size_t i = count; i > 1; i--) {
		size_t with = rng_below(rng, i);
		double value = values[i - 1];

		values[i - 1] = values[with];
		values[with] = value;
	}
}

/* p of the best split, or a number above alpha as soon as it is certain to be. */
static double test_split(struct search *s, double statistic_seen)
{
	unsigned permutations = s->rules->permutations, reached = 1; /* itself is one of them */
	double bar = statistic_seen - ROUNDING * fabs(statistic_seen);

	for (unsigned k = 0; k < permutations; k++) {
		for (size_t i = 0; i < s->segments; i++)
			shuffle(&s->rng, s->shuffled + s->bounds[i],
				s->bounds[i + 1] - s->bounds[i]);
		if (best_of_all(s, s->shuffled).statistic >= bar)
			reached++;
		if (reached > s->rules->alpha * (permutations + 1.0))
			return 1;
	}
	return reached / (permutations + 1.0);
}

static void add_bound(struct search *s, size_t at)
{
	size_t i = s->segments;

	for (; s->bounds[i] > at; i--)
		s->bounds[i + 1] = s->bounds[i];
	s->bounds[i + 1] = at;
	s->segments++;
}

static void find_all(struct search *s, const double *values)
{
	s->bounds[0] = 0;
	s->bounds[1] = s->count;
	s->segments = 1;
	for (;;) {
		struct split split = best_of_all(s, values);
		double p;

		if (split.statistic <= 0) /* of equal values it is 0 */
			return;
		memcpy(s->shuffled, values, s->count * sizeof(*values));
		p = test_split(s, split.statistic);
		if (p > s->rules->alpha)
			return;
		s->changes[s->segments - 1] = (struct change){ .at = split.at, .p = p };
		add_bound(s, split.at);
	}
}

static int by_place(const void *a, const void *b)
{
	const struct change *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

/* Puts them in order, with the medians on their sides. */
static int finish(struct search *s, const double *values)
{
	size_t changes = s->segments - 1;

	qsort(s->changes, changes, sizeof(*s->changes), by_place);
	for (size_t i = 0; i < s->segments; i++) {
		size_t from = s->bounds[i];
		double median;
		int r = values_find_median(values + from, s->bounds[i + 1] - from, &median);

		if (r < 0)
			return r;
		if (i > 0)
			s->changes[i - 1].after = median;
		if (i < changes)
			s->changes[i].before = median;
	}
	return 0;
}

static int check(const double *values, size_t count, const struct changes_rules *rules,
		 struct error *err)
{
	if (!(rules->alpha > 0 && rules->alpha < 1) || rules->segment_least < 2)
		return error_say(err, -EINVAL,
				 "alpha must be within 0 and 1, a segment of 2 values at least");
	if (1 > rules->alpha * (rules->permutations + 1.0))
		return error_say(err, -EINVAL, "%u permutations can't reach an alpha of %g",
				 rules->permutations, rules->alpha);
	for (size_t i = 0; i < count; i++)
		if (!isfinite(values[i]))
			return error_say(err, -EINVAL, "value %zu is not a finite number", i + 1);
	return 0;
}

int changes_find(const double *values, size_t count, const struct changes_rules *rules,
		 struct change **ret, size_t *ret_count, struct error *err)
{
	_cleanup_free_ double *room = NULL;
	_cleanup_free_ size_t *bounds = NULL;
	_cleanup_free_ struct change *changes = NULL;
	struct search s = { .rules = rules, .count = count };
	int r = check(values, count, rules, err);

	if (r < 0)
		return r;
	if (count >= 2 * rules->segment_least) {
		room = calloc(4 * count + 2, sizeof(*room));
		bounds = calloc(count + 1, sizeof(*bounds));
		changes = calloc(count, sizeof(*changes));
		if (!room || !bounds || !changes)
			return error_set(err, -ENOMEM, "change points");
		s.shuffled = room;
		s.across = room + count;
		s.within = room + 2 * count;
		s.over = room + 3 * count + 1;
		for (size_t k = 1; k <= count; k++)
			s.over[k] = 1 / (double)k;
		s.bounds = bounds;
		s.changes = changes;
		rng_seed(&s.rng, rules->seed);
		find_all(&s, values);
		if (finish(&s, values) < 0)
			return error_set(err, -ENOMEM, "change points");
	}
	*ret_count = s.segments ? s.segments - 1 : 0;
	*ret = *ret_count ? TAKE_PTR(changes) : NULL;
	return 0;
}
