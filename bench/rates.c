// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/rates.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/simulate.h"
#include "src/cleanup.h"
#include "src/macro.h"

/* Cases at an effort of 1. */
#define CASES_GATES    6000
#define CASES_POWER    30000
#define CASES_TABLE    10000
#define CASES_COVERAGE 60000
#define CASES_SEEDS    1500
#define CASES_LEAST    50

static const struct sizes usual = { GATE_BASE, GATE_FRESH, 0 };
static const struct sizes most = { GATE_BASE, GATE_MOST, 0 };

static uint64_t cases_of(const struct rates_plan *plan, double cases)
{
	return MAX((uint64_t)(plan->effort * cases), CASES_LEAST);
}

/* Each rate has random numbers of its own: they don't hang by which others are measured. */
static struct world world_of(const struct rates_plan *plan, uint64_t rate)
{
	struct world w = { .noise = plan->noise };

	rng_seed(&w.rng, rng_mix(plan->seed, rate));
	return w;
}

static void set(struct rate *rate, struct tally tally)
{
	double n = (double)tally.all;

	rate->cases = tally.all;
	rate->share = tally.all ? (double)tally.yes / n : 0;
	/* of one more of each, so that none in a few cases isn't taken for certain */
	rate->error = sqrt(((double)tally.yes + 1) * ((double)(tally.all - tally.yes) + 1) /
			   (n + 2) / (n + 2) / (n + 2));
}

bool rate_is_met(const struct rate *rate)
{
	switch (rate->want) {
	case RATE_AT_MOST:
		return rate->cases > 0 && rate->share <= rate->high;
	case RATE_AT_LEAST:
		return rate->cases > 0 && rate->share >= rate->low;
	case RATE_WITHIN:
		return rate->cases > 0 && rate->share >= rate->low && rate->share <= rate->high;
	case RATE_TOLD:
		break;
	}
	return true;
}

static int add(struct rates *rates, const struct rate *rate)
{
	struct rate *grown = reallocarray(rates->rates, rates->count + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	rates->rates = grown;
	grown[rates->count++] = *rate;
	return 0;
}

void rates_done(struct rates *rates)
{
	free(rates->rates);
	*rates = (struct rates){};
}

/* ---- gates that nothing moved in ---- */

static int measure_false(const struct rates_plan *plan, const struct sizes *sizes,
			 struct rate *moved, struct rate *rejected)
{
	struct world w = world_of(plan, 1 + sizes->pairs);
	struct tally tally, all;
	int r = simulate_gates(&w, sizes, GATE_METRICS, GATE_MARGIN, cases_of(plan, CASES_GATES),
			       &tally, &all);

	if (r < 0)
		return r;
	set(moved, tally);
	set(rejected, all);
	return 0;
}

static const struct rate false_rate = {
	.name = "false",
	.what = "gates of 50 metrics, nothing moved, one said to have: 60 base and 24 fresh seeds",
	.want = RATE_AT_MOST,
	.high = 0.01,
};

static int add_false(const struct rates_plan *plan, struct rates *rates)
{
	static const struct {
		struct sizes sizes;
		const char *name, *what;
	} designs[] = {
		{ { GATE_BASE, GATE_FRESH, 0 }, "false", NULL },
		{ { GATE_BASE, GATE_BASE, GATE_BASE }, "false.paired", "the same of 60 pairs" },
		{ { GATE_BASE, GATE_FRESH, GATE_FRESH },
		  "false.both",
		  "the same of 24 pairs and 36 base seeds more" },
	};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(designs) && r == 0; i++) {
		struct rate moved = false_rate;
		struct rate rejected = { .what = "of those, gates in which a metric has q <= "
						 "alpha, however small it moved" };

		snprintf(moved.name, sizeof(moved.name), "%s", designs[i].name);
		snprintf(rejected.name, sizeof(rejected.name), "%s.q", designs[i].name);
		moved.what = designs[i].what ? designs[i].what : moved.what;
		r = measure_false(plan, &designs[i].sizes, &moved, &rejected);
		if (r == 0)
			r = add(rates, &moved);
		if (r == 0)
			r = add(rates, &rejected);
	}
	return r;
}

int rates_false(const struct rates_plan *plan, struct rate *ret, struct error *err)
{
	struct rate rejected = {};
	int r;

	*ret = false_rate;
	r = measure_false(plan, &usual, ret, &rejected);
	return r < 0 ? error_set(err, r, "%s", ret->name) : 0;
}

