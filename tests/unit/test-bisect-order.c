// SPDX-License-Identifier: GPL-2.0-or-later
#include "src/bisect/bisect-order.h"

#include "src/macro.h"
#include "tests/tap.h"

/* "G..sB": good, untested, untested, skipped, bad. */
static size_t parse(const char *text, enum bisect_mark *ret)
{
	size_t count = strlen(text);

	for (size_t i = 0; i < count; i++)
		ret[i] = text[i] == 'G'	  ? BISECT_GOOD
			 : text[i] == 'B' ? BISECT_BAD
			 : text[i] == 's' ? BISECT_SKIPPED
					  : BISECT_UNTESTED;
	return count;
}

static void test_next(void)
{
	static const struct {
		const char *series;
		size_t next, steps;
	} cases[] = {
		{ "GB", 2, 0 },	       { "G.B", 1, 1 },	      { "G..B", 1, 2 },
		{ "G...B", 2, 2 },     { "G.......B", 4, 3 }, { "G...s...B", 3, 3 },
		{ "G..sss..B", 2, 3 }, { "GsB", 3, 0 },	      { "GssB", 4, 0 },
		{ "G.sB", 1, 1 },      { "G...B...B", 2, 2 }, { "G...G...B", 6, 2 },
		{ "G.G.B.B", 3, 1 },   { "G.GsB.B", 7, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		enum bisect_mark marks[16];
		size_t count = parse(cases[i].series, marks);

		tap_eq_u64(bisect_next(marks, count), cases[i].next, "%s: the next one",
			   cases[i].series);
		tap_eq_u64(bisect_steps(marks, count), cases[i].steps, "%s: steps left",
			   cases[i].series);
	}
}

static void test_bounds(void)
{
	enum bisect_mark marks[16];
	size_t good, bad, count = parse("G.GsB.B", marks);

	bisect_bounds(marks, count, &good, &bad);
	tap_eq_u64(good, 2, "the last good one");
	tap_eq_u64(bad, 4, "and the first bad one behind it");
}

/* Wherever it is, and whatever is skipped elsewhere, it is found, in few steps. */
static void test_search(void)
{
	size_t worst = 0, wrong = 0;

	for (size_t first_bad = 1; first_bad < 64; first_bad++)
		for (size_t skip = 1; skip < 63; skip++) {
			enum bisect_mark marks[64] = { [0] = BISECT_GOOD, [63] = BISECT_BAD };
			size_t i, good, bad, steps = 0;

			while ((i = bisect_next(marks, 64)) < 64 && steps++ < 64)
				marks[i] = i == skip	    ? BISECT_SKIPPED
					   : i >= first_bad ? BISECT_BAD
							    : BISECT_GOOD;
			bisect_bounds(marks, 64, &good, &bad);
			/* The skipped one leaves two where it stands at the change. */
			wrong += good >= first_bad || bad < first_bad ||
				 bad - good > (skip == first_bad || skip + 1 == first_bad ? 2 : 1);
			worst = worst > steps ? worst : steps;
		}
	tap_eq_u64(wrong, 0, "each first bad one of 63 is found, whichever one is skipped");
	tap_ok(worst <= 8, "in 8 steps at most: %zu", worst);
}

int main(void)
{
	test_next();
	test_bounds();
	test_search();
	return tap_done();
}
