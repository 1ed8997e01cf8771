// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/causes.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "results/timeline.h"
#include "src/cleanup.h"
#include "src/macro.h"

static const struct {
	const char *name;
	double quantile;
} quantiles[] = {
	{ "p50", 0.5 }, { "p90", 0.9 }, { "p99", 0.99 }, { "p99.9", 0.999 }, { "max", 1 },
};

/* Time of one cause; what tells two causes apart. */
struct share {
	const char *cause;
	const char *detail;	   /* NULL: none */
	const char *kernel_thread; /* that ran meanwhile; NULL: none known */
	int node;		   /* -1: not told */
	uint64_t ns;
};

struct sum {
	struct share *shares;
	size_t count;
	uint64_t total_ns, unexplained_ns;
};

/* Something that kswapd or kcompactd was seen doing, at that time. */
struct mark {
	uint64_t t_ns;
	const char *thread;
};

/* Everything that the spans say, in the orders in which it is looked up. */
struct join {
	const struct record *record;
	const struct span **spans; /* by workload and thread, then by start, outer first */
	struct mark *marks;
	size_t mark_count;
};

/* The slow operations of one workload. */
struct operations {
	const struct slow **items; /* the slowest first */
	size_t count;
};

struct thread_timeline {
	const char *thread; /* borrowed */
	struct timeline timeline;
};

struct threads {
	struct thread_timeline *items;
	size_t count;
};

static int order(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static uint64_t latency(const struct slow *op)
{
	return op->end_ns - op->due_ns;
}

/* ---- spans ---- */

static int by_thread(const void *a, const void *b)
{
	const struct span *x = *(const struct span *const *)a, *y = *(const struct span *const *)b;
	int r = strcmp(x->workload, y->workload);

	if (r == 0)
		r = strcmp(x->thread, y->thread);
	if (r == 0)
		r = order(x->start_ns, y->start_ns);
	if (r == 0)
		r = order(y->end_ns, x->end_ns);
	return r ? r : (x > y) - (x < y); /* the file has the outer one first */
}

static int by_time(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;

	return order(x->t_ns, y->t_ns);
}

static bool is_daemon(const struct span *span)
{
	return streq(span->workload, "-") &&
	       (starts_with(span->thread, "kswapd") || starts_with(span->thread, "kcompactd"));
}

static void join_done(struct join *j)
{
	free(j->spans);
	free(j->marks);
}

static int join_begin(struct join *j, const struct record *record)
{
	size_t count = record->spans.count;

	j->record = record;
	j->spans = calloc(count + 1, sizeof(*j->spans));
	j->marks = calloc(2 * count + 1, sizeof(*j->marks));
	if (!j->spans || !j->marks)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const struct span *span = &record->spans.items[i];

		j->spans[i] = span;
		if (!is_daemon(span))
			continue;
		j->marks[j->mark_count++] = (struct mark){ span->start_ns, span->thread };
		j->marks[j->mark_count++] = (struct mark){ span->end_ns, span->thread };
	}
	qsort(j->spans, count, sizeof(*j->spans), by_thread);
	qsort(j->marks, j->mark_count, sizeof(*j->marks), by_time);
	return 0;
}

static int compare_thread(const struct span *span, const char *workload, const char *thread)
{
	int r = strcmp(span->workload, workload);

	return r ? r : strcmp(span->thread, thread);
}

/* The first of that thread's spans, or of those behind it. */
static size_t first_span(const struct join *j, const char *workload, const char *thread)
{
	size_t low = 0, high = j->record->spans.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_thread(j->spans[middle], workload, thread) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const struct timeline *timeline_of(const struct join *j, struct threads *threads,
					  const struct slow *op)
{
	size_t first, end;
	struct thread_timeline *t;

	for (size_t i = 0; i < threads->count; i++)
		if (streq(threads->items[i].thread, op->thread))
			return &threads->items[i].timeline;
	first = end = first_span(j, op->workload, op->thread);
	while (end < j->record->spans.count &&
	       compare_thread(j->spans[end], op->workload, op->thread) == 0)
		end++;
	t = &threads->items[threads->count];
	if (timeline_make(&t->timeline, j->spans + first, end - first) < 0)
		return NULL;
	t->thread = op->thread;
	threads->count++;
	return &t->timeline;
}

/* Which daemon of the kernel has left a trace in that time, or NULL. */
static const char *daemon_in(const struct join *j, uint64_t from, uint64_t to)
{
	size_t low = 0, high = j->mark_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (j->marks[middle].t_ns < from)
			low = middle + 1;
		else
			high = middle;
	}
	return low < j->mark_count && j->marks[low].t_ns <= to ? j->marks[low].thread : NULL;
}

/* ---- sums ---- */

static bool same_text(const char *a, const char *b)
{
	return a && b ? streq(a, b) : a == b;
}

