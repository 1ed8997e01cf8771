/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

/*
 * How a rank statistic is distributed where nothing moved and no values are equal: exact by
 * counting for small samples, normal for larger ones. A family's metrics share one.
 *
 * The statistic counts pairs: of the rank sum (Mann and Whitney's U), those with fresh > base; of
 * the signed ranks, the positive Walsh averages. It is symmetric about half of all pairs, and the
 * interval of a shift ends at those pairs that the test at its level just lets pass.
 */
struct null {
	size_t pairs;	  /* the largest value of the statistic */
	double deviation; /* its standard deviation */
	double *below;	  /* [pairs / 2 + 1] P(statistic <= k); NULL: normal */
};

/* Larger samples are taken as normal: */
#define NULL_RANKSUM_MAX    60	/* on one side */
#define NULL_SIGNEDRANK_MAX 100 /* pairs */

/* -ENOMEM. Counts from 1. */
int null_ranksum(struct null *ret, size_t base_count, size_t fresh_count);
int null_signedrank(struct null *ret, size_t pairs);
void null_done(struct null *null);

/* Two-sided p of a value: twice the smaller tail, at most 1; normal with a correction for
 * continuity.
 */
double null_p(const struct null *null, double statistic);

/*
 * The rank k of the pair at which an interval of that level begins, its end being the k-th from
 * above: the largest k with 2 P(statistic <= k - 1) <= 1 - level. 0: the samples are too small for
 * that level. *ret_level, where it isn't NULL: 1 - 2 P(statistic <= k - 1), 1 of 0.
 */
size_t null_critical(const struct null *null, double level, double *ret_level);

/* Twice a normal tail beyond so many deviations, half a step nearer for continuity; at most 1. */
double null_normal_p(double distance, double half_step, double deviation);

/* One null for each shape of samples. {} is an empty cache. */
struct null_cache {
	struct null_entry *entries;
	size_t count;
};

/* -ENOMEM. What is returned is valid until the next call. */
int null_cache_ranksum(struct null_cache *cache, size_t base_count, size_t fresh_count,
		       const struct null **ret);
int null_cache_signedrank(struct null_cache *cache, size_t pairs, const struct null **ret);
void null_cache_done(struct null_cache *cache);
