// SPDX-License-Identifier: GPL-2.0-or-later
#include "src/units.h"

#include <errno.h>

#include "src/cleanup.h"
#include "src/macro.h"
#include "tests/tap.h"

/* Stands in an output before a call that must leave it alone. */
#define UNTOUCHED 0xdeadbeefu

struct integer_case {
	const char *text;
	int r;
	uint64_t value;
};

static void check_integers(const char *what, int (*parse)(const char *, uint64_t *),
			   const struct integer_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct integer_case *c = &cases[i];
		uint64_t value = UNTOUCHED;
		int r = parse(c->text, &value);

		tap_ok(r == c->r && value == (r ? UNTOUCHED : c->value), "%s «%s»: %d, %" PRIu64,
		       what, c->text, r, value);
	}
}

static void test_u64(void)
{
	static const struct integer_case cases[] = {
		{ "0", 0, 0 },
		{ "007", 0, 7 },
		{ "18446744073709551615", 0, UINT64_MAX },
		{ "18446744073709551616", -ERANGE },
		{ "99999999999999999999999", -ERANGE },
		{ "", -EINVAL },
		{ "-1", -EINVAL },
		{ "+1", -EINVAL },
		{ " 1", -EINVAL },
		{ "1 ", -EINVAL },
		{ "1.0", -EINVAL },
		{ "0x10", -EINVAL },
	};

	check_integers("parse_u64", parse_u64, cases, ARRAY_SIZE(cases));
}

static void test_sizes(void)
{
	static const struct integer_case cases[] = {
		{ "4096", 0, 4096 },
		{ "0", 0, 0 },
		{ "96M", 0, 96ull << 20 },
		{ "1K", 0, 1024 },
		{ "1.5G", 0, 1610612736 },
		{ "0.5K", 0, 512 },
		{ "1.50K", 0, 1536 },
		{ "2T", 0, 2ull << 40 },
		{ "18446744073709551615", 0, UINT64_MAX },
		{ "16777215T", 0, 16777215ull << 40 },
		{ "16777216T", -ERANGE },
		{ "18446744073709551615K", -ERANGE },
		{ "18446744073709551616", -ERANGE },
		{ "0.1K", -EINVAL }, /* 102.4 bytes */
		{ "1.5", -EINVAL },
		{ "", -EINVAL },
		{ "M", -EINVAL },
		{ "1m", -EINVAL },
		{ "1MB", -EINVAL },
		{ "1 M", -EINVAL },
		{ "1.M", -EINVAL },
		{ ".5M", -EINVAL },
		{ "1.2.3M", -EINVAL },
		{ "-1M", -EINVAL },
		{ "1e3", -EINVAL },
	};

	check_integers("parse_size", parse_size, cases, ARRAY_SIZE(cases));
}

static void test_times(void)
{
	static const struct integer_case cases[] = {
		{ "0", 0, 0 },
		{ "0s", 0, 0 },
		{ "7ns", 0, 7 },
		{ "80us", 0, 80000 },
		{ "100ms", 0, 100000000 },
		{ "1.5s", 0, 1500000000 },
		{ "2min", 0, 120000000000 },
		{ "0.001us", 0, 1 },
		{ "18446744073709551615ns", 0, UINT64_MAX },
		{ "18446744074s", -ERANGE },
		{ "0.5ns", -EINVAL },
		{ "1", -EINVAL },
		{ "1m", -EINVAL },
		{ "1S", -EINVAL },
		{ "s", -EINVAL },
		{ "", -EINVAL },
		{ "-1s", -EINVAL },
	};

	check_integers("parse_time", parse_time, cases, ARRAY_SIZE(cases));
}

