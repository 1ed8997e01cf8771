// SPDX-License-Identifier: GPL-2.0-or-later
/* The seeds that a verdict wants are enough, and there is no shift that no number of seeds tells.
 */
#include "results/stats/seeds.h"
#include "src/macro.h"
#include "src/rng.h"
#include "tests/tap.h"

#define FAMILY 50
#define MARGIN 0.02
#define CASES  30

static double base[SEEDS_MAX], fresh[SEEDS_MAX];

static double normal(struct rng *rng)
{
	return sqrt(-2 * log(1 - rng_unit(rng))) * cos(2 * M_PI * rng_unit(rng));
}

static double skewed(struct rng *rng)
{
	return exp(normal(rng) * 0.8);
}

static double bimodal(struct rng *rng)
{
	return 0.4 * normal(rng) + (rng_below(rng, 3) ? 0 : 2.5);
}

static double heavy(struct rng *rng)
{
	return normal(rng) / sqrt(-log(1 - rng_unit(rng))); /* Student's t of 2 */
}

static const struct {
	const char *name;
	double (*draw)(struct rng *rng);
} shapes[] = { { "normal", normal },
	       { "skewed", skewed },
	       { "bimodal", bimodal },
	       { "heavy-tailed", heavy } };

struct truth {
	double (*draw)(struct rng *rng);
	double spread, shift;
};

static void extend(struct rng *rng, const struct truth *t, size_t from, size_t to, bool paired)
{
	for (size_t i = from; i < to; i++) {
		double seed = paired ? 5 * t->spread * normal(rng) : 0;

		base[i] = 1000 * (1 + seed + t->spread * t->draw(rng));
		fresh[i] = 1000 * (1 + seed + t->shift + t->spread * t->draw(rng));
	}
}

static struct judge_input input_of(size_t count, bool paired)
{
	return (struct judge_input){ .base = base,
				     .fresh = fresh,
				     .base_count = count,
				     .fresh_count = count,
				     .pairs = paired ? count : 0,
				     .margin = MARGIN };
}

/* Alone in its family: q is p times that. */
static bool is_told(size_t count, bool paired)
{
	struct judge_rules rules = judge_rules_default;
	struct judge_input input = input_of(count, paired);
	struct judge_result result;

	rules.alpha /= FAMILY;
	judge_family(&input, 1, &rules, &result, NULL);
	return result.verdict != VERDICT_CANT_TELL;
}

/* Of the cases that can't be told with few seeds, how many are told with those that it wants. */
struct obeyed {
	unsigned told, open;
};

static void check_obeyed(struct obeyed *all, const char *name, double (*draw)(struct rng *rng),
			 size_t few, bool paired)
{
	unsigned open = 0, told = 0, never = 0;
	double wanted = 0;
	struct rng rng;

	rng_seed(&rng, few);
	for (unsigned k = 0; k < CASES; k++) {
		struct truth truth = { draw, 0.015, 2 * MARGIN * rng_unit(&rng) };
		struct judge_input input = input_of(few, paired);
		size_t seeds;

		extend(&rng, &truth, 0, few, paired);
		if (is_told(few, paired))
			continue;
		seeds = seeds_wanted(&input, FAMILY, &judge_rules_default, 0.95, k);
		if (seeds == 0) {
			never++;
			continue;
		}
		extend(&rng, &truth, few, seeds, paired);
		open++;
		told += is_told(seeds, paired);
		wanted += (double)seeds;
	}
	all->told += told;
	all->open += open;
	tap_ok(told >= 0.85 * open, /* of so few */
	       "%s%s, %zu seeds: %u of %u told with those it wants, %.0f on average; %u never",
	       name, paired ? " pairs" : "", few, told, open, open ? wanted / open : 0, never);
}

/*
 * Every shift from none to thrice the margin is told with so many seeds that the interval of a
 * family is within half of the margin: 3.72 deviations of the estimate for 50 metrics at 0.01,
 * which of 400 normal values on a side with a spread of 1.5 % are 0.4 %.
 */
static void check_no_dead_zone(void)
{
	unsigned open = 0, cases = 0;
	struct rng rng;

	rng_seed(&rng, 9);
	for (unsigned step = 0; step <= 60; step++)
		for (unsigned k = 0; k < 5; k++, cases++) {
			struct truth truth = { normal, 0.015, 3 * MARGIN * step / 60 };

			extend(&rng, &truth, 0, 400, false);
			open += !is_told(400, false);
		}
	tap_eq_u64(open, 0, "no shift is left open, of %u", cases);
}

static void check_least(void)
{
	struct judge_input input = input_of(0, false);
	struct rng rng;
	size_t a, b;

	tap_eq_u64(seeds_least(FAMILY, &judge_rules_default), 5, "the least for any verdict");
	tap_eq_u64(seeds_least_alone(FAMILY, &judge_rules_default), 8, "the least for one change");
	rng_seed(&rng, 1);
	extend(&rng, &(struct truth){ normal, 0.0001, 0.2 }, 0, 40, false);
	tap_ok(!is_told(7, false) && is_told(8, false), "which is so");
	input.base_count = input.fresh_count = 4;
	a = seeds_wanted(&input, FAMILY, &judge_rules_default, 0.95, 1);
	tap_ok(a >= 8 && a <= 12, "a large shift wants hardly more: %zu seeds", a);
	input.base_count = input.fresh_count = 1;
	tap_eq_u64(seeds_wanted(&input, FAMILY, &judge_rules_default, 0.95, 1), 8,
		   "one value is no ground for more");
	extend(&rng, &(struct truth){ normal, 0.02, 0.01 }, 0, 24, false);
	input.base_count = input.fresh_count = 24;
	a = seeds_wanted(&input, FAMILY, &judge_rules_default, 0.95, 5);
	b = seeds_wanted(&input, FAMILY, &judge_rules_default, 0.95, 5);
	tap_ok(a > 24 && a == b, "the same numbers, the same answer: %zu seeds", a);
	extend(&rng, &(struct truth){ normal, 0.5, 0.01 }, 0, 24, false);
	tap_eq_u64(seeds_wanted(&input, FAMILY, &judge_rules_default, 0.95, 5), 0,
		   "no number would do for a spread of 50 %%");
	for (size_t i = 0; i < 3; i++)
		base[i] = fresh[i] = 12;
	input.base_count = input.fresh_count = 3;
	tap_eq_u64(seeds_wanted(&input, FAMILY, &judge_rules_default, 0.95, 1), 5,
		   "values that are all equal want the least");
}

int main(void)
{
	struct obeyed all = {};

	check_least();
	check_no_dead_zone();
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		check_obeyed(&all, shapes[i].name, shapes[i].draw, 6, false);
		check_obeyed(&all, shapes[i].name, shapes[i].draw, 16, false);
		check_obeyed(&all, shapes[i].name, shapes[i].draw, 16, true);
	}
	tap_ok(all.told >= 0.95 * all.open, "all: %u of %u", all.told, all.open);
	return tap_done();
}
