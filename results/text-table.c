// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/text-table.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "src/macro.h"

int text_width(const char *text)
{
	int n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

void text_table_row(struct text_table *table)
{
	struct text_row *more = reallocarray(table->rows, table->count + 1, sizeof(*more));

	if (!more) {
		table->failed = true;
		return;
	}
	table->rows = more;
	more[table->count++].count = 0;
}

void text_table_cell(struct text_table *table, const char *fmt, ...)
{
	struct text_row *row = table->count ? &table->rows[table->count - 1] : NULL;
	va_list ap;

	if (!row || row->count == TEXT_COLUMNS_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(row->cells[row->count++], TEXT_CELL_MAX, fmt, ap);
	va_end(ap);
}

/* The columns from first to last - 1 of a row, behind the first of all. */
static void print_row(const struct text_row *row, const int *widths, size_t first, size_t last,
		      FILE *f, int indent)
{
	last = MIN(last, row->count);
	while (last > first && !*row->cells[last - 1])
		last--;
	fprintf(f, "%*s%s", indent, "", row->cells[0]);
	if (last > first)
		fprintf(f, "%*s", widths[0] - text_width(row->cells[0]), "");
	for (size_t k = first; k < last; k++)
		fprintf(f, "  %*s%s", widths[k] - text_width(row->cells[k]), "", row->cells[k]);
	fputc('\n', f);
}

int text_table_print(const struct text_table *table, FILE *f, int indent)
{
	int widths[TEXT_COLUMNS_MAX] = {};
	size_t columns = 0, first = 1, last;

	for (size_t i = 0; i < table->count; i++) {
		columns = MAX(columns, table->rows[i].count);
		for (size_t k = 0; k < table->rows[i].count; k++)
			widths[k] = MAX(widths[k], text_width(table->rows[i].cells[k]));
	}
	do {
		int used = indent + widths[0];

		for (last = first; last < columns; last++) {
			used += 2 + widths[last];
			if (used > TEXT_WIDTH && last > first)
				break;
		}
		if (first > 1)
			fputc('\n', f);
		for (size_t i = 0; i < table->count; i++)
			print_row(&table->rows[i], widths, first, last, f, indent);
		first = last;
	} while (first < columns);
	return table->failed ? -ENOMEM : 0;
}

void text_table_done(struct text_table *table)
{
	free(table->rows);
	*table = (struct text_table){};
}

void text_wrap(FILE *f, const char *text, int first, int indent)
{
	int at = fprintf(f, "%*s", first, "");
	bool begun = false;

	for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
		int len = (int)strcspn(text, " ");
		char word[TEXT_CELL_MAX];
		int width;

		snprintf(word, sizeof(word), "%.*s", len, text);
		width = text_width(word);
		if (begun && at + 1 + width > TEXT_WIDTH) {
			at = indent;
			fprintf(f, "\n%*s", indent, "");
			begun = false;
		}
		fprintf(f, "%s%s", begun ? " " : "", word);
		at += begun + width;
		begun = true;
		text += len;
	}
	fputc('\n', f);
}
