/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "results/record.h"

/*
 * Free memory of zones against their watermarks, and of nodes by the order of its blocks, from the
 * ticks' zoneinfo and buddyinfo columns.
 */

enum zone_mark { ZONE_MIN, ZONE_LOW, ZONE_HIGH, ZONE_MARKS };
extern const char *const zone_mark_names[ZONE_MARKS];

/* A zone that has pages. All counts are pages. */
struct zone {
	int node;
	char name[16]; /* "DMA32" */
	uint64_t managed;
	uint64_t free_first, free_last, free_least;
	uint64_t boost_most;
	/* A mark is compared as it stands at each tick, its boost included, as in zoneinfo. */
	struct zone_level {
		uint64_t mark;	 /* at the end */
		size_t ticks;	 /* with free memory below it */
		size_t falls;	 /* ticks below it behind one that was not */
		double below_ns; /* by the ticks: a tick stands for half of each interval beside it
				  */
		int64_t margin;	 /* the least that free memory was above it; negative: below */
	} levels[ZONE_MARKS];
};

#define ZONE_ORDERS_MAX 16

/* Free blocks of a node, all zones together. */
struct node_blocks {
	int node;
	unsigned orders; /* that there are: 11 on most kernels */
	struct order_blocks {
		uint64_t first, last, least; /* blocks of just that order */
		/* Thousandths of free memory in lower orders (src/extfrag.h); most: at any tick */
		unsigned unusable_first, unusable_last, unusable_most;
	} orders_of[ZONE_ORDERS_MAX];
};

struct zones {
	struct zone *items;
	size_t count;
	struct node_blocks *nodes;
	size_t node_count; /* those with buddyinfo columns */
	size_t ticks;
	double time_ns;
};

/* Of what the rows first to last show, first < last. -ENOMEM. */
int zones_read(struct zones *ret, const struct record *record, size_t first, size_t last);
void zones_done(struct zones *zones);

/* The largest zone of a node, which most of its memory comes from; NULL: the record has none. */
const struct zone *zones_main(const struct zones *zones, int node);
const struct node_blocks *zones_blocks(const struct zones *zones, int node);
