// SPDX-License-Identifier: GPL-2.0-or-later
#include "src/nearest.h"

#include "src/macro.h"
#include "tests/tap.h"

static const char *const keys[] = { "size",  "pattern",	   "passes",	  "threads",
				    "cpus",  "memory.max", "memory.high", "memory.low",
				    "seeds", "duration",   "rate" };

static const char *best(const char *word)
{
	struct nearest search = { .word = word };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		nearest_offer(&search, keys[i]);
	return search.best;
}

static void test_near(void)
{
	static const char *const cases[][2] = {
		{ "siez", "size" }, /* two neighbours swapped: one change */
		{ "sise", "size" },
		{ "patern", "pattern" },
		{ "patttern", "pattern" },
		{ "thread", "threads" },
		{ "memory.hihg", "memory.high" },
		{ "memory-max", "memory.max" },
		{ "dur", "duration" }, /* a beginning of three letters or more */
		{ "size", "size" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		tap_eq_str(best(cases[i][0]), cases[i][1], "«%s» is near %s", cases[i][0],
			   cases[i][1]);
}

static void test_far(void)
{
	static const char *const words[] = { "", "x", "banana", "swappiness", "zzzzzzzz", "du" };
	char longest[300];

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		tap_ok(!best(words[i]), "«%s» is near nothing", words[i]);
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	tap_ok(!best(longest), "a word of 299 letters is near nothing");
}

static void test_ties(void)
{
	struct nearest search = { .word = "rate" };

	nearest_offer(&search, "race");
	nearest_offer(&search, "rats");
	tap_eq_str(search.best, "race", "of two equally near the first offered is kept");
	nearest_offer(&search, "rate");
	tap_eq_str(search.best, "rate", "a nearer one replaces it");
}

static void test_hint(void)
{
	struct nearest none = { .word = "x" }, near = { .word = "siez" };
	char buf[40], tiny[8];

	nearest_offer(&near, "size");
	tap_eq_str(nearest_hint(&near, buf, sizeof(buf)), " (did you mean «size»?)", "the hint");
	tap_eq_str(nearest_hint(&none, buf, sizeof(buf)), "", "no hint without a near name");
	tap_eq_u64(strlen(nearest_hint(&near, tiny, sizeof(tiny))), sizeof(tiny) - 1,
		   "a short buffer cuts it");
}

int main(void)
{
	test_near();
	test_far();
	test_ties();
	test_hint();
	return tap_done();
}
