/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "src/error.h"

/*
 * Where a series of values, in order of time, changes its distribution: E-divisive of Matteson and
 * James, "A nonparametric approach for multiple change point analysis of multivariate data"
 * (Journal of the American Statistical Association 109, 2014), for single values and distances to
 * the power of 1. No shape of distribution is assumed; a change in spread is found as one in level
 * is, if there are enough values.
 *
 * Series are split one change after another, each time at the place of the largest statistic over
 * all segments there are by then. A split stays if its statistic is rarely reached after values
 * have been shuffled within their segments; the first that doesn't stay is the end of the search.
 */

struct changes_rules {
	double alpha;	       /* of each split's test, above 0, below 1: 0.01 */
	unsigned permutations; /* p is at least 1 / (this + 1), which must not exceed alpha: 999 */
	size_t segment_least;  /* values in a segment, at least 2: 3 */
	uint64_t seed;	       /* of the shuffles; the same seed gives the same p */
};
extern const struct changes_rules changes_rules_default;

struct change {
	size_t at;	      /* index of the first value of the new segment */
	double p;	      /* of the split's permutation test, when it was made */
	double before, after; /* medians of the segments on both sides, of the final ones */
};

/*
 * Ascending by `at`; none and *ret NULL where there are fewer than 2 * segment_least values or
 * nothing changes. Free *ret with free(). Takes time in proportion to permutations * count^2: 999
 * shuffles of 200 values some 40 ms for each change and once more, of 1000 values a second.
 * -EINVAL with the reason where a value isn't finite or a rule is out of its range; -ENOMEM.
 */
int changes_find(const double *values, size_t count, const struct changes_rules *rules,
		 struct change **ret, size_t *ret_count, struct error *err);

/*
 * The energy statistic of a split: with m values before and n after it, m * n / (m + n) times
 * (2 * mean distance across - mean distance within the first - mean distance within the second),
 * means over unordered pairs (equations 5 and 6 there). Both sides need two values.
 */
double changes_statistic(const double *before, size_t m, const double *after, size_t n);