/* ---- a shift that is to be told ---- */

static const struct rate power_rate = {
	.name = "power",
	.what = "a metric 2 % above its base, alone in a gate of 50, told: 60 base, 60 fresh seeds",
	.want = RATE_AT_LEAST,
	.low = 0.95,
};

static int measure_power(const struct rates_plan *plan, const struct sizes *sizes, enum host host,
			 double spread, double cases, struct rate *rate, struct rate *sure)
{
	struct world w = world_of(plan, 1000 * sizes->base + sizes->fresh);
	struct tally tally, series;
	int r = simulate_power(&w, sizes, GATE_METRICS, GATE_MARGIN, host, spread,
			       cases_of(plan, cases), &tally, &series);

	if (r < 0)
		return r;
	set(rate, tally);
	set(sure, series);
	return 0;
}

int rates_power(const struct rates_plan *plan, struct rate *ret, struct error *err)
{
	struct rate sure = {};
	int r;

	*ret = power_rate;
	r = measure_power(plan, &most, HOST_NONE, 0, CASES_POWER, ret, &sure);
	return r < 0 ? error_set(err, r, "%s", ret->name) : 0;
}

static const struct sizes table[] = { { 24, 24, 0 },   { 60, 24, 0 },	{ 60, 60, 0 },
				      { 100, 100, 0 }, { 200, 200, 0 }, { 400, 400, 0 } };

static int add_power_of(const struct rates_plan *plan, enum host host, double spread,
			const char *name, const char *what, struct rates *rates)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(table) && r == 0; i++) {
		struct rate rate = { .what = what }, sure = {};

		snprintf(rate.column, sizeof(rate.column), "%zu+%zu", table[i].base,
			 table[i].fresh);
		snprintf(rate.name, sizeof(rate.name), "%s.%s", name, rate.column);
		r = measure_power(plan, &table[i], host, spread, CASES_TABLE, &rate, &sure);
		if (r == 0)
			r = add(rates, &rate);
	}
	return r;
}

static int add_power(const struct rates_plan *plan, struct rates *rates)
{
	static const struct {
		enum host host;
		const char *name, *what;
	} hosts[] = {
		{ HOST_SCALED, "power.scaled",
		  "shapes as recorded, with the spread that the name says" },
		{ HOST_HEAVY, "power.heavy",
		  "the same, one of twenty five times as far out: a made-up noise of hosts" },
		{ HOST_BIMODAL, "power.bimodal",
		  "the same, one of five three deviations slower: another one" },
	};
	static const double spreads[] = { 0.01, 0.02, 0.05, 0.1 };
	struct rate rate = power_rate,
		    sure = { .name = "power.series",
			     .what = "series of which 95 % of the cases were told, at 60 and 60" };
	int r = measure_power(plan, &most, HOST_NONE, 0, CASES_POWER, &rate, &sure);

	if (r == 0)
		r = add(rates, &rate);
	if (r == 0)
		r = add(rates, &sure);
	if (r == 0)
		r = add_power_of(plan, HOST_NONE, 0, "power", "the same, seeds as the column says",
				 rates);
	for (size_t i = 0; i < ARRAY_SIZE(hosts) * ARRAY_SIZE(spreads) && r == 0; i++) {
		double spread = spreads[i % ARRAY_SIZE(spreads)];
		size_t host = i / ARRAY_SIZE(spreads);
		char name[40];

		snprintf(name, sizeof(name), "%s.%g%%", hosts[host].name, 100 * spread);
		r = add_power_of(plan, hosts[host].host, spread, name, hosts[host].what, rates);
	}
	return r;
}

/* ---- intervals ---- */

static const struct rate coverage_rate = {
	.name = "coverage",
	.what = "95 % intervals that cover the true shift, of values that aren't discrete",
	.want = RATE_WITHIN,
	.low = 0.94,
	.high = 0.96,
};

static int measure_coverage(const struct rates_plan *plan, const struct sizes *sizes, bool discrete,
			    struct rate *rate)
{
	struct world w = world_of(plan, 7 + sizes->pairs);
	struct tally tally;
	int r = simulate_coverage(&w, sizes, discrete, cases_of(plan, CASES_COVERAGE), &tally);

	if (r == 0)
		set(rate, tally);
	return r;
}

int rates_coverage(const struct rates_plan *plan, struct rate *ret, struct error *err)
{
	int r;

	*ret = coverage_rate;
	r = measure_coverage(plan, &usual, false, ret);
	return r < 0 ? error_set(err, r, "%s", ret->name) : 0;
}

