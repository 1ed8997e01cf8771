/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "results/grid.h"
#include "results/record.h"

/*
 * The reclaim cube: pages scanned and reclaimed by node, cgroup, reclaimer and kind of page, over
 * any stretch of a trial; and the objects of slab caches beside it. Nothing is guessed: a cell has
 * the bounds that the facts below and the sums between them allow, and most often they meet.
 *
 * Who reclaimed:
 *   kswapd      a node's thread, for want of free memory
 *   direct      the allocating thread, for want of free memory; zone_reclaim_mode's too
 *   limit       at a cgroup's memory.max or memory.high; on a kernel that does not count
 *               memory.reclaim apart («proactive»: "in direct"), that as well
 *   proactive   memory.reclaim, where the kernel tells it
 *   khugepaged  for its huge pages; where the kernel does not count it apart (6.1), only for want
 *               of free memory: what it reclaims at a limit is under limit there
 *
 * The facts (cube-facts.c has those of samples.tsv as tables, each with its reason):
 *   counters    /proc/vmstat, node*\/vmstat and memory.stat, by what the regime says they count.
 *               memory.stat counts a cgroup's children too: it is a sum of the cube
 *   threads     kswapdN reclaims on node N alone; one that did not run reclaimed nothing
 *   levels      where a cgroup had no page of a kind on a node at the ticks around an interval,
 *               none was reclaimed; where it had fewer than a batch of reclaim, all the time the
 *               same and none refaulted, no more than these. A page that comes and goes between
 *               two ticks escapes it
 *   trace       each pass over an LRU list has its node, its kind, and the call around it that
 *               tells the reclaimer. At a limit, it is of the thread's cgroup where no other one is
 *               under the limits that it can have met. MGLRU's events count other pages as scanned
 *               than its counters do: there a trace tells pages reclaimed, and where none were
 *               scanned
 */

enum cube_axis { CUBE_NODE, CUBE_CGROUP, CUBE_RECLAIMER, CUBE_KIND };

enum cube_reclaimer {
	CUBE_KSWAPD,
	CUBE_DIRECT,
	CUBE_LIMIT,
	CUBE_PROACTIVE,
	CUBE_KHUGEPAGED,
	CUBE_RECLAIMERS
};
extern const char *const cube_reclaimer_names[CUBE_RECLAIMERS];

/* Sums of reclaimers, behind them on their axis. */
enum cube_reclaimer_sum {
	CUBE_GLOBAL = CUBE_RECLAIMERS, /* direct, and khugepaged where it is not counted apart */
	CUBE_FOREGROUND,	       /* that and limit: what memory.stat calls direct */
	CUBE_AT_LIMITS,		       /* limit and proactive: what a trace can't tell apart */
	CUBE_ANYONE,
	CUBE_RECLAIMER_PLACES
};

enum cube_kind { CUBE_ANON, CUBE_FILE, CUBE_KINDS };
extern const char *const cube_kind_names[CUBE_KINDS];

enum cube_measure { CUBE_SCANNED, CUBE_RECLAIMED, CUBE_MEASURES };
extern const char *const cube_measure_names[CUBE_MEASURES];

struct cube_facts; /* which columns there are, looked up once */
struct cube_trace; /* the trace's events, in time's order */

struct cube {
	const struct record *record;
	size_t first, last; /* the rows between which it was taken */
	int *nodes;	    /* their numbers, in the order of their axis */
	size_t node_count;
	/*
	 * Paths as in trial.json, in the order of their axis: pages charged to the cgroup itself.
	 * One place behind them are the pages of no cgroup of the suite's.
	 */
	const char **cgroups;
	size_t cgroup_count;
	size_t *subtrees;	    /* of each cgroup: the place of its sum with its children */
	bool proactive, khugepaged; /* this kernel counts them apart */
	struct grid pages[CUBE_MEASURES];
	struct grid objects[CUBE_MEASURES]; /* of slab caches: the kind's axis has one part */
	struct cube_facts *facts;
	struct cube_trace *trace; /* NULL: not traced, or not to be relied on */
};

/* Of a record, which must outlive it; nothing is taken yet. -ENOMEM. */
int cube_new(struct cube **ret, const struct record *record);
void cube_free(struct cube *cube);

/* Computes all cells for what happened between two rows of the samples, first < last. */
void cube_take(struct cube *cube, size_t first, size_t last);

/* Places on the axes: the sum of all, and one of a kind. */
size_t cube_all(const struct cube *cube, enum cube_axis axis);
static inline size_t cube_outside(const struct cube *cube)
{
	return cube->cgroup_count;
}

/* Pages: node, cgroup, reclaimer, kind are places on their axes. */
struct grid_range cube_pages(const struct cube *cube, enum cube_measure measure, size_t node,
			     size_t cgroup, size_t reclaimer, size_t kind);
/* Objects of slab caches that shrinkers looked at (scanned) and freed (reclaimed). */
struct grid_range cube_objects(const struct cube *cube, enum cube_measure measure, size_t node,
			       size_t cgroup, size_t reclaimer);

/*
 * Pages by which the facts may differ, as memory.stat may lag behind (closure.c), and by which they
 * do at most.
 */
uint64_t cube_tolerance(const struct cube *cube);
uint64_t cube_off(const struct cube *cube);

/*
 * {"measured": {"off": 0, "tolerance": 192, "closed": true, "cells": [{"node": 1, "cgroup": "box",
 *  "reclaimer": "limit", "kind": "anon", "scanned": 12213, "reclaimed": 8257}, ...],
 *  "objects": [...]}, ...} of each phase that has a length.
 *
 * A key that is missing in a cell means all of its axis. Listed is what is known: but no 0 where a
 * sum around it is 0, and no sum that the cells which make it have; the rest is unknown. Pages of
 * no cgroup of the suite's have the cgroup "-". NULL when memory is out.
 * What was taken before is taken again at the end.
 */
json_t *cube_json(struct cube *cube);
/* One of them, {"off": ...}: what was taken last. */
json_t *cube_taken_json(const struct cube *cube);
