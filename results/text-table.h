/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * A table for people: rows of cells, each column as wide as it must be. The first column stands to
 * the left, the others to the right; what is wider than the terminal stands below, behind the first
 * column again.
 */
#define TEXT_WIDTH	 100
#define TEXT_CELL_MAX	 200
#define TEXT_COLUMNS_MAX 24

struct text_row {
	char cells[TEXT_COLUMNS_MAX][TEXT_CELL_MAX];
	size_t count;
};

struct text_table {
	struct text_row *rows;
	size_t count;
	bool failed; /* memory is out: rows are missing */
};

/* Begins a row, which the cells then go to. */
void text_table_row(struct text_table *table);
__attribute__((format(printf, 2, 3))) void text_table_cell(struct text_table *table,
							   const char *fmt, ...);
/* -ENOMEM when a row is missing. */
int text_table_print(const struct text_table *table, FILE *f, int indent);
void text_table_done(struct text_table *table);
#define _cleanup_text_table_ __attribute__((cleanup(text_table_done)))

/* Words in lines of at most TEXT_WIDTH; the first line is indented by first, the others by indent.
 */
void text_wrap(FILE *f, const char *text, int first, int indent);

/* Columns on a terminal: bytes that don't continue a UTF-8 character. */
int text_width(const char *text);
