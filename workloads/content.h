/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What stands in the pages: seeded, of a set compressibility, and checkable. A block (a page)
 * begins with a header, then a share of random bytes that no compressor shortens, then a
 * repeated byte that any compressor removes. Never all one byte, so that neither zram's nor
 * swap's same-filled shortcut takes it.
 */
struct content {
	uint64_t seed;
	size_t block_bytes;
	size_t random_bytes; /* of each block, behind the header */
};

struct content_header {
	uint64_t stamp;	  /* of seed and block */
	uint64_t version; /* counts the rewrites */
};

/*
 * share 0: random bytes throughout; share 0.75: a compressor can save three quarters.
 * block_bytes: a multiple of 64.
 */
void content_init(struct content *c, uint64_t seed, size_t block_bytes, double compressibility);

/* Fills a block; index is its number, which the contents depend on. */
void content_fill(const struct content *c, void *block, uint64_t index);

/* Rewrites the header alone: the block is dirty and stays checkable. */
static inline void content_touch(void *block)
{
	((struct content_header *)block)->version++;
}

/* Whether the block holds what content_fill() wrote (whatever its version). */
bool content_verify(const struct content *c, const void *block, uint64_t index);
