// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "results/cube.h"
#include "results/record.h"
#include "results/show-cube.h"
#include "results/zones.h"
#include "src/macro.h"

static json_t *zone_json(const struct zone *zone)
{
	json_t *marks = json_object();

	for (int m = 0; m < ZONE_MARKS; m++) {
		const struct zone_level *level = &zone->levels[m];

		json_object_set_new(
			marks, zone_mark_names[m],
			json_pack("{s:I, s:I, s:I, s:I, s:I}", "at_end", (json_int_t)level->mark,
				  "least_above", (json_int_t)level->margin, "ticks_below",
				  (json_int_t)level->ticks, "falls", (json_int_t)level->falls,
				  "below_ns", (json_int_t)level->below_ns));
	}
	return json_pack("{s:i, s:s, s:I, s:I, s:I, s:I, s:I, s:o}", "node", zone->node, "zone",
			 zone->name, "managed", (json_int_t)zone->managed, "free_start",
			 (json_int_t)zone->free_first, "free_least", (json_int_t)zone->free_least,
			 "free_end", (json_int_t)zone->free_last, "boost_most",
			 (json_int_t)zone->boost_most, "watermarks", marks);
}

static json_t *blocks_json(const struct node_blocks *node)
{
	json_t *orders = json_array();

	for (unsigned o = 0; o < node->orders; o++) {
		const struct order_blocks *order = &node->orders_of[o];

		json_array_append_new(
			orders, json_pack("{s:I, s:I, s:I, s:f, s:f, s:f}", "start",
					  (json_int_t)order->first, "least",
					  (json_int_t)order->least, "end", (json_int_t)order->last,
					  "unusable_start", order->unusable_first / 1000.0,
					  "unusable_end", order->unusable_last / 1000.0,
					  "unusable_most", order->unusable_most / 1000.0));
	}
	return json_pack("{s:i, s:o}", "node", node->node, "orders", orders);
}

static json_t *zones_json(const struct zones *zones)
{
	json_t *list = json_array();

	for (size_t i = 0; i < zones->count; i++)
		json_array_append_new(list, zone_json(&zones->items[i]));
	return list;
}

static json_t *all_blocks_json(const struct zones *zones)
{
	json_t *list = json_array();

	for (size_t i = 0; i < zones->node_count; i++)
		json_array_append_new(list, blocks_json(&zones->nodes[i]));
	return list;
}

/* Whether pages or objects were scanned, or may have been. */
static bool is_busy(const struct cube *cube)
{
	size_t node = cube_all(cube, CUBE_NODE), cgroup = cube_all(cube, CUBE_CGROUP);

	return cube_pages(cube, CUBE_SCANNED, node, cgroup, CUBE_ANYONE, CUBE_KINDS).high ||
	       cube_objects(cube, CUBE_SCANNED, node, cgroup, CUBE_ANYONE).high;
}

static json_t *intervals_json(struct cube *cube, const struct phase *phase)
{
	const struct samples *s = &cube->record->samples;
	json_t *list = json_array(), *interval;

	for (size_t row = phase->first; row < phase->last; row++) {
		cube_take(cube, row, row + 1);
		if (!is_busy(cube))
			continue;
		interval = json_pack("{s:I, s:I}", "start_ns", (json_int_t)samples_at(s, row, 0),
				     "end_ns", (json_int_t)samples_at(s, row + 1, 0));
		json_object_update_new(interval, cube_taken_json(cube));
		json_array_append_new(list, interval);
	}
	return list;
}

static int add_trial(json_t *list, const struct stored_trial *trial, struct error *err)
{
	struct record *record;
	json_t *entry;
	int r = record_open(&record, trial->dir, err);

	if (r < 0)
		return r;
	if (record_measure(record) < 0) {
		record_free(record);
		return error_set(err, -ENOMEM, "compute the reclaim cube");
	}
	entry = json_pack("{s:s, s:s, s:I}", "scenario", trial->scenario, "kernel", trial->kernel,
			  "seed", (json_int_t)trial->seed);
	if (record->cube) {
		json_object_set_new(entry, "cube", cube_json(record->cube));
		json_object_set_new(entry, "zones", zones_json(record->zones));
		json_object_set_new(entry, "blocks", all_blocks_json(record->zones));
		json_object_set_new(entry, "intervals",
				    intervals_json(record->cube, record_phase(record, "measured")));
	}
	record_free(record);
	return json_array_append_new(list, entry) < 0
		       ? error_set(err, -ENOMEM, "show the reclaim cube")
		       : 0;
}

int show_cube_json(json_t **ret, const struct run *run, struct error *err)
{
	json_t *list = json_array();
	int r = 0;

	for (size_t i = 0; r == 0 && i < run->trial_count; i++)
		r = add_trial(list, &run->trials[i], err);
	if (r < 0)
		json_decref(list);
	else
		*ret = list;
	return r;
}