static void test_shares(void)
{
	static const struct {
		const char *text;
		int r;
		double value;
	} cases[] = {
		{ "0", 0, 0 },	    { "1", 0, 1 },	  { "0.6", 0, 0.6 },   { "60%", 0, 0.6 },
		{ "100%", 0, 1 },   { "0.1%", 0, 0.001 }, { "250%", 0, 2.5 },  { "", -EINVAL },
		{ "%", -EINVAL },   { "60 %", -EINVAL },  { "60%%", -EINVAL }, { "-1%", -EINVAL },
		{ "nan", -EINVAL }, { "0,6", -EINVAL },	  { "1e-2", -EINVAL }, { "6.", -EINVAL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		double value = -7;
		int r = parse_share(cases[i].text, &value);

		tap_ok(r == cases[i].r && value == (r ? -7 : cases[i].value),
		       "parse_share «%s»: %d, %g", cases[i].text, r, value);
	}
}

static void test_margins(void)
{
	static const struct {
		const char *text;
		int r;
		double share, absolute;
	} cases[] = {
		{ "2%", 0, 0.02, 0 },	    { "0.5%", 0, 0.005, 0 },
		{ "250%", 0, 2.5, 0 },	    { "2% or 50", 0, 0.02, 50 },
		{ "0% or 0.5", 0, 0, 0.5 }, { "0%", -ERANGE },
		{ "0% or 0", -ERANGE },	    { "2", -EINVAL },
		{ "50", -EINVAL },	    { "2%or 50", -EINVAL },
		{ "2% or", -EINVAL },	    { "2% or ", -EINVAL },
		{ "2% or 5%", -EINVAL },    { "-2%", -EINVAL },
		{ "%", -EINVAL },	    { "", -EINVAL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct margin margin = { -7, -7 };
		int r = parse_margin(cases[i].text, &margin);

		tap_ok(r == cases[i].r && margin.share == (r ? -7 : cases[i].share) &&
			       margin.absolute == (r ? -7 : cases[i].absolute),
		       "parse_margin «%s»: %d, %g, %g", cases[i].text, r, margin.share,
		       margin.absolute);
	}
}

static void check_seeds(const char *text, int want, const uint64_t *values, size_t count)
{
	uint64_t *seeds = NULL;
	size_t n = UNTOUCHED;
	int r = parse_seeds(text, &seeds, &n);
	bool same = r == want;

	if (r == 0)
		same = same && n == count && memcmp(seeds, values, n * sizeof(*seeds)) == 0;
	else
		same = same && !seeds && n == UNTOUCHED;
	tap_ok(same, "parse_seeds «%s»: %d", text, r);
	free(seeds);
}

static void test_seeds(void)
{
	static const uint64_t range[] = { 1, 2, 3, 4, 5 }, parts[] = { 1, 4, 7, 8, 9 };
	static const uint64_t three[] = { 3 }, zero[] = { 0 };
	static const uint64_t top[] = { UINT64_MAX - 1, UINT64_MAX };
	static const char *const bad[] = {
		"",    ",",	 "1,",	  "1..",   "..3", "5..1", "1,1",
		"3,2", "1..3,2", "1...3", "1 ..3", "a",	  "-1",	  "1;2"
	};

	check_seeds("1..5", 0, range, ARRAY_SIZE(range));
	check_seeds("1,4,7..9", 0, parts, ARRAY_SIZE(parts));
	check_seeds("3", 0, three, 1);
	check_seeds("3..3", 0, three, 1);
	check_seeds("0", 0, zero, 1);
	check_seeds("18446744073709551614..18446744073709551615", 0, top, 2);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		check_seeds(bad[i], -EINVAL, NULL, 0);
	check_seeds("18446744073709551616", -ERANGE, NULL, 0);
	check_seeds("0..18446744073709551615", -ERANGE, NULL, 0);
	check_seeds("1..10001", -ERANGE, NULL, 0);
	check_seeds("1..6000,7000..12000", -ERANGE, NULL, 0);
}

static void test_formats(void)
{
	char buf[FORMAT_MAX];

	tap_eq_str(format_size(96ull << 20, buf), "96M", "format_size of 96 MiB");
	tap_eq_str(format_size(1536, buf), "1536", "format_size of what is no whole number of K");
	tap_eq_str(format_size(0, buf), "0", "format_size of 0");
	tap_eq_str(format_time(100000000, buf), "100ms", "format_time of 100 ms");
	tap_eq_str(format_time(60000000000, buf), "1min", "format_time of a minute");
	tap_eq_str(format_time(0, buf), "0", "format_time of 0");
	tap_eq_str(format_count(0, buf), "0", "format_count of 0");
	tap_eq_str(format_count(999, buf), "999", "format_count of 999");
	tap_eq_str(format_count(134897, buf), "134,897", "format_count of 134897");
	tap_eq_str(format_count(UINT64_MAX, buf), "18,446,744,073,709,551,615",
		   "format_count of the largest");
}

static void test_round_trips(void)
{
	unsigned wrong = 0, count = 0;

	for (unsigned bit = 0; bit < 64; bit++)
		for (int off = -1; off <= 1; off++) {
			uint64_t n = (1ull << bit) + (uint64_t)off, back = 0;
			char buf[FORMAT_MAX];

			count += 4;
			wrong += parse_size(format_size(n, buf), &back) || back != n;
			wrong += parse_time(format_time(n, buf), &back) || back != n;
			n = n / 1000 * 1000;
			wrong += parse_size(format_size(n, buf), &back) || back != n;
			wrong += parse_time(format_time(n, buf), &back) || back != n;
		}
	tap_eq_u64(wrong, 0, "%u sizes and times read back as they were", count);
}

static void test_short(void)
{
	static const struct {
		double value;
		const char *size, *time;
	} cases[] = {
		{ 0, "0 B", "0 ns" },
		{ 7, "7 B", "7 ns" },
		{ 999, "999 B", "999 ns" },
		{ 1023, "1023 B", "1.02 us" },
		{ 1024, "1.00 KiB", "1.02 us" },
		{ 9996, "9.76 KiB", "10.0 us" },
		{ 80200, "78.3 KiB", "80.2 us" },
		{ 99960, "97.6 KiB", "100 us" },
		{ 999900, "976 KiB", "1.00 ms" },
		{ 1048575, "1.00 MiB", "1.05 ms" },
		{ 1567663718.4, "1.46 GiB", "1.57 s" },
		{ 1e15, "909 TiB", "1000000 s" },
		{ 2.5, "2.50 B", "2.50 ns" },
		{ -80200, "-78.3 KiB", "-80.2 us" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char buf[FORMAT_MAX];

		tap_eq_str(format_size_short(cases[i].value, buf), cases[i].size,
			   "format_size_short of %.1f", cases[i].value);
		tap_eq_str(format_time_short(cases[i].value, buf), cases[i].time,
			   "format_time_short of %.1f", cases[i].value);
	}
}

int main(void)
{
	test_u64();
	test_sizes();
	test_times();
	test_shares();
	test_margins();
	test_seeds();
	test_formats();
	test_round_trips();
	test_short();
	return tap_done();
}
