// SPDX-License-Identifier: GPL-2.0-or-later
#include "src/option.h"

#include <errno.h>
#include <stddef.h>

#include "src/macro.h"
#include "tests/tap.h"

struct settings {
	uint64_t count, size, time, free, wait;
	double share, number;
	bool flag;
	int choice;
	char *string;
	struct strlist list, words;
};

static const char *const patterns[] = { "sequential", "uniform", "zipf", NULL };

static const struct option_spec table[] = {
	OPTION_U64(struct settings, count, .name = "count", .fallback = "3", .min = 1, .max = 200,
		   .help = "How many"),
	OPTION_SIZE(struct settings, size, .name = "size", .required = true, .min = 4096,
		    .help = "How much"),
	OPTION_TIME(struct settings, time, .name = "time_limit", .fallback = "100ms", .min = 1000,
		    .max = 60000000000, .help = "How long"),
	OPTION_U64(struct settings, free, .name = "free", .help = "Any number"),
	OPTION_SHARE(struct settings, share, .name = "share", .fallback = "50%", .help = "A part"),
	OPTION_NUMBER(struct settings, number, .name = "number", .fallback = "0.99",
		      .help = "A real number"),
	OPTION_BOOL(struct settings, flag, .name = "flag", .help = "Whether"),
	OPTION_CHOICE(struct settings, choice, .name = "pattern", .choices = patterns,
		      .fallback = "uniform", .help = "Which"),
	OPTION_STRING(struct settings, string, .name = "string", .meta = "NAME", .help = "Who"),
	OPTION_TIME(struct settings, wait, .name = "wait", .required = true, .min = 1000000,
		    .max = 60000000000, .help = "Until when"),
	OPTION_LIST(struct settings, list, .name = "list", .help = "Several"),
	OPTION_LIST(struct settings, words, .name = "words", .words = true, .help = "A command"),
	{},
};

static const struct option_spec *spec(const char *name)
{
	return option_find(table, name);
}

static void test_find(void)
{
	static const struct option_spec dashes[] = { { .name = "cpu_list" }, {} };

	tap_ok(spec("size") == &table[1], "option_find finds by name");
	tap_ok(!spec("siz") && !spec("sizes") && !spec("") && !spec("Size"),
	       "option_find takes whole names only");
	tap_ok(option_find(dashes, "cpu-list") == dashes, "a dash matches an underscore");
	tap_ok(option_find(dashes, "cpu_list") == dashes, "so does the underscore itself");
	tap_ok(!option_find(NULL, "size"), "an absent table has no option");
}

static void test_defaults(void)
{
	struct settings s = {};
	struct error err = {};

	if (!tap_eq_i64(option_defaults(table, &s, &err), 0, "defaults parse: %s", err.text))
		return;
	tap_eq_u64(s.count, 3, "default of a number");
	tap_eq_u64(s.size, 0, "an option without a default stays unset");
	tap_eq_u64(s.time, 100000000, "default of a time");
	tap_near(s.share, 0.5, 0, "default of a share");
	tap_near(s.number, 0.99, 0, "default of a real number");
	tap_ok(!s.flag, "default of a flag");
	tap_eq_i64(s.choice, 1, "default of a choice");
	tap_ok(!s.string && !s.list.count, "strings and lists begin empty");
	option_free(table, &s);
}

/* A bad default is the table's author's mistake and must not pass silently. */
static void test_bad_default(void)
{
	static const struct option_spec bad[] = {
		OPTION_U64(struct settings, count, .name = "count", .fallback = "0", .min = 1), {}
	};
	struct settings s = {};
	struct error err = {};

	tap_eq_i64(option_defaults(bad, &s, &err), -ERANGE, "a default out of range is refused");
}

