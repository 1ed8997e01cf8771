// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/slow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/file.h"
#include "src/macro.h"
#include "src/units.h"

#define SLOW_HEAD "workload\tthread\tdue_ns\tbegin_ns\tend_ns"
#define CELLS	  5
/* A record may come from a guest: its size is bounded before anything is allocated by it. */
#define SLOW_ROWS_MAX ((size_t)4 << 20)

static int bad_line(struct error *err, size_t line, const char *what)
{
	return error_say(err, -EBADMSG, "%s:%zu: %s", SLOW_FILE, line, what);
}

static int read_line(struct slows *s, char *text, struct error *err)
{
	struct slow *item = &s->items[s->count];
	size_t line = s->count + 2, n = 0;
	char *cells[CELLS];

	for (char *cell; (cell = strsep(&text, "\t")); n++) {
		if (n == CELLS)
			return bad_line(err, line, "more than 5 columns");
		cells[n] = cell;
	}
	if (n < CELLS)
		return bad_line(err, line, "fewer than 5 columns: cut short?");
	*item = (struct slow){ .workload = cells[0], .thread = cells[1] };
	if (!*item->workload || !*item->thread)
		return bad_line(err, line, "workload or thread is empty");
	if (parse_u64(cells[2], &item->due_ns) < 0 || parse_u64(cells[3], &item->begin_ns) < 0 ||
	    parse_u64(cells[4], &item->end_ns) < 0 || item->begin_ns < item->due_ns ||
	    item->end_ns < item->begin_ns)
		return bad_line(err, line, "due_ns, begin_ns and end_ns must be times in order");
	if (s->count && item->due_ns < item[-1].due_ns)
		return bad_line(err, line, "operations must be sorted by due_ns");
	s->count++;
	return 0;
}

/* {"kept": N, "over_ns": L} of a workload, or NULL. */
static const json_t *kept_of(const json_t *workload)
{
	return json_object_get(workload, "slow");
}

bool slows_expected(const json_t *trial)
{
	json_t *workload;
	size_t i;

	json_array_foreach (json_object_get(trial, "workloads"), i, workload)
		if (kept_of(workload))
			return true;
	return false;
}

static size_t count_of(const struct slows *s, const char *workload)
{
	size_t count = 0;

	for (size_t i = 0; i < s->count; i++)
		count += streq(s->items[i].workload, workload);
	return count;
}

static int check_counts(const struct slows *s, const json_t *trial, struct error *err)
{
	size_t total = 0, i;
	json_t *workload;

	json_array_foreach (json_object_get(trial, "workloads"), i, workload) {
		const json_t *kept = json_object_get(kept_of(workload), "kept");
		const char *name = json_string_value(json_object_get(workload, "name"));
		size_t count;

		if (!kept_of(workload) || !name)
			continue;
		count = count_of(s, name);
		if (!json_is_integer(kept) || json_integer_value(kept) != (json_int_t)count ||
		    !json_is_integer(json_object_get(kept_of(workload), "over_ns")))
			return error_say(err, -EBADMSG,
					 "%s: it has %zu operations of %.60s, trial.json speaks of "
					 "%lld",
					 SLOW_FILE, count, name,
					 (long long)json_integer_value(kept));
		total += count;
	}
	return total == s->count
		       ? 0
		       : error_say(err, -EBADMSG,
				   "%s: it has operations of workloads that, by trial.json, "
				   "keep none",
				   SLOW_FILE);
}

static int read_text(struct slows *s, struct error *err)
{
	char *cursor = s->text, *line = strsep(&cursor, "\n");
	size_t lines = 0;
	int r = 0;

	if (!streq(line, SLOW_HEAD))
		return error_say(err, -EBADMSG, "%s: its first line must name the columns %s",
				 SLOW_FILE, SLOW_HEAD);
	for (const char *p = cursor; p && (p = strchr(p, '\n')); p++)
		lines++;
	if (lines > SLOW_ROWS_MAX)
		return error_say(err, -E2BIG, "%s: %zu operations are more than the %zu allowed",
				 SLOW_FILE, lines, SLOW_ROWS_MAX);
	s->items = calloc(lines + 1, sizeof(*s->items));
	if (!s->items)
		return error_set(err, -ENOMEM, "read %s", SLOW_FILE);
	while (r == 0 && (line = strsep(&cursor, "\n"))) {
		if (cursor)
			r = read_line(s, line, err);
		else if (*line)
			r = bad_line(err, s->count + 2, "the last line has no end: cut short?");
	}
	return r;
}

int slows_read(struct slows *ret, int dirfd, const json_t *trial, struct error *err)
{
	struct slows s = {};
	size_t len;
	int r = file_read(dirfd, SLOW_FILE, &s.text, &len, err);

	if (r < 0)
		return r;
	if (strlen(s.text) != len)
		r = error_say(err, -EBADMSG, "%s holds a NUL byte", SLOW_FILE);
	else
		r = read_text(&s, err);
	if (r == 0)
		r = check_counts(&s, trial, err);
	if (r < 0) {
		slows_done(&s);
		return r;
	}
	*ret = s;
	return 0;
}

void slows_done(struct slows *slows)
{
	free(slows->items);
	free(slows->text);
	*slows = (struct slows){};
}
