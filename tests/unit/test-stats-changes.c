// SPDX-License-Identifier: GPL-2.0-or-later
/* Change points of series whose changes are known, and the energy statistic by its definition. */
#include <errno.h>

#include "results/stats/changes.h"
#include "src/macro.h"
#include "src/rng.h"
#include "tests/tap.h"

#define LONG 120

static double noise(struct rng *rng)
{
	double sum = 0;

	for (int i = 0; i < 12; i++)
		sum += rng_unit(rng);
	return sum - 6;
}

static void check(const char *name, const double *values, size_t count, const size_t *want,
		  size_t want_count)
{
	struct change *changes = NULL;
	struct error err = {};
	size_t found = 99;
	bool same;

	tap_eq_i64(changes_find(values, count, &changes_rules_default, &changes, &found, &err), 0,
		   "%s: searched (%s)", name, err.text);
	same = found == want_count;
	for (size_t i = 0; same && i < found; i++)
		same = changes[i].at + 1 >= want[i] && changes[i].at <= want[i] + 1 &&
		       changes[i].p <= changes_rules_default.alpha;
	if (!tap_ok(same, "%s: %zu changes", name, want_count))
		for (size_t i = 0; i < found; i++)
			printf("# change at %zu, p %g\n", changes[i].at, changes[i].p);
	free(changes);
}

static void check_series(void)
{
	double values[LONG];
	struct rng rng;

	rng_seed(&rng, 3);
	for (size_t i = 0; i < LONG; i++)
		values[i] = 100 + noise(&rng);
	check("noise", values, LONG, NULL, 0);
	check("too few values", values, 5, NULL, 0);
	check("no values", values, 0, NULL, 0);
	for (size_t i = 40; i < LONG; i++)
		values[i] += 5;
	check("a step", values, LONG, (size_t[]){ 40 }, 1);
	for (size_t i = 90; i < LONG; i++)
		values[i] -= 3;
	check("two steps", values, LONG, (size_t[]){ 40, 90 }, 2);
	for (size_t i = 0; i < LONG; i++)
		values[i] = 7;
	check("equal values", values, LONG, NULL, 0);
	for (size_t i = 60; i < LONG; i++)
		values[i] = 8;
	check("a counter that is exact", values, LONG, (size_t[]){ 60 }, 1);
}

/* One that is far out is no change: a segment has three values at least. */
static void check_outlier(void)
{
	double values[40];
	struct rng rng;

	rng_seed(&rng, 4);
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		values[i] = 100 + noise(&rng);
	values[20] = 1000;
	check("an outlier", values, ARRAY_SIZE(values), NULL, 0);
}

/* How often noise has a change: alpha of the series, by the shuffles' own construction. */
static void check_false_positives(void)
{
	struct changes_rules rules = { .alpha = 0.05, .permutations = 99, .segment_least = 3 };
	unsigned found = 0;
	struct rng rng;

	rng_seed(&rng, 5);
	for (unsigned k = 0; k < 400; k++) {
		struct change *changes = NULL;
		double values[30];
		size_t count = 0;

		for (size_t i = 0; i < ARRAY_SIZE(values); i++)
			values[i] = noise(&rng);
		rules.seed = k;
		changes_find(values, ARRAY_SIZE(values), &rules, &changes, &count, NULL);
		found += count > 0;
		free(changes);
	}
	tap_ok(found >= 8 && found <= 36, "at alpha 0.05, %u of 400 series of noise change", found);
}

static void check_statistic(void)
{
	const double a[] = { 1, 2, 4 }, b[] = { 7, 11 };

	/* across 6+10+5+9+3+7 = 40 of 6 pairs; within 1+3+2 = 6 of 3, and 4 of 1 */
	tap_near(changes_statistic(a, 3, b, 2), 6.0 / 5 * (2 * 40.0 / 6 - 6.0 / 3 - 4), 1e-12,
		 "the statistic by hand");
}

static void check_sides(void)
{
	const double values[] = { 1, 2, 3, 1, 2, 3, 2, 2, 1, 3, 9, 8, 9, 8, 9, 8, 8, 9, 9, 8 };
	struct change *changes = NULL, *again = NULL;
	size_t count = 0, count_again = 0;

	changes_find(values, ARRAY_SIZE(values), &changes_rules_default, &changes, &count, NULL);
	changes_find(values, ARRAY_SIZE(values), &changes_rules_default, &again, &count_again,
		     NULL);
	if (tap_ok(count == 1 && count_again == 1, "one change")) {
		tap_eq_u64(changes[0].at, 10, "its place");
		tap_near(changes[0].before, 2, 0, "the median before");
		tap_near(changes[0].after, 8.5, 0, "the median after");
		tap_near(changes[0].p, again[0].p, 0, "the same seed, the same p");
	}
	free(changes);
	free(again);
}

static void check_refused(void)
{
	struct changes_rules rules = changes_rules_default;
	const double values[] = { 1, NAN, 3 };
	struct change *changes = NULL;
	struct error err = {};
	size_t count = 7;

	tap_eq_i64(changes_find(values, 3, &rules, &changes, &count, &err), -EINVAL, "a NaN");
	tap_eq_str(err.text, "value 2 is not a finite number", "says which");
	rules.permutations = 50;
	tap_eq_i64(changes_find(values, 1, &rules, &changes, &count, &err), -EINVAL,
		   "too few permutations for alpha");
	tap_ok(count == 7 && !changes, "nothing is returned then");
}

int main(void)
{
	check_statistic();
	check_series();
	check_outlier();
	check_false_positives();
	check_sides();
	check_refused();
	return tap_done();
}
