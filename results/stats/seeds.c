// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/stats/seeds.h"

#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "results/stats/judge-internal.h"
#include "results/stats/shift.h"
#include "src/cleanup.h"
#include "src/macro.h"
#include "src/rng.h"

#define RESAMPLES    200
#define SPREAD_BOUND 0.2  /* of the spread's upper bound */
#define SHIFT_BOUND  0.85 /* of the shift's interval, to each side */

/* Errors (1 - level) that a verdict takes, of one test. */
struct errors {
	double decision, alone;
};

/* Values are in shares of the base's median, or in the unit. */
struct outlook {
	bool paired;
	size_t base_count, fresh_count; /* of the values; base_count is 0 where paired */
	double *base, *fresh;		/* fresh: the differences, where paired */
	double margin, shift;
	double deviation; /* of the estimate of these values, raised to its bound */
	struct errors errors;
	struct rng rng;
};

static double *draw(struct rng *rng, const double *values, size_t count, double *into, size_t want)
{
	for (size_t i = 0; i < want; i++)
		into[i] = values[rng_below(rng, count)];
	gsl_sort(into, 1, want);
	return into;
}

/* Pairs of drawn values; room: for all of them. */
static struct pairs draw_pairs(struct outlook *o, double *room, size_t base_count,
			       size_t fresh_count)
{
	struct pairs pairs = { .fresh_count = fresh_count, .base_count = base_count };

	pairs.fresh = draw(&o->rng, o->fresh, o->fresh_count, room, fresh_count);
	if (!o->paired)
		pairs.base = draw(&o->rng, o->base, o->base_count, room + fresh_count, base_count);
	return pairs;
}

/*
 * How surely the spread of so few values is known, in degrees of freedom: by Welch (1947), both
 * sides being as spread as each other.
 */
static double freedom(const struct outlook *o)
{
	double n = (double)o->base_count, m = (double)o->fresh_count;

	if (o->paired)
		return m - 1;
	return (1 / n + 1 / m) * (1 / n + 1 / m) / (1 / (n * n * (n - 1)) + 1 / (m * m * (m - 1)));
}

static int find_deviation(struct outlook *o)
{
	_cleanup_free_ double *room = calloc(o->base_count + o->fresh_count, sizeof(*room));
	double estimates[RESAMPLES], df = freedom(o);
	int r = room ? 0 : -ENOMEM;

	for (size_t i = 0; i < RESAMPLES && r == 0; i++) {
		struct pairs pairs = draw_pairs(o, room, o->base_count, o->fresh_count);

		r = pairs_median(&pairs, &estimates[i]);
	}
	if (r < 0)
		return r;
	/* one freedom more: a resample is less spread than a sample, by a share of that */
	o->deviation = sqrt((df + 1) / gsl_cdf_chisq_Pinv(SPREAD_BOUND, df)) *
		       gsl_stats_sd(estimates, 1, RESAMPLES);
	return 0;
}

/* Of so many seeds a side, for one test of normal values; see the header. */
static bool should_decide(const struct outlook *o, size_t seeds, double power)
{
	double now = 1 / (double)o->fresh_count, then = 1 / (double)MAX(seeds, o->fresh_count);
	double slack = gsl_cdf_ugaussian_Pinv(SHIFT_BOUND) * o->deviation, sd, miss, alone, low,
	       high;

	if (!o->paired) {
		now += 1 / (double)o->base_count;
		then += 1 / (double)MAX(seeds, o->base_count);
	}
	sd = o->deviation * sqrt(then / now);
	miss = gsl_cdf_ugaussian_Pinv(power) * sd;
	alone = gsl_cdf_ugaussian_Qinv(o->errors.alone / 2) * sd;
	low = MAX(0.0, fabs(o->shift) - slack);
	high = fabs(o->shift) + slack;
	return alone <= o->margin / 2 || low - miss >= MAX(alone, o->margin / 2) ||
	       high + miss + gsl_cdf_ugaussian_Qinv(o->errors.decision / 2) * sd < o->margin;
}

static bool excludes_zero(const struct interval *i)
{
	return i->low > 0 || i->high < 0;
}

static int is_decided(const struct outlook *o, const struct pairs *pairs, const struct null *null,
		      bool *ret)
{
	struct interval decision, alone;
	double estimate;
	int r = shift_interval(pairs, null, 1 - o->errors.decision, &decision);

	if (r < 0)
		return r;
	*ret = judge_is_within(decision.low, decision.high, o->margin);
	if (*ret)
		return 0;
	r = shift_interval(pairs, null, 1 - o->errors.alone, &alone);
	if (r < 0 || !excludes_zero(&alone))
		return r;
	r = pairs_median(pairs, &estimate);
	*ret = r == 0 && fabs(estimate) >= o->margin / 2;
	return r;
}

