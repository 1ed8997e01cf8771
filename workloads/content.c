// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/content.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "src/macro.h"

#define FILLER	     0x5a
#define HEADER_WORDS (sizeof(struct content_header) / 8)

/* Two words at any address: what every machine's vector registers hold. */
typedef uint64_t pair __attribute__((vector_size(16), aligned(8), may_alias));

static inline pair load(const uint64_t *words)
{
	return *(const pair *)words;
}

static inline uint64_t repeated(unsigned char byte)
{
	return byte * UINT64_C(0x0101010101010101);
}

static void init(struct content *c, uint64_t seed, size_t block_bytes)
{
	c->seed = seed;
	c->block_bytes = block_bytes;
	c->past_cache = false;
	for (size_t i = 0; i < CONTENT_POOL_WORDS; i++)
		c->pool[i] = rng_mix(rng_mix(seed, UINT64_MAX), i);
}

void content_init(struct content *c, uint64_t seed, size_t block_bytes, double compressibility)
{
	size_t body = block_bytes - sizeof(struct content_header);

	init(c, seed, block_bytes);
	c->random_bytes = (size_t)((double)body * (1 - compressibility)) & ~(size_t)7;
	c->header_only = false;
}

void content_init_header(struct content *c, uint64_t seed, size_t block_bytes)
{
	init(c, seed, block_bytes);
	c->random_bytes = 0;
	c->header_only = true;
}

/* Of a pool's length of a block; another than any block's and than that of any other length. */
static uint64_t chunk_key(uint64_t stamp, size_t chunk)
{
	return rng_mix(stamp, chunk);
}

/* Words from to end of one pool's length. */
static void fill_words(uint64_t *to, const uint64_t *pool, size_t from, size_t end, uint64_t key)
{
	size_t i = from;

	for (; i < end && i % 8; i++)
		to[i] = pool[i] ^ key;
	for (; i + 8 <= end; i += 8) {
		*(pair *)(to + i) = load(pool + i) ^ key;
		*(pair *)(to + i + 2) = load(pool + i + 2) ^ key;
		*(pair *)(to + i + 4) = load(pool + i + 4) ^ key;
		*(pair *)(to + i + 6) = load(pool + i + 6) ^ key;
	}
	for (; i < end; i++)
		to[i] = pool[i] ^ key;
}

/* Not 0 where a word is wrong. */
static uint64_t compare_words(const uint64_t *words, const uint64_t *pool, size_t from, size_t end,
			      uint64_t key)
{
	pair a = {}, b = {};
	uint64_t wrong = 0;
	size_t i = from;

	for (; i < end && i % 4; i++)
		wrong |= words[i] ^ pool[i] ^ key;
	for (; i + 4 <= end; i += 4) {
		a |= load(words + i) ^ load(pool + i) ^ key;
		b |= load(words + i + 2) ^ load(pool + i + 2) ^ key;
	}
	for (; i < end; i++)
		wrong |= words[i] ^ pool[i] ^ key;
	a |= b;
	return wrong | a[0] | a[1];
}

/* The same against one byte, again and again. */
static uint64_t compare_bytes(const uint64_t *words, size_t from, size_t end, unsigned char byte)
{
	const uint64_t want = repeated(byte);
	pair a = {}, b = {};
	uint64_t wrong = 0;
	size_t i = from;

	for (; i < end && i % 4; i++)
		wrong |= words[i] ^ want;
	for (; i + 4 <= end; i += 4) {
		a |= load(words + i) ^ want;
		b |= load(words + i + 2) ^ want;
	}
	for (; i < end; i++)
		wrong |= words[i] ^ want;
	a |= b;
	return wrong | a[0] | a[1];
}

static void fill_body(const struct content *c, uint64_t *words, uint64_t stamp)
{
	size_t end = HEADER_WORDS + c->random_bytes / 8;

	for (size_t at = 0; c->random_bytes && at < end; at += CONTENT_POOL_WORDS)
		fill_words(words + at, c->pool, at ? 0 : HEADER_WORDS,
			   MIN(end - at, (size_t)CONTENT_POOL_WORDS),
			   chunk_key(stamp, at / CONTENT_POOL_WORDS));
	memset(words + end, FILLER, c->block_bytes - end * 8);
}

void content_fill(const struct content *c, void *block, uint64_t index)
{
	content_fill_header(c, block, index);
	if (!c->header_only)
		fill_body(c, block, content_stamp(c, index));
}

