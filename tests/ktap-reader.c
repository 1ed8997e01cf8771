// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/ktap-reader.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "src/macro.h"

#define DEPTH_MAX 16
#define LINE_MAX_ 4096

/* A set of results that is being read: behind its version line, before the last result. */
struct level {
	bool planned;
	size_t plan, done;
	bool failed;		    /* one of its results */
	bool nested, nested_failed; /* subtests were read, whose own result is to come */
};

struct reader {
	struct level levels[DEPTH_MAX];
	size_t depth; /* how many levels are open */
	size_t line;
	struct ktap_counts counts;
	struct error *err;
};

static int refuse(struct reader *r, const char *why)
{
	return error_say(r->err, -EINVAL, "line %zu: %s", r->line, why);
}

/* The digits of a number, without sign or leading zero, that fits; *s moves behind it. */
static bool take_number(const char **s, size_t *ret)
{
	size_t n = 0, digits = strspn(*s, "0123456789");

	if (!digits || digits > 9 || (digits > 1 && **s == '0'))
		return false;
	for (size_t i = 0; i < digits; i++)
		n = 10 * n + (size_t)(*(*s)++ - '0');
	*ret = n;
	return true;
}

static int read_version(struct reader *r, size_t depth, const char *s)
{
	if (!streq(s, "KTAP version 1"))
		return refuse(r, "another version");
	if (depth != r->depth)
		return refuse(r, "a version line must be one level deeper than what it is in");
	if (depth && r->levels[depth - 1].nested)
		return refuse(r, "subtests twice before their result");
	if (depth && r->levels[depth - 1].done == r->levels[depth - 1].plan)
		return refuse(r, "subtests of a test that is not planned");
	if (depth == DEPTH_MAX)
		return refuse(r, "too deep");
	r->levels[r->depth++] = (struct level){};
	return 0;
}

static int read_plan(struct reader *r, size_t depth, const char *s)
{
	struct level *level = &r->levels[r->depth - 1];

	s += strlen("1..");
	if (depth + 1 != r->depth)
		return refuse(r, "a plan of another level");
	if (level->planned)
		return refuse(r, "a second plan");
	if (!take_number(&s, &level->plan) || *s)
		return refuse(r, "a plan is 1..N");
	level->planned = true;
	return 0;
}

static int read_directive(struct reader *r, const char *s, bool ok, bool *ret_skip)
{
	static const char *const failing[] = { "ERROR", "TIMEOUT" };
	static const char *const others[] = { "SKIP", "TODO", "XFAIL" };
	size_t len = strcspn(s, " ");
	bool capitals = len > 1;

	*ret_skip = false;
	if (!len)
		return refuse(r, "nothing behind the hash");
	for (size_t i = 0; i < len; i++)
		capitals = capitals && isupper((unsigned char)s[i]);
	if (!capitals)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(failing); i++)
		if (len == strlen(failing[i]) && starts_with(s, failing[i]))
			return ok ? refuse(r, "ok, with the directive of a failure") : 0;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (len == strlen(others[i]) && starts_with(s, others[i])) {
			*ret_skip = i == 0;
			return 0;
		}
	return refuse(r, "an unknown directive");
}

/* Closes the level that the result at depth ends, if there is one, and counts the result. */
static int count_result(struct reader *r, struct level *level, bool ok, bool skip)
{
	if (level->nested && ok == level->nested_failed)
		return refuse(r, "the result is not what its subtests say");
	if (!level->nested) {
		r->counts.passed += ok && !skip;
		r->counts.failed += !ok && !skip;
		r->counts.skipped += skip;
	}
	level->nested = false;
	level->failed = level->failed || (!ok && !skip);
	level->done++;
	return 0;
}

static int read_result(struct reader *r, struct level *level, const char *s)
{
	bool ok = !starts_with(s, "not ");
	size_t number;
	bool skip = false;
	int e = 0;

	s += strlen(ok ? "ok " : "not ok ");
	if (!take_number(&s, &number))
		return refuse(r, "a result without a number");
	if (number != level->done + 1)
		return refuse(r, "a result out of order");
	if (number > level->plan)
		return refuse(r, "more results than planned");
	if (*s++ != ' ' || !*s || *s == ' ' || *s == '#')
		return refuse(r, "a result without a description");
	s += strcspn(s, "#");
	if (*s) {
		if (s[-1] != ' ' || s[-2] == ' ' || s[1] != ' ')
			return refuse(r, "one blank on each side of the hash");
		e = read_directive(r, s + 2, ok, &skip);
	} else if (s[-1] == ' ') {
		return refuse(r, "a blank at the end");
	}
	return e < 0 ? e : count_result(r, level, ok, skip);
}

/* The levels deeper than depth end here: all that they planned must be there. */
static int close_levels(struct reader *r, size_t depth)
{
	while (r->depth > depth + 1) {
		const struct level *level = &r->levels[r->depth - 1];
		struct level *parent = level - r->levels > 0 ? &r->levels[r->depth - 2] : NULL;

		if (!level->planned)
			return refuse(r, "no plan");
		if (level->nested)
			return refuse(r, "subtests without their result");
		if (level->done != level->plan)
			return refuse(r, "fewer results than planned");
		if (parent) {
			parent->nested = true;
			parent->nested_failed = level->failed;
		}
		r->depth--;
	}
	return 0;
}

static int read_line(struct reader *r, const char *line)
{
	size_t blanks = strspn(line, " "), depth = blanks / 2;
	const char *s = line + blanks;
	int e;

	for (const char *p = line; *p; p++)
		if (iscntrl((unsigned char)*p))
			return refuse(r, "a control character");
	if (!*s)
		return refuse(r, "an empty line");
	if (blanks % 2)
		return refuse(r, "the indentation is not by two blanks");
	if (starts_with(s, "KTAP version "))
		return read_version(r, depth, s);
	if (depth >= r->depth)
		return refuse(r, r->depth ? "deeper than any version line" : "no version line");
	if (starts_with(s, "1.."))
		return read_plan(r, depth, s);
	if (!r->levels[r->depth - 1].planned)
		return refuse(r, "no plan behind the version line");
	if (starts_with(s, "# ")) /* those of a parent's result may stand before it */
		return depth + 1 < r->depth ? close_levels(r, depth) : 0;
	if (!starts_with(s, "ok ") && !starts_with(s, "not ok "))
		return refuse(r, "an unknown line");
	e = close_levels(r, depth);
	return e < 0 ? e : read_result(r, &r->levels[depth], s);
}

int ktap_read(const char *text, struct ktap_counts *ret, struct error *err)
{
	struct reader r = { .err = err };
	char line[LINE_MAX_];
	int e = 0;

	while (e == 0 && *text) {
		size_t len = strcspn(text, "\n");

		r.line++;
		if (!text[len])
			return refuse(&r, "the last line has no end");
		if (len >= sizeof(line))
			return refuse(&r, "too long a line");
		snprintf(line, sizeof(line), "%.*s", (int)len, text);
		e = read_line(&r, line);
		text += len + 1;
	}
	if (e == 0 && !r.depth)
		e = refuse(&r, "no version line");
	if (e == 0)
		e = close_levels(&r, 0);
	if (e < 0)
		return e;
	if (!r.levels[0].planned || r.levels[0].nested || r.levels[0].done != r.levels[0].plan)
		return refuse(&r, "fewer results than planned");
	*ret = r.counts;
	return 0;
}
