// SPDX-License-Identifier: GPL-2.0-or-later
/* What a picture of a trial is made of: intervals, and what a missing value is. */
#include "plots/panel.h"

#include "src/macro.h"
#include "tests/tap.h"

#define MS 1000000ull

static char *names[] = { (char *)"t_ns", (char *)"vmstat.pgscan_anon", (char *)"work.anon.ops" };

static struct samples table(uint64_t *values, size_t rows)
{
	return (struct samples){
		.names = names, .columns = ARRAY_SIZE(names), .rows = rows, .values = values
	};
}

/* Ticks every 100 ms, a phase's boundary 1 ms behind one and 1 ms before the next. */
static void test_boundaries(void)
{
	uint64_t values[] = {
		0,	  0,  0,  /* a tick */
		100 * MS, 10, 0,  /* a tick */
		101 * MS, 90, 0,  /* a boundary */
		200 * MS, 95, 0,  /* a tick */
		299 * MS, 96, 0,  /* a boundary */
		300 * MS, 97, 50, /* the last tick */
	};
	struct samples s = table(values, 6);
	const size_t want[] = { 0, 1, 3, 5 };
	size_t *rows, count;

	if (!tap_ok(panel_intervals(&s, 100 * MS, &rows, &count, NULL) == 0, "intervals"))
		return;
	tap_eq_u64(count, ARRAY_SIZE(want), "short intervals join others");
	for (size_t i = 0; i < count && i < ARRAY_SIZE(want); i++)
		tap_eq_u64(rows[i], want[i], "interval %zu begins or ends there", i);
	free(rows);
}

static void test_few(void)
{
	uint64_t values[] = { 0, 0, 0, 1 * MS, 1, 1 };
	struct samples s = table(values, 2);
	size_t *rows, count;

	if (!tap_ok(panel_intervals(&s, 100 * MS, &rows, &count, NULL) == 0, "two rows"))
		return;
	tap_eq_u64(count, 2, "one interval, though it is short");
	tap_eq_u64(rows[1], 1, "to the last row");
	free(rows);
}

static void test_missing(void)
{
	uint64_t values[] = {
		0,	  5,  7, /* both there */
		100 * MS, 15, SAMPLE_MISSING,
		200 * MS, 14, 9, /* the first went back */
	};
	struct samples s = table(values, 3);
	struct expr scanned = {}, ops = {}, absent = {}, difference = {};

	tap_ok(expr_add(&scanned, &s, 1, "vmstat.pgscan_anon"), "a column that is there");
	tap_ok(expr_add(&ops, &s, 1, "work.anon.ops"), "another");
	tap_ok(!expr_add(&absent, &s, 1, "vmstat.pgscan_khugepaged"), "one that is not");
	tap_ok(expr_growth(&scanned, &s, 0, 1) == 10, "growth");
	tap_ok(isnan(expr_growth(&scanned, &s, 1, 2)), "a counter that goes back has none");
	tap_ok(isnan(expr_growth(&ops, &s, 0, 1)), "nor has one with a missing end");
	tap_ok(expr_growth(&ops, &s, 0, 2) == 2, "a gap in between is no matter");
	tap_ok(isnan(expr_level(&ops, &s, 1)), "a missing level is not 0");
	tap_ok(isnan(expr_growth(&absent, &s, 0, 1)), "a missing column is not 0");
	expr_add(&difference, &s, 1, "vmstat.pgscan_anon");
	expr_add(&difference, &s, -1, "vmstat.pgscan_anon");
	expr_add(&difference, &s, -1, "vmstat.pgscan_anon");
	tap_ok(expr_growth(&difference, &s, 0, 1) == 0, "a difference is not below 0");
}

static void test_shorten(void)
{
	char buf[64];

	tap_ok(streq(text_shorten("box/a", 5, buf, sizeof(buf)), "box/a"), "short enough");
	tap_ok(streq(text_shorten("abcdefgh", 5, buf, sizeof(buf)), "ab…gh"), "cut: %s", buf);
	tap_ok(streq(text_shorten("äöüßéè", 5, buf, sizeof(buf)), "äö…éè"),
	       "letters, not bytes: %s", buf);
}

int main(void)
{
	test_boundaries();
	test_few();
	test_missing();
	test_shorten();
	return tap_done();
}
