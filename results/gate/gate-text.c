// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "results/gate/gate-format.h"
#include "results/plain.h"
#include "results/text-table.h"

#define NAME_COLUMNS 56 /* of a scenario or metric: two columns more must fit beside it */

/* Above each group's table; of those that have none, above their sentences. */
static const char *const headings[GROUP_COUNT] = {
	[GROUP_INVALID] = "invalid: can't be judged",
	[GROUP_WORSE] = "worse than the base",
	[GROUP_MOVED] = "moved: differs from the base, and neither side is the better one",
	[GROUP_OPEN] = "can't tell: the same, better or worse, the seeds don't say which",
	[GROUP_BETTER] = "better than the base",
};

static void add_heads(struct text_table *table, enum gate_group group)
{
	text_table_row(table);
	text_table_cell(table, "  scenario, metric");
	text_table_cell(table, "base");
	text_table_cell(table, "fresh");
	text_table_cell(table, "shift");
	text_table_cell(table, "95 %% interval");
	text_table_cell(table, "q");
	text_table_cell(table, "margin");
	if (group == GROUP_OPEN) {
		text_table_cell(table, "seeds");
		text_table_cell(table, "needed");
	}
}

static void add_check(struct text_table *table, const struct gate_check *check)
{
	char metric[TEXT_CELL_MAX - 40];
	struct gate_cells cells;

	gate_cells(check, &cells);
	text_table_row(table);
	plain_cut(check->metric, NAME_COLUMNS - 12, metric, sizeof(metric));
	if (*cells.unit)
		text_table_cell(table, "    %s (%.30s)", metric, cells.unit);
	else
		text_table_cell(table, "    %s", metric);
	text_table_cell(table, "%s", cells.base);
	text_table_cell(table, "%s", cells.fresh);
	text_table_cell(table, "%s", cells.shift);
	text_table_cell(table, "%s", cells.interval);
	text_table_cell(table, "%s", cells.q);
	text_table_cell(table, "%s", cells.margin);
	if (check->outcome != GATE_INCONCLUSIVE)
		return;
	if (check->base_seeds == check->fresh_seeds)
		text_table_cell(table, "%zu", check->base_seeds);
	else
		text_table_cell(table, "%zu, %zu", check->base_seeds, check->fresh_seeds);
	if (check->seeds)
		text_table_cell(table, "%zu", check->seeds);
	else
		text_table_cell(table, "∞");
}

/* A line for the scenario, below it one for each of its checks in the group. */
static void add_scenario(struct text_table *table, const struct gate_report *report,
			 const char *scenario, enum gate_group group)
{
	char name[TEXT_CELL_MAX - 40];
	bool begun = false;

	for (size_t i = gate_next_of(report, scenario, 0); i < report->count;
	     i = gate_next_of(report, scenario, i + 1)) {
		const struct gate_check *check = &report->checks[i];

		if (gate_group(check) != group)
			continue;
		if (!begun) {
			text_table_row(table);
			plain_cut(scenario, NAME_COLUMNS, name, sizeof(name));
			text_table_cell(table, "  %s", name);
			begun = true;
		}
		add_check(table, check);
	}
}

static int write_table(FILE *f, const struct gate_report *report, enum gate_group group)
{
	_cleanup_text_table_ struct text_table table = {};

	add_heads(&table, group);
	for (size_t i = 0; i < report->count; i++)
		if (gate_begins_scenario(report, i))
			add_scenario(&table, report, report->checks[i].scenario, group);
	return text_table_print(&table, f, 0);
}

/* "  scenario metric: TEXT", wrapped. */
static void write_note(FILE *f, const struct gate_check *check, const char *text)
{
	char scenario[160], metric[160], plain[GATE_LINE_MAX], line[2 * GATE_LINE_MAX];

	snprintf(line, sizeof(line), "%s %s: %s",
		 plain_cut(check->scenario, NAME_COLUMNS, scenario, sizeof(scenario)),
		 plain_cut(check->metric, NAME_COLUMNS, metric, sizeof(metric)),
		 plain_cut(text, sizeof(plain), plain, sizeof(plain)));
	text_wrap(f, line, 2, 4);
}

static int write_group(FILE *f, const struct gate_report *report, enum gate_group group)
{
	size_t size = gate_group_size(report, group);

	if (!size)
		return 0;
	fprintf(f, "\n%s (%zu)\n", headings[group], size);
	if (group != GROUP_INVALID)
		return write_table(f, report, group);
	for (size_t i = 0; i < report->count; i++)
		if (gate_group(&report->checks[i]) == group)
			write_note(f, &report->checks[i],
				   report->checks[i].why ? report->checks[i].why : "no reason");
	return 0;
}

/* What is to be minded of checks that could be judged. */
static void write_minds(FILE *f, const struct gate_report *report)
{
	bool begun = false;

	for (size_t i = 0; i < report->count; i++) {
		const struct gate_check *check = &report->checks[i];

		if (!check->why || check->outcome == GATE_INVALID)
			continue;
		if (!begun)
			fprintf(f, "\nto be minded\n");
		begun = true;
		write_note(f, check, check->why);
	}
}

/* What the columns are, where there are any. */
static void write_legend(FILE *f, const struct gate_report *report)
{
	size_t without = gate_group_size(report, GROUP_INVALID);

	without += gate_group_size(report, GROUP_SAME);
	if (without == report->count)
		return;
	fputc('\n', f);
	text_wrap(f,
		  "base, fresh: medians of the seeds; shift: of the base's median; q: the share of "
		  "false alarms among checks as clear as this one; margin: what is too little to "
		  "matter",
		  0, 2);
}

static void write_reasons(FILE *f, const struct gate_report *report)
{
	char plain[GATE_LINE_MAX], line[GATE_LINE_MAX + 4];

	if (report->reason_count)
		fprintf(f, "\nabout the sides\n");
	for (size_t i = 0; i < report->reason_count; i++) {
		snprintf(line, sizeof(line), "- %s",
			 plain_cut(report->reasons[i], sizeof(plain), plain, sizeof(plain)));
		text_wrap(f, line, 2, 4);
	}
}

static void write_head(FILE *f, const struct gate_report *report)
{
	char line[GATE_LINE_MAX], base[160], fresh[160], suite[160];
	const char *clock = gate_clock(report);

	fprintf(f, "gate: %s: %s\n", gate_outcome_name(report->outcome),
		gate_headline(report, line));
	snprintf(line, sizeof(line), "suite %s; base: %s; fresh: %s",
		 plain_cut(report->suite, 80, suite, sizeof(suite)),
		 plain_cut(report->base, 80, base, sizeof(base)),
		 plain_cut(report->fresh, 80, fresh, sizeof(fresh)));
	text_wrap(f, line, 0, 2);
	if (clock)
		fprintf(f, "%s\n", clock);
}

int gate_write_text(FILE *f, const struct gate_report *report)
{
	int r = 0;

	write_head(f, report);
	for (enum gate_group group = 0; r == 0 && group < GROUP_SAME; group++)
		r = write_group(f, report, group);
	write_legend(f, report);
	write_minds(f, report);
	write_reasons(f, report);
	return r == 0 && ferror(f) ? -EIO : r;
}
