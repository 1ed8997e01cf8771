// SPDX-License-Identifier: GPL-2.0-or-later
/* A machine as JSON that suite_read_machine() reads back; see json.c. */
#include <jansson.h>

#include "harness/suite/internal.h"
#include "src/macro.h"
#include "src/units.h"

/* Without the options that its type does not have. */
static json_t *device_json(const struct option_spec *table, const void *base, int type)
{
	json_t *object = json_object();

	if (suite_json_options(object, table, base) < 0) {
		json_decref(object);
		return NULL;
	}
	for (const struct option_spec *s = table; s->name; s++)
		if (!device_option_applies(s, type))
			json_object_del(object, s->name);
	return object;
}

static json_t *swap_json(const struct swap_spec *swap)
{
	json_t *object = device_json(swap_options, swap, swap->type);

	if (!swap->has_priority)
		json_object_del(object, "priority");
	return object;
}

static int add_swaps(json_t *object, const struct machine_spec *machine)
{
	static const struct swap_spec none = { .type = SWAP_NONE };
	json_t *list;

	if (machine->swap_count < 2)
		return json_object_set_new(object, "swap",
					   swap_json(machine->swap_count ? machine->swaps : &none));
	list = json_array();
	if (json_object_set_new(object, "swap", list) < 0)
		return -1;
	for (size_t i = 0; i < machine->swap_count; i++)
		if (json_array_append_new(list, swap_json(&machine->swaps[i])) < 0)
			return -1;
	return 0;
}

/* "512M", or with its CPUs, when they were said, as a map. */
static json_t *node_json(const struct node_spec *node)
{
	char text[FORMAT_MAX];
	json_t *object;

	if (!node->cpus)
		return json_string(format_size(node->size_bytes, text));
	object = json_object();
	if (suite_json_options(object, node_options, node) == 0)
		return object;
	json_decref(object);
	return NULL;
}

static int add_nodes(json_t *object, const struct machine_spec *machine)
{
	json_t *list = json_array();

	if (json_object_set_new(object, "nodes", list) < 0)
		return -1;
	for (size_t i = 0; i < machine->node_count; i++)
		if (json_array_append_new(list, node_json(&machine->nodes[i])) < 0)
			return -1;
	return 0;
}

static int add_distances(json_t *object, const struct machine_spec *machine)
{
	json_t *rows = json_array();

	if (json_object_set_new(object, "distances", rows) < 0)
		return -1;
	for (size_t from = 0; from < machine->node_count; from++) {
		json_t *row = json_array();

		if (json_array_append_new(rows, row) < 0)
			return -1;
		for (size_t to = 0; to < machine->node_count; to++)
			if (json_array_append_new(row, json_integer(machine->distances[from][to])) <
			    0)
				return -1;
	}
	return 0;
}

static int add_sysctls(json_t *object, const struct machine_spec *machine)
{
	json_t *map = json_object();

	return json_object_set_new(object, "sysctl", map) < 0
		       ? -1
		       : suite_json_settings(map, machine->sysctls, machine->sysctl_count);
}

int suite_json_machine(json_t *root, const struct machine_spec *machine)
{
	json_t *object = json_object();

	if (json_object_set_new(root, "machine", object) < 0 ||
	    suite_json_options(object, machine_options, machine) < 0 ||
	    add_nodes(object, machine) < 0 || add_swaps(object, machine) < 0 ||
	    (machine->has_distances && add_distances(object, machine) < 0) ||
	    (machine->sysctl_count && add_sysctls(object, machine) < 0))
		return -1;
	return json_object_set_new(object, "disk",
				   device_json(disk_options, &machine->disk, machine->disk.type));
}

json_t *suite_machine_json(const struct machine_spec *machine)
{
	json_t *root = json_object();

	if (!root || suite_json_machine(root, machine) < 0) {
		json_decref(root);
		return NULL;
	}
	return root;
}
