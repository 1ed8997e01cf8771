/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

#include "results/stats/null.h"

/*
 * Wilcoxon's rank-sum test, in the form of Mann and Whitney: two-sided p, twice the smaller tail
 * and at most 1.
 *
 * Up to NULL_RANKSUM_MAX values on a side it is exact. Of equal values each has their mean rank,
 * and p is that of the permutations of these very ranks, with no correction of anything (Lehmann,
 * "Nonparametrics", 1975, section 1.4). Larger samples: normal, the variance corrected for ties,
 * half a step for continuity.
 */

/* Both ascending; null: null_ranksum() of their counts. -ENOMEM. */
int ranksum_p(const double *base, size_t base_count, const double *fresh, size_t fresh_count,
	      const struct null *null, double *ret);
