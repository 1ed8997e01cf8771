// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/cube-trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "results/span-formula.h"
#include "src/cleanup.h"
#include "src/macro.h"

/* What an event can be counted under: reclaimers, and where it is not told which. */
enum {
	WHO_KSWAPD,
	WHO_DIRECT,
	WHO_KHUGEPAGED,
	WHO_AT_LIMITS,
	WHO_KNOWN,
	WHO_UNKNOWN = WHO_KNOWN,
	WHO_PLACES
};

static const size_t who_places[WHO_KNOWN] = {
	[WHO_KSWAPD] = CUBE_KSWAPD,
	[WHO_DIRECT] = CUBE_DIRECT,
	[WHO_KHUGEPAGED] = CUBE_KHUGEPAGED,
	[WHO_AT_LIMITS] = CUBE_AT_LIMITS,
};

/* A pass over an LRU list, or a shrinker's work. */
struct event {
	uint64_t t_ns;
	size_t node;
	unsigned who, kind;
	size_t owner; /* the cgroup that its pages are of; the place of all: not told */
	uint64_t counts[CUBE_MEASURES];
};

struct events {
	struct event *items; /* by time */
	size_t count;
	bool complete; /* false: events of that sort are not to be had, or one did not tell */
};

struct cube_trace {
	struct events passes, shrinkers;
	bool scans; /* the passes' scanned is what the counters have: the classic LRU */
	size_t nodes, cgroups, all_cgroups;
	uint64_t *sums;	 /* [node][who][kind] */
	uint64_t *owned; /* at limits: [node][cgroup][kind] */
	bool *liars;	 /* [cgroup] */
};

/* ---- whose pages ---- */

static bool is_below(const char *path, const char *above)
{
	size_t len = strlen(above);

	return strncmp(path, above, len) == 0 && (!path[len] || path[len] == '/');
}

static bool is_limited(const json_t *limits, const char *cgroup)
{
	static const char *const files[] = { "memory.max", "memory.high" };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		char key[300];
		const char *value;

		snprintf(key, sizeof(key), "%.200s/%s", cgroup, files[i]);
		value = json_string_value(json_object_get(limits, key));
		if (value && !streq(value, "max"))
			return true;
	}
	return false;
}

/*
 * The place of the cgroup whose pages reclaim at a limit takes when a thread of that cgroup meets
 * one: the limit is its own or that of a cgroup above, and the pages are of all that is below that
 * one. It is told where there is no other cgroup below the topmost limit.
 */
static size_t owner_of(const struct cube *cube, const char *path)
{
	const json_t *limits = json_object_get(cube->record->trial, "limits");
	const char *top = NULL;
	size_t owner = cube_all(cube, CUBE_CGROUP);

	for (size_t i = 0; i < cube->cgroup_count; i++)
		if (is_below(path, cube->cgroups[i]) && is_limited(limits, cube->cgroups[i]) &&
		    (!top || strlen(cube->cgroups[i]) < strlen(top)))
			top = cube->cgroups[i];
	for (size_t i = 0; top && i < cube->cgroup_count; i++) {
		if (streq(cube->cgroups[i], path))
			owner = i;
		else if (is_below(cube->cgroups[i], top))
			return cube_all(cube, CUBE_CGROUP);
	}
	return owner;
}

static size_t owner_of_workload(const struct cube *cube, const char *name)
{
	json_t *workload;
	size_t i;

	json_array_foreach (json_object_get(cube->record->trial, "workloads"), i, workload) {
		const char *is = json_string_value(json_object_get(workload, "name"));
		const char *cgroup = json_string_value(json_object_get(workload, "cgroup"));

		if (is && cgroup && streq(is, name))
			return owner_of(cube, cgroup);
	}
	return cube_all(cube, CUBE_CGROUP);
}

/* ---- events ---- */

static int by_thread(const void *a, const void *b)
{
	const struct span *x = *(const struct span *const *)a, *y = *(const struct span *const *)b;
	int r = strcmp(x->workload, y->workload);

	if (r == 0)
		r = strcmp(x->thread, y->thread);
	if (r == 0)
		r = (x->start_ns > y->start_ns) - (x->start_ns < y->start_ns);
	if (r == 0)
		r = (x->end_ns < y->end_ns) - (x->end_ns > y->end_ns);
	return r ? r : (x > y) - (x < y);
}

static int by_time(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	return (x->t_ns > y->t_ns) - (x->t_ns < y->t_ns);
}

static bool is_daemon(const struct span *span, const char *comm)
{
	return streq(span->workload, "-") && starts_with(span->thread, comm);
}

