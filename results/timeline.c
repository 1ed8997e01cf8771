// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/timeline.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "src/cleanup.h"
#include "src/macro.h"

/* A span that has begun. */
struct open {
	const struct span *span;
	size_t first; /* of the pieces whose node is to be told by its next pass */
	int node;     /* of its last pass; -1: none was seen */
};

/* The innermost last; some below may have ended. */
struct maker {
	struct timeline timeline;
	struct open *open;
	size_t depth;
	uint64_t at; /* what is before has its pieces */
};

static void put(struct maker *m, const struct span *span, uint64_t end_ns)
{
	if (end_ns > m->at)
		m->timeline.pieces[m->timeline.count++] = (struct piece){
			.start_ns = m->at, .end_ns = end_ns, .span = span, .node = span->node
		};
}

static void tell_node(struct maker *m, struct open *open, int node)
{
	for (size_t i = open->first; i < m->timeline.count; i++) {
		struct piece *piece = &m->timeline.pieces[i];

		if (piece->span == open->span && piece->node < 0)
			piece->node = node;
	}
	open->first = m->timeline.count;
	open->node = node;
}

/* What is open covers the time until then, each until its end. */
static void advance(struct maker *m, uint64_t until)
{
	while (m->depth && m->at < until) {
		struct open *open = &m->open[m->depth - 1];
		uint64_t end = MIN(open->span->end_ns, until);

		put(m, open->span, end);
		m->at = MAX(m->at, end);
		if (open->span->end_ns > until)
			break;
		tell_node(m, open, open->node);
		m->depth--;
	}
	m->at = until;
}

static void begin(struct maker *m, const struct span *span)
{
	advance(m, span->start_ns);
	m->open[m->depth++] = (struct open){ .span = span, .first = m->timeline.count, .node = -1 };
}

static bool is_reclaim(enum span_what what)
{
	return what == SPAN_MEMCG_RECLAIM || what == SPAN_DIRECT_RECLAIM ||
	       what == SPAN_NODE_RECLAIM || what == SPAN_KSWAPD;
}

/* A pass over an LRU list belongs to the reclaim around it. */
static void pass(struct maker *m, const struct span *point)
{
	advance(m, point->start_ns);
	for (size_t i = m->depth; i > 0; i--) {
		if (is_reclaim(m->open[i - 1].span->what)) {
			tell_node(m, &m->open[i - 1], point->node);
			return;
		}
	}
}

int timeline_make(struct timeline *ret, const struct span *const *spans, size_t count)
{
	_cleanup_free_ struct open *open = calloc(count + 1, sizeof(*open));
	/* A piece ends where a span begins or ends, or at a point. */
	struct maker m = {
		.timeline.pieces = calloc(2 * count + 1, sizeof(*m.timeline.pieces)),
		.open = open,
	};

	if (!open || !m.timeline.pieces) {
		free(m.timeline.pieces);
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		if (spans[i]->what == SPAN_LRU)
			pass(&m, spans[i]);
		else if (spans[i]->end_ns > spans[i]->start_ns)
			begin(&m, spans[i]);
	}
	advance(&m, UINT64_MAX);
	*ret = m.timeline;
	return 0;
}

void timeline_done(struct timeline *timeline)
{
	free(timeline->pieces);
	*timeline = (struct timeline){};
}

size_t timeline_after(const struct timeline *timeline, uint64_t t_ns)
{
	size_t low = 0, high = timeline->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (timeline->pieces[middle].end_ns <= t_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
