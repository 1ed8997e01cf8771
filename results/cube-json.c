// SPDX-License-Identifier: GPL-2.0-or-later
/* The cube as it stands in a record: what is known, and nothing that follows from the rest. */
#include <errno.h>

#include "results/cube.h"
#include "src/macro.h"

static struct grid_range at(const struct grid *grid, struct grid_place place, size_t axis, size_t i)
{
	place.at[axis] = i;
	return grid_at(grid, place);
}

/* A sum around it says it, or its parts do. */
static bool follows(const struct grid *grid, struct grid_place place, uint64_t value)
{
	for (size_t axis = 0; axis < GRID_AXES; axis++) {
		size_t all = grid_axis_all(&grid->axes[axis]), i = 0;

		if (place.at[axis] != all) {
			if (value == 0 && at(grid, place, axis, all).high == 0)
				return true;
			continue;
		}
		while (i < grid->axes[axis].parts && range_known(at(grid, place, axis, i)))
			i++;
		if (value && i == grid->axes[axis].parts)
			return true;
	}
	return false;
}

static int put_place(json_t *cell, const struct cube *cube, const struct grid *grid,
		     struct grid_place place)
{
	size_t node = place.at[CUBE_NODE], cgroup = place.at[CUBE_CGROUP];
	size_t who = place.at[CUBE_RECLAIMER], kind = place.at[CUBE_KIND];
	int r = 0;

	if (node < cube->node_count)
		r |= json_object_set_new(cell, "node", json_integer(cube->nodes[node]));
	if (cgroup < cube->cgroup_count)
		r |= json_object_set_new(cell, "cgroup", json_string(cube->cgroups[cgroup]));
	else if (cgroup == cube_outside(cube))
		r |= json_object_set_new(cell, "cgroup", json_string("-"));
	if (who < CUBE_RECLAIMERS)
		r |= json_object_set_new(cell, "reclaimer", json_string(cube_reclaimer_names[who]));
	if (grid->axes[CUBE_KIND].parts == CUBE_KINDS && kind < CUBE_KINDS)
		r |= json_object_set_new(cell, "kind", json_string(cube_kind_names[kind]));
	return r;
}

static int add_cell(json_t *list, const struct cube *cube, const struct grid *grids,
		    struct grid_place place)
{
	json_t *cell = NULL;
	int r = 0;

	for (int m = 0; m < CUBE_MEASURES; m++) {
		struct grid_range range = grid_at(&grids[m], place);

		if (!range_known(range) || follows(&grids[m], place, range.low))
			continue;
		if (!cell) {
			cell = json_object();
			r |= put_place(cell, cube, &grids[m], place);
		}
		r |= json_object_set_new(cell, cube_measure_names[m],
					 json_integer((json_int_t)range.low));
	}
	if (cell)
		r |= json_array_append_new(list, cell);
	return r;
}

/* Places that the record speaks of: parts, and the sum of all. */
static bool is_shown(const struct cube *cube, const struct grid *grid, size_t axis, size_t i)
{
	if (axis == CUBE_RECLAIMER && i == CUBE_PROACTIVE && !cube->proactive)
		return false;
	return i < grid->axes[axis].parts || i == grid_axis_all(&grid->axes[axis]);
}

/* Objects have no kind: their axis has one part, and its sum says the same. */
static json_t *cells_json(const struct cube *cube, const struct grid *grids)
{
	const struct grid_axis *axes = grids[0].axes;
	struct grid_place place = {};
	json_t *list = json_array();
	int r = list ? 0 : -1;

	for (size_t i = 0; r == 0 && i < grids[0].count; i++) {
		bool shown = true;
		size_t rest = i;

		for (size_t axis = GRID_AXES; axis-- > 0; rest /= axes[axis].size)
			place.at[axis] = rest % axes[axis].size;
		for (size_t axis = 0; axis < GRID_AXES; axis++)
			shown = shown && is_shown(cube, &grids[0], axis, place.at[axis]);
		if (shown)
			r = add_cell(list, cube, grids, place);
	}
	if (r != 0) {
		json_decref(list);
		return NULL;
	}
	return list;
}

json_t *cube_taken_json(const struct cube *cube)
{
	uint64_t off = cube_off(cube), tolerance = cube_tolerance(cube);

	return json_pack("{s:I, s:I, s:b, s:o, s:o}", "off", (json_int_t)off, "tolerance",
			 (json_int_t)tolerance, "closed", off <= tolerance, "cells",
			 cells_json(cube, cube->pages), "objects", cells_json(cube, cube->objects));
}

json_t *cube_json(struct cube *cube)
{
	const struct record *record = cube->record;
	size_t first = cube->first, last = cube->last;
	json_t *phases = json_object();

	for (size_t i = 0; phases && i < record->phase_count; i++) {
		const struct phase *phase = &record->phases[i];

		if (phase->last <= phase->first)
			continue;
		cube_take(cube, phase->first, phase->last);
		if (json_object_set_new(phases, phase->name, cube_taken_json(cube)) < 0) {
			json_decref(phases);
			return NULL;
		}
	}
	if (last > first)
		cube_take(cube, first, last);
	return phases;
}