/* Who reclaims in that call; WHO_UNKNOWN when it is none. */
static unsigned who_calls(const struct cube *cube, const struct span *span)
{
	bool huge = is_daemon(span, "khugepaged");

	switch (span->what) {
	case SPAN_KSWAPD:
		return WHO_KSWAPD;
	case SPAN_DIRECT_RECLAIM:
	case SPAN_NODE_RECLAIM:
		return huge ? WHO_KHUGEPAGED : WHO_DIRECT;
	case SPAN_MEMCG_RECLAIM:
		return huge && cube->khugepaged ? WHO_KHUGEPAGED : WHO_AT_LIMITS;
	default:
		return WHO_UNKNOWN;
	}
}

/* Calls of one thread that have begun. Of several that share a name, all must be of one sort. */
struct calls {
	const struct span **items;
	size_t count;
};

static unsigned who_around(const struct cube *cube, struct calls *calls, const struct span *span)
{
	unsigned who = WHO_UNKNOWN;
	size_t kept = 0;

	for (size_t i = 0; i < calls->count; i++)
		if (calls->items[i]->end_ns >= span->end_ns)
			calls->items[kept++] = calls->items[i];
	calls->count = kept;
	for (size_t i = 0; i < kept; i++) {
		unsigned one = who_calls(cube, calls->items[i]);

		if (i && one != who && streq(span->thread, "child"))
			return WHO_UNKNOWN;
		who = one;
	}
	return kept == 0 && is_daemon(span, "kswapd") ? WHO_KSWAPD : who;
}

static size_t node_place(const struct cube *cube, int node)
{
	size_t i = 0;

	while (i < cube->node_count && cube->nodes[i] != node)
		i++;
	return i;
}

static void add_event(const struct cube *cube, struct events *events, const struct span *span,
		      unsigned who, size_t owner)
{
	bool known = span->scanned != SPAN_UNKNOWN && span->reclaimed != SPAN_UNKNOWN;
	size_t node = node_place(cube, span->node);

	if (!known || node == cube->node_count) {
		events->complete = false;
		return;
	}
	events->items[events->count++] = (struct event){
		.t_ns = span->end_ns,
		.node = node,
		.who = who,
		.kind = span->what == SPAN_LRU && streq(span->detail, "file") ? CUBE_FILE
									      : CUBE_ANON,
		.owner = owner,
		.counts = { span->scanned, span->reclaimed },
	};
}

static void read_spans(struct cube_trace *trace, const struct cube *cube, const struct span **spans,
		       size_t count, struct calls *calls)
{
	size_t owner = trace->all_cgroups;

	for (size_t i = 0; i < count; i++) {
		const struct span *span = spans[i];
		unsigned who;

		if (!i || !streq(span->workload, spans[i - 1]->workload))
			owner = owner_of_workload(cube, span->workload);
		if (!i || !streq(span->workload, spans[i - 1]->workload) ||
		    !streq(span->thread, spans[i - 1]->thread))
			calls->count = 0;
		if (who_calls(cube, span) != WHO_UNKNOWN)
			calls->items[calls->count++] = span;
		if (span->what != SPAN_LRU && span->what != SPAN_SHRINKER)
			continue;
		who = who_around(cube, calls, span);
		add_event(cube, span->what == SPAN_LRU ? &trace->passes : &trace->shrinkers, span,
			  who, who == WHO_AT_LIMITS ? owner : trace->all_cgroups);
	}
}

/* No event was lost, and the calls are told that say who reclaims. */
static bool is_whole(const json_t *trace)
{
	static const enum span_what calls[] = { SPAN_MEMCG_RECLAIM, SPAN_DIRECT_RECLAIM,
						SPAN_KSWAPD };
	const json_t *lost = json_object_get(trace, "lost");

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (span_unavailable(trace, calls[i]))
			return false;
	return json_is_integer(lost) && json_integer_value(lost) == 0;
}