static int add_coverage(const struct rates_plan *plan, struct rates *rates)
{
	static const struct {
		struct sizes sizes;
		bool discrete;
		struct rate rate;
	} cases[] = {
		{ { GATE_BASE, GATE_FRESH, 0 }, false, coverage_rate },
		{ { GATE_BASE, GATE_BASE, GATE_BASE },
		  false,
		  { .name = "coverage.paired",
		    .what = "the same of 60 pairs",
		    .want = RATE_WITHIN,
		    .low = 0.94,
		    .high = 0.96 } },
		{ { GATE_BASE, GATE_FRESH, GATE_FRESH },
		  false,
		  { .name = "coverage.both",
		    .what = "of 24 pairs and 36 base seeds more: two tests share the error",
		    .want = RATE_AT_LEAST,
		    .low = 0.94 } },
		{ { 100, 100, 0 },
		  false,
		  { .name = "coverage.100+100",
		    .what = "of so many that the test is taken as normal",
		    .want = RATE_WITHIN,
		    .low = 0.94,
		    .high = 0.96 } },
		{ { GATE_BASE, GATE_FRESH, 0 },
		  true,
		  { .name = "coverage.discrete",
		    .what = "of discrete values, whose ties make it more than it says" } },
	};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(cases) && r == 0; i++) {
		struct rate rate = cases[i].rate;

		r = measure_coverage(plan, &cases[i].sizes, cases[i].discrete, &rate);
		if (r == 0)
			r = add(rates, &rate);
	}
	return r;
}

/* ---- the seeds that a verdict wants ---- */

static int add_seeds(const struct rates_plan *plan, struct rates *rates)
{
	static const size_t counts[] = { 6, 12, 24 };
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(counts) && r == 0; i++) {
		struct world w = world_of(plan, 100 + counts[i]);
		struct rate rate = {
			.what = "couldn't be told with that many seeds, is with those it wants",
			.want = RATE_AT_LEAST,
			.low = 0.95,
		};
		struct rate never = { .what = "of those, said to take more than 1000 seeds" };
		struct tally tally, nevers;

		snprintf(rate.name, sizeof(rate.name), "seeds.%zu", counts[i]);
		snprintf(never.name, sizeof(never.name), "seeds.%zu.never", counts[i]);
		r = simulate_seeds(&w, counts[i], GATE_METRICS, GATE_MARGIN,
				   cases_of(plan, CASES_SEEDS), &tally, &nevers);
		if (r < 0)
			break;
		set(&rate, tally);
		set(&never, nevers);
		if (tally.all == 0) /* all could be told at once */
			rate.want = RATE_TOLD;
		r = add(rates, &rate);
		if (r == 0)
			r = add(rates, &never);
	}
	return r;
}

int rates_measure(const struct rates_plan *plan, struct rates *ret, struct error *err)
{
	struct rates rates = {};
	int r = add_false(plan, &rates);

	if (r == 0)
		r = add_power(plan, &rates);
	if (r == 0)
		r = add_coverage(plan, &rates);
	if (r == 0)
		r = add_seeds(plan, &rates);
	if (r < 0) {
		rates_done(&rates);
		return error_set(err, r, "simulate verdicts");
	}
	*ret = rates;
	return 0;
}

int rates_judge_many(size_t metrics, size_t values, struct error *err)
{
	_cleanup_free_ double *all = calloc(metrics * values * 2, sizeof(*all));
	_cleanup_free_ struct judge_input *inputs = calloc(metrics, sizeof(*inputs));
	_cleanup_free_ struct judge_result *results = calloc(metrics, sizeof(*results));
	struct rng rng;

	if (!all || !inputs || !results)
		return error_set(err, -ENOMEM, "a family of metrics");
	rng_seed(&rng, 1);
	for (size_t i = 0; i < metrics * values * 2; i++)
		all[i] = 1000 + 10 * (rng_unit(&rng) + rng_unit(&rng) + rng_unit(&rng));
	for (size_t i = 0; i < metrics; i++)
		inputs[i] = (struct judge_input){ .base = all + 2 * i * values,
						  .fresh = all + (2 * i + 1) * values,
						  .base_count = values,
						  .fresh_count = values,
						  .margin = GATE_MARGIN };
	return judge_family(inputs, metrics, &judge_rules_default, results, err);
}
