/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

/*
 * Log-linear histogram of times in ns: each power of two is cut into 32 equal buckets, so that a
 * value is known to 1/32 (3.2 %) of itself; below 64 ns it is exact. Of fixed size, without
 * pointers: it lives in memory that processes share, and merges by adding counts.
 */
#define HISTOGRAM_SUB_BITS 5
#define HISTOGRAM_SUB	   (1u << HISTOGRAM_SUB_BITS)
#define HISTOGRAM_BUCKETS  ((64 - HISTOGRAM_SUB_BITS) * HISTOGRAM_SUB + HISTOGRAM_SUB)

struct histogram {
	uint64_t count;
	uint64_t max;
	uint64_t buckets[HISTOGRAM_BUCKETS];
};

static inline unsigned histogram_bucket(uint64_t value)
{
	unsigned shift;

	if (value < HISTOGRAM_SUB)
		return (unsigned)value;
	shift = 63 - (unsigned)__builtin_clzll(value) - HISTOGRAM_SUB_BITS;
	return ((shift + 1) << HISTOGRAM_SUB_BITS) + (unsigned)(value >> shift) - HISTOGRAM_SUB;
}

static inline void histogram_add(struct histogram *h, uint64_t value)
{
	h->buckets[histogram_bucket(value)]++;
	h->count++;
	if (value > h->max)
		h->max = value;
}

/* The bucket's lowest value; the next bucket's is its end. */
uint64_t histogram_low(unsigned bucket);

void histogram_merge(struct histogram *into, const struct histogram *from);

/*
 * The value that a share q (0 to 1) of all values does not exceed: the middle of the bucket of
 * the ceil(q * count)-th smallest value, and no more than the largest one. 0 when it is empty.
 */
uint64_t histogram_quantile(const struct histogram *h, double q);