static int fill(struct cube_trace *trace, const struct cube *cube)
{
	const struct spans *all = &cube->record->spans;
	_cleanup_free_ const struct span **spans = calloc(all->count + 1, sizeof(*spans));
	_cleanup_free_ const struct span **open = calloc(all->count + 1, sizeof(*open));
	struct calls calls = { .items = open };

	trace->passes.items = calloc(all->count + 1, sizeof(*trace->passes.items));
	trace->shrinkers.items = calloc(all->count + 1, sizeof(*trace->shrinkers.items));
	trace->sums = calloc(trace->nodes * WHO_PLACES * CUBE_KINDS + 1, sizeof(*trace->sums));
	trace->owned =
		calloc(trace->nodes * trace->cgroups * CUBE_KINDS + 1, sizeof(*trace->owned));
	trace->liars = calloc(trace->cgroups + 1, sizeof(*trace->liars));
	if (!spans || !open || !trace->passes.items || !trace->shrinkers.items || !trace->sums ||
	    !trace->owned || !trace->liars)
		return -ENOMEM;
	for (size_t i = 0; i < all->count; i++)
		spans[i] = &all->items[i];
	qsort(spans, all->count, sizeof(*spans), by_thread);
	read_spans(trace, cube, spans, all->count, &calls);
	qsort(trace->passes.items, trace->passes.count, sizeof(*trace->passes.items), by_time);
	qsort(trace->shrinkers.items, trace->shrinkers.count, sizeof(*trace->shrinkers.items),
	      by_time);
	return 0;
}

int cube_trace_new(struct cube_trace **ret, const struct cube *cube)
{
	const json_t *traced = json_object_get(cube->record->trial, "trace");
	const json_t *regime = json_object_get(cube->record->trial, "regime");
	const char *lru = json_string_value(json_object_get(regime, "lru"));
	struct cube_trace *trace;

	*ret = NULL;
	if (!traced || !is_whole(traced))
		return 0;
	trace = calloc(1, sizeof(*trace));
	if (!trace)
		return -ENOMEM;
	trace->nodes = cube->node_count;
	trace->cgroups = cube->cgroup_count;
	trace->all_cgroups = cube_all(cube, CUBE_CGROUP);
	trace->scans = lru && streq(lru, "classic");
	trace->passes.complete = !span_unavailable(traced, SPAN_LRU);
	trace->shrinkers.complete = !span_unavailable(traced, SPAN_SHRINKER);
	if (fill(trace, cube) < 0) {
		cube_trace_free(trace);
		return -ENOMEM;
	}
	*ret = trace;
	return 0;
}

void cube_trace_free(struct cube_trace *trace)
{
	if (!trace)
		return;
	free(trace->passes.items);
	free(trace->shrinkers.items);
	free(trace->sums);
	free(trace->owned);
	free(trace->liars);
	free(trace);
}

/* ---- telling ---- */

static uint64_t *sum_of(const struct cube_trace *trace, size_t node, unsigned who, size_t kind)
{
	return &trace->sums[(node * WHO_PLACES + who) * CUBE_KINDS + kind];
}

static uint64_t *sum_owned(const struct cube_trace *trace, size_t node, size_t cgroup, size_t kind)
{
	return &trace->owned[(node * trace->cgroups + cgroup) * CUBE_KINDS + kind];
}

/* Sums a measure, or with CUBE_MEASURES the events themselves, of what is between the cube's rows.
 */
static void add_up(struct cube_trace *trace, const struct events *events, const struct cube *cube,
		   enum cube_measure measure)
{
	const struct samples *s = &cube->record->samples;
	uint64_t from = samples_at(s, cube->first, 0), to = samples_at(s, cube->last, 0);
	size_t low = 0, high = events->count;

	memset(trace->sums, 0, trace->nodes * WHO_PLACES * CUBE_KINDS * sizeof(*trace->sums));
	memset(trace->owned, 0, trace->nodes * trace->cgroups * CUBE_KINDS * sizeof(*trace->owned));
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (events->items[middle].t_ns <= from)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < events->count && events->items[low].t_ns <= to; low++) {
		const struct event *e = &events->items[low];
		uint64_t n = measure == CUBE_MEASURES ? 1 : e->counts[measure];

		*sum_of(trace, e->node, e->who, e->kind) += n;
		if (e->owner < trace->cgroups)
			*sum_owned(trace, e->node, e->owner, e->kind) += n;
	}
}

/*
 * What the counters have of a kind and the trace has not, and the other way round: 0 where both are
 * whole. What the trace tells of a part of it is right up to that.
 */
struct slack {
	uint64_t under, over;
};

static struct slack slack_of(const struct cube_trace *trace, const struct grid *grid, size_t kind)
{
	struct grid_place all = { .at = { grid_axis_all(&grid->axes[CUBE_NODE]), trace->all_cgroups,
					  CUBE_ANYONE, kind } };
	struct grid_range total = grid_at(grid, all);
	uint64_t traced = 0;

	for (size_t node = 0; node < trace->nodes; node++)
		for (unsigned who = 0; who < WHO_PLACES; who++)
			traced += *sum_of(trace, node, who, kind);
	if (!range_known(total))
		return (struct slack){ .under = GRID_OPEN, .over = traced };
	return (struct slack){ .under = total.low > traced ? total.low - traced : 0,
			       .over = traced > total.low ? traced - total.low : 0 };
}

