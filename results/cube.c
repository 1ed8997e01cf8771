// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/cube.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "results/cube-facts.h"
#include "results/cube-trace.h"
#include "results/formula.h"
#include "src/macro.h"

const char *const cube_reclaimer_names[CUBE_RECLAIMERS] = {
	[CUBE_KSWAPD] = "kswapd",	[CUBE_DIRECT] = "direct",	  [CUBE_LIMIT] = "limit",
	[CUBE_PROACTIVE] = "proactive", [CUBE_KHUGEPAGED] = "khugepaged",
};
const char *const cube_kind_names[CUBE_KINDS] = { [CUBE_ANON] = "anon", [CUBE_FILE] = "file" };
const char *const cube_measure_names[CUBE_MEASURES] = {
	[CUBE_SCANNED] = "scanned", [CUBE_RECLAIMED] = "reclaimed"
};

/* ---- axes ---- */

static int name_nodes(struct cube *cube)
{
	size_t cursor = 0;
	const char *name;
	char buf[24];

	cube->nodes = calloc(json_array_size(json_object_get(cube->record->trial, "nodes")) + 1,
			     sizeof(*cube->nodes));
	if (!cube->nodes)
		return -ENOMEM;
	while ((name = formula_instance(cube->record, SCOPE_NODE, &cursor, buf, sizeof(buf))))
		cube->nodes[cube->node_count++] = atoi(name);
	return 0;
}

static int name_cgroups(struct cube *cube)
{
	size_t most = json_array_size(json_object_get(cube->record->trial, "cgroups")) + 1;
	size_t cursor = 0;
	const char *path;

	cube->cgroups = calloc(most, sizeof(*cube->cgroups));
	cube->subtrees = calloc(most, sizeof(*cube->subtrees));
	if (!cube->cgroups || !cube->subtrees)
		return -ENOMEM;
	while ((path = formula_instance(cube->record, SCOPE_CGROUP, &cursor, NULL, 0)))
		cube->cgroups[cube->cgroup_count++] = path;
	return 0;
}

static bool is_child(const struct cube *cube, size_t child, size_t parent)
{
	size_t len = strlen(cube->cgroups[parent]);

	return strncmp(cube->cgroups[child], cube->cgroups[parent], len) == 0 &&
	       cube->cgroups[child][len] == '/';
}

/* A sum for each cgroup that has children; the others are their own. */
static void plan_subtrees(struct cube *cube, size_t *ret_sums)
{
	for (size_t i = 0; i < cube->cgroup_count; i++) {
		bool parent = false;

		for (size_t k = 0; k < cube->cgroup_count; k++)
			parent |= is_child(cube, k, i);
		cube->subtrees[i] = parent ? cube->cgroup_count + 1 + (*ret_sums)++ : i;
	}
}

static int cgroup_axis(const struct cube *cube, size_t sums, struct grid_axis *ret)
{
	int r = grid_axis_make(ret, cube->cgroup_count + 1, sums + 1);

	for (size_t i = 0; r == 0 && i < cube->cgroup_count; i++) {
		if (cube->subtrees[i] == i)
			continue;
		for (size_t k = 0; k < cube->cgroup_count; k++)
			if (k == i || is_child(cube, k, i))
				grid_axis_join(ret, cube->subtrees[i], k);
	}
	return r;
}

static int reclaimer_axis(const struct cube *cube, struct grid_axis *ret)
{
	int r = grid_axis_make(ret, CUBE_RECLAIMERS, CUBE_RECLAIMER_PLACES - CUBE_RECLAIMERS);

	if (r < 0)
		return r;
	grid_axis_join(ret, CUBE_GLOBAL, CUBE_DIRECT);
	grid_axis_join(ret, CUBE_FOREGROUND, CUBE_DIRECT);
	grid_axis_join(ret, CUBE_FOREGROUND, CUBE_LIMIT);
	grid_axis_join(ret, CUBE_AT_LIMITS, CUBE_LIMIT);
	grid_axis_join(ret, CUBE_AT_LIMITS, CUBE_PROACTIVE);
	if (!cube->khugepaged) {
		grid_axis_join(ret, CUBE_GLOBAL, CUBE_KHUGEPAGED);
		grid_axis_join(ret, CUBE_FOREGROUND, CUBE_KHUGEPAGED);
	}
	return 0;
}

