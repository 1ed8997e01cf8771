// SPDX-License-Identifier: GPL-2.0-or-later
/* A gate's verdict in words, figures and each format's own marks. */
#include <ctype.h>
#include <errno.h>

#include "results/gate/gate-format.h"
#include "results/plain.h"
#include "results/text-table.h"
#include "src/cleanup.h"
#include "src/macro.h"
#include "tests/gate-reports.h"
#include "tests/ktap-reader.h"
#include "tests/tap.h"

static const char *const formats[] = { "text", "junit", "ktap", "markdown" };

static char *write_as(const struct gate_report *report, const char *format)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	if (gate_sample_write(f, report, format) < 0)
		fputs("failed", f);
	fclose(f);
	return text;
}

/* ---- plain text ---- */

static void is_plain(const char *text, const char *want)
{
	char buf[200];

	tap_eq_str(plain_cut(text, sizeof(buf), buf, sizeof(buf)), want, "plain: %s", want);
}

static void test_plain(void)
{
	char buf[16];

	is_plain("debian/6.12 µ → 🦊", "debian/6.12 µ → 🦊");
	is_plain("a\tb\nc\r", "a b c ");
	is_plain("\x1b[31m\x7f", "�[31m�");
	is_plain("\xc2\x9b", "�");				     /* a C1 control */
	is_plain("a\xff\xc3", "a��");				     /* no UTF-8, cut off */
	is_plain("\xc0\xaf", "��");				     /* overlong */
	is_plain("\xed\xa0\x80", "���");			     /* a surrogate */
	is_plain("\xe2\x80\xae\xe2\x81\xa6", "��");		     /* turn the direction */
	is_plain("\xef\xbf\xbf\xef\xb7\x90\xf0\x9f\xbf\xbe", "���"); /* non-characters */

	tap_eq_str(plain_cut("abcdef", 6, buf, sizeof(buf)), "abcdef", "what fits is not cut");
	tap_eq_str(plain_cut("abcdefg", 6, buf, sizeof(buf)), "abcde…", "cut by columns");
	tap_eq_str(plain_cut("µµµµµµµµµ", 90, buf, sizeof(buf)), "µµµµµµ…", "cut by bytes");
	tap_eq_str(plain_cut("abcdefghijklmno", 90, buf, sizeof(buf)), "abcdefghijklmno",
		   "the buffer is used up");
}

/* ---- figures ---- */

static void is_shift(double shift, double low, double high, const char *want)
{
	struct gate_check check = { .unit = "pages",
				    .result = { .shift = shift, .low = low, .high = high } };
	struct gate_cells cells;

	gate_cells(&check, &cells);
	tap_eq_str(cells.both, want, "shift: %s", want);
}

static void test_shifts(void)
{
	is_shift(0.031, 0.026, 0.037, "+3.1 % (+2.6 to +3.7)");
	is_shift(-0.2, -0.25, 0.01, "-20.0 % (-25.0 to +1.0)");
	is_shift(0, 0, 0, "0.0 % (0.0 to 0.0)");
	is_shift(-0.0001, -0.001, 0.04, "0.0 % (-0.1 to +4.0)");
	is_shift(0.0004, 0.0001, 0.0012, "+0.04 % (+0.01 to +0.12)");
	is_shift(0.0004, 0.0004, 0.0004, "+0.040 % (+0.040 to +0.040)");
	is_shift(0.00004, 0.00003, 0.00006, "+0.004 % (+0.003 to +0.006)");
	is_shift(0.2, -INFINITY, INFINITY, "+20.0 % (unbounded)");
	is_shift(0.2, 0.1, INFINITY, "+20.0 % (+10.0 to +∞)");
	is_shift(12.5, 11, 14, "+1250 % (+1100 to +1400)");
}

static void is_cells(const struct gate_check *check, const char *want)
{
	struct gate_cells c;
	char line[600];

	gate_cells(check, &c);
	snprintf(line, sizeof(line), "%s|%s|%s|%s|%s|%s", c.base, c.fresh, c.unit, c.interval, c.q,
		 c.margin);
	tap_eq_str(line, want, "figures: %s", want);
}

