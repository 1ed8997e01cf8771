// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/units.h"

#define SAMPLES_FILE "samples.tsv"
/* A record may come from a guest: its size is bounded before anything is allocated by it. */
#define COLUMNS_MAX 16384
#define CELLS_MAX   ((size_t)32 << 20)

/* Cuts the line at *cursor off and moves behind it; NULL at the text's end. */
static char *next_line(char **cursor)
{
	char *line = *cursor;
	size_t len = strcspn(line, "\n");

	if (!*line)
		return NULL;
	*cursor = line + len + (line[len] != '\0');
	line[len] = '\0';
	return line;
}

static size_t count_char(const char *text, char c)
{
	size_t n = 0;

	for (; (text = strchr(text, c)); text++)
		n++;
	return n;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int check_names(const struct samples *s, struct error *err)
{
	_cleanup_free_ char **sorted = calloc(s->columns, sizeof(*sorted));

	if (!sorted)
		return error_set(err, -ENOMEM, "read %s", SAMPLES_FILE);
	if (!streq(s->names[0], "t_ns"))
		return error_say(err, -EBADMSG, "%s: the first column must be t_ns, not «%.60s»",
				 SAMPLES_FILE, s->names[0]);
	memcpy(sorted, s->names, s->columns * sizeof(*sorted));
	qsort(sorted, s->columns, sizeof(*sorted), by_name);
	for (size_t i = 0; i < s->columns; i++) {
		if (!*sorted[i])
			return error_say(err, -EBADMSG, "%s: a column has no name", SAMPLES_FILE);
		if (i && streq(sorted[i], sorted[i - 1]))
			return error_say(err, -EBADMSG, "%s: two columns are called «%.60s»",
					 SAMPLES_FILE, sorted[i]);
	}
	return 0;
}

static int read_names(struct samples *s, char *line, struct error *err)
{
	size_t columns = count_char(line, '\t') + 1;

	if (columns > COLUMNS_MAX)
		return error_say(err, -E2BIG, "%s: %zu columns are more than the %d allowed",
				 SAMPLES_FILE, columns, COLUMNS_MAX);
	s->names = calloc(columns, sizeof(*s->names));
	if (!s->names)
		return error_set(err, -ENOMEM, "read %s", SAMPLES_FILE);
	for (char *name; (name = strsep(&line, "\t"));) {
		s->names[s->columns] = strdup(name);
		if (!s->names[s->columns++])
			return error_set(err, -ENOMEM, "read %s", SAMPLES_FILE);
	}
	return check_names(s, err);
}

static int read_row(struct samples *s, char *line, struct error *err)
{
	uint64_t *row = s->values + s->rows * s->columns;
	size_t line_number = s->rows + 2, column = 0;

	for (char *cell; (cell = strsep(&line, "\t")); column++) {
		if (column == s->columns)
			return error_say(err, -EBADMSG, "%s:%zu: more values than columns",
					 SAMPLES_FILE, line_number);
		if (streq(cell, "-"))
			row[column] = SAMPLE_MISSING;
		else if (parse_u64(cell, &row[column]) < 0)
			return error_say(err, -EBADMSG,
					 "%s:%zu: «%.40s» in column %.60s is no counter value",
					 SAMPLES_FILE, line_number, cell, s->names[column]);
	}
	if (column < s->columns)
		return error_say(err, -EBADMSG, "%s:%zu: %zu values for %zu columns: cut short?",
				 SAMPLES_FILE, line_number, column, s->columns);
	if (row[0] == SAMPLE_MISSING || (s->rows && row[0] < row[-(ptrdiff_t)s->columns]))
		return error_say(err, -EBADMSG, "%s:%zu: t_ns is missing or goes backwards",
				 SAMPLES_FILE, line_number);
	s->rows++;
	return 0;
}

static int read_text(struct samples *s, char *text, struct error *err)
{
	char *cursor = text, *line = next_line(&cursor);
	size_t rows;
	int r;

	if (!line)
		return error_say(err, -EBADMSG, "%s is empty", SAMPLES_FILE);
	r = read_names(s, line, err);
	if (r < 0)
		return r;
	rows = count_char(cursor, '\n') + 1;
	if (rows > CELLS_MAX / s->columns)
		return error_say(err, -E2BIG, "%s: %zu rows of %zu columns are too many",
				 SAMPLES_FILE, rows, s->columns);
	s->values = calloc(rows * s->columns, sizeof(*s->values));
	if (!s->values)
		return error_set(err, -ENOMEM, "read %s", SAMPLES_FILE);
	while (r == 0 && (line = next_line(&cursor)))
		r = read_row(s, line, err);
	return r;
}

int samples_read(struct samples *ret, int dirfd, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	struct samples s = {};
	size_t len;
	int r = file_read(dirfd, SAMPLES_FILE, &text, &len, err);

	if (r < 0)
		return r;
	if (strlen(text) != len)
		return error_say(err, -EBADMSG, "%s holds a NUL byte", SAMPLES_FILE);
	r = read_text(&s, text, err);
	if (r < 0) {
		samples_done(&s);
		return r;
	}
	*ret = s;
	return 0;
}

void samples_done(struct samples *s)
{
	for (size_t i = 0; i < s->columns; i++)
		free(s->names[i]);
	free(s->names);
	free(s->values);
	*s = (struct samples){};
}

int samples_column(const struct samples *s, const char *name)
{
	for (size_t i = 0; i < s->columns; i++)
		if (streq(s->names[i], name))
			return (int)i;
	return -1;
}