static int add(struct sum *sum, const struct share *what)
{
	struct share *more;

	for (size_t i = 0; i < sum->count; i++) {
		struct share *s = &sum->shares[i];

		if (streq(s->cause, what->cause) && s->node == what->node &&
		    same_text(s->detail, what->detail) &&
		    same_text(s->kernel_thread, what->kernel_thread)) {
			s->ns += what->ns;
			return 0;
		}
	}
	more = reallocarray(sum->shares, sum->count + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	sum->shares = more;
	more[sum->count++] = *what;
	return 0;
}

/* Details that are names of something; of the others there would be as many as events. */
static bool has_detail(enum span_what what)
{
	return what == SPAN_SHRINKER || what == SPAN_THROTTLE || what == SPAN_IO_WAIT;
}

static int add_piece(struct sum *sum, const struct join *j, const struct piece *piece, uint64_t ns)
{
	const struct span *span = piece->span;
	struct share share = { .cause = span_what_names[span->what],
			       .node = piece->node,
			       .ns = ns };

	if (has_detail(span->what) && !streq(span->detail, "-"))
		share.detail = span->detail;
	if (span->what == SPAN_CPU_WAIT)
		share.kernel_thread = daemon_in(j, span->start_ns, span->end_ns);
	return add(sum, &share);
}

/* Time that no span covers. */
static int add_gap(struct sum *sum, const struct slow *op, uint64_t from, uint64_t to)
{
	uint64_t turn = op->begin_ns > from ? MIN(op->begin_ns, to) - from : 0;

	sum->unexplained_ns += to - from - turn;
	if (!turn)
		return 0;
	return add(sum, &(struct share){ .cause = CAUSE_TURN, .node = -1, .ns = turn });
}

static int add_operation(struct sum *sum, const struct join *j, const struct slow *op,
			 const struct timeline *timeline)
{
	uint64_t at = op->due_ns;
	int r = 0;

	sum->total_ns += latency(op);
	for (size_t i = timeline_after(timeline, at); r == 0 && i < timeline->count; i++) {
		const struct piece *piece = &timeline->pieces[i];
		uint64_t end = MIN(piece->end_ns, op->end_ns);

		if (piece->start_ns >= op->end_ns)
			break;
		if (piece->start_ns > at) {
			r = add_gap(sum, op, at, piece->start_ns);
			at = piece->start_ns;
		}
		if (r == 0)
			r = add_piece(sum, j, piece, end - at);
		at = end;
	}
	return r == 0 && at < op->end_ns ? add_gap(sum, op, at, op->end_ns) : r;
}

/* ---- JSON ---- */

static double part(uint64_t ns, uint64_t total_ns)
{
	return total_ns ? (double)ns / (double)total_ns : 0;
}

static json_t *share_json(const struct share *s, uint64_t total_ns)
{
	json_t *json = json_pack("{s:s, s:f, s:I}", "cause", s->cause, "share",
				 part(s->ns, total_ns), "ns", (json_int_t)s->ns);

	if (s->node >= 0)
		json_object_set_new(json, "node", json_integer(s->node));
	if (s->detail)
		json_object_set_new(json, "detail", json_string(s->detail));
	if (s->kernel_thread)
		json_object_set_new(json, "while", json_string(s->kernel_thread));
	return json;
}

/* The largest first; at one size by what is told of them, so that equal records print equally. */
static int by_size(const void *a, const void *b)
{
	const struct share *x = a, *y = b;
	int r = order(y->ns, x->ns);

	if (r == 0)
		r = strcmp(x->cause, y->cause);
	if (r == 0)
		r = x->node - y->node;
	if (r == 0)
		r = strcmp(x->detail ? x->detail : "", y->detail ? y->detail : "");
	return r ? r
		 : strcmp(x->kernel_thread ? x->kernel_thread : "",
			  y->kernel_thread ? y->kernel_thread : "");
}

/* sum is added to further: the copy is what gets sorted. */
static json_t *shares_json(const struct sum *sum)
{
	_cleanup_free_ struct share *sorted = calloc(sum->count + 1, sizeof(*sorted));
	json_t *list = sorted ? json_array() : NULL;

	for (size_t i = 0; list && i < sum->count; i++)
		sorted[i] = sum->shares[i];
	if (list)
		qsort(sorted, sum->count, sizeof(*sorted), by_size);
	for (size_t i = 0; list && i < sum->count; i++)
		json_array_append_new(list, share_json(&sorted[i], sum->total_ns));
	return list;
}

static int put_quantile(json_t *list, size_t q, const struct histogram *h, const struct sum *sum,
			size_t operations, uint64_t of)
{
	json_t *shares = shares_json(sum);
	json_t *item = json_pack(
		"{s:s, s:I, s:I, s:I, s:b, s:I, s:o, s:f, s:I}", "quantile", quantiles[q].name,
		"latency_ns", (json_int_t)histogram_quantile(h, quantiles[q].quantile),
		"operations", (json_int_t)operations, "of", (json_int_t)of, "complete",
		operations == of, "total_ns", (json_int_t)sum->total_ns, "shares", shares,
		"unexplained", part(sum->unexplained_ns, sum->total_ns), "unexplained_ns",
		(json_int_t)sum->unexplained_ns);

	/* The widest set comes last, and is the first in the list. */
	return json_array_insert_new(list, 0, item) < 0 ? -ENOMEM : 0;
}

/* ---- workloads ---- */

static int by_latency(const void *a, const void *b)
{
	const struct slow *x = *(const struct slow *const *)a, *y = *(const struct slow *const *)b;
	int r = order(latency(y), latency(x));

	return r ? r : (x > y) - (x < y);
}

/* How many of a histogram's values are at or above its quantile. */
static uint64_t count_above(const struct histogram *h, double quantile)
{
	uint64_t rank = (uint64_t)ceil(quantile * (double)h->count);

	return h->count - MIN(MAX(rank, (uint64_t)1), h->count) + 1;
}

static int add_next(struct sum *sum, const struct join *j, const struct slow *op,
		    struct threads *threads, uint64_t *floor_ns)
{
	const struct timeline *t = timeline_of(j, threads, op);
	uint64_t before = sum->unexplained_ns;
	int r = t ? add_operation(sum, j, op, t) : -ENOMEM;

	*floor_ns = MIN(*floor_ns, sum->unexplained_ns - before);
	return r;
}

/* What any operation has unexplained, all of a quantile's have: the floor of that sum. */
static void put_floor(json_t *list, uint64_t floor_ns)
{
	json_t *item;
	size_t i;

	json_array_foreach (list, i, item) {
		json_int_t operations = json_integer_value(json_object_get(item, "operations"));

		json_object_set_new(item, "floor_ns",
				    json_integer(operations * (json_int_t)floor_ns));
	}
}

/*
 * The sets of the quantiles lie in each other: one walk from the slowest operation on, and each
 * set's sum is what has been added when its last operation was.
 */
static int sum_up(const struct join *j, const struct operations *ops, struct threads *threads,
		  const struct histogram *h, json_t *list)
{
	uint64_t floor_ns = UINT64_MAX;
	struct sum sum = {};
	size_t at = 0;
	int r = 0;

	for (size_t q = ARRAY_SIZE(quantiles); r == 0 && q-- > 0;) {
		uint64_t of = count_above(h, quantiles[q].quantile);

		for (; r == 0 && at < MIN(of, (uint64_t)ops->count); at++)
			r = add_next(&sum, j, ops->items[at], threads, &floor_ns);
		if (r == 0)
			r = put_quantile(list, q, h, &sum, at, of);
	}
	for (; r == 0 && at < ops->count; at++)
		r = add_next(&sum, j, ops->items[at], threads, &floor_ns);
	put_floor(list, floor_ns);
	free(sum.shares);
	return r;
}

static const struct histogram *histogram_of(const struct record *record, const char *workload)
{
	for (size_t i = 0; i < record->latency_count; i++)
		if (streq(record->latencies[i].name, workload))
			return &record->latencies[i].latency;
	return NULL;
}

/* Those of the workload that are surely the slowest: another thread may have lost one as fast. */
static size_t collect(const struct record *record, const char *workload, uint64_t over_ns,
		      const struct slow **ret)
{
	size_t count = 0;

	for (size_t i = 0; i < record->slows.count; i++) {
		const struct slow *op = &record->slows.items[i];

		if (streq(op->workload, workload) && latency(op) >= over_ns)
			ret[count++] = op;
	}
	qsort(ret, count, sizeof(*ret), by_latency);
	return count;
}

static int add_workload(json_t *causes, const struct join *j, const json_t *workload)
{
	const char *name = json_string_value(json_object_get(workload, "name"));
	const json_t *kept = json_object_get(workload, "slow");
	const struct histogram *h = name ? histogram_of(j->record, name) : NULL;
	size_t most = j->record->slows.count;
	_cleanup_free_ const struct slow **items = calloc(most + 1, sizeof(*items));
	struct threads threads = { .items = calloc(most + 1, sizeof(*threads.items)) };
	json_int_t over = json_integer_value(json_object_get(kept, "over_ns"));
	struct operations ops = { .items = items };
	json_t *list = json_array();
	int r = items && threads.items && list ? 0 : -ENOMEM;

	if (r == 0 && kept && h && h->count)
		ops.count = collect(j->record, name, (uint64_t)over, items);
	if (ops.count)
		r = sum_up(j, &ops, &threads, h, list);
	if (r == 0 && ops.count && json_object_set(causes, name, list) < 0)
		r = -ENOMEM;
	json_decref(list);
	for (size_t i = 0; i < threads.count; i++)
		timeline_done(&threads.items[i].timeline);
	free(threads.items);
	return r;
}

json_t *causes_compute(const struct record *record)
{
	const json_t *trial = record->trial;
	_cleanup_(join_done) struct join j = {};
	json_t *causes = json_object(), *workload;
	size_t i;
	int r = causes ? 0 : -ENOMEM;

	if (!json_object_get(trial, "trace") || !record->slows.count)
		return causes;
	if (r == 0)
		r = join_begin(&j, record);
	json_array_foreach (json_object_get(trial, "workloads"), i, workload)
		if (r == 0)
			r = add_workload(causes, &j, workload);
	if (r < 0) {
		json_decref(causes);
		return NULL;
	}
	return causes;
}