/*
 * A thread that asks for reclaim of another cgroup (memory.reclaim) looks as if it had met its own
 * limit: what the cgroup's counters have not shows it, and then nothing is told of that cgroup.
 */
static void find_liars(struct cube_trace *trace, const struct grid *pages)
{
	for (size_t c = 0; c < trace->cgroups; c++) {
		struct grid_place place = { .at = { grid_axis_all(&pages->axes[CUBE_NODE]), c,
						    CUBE_AT_LIMITS, CUBE_KINDS } };
		uint64_t sum = 0;

		for (size_t node = 0; node < trace->nodes; node++)
			for (size_t kind = 0; kind < CUBE_KINDS; kind++)
				sum += *sum_owned(trace, node, c, kind);
		trace->liars[c] = sum > grid_at(pages, place).high;
	}
}

static uint64_t add(uint64_t a, uint64_t b)
{
	return a > GRID_OPEN - b ? GRID_OPEN : a + b;
}

static void tell_kind(const struct cube_trace *trace, struct grid *grid, size_t kind,
		      struct slack slack)
{
	for (size_t node = 0; node < trace->nodes; node++) {
		struct grid_place place = { .at = { node, trace->all_cgroups, 0, kind } };

		for (unsigned who = 0; who < WHO_KNOWN; who++) {
			uint64_t n = *sum_of(trace, node, who, kind);

			place.at[CUBE_RECLAIMER] = who_places[who];
			grid_tell(
				grid, place, n > slack.over ? n - slack.over : 0,
				add(add(n, slack.under), *sum_of(trace, node, WHO_UNKNOWN, kind)));
		}
		place.at[CUBE_RECLAIMER] = CUBE_AT_LIMITS;
		for (size_t c = 0; c < trace->cgroups; c++) {
			uint64_t n = *sum_owned(trace, node, c, kind);

			place.at[CUBE_CGROUP] = c;
			if (!trace->liars[c] && n > slack.over)
				grid_tell(grid, place, n - slack.over, GRID_OPEN);
		}
	}
}

/* Where there was no pass at all, none scanned anything. */
static void tell_none(const struct cube_trace *trace, struct grid *grid, size_t kind)
{
	for (size_t node = 0; node < trace->nodes; node++)
		for (unsigned who = 0; who < WHO_KNOWN; who++) {
			struct grid_place place = { .at = { node, trace->all_cgroups,
							    who_places[who], kind } };

			if (!*sum_of(trace, node, who, kind) &&
			    !*sum_of(trace, node, WHO_UNKNOWN, kind))
				grid_tell(grid, place, 0, 0);
		}
}

static void tell_pages(struct cube_trace *trace, struct cube *cube)
{
	struct grid *scanned = &cube->pages[CUBE_SCANNED], *grid = &cube->pages[CUBE_RECLAIMED];
	bool whole[CUBE_KINDS];

	add_up(trace, &trace->passes, cube, CUBE_RECLAIMED);
	find_liars(trace, grid);
	for (size_t kind = 0; kind < CUBE_KINDS; kind++) {
		struct slack slack = slack_of(trace, grid, kind);

		whole[kind] = !slack.under && !slack.over;
		tell_kind(trace, grid, kind, slack);
	}
	add_up(trace, &trace->passes, cube, trace->scans ? CUBE_SCANNED : CUBE_MEASURES);
	for (size_t kind = 0; kind < CUBE_KINDS; kind++) {
		if (trace->scans)
			tell_kind(trace, scanned, kind, slack_of(trace, scanned, kind));
		else if (whole[kind])
			tell_none(trace, scanned, kind);
	}
}

/* There is no counter of what shrinkers free: it is told where that of what they scan agrees. */
static void tell_objects(struct cube_trace *trace, struct cube *cube)
{
	struct slack slack;

	add_up(trace, &trace->shrinkers, cube, CUBE_SCANNED);
	slack = slack_of(trace, &cube->objects[CUBE_SCANNED], 0);
	tell_kind(trace, &cube->objects[CUBE_SCANNED], 0, slack);
	add_up(trace, &trace->shrinkers, cube, CUBE_RECLAIMED);
	if (!slack.under && !slack.over)
		tell_kind(trace, &cube->objects[CUBE_RECLAIMED], 0, slack);
}

void cube_trace_tell(struct cube_trace *trace, struct cube *cube)
{
	if (trace->passes.complete)
		tell_pages(trace, cube);
	if (trace->shrinkers.complete)
		tell_objects(trace, cube);
}