static void test_bad_values(void)
{
	static const struct {
		const char *name, *text;
		int r;
	} cases[] = {
		{ "count", "0", -ERANGE },
		{ "count", "201", -ERANGE },
		{ "count", "18446744073709551616", -ERANGE },
		{ "count", "", -EINVAL },
		{ "count", "-1", -EINVAL },
		{ "count", "1K", -EINVAL },
		{ "size", "4095", -ERANGE },
		{ "size", "1X", -EINVAL },
		{ "time_limit", "999ns", -ERANGE },
		{ "time_limit", "61s", -ERANGE },
		{ "time_limit", "100", -EINVAL },
		{ "share", "101%", -ERANGE },
		{ "share", "1.5", -ERANGE },
		{ "share", "half", -EINVAL },
		{ "number", "nan", -EINVAL },
		{ "number", "inf", -EINVAL },
		{ "number", "1e999", -EINVAL },
		{ "number", " 1", -EINVAL },
		{ "number", "1 ", -EINVAL },
		{ "number", "", -EINVAL },
		{ "flag", "maybe", -EINVAL },
		{ "flag", "", -EINVAL },
		{ "pattern", "Zipf", -EINVAL },
		{ "pattern", "", -EINVAL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct settings s, before;
		struct error err = {};
		int r;

		memset(&s, 0x5a, sizeof(s));
		before = s;
		r = option_parse(spec(cases[i].name), &s, cases[i].text, &err);
		tap_ok(r == cases[i].r && memcmp(&s, &before, sizeof(s)) == 0 && err.code == r &&
			       starts_with(err.text, cases[i].name),
		       "%s: «%s» is refused, nothing written: %s", cases[i].name, cases[i].text,
		       err.text);
	}
}

static void test_messages(void)
{
	struct settings s = {};
	struct error err = {};

	option_parse(spec("count"), &s, "300", &err);
	tap_eq_str(err.text, "count: 300 is out of range: 1 to 200", "the range is said");
	option_parse(spec("pattern"), &s, "random", &err);
	tap_eq_str(err.text, "pattern: «random» is none of sequential|uniform|zipf",
		   "the choices are said");
	option_parse(spec("size"), &s, "big", &err);
	tap_eq_str(err.text, "size: «big» is not a size in bytes or with K, M, G, as 96M",
		   "the form of a size is said");
}

static void test_ranges(void)
{
	char buf[300], tiny[8];

	tap_eq_str(option_range(spec("count"), buf, sizeof(buf)), "1 to 200", "both bounds");
	tap_eq_str(option_range(spec("size"), buf, sizeof(buf)), "4K or more", "a lower bound");
	tap_eq_str(option_range(spec("time_limit"), buf, sizeof(buf)), "1us to 1min", "times");
	tap_eq_str(option_range(spec("free"), buf, sizeof(buf)), "a whole number", "no bound");
	tap_eq_str(option_range(spec("pattern"), buf, sizeof(buf)), "sequential|uniform|zipf",
		   "choices");
	tap_eq_u64(strlen(option_range(spec("pattern"), tiny, sizeof(tiny))), sizeof(tiny) - 1,
		   "a short buffer cuts the choices");
}

static void test_bools(void)
{
	static const char *const yes[] = { "true", "yes", "on", "1" };
	static const char *const no[] = { "false", "no", "off", "0" };

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		struct settings s = {};
		int r = option_parse(spec("flag"), &s, yes[i], NULL);

		tap_ok(r == 0 && s.flag, "%s is true", yes[i]);
		r = option_parse(spec("flag"), &s, no[i], NULL);
		tap_ok(r == 0 && !s.flag, "%s is false", no[i]);
	}
}

/* Parses, formats, parses again: the text and the value must be the same. */
static void check_round_trip(const char *name, const char *text)
{
	struct settings a = {}, b = {};
	struct error err = {};
	char first[400], again[400];
	int r = option_parse(spec(name), &a, text, &err);

	option_format(spec(name), &a, first, sizeof(first));
	if (r == 0)
		r = option_parse(spec(name), &b, first, &err);
	option_format(spec(name), &b, again, sizeof(again));
	tap_ok(r == 0 && streq(first, again) && a.share == b.share && a.number == b.number &&
		       a.count == b.count && a.size == b.size && a.time == b.time &&
		       a.free == b.free && a.flag == b.flag && a.choice == b.choice,
	       "%s «%s» is written «%s» and reads back %s", name, text, first, err.text);
	option_free(table, &a);
	option_free(table, &b);
}

