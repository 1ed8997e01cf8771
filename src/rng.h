/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "src/error.h"

/*
 * Seeded random numbers: the same seed gives the same numbers on every machine.
 *
 * xoshiro256** of Blackman and Vigna, "Scrambled linear pseudorandom number generators" (2018),
 * its state filled by SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
 * generators", 2014).
 */
struct rng {
	uint64_t s[4];
};

void rng_seed(struct rng *rng, uint64_t seed);

/* One well-mixed number from two: for the seeds of workers, threads and pages. */
static inline uint64_t rng_mix(uint64_t a, uint64_t b)
{
	uint64_t z = a + 0x9e3779b97f4a7c15ull * (b + 1);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static inline uint64_t rng_next(struct rng *rng)
{
	uint64_t *s = rng->s, five = s[1] * 5;
	uint64_t result = ((five << 7) | (five >> 57)) * 9, t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = (s[3] << 45) | (s[3] >> 19);
	return result;
}

/*
 * Uniform in [0, bound), bound ≥ 1. The high half of a product (Lemire, "Fast random integer
 * generation in an interval", 2019) without the rejection: its bias is below bound / 2^64.
 */
static inline uint64_t rng_below(struct rng *rng, uint64_t bound)
{
	return (uint64_t)(((unsigned __int128)rng_next(rng) * bound) >> 64);
}

/* Uniform in [0, 1) with 53 bits. */
static inline double rng_unit(struct rng *rng)
{
	return (double)(rng_next(rng) >> 11) * 0x1p-53;
}

/*
 * Zipf: rank k of n (k from 0) is drawn with a probability proportional to 1 / (k + 1)^theta.
 * Ranks are put into buckets of nearly equal probability each; a bucket is drawn by Walker's
 * alias method, a rank in it uniformly, and accepted by its exact weight, so that the law is
 * exact and a draw's cost does not grow with n. Immutable after zipf_new(): threads share it.
 */
struct zipf;

/* n from 1 to 2^40, theta from 0 (uniform) to 8. */
int zipf_new(struct zipf **ret, uint64_t n, double theta, struct error *err);
void zipf_free(struct zipf *zipf);
uint64_t zipf_draw(const struct zipf *zipf, struct rng *rng);

/*
 * A fixed bijection of [0, n) that scatters neighbours, so that hot ranks do not lie side by side
 * in memory: a four-round Feistel network on the next even number of bits, walked until the
 * result is below n (Black and Rogaway, "Ciphers with arbitrary finite domains", 2002).
 */
uint64_t rng_scatter(uint64_t index, uint64_t n, uint64_t seed);
