// SPDX-License-Identifier: GPL-2.0-or-later
/* What single things cost: recording a latency, drawing a Zipf rank. */
#include <time.h>

#include "bench/bench.h"
#include "src/macro.h"
#include "src/rng.h"

/* A set that stays in the caches: what is left is the recording. */
#define SMALL "size=64K"

static const struct lead_job none = {
	.generator = "anon",
	.options = SMALL,
	.threads = 1,
	.warm_passes = 1,
	.run_ms = 100,
};
static const struct lead_job each = {
	.generator = "anon",
	.options = SMALL,
	.threads = 1,
	.latency = true,
	.warm_passes = 1,
	.run_ms = 100,
};
static const struct lead_job clock_alone = {
	.ops = &bare_clock,
	.options = SMALL,
	.threads = 1,
	.run_ms = 100,
};
static const struct side latency_sides[] = {
	{ "latency: each", measure_lead, &each },
	{ "latency: none", measure_lead, &none },
	{ "clock_gettime() alone", measure_lead, &clock_alone },
};
static const struct row latency_rows[] = {
	{ "latency.cost", "ns that latency: each adds to a touch of a cached page", ROW_ADDED, 0, 1,
	  .want = WANT_AT_MOST, .target = 30 },
	{ "latency.clock", "ns of these that reading the clock takes anywhere", ROW_TIME, 2 },
	{}
};

#define DRAWS 20000

static double time_draws(const struct zipf *zipf)
{
	struct timespec begin, end;
	struct rng rng;
	volatile uint64_t sum = 0;
	uint64_t seen = 0;

	rng_seed(&rng, 1);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
	for (unsigned i = 0; i < DRAWS; i++)
		seen += zipf_draw(zipf, &rng);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
	sum = seen;
	(void)sum;
	return (double)(end.tv_sec - begin.tv_sec) * 1e9 + (double)(end.tv_nsec - begin.tv_nsec);
}

/* The first run fills the caches, and an interrupt makes no draw slow: the best of three. */
static double undisturbed(const struct zipf *zipf)
{
	double best = time_draws(zipf);

	for (unsigned i = 0; i < 2; i++) {
		double again = time_draws(zipf);

		best = MIN(best, again);
	}
	return best;
}

/* The slowest of several sizes and skews. */
static int measure_draws(const struct bench *b, const struct side *s, struct sample *ret,
			 struct error *err)
{
	static const uint64_t sizes[] = { 1000, 1 << 16, 1 << 24, 1ull << 32 };
	static const double thetas[] = { 0, 0.5, 0.8, 0.99, 1.2, 2 };
	double worst = 0;

	(void)b;
	(void)s;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		for (size_t k = 0; k < ARRAY_SIZE(thetas); k++) {
			struct zipf *zipf = NULL;
			int r = zipf_new(&zipf, sizes[i], thetas[k], err);

			if (r < 0)
				return r;
			worst = MAX(worst, undisturbed(zipf));
			zipf_free(zipf);
		}
	*ret = (struct sample){ .ops = DRAWS, .wall_ns = worst, .cpu_ns = worst };
	return 0;
}

static const struct side draw_sides[] = {
	{ "zipf_draw()", measure_draws },
};
static const struct row draw_rows[] = { { "zipf.draw",
					  "ns of a draw, the slowest of 4 sizes and 6 skews",
					  ROW_TIME, 0, .want = WANT_AT_MOST, .target = 15 },
					{} };

const struct group cost_groups[] = { { "latency.cost", latency_sides, latency_rows,
				       ARRAY_SIZE(latency_sides) },
				     { "zipf.draw", draw_sides, draw_rows, ARRAY_SIZE(draw_sides) },
				     {} };
