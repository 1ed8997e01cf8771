// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The Kernel Test Anything Protocol, version 1, of the kernel's Documentation/dev-tools/ktap.rst: a
 * scenario is a test, and its checks are the subtests in it.
 */
#include <errno.h>

#include "results/gate/gate-format.h"
#include "results/plain.h"

#define INDENT "  "

/* A description: it ends at a hash. Blanks around it would be lost. */
static void put_name(FILE *f, const char *name)
{
	struct plain_char c;
	bool begun = false, blank = false;

	while (plain_next(&name, &c)) {
		if (*c.bytes == ' ') {
			blank = begun;
			continue;
		}
		if (blank)
			fputc(' ', f);
		fprintf(f, "%.*s", *c.bytes == '#' ? 1 : (int)c.len,
			*c.bytes == '#' ? "_" : c.bytes);
		begun = true;
		blank = false;
	}
	if (!begun)
		fputs("unnamed", f);
}

/* What can't be taken for a directive, for it is one line and after the first hash. */
static void put_text(FILE *f, const char *text)
{
	struct plain_char c;

	while (plain_next(&text, &c))
		fprintf(f, "%.*s", (int)c.len, c.bytes);
}

static void write_diagnostic(FILE *f, const char *indent, const char *label, const char *text)
{
	fprintf(f, "%s# %s", indent, label);
	put_text(f, text);
	fputc('\n', f);
}

static void write_check(FILE *f, const struct gate_check *check, size_t number)
{
	bool ok = check->outcome == GATE_PASS || check->outcome == GATE_INCONCLUSIVE;
	char line[GATE_LINE_MAX];

	if (check->outcome != GATE_INVALID) {
		write_diagnostic(f, INDENT, "", gate_medians(check, line));
		if (check->why)
			write_diagnostic(f, INDENT, "mind: ", check->why);
	}
	write_diagnostic(f, INDENT, "", gate_sentence(check, line));
	fprintf(f, INDENT "%s %zu ", ok ? "ok" : "not ok", number);
	put_name(f, check->metric);
	if (check->outcome == GATE_INCONCLUSIVE)
		fprintf(f, " # SKIP %s", gate_seeds_needed(check, line));
	else if (check->outcome == GATE_INVALID)
		fprintf(f, " # ERROR %s", gate_sentence(check, line));
	fputc('\n', f);
}

static void write_scenario(FILE *f, const struct gate_report *report, const char *scenario,
			   size_t number)
{
	size_t first = gate_next_of(report, scenario, 0), count = 0, skipped = 0, n = 0;
	bool ok = true;

	for (size_t i = first; i < report->count; i = gate_next_of(report, scenario, i + 1)) {
		enum gate_outcome outcome = report->checks[i].outcome;

		count++;
		skipped += outcome == GATE_INCONCLUSIVE;
		ok = ok && (outcome == GATE_PASS || outcome == GATE_INCONCLUSIVE);
	}
	fprintf(f, INDENT "KTAP version 1\n" INDENT "1..%zu\n", count);
	for (size_t i = first; i < report->count; i = gate_next_of(report, scenario, i + 1))
		write_check(f, &report->checks[i], ++n);
	fprintf(f, "%s %zu ", ok ? "ok" : "not ok", number);
	put_name(f, scenario);
	fputs(skipped == count ? " # SKIP none of it can be told\n" : "\n", f);
}

static void write_own_point(FILE *f, const struct gate_report *report, size_t number)
{
	char line[GATE_LINE_MAX];

	gate_own_reason(report, line);
	if (report->outcome == GATE_INCONCLUSIVE || report->outcome == GATE_PASS)
		fprintf(f, "ok %zu gate # SKIP %s\n", number, line);
	else
		fprintf(f, "not ok %zu gate # ERROR %s\n", number, line);
}

static void write_head(FILE *f, const struct gate_report *report)
{
	char line[GATE_LINE_MAX];

	fprintf(f, "# gate: %s: %s\n", gate_outcome_name(report->outcome),
		gate_headline(report, line));
	write_diagnostic(f, "", "suite: ", report->suite);
	write_diagnostic(f, "", "base: ", report->base);
	write_diagnostic(f, "", "fresh: ", report->fresh);
	write_diagnostic(f, "", "judged by wring ", report->version);
	if (gate_clock(report))
		fprintf(f, "# %s\n", gate_clock(report));
	for (size_t i = 0; i < report->reason_count; i++)
		write_diagnostic(f, "", "reason: ", report->reasons[i]);
}

int gate_write_ktap(FILE *f, const struct gate_report *report)
{
	size_t scenarios = 0, number = 0;
	bool own = gate_has_own_point(report);

	for (size_t i = 0; i < report->count; i++)
		scenarios += gate_begins_scenario(report, i);
	fprintf(f, "KTAP version 1\n1..%zu\n", scenarios + own);
	write_head(f, report);
	for (size_t i = 0; i < report->count; i++)
		if (gate_begins_scenario(report, i))
			write_scenario(f, report, report->checks[i].scenario, ++number);
	if (own)
		write_own_point(f, report, ++number);
	return ferror(f) ? -EIO : 0;
}
