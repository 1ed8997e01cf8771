// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>

#include "results/compare/show-compare.h"
#include "results/markdown.h"
#include "src/cleanup.h"
#include "src/macro.h"

/* A comment may have 65536 characters; a row has some 150. */
#define ROWS_MAX 100

static void write_list(FILE *f, const char *head, const struct strlist *list)
{
	if (!list->count)
		return;
	fprintf(f, "%s\n\n", head);
	for (size_t i = 0; i < list->count; i++) {
		fputs("- ", f);
		markdown_line(f, list->items[i]);
		fputc('\n', f);
	}
	fputc('\n', f);
}

static void write_row(FILE *f, const struct row *row)
{
	struct gate_check check;
	struct gate_cells cells;

	row_as_check(row, &check);
	gate_cells(&check, &cells);
	fputc('|', f);
	markdown_cell(f, row->metric);
	markdown_value(f, cells.base, row->state == ROW_JUDGED ? cells.unit : "");
	markdown_value(f, cells.fresh, row->state == ROW_JUDGED ? cells.unit : "");
	markdown_cell(f, cells.both);
	markdown_cell(f, cells.q);
	markdown_cell(f, cells.margin);
	markdown_cell(f, row->state == ROW_JUDGED ? verdict_name(row->result.verdict) : row->why);
	fputc('\n', f);
}

static int write_scenario(FILE *f, const struct comparison *c, size_t first, size_t last, bool all)
{
	_cleanup_free_ const struct row **rows = NULL;
	size_t moved, count;
	char name[300];

	rows = compare_order(c, first, last, &moved);
	if (!rows)
		return -ENOMEM;
	count = all ? last - first : MIN(moved, (size_t)ROWS_MAX);
	fputs("### ", f);
	markdown_text(f, row_scenario(c, &c->rows[first], name, sizeof(name)));
	fprintf(f, "\n\n%zu of %zu metrics moved.\n\n", moved, last - first);
	if (!count)
		return 0;
	fputs("| metric | base | new | shift (95 % interval) | q | margin | verdict |\n"
	      "|---|--:|--:|--:|--:|--:|---|\n",
	      f);
	for (size_t i = 0; i < count; i++)
		write_row(f, rows[i]);
	if (moved > count)
		fprintf(f, "\n…and %zu more.\n", moved - count);
	fputc('\n', f);
	return 0;
}

int compare_show_markdown(FILE *f, const struct comparison *c, bool all)
{
	const char *clock = json_string_value(json_object_get(c->fresh->run, "clock"));
	const struct gate_report report = { .clock = clock ? clock : "" };

	fputs("## ", f);
	markdown_text(f, c->fresh->label);
	fputs(" against ", f);
	markdown_text(f, c->base->label);
	fputs("\n\n", f);
	write_list(f, "**They can't be compared:**", &c->refusals);
	if (!c->refusals.count)
		write_list(f, "What differs:", &c->differences);
	for (size_t first = 0, last; first < c->count; first = last) {
		int r;

		last = compare_scenario_end(c, first);
		r = write_scenario(f, c, first, last, all);
		if (r < 0)
			return r;
	}
	if (gate_clock(&report)) {
		markdown_line(f, gate_clock(&report));
		fputc('\n', f);
	}
	return 0;
}
