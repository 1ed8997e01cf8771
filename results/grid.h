/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Counts spread over several axes, of which only some sums are known. A cell holds what is known of
 * its count, as bounds; sums are cells too, so that one fact bounds others: a sum without a part is
 * the rest's, no part exceeds its sum.
 */

#define GRID_AXES 4
#define GRID_OPEN UINT64_MAX /* no upper bound */

struct grid_range {
	uint64_t low, high; /* both included; high may be GRID_OPEN */
};

static inline bool range_known(struct grid_range range)
{
	return range.low == range.high && range.high != GRID_OPEN;
}

/* Places along an axis: its parts, then sums of some of them; the last is the sum of all. */
struct grid_axis {
	size_t parts, size;
	bool *members; /* (size - parts) rows of parts each: what a sum is made of */
};

struct grid {
	struct grid_axis axes[GRID_AXES]; /* of the caller's making; grid_done() frees members */
	struct grid_range *cells;
	size_t count;
	uint64_t off; /* the most by which two facts contradict each other; 0: all close */
	size_t sums;  /* how many sums, all of them known, were compared with their parts */
};

/* A cell's place, an index on each axis. */
struct grid_place {
	size_t at[GRID_AXES];
};

/* An axis with so many parts and sums; the last sum has all parts, the others none yet. -ENOMEM. */
int grid_axis_make(struct grid_axis *ret, size_t parts, size_t sums);
/* The sum at that place of an axis has that part. */
void grid_axis_join(struct grid_axis *axis, size_t sum, size_t part);
static inline size_t grid_axis_all(const struct grid_axis *axis)
{
	return axis->size - 1;
}

/* axes are set; makes the cells, of which nothing is known. -ENOMEM. */
int grid_make(struct grid *grid);
void grid_done(struct grid *grid);
/* Forgets all that was told. */
void grid_clear(struct grid *grid);

struct grid_range grid_at(const struct grid *grid, struct grid_place place);

/*
 * The count at that place lies between low and high. Where that contradicts what was told before,
 * the earlier fact stays and off grows.
 */
void grid_tell(struct grid *grid, struct grid_place place, uint64_t low, uint64_t high);

/* Draws every conclusion that sums and parts allow, until there is no more. */
void grid_close(struct grid *grid);
