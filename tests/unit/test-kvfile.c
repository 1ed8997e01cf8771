// SPDX-License-Identifier: GPL-2.0-or-later
#include "src/kvfile.h"

#include <errno.h>

#include "src/macro.h"
#include "tests/tap.h"

static const char memory_stat[] = "anon 4096\n"
				  "inactive_file 11\n"
				  "file 22\n"
				  "file_mapped 33\n"
				  "active_file 44\n"
				  "workingset_refault_file 55\n";

static void check_get(enum kv_format format, const char *text, const char *key, int want,
		      uint64_t value, const char *why)
{
	uint64_t got = 1234567;
	int r = kv_get(format, text, key, &got);

	tap_ok(r == want && got == (want ? 1234567 : value), "%s: %d, %" PRIu64, why, r, got);
}

static void test_whole_keys(void)
{
	check_get(KV_FLAT, memory_stat, "file", 0, 22, "file is not inactive_file");
	check_get(KV_FLAT, memory_stat, "inactive_file", 0, 11, "inactive_file");
	check_get(KV_FLAT, memory_stat, "workingset_refault_file", 0, 55, "the last line");
	check_get(KV_FLAT, memory_stat, "fil", -ENOENT, 0, "a key's beginning is no key");
	check_get(KV_FLAT, memory_stat, "mapped", -ENOENT, 0, "a key's end is no key");
	check_get(KV_FLAT, memory_stat, "", -ENOENT, 0, "nothing is no key");
	check_get(KV_FLAT, memory_stat, "pgscan", -ENOENT, 0, "a missing key is missing, not 0");
	check_get(KV_FLAT, "", "file", -ENOENT, 0, "an empty file has no key");
}

static void test_values(void)
{
	check_get(KV_FLAT, "a 0\n", "a", 0, 0, "zero");
	check_get(KV_FLAT, "a 18446744073709551615\n", "a", 0, UINT64_MAX, "the largest number");
	check_get(KV_FLAT, "a 18446744073709551616\n", "a", -ENOENT, 0,
		  "a number that does not fit");
	check_get(KV_FLAT, "a max\n", "a", 0, UINT64_MAX, "max");
	check_get(KV_FLAT, "a maximum\n", "a", -ENOENT, 0, "a word that begins with max");
	check_get(KV_FLAT, "a -1\n", "a", -ENOENT, 0, "a negative number");
	check_get(KV_FLAT, "a 12x\n", "a", -ENOENT, 0, "a number with letters");
	check_get(KV_FLAT, "a\n", "a", -ENOENT, 0, "a key without a number");
	check_get(KV_FLAT, "a \n", "a", -ENOENT, 0, "a key with a space alone");
	check_get(KV_FLAT, "a 1\na 2\n", "a", 0, 1, "the first of two");
	check_get(KV_FLAT, "x 1\na 2", "a", 0, 2, "no newline at the end");
	check_get(KV_FLAT, "\n\na 2\n", "a", 0, 2, "empty lines");
	check_get(KV_FLAT, "a\t 2\n", "a", 0, 2, "a tab");
}

static void test_meminfo(void)
{
	static const char text[] = "MemTotal:        2033392 kB\n"
				   "MemFree:          123 kB\n"
				   "HugePages_Total:       0\n"
				   "Active(anon):      77 kB\n";

	check_get(KV_FLAT, text, "MemTotal", 0, 2033392, "a key loses its colon");
	check_get(KV_FLAT, text, "HugePages_Total", 0, 0, "a line without a unit");
	check_get(KV_FLAT, text, "Active(anon)", 0, 77, "brackets are part of a key");
	check_get(KV_FLAT, text, "MemTotal:", -ENOENT, 0, "the colon is not part of it");
}

static void test_single(void)
{
	check_get(KV_SINGLE, "4096\n", "", 0, 4096, "memory.current");
	check_get(KV_SINGLE, "max\n", "", 0, UINT64_MAX, "memory.max without a limit");
	check_get(KV_SINGLE, "4096", "", 0, 4096, "no newline at the end");
	check_get(KV_SINGLE, "", "", -ENOENT, 0, "an empty file");
	check_get(KV_SINGLE, "none\n", "", -ENOENT, 0, "no number");
}

static void test_psi(void)
{
	static const char text[] = "some avg10=0.12 avg60=3.00 avg300=0.00 total=1234\n"
				   "full avg10=0.00 avg60=0.00 avg300=0.00 total=987654321098\n";

	check_get(KV_PSI, text, "some", 0, 1234, "some");
	check_get(KV_PSI, text, "full", 0, 987654321098, "full");
	check_get(KV_PSI, "some avg10=1.00 subtotal=9 total=7 later=8\n", "some", 0, 7,
		  "fields that a later kernel may add");
	check_get(KV_PSI, "some avg10=1.00 total=7", "some", 0, 7, "no newline at the end");
	check_get(KV_PSI, "some avg10=1.00 total=7\n", "full", -ENOENT, 0, "no full line (cpu)");
	check_get(KV_PSI, "some avg10=1.00\n", "some", -ENOENT, 0, "no total");
	check_get(KV_PSI, "some avg10=1.00 total=\n", "some", -ENOENT, 0, "an empty total");
	check_get(KV_PSI, "something avg10=1.00 total=7\n", "some", -ENOENT, 0,
		  "a word that begins with some");
	check_get(KV_PSI, "som", "some", -ENOENT, 0, "a line that is too short");
	check_get(KV_PSI, "some avg10=1.00\nfull total=5\n", "some", -ENOENT, 0,
		  "total is looked for in its own line");
}

static void test_next(void)
{
	const char *cursor = memory_stat, *end = memory_stat + strlen(memory_stat);
	struct kv_pair pair;
	unsigned count = 0;
	uint64_t sum = 0;

	while (kv_next(KV_FLAT, &cursor, end, &pair)) {
		count++;
		sum += pair.value;
	}
	tap_eq_u64(count, 6, "every line is offered");
	tap_eq_u64(sum, 4096 + 11 + 22 + 33 + 44 + 55, "with its own value");
	tap_ok(cursor == end, "the cursor ends at the end");
	tap_eq_i64(kv_next(KV_FLAT, &cursor, end, &pair), 0, "and stays there");
}

/* The end decides, not what lies behind it: a read buffer is not NUL-terminated. */
static void test_end(void)
{
	const char text[] = "a 12345\n", *cursor = text;
	struct kv_pair pair;

	tap_ok(kv_next(KV_FLAT, &cursor, text + 4, &pair) == 1 && pair.value == 12,
	       "nothing behind the end is read");
}

int main(void)
{
	test_whole_keys();
	test_values();
	test_meminfo();
	test_single();
	test_psi();
	test_next();
	test_end();
	return tap_done();
}
