// SPDX-License-Identifier: GPL-2.0-or-later
/* How wring-bench repeats, compares and judges: with sides whose samples are known. */
#include "bench/measure.h"

#include <errno.h>

#include "src/macro.h"
#include "tests/tap.h"

/* What a side gives: a cost of so many ns an operation, more by step in each repetition. */
struct known {
	double cost, step;
	unsigned *calls;
	bool fails;
};

static volatile int stop;

static int give(const struct bench *b, const struct side *s, struct sample *ret, struct error *err)
{
	const struct known *k = s->job;
	double cost = k->cost + k->step * (*k->calls)++;

	(void)b;
	if (k->fails)
		return error_say(err, -EIO, "it is broken");
	*ret = (struct sample){ .ops = 1000, .wall_ns = 2000 * cost, .cpu_ns = 1000 * cost };
	return 0;
}

static unsigned calls[4];
static const struct known fast = { 10, 0, &calls[0] }, slow = { 20, 1, &calls[1] };
static const struct known broken = { .calls = &calls[2], .fails = true };
static const struct side sides[] = {
	{ "fast", give, &fast },
	{ "slow", give, &slow },
	{ "broken", give, &broken },
	{ "absent", give, &slow, "wring-no-such-program" },
};
static const struct row rows[] = {
	{ "x.met", "", ROW_RATE, 0, 1, .want = WANT_AT_LEAST, .target = 2 },
	{ "x.undecided", "", ROW_CPU_RATE, 0, 1, .want = WANT_AT_LEAST, .target = 2.45 },
	{ "x.missed", "", ROW_CPU_RATE, 0, 1, .want = WANT_AT_LEAST, .target = 3 },
	{ "x.cost", "", ROW_CPU_COST, 0, 1, .want = WANT_AT_MOST, .target = 0.5 },
	{ "x.added", "", ROW_ADDED, 1, 0, .want = WANT_AT_MOST, .target = 13 },
	{ "x.time", "", ROW_TIME, 0 },
	{ "x.failed", "", ROW_RATE, 0, 2, .want = WANT_AT_LEAST, .target = 1 },
	{ "x.absent", "", ROW_RATE, 0, 3, .want = WANT_AT_LEAST, .target = 1 },
	{ "x.unwanted", "", ROW_TIME, 1 },
	{}
};
static const struct group group = { "x", sides, rows, ARRAY_SIZE(sides) };

static void check(const struct group_result *g, unsigned row, enum verdict verdict, double median)
{
	struct row_result r;

	tap_eq_i64(row_judge(g, &rows[row], &r), 0, "%s is judged", rows[row].name);
	tap_eq_str(verdict_names[r.verdict], verdict_names[verdict], "%s", rows[row].name);
	if (r.values)
		tap_ok(r.median > median - 1e-9 && r.median < median + 1e-9, "its median is %g: %g",
		       median, r.median);
	else
		tap_ok(*r.reason, "it says why: %s", r.reason);
	row_result_done(&r);
}

static void test_rows(void)
{
	const struct bench b = { .repeat = 9, .stop = &stop };
	bool wanted[ARRAY_SIZE(rows)];
	struct group_result g;

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		wanted[i] = true;
	tap_eq_i64(group_measure(&b, &group, wanted, &g, NULL), 0, "a group is measured");
	tap_eq_u64(calls[0], 9, "each side as often as asked");
	tap_eq_u64(calls[2], 1, "a broken one once");
	check(&g, 0, VERDICT_MET, 2.4); /* costs are 20 to 28 over 10 */
	check(&g, 1, VERDICT_UNDECIDED, 2.4);
	check(&g, 2, VERDICT_MISSED, 2.4);
	check(&g, 3, VERDICT_MET, 10.0 / 24);
	check(&g, 4, VERDICT_UNDECIDED, 14);
	check(&g, 5, VERDICT_TOLD, 10);
	check(&g, 6, VERDICT_FAILED, 0);
	check(&g, 7, VERDICT_NOT_MEASURED, 0);
	group_result_done(&g);
}

static void test_choice(void)
{
	const struct bench b = { .repeat = 3, .stop = &stop };
	bool wanted[ARRAY_SIZE(rows)] = { [7] = true };
	struct group_result g;

	memset(calls, 0, sizeof(calls));
	tap_eq_i64(group_measure(&b, &group, wanted, &g, NULL), 0, "a row of a missing program");
	tap_eq_u64(calls[0] + calls[1], 0, "nothing is measured for it");
	group_result_done(&g);
	wanted[5] = true;
	tap_eq_i64(group_measure(&b, &group, wanted, &g, NULL), 0, "a row of one side");
	tap_eq_u64(calls[0], 3, "which is measured");
	tap_eq_u64(calls[1] + calls[2], 0, "and no other");
	group_result_done(&g);
	stop = 1;
	tap_eq_i64(group_measure(&b, &group, wanted, &g, NULL), -EINTR, "a signal ends it");
	group_result_done(&g);
	stop = 0;
}

static void test_statistics(void)
{
	static const double five[] = { 1, 2, 3, 4, 10 }, four[] = { 1, 2, 3, 4 };
	/* P(at most k heads of n) * 2 <= 5 %: tables of the sign test. */
	static const struct {
		unsigned n, skip;
	} sure[] = { { 1, 0 }, { 5, 0 }, { 6, 0 }, { 8, 0 }, { 9, 1 }, { 12, 2 }, { 20, 5 } };

	tap_ok(sorted_quantile(five, 5, 0.5) == 3, "the middle of five");
	tap_ok(sorted_quantile(four, 4, 0.5) == 2.5, "between the two of four");
	tap_ok(sorted_quantile(five, 5, 0.25) == 2 && sorted_quantile(five, 5, 1) == 10,
	       "quartile and last");
	for (size_t i = 0; i < ARRAY_SIZE(sure); i++)
		tap_eq_u64(median_interval_skip(sure[i].n), sure[i].skip,
			   "the median's interval of %u values", sure[i].n);
}

int main(void)
{
	test_rows();
	test_choice();
	test_statistics();
	return tap_done();
}
