// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/grid.h"

#include <errno.h>
#include <stdlib.h>

#include "src/macro.h"

/*
 * Each round carries a fact over one sum more on each axis, so that few are needed; a bound that
 * creeps up by small steps is cut off and stays true.
 */
#define ROUNDS_MAX 64

int grid_axis_make(struct grid_axis *ret, size_t parts, size_t sums)
{
	struct grid_axis axis = { .parts = parts, .size = parts + sums };

	axis.members = calloc(sums * parts, sizeof(*axis.members));
	if (!axis.members)
		return -ENOMEM;
	*ret = axis;
	for (size_t part = 0; part < parts; part++)
		grid_axis_join(ret, grid_axis_all(ret), part);
	return 0;
}

void grid_axis_join(struct grid_axis *axis, size_t sum, size_t part)
{
	axis->members[(sum - axis->parts) * axis->parts + part] = true;
}

static bool has_part(const struct grid_axis *axis, size_t sum, size_t part)
{
	return axis->members[(sum - axis->parts) * axis->parts + part];
}

int grid_make(struct grid *grid)
{
	grid->count = 1;
	for (size_t i = 0; i < GRID_AXES; i++)
		grid->count *= grid->axes[i].size;
	grid->cells = calloc(grid->count, sizeof(*grid->cells));
	if (!grid->cells)
		return -ENOMEM;
	grid_clear(grid);
	return 0;
}

void grid_done(struct grid *grid)
{
	for (size_t i = 0; i < GRID_AXES; i++)
		free(grid->axes[i].members);
	free(grid->cells);
	*grid = (struct grid){};
}

void grid_clear(struct grid *grid)
{
	for (size_t i = 0; i < grid->count; i++)
		grid->cells[i] = (struct grid_range){ .high = GRID_OPEN };
	grid->off = 0;
	grid->sums = 0;
}

static struct grid_range *cell_at(const struct grid *grid, struct grid_place place)
{
	size_t index = 0;

	for (size_t i = 0; i < GRID_AXES; i++)
		index = index * grid->axes[i].size + place.at[i];
	return &grid->cells[index];
}

struct grid_range grid_at(const struct grid *grid, struct grid_place place)
{
	return *cell_at(grid, place);
}

/* Whether it said something new. */
static bool narrow(struct grid *grid, struct grid_range *cell, uint64_t low, uint64_t high)
{
	struct grid_range new = { .low = MAX(cell->low, low), .high = MIN(cell->high, high) };

	if (new.low > new.high) {
		grid->off = MAX(grid->off, new.low - new.high);
		return false;
	}
	if (new.low == cell->low &&new.high == cell->high)
		return false;
	*cell = new;
	return true;
}

void grid_tell(struct grid *grid, struct grid_place place, uint64_t low, uint64_t high)
{
	narrow(grid, cell_at(grid, place), low, high);
}

/* ---- sums and parts ---- */

static uint64_t add(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? GRID_OPEN : sum;
}

/* What the parts of a sum make together. */
struct parts {
	uint64_t low, high; /* high: of those with an upper bound */
	size_t open;	    /* how many have none */
	bool known;	    /* all are */
};

static struct parts add_parts(const struct grid_axis *axis, const struct grid_range *first,
			      size_t stride, size_t sum)
{
	struct parts parts = { .known = true };

	for (size_t i = 0; i < axis->parts; i++) {
		const struct grid_range *part = first + i * stride;

		if (!has_part(axis, sum, i))
			continue;
		parts.low = add(parts.low, part->low);
		parts.open += part->high == GRID_OPEN;
		parts.high = add(parts.high, part->high == GRID_OPEN ? 0 : part->high);
		parts.known = parts.known && range_known(*part);
	}
	return parts;
}

/* A part is what its sum has beyond the others. */
static bool narrow_part(struct grid *grid, struct grid_range *part, const struct grid_range *sum,
			const struct parts *parts)
{
	uint64_t others_low = parts->low - part->low, low = 0, high = GRID_OPEN;
	bool others_open = parts->open > (part->high == GRID_OPEN);

	if (sum->high != GRID_OPEN) {
		high = sum->high > others_low ? sum->high - others_low : 0;
		if (others_low > sum->high)
			grid->off = MAX(grid->off, others_low - sum->high);
	}
	if (!others_open) {
		uint64_t others = parts->high - (part->high == GRID_OPEN ? 0 : part->high);

		low = sum->low > others ? sum->low - others : 0;
	}
	return narrow(grid, part, low, high);
}

/* One sum with its parts, in a line of cells along an axis. */
static bool close_sum(struct grid *grid, const struct grid_axis *axis, struct grid_range *first,
		      size_t stride, size_t at)
{
	struct grid_range *sum = first + at * stride;
	struct parts parts = add_parts(axis, first, stride, at);
	bool new = narrow(grid, sum, parts.low, parts.open ? GRID_OPEN : parts.high);

	for (size_t i = 0; i < axis->parts; i++) {
		if (!has_part(axis, at, i) || !narrow_part(grid, first + i * stride, sum, &parts))
			continue;
		new = true;
		parts = add_parts(axis, first, stride, at);
	}
	return new;
}

static bool close_axis(struct grid *grid, size_t n)
{
	const struct grid_axis *axis = &grid->axes[n];
	size_t stride = 1, block;
	bool new = false;

	for (size_t i = n + 1; i < GRID_AXES; i++)
		stride *= grid->axes[i].size;
	block = stride * axis->size;
	for (size_t base = 0; base < grid->count; base += block)
		for (size_t i = 0; i < stride; i++)
			for (size_t at = axis->parts; at < axis->size; at++)
				new |= close_sum(grid, axis, &grid->cells[base + i], stride, at);
	return new;
}

static void count_sums(struct grid *grid)
{
	for (size_t n = 0, stride = 1; n < GRID_AXES; n++, stride = 1) {
		const struct grid_axis *axis = &grid->axes[n];

		for (size_t i = n + 1; i < GRID_AXES; i++)
			stride *= grid->axes[i].size;
		for (size_t base = 0; base < grid->count; base += stride * axis->size)
			for (size_t i = 0; i < stride; i++)
				for (size_t at = axis->parts; at < axis->size; at++) {
					const struct grid_range *first = &grid->cells[base + i];

					grid->sums += range_known(first[at * stride]) &&
						      add_parts(axis, first, stride, at).known;
				}
	}
}

void grid_close(struct grid *grid)
{
	bool new = true;

	for (unsigned round = 0; new &&round < ROUNDS_MAX; round++) {
		new = false;
		for (size_t n = 0; n < GRID_AXES; n++)
			new |= close_axis(grid, n);
	}
	grid->sums = 0;
	count_sums(grid);
}
