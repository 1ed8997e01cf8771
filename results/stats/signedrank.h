/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

#include "results/stats/null.h"

/*
 * Wilcoxon's signed-rank test of differences, two-sided p: twice the smaller tail, at most 1.
 *
 * Differences of 0 are ranked with the others and then left out, as Pratt has it ("Remarks on zeros
 * and ties in the Wilcoxon signed rank procedures", Journal of the American Statistical Association
 * 54, 1959): dropped before ranking, they would count for nothing, and a metric that seldom moves
 * could become the surer of a shift the more of its pairs are equal. Equal magnitudes have their
 * mean rank. Up to NULL_SIGNEDRANK_MAX pairs p is exact, of the signs of these very ranks; above,
 * normal with these ranks' variance and half a step for continuity.
 */

/* In any order; null: null_signedrank(count). -ENOMEM. */
int signedrank_p(const double *differences, size_t count, const struct null *null, double *ret);
