// SPDX-License-Identifier: GPL-2.0-or-later
#include "src/histogram.h"

#include <math.h>

#include "src/macro.h"

uint64_t histogram_low(unsigned bucket)
{
	unsigned shift;

	if (bucket < 2 * HISTOGRAM_SUB)
		return bucket;
	if (bucket >= HISTOGRAM_BUCKETS)
		return UINT64_MAX;
	shift = (bucket >> HISTOGRAM_SUB_BITS) - 1;
	return (uint64_t)(HISTOGRAM_SUB + (bucket & (HISTOGRAM_SUB - 1))) << shift;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		into->buckets[i] += from->buckets[i];
	into->count += from->count;
	into->max = MAX(into->max, from->max);
}

uint64_t histogram_quantile(const struct histogram *h, double q)
{
	uint64_t rank = (uint64_t)ceil(q * (double)h->count), seen = 0;

	if (!h->count)
		return 0;
	rank = MIN(MAX(rank, (uint64_t)1), h->count);
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += h->buckets[i];
		if (seen >= rank) {
			uint64_t low = histogram_low(i), width = histogram_low(i + 1) - low;

			return MIN(low + width / 2, h->max);
		}
	}
	return h->max;
}
