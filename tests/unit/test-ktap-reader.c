// SPDX-License-Identifier: GPL-2.0-or-later
/* The strict reader of KTAP: what it takes, and that it refuses each kind of broken text. */
#include "tests/ktap-reader.h"
#include "tests/tap.h"

#define V "KTAP version 1\n"

/* why: the error; NULL: it is taken. */
static void check(const char *name, const char *text, const char *why)
{
	struct ktap_counts counts = {};
	struct error err = {};
	int r = ktap_read(text, &counts, &err);

	if (why)
		tap_eq_str(err.text, why, "refuses %s", name);
	else
		tap_eq_i64(r, 0, "takes %s (%s)", name, err.text);
}

static void test_counts(void)
{
	struct ktap_counts counts = {};

	ktap_read(V "1..3\n  " V "  1..2\n  ok 1 a\n  not ok 2 b\nnot ok 1 ab\n"
		    "ok 2 c # SKIP late\nok 3 d\n",
		  &counts, NULL);
	tap_ok(counts.passed == 2 && counts.failed == 1 && counts.skipped == 1,
	       "counts what has no subtests");
}

static void test_good(void)
{
	check("one result", V "1..1\nok 1 a\n", NULL);
	check("no tests at all", V "1..0\n", NULL);
	check("diagnostics anywhere",
	      V "1..1\n# x\n  " V "  1..1\n  # y\n  ok 1 b\n# z\nok 1 a\n# e\n", NULL);
	check("three levels",
	      V "1..1\n  " V "  1..1\n    " V
		"    1..1\n    not ok 1 c\n  not ok 1 b\nnot ok 1 a\n",
	      NULL);
	check("a skipped subtest", V "1..1\n  " V "  1..1\n  ok 1 b # SKIP no\nok 1 a # SKIP no\n",
	      NULL);
	check("an error", V "1..1\nnot ok 1 a # ERROR no memory\n", NULL);
	check("data without a directive", V "1..1\nok 1 a # rcode=0\n", NULL);
	check("a hash in what is behind a directive", V "1..1\nok 1 a # SKIP see #7\n", NULL);
}

static void test_lines(void)
{
	check("nothing", "", "line 0: no version line");
	check("a result first", "ok 1 a\n", "line 1: no version line");
	check("TAP", "TAP version 14\n1..1\nok 1 a\n", "line 1: no version line");
	check("version 2", "KTAP version 2\n1..1\nok 1 a\n", "line 1: another version");
	check("an unknown line", V "1..1\nhello\nok 1 a\n", "line 3: an unknown line");
	check("a hash alone", V "1..1\n#x\nok 1 a\n", "line 3: an unknown line");
	check("an empty line", V "1..1\n\nok 1 a\n", "line 3: an empty line");
	check("a carriage return", V "1..1\nok 1 a\r\n", "line 3: a control character");
	check("a tab", V "1..1\n\tok 1 a\n", "line 3: a control character");
	check("a cut line", V "1..1\nok 1 a", "line 3: the last line has no end");
	check("a result without a number", V "1..1\nok a\n", "line 3: a result without a number");
	check("a result without a description", V "1..1\nok 1\n",
	      "line 3: a result without a description");
	check("a directive without a description", V "1..1\nok 1 # SKIP a\n",
	      "line 3: a result without a description");
	check("a hash in a name", V "1..1\nok 1 a#b\n",
	      "line 3: one blank on each side of the hash");
	check("a hash with nothing", V "1..1\nok 1 a # \n", "line 3: nothing behind the hash");
	check("a blank at the end", V "1..1\nok 1 a \n", "line 3: a blank at the end");
	check("an unknown directive", V "1..1\nok 1 a # SKIPPED b\n",
	      "line 3: an unknown directive");
	check("an error that is ok", V "1..1\nok 1 a # ERROR b\n",
	      "line 3: ok, with the directive of a failure");
}

static void test_numbers(void)
{
	check("no plan", V "ok 1 a\n", "line 2: no plan behind the version line");
	check("a version line alone", V, "line 1: fewer results than planned");
	check("a second plan", V "1..1\n1..1\nok 1 a\n", "line 3: a second plan");
	check("a plan with words", V "1..1 # x\nok 1 a\n", "line 2: a plan is 1..N");
	check("too few results", V "1..2\nok 1 a\n", "line 3: fewer results than planned");
	check("too many results", V "1..1\nok 1 a\nok 2 b\n", "line 4: more results than planned");
	check("a gap", V "1..2\nok 1 a\nok 3 b\n", "line 4: a result out of order");
	check("a number twice", V "1..2\nok 1 a\nok 1 b\n", "line 4: a result out of order");
	check("a leading zero", V "1..1\nok 01 a\n", "line 3: a result without a number");
	check("a huge number", V "1..99999999999999999999\n", "line 2: a plan is 1..N");
}

static void test_nesting(void)
{
	check("three blanks", V "1..1\n   " V "   1..1\n   ok 1 b\nok 1 a\n",
	      "line 3: the indentation is not by two blanks");
	check("a level left out", V "1..1\n    " V "    1..1\n    ok 1 b\nok 1 a\n",
	      "line 3: a version line must be one level deeper than what it is in");
	check("no version line in it", V "1..1\n  1..1\n  ok 1 b\nok 1 a\n",
	      "line 3: deeper than any version line");
	check("no plan in it", V "1..1\n  " V "  ok 1 b\nok 1 a\n",
	      "line 4: no plan behind the version line");
	check("too few in it", V "1..1\n  " V "  1..2\n  ok 1 b\nok 1 a\n",
	      "line 6: fewer results than planned");
	check("no result of its own", V "1..1\n  " V "  1..1\n  ok 1 b\n",
	      "line 5: fewer results than planned");
	check("two sets for one result",
	      V "1..1\n  " V "  1..1\n  ok 1 b\n# x\n  " V "  1..1\n  ok 1 b\nok 1 a\n",
	      "line 7: subtests twice before their result");
	check("subtests behind the last", V "1..1\nok 1 a\n  " V "  1..1\n  ok 1 b\n",
	      "line 4: subtests of a test that is not planned");
	check("a failure that is lost", V "1..1\n  " V "  1..1\n  not ok 1 b\nok 1 a\n",
	      "line 6: the result is not what its subtests say");
	check("a failure from nowhere", V "1..1\n  " V "  1..1\n  ok 1 b\nnot ok 1 a\n",
	      "line 6: the result is not what its subtests say");
}

int main(void)
{
	test_counts();
	test_good();
	test_lines();
	test_numbers();
	test_nesting();
	return tap_done();
}
