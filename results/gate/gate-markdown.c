// SPDX-License-Identifier: GPL-2.0-or-later
/* For a comment on a change: GitHub's flavour, which GitLab's reads as well. */
#include <errno.h>
#include <string.h>

#include "results/gate/gate-format.h"
#include "results/markdown.h"
#include "results/plain.h"
#include "src/macro.h"

#define ROWS_MAX 200 /* of a table: a comment may have 65536 characters */

static void put_verdict(FILE *f, const struct gate_check *check)
{
	enum gate_group group = gate_group(check);
	char line[GATE_LINE_MAX];

	fprintf(f, " %s", gate_group_name(group));
	if (group == GROUP_OPEN || check->why)
		fputs(": ", f);
	if (group == GROUP_OPEN)
		markdown_text(f, gate_seeds_needed(check, line));
	if (group == GROUP_OPEN && check->why)
		fputs("; ", f);
	if (check->why)
		markdown_text(f, check->why);
	fputs(" |\n", f);
}

static void write_row(FILE *f, const struct gate_check *check)
{
	struct gate_cells cells;

	gate_cells(check, &cells);
	fputc('|', f);
	markdown_cell(f, check->scenario);
	markdown_cell(f, check->metric);
	markdown_value(f, cells.base, check->outcome == GATE_INVALID ? "" : cells.unit);
	markdown_value(f, cells.fresh, check->outcome == GATE_INVALID ? "" : cells.unit);
	markdown_cell(f, cells.both);
	markdown_cell(f, cells.q);
	markdown_cell(f, cells.margin);
	put_verdict(f, check);
}

static void write_heads(FILE *f)
{
	fputs("| scenario | metric | base | fresh | shift (95 % interval) | q | margin | verdict "
	      "|\n"
	      "|---|---|--:|--:|--:|--:|--:|---|\n",
	      f);
}

/* The checks of the groups from first to last, group by group. */
static void write_table(FILE *f, const struct gate_report *report, enum gate_group first,
			enum gate_group last)
{
	size_t rows = 0;

	write_heads(f);
	for (enum gate_group group = first; group <= last; group++)
		for (size_t i = 0; i < report->count; i++) {
			if (gate_group(&report->checks[i]) != group)
				continue;
			if (rows++ < ROWS_MAX)
				write_row(f, &report->checks[i]);
		}
	if (rows > ROWS_MAX)
		fprintf(f, "\n…and %zu more.\n", rows - ROWS_MAX);
}

static size_t groups_size(const struct gate_report *report, enum gate_group first,
			  enum gate_group last)
{
	size_t n = 0;

	for (enum gate_group group = first; group <= last; group++)
		n += gate_group_size(report, group);
	return n;
}

static void write_title(FILE *f, const struct gate_report *report)
{
	static const char *const titles[] = {
		[GATE_PASS] = "✅ wring gate: pass",
		[GATE_INCONCLUSIVE] = "⚠️ wring gate: inconclusive",
		[GATE_REGRESSION] = "❌ wring gate: regression",
		[GATE_INVALID] = "⚠️ wring gate: invalid",
	};
	char line[GATE_LINE_MAX];

	fprintf(f, "## %s\n\n", titles[report->outcome]);
	markdown_line(f, gate_headline(report, line));
	fputs(".\n\nSuite ", f);
	markdown_text(f, report->suite);
	fputs("; base: ", f);
	markdown_text(f, report->base);
	fputs("; fresh: ", f);
	markdown_text(f, report->fresh);
	fputs(".\n", f);
}

static void write_reasons(FILE *f, const struct gate_report *report)
{
	if (report->reason_count)
		fputs("\n### About the sides\n\n", f);
	for (size_t i = 0; i < report->reason_count; i++) {
		fputs("- ", f);
		markdown_line(f, report->reasons[i]);
		fputc('\n', f);
	}
}

static void write_passed(FILE *f, const struct gate_report *report)
{
	size_t same = gate_group_size(report, GROUP_SAME);

	if (!same)
		return;
	fprintf(f, "\n<details>\n<summary>%zu check%s the same within the margin</summary>\n\n",
		same, same == 1 ? " is" : "s are");
	write_table(f, report, GROUP_SAME, GROUP_SAME);
	fputs("\n</details>\n", f);
}

/* The tests that the checks went through. */
static const char *tests_used(const struct gate_report *report)
{
	bool paired = false, unpaired = false;

	for (size_t i = 0; i < report->count; i++) {
		if (report->checks[i].outcome == GATE_INVALID)
			continue;
		paired |= report->checks[i].result.design != DESIGN_UNPAIRED;
		unpaired |= report->checks[i].result.design != DESIGN_PAIRED;
	}
	if (paired && unpaired)
		return "exact signed-rank tests of pairs (the same seed on both sides) and "
		       "rank-sum "
		       "tests of all seeds";
	return unpaired ? "exact rank-sum tests of all seeds"
			: "exact signed-rank tests of pairs (the same seed on both sides)";
}

static void write_footnote(FILE *f, const struct gate_report *report)
{
	fprintf(f, "\n<sub>Medians of the seeds. Method: %s; ", tests_used(report));
	fputs("q by Benjamini–Hochberg over all checks, held to 1 %; the shift is "
	      "Hodges–Lehmann's, a "
	      "share of the base's median, with its 95 % interval. ",
	      f);
	if (gate_clock(report))
		fprintf(f, "%s. ", gate_clock(report));
	fputs("Judged by wring ", f);
	markdown_text(f, report->version);
	fputs(".</sub>\n", f);
}

int gate_write_markdown(FILE *f, const struct gate_report *report)
{
	write_title(f, report);
	if (groups_size(report, GROUP_INVALID, GROUP_OPEN)) {
		fputs("\n### What did not pass\n\n", f);
		write_table(f, report, GROUP_INVALID, GROUP_OPEN);
	}
	if (gate_group_size(report, GROUP_BETTER)) {
		fputs("\n### Better\n\n", f);
		write_table(f, report, GROUP_BETTER, GROUP_BETTER);
	}
	write_reasons(f, report);
	write_passed(f, report);
	write_footnote(f, report);
	return ferror(f) ? -EIO : 0;
}
