// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a comparison takes, and how far its verdicts can be trusted: the rates of wring-rates on the
 * values recorded in tests/fixtures/stats/noise.tsv, with fewer cases.
 */
#include <math.h>
#include <stdlib.h>

#include "bench/bench.h"
#include "bench/rates.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "workloads/workload.h"

#define NOISE  "tests/fixtures/stats/noise.tsv"
#define EFFORT 0.1

static int measure_judge(const struct bench *b, const struct side *s, struct sample *ret,
			 struct error *err)
{
	uint64_t began = workload_clock();
	int r = rates_judge_many(300, 1000, err);

	(void)b;
	(void)s;
	if (r == 0)
		*ret = (struct sample){ .ops = 1, .wall_ns = (double)(workload_clock() - began) };
	return r;
}

struct rate_job {
	int (*measure)(const struct rates_plan *plan, struct rate *ret, struct error *err);
	double from; /* per cent; 0, or what the rate should be */
};

/* In per cent, or in points by which it is off. */
static int measure_rate(const struct bench *b, const struct side *s, struct sample *ret,
			struct error *err)
{
	const struct rate_job *job = s->job;
	const char *source = getenv("srcdir");
	_cleanup_free_ char *path = path_join(source ? source : ".", NOISE);
	struct noise noise = {};
	struct rate rate;
	int r = path ? noise_read(path, &noise, err) : error_set(err, -ENOMEM, "read " NOISE);

	(void)b;
	if (r < 0)
		return r;
	r = job->measure(&(struct rates_plan){ &noise, 1, EFFORT }, &rate, err);
	noise_done(&noise);
	if (r == 0)
		*ret = (struct sample){ .ops = fabs(100 * rate.share - job->from) };
	return r;
}

static const struct side judge_sides[] = { { "300 metrics of 2 x 1000 trials", measure_judge } };
static const struct row judge_rows[] = { { "compare.judge",
					   "300 metrics judged, of 1000 trials on each side",
					   ROW_WALL, 0, .want = WANT_AT_MOST, .target = 1 },
					 {} };

static const struct rate_job false_job = { rates_false }, power_job = { rates_power },
			     coverage_job = { rates_coverage, 95 };
static const struct side rate_sides[] = {
	{ "gates that nothing moved in", measure_rate, &false_job },
	{ "metrics 2 % above their base", measure_rate, &power_job },
	{ "95 % intervals", measure_rate, &coverage_job },
};
static const struct row rate_rows[] = {
	{ "compare.false",
	  "gates of 50 metrics, nothing moved, one said to have: 60 base and 24 fresh seeds",
	  ROW_COUNT, 0, .unit = "%", .want = WANT_AT_MOST, .target = 1 },
	{ "compare.power",
	  "metrics 2 % above their base, alone in a gate of 50, that are told: 60 base, 60 fresh "
	  "seeds",
	  ROW_COUNT, 1, .unit = "%", .want = WANT_AT_LEAST, .target = 95 },
	{ "compare.coverage",
	  "points off 95 % of the 95 % intervals that cover the true shift, of values not discrete",
	  ROW_COUNT, 2, .unit = "points", .want = WANT_AT_MOST, .target = 1 },
	{}
};

const struct group compare_groups[] = {
	{ "compare.judge", judge_sides, judge_rows, ARRAY_SIZE(judge_sides) },
	{ "compare.rates", rate_sides, rate_rows, ARRAY_SIZE(rate_sides), .repeat_max = 1 },
	{}
};
