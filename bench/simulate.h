/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/noise.h"
#include "results/stats/judge.h"

/* Simulated gates and metrics, judged. A tally counts how often something was so. */

#define SIDE_MAX 1000

struct tally {
	uint64_t yes, all;
};

/* Seeds of a side, the first of which are pairs. */
struct sizes {
	size_t base, fresh, pairs;
};

/* What a host adds to the spread of a metric: times by the clock, on a machine that isn't quiet. */
enum host {
	HOST_NONE,    /* values as they were recorded */
	HOST_SCALED,  /* of the recorded shape, with another spread; as the ones below */
	HOST_HEAVY,   /* one value of twenty is five times as far out */
	HOST_BIMODAL, /* one of five is three deviations above the others */
};

struct world {
	const struct noise *noise;
	struct rng rng;
};

/*
 * Gates of so many metrics of one kernel each, both sides alike: how many have a metric that is
 * said to have moved, or that has q <= alpha.
 */
int simulate_gates(struct world *w, const struct sizes *sizes, size_t metrics, double margin,
		   uint64_t gates, struct tally *ret_moved, struct tally *ret_rejected);

/*
 * One metric of a family of so many, the others of which didn't move: fresh values are by `margin`
 * above those of the base, and the verdict is right. spread: the deviation of its values, of their
 * median, where host isn't HOST_NONE. Series in turn, as the cases say, but for those with
 * a median of 0 or steps coarser than the shift. ret_sure: series of which 95 % of the cases were
 * right.
 */
int simulate_power(struct world *w, const struct sizes *sizes, size_t family, double margin,
		   enum host host, double spread, uint64_t cases, struct tally *ret,
		   struct tally *ret_sure);

/* Series that are discrete, or that are not: the shown interval covers a shift of 0. */
int simulate_coverage(struct world *w, const struct sizes *sizes, bool discrete, uint64_t cases,
		      struct tally *ret);

/*
 * One metric of a family with so few seeds that it can't be told, its true shift anywhere up to
 * twice the margin. With as many seeds as seeds_wanted() says, there is a verdict. Cases of which
 * it says that no number would do are not counted in ret, but in ret_never.
 */
int simulate_seeds(struct world *w, size_t seeds, size_t family, double margin, uint64_t cases,
		   struct tally *ret, struct tally *ret_never);
