// SPDX-License-Identifier: GPL-2.0-or-later
#include "src/rng.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "src/cleanup.h"
#include "src/macro.h"

void rng_seed(struct rng *rng, uint64_t seed)
{
	for (size_t i = 0; i < ARRAY_SIZE(rng->s); i++)
		rng->s[i] = rng_mix(seed, i);
}

/* Probabilities as whole numbers of 2^-64, UINT64_MAX for 1: compared without a conversion. */
struct zipf_bucket {
	uint64_t first, count; /* ranks */
	uint64_t floor;	       /* the last rank's weight over the first's: accepted unseen below */
	uint64_t keep;	       /* alias method: stay with a probability of this, else take other */
	uint32_t other;
};

struct zipf {
	double theta;
	uint32_t count;
	struct zipf_bucket buckets[];
};

/* Each bucket spans this ratio of ranks; more buckets than this many are never needed. */
#define ZIPF_RATIO	 1.05
#define ZIPF_BUCKETS_MAX 2048

static uint32_t cut_buckets(struct zipf_bucket *buckets, uint64_t n)
{
	uint64_t first = 0;
	uint32_t count = 0;

	while (first < n) {
		uint64_t span = (uint64_t)((double)(first + 1) * (ZIPF_RATIO - 1));

		span = MIN(MAX(span, (uint64_t)1), n - first);
		buckets[count++] = (struct zipf_bucket){ .first = first, .count = span };
		first += span;
	}
	return count;
}

static uint64_t fixed(double probability)
{
	return probability < 1 ? (uint64_t)(probability * 0x1p64) : UINT64_MAX;
}

/* Vose's construction of the alias table; weights sum to count. */
static void make_alias(struct zipf *z, double *weights, uint32_t *stack)
{
	uint32_t small = 0, large = z->count; /* two stacks that grow towards each other */

	for (uint32_t i = 0; i < z->count; i++)
		stack[weights[i] < 1 ? small++ : --large] = i;
	while (small && large < z->count) {
		uint32_t less = stack[--small], more = stack[large];

		z->buckets[less].keep = fixed(weights[less]);
		z->buckets[less].other = more;
		weights[more] -= 1 - weights[less];
		if (weights[more] < 1) {
			large++;
			stack[small++] = more;
		}
	}
	while (small)
		z->buckets[stack[--small]].keep = fixed(1);
	while (large < z->count)
		z->buckets[stack[large++]].keep = fixed(1);
}

int zipf_new(struct zipf **ret, uint64_t n, double theta, struct error *err)
{
	_cleanup_free_ double *weights = calloc(ZIPF_BUCKETS_MAX, sizeof(*weights));
	_cleanup_free_ uint32_t *stack = calloc(ZIPF_BUCKETS_MAX, sizeof(*stack));
	struct zipf *z = calloc(1, sizeof(*z) + ZIPF_BUCKETS_MAX * sizeof(z->buckets[0]));
	double sum = 0;

	if (!z || !weights || !stack) {
		free(z);
		return error_set(err, -ENOMEM, "zipf table");
	}
	if (n < 1 || n > 1ull << 40 || !(theta >= 0 && theta <= 8)) {
		free(z);
		return error_say(err, -EINVAL, "zipf: n must be 1 to 2^40 and theta 0 to 8");
	}
	z->theta = theta;
	z->count = cut_buckets(z->buckets, n);
	for (uint32_t i = 0; i < z->count; i++) {
		struct zipf_bucket *b = &z->buckets[i];
		double top = pow((double)(b->first + 1), -theta);

		/* The envelope: as if each rank weighed as much as the bucket's first. */
		weights[i] = top * (double)b->count;
		b->floor = fixed(pow((double)(b->first + b->count), -theta) / top);
		sum += weights[i];
	}
	for (uint32_t i = 0; i < z->count; i++)
		weights[i] *= z->count / sum;
	make_alias(z, weights, stack);
	*ret = z;
	return 0;
}

void zipf_free(struct zipf *zipf)
{
	free(zipf);
}

/* Of the coins no branch can be foretold, so that there is none but the one that seldom is taken.
 */
uint64_t zipf_draw(const struct zipf *zipf, struct rng *rng)
{
	for (;;) {
		/* One number gives the bucket (high product) and the alias's coin (low product). */
		unsigned __int128 product = (unsigned __int128)rng_next(rng) * zipf->count;
		uint64_t drawn = (uint64_t)(product >> 64);
		uint64_t other = zipf->buckets[drawn].other;
		const struct zipf_bucket *b;
		uint64_t rank, coin;

		/* All ones where the coin says other. */
		drawn ^= (drawn ^ other) &
			 -(uint64_t)((uint64_t)product > zipf->buckets[drawn].keep);
		b = &zipf->buckets[drawn];
		product = (unsigned __int128)rng_next(rng) * b->count;
		rank = b->first + (uint64_t)(product >> 64);
		coin = (uint64_t)product;
		if (coin <= b->floor)
			return rank;
		if ((double)coin * 0x1p-64 <
		    pow((double)(rank + 1) / (double)(b->first + 1), -zipf->theta))
			return rank;
	}
}

uint64_t rng_scatter(uint64_t index, uint64_t n, uint64_t seed)
{
	unsigned bits = n > 1 ? 64 - (unsigned)__builtin_clzll(n - 1) : 1;
	unsigned half = (bits + 1) / 2;
	uint64_t mask = (1ull << half) - 1;

	do {
		uint64_t left = index >> half, right = index & mask;

		for (unsigned round = 0; round < 4; round++) {
			uint64_t next = left ^ (rng_mix(seed + round, right) & mask);

			left = right;
			right = next;
		}
		index = left << half | right;
	} while (index >= n);
	return index;
}
