// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>

#include "results/compare/show-compare.h"
#include "results/text-table.h"
#include "src/cleanup.h"
#include "src/macro.h"

/* What is shown of a scenario where everything moved, without --all. */
#define MOVED_SHOWN 12
#define LABEL_SHOWN 11

static void show_head(FILE *f, const struct comparison *c)
{
	const char *clock = json_string_value(json_object_get(c->fresh->run, "clock"));
	const struct gate_report report = { .clock = clock ? clock : "" };

	fprintf(f, "%s against %s\n", c->fresh->label, c->base->label);
	if (gate_clock(&report))
		fprintf(f, "%s\n", gate_clock(&report));
	for (size_t i = 0; i < c->refusals.count; i++) {
		fputs("  ! ", f);
		text_wrap(f, c->refusals.items[i], 0, 4);
	}
	if (c->refusals.count || !c->differences.count)
		return;
	fprintf(f, "\nwhat differs%s\n",
		c->base->kernel_count == 1 && !c->by_kernel &&
				!streq(c->base->kernels[0], c->fresh->kernels[0])
			? " beside the kernel"
			: "");
	for (size_t i = 0; i < c->differences.count; i++)
		text_wrap(f, c->differences.items[i], 2, 4);
}

static const char *label(const char *text, char buf[static 120])
{
	int width = text_width(text);
	bool cut = width > LABEL_SHOWN;

	/* The end of a path says more than its beginning. */
	for (; cut && width > LABEL_SHOWN - 1; width--)
		do
			text++;
		while (((unsigned char)*text & 0xc0) == 0x80);
	snprintf(buf, 120, "%s%.100s", cut ? "…" : "", text);
	return buf;
}

/* Below a heading, what the trials of both sides are in trouble with. */
static void show_troubles(FILE *f, const struct side *side, const struct cell *cell)
{
	char line[900];

	for (size_t i = 0; cell && i < cell->troubles.count + cell->failures.count; i++) {
		bool trouble = i < cell->troubles.count;

		snprintf(line, sizeof(line), "! %s: %s%s", side->label,
			 trouble ? "left out: " : "expectation not met: ",
			 trouble ? cell->troubles.items[i]
				 : cell->failures.items[i - cell->troubles.count]);
		text_wrap(f, line, 2, 6);
	}
}

static void add_row(struct text_table *table, const struct row *row)
{
	struct gate_check check;
	struct gate_cells cells;

	row_as_check(row, &check);
	gate_cells(&check, &cells);
	text_table_row(table);
	text_table_cell(table, "%s%s", row->metric, row->mind ? " ~" : "");
	text_table_cell(table, "%s", cells.base);
	text_table_cell(table, "%s", cells.fresh);
	text_table_cell(table, "%s", cells.both);
	text_table_cell(table, "%s", cells.q);
	if (row->result.verdict == VERDICT_SAME)
		text_table_cell(table, "same ±%s", cells.margin);
	else
		text_table_cell(table, "%s", verdict_name(row->result.verdict));
}

static int show_rows(FILE *f, const struct comparison *c, const struct row **rows, size_t count)
{
	_cleanup_text_table_ struct text_table table = {};
	char base[120], fresh[120];

	if (!count)
		return 0;
	text_table_row(&table);
	text_table_cell(&table, "%s", "");
	text_table_cell(&table, "%s", label(c->base->label, base));
	text_table_cell(&table, "%s", label(c->fresh->label, fresh));
	text_table_cell(&table, "shift (95 %% interval)");
	text_table_cell(&table, "q");
	text_table_cell(&table, "verdict");
	for (size_t i = 0; i < count; i++)
		add_row(&table, rows[i]);
	return text_table_print(&table, f, 2);
}

/* What can't be compared, by its reason: names share a line. */
static void show_refused(FILE *f, const struct row **rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char line[2000];
		size_t n, more = 0;
		bool said = rows[i]->state == ROW_JUDGED;

		for (size_t k = 0; k < i && !said; k++)
			said = rows[k]->state != ROW_JUDGED && streq(rows[k]->why, rows[i]->why);
		if (said)
			continue;
		n = (size_t)snprintf(line, sizeof(line),
				     "%s %s: ", rows[i]->state == ROW_DIFFERENT ? "≠" : "!",
				     rows[i]->why);
		for (size_t k = i; k < count && n < sizeof(line); k++) {
			if (rows[k]->state == ROW_JUDGED || !streq(rows[k]->why, rows[i]->why))
				continue;
			if (more++ < 12)
				n += (size_t)snprintf(line + n, sizeof(line) - n, "%s%s",
						      more > 1 ? ", " : "", rows[k]->metric);
		}
		if (more > 12 && n < sizeof(line))
			snprintf(line + n, sizeof(line) - n, " and %zu more", more - 12);
		text_wrap(f, line, 2, 4);
	}
}

static void show_minded(FILE *f, const struct row **rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char line[600];
		bool said = !rows[i]->mind || rows[i]->state != ROW_JUDGED;

		for (size_t k = 0; k < i && !said; k++)
			said = rows[k]->mind == rows[i]->mind;
		if (said)
			continue;
		snprintf(line, sizeof(line), "~ mind: %s", rows[i]->mind);
		text_wrap(f, line, 2, 4);
	}
}

static void show_counts(FILE *f, const struct row **rows, size_t moved, size_t shown, size_t count)
{
	size_t same = 0, open = 0, refused = 0;

	for (size_t i = moved; i < count; i++) {
		same += rows[i]->state == ROW_JUDGED && rows[i]->result.verdict == VERDICT_SAME;
		open += rows[i]->state == ROW_JUDGED &&
			rows[i]->result.verdict == VERDICT_CANT_TELL;
		refused += rows[i]->state != ROW_JUDGED;
	}
	fputs("  ", f);
	if (moved > shown)
		fprintf(f, "%zu more moved, ", moved - shown);
	else if (!moved)
		fputs("nothing moved, ", f);
	fprintf(f, "%zu the same, %zu can't be told", same, open);
	if (refused)
		fprintf(f, ", %zu not to be compared", refused);
	fputs(": --all shows them\n", f);
}

static int show_scenario(FILE *f, const struct comparison *c, size_t first, size_t last, bool all)
{
	_cleanup_free_ const struct row **rows = NULL;
	size_t moved, shown, judged = 0;
	char name[300];
	int r;

	rows = compare_order(c, first, last, &moved);
	if (!rows)
		return -ENOMEM;
	while (judged < last - first && rows[judged]->state == ROW_JUDGED)
		judged++;
	fprintf(f, "\n%s  (%zu and %zu seeds)\n",
		row_scenario(c, &c->rows[first], name, sizeof(name)), rows[0]->values.base_count,
		rows[0]->values.fresh_count);
	show_troubles(f, c->base, rows[0]->base);
	show_troubles(f, c->fresh, rows[0]->fresh);
	shown = all ? judged : MIN(moved, (size_t)MOVED_SHOWN);
	r = show_rows(f, c, rows, shown);
	if (!all)
		show_counts(f, rows, moved, shown, last - first);
	show_minded(f, rows, shown);
	if (all)
		show_refused(f, rows, last - first);
	return r;
}

int compare_show_text(FILE *f, const struct comparison *c, bool all)
{
	show_head(f, c);
	for (size_t first = 0, last; first < c->count; first = last) {
		int r;

		last = compare_scenario_end(c, first);
		r = show_scenario(f, c, first, last, all);
		if (r < 0)
			return r;
	}
	return 0;
}
