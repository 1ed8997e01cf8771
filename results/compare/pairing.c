// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/compare/pairing.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "results/stats/judge.h"
#include "results/stats/values.h"

/* Where the seed stands among the cell's, or their count. */
static size_t find_seed(const struct cell *cell, uint64_t seed)
{
	size_t low = 0, high = cell->seed_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (cell->seeds[middle] < seed)
			low = middle + 1;
		else
			high = middle;
	}
	return low < cell->seed_count && cell->seeds[low] == seed ? low : cell->seed_count;
}

/* The value that the cell has of the seed, or NAN. */
static double value_of(const struct cell *cell, const struct series *series, uint64_t seed)
{
	size_t at = find_seed(cell, seed);

	return at < cell->seed_count ? series->values[at] : NAN;
}

int pairing_make(struct pairing *ret, const struct cell *base, const struct series *base_series,
		 const struct cell *fresh, const struct series *fresh_series)
{
	struct pairing *p = ret;

	*p = (struct pairing){ .base = calloc(base->seed_count + 1, sizeof(double)),
			       .fresh = calloc(fresh->seed_count + 1, sizeof(double)) };
	if (!p->base || !p->fresh)
		return -ENOMEM;
	for (size_t i = 0; i < base->seed_count; i++) {
		double other = value_of(fresh, fresh_series, base->seeds[i]);

		if (isnan(base_series->values[i]) || isnan(other))
			continue;
		p->base[p->pairs] = base_series->values[i];
		p->fresh[p->pairs++] = other;
	}
	p->base_count = p->fresh_count = p->pairs;
	for (size_t i = 0; i < base->seed_count; i++)
		if (!isnan(base_series->values[i]) &&
		    isnan(value_of(fresh, fresh_series, base->seeds[i])))
			p->base[p->base_count++] = base_series->values[i];
	for (size_t i = 0; i < fresh->seed_count; i++)
		if (!isnan(fresh_series->values[i]) &&
		    isnan(value_of(base, base_series, fresh->seeds[i])))
			p->fresh[p->fresh_count++] = fresh_series->values[i];
	return 0;
}

void pairing_done(struct pairing *p)
{
	free(p->base);
	free(p->fresh);
	*p = (struct pairing){};
}

double pairing_base_median(const struct pairing *p)
{
	double median = 0;

	if (p->base_count)
		values_find_median(p->base, p->base_count, &median);
	return median;
}

int series_shift(const struct cell *base, const struct series *base_series,
		 const struct cell *fresh, const struct series *fresh_series, double *ret)
{
	struct judge_result result;
	struct pairing p;
	int r = pairing_make(&p, base, base_series, fresh, fresh_series);

	if (r == 0 && (!p.base_count || !p.fresh_count))
		r = -ENODATA;
	if (r == 0) {
		const struct judge_input input = { .base = p.base,
						   .fresh = p.fresh,
						   .base_count = p.base_count,
						   .fresh_count = p.fresh_count,
						   .pairs = p.pairs,
						   .margin = 1 };

		r = judge_family(&input, 1, &judge_rules_default, &result, NULL);
	}
	/* Of a base of 0 there is no share, unless nothing moved. */
	if (r == 0 && result.absolute && result.shift != 0)
		r = -ENODATA;
	if (r == 0)
		*ret = result.shift;
	pairing_done(&p);
	return r;
}
