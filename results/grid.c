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

/*
 * A sum and what it is made of: its parts, or a smaller sum and the parts beyond that one. They lie
 * on one axis, their cells in a line of which first is the start.
 */
struct equation {
	const struct grid_axis *axis;
	struct grid_range *first;
	size_t stride, sum;
	size_t smaller; /* sum: there is none */
};

static struct grid_range *term(const struct equation *e, size_t at)
{
	return e->first + at * e->stride;
}

/* Places of its terms, one a call: counts *cursor up from 0. The axis' size after the last one. */
static size_t next_term(const struct equation *e, size_t *cursor)
{
	bool has_smaller = e->smaller != e->sum;

	for (; *cursor < e->axis->parts; (*cursor)++)
		if (has_part(e->axis, e->sum, *cursor) &&
		    !(has_smaller && has_part(e->axis, e->smaller, *cursor)))
			return (*cursor)++;
	if (has_smaller && *cursor == e->axis->parts) {
		(*cursor)++;
		return e->smaller;
	}
	return e->axis->size;
}

/* What the terms make together. */
struct total {
	uint64_t low, high; /* high: of those with an upper bound */
	size_t open;	    /* how many have none */
	bool known;	    /* all are */
};

static struct total add_terms(const struct equation *e)
{
	struct total total = { .known = true };
	size_t cursor = 0, at;

	while ((at = next_term(e, &cursor)) < e->axis->size) {
		const struct grid_range *part = term(e, at);

		total.low = add(total.low, part->low);
		total.open += part->high == GRID_OPEN;
		total.high = add(total.high, part->high == GRID_OPEN ? 0 : part->high);
		total.known = total.known && range_known(*part);
	}
	return total;
}

/* A term is what the sum has beyond the others. */
static bool narrow_term(struct grid *grid, struct grid_range *part, const struct grid_range *sum,
			const struct total *total)
{
	uint64_t others_low = total->low - part->low, low = 0, high = GRID_OPEN;
	bool others_open = total->open > (part->high == GRID_OPEN);

	if (sum->high != GRID_OPEN) {
		high = sum->high > others_low ? sum->high - others_low : 0;
		if (others_low > sum->high)
			grid->off = MAX(grid->off, others_low - sum->high);
	}
	if (!others_open) {
		uint64_t others = total->high - (part->high == GRID_OPEN ? 0 : part->high);

		low = sum->low > others ? sum->low - others : 0;
	}
	return narrow(grid, part, low, high);
}

static bool close_equation(struct grid *grid, const struct equation *e)
{
	struct grid_range *sum = term(e, e->sum);
	struct total total = add_terms(e);
	bool new = narrow(grid, sum, total.low, total.open ? GRID_OPEN : total.high);
	size_t cursor = 0, at;

	while ((at = next_term(e, &cursor)) < e->axis->size) {
		if (!narrow_term(grid, term(e, at), sum, &total))
			continue;
		new = true;
		total = add_terms(e);
	}
	return new;
}

static bool contains(const struct grid_axis *axis, size_t sum, size_t smaller)
{
	for (size_t i = 0; i < axis->parts; i++)
		if (has_part(axis, smaller, i) && !has_part(axis, sum, i))
			return false;
	return true;
}

static size_t stride_of(const struct grid *grid, size_t n)
{
	size_t stride = 1;

	for (size_t i = n + 1; i < GRID_AXES; i++)
		stride *= grid->axes[i].size;
	return stride;
}

static bool close_axis(struct grid *grid, size_t n)
{
	struct equation e = { .axis = &grid->axes[n], .stride = stride_of(grid, n) };
	size_t block = e.stride * e.axis->size;
	bool new = false;

	for (e.sum = e.axis->parts; e.sum < e.axis->size; e.sum++)
		for (e.smaller = e.axis->parts; e.smaller < e.axis->size; e.smaller++) {
			if (!contains(e.axis, e.sum, e.smaller))
				continue;
			for (size_t i = 0; i < grid->count; i++) {
				if (i % block >= e.stride)
					continue;
				e.first = &grid->cells[i];
				new |= close_equation(grid, &e);
			}
		}
	return new;
}

/* Sums that are known and whose parts are. */
static void count_sums(struct grid *grid)
{
	grid->sums = 0;
	for (size_t n = 0; n < GRID_AXES; n++) {
		struct equation e = { .axis = &grid->axes[n], .stride = stride_of(grid, n) };
		size_t block = e.stride * e.axis->size;

		for (e.sum = e.axis->parts; e.sum < e.axis->size; e.sum++) {
			e.smaller = e.sum;
			for (size_t i = 0; i < grid->count; i++) {
				e.first = &grid->cells[i];
				grid->sums += i % block < e.stride &&
					      range_known(*term(&e, e.sum)) && add_terms(&e).known;
			}
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
	count_sums(grid);
}
