// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/content.h"

#include <string.h>

#include "src/rng.h"

#define FILLER 0x5a

void content_init(struct content *c, uint64_t seed, size_t block_bytes, double compressibility)
{
	size_t body = block_bytes - sizeof(struct content_header);

	*c = (struct content){
		.seed = seed,
		.block_bytes = block_bytes,
		.random_bytes = (size_t)((double)body * (1 - compressibility)) & ~(size_t)7,
	};
}

static uint64_t block_stamp(const struct content *c, uint64_t index)
{
	return rng_mix(c->seed, index) | 1;
}

/* xorshift64: a word a step, which is all that filling needs (Marsaglia, "Xorshift RNGs", 2003). */
static inline uint64_t next_word(uint64_t x)
{
	x ^= x << 13;
	x ^= x >> 7;
	return x ^ (x << 17);
}

void content_fill(const struct content *c, void *block, uint64_t index)
{
	struct content_header *header = block;
	uint64_t word = block_stamp(c, index), *body = (uint64_t *)(header + 1);
	size_t words = c->random_bytes / 8;

	header->stamp = word;
	header->version = 1;
	for (size_t i = 0; i < words; i++)
		body[i] = word = next_word(word);
	memset(body + words, FILLER, c->block_bytes - sizeof(*header) - c->random_bytes);
}

bool content_verify(const struct content *c, const void *block, uint64_t index)
{
	const struct content_header *header = block;
	const uint64_t *body = (const uint64_t *)(header + 1);
	const unsigned char *rest = (const unsigned char *)(body + c->random_bytes / 8);
	const unsigned char *end = (const unsigned char *)block + c->block_bytes;
	uint64_t word = block_stamp(c, index);

	if (header->stamp != word || header->version == 0)
		return false;
	for (size_t i = 0; i < c->random_bytes / 8; i++)
		if (body[i] != (word = next_word(word)))
			return false;
	for (; rest < end; rest++)
		if (*rest != FILLER)
			return false;
	return true;
}
