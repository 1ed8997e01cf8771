/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

#include "src/error.h"

/*
 * A record's file of rows: a first line that names the columns, then a line for each item, of cells
 * with a tab between them. A record may come from a guest, so nothing about it is taken on trust.
 */
#define ROWS_CELLS_MAX 16

struct rows_format {
	const char *file;
	const char *head;  /* the first line; at most ROWS_CELLS_MAX columns */
	const char *items; /* what they are called, for messages: "spans" */
	size_t item_size;
	size_t most; /* items; a file of more is refused before memory is taken for them */
	/*
	 * Fills the item from its cells, as many as there are columns; the item before it in the
	 * file is at before, NULL for the first. Cells stay valid as long as the rows' text.
	 */
	int (*read)(void *item, const void *before, char *const *cells, size_t line,
		    struct error *err);
};

struct rows {
	void *items; /* an array of format->item_size each */
	size_t count;
	char *text; /* what the items' strings point into */
};

/*
 * Reads format->file in dirfd; on success *ret is to be given to rows_done(). -ENOENT: there is no
 * such file; -EBADMSG, -E2BIG: it is not what it should be, and the error says which line.
 */
int rows_read(struct rows *ret, int dirfd, const struct rows_format *format, struct error *err);
void rows_done(struct rows *rows);

/* -EBADMSG, with the file and the line before what. */
int rows_complain(const struct rows_format *format, size_t line, const char *what,
		  struct error *err);