static void test_cells(void)
{
	struct gate_check check = { .unit = "bytes", .margin = 0.02 };

	check.result = (struct judge_result){ .base_median = 1567301632,
					      .fresh_median = 1024,
					      .low = -0.011,
					      .high = 0.054,
					      .q = 0.19 };
	is_cells(&check, "1.46 GiB|1.00 KiB||-1.1 to +5.4 %|0.19|2 %");
	check.unit = "pages";
	check.margin = 0.005;
	check.result.q = 0.00041;
	is_cells(&check, "1,567,301,632|1,024|pages|-1.1 to +5.4 %|0.0004|0.5 %");
	check.result = (struct judge_result){
		.absolute = true, .fresh_median = 1200, .low = -3, .high = 1500, .q = NAN
	};
	is_cells(&check, "0|1,200|pages|-3 to +1,500 pages|-|none");
	check.absolute = 50;
	is_cells(&check, "0|1,200|pages|-3 to +1,500 pages|-|50 pages");
	check.unit = "ns";
	is_cells(&check, "0 ns|1.20 us||-3 ns to +1.50 us|-|50 ns");
	check.outcome = GATE_INVALID;
	is_cells(&check, "-|-||-|-|0.5 %");
}

/* ---- verdicts ---- */

static void test_headlines(void)
{
	static const struct {
		const char *sample, *want;
	} lines[] = {
		{ "pass", "gate: pass: 2 checks hold: debian/6.12 is no worse than debian/6.1" },
		{ "better", "gate: pass: 3 checks hold: debian/6.12 is no worse than debian/6.1" },
		{ "regression", "gate: REGRESSION: 3 of 8 checks: debian/6.12 is worse than "
				"debian/6.1; 2 can't be told yet" },
		{ "inconclusive",
		  "gate: inconclusive: 1 of 2 checks can't be told; run 38 seeds a side" },
		{ "hopeless", "gate: inconclusive: 1 of 1 check can't be told, and no number of "
			      "seeds would do" },
		{ "invalid", "gate: invalid: 1 of 3 checks can't be judged; 1 regressed" },
		{ "sides", "gate: invalid: the sides can't be compared: the base ran by clock "
			   "insn, the fresh by…" },
		{ "empty", "gate: pass: there are no checks" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		_cleanup_free_ char *text = write_as(gate_sample_find(lines[i].sample), "text");

		text[strcspn(text, "\n")] = '\0';
		tap_eq_str(text, lines[i].want, "%s: the first line", lines[i].sample);
	}
}

static void test_moved(void)
{
	const struct gate_check check = { .outcome = GATE_REGRESSION,
					  .result.verdict = VERDICT_MOVED };
	const struct gate_report report = {
		.base = "a", .fresh = "b", .checks = &check, .count = 1, .outcome = GATE_REGRESSION
	};
	char line[GATE_LINE_MAX];

	tap_eq_str(gate_headline(&report, line), "1 of 1 check: b differs from a",
		   "what only moved is not called worse");
}

/* A report that is worse than its checks must not look like a pass to who reads only points. */
static void test_own_point(void)
{
	static const char *const with[] = { "sides", "empty" };
	size_t n = 0;

	for (const struct gate_sample *s = gate_samples; s->name; s++)
		n += gate_has_own_point(&s->report);
	tap_eq_u64(n, ARRAY_SIZE(with), "points of their own");
	for (size_t i = 0; i < ARRAY_SIZE(with); i++)
		tap_ok(gate_has_own_point(gate_sample_find(with[i])), "%s has one", with[i]);
}

/* ---- formats ---- */

/* Calls check for each line; the lines are cut apart in the text. */
static bool all_lines(char *text, bool (*check)(const char *line))
{
	char *rest = text, *line;
	bool ok = true;

	while ((line = strsep(&rest, "\n")) != NULL) {
		if (!check(line)) {
			printf("# line: %s\n", line);
			ok = false;
		}
	}
	return ok;
}

static bool fits(const char *line)
{
	return text_width(line) <= TEXT_WIDTH;
}

/* Not escaped bars: eight cells have nine. Elsewhere there are none. */
static bool has_columns(const char *line)
{
	size_t bars = 0;

	for (const char *p = line; *p; p++) {
		if (*p == '\\' && p[1])
			p++;
		else
			bars += *p == '|';
	}
	return bars == (*line == '|' ? 9 : 0);
}

/* No tags but the writer's own, and no marks of emphasis, code and links. */
static bool has_no_markup(const char *line)
{
	static const char *const own[] = { "<details>", "</details>", "<summary>", "</summary>",
					   "<sub>",	"</sub>",     "<!-- -->" };

	for (const char *p = line; *p; p++) {
		bool known = false;

		if (*p == '\\' && p[1]) {
			p++;
			continue;
		}
		for (size_t i = 0; i < ARRAY_SIZE(own); i++)
			known = known || starts_with(p, own[i]);
		if (strchr("`*_[]", *p) || (*p == '<' && !known) ||
		    ((*p == '@' || *p == ':') && (p[1] == '/' || isalpha((unsigned char)p[1]))))
			return false;
	}
	return true;
}

static void test_format(const struct gate_sample *s)
{
	_cleanup_free_ char *text = write_as(&s->report, "text");
	_cleanup_free_ char *ktap = write_as(&s->report, "ktap");
	_cleanup_free_ char *markdown = write_as(&s->report, "markdown");
	_cleanup_free_ char *again = write_as(&s->report, "markdown");
	struct ktap_counts counts = {};
	struct error err = {};

	for (char *p = text; (p = strstr(p, "hardware time")) != NULL; p++)
		tap_ok(strncmp(p - 4, "not ", 4) == 0, "%s: not hardware time", s->name);
	tap_ok(!!strstr(text, "not hardware time") == streq(s->report.clock, "insn"),
	       "%s: the text says what the clock is", s->name);
	tap_ok(!!strstr(markdown, "not hardware time") == streq(s->report.clock, "insn"),
	       "%s: the Markdown says what the clock is", s->name);
	tap_ok(all_lines(text, fits), "%s: no overlong line", s->name);
	tap_eq_i64(ktap_read(ktap, &counts, &err), 0, "%s: KTAP (%s)", s->name, err.text);
	tap_eq_u64(counts.passed + counts.failed + counts.skipped,
		   s->report.count + gate_has_own_point(&s->report), "%s: a point a check",
		   s->name);
	tap_ok(all_lines(markdown, has_columns), "%s: the Markdown's columns", s->name);
	tap_ok(all_lines(again, has_no_markup), "%s: names are no Markdown", s->name);
}

static void test_many(void)
{
	static struct gate_check checks[300];
	const struct gate_report report = { .suite = "s",
					    .base = "a",
					    .fresh = "b",
					    .clock = "insn",
					    .version = "1",
					    .checks = checks,
					    .count = 300 };
	_cleanup_free_ char *markdown = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(checks); i++)
		checks[i] = gate_sample_find("pass")->checks[0];
	markdown = write_as(&report, "markdown");
	tap_ok(strstr(markdown, "…and 100 more.") && strlen(markdown) < 65536,
	       "a comment does not grow without end");
}

static void test_full(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		_cleanup_fclose_ FILE *f = fopen("/dev/full", "w");

		if (!f) {
			tap_skip("no /dev/full");
			return;
		}
		setvbuf(f, NULL, _IONBF, 0);
		tap_eq_i64(gate_sample_write(f, gate_sample_find("regression"), formats[i]), -EIO,
			   "%s: a full disk is an error", formats[i]);
	}
}

int main(void)
{
	test_plain();
	test_shifts();
	test_cells();
	test_headlines();
	test_moved();
	test_own_point();
	for (const struct gate_sample *s = gate_samples; s->name; s++)
		test_format(s);
	test_many();
	test_full();
	return tap_done();
}