static int make_grid(const struct cube *cube, struct grid *grid, size_t sums, size_t kinds)
{
	int r = grid_axis_make(&grid->axes[CUBE_NODE], cube->node_count, 1);

	if (r == 0)
		r = cgroup_axis(cube, sums, &grid->axes[CUBE_CGROUP]);
	if (r == 0)
		r = reclaimer_axis(cube, &grid->axes[CUBE_RECLAIMER]);
	if (r == 0)
		r = grid_axis_make(&grid->axes[CUBE_KIND], kinds, 1);
	return r == 0 ? grid_make(grid) : r;
}

static int make_axes(struct cube *cube)
{
	const struct samples *s = &cube->record->samples;
	size_t sums = 0;
	int r = name_nodes(cube);

	if (r == 0)
		r = name_cgroups(cube);
	if (r < 0)
		return r;
	plan_subtrees(cube, &sums);
	cube->khugepaged = samples_column(s, "vmstat.pgscan_khugepaged") >= 0;
	cube->proactive = samples_column(s, "vmstat.pgscan_proactive") >= 0;
	for (int m = 0; r == 0 && m < CUBE_MEASURES; m++) {
		r = make_grid(cube, &cube->pages[m], sums, CUBE_KINDS);
		if (r == 0)
			r = make_grid(cube, &cube->objects[m], sums, 1);
	}
	return r;
}

int cube_new(struct cube **ret, const struct record *record)
{
	struct cube *cube = calloc(1, sizeof(*cube));
	int r;

	if (!cube)
		return -ENOMEM;
	cube->record = record;
	r = make_axes(cube);
	if (r == 0)
		r = cube_facts_new(&cube->facts, cube);
	if (r == 0)
		r = cube_trace_new(&cube->trace, cube);
	if (r < 0) {
		cube_free(cube);
		return r;
	}
	*ret = cube;
	return 0;
}

void cube_free(struct cube *cube)
{
	if (!cube)
		return;
	for (int m = 0; m < CUBE_MEASURES; m++) {
		grid_done(&cube->pages[m]);
		grid_done(&cube->objects[m]);
	}
	cube_facts_free(cube->facts);
	cube_trace_free(cube->trace);
	free(cube->nodes);
	free(cube->cgroups);
	free(cube->subtrees);
	free(cube);
}

/* ---- cells ---- */

static void draw_conclusions(struct cube *cube)
{
	for (int m = 0; m < CUBE_MEASURES; m++) {
		grid_close(&cube->pages[m]);
		grid_close(&cube->objects[m]);
	}
}

void cube_take(struct cube *cube, size_t first, size_t last)
{
	cube->first = first;
	cube->last = last;
	for (int m = 0; m < CUBE_MEASURES; m++) {
		grid_clear(&cube->pages[m]);
		grid_clear(&cube->objects[m]);
	}
	cube_facts_tell(cube->facts, cube);
	draw_conclusions(cube);
	if (cube->trace) {
		cube_trace_tell(cube->trace, cube);
		draw_conclusions(cube);
	}
}

size_t cube_all(const struct cube *cube, enum cube_axis axis)
{
	return grid_axis_all(&cube->pages[0].axes[axis]);
}

struct grid_range cube_pages(const struct cube *cube, enum cube_measure measure, size_t node,
			     size_t cgroup, size_t reclaimer, size_t kind)
{
	return grid_at(&cube->pages[measure],
		       (struct grid_place){ .at = { node, cgroup, reclaimer, kind } });
}

struct grid_range cube_objects(const struct cube *cube, enum cube_measure measure, size_t node,
			       size_t cgroup, size_t reclaimer)
{
	return grid_at(&cube->objects[measure],
		       (struct grid_place){ .at = { node, cgroup, reclaimer, 0 } });
}

uint64_t cube_off(const struct cube *cube)
{
	uint64_t off = 0;

	for (int m = 0; m < CUBE_MEASURES; m++)
		off = MAX(off, MAX(cube->pages[m].off, cube->objects[m].off));
	return off;
}

uint64_t cube_tolerance(const struct cube *cube)
{
	json_int_t cpus = json_integer_value(json_object_get(cube->record->trial, "cpus"));

	/* MEMORY_STAT_LAG of closure.c: three batches a CPU */
	return 3 * FORMULA_MEMCG_BATCH * (uint64_t)(cpus > 0 ? cpus : 1);
}
