/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "src/error.h"
#include "src/rng.h"

/*
 * Recorded values of metrics, to draw more from. A file has a line a series:
 * `kernel<TAB>scenario<TAB>metric<TAB>values`, the values of one seed after another, in one order
 * of seeds for all of a scenario.
 */
struct series {
	char *kernel, *scenario, *metric;
	double *sorted; /* [count] */
	size_t *ranks;	/* [count] where each seed's value is in sorted */
	size_t count;
	double median, spread; /* the interquartile range as a normal deviation */
	bool discrete;	       /* more than a tenth of the values occur twice */
	double step;	       /* of discrete values, the least between two; 0: all are equal */
};

struct noise {
	struct series *series; /* in order of kernel and scenario */
	size_t count;
};

/* -EINVAL with the line that is none. */
int noise_read(const char *path, struct noise *ret, struct error *err);
void noise_done(struct noise *noise);

/*
 * The value of the seed at that share (0 to below 1) of all seeds: metrics of a scenario that are
 * asked for the same seed depend on each other as they were recorded to. Where values are not
 * discrete it is anywhere up to half-way to its neighbours, so that draws have no ties that
 * nature wouldn't have.
 */
double noise_draw(const struct series *s, double seed, struct rng *rng);