#ifdef __SSE2__
static inline void store_past_cache(uint64_t *to, pair value)
{
	_mm_stream_si128((__m128i *)to, (__m128i)value);
}
#else
static inline void store_past_cache(uint64_t *to, pair value)
{
	*(pair *)to = value;
}
#endif

static inline void stream_line(uint64_t *to, pair a, pair b, pair c, pair d)
{
	store_past_cache(to, a);
	store_past_cache(to + 2, b);
	store_past_cache(to + 4, c);
	store_past_cache(to + 6, d);
}

/* Whole cache lines from to end of one pool's length. */
static void stream_words(uint64_t *to, const uint64_t *pool, size_t from, size_t end, uint64_t key)
{
	for (size_t i = from; i < end; i += 8)
		stream_line(to + i, load(pool + i) ^ key, load(pool + i + 2) ^ key,
			    load(pool + i + 4) ^ key, load(pool + i + 6) ^ key);
}

static void stream_bytes(uint64_t *words, size_t from, size_t end, unsigned char byte)
{
	const pair value = (pair){} + repeated(byte);

	for (size_t i = from; i < end; i += 8)
		stream_line(words + i, value, value, value, value);
}

/* The next cache line's beginning, in words. */
static size_t line_after(size_t word)
{
	return (word + 7) & ~(size_t)7;
}

/*
 * The first line, and the one where the filler begins, go through the cache, as the header did.
 * A stream of one byte was measured to be slower than one of random words: header-only blocks,
 * which may hold anything, get those. Such stores may come late to other CPUs, which doesn't
 * matter: they change nothing.
 */
static void stream_body(const struct content *c, uint64_t *words, uint64_t stamp)
{
	const size_t whole = c->block_bytes / 8;
	const size_t end = c->header_only ? whole : HEADER_WORDS + c->random_bytes / 8;

	for (size_t at = 0; at < end; at += CONTENT_POOL_WORDS) {
		size_t last = MIN(end - at, (size_t)CONTENT_POOL_WORDS);
		size_t from = at ? 0 : HEADER_WORDS, first = at ? 0 : MIN(last, (size_t)8);
		uint64_t key = chunk_key(stamp, at / CONTENT_POOL_WORDS);

		fill_words(words + at, c->pool, from, first, key);
		stream_words(words + at, c->pool, first, last & ~(size_t)7, key);
		fill_words(words + at, c->pool, MAX(first, last & ~(size_t)7), last, key);
	}
	for (size_t i = end; i < line_after(end); i++)
		words[i] = repeated(FILLER);
	stream_bytes(words, line_after(end), whole, FILLER);
}

void content_rewrite(const struct content *c, void *block, uint64_t index)
{
	uint64_t stamp = content_stamp(c, index);

	content_touch(block);
	if (c->past_cache)
		stream_body(c, block, stamp);
	else
		fill_body(c, block, stamp);
}

/* Two sums, so that one need not wait for the other; a block is a multiple of 64 bytes. */
uint64_t content_read(const struct content *c, const void *block)
{
	const uint64_t *words = block;
	pair a = {}, b = {};

	for (size_t i = 0; i < c->block_bytes / 8; i += 4) {
		a += load(words + i);
		b += load(words + i + 2);
	}
	a += b;
	return a[0] + a[1];
}

bool content_verify(const struct content *c, const void *block, uint64_t index)
{
	const struct content_header *header = block;
	uint64_t stamp = content_stamp(c, index), wrong = 0;
	size_t end = HEADER_WORDS + c->random_bytes / 8;
	const uint64_t *words = block;

	if (header->stamp != (stamp ^ header->next << 1) || header->next >> 63 ||
	    header->version == 0)
		return false;
	for (size_t at = 0; at < end && !wrong; at += CONTENT_POOL_WORDS)
		wrong = compare_words(words + at, c->pool, at ? 0 : HEADER_WORDS,
				      MIN(end - at, (size_t)CONTENT_POOL_WORDS),
				      chunk_key(stamp, at / CONTENT_POOL_WORDS));
	return !wrong &&
	       !compare_bytes(words, end, c->block_bytes / 8, c->header_only ? 0 : FILLER);
}

bool content_is_zero(const struct content *c, const void *block)
{
	return !compare_bytes(block, HEADER_WORDS, c->block_bytes / 8, 0);
}
