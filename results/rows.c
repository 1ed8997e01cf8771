// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/file.h"
#include "src/macro.h"

int rows_complain(const struct rows_format *format, size_t line, const char *what,
		  struct error *err)
{
	return error_say(err, -EBADMSG, "%s:%zu: %s", format->file, line, what);
}

static size_t count_columns(const char *head)
{
	size_t n = 1;

	for (; *head; head++)
		n += *head == '\t';
	return n;
}

static int read_line(struct rows *rows, const struct rows_format *format, char *text,
		     struct error *err)
{
	size_t columns = count_columns(format->head), line = rows->count + 2, n = 0;
	char *item = (char *)rows->items + rows->count * format->item_size;
	char *cells[ROWS_CELLS_MAX];
	int r;

	for (char *cell; (cell = strsep(&text, "\t")); n++) {
		if (n == columns)
			return error_say(err, -EBADMSG, "%s:%zu: more than %zu columns",
					 format->file, line, columns);
		cells[n] = cell;
	}
	if (n < columns)
		return error_say(err, -EBADMSG, "%s:%zu: fewer than %zu columns: cut short?",
				 format->file, line, columns);
	r = format->read(item, rows->count ? item - format->item_size : NULL, cells, line, err);
	if (r < 0)
		return r;
	rows->count++;
	return 0;
}

static int read_text(struct rows *rows, const struct rows_format *format, struct error *err)
{
	char *cursor = rows->text, *line = strsep(&cursor, "\n");
	size_t lines = 0;
	int r = 0;

	if (!streq(line, format->head))
		return error_say(err, -EBADMSG, "%s: its first line must name the columns %s",
				 format->file, format->head);
	for (const char *p = cursor; p && (p = strchr(p, '\n')); p++)
		lines++;
	if (lines > format->most)
		return error_say(err, -E2BIG, "%s: %zu %s are more than the %zu allowed",
				 format->file, lines, format->items, format->most);
	rows->items = calloc(lines + 1, format->item_size);
	if (!rows->items)
		return error_set(err, -ENOMEM, "read %s", format->file);
	while (r == 0 && (line = strsep(&cursor, "\n"))) {
		if (cursor)
			r = read_line(rows, format, line, err);
		else if (*line)
			r = rows_complain(format, rows->count + 2,
					  "the last line has no end: cut short?", err);
	}
	return r;
}

int rows_read(struct rows *ret, int dirfd, const struct rows_format *format, struct error *err)
{
	struct rows rows = {};
	size_t len;
	int r = file_read(dirfd, format->file, &rows.text, &len, err);

	if (r < 0)
		return r;
	if (strlen(rows.text) != len)
		r = error_say(err, -EBADMSG, "%s holds a NUL byte", format->file);
	else
		r = read_text(&rows, format, err);
	if (r < 0) {
		rows_done(&rows);
		return r;
	}
	*ret = rows;
	return 0;
}

void rows_done(struct rows *rows)
{
	free(rows->items);
	free(rows->text);
	*rows = (struct rows){};
}
