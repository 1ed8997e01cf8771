// SPDX-License-Identifier: GPL-2.0-or-later
/* Verdicts of families whose shifts are known. */
#include <errno.h>

#include "results/stats/judge.h"
#include "src/macro.h"
#include "src/rng.h"
#include "tests/tap.h"

#define MANY 40

static double base[MANY], fresh[MANY];

/* Spread of about 1 % of 1000, and that much apart. */
static struct judge_input make(double shift, size_t base_count, size_t fresh_count)
{
	struct rng rng;

	rng_seed(&rng, 7);
	for (size_t i = 0; i < MANY; i++) {
		base[i] = 1000 + 30 * (rng_unit(&rng) - 0.5);
		fresh[i] = (1000 + 30 * (rng_unit(&rng) - 0.5)) * (1 + shift);
	}
	return (struct judge_input){ .base = base,
				     .fresh = fresh,
				     .base_count = base_count,
				     .fresh_count = fresh_count,
				     .better = -1,
				     .margin = 0.02,
				     .absolute = 1 };
}

static struct judge_result judge(const struct judge_input *input)
{
	struct judge_result result = {};
	struct error err = {};

	tap_eq_i64(judge_family(input, 1, &judge_rules_default, &result, &err), 0, "judged (%s)",
		   err.text);
	return result;
}

static void want(const char *name, const struct judge_input *input, const char *verdict)
{
	struct judge_result r = judge(input);

	if (!tap_eq_str(verdict_name(r.verdict), verdict, "%s", name))
		printf("# %g [%g, %g], decides [%g, %g], p %g, q %g\n", r.shift, r.low, r.high,
		       r.decision_low, r.decision_high, r.p, r.q);
}

static void check_verdicts(void)
{
	struct judge_input input = make(0, MANY, 24);

	want("no shift", &input, "same");
	input = make(0.05, MANY, 24);
	want("5 % more, and lower is better", &input, "worse");
	input.better = 1;
	want("and higher is better", &input, "better");
	input.better = 0;
	want("and neither is", &input, "moved");
	input = make(-0.05, MANY, 24);
	want("5 % less, and lower is better", &input, "better");
	input = make(0.05, 4, 4);
	want("few values of a large shift", &input, "can't tell");
	input = make(0, MANY, 24);
	input.margin = 0.001;
	want("a margin finer than the values tell", &input, "can't tell");
	input = make(0.01, MANY, 24);
	input.margin = 0.03;
	want("a sure shift within the margin", &input, "same");
}

static void check_constant(void)
{
	struct judge_input input = make(0, 8, 8);
	struct judge_result r;

	for (size_t i = 0; i < MANY; i++)
		base[i] = fresh[i] = 0;
	want("zeros", &input, "same");
	r = judge(&input);
	tap_ok(r.absolute && r.shift == 0 && r.low == 0 && r.high == 0, "of no shift, in the unit");
	input.base_count = input.fresh_count = 4;
	want("few zeros", &input, "can't tell");
	input.base_count = input.fresh_count = 8;
	for (size_t i = 0; i < MANY; i++)
		fresh[i] = 3;
	want("a counter from 0 to 3", &input, "worse");
	tap_near(judge(&input).shift, 3, 0, "by 3");
	input.absolute = 5;
	want("which is below a margin of 5", &input, "same");
	for (size_t i = 0; i < MANY; i++)
		base[i] = -200, fresh[i] = -100;
	r = judge(&input);
	tap_near(r.shift, 0.5, 0, "half of a negative base's size, upwards");
}

static void check_designs(void)
{
	struct judge_input input = make(0, MANY, MANY);
	struct judge_result r;

	/* pairs that agree far closer than seeds do */
	for (size_t i = 0; i < MANY; i++)
		fresh[i] = base[i] * 1.003 + (double)(i % 7) / 10;
	input.margin = 0.004;
	input.pairs = MANY;
	r = judge(&input);
	tap_ok(r.design == DESIGN_PAIRED, "all are pairs");
	tap_eq_str(verdict_name(r.verdict), "same", "pairs tell what seeds differ in");
	tap_ok(r.low > 0.003 && r.high < 0.004, "closely");
	input.pairs = 20;
	r = judge(&input);
	tap_ok(r.design == DESIGN_BOTH, "some are");
	tap_ok(r.low > 0.003 && r.high < 0.004, "the pairs' interval is the narrower one");
	tap_ok(r.level >= 0.95, "at level %g", r.level);
	input.pairs = 7;
	r = judge(&input);
	tap_ok(r.design == DESIGN_UNPAIRED, "too few to matter");
	input.pairs = 0;
	r = judge(&input);
	tap_ok(r.design == DESIGN_UNPAIRED && r.low < 0.003, "none is");
	tap_eq_u64(judge_pairs_least(1, &judge_rules_default), 8, "pairs for one metric");
	tap_eq_u64(judge_pairs_least(50, &judge_rules_default), 14, "pairs for a family of 50");
}

/* The more there are, the surer each must be. */
static void check_family(void)
{
	struct judge_result results[60];
	struct judge_input inputs[60];

	inputs[0] = make(0.03, 5, 5);
	for (size_t i = 0; i < 5; i++) {
		base[i] = 1000 + (double)i;
		fresh[i] = 1030 + (double)i;
	}
	want("alone", &inputs[0], "worse");
	for (size_t i = 1; i < ARRAY_SIZE(inputs); i++) {
		inputs[i] = inputs[0];
		inputs[i].fresh = base;
	}
	judge_family(inputs, ARRAY_SIZE(inputs), &judge_rules_default, results, NULL);
	tap_eq_str(verdict_name(results[0].verdict), "can't tell", "among 60");
	tap_near(results[0].q, 60 * results[0].p, 1e-12, "its q");
	tap_near(results[0].p, 2 / 252.0, 1e-12, "its p");
}

static void check_refused(void)
{
	struct judge_input input = make(0, 4, 4);
	struct judge_result result = { .p = 7 };
	struct error err = {};

	fresh[2] = INFINITY;
	tap_eq_i64(judge_family(&input, 1, &judge_rules_default, &result, &err), -EINVAL,
		   "an infinite value");
	tap_eq_str(err.text, "metric 1: value 3 of the fresh side is not a finite number", "which");
	input.base_count = 0;
	tap_eq_i64(judge_family(&input, 1, &judge_rules_default, &result, &err), -EINVAL,
		   "no values");
	tap_eq_str(err.text, "metric 1 has no values on the base side", "which side");
	tap_near(result.p, 7, 0, "no result then");
}

int main(void)
{
	check_verdicts();
	check_constant();
	check_designs();
	check_family();
	check_refused();
	return tap_done();
}
