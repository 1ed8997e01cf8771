// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/content.h"

#include <archive.h>
#include <archive_entry.h>
#include <stddef.h>

#include "src/cleanup.h"
#include "src/macro.h"
#include "tests/tap.h"

#define BLOCK 4096

static const double shares[] = { 0, 0.25, 0.5, 0.75, 1 };
static const size_t sizes[] = { 64, 512, BLOCK, 16384, 65536 };

static void test_round_trip(void)
{
	_cleanup_free_ unsigned char *block = malloc(2 * 65536);
	unsigned wrong = 0, spilt = 0;

	for (size_t s = 0; s < ARRAY_SIZE(shares); s++)
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
			struct content c;

			content_init(&c, 7, sizes[i], shares[s]);
			memset(block, 0xa7, 2 * sizes[i]);
			content_fill(&c, block, i);
			wrong += !content_verify(&c, block, i);
			for (size_t n = sizes[i]; n < 2 * sizes[i]; n++)
				spilt += block[n] != 0xa7;
		}
	tap_eq_u64(wrong, 0, "what was filled is verified, in every size and share");
	tap_eq_u64(spilt, 0, "nothing is written behind a block");
}

/*
 * Each bit of the block is flipped in turn. The header's version counts rewrites, so that any
 * count but zero is a valid one: there only the change to 0 can be seen.
 */
static void check_flips(double share)
{
	_Alignas(64) unsigned char block[BLOCK];
	size_t version = offsetof(struct content_header, version);
	struct content c;
	unsigned missed = 0;

	content_init(&c, 7, BLOCK, share);
	content_fill(&c, block, 3);
	for (size_t byte = 0; byte < BLOCK; byte++) {
		if (byte >= version && byte < version + sizeof(uint64_t))
			continue;
		for (unsigned bit = 0; bit < 8; bit++) {
			block[byte] ^= (unsigned char)(1u << bit);
			missed += content_verify(&c, block, 3);
			block[byte] ^= (unsigned char)(1u << bit);
		}
	}
	tap_eq_u64(missed, 0, "compressibility %g: every flipped bit is found", share);
	((struct content_header *)block)->version = 0;
	tap_ok(!content_verify(&c, block, 3), "a version of 0 is found");
	((struct content_header *)block)->version = 1;
	tap_ok(content_verify(&c, block, 3), "the block itself was whole");
}

static void test_lost(void)
{
	_Alignas(64) unsigned char block[BLOCK] = {}, other[BLOCK];
	struct content c;

	content_init(&c, 7, BLOCK, 0.5);
	tap_ok(!content_verify(&c, block, 0), "a page of zeros is no block");
	memset(block, 0x5a, BLOCK);
	tap_ok(!content_verify(&c, block, 0), "nor is one of the filler alone");
	content_fill(&c, block, 0);
	content_fill(&c, other, 1);
	memcpy(block + 256, other + 256, 64);
	tap_ok(!content_verify(&c, block, 0), "a cache line of another block is found");
}

static void test_touch(void)
{
	_Alignas(64) unsigned char block[BLOCK], before[BLOCK];
	struct content c;
	unsigned wrong = 0, same = 0;

	content_init(&c, 7, BLOCK, 0.5);
	content_fill(&c, block, 5);
	for (unsigned i = 0; i < 1000; i++) {
		memcpy(before, block, BLOCK);
		content_touch(block);
		same += memcmp(before, block, BLOCK) == 0;
		wrong += !content_verify(&c, block, 5);
	}
	tap_eq_u64(same, 0, "content_touch changes the block each time");
	tap_eq_u64(wrong, 0, "which stays verifiable");
	block[BLOCK - 1] ^= 1;
	tap_ok(!content_verify(&c, block, 5), "a touched block's damage is found");
	content_fill(&c, block, 5);
	tap_ok(content_verify(&c, block, 5), "filling it anew repairs it");
}

