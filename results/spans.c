// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/spans.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "results/rows.h"
#include "src/cleanup.h"
#include "src/macro.h"
#include "src/units.h"

static const struct rows_format span_rows;

/* "-" leaves what is there. */
static bool read_known(const char *cell, uint64_t max, uint64_t *ret)
{
	uint64_t value;

	if (streq(cell, "-"))
		return true;
	if (parse_u64(cell, &value) < 0 || value > max)
		return false;
	*ret = value;
	return true;
}

static bool read_small(const char *cell, int *ret)
{
	uint64_t value;

	*ret = -1;
	if (streq(cell, "-"))
		return true;
	if (parse_u64(cell, &value) < 0 || value > INT_MAX)
		return false;
	*ret = (int)value;
	return true;
}

static bool read_what(const char *cell, enum span_what *ret)
{
	for (int what = 0; what < SPAN_WHATS; what++) {
		if (streq(cell, span_what_names[what])) {
			*ret = (enum span_what)what;
			return true;
		}
	}
	return false;
}

static int read_span(void *into, const void *before, char *const *cells, size_t line,
		     struct error *err)
{
	const struct span *last = before;
	struct span *span = into;

	*span = (struct span){
		.workload = cells[2],
		.thread = cells[3],
		.detail = cells[10],
		.scanned = SPAN_UNKNOWN,
		.reclaimed = SPAN_UNKNOWN,
	};
	if (parse_u64(cells[0], &span->start_ns) < 0 || parse_u64(cells[1], &span->end_ns) < 0 ||
	    span->end_ns < span->start_ns)
		return rows_complain(
			&span_rows, line,
			"start_ns and end_ns must be times, the end not before the start", err);
	if (!*span->workload || !*span->thread || !*span->detail)
		return rows_complain(&span_rows, line,
				     "workload, thread or detail is empty: «-» says none", err);
	if (!read_what(cells[4], &span->what))
		return error_say(err, -EBADMSG, "%s:%zu: «%.40s» is no kind of span", SPANS_FILE,
				 line, cells[4]);
	if (!read_small(cells[5], &span->node) || !read_small(cells[6], &span->order) ||
	    !read_small(cells[7], &span->priority) ||
	    !read_known(cells[8], SPAN_UNKNOWN - 1, &span->scanned) ||
	    !read_known(cells[9], SPAN_UNKNOWN - 1, &span->reclaimed))
		return rows_complain(&span_rows, line,
				     "node, order, priority, scanned and reclaimed must be whole "
				     "numbers, or «-»",
				     err);
	if (last && span->start_ns < last->start_ns)
		return rows_complain(&span_rows, line, "spans must be sorted by start_ns", err);
	return 0;
}

static const struct rows_format span_rows = {
	.file = SPANS_FILE,
	.head = "start_ns\tend_ns\tworkload\tthread\twhat\tnode\torder\tpriority\tscanned\t"
		"reclaimed\tdetail",
	.items = "spans",
	.item_size = sizeof(struct span),
	.most = (size_t)4 << 20,
	.read = read_span,
};

/* Threads side by side, each one's spans in time's order, outer ones first. */
static int by_thread(const void *a, const void *b)
{
	const struct span *x = *(const struct span *const *)a, *y = *(const struct span *const *)b;
	int order = strcmp(x->workload, y->workload);

	if (order == 0)
		order = strcmp(x->thread, y->thread);
	if (order == 0)
		order = (x->start_ns > y->start_ns) - (x->start_ns < y->start_ns);
	return order ? order : (x->end_ns < y->end_ns) - (x->end_ns > y->end_ns);
}

static bool same_thread(const struct span *a, const struct span *b)
{
	return streq(a->workload, b->workload) && streq(a->thread, b->thread);
}

/*
 * Whether spans of one thread nest or are disjoint. `open` is a stack of those that go on where the
 * next one starts; several processes that share the name "child" are no one thread.
 */
static int check_nesting(const struct spans *s, struct error *err)
{
	_cleanup_free_ const struct span **sorted = calloc(s->count + 1, sizeof(*sorted));
	_cleanup_free_ const struct span **open = calloc(s->count + 1, sizeof(*open));
	size_t depth = 0;

	if (!sorted || !open)
		return error_set(err, -ENOMEM, "read %s", SPANS_FILE);
	for (size_t i = 0; i < s->count; i++)
		sorted[i] = &s->items[i];
	qsort(sorted, s->count, sizeof(*sorted), by_thread);
	for (size_t i = 0; i < s->count; i++) {
		const struct span *span = sorted[i];

		if (streq(span->thread, "child"))
			continue;
		if (depth && !same_thread(open[0], span))
			depth = 0;
		while (depth && open[depth - 1]->end_ns <= span->start_ns)
			depth--;
		if (depth && span->end_ns > open[depth - 1]->end_ns)
			return error_say(err, -EBADMSG,
					 "%s:%zu: it begins within the span of line %zu, of the "
					 "same thread, and ends after it",
					 SPANS_FILE, (size_t)(span - s->items) + 2,
					 (size_t)(open[depth - 1] - s->items) + 2);
		open[depth++] = span;
	}
	return 0;
}

int spans_read(struct spans *ret, int dirfd, struct error *err)
{
	struct rows rows;
	struct spans s;
	int r = rows_read(&rows, dirfd, &span_rows, err);

	if (r < 0)
		return r;
	s = (struct spans){ .items = rows.items, .count = rows.count, .text = rows.text };
	r = check_nesting(&s, err);
	if (r < 0)
		spans_done(&s);
	else
		*ret = s;
	return r;
}

void spans_done(struct spans *spans)
{
	free(spans->items);
	free(spans->text);
	*spans = (struct spans){};
}