static void test_round_trips(void)
{
	static const char *const cases[][2] = {
		{ "count", "17" },
		{ "free", "18446744073709551615" },
		{ "size", "1.5M" },
		{ "size", "4097" },
		{ "time_limit", "1.5ms" },
		{ "time_limit", "0.06s" },
		{ "share", "60%" },
		{ "share", "0.001%" },
		{ "share", "0" },
		{ "share", "1" },
		{ "share", "0.123456789012345" },
		{ "number", "0.99" },
		{ "number", "-1e-300" },
		{ "number", "0.30000000000000004" },
		{ "flag", "true" },
		{ "flag", "off" },
		{ "pattern", "zipf" },
		{ "string", "a b" },
		{ "list", "one" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_round_trip(cases[i][0], cases[i][1]);
}

static void test_owned(void)
{
	struct settings s = {};
	char buf[40];

	option_parse(spec("string"), &s, "a", NULL);
	option_parse(spec("string"), &s, "b", NULL);
	tap_eq_str(s.string, "b", "the last string given counts");
	option_parse(spec("list"), &s, "a", NULL);
	option_parse(spec("list"), &s, "b", NULL);
	tap_eq_u64(s.list.count, 2, "a list grows");
	tap_eq_str(option_format(spec("list"), &s, buf, sizeof(buf)), "a,b", "a list is written");
	tap_eq_str(option_format(spec("list"), &s, buf, 3), "a,", "a short buffer cuts the list");
	option_free(table, &s);
	tap_ok(!s.string && !s.list.items && !s.list.count, "option_free leaves all unset");
	tap_eq_str(option_format(spec("string"), &s, buf, sizeof(buf)), "",
		   "an unset string is written empty");
	option_free(table, &s);
}

static void test_words(void)
{
	struct settings s = {};
	struct error err = {};

	option_parse_alone(spec("list"), &s, "c d", NULL);
	tap_eq_str(s.list.items[0], "c d", "by a value that stands alone, too");
	option_parse_alone(spec("words"), &s, "e 'f g'", NULL);
	tap_eq_u64(s.words.count, 2, "a list of words gets each of them");
	tap_eq_str(s.words.items[1], "f g", "as quotes have it");
	option_parse(spec("words"), &s, "h i", NULL);
	tap_eq_str(s.words.items[2], "h i", "an item of a list is a word as it is");
	tap_eq_i64(option_parse_alone(spec("words"), &s, "a 'b", &err), -EINVAL, "an open quote");
	tap_eq_str(err.text, "words: «a 'b» has a quote that is not closed", "is refused");
	option_free(table, &s);
}

static void test_print(void)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	option_print(f, table, "--");
	fclose(f);
	for (const struct option_spec *s = table; s->name; s++) {
		char want[100];

		snprintf(want, sizeof(want), "  --%s", s->name);
		tap_ok(strstr(text, want) && strstr(text, s->help), "--help has %s", want + 2);
	}
	tap_ok(strstr(text, "(1 to 200; default 3)"), "it says range and default");
	tap_ok(strstr(text, "How much (required)"), "it says what is required");
	tap_ok(strstr(text, "Until when (1ms to 1min; required)"), "and within which bounds");
	tap_ok(strstr(text, "--string NAME"), "it says what stands for the value");
	tap_ok(strstr(text, "--flag  "), "a flag has no value");
	free(text);
}

int main(void)
{
	test_find();
	test_defaults();
	test_bad_default();
	test_bad_values();
	test_messages();
	test_ranges();
	test_bools();
	test_round_trips();
	test_owned();
	test_words();
	test_print();
	return tap_done();
}
