/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/rng.h"

/*
 * What stands in the pages: seeded, of a set compressibility, and checkable. A block (a page)
 * begins with a header, then a share of random bytes that no compressor shortens, then a
 * repeated byte that any compressor removes. Never all one byte, so that neither zram's nor
 * swap's same-filled shortcut takes it.
 *
 * The random bytes are a pool's, seeded and as large as a page, each word of it XORed with a key
 * of the block's own: to fill costs little more than to copy, and no string of bytes is found
 * twice, in a block or in two of them.
 */
#define CONTENT_POOL_WORDS 512

struct content {
	uint64_t seed;
	size_t block_bytes;
	size_t random_bytes; /* of each block, behind the header */
	bool header_only;    /* see content_init_header() */
	/* Rewrite past the caches, as memset() of much does: set when memory outgrows them. */
	bool past_cache;
	_Alignas(64) uint64_t pool[CONTENT_POOL_WORDS];
};

struct content_header {
	uint64_t stamp;	  /* of seed, block and next; odd, so never 0 */
	uint64_t version; /* counts the rewrites */
	uint64_t next;	  /* another block's number, see content_link(); 0 at first */
};

/*
 * share 0: random bytes throughout; share 0.75: a compressor can save three quarters.
 * block_bytes: a multiple of 64.
 */
void content_init(struct content *c, uint64_t seed, size_t block_bytes, double compressibility);

/*
 * Blocks of a header and zeros: content_fill() writes the header alone, to blocks of zeros.
 * content_rewrite() then fills them with anything but zeros, as memory may be faster with those,
 * and leaves nothing but the header to verify.
 */
void content_init_header(struct content *c, uint64_t seed, size_t block_bytes);

static inline uint64_t content_stamp(const struct content *c, uint64_t index)
{
	return rng_mix(c->seed, index) | 1;
}

static inline void content_fill_header(const struct content *c, void *block, uint64_t index)
{
	struct content_header *header = block;

	header->stamp = content_stamp(c, index);
	header->version = 1;
	header->next = 0;
}

/* Fills a block; index is its number, which the contents depend on. */
void content_fill(const struct content *c, void *block, uint64_t index);

/*
 * Writes all of a filled block again, with the same contents and the next version. Here the block
 * must be aligned to 64 bytes.
 */
void content_rewrite(const struct content *c, void *block, uint64_t index);

/* Rewrites the header alone: the block is dirty and stays checkable. */
static inline void content_touch(void *block)
{
	((struct content_header *)block)->version++;
}

/* Puts a number below 2^63 into a block that was just filled; it is verified along with it. */
static inline void content_link(void *block, uint64_t next)
{
	struct content_header *header = block;

	header->next = next;
	header->stamp ^= next << 1;
}

/* Reads all of a block. Returns a sum, so that no compiler leaves it out. */
uint64_t content_read(const struct content *c, const void *block);

/* Whether the block holds what content_fill() wrote (whatever its version and next block). */
bool content_verify(const struct content *c, const void *block, uint64_t index);

/*
 * Whether the block has lost its header, and with it all: what the kernel does to a page that it
 * was allowed to drop. Its version may have been raised since.
 */
static inline bool content_is_gone(const void *block)
{
	return *(const volatile uint64_t *)block == 0;
}

/* Whether all behind the header is zero. */
bool content_is_zero(const struct content *c, const void *block);
