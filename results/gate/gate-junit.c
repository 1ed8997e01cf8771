// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * JUnit's XML as Jenkins and GitLab read it: a scenario is a testsuite, a check a testcase. There
 * is no standard; elements and attributes are those that Jenkins' own schema knows, each in the one
 * order that all known readers take.
 */
#include <errno.h>

#include "results/gate/gate-format.h"
#include "results/plain.h"

#define UNNAMED "unnamed" /* some readers take no empty name */

static void put_text(FILE *f, const char *text)
{
	struct plain_char c;

	while (plain_next(&text, &c))
		switch (*c.bytes) {
		case '&':
			fputs("&amp;", f);
			break;
		case '<':
			fputs("&lt;", f);
			break;
		case '>':
			fputs("&gt;", f);
			break;
		case '"':
			fputs("&quot;", f);
			break;
		case '\'':
			fputs("&apos;", f);
			break;
		default:
			fprintf(f, "%.*s", (int)c.len, c.bytes);
		}
}

static void put_attribute(FILE *f, const char *name, const char *value)
{
	fprintf(f, " %s=\"", name);
	put_text(f, value);
	fputc('"', f);
}

static void write_property(FILE *f, const char *name, const char *more, const char *value)
{
	fputs("      <property name=\"", f);
	put_text(f, name);
	put_text(f, more);
	fputc('"', f);
	put_attribute(f, "value", value);
	fputs("/>\n", f);
}

static void write_properties(FILE *f, const struct gate_report *report, const char *scenario)
{
	struct gate_cells cells;

	fputs("    <properties>\n", f);
	write_property(f, "base", "", report->base);
	write_property(f, "fresh", "", report->fresh);
	write_property(f, "wring", "", report->version);
	write_property(f, "clock", "", report->clock);
	if (gate_clock(report))
		write_property(f, "clock.meaning", "", gate_clock(report));
	for (size_t i = 0; i < report->reason_count; i++)
		write_property(f, "reason", "", report->reasons[i]);
	for (size_t i = scenario ? gate_next_of(report, scenario, 0) : report->count;
	     i < report->count; i = gate_next_of(report, scenario, i + 1)) {
		gate_cells(&report->checks[i], &cells);
		write_property(f, "margin.", report->checks[i].metric, cells.margin);
	}
	fputs("    </properties>\n", f);
}

/* An element of a testcase: what is known at a glance in the message, the figures in the text. */
static void write_result(FILE *f, const char *element, const char *type, const char *message,
			 const char *text)
{
	fprintf(f, "      <%s", element);
	put_attribute(f, "message", message);
	if (type)
		put_attribute(f, "type", type);
	if (text) {
		fputc('>', f);
		put_text(f, text);
		fprintf(f, "</%s>\n", element);
	} else {
		fputs("/>\n", f);
	}
}

static void write_outcome(FILE *f, const struct gate_check *check)
{
	char sentence[GATE_LINE_MAX], more[GATE_LINE_MAX];

	switch (check->outcome) {
	case GATE_PASS:
		break;
	case GATE_INCONCLUSIVE:
		write_result(f, "skipped", NULL, gate_seeds_needed(check, more), NULL);
		break;
	case GATE_REGRESSION:
		write_result(f, "failure", gate_group_name(gate_group(check)),
			     gate_sentence(check, sentence), gate_medians(check, more));
		break;
	case GATE_INVALID:
		write_result(f, "error", "invalid", check->why ? check->why : "no reason", NULL);
		break;
	}
}

static void write_output(FILE *f, const struct gate_check *check)
{
	char line[GATE_LINE_MAX];

	fputs("      <system-out>", f);
	if (check->outcome != GATE_INVALID) {
		put_text(f, gate_medians(check, line));
		fputc('\n', f);
	}
	put_text(f, gate_sentence(check, line));
	if (check->why && check->outcome != GATE_INVALID) {
		fputs("\nmind: ", f);
		put_text(f, check->why);
	}
	fputs("</system-out>\n", f);
}

static void begin_case(FILE *f, const struct gate_report *report, const char *scenario,
		       const char *name)
{
	fputs("    <testcase classname=\"", f);
	put_text(f, report->suite);
	fputc('.', f);
	put_text(f, scenario);
	fputc('"', f);
	put_attribute(f, "name", *name ? name : UNNAMED);
	fputs(" time=\"0\">\n", f);
}

static void write_check(FILE *f, const struct gate_report *report, const struct gate_check *check)
{
	begin_case(f, report, check->scenario, check->metric);
	write_outcome(f, check);
	write_output(f, check);
	fputs("    </testcase>\n", f);
}

struct counts {
	size_t tests, failures, errors, skipped;
};

static void count_outcome(struct counts *counts, enum gate_outcome outcome)
{
	counts->tests++;
	counts->failures += outcome == GATE_REGRESSION;
	counts->errors += outcome == GATE_INVALID;
	counts->skipped += outcome == GATE_INCONCLUSIVE;
}

static void begin_suite(FILE *f, const char *name, const struct counts *counts)
{
	fputs("  <testsuite", f);
	put_attribute(f, "name", *name ? name : UNNAMED);
	fprintf(f, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"0\">\n",
		counts->tests, counts->failures, counts->errors, counts->skipped);
}

static void write_scenario(FILE *f, const struct gate_report *report, const char *scenario)
{
	size_t first = gate_next_of(report, scenario, 0);
	struct counts counts = {};

	for (size_t i = first; i < report->count; i = gate_next_of(report, scenario, i + 1))
		count_outcome(&counts, report->checks[i].outcome);
	begin_suite(f, scenario, &counts);
	write_properties(f, report, scenario);
	for (size_t i = first; i < report->count; i = gate_next_of(report, scenario, i + 1))
		write_check(f, report, &report->checks[i]);
	fputs("  </testsuite>\n", f);
}

/* What the own point counts as: a report without checks has nothing that could pass. */
static enum gate_outcome own_outcome(const struct gate_report *report)
{
	return report->outcome == GATE_PASS ? GATE_INCONCLUSIVE : report->outcome;
}

static void write_own_point(FILE *f, const struct gate_report *report)
{
	char line[GATE_LINE_MAX];
	struct counts counts = {};

	count_outcome(&counts, own_outcome(report));
	begin_suite(f, "gate", &counts);
	write_properties(f, report, NULL);
	begin_case(f, report, "gate", "sides");
	gate_own_reason(report, line);
	if (counts.skipped)
		write_result(f, "skipped", NULL, line, NULL);
	else if (counts.failures)
		write_result(f, "failure", "regression", line, NULL);
	else
		write_result(f, "error", "invalid", line, NULL);
	fputs("    </testcase>\n  </testsuite>\n", f);
}

int gate_write_junit(FILE *f, const struct gate_report *report)
{
	struct counts counts = {};
	bool own = gate_has_own_point(report);

	for (size_t i = 0; i < report->count; i++)
		count_outcome(&counts, report->checks[i].outcome);
	if (own)
		count_outcome(&counts, own_outcome(report));
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"wring gate: ", f);
	put_text(f, report->suite);
	fprintf(f, "\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" time=\"0\">\n", counts.tests,
		counts.failures, counts.errors);
	for (size_t i = 0; i < report->count; i++)
		if (gate_begins_scenario(report, i))
			write_scenario(f, report, report->checks[i].scenario);
	if (own)
		write_own_point(f, report);
	fputs("</testsuites>\n", f);
	return ferror(f) ? -EIO : 0;
}