/* The share of resampled verdicts that stand, of so many seeds a side. */
static int try_seeds(struct outlook *o, size_t seeds, double *ret)
{
	size_t n = o->paired ? 0 : MAX(seeds, o->base_count), m = MAX(seeds, o->fresh_count);
	_cleanup_free_ double *room = calloc(n + m, sizeof(*room));
	struct null null = {};
	unsigned decided = 0;
	int r = room ? 0 : -ENOMEM;

	if (r == 0)
		r = o->paired ? null_signedrank(&null, m) : null_ranksum(&null, n, m);
	for (unsigned i = 0; i < RESAMPLES && r == 0; i++) {
		struct pairs pairs = draw_pairs(o, room, n, m);
		bool yes = false;

		r = is_decided(o, &pairs, &null, &yes);
		decided += yes;
	}
	null_done(&null);
	if (r == 0)
		*ret = (double)decided / RESAMPLES;
	return r;
}

/* The least that should do, between what there is and SEEDS_MAX; more than that: none. */
static size_t first_guess(const struct outlook *o, size_t low, double power)
{
	size_t high = SEEDS_MAX + 1;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (should_decide(o, middle, power))
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static size_t look_ahead(struct outlook *o, size_t least, double power)
{
	double share = 0;
	size_t seeds;

	if (find_deviation(o) < 0)
		return 0;
	seeds = first_guess(o, least, power);
	for (; seeds <= SEEDS_MAX; seeds += seeds / 4 + 1) {
		if (try_seeds(o, seeds, &share) < 0)
			return 0;
		if (share >= power)
			return seeds;
	}
	return 0;
}

static struct errors errors_of(size_t family, const struct judge_rules *rules,
			       enum judge_design design)
{
	double share = design == DESIGN_BOTH ? 2 : 1;

	return (struct errors){ .decision = (1 - rules->decision) / share,
				.alone = rules->alpha / (double)MAX(family, 1u) / share };
}

static int copy_values(struct outlook *o, const struct judge_input *input, double unit)
{
	o->base = calloc(o->base_count + 1, sizeof(*o->base));
	o->fresh = calloc(o->fresh_count, sizeof(*o->fresh));
	if (!o->base || !o->fresh)
		return -ENOMEM;
	for (size_t i = 0; i < o->base_count; i++)
		o->base[i] = input->base[i] / unit;
	for (size_t i = 0; i < o->fresh_count; i++)
		o->fresh[i] = (input->fresh[i] - (o->paired ? input->base[i] : 0)) / unit;
	return 0;
}

size_t seeds_wanted(const struct judge_input *input, size_t family, const struct judge_rules *rules,
		    double power, uint64_t rng_seed_)
{
	size_t least = MAX(MIN(input->base_count, input->fresh_count), seeds_least(family, rules));
	struct null_cache cache = {};
	struct judge_result seen;
	struct outlook o = {};
	size_t seeds = 0;
	int r;

	if (MIN(input->base_count, input->fresh_count) < 2)
		return seeds_least_alone(family, rules);
	r = judge_measure(&cache, input, family, rules, &seen);
	null_cache_done(&cache);
	if (r < 0)
		return 0;
	seen.q = MIN(1.0, seen.p * (double)family);
	if (judge_decide(input, rules, &seen) == VERDICT_CANT_TELL)
		least = MAX(least, MIN(input->base_count, input->fresh_count) + 1);
	/* Of both tests, the rank sum is the one that is looked at: pairs can but help. */
	o.paired = seen.design == DESIGN_PAIRED;
	o.base_count = o.paired ? 0 : input->base_count;
	o.fresh_count = input->fresh_count;
	o.margin = seen.absolute ? input->absolute : input->margin;
	o.shift = seen.shift;
	o.errors = errors_of(family, rules, seen.design);
	rng_seed(&o.rng, rng_seed_);
	if (copy_values(&o, input, seen.absolute ? 1 : fabs(seen.base_median)) == 0)
		seeds = look_ahead(&o, least, power);
	free(o.base);
	free(o.fresh);
	return seeds;
}

/* The first number of values a side of which some order has that p: of all orders, two. */
static size_t least_with(double p)
{
	double orders = 1;
	size_t n = 0;

	do {
		n++;
		orders = orders * (double)(2 * n) * (double)(2 * n - 1) / ((double)n * (double)n);
	} while (2 / orders > p && n < SEEDS_MAX);
	return n;
}

size_t seeds_least(size_t family, const struct judge_rules *rules)
{
	(void)family;
	return least_with(MAX(rules->alpha, 1 - rules->decision));
}

size_t seeds_least_alone(size_t family, const struct judge_rules *rules)
{
	return least_with(rules->alpha / (double)MAX(family, 1u));
}