/* Past the caches or not, whatever the share: the same block, one version on. */
static void check_rewrite(bool past_cache)
{
	_cleanup_free_ unsigned char *block = aligned_alloc(64, 65536), *copy = malloc(65536);
	unsigned wrong = 0, missed = 0;

	for (unsigned n = 0; n <= 100; n++)
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
			struct content_header *header = (struct content_header *)block;
			struct content c;

			content_init(&c, 7, sizes[i], n / 100.0);
			c.past_cache = past_cache;
			content_fill(&c, block, n);
			content_link(block, 3);
			memcpy(copy, block, sizes[i]);
			memset(header + 1, 0, sizes[i] - sizeof(*header));
			missed += content_verify(&c, block, n);
			content_rewrite(&c, block, n);
			wrong += header->version != 2;
			header->version = 1;
			wrong += memcmp(block, copy, sizes[i]) != 0;
		}
	tap_eq_u64(missed, 0, "a lost body is found");
	tap_eq_u64(wrong, 0, "and written again %s", past_cache ? "past the caches" : "as it was");
}

static void test_link(void)
{
	_Alignas(64) unsigned char block[BLOCK];
	struct content_header *header = (struct content_header *)block;
	struct content c;
	unsigned missed = 0;

	content_init(&c, 7, BLOCK, 0.5);
	content_fill(&c, block, 5);
	content_link(block, 123456789);
	tap_ok(content_verify(&c, block, 5), "a linked block is verified");
	tap_eq_u64(header->next, 123456789, "it holds the next one's number");
	for (unsigned bit = 0; bit < 64; bit++) {
		header->next ^= 1ull << bit;
		missed += content_verify(&c, block, 5);
		header->next ^= 1ull << bit;
		header->stamp ^= 1ull << bit;
		missed += content_verify(&c, block, 5);
		header->stamp ^= 1ull << bit;
	}
	tap_eq_u64(missed, 0, "every flipped bit of the link and of the stamp is found");
	tap_ok(!content_is_gone(block), "it is there");
	memset(block, 0, BLOCK);
	content_touch(block);
	tap_ok(content_is_gone(block), "touched after it was dropped, it is not");
	tap_ok(content_is_zero(&c, block), "and nothing is behind its header");
	block[BLOCK - 1] = 1;
	tap_ok(!content_is_zero(&c, block), "until something is");
}

static void test_header_only(void)
{
	_Alignas(64) unsigned char block[BLOCK] = {};
	struct content c;
	unsigned missed = 0;

	content_init_header(&c, 7, BLOCK);
	content_fill(&c, block, 5);
	tap_ok(content_verify(&c, block, 5) && content_is_zero(&c, block),
	       "header only: zeros behind it");
	content_touch(block);
	tap_ok(content_verify(&c, block, 5), "it stays verifiable");
	for (size_t i = sizeof(struct content_header); i < BLOCK; i++) {
		block[i] = 1;
		missed += content_verify(&c, block, 5);
		block[i] = 0;
	}
	tap_eq_u64(missed, 0, "each byte counts");
	for (unsigned i = 0; i < 2; i++) {
		bool changed = true;

		c.past_cache = i;
		memset(block + sizeof(struct content_header), 0,
		       BLOCK - sizeof(struct content_header));
		content_rewrite(&c, block, 5);
		for (size_t n = sizeof(struct content_header); n < BLOCK; n += 8)
			changed = changed && *(const uint64_t *)(block + n);
		tap_ok(changed, "a rewrite writes each word");
	}
}

static void test_read(void)
{
	_Alignas(64) unsigned char block[BLOCK];
	struct content c;
	unsigned same = 0;
	uint64_t sum;

	content_init(&c, 7, BLOCK, 0.5);
	content_fill(&c, block, 5);
	sum = content_read(&c, block);
	for (size_t i = 0; i < BLOCK; i++) {
		block[i] ^= 1;
		same += content_read(&c, block) == sum;
		block[i] ^= 1;
	}
	tap_eq_u64(same, 0, "content_read() reads each byte");
}

