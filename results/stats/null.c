// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/stats/null.h"

#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

#include "src/cleanup.h"
#include "src/macro.h"

/*
 * Counts of the subsets by their sum, as coefficients of the Gaussian binomial: product over i of
 * (1 - q^(n + i)) / (1 - q^i). Those up to the middle hang by none above it, and there each partial
 * product is itself one of counts that rise, so that the subtractions cancel nothing.
 */
static void count_ranksum(double *counts, size_t half, size_t m, size_t n)
{
	counts[0] = 1;
	for (size_t i = 1; i <= m; i++) {
		for (size_t u = half + 1; u-- > n + i;)
			counts[u] -= counts[u - n - i];
		for (size_t u = i; u <= half; u++)
			counts[u] += counts[u - i];
	}
}

/* The same of product over i of (1 + q^i). */
static void count_signedrank(double *counts, size_t half, size_t n)
{
	counts[0] = 1;
	for (size_t i = 1; i <= n; i++)
		for (size_t u = half + 1; u-- > i;)
			counts[u] += counts[u - i];
}

/* Sums to probabilities; all: how many outcomes there are, as a logarithm. */
static void cumulate(double *counts, size_t half, double all)
{
	double sum = 0, scale = exp(-all);

	for (size_t u = 0; u <= half; u++) {
		sum += counts[u];
		counts[u] = sum * scale;
	}
}

int null_ranksum(struct null *ret, size_t base_count, size_t fresh_count)
{
	double n = (double)base_count, m = (double)fresh_count;
	struct null null = {
		.pairs = base_count * fresh_count,
		.deviation = sqrt(n * m * (n + m + 1) / 12),
	};

	if (MAX(base_count, fresh_count) <= NULL_RANKSUM_MAX) {
		null.below = calloc(null.pairs / 2 + 1, sizeof(*null.below));
		if (!null.below)
			return -ENOMEM;
		count_ranksum(null.below, null.pairs / 2, MIN(base_count, fresh_count),
			      MAX(base_count, fresh_count));
		cumulate(null.below, null.pairs / 2,
			 lgamma(n + m + 1) - lgamma(n + 1) - lgamma(m + 1));
	}
	*ret = null;
	return 0;
}

int null_signedrank(struct null *ret, size_t pairs)
{
	double n = (double)pairs;
	struct null null = {
		.pairs = pairs * (pairs + 1) / 2,
		.deviation = sqrt(n * (n + 1) * (2 * n + 1) / 24),
	};

	if (pairs <= NULL_SIGNEDRANK_MAX) {
		null.below = calloc(null.pairs / 2 + 1, sizeof(*null.below));
		if (!null.below)
			return -ENOMEM;
		count_signedrank(null.below, null.pairs / 2, pairs);
		cumulate(null.below, null.pairs / 2, n * M_LN2);
	}
	*ret = null;
	return 0;
}

void null_done(struct null *null)
{
	free(null->below);
	*null = (struct null){};
}

double null_normal_p(double distance, double half_step, double deviation)
{
	double beyond = fabs(distance) - half_step;

	return beyond <= 0 ? 1 : 2 * gsl_cdf_ugaussian_Q(beyond / deviation);
}

double null_p(const struct null *null, double statistic)
{
	double middle = (double)null->pairs / 2;

	if (!null->below)
		return null_normal_p(statistic - middle, 0.5, null->deviation);
	if (statistic > middle)
		statistic = (double)null->pairs - statistic;
	return MIN(1.0, 2 * null->below[(size_t)statistic]);
}

/* The last value that is no more likely to be reached than that; pairs: there is none. */
static size_t last_within(const struct null *null, double tail)
{
	size_t low = 0, high = null->pairs / 2 + 1;

	if (!null->below) {
		double at = (double)null->pairs / 2 - 0.5 +
			    gsl_cdf_ugaussian_Pinv(tail) * null->deviation;

		return at < 0 ? null->pairs : (size_t)at;
	}
	while (low < high) { /* below[] ascends; the first that is beyond it */
		size_t middle = (low + high) / 2;

		/* a tail that is met exactly, but for rounding, is met */
		if (null->below[middle] <= tail * (1 + 1e-12))
			low = middle + 1;
		else
			high = middle;
	}
	return low ? low - 1 : null->pairs;
}

size_t null_critical(const struct null *null, double level, double *ret_level)
{
	size_t last = last_within(null, (1 - level) / 2);

	if (ret_level)
		*ret_level = last == null->pairs ? 1 : 1 - null_p(null, (double)last);
	return last == null->pairs ? 0 : last + 1;
}

struct null_entry {
	size_t base_count; /* 0: signed ranks of fresh_count pairs */
	size_t fresh_count;
	struct null null;
};

static int cached(struct null_cache *cache, size_t base_count, size_t fresh_count,
		  const struct null **ret)
{
	struct null_entry *grown, *entry;
	int r;

	for (size_t i = 0; i < cache->count; i++) {
		entry = &cache->entries[i];
		if (entry->base_count == base_count && entry->fresh_count == fresh_count) {
			*ret = &entry->null;
			return 0;
		}
	}
	grown = reallocarray(cache->entries, cache->count + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	cache->entries = grown;
	entry = &grown[cache->count];
	*entry = (struct null_entry){ .base_count = base_count, .fresh_count = fresh_count };
	r = base_count ? null_ranksum(&entry->null, base_count, fresh_count)
		       : null_signedrank(&entry->null, fresh_count);
	if (r < 0)
		return r;
	cache->count++;
	*ret = &entry->null;
	return 0;
}

int null_cache_ranksum(struct null_cache *cache, size_t base_count, size_t fresh_count,
		       const struct null **ret)
{
	return cached(cache, base_count, fresh_count, ret);
}

int null_cache_signedrank(struct null_cache *cache, size_t pairs, const struct null **ret)
{
	return cached(cache, 0, pairs, ret);
}

void null_cache_done(struct null_cache *cache)
{
	for (size_t i = 0; i < cache->count; i++)
		null_done(&cache->entries[i].null);
	free(cache->entries);
	*cache = (struct null_cache){};
}
