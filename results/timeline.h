/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "results/spans.h"

/*
 * The time of one thread, cut into pieces: what it was in, innermost. Points and the gaps between
 * spans have no piece. A reclaim that went through several nodes is cut at its passes over LRU
 * lists: a pass is told when it ends, so that the time before it was spent on its node.
 */
struct piece {
	uint64_t start_ns, end_ns;
	const struct span *span; /* the innermost one that covers all of it */
	int node;		 /* -1: not told */
};

struct timeline {
	struct piece *pieces; /* in time's order, none empty, none overlapping */
	size_t count;
};

/*
 * spans: one thread's, by start, and at one start the outer ones first. Where two overlap without
 * nesting, the one that began later is the inner one. -ENOMEM.
 */
int timeline_make(struct timeline *ret, const struct span *const *spans, size_t count);
void timeline_done(struct timeline *timeline);

/* The index of the first piece that ends after that time; count when there is none. */
size_t timeline_after(const struct timeline *timeline, uint64_t t_ns);