static void test_identity(void)
{
	_Alignas(64) unsigned char a[BLOCK], b[BLOCK];
	struct content c, again, other;
	unsigned taken = 0, equal = 0;

	content_init(&c, 7, BLOCK, 0.5);
	content_init(&again, 7, BLOCK, 0.5);
	content_init(&other, 8, BLOCK, 0.5);
	content_fill(&c, a, 9);
	content_fill(&again, b, 9);
	tap_ok(memcmp(a, b, BLOCK) == 0, "the same seed and index give the same contents");
	for (uint64_t index = 0; index < 1000; index++) {
		if (index == 9)
			continue;
		content_fill(&c, b, index);
		taken += content_verify(&c, a, index);
		/* The random part alone: words of two blocks that agree in place. */
		for (size_t n = sizeof(struct content_header); n < BLOCK / 2; n += 8)
			equal += memcmp(a + n, b + n, 8) == 0;
	}
	tap_eq_u64(taken, 0, "no other index takes the block for its own");
	tap_eq_u64(equal, 0, "and shares no word with it");
	content_fill(&other, b, 9);
	tap_ok(!content_verify(&other, a, 9) && !content_verify(&c, b, 9),
	       "nor does another seed take it");
}

/* Bytes that gzip makes of data; 0 when it can't be had. */
static size_t gzip_size(const void *data, size_t size, void *out, size_t out_size)
{
	struct archive *a = archive_write_new();
	struct archive_entry *entry = NULL;
	size_t used = 0;
	bool ok;

	ok = a && archive_write_add_filter_gzip(a) == ARCHIVE_OK &&
	     archive_write_set_format_raw(a) == ARCHIVE_OK &&
	     archive_write_set_bytes_per_block(a, 0) == ARCHIVE_OK &&
	     archive_write_open_memory(a, out, out_size, &used) == ARCHIVE_OK &&
	     (entry = archive_entry_new());
	if (ok) {
		archive_entry_set_filetype(entry, AE_IFREG);
		ok = archive_write_header(a, entry) == ARCHIVE_OK &&
		     archive_write_data(a, data, size) == (la_ssize_t)size &&
		     archive_write_close(a) == ARCHIVE_OK;
	}
	archive_entry_free(entry);
	archive_write_free(a);
	return ok ? used : 0;
}

/*
 * A page at a time, as zram and zswap compress. gzip's frame and code tables and the page's header
 * cost up to 100 bytes of 4096, hence a tolerance of 3 %.
 */
static void check_compressibility(double share)
{
	enum { PAGES = 32 };
	_cleanup_free_ unsigned char *data = malloc(PAGES * BLOCK),
				     *out = malloc(2 * PAGES * BLOCK);
	size_t single = 0, whole;
	struct content c;

	content_init(&c, 11, BLOCK, share);
	for (size_t i = 0; i < PAGES; i++) {
		content_fill(&c, data + i * BLOCK, i);
		single += gzip_size(data + i * BLOCK, BLOCK, out, 2 * PAGES * BLOCK);
	}
	whole = gzip_size(data, PAGES * BLOCK, out, 2 * PAGES * BLOCK);
	if (!single || !whole) {
		tap_ok(false, "libarchive compresses by gzip");
		return;
	}
	tap_near((double)single / (PAGES * BLOCK), 1 - share, 0.03,
		 "compressibility %g: page by page gzip leaves the rest", share);
	tap_near((double)whole / (PAGES * BLOCK), 1 - share, 0.02,
		 "and pages together compress no better");
}

/* What zram and the swap code call same-filled: one word, again and again. */
static bool is_same_filled(const unsigned char *block, size_t size)
{
	for (size_t i = sizeof(long); i < size; i += sizeof(long))
		if (memcmp(block, block + i, sizeof(long)) != 0)
			return false;
	return true;
}

static void test_same_filled(void)
{
	_Alignas(64) unsigned char block[BLOCK];
	unsigned same = 0;

	for (size_t s = 0; s < ARRAY_SIZE(shares); s++)
		for (uint64_t seed = 0; seed < 4; seed++)
			for (uint64_t index = 0; index < 500; index++) {
				struct content c;

				content_init(&c, seed, BLOCK, shares[s]);
				content_fill(&c, block, index);
				same += is_same_filled(block, BLOCK);
				content_touch(block);
				same += is_same_filled(block, BLOCK);
			}
	tap_eq_u64(same, 0, "no page is same-filled");
}

int main(void)
{
	test_round_trip();
	check_flips(0);
	check_flips(0.5);
	check_flips(1);
	test_lost();
	test_touch();
	check_rewrite(false);
	check_rewrite(true);
	test_link();
	test_header_only();
	test_read();
	test_identity();
	for (size_t s = 0; s < ARRAY_SIZE(shares); s++)
		check_compressibility(shares[s]);
	test_same_filled();
	return tap_done();
}
