/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * All differences fresh - base of two samples, or all Walsh averages (d[i] + d[k]) / 2, i <= k, of
 * one, as if they lay sorted in an array: the k-th smallest is found without that array, in time
 * O((n + m) log(n * m)).
 */
struct pairs {
	/*
	 * Ascending; the caller's. Pairs are fresh[i] - base[k]; where base is NULL, they are the
	 * Walsh averages of fresh, and base_count is not used.
	 */
	const double *fresh, *base;
	size_t fresh_count, base_count;
};

/* How many pairs: n * m, or n * (n + 1) / 2. */
size_t pairs_count(const struct pairs *pairs);

/* ranks, ascending, from 1 to pairs_count(): ret[i] is the ranks[i]-th smallest. -ENOMEM. */
int pairs_select(const struct pairs *pairs, const size_t *ranks, size_t count, double *ret);

/* Hodges and Lehmann's (1963) estimate of a shift: the pairs' median. -ENOMEM. */
int pairs_median(const struct pairs *pairs, double *ret);
