// SPDX-License-Identifier: GPL-2.0-or-later
/* «machine:», its CPUs and nodes; swap and disk are read-device.c's, args and sysctl
 * read-settings.c's. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "harness/suite/internal.h"
#include "src/macro.h"
#include "src/units.h"

#define MEBIBYTE      (1ull << 20)
#define DISTANCE_SELF 10
#define DISTANCE_MAX  255

static const char *const machine_keys[] = { "cpus", "nodes", "distances", "swap",
					    "disk", "args",  "sysctl",	  NULL };

/* {size: 512M, cpus: 0-1}, or the size alone. */
static int read_node(struct node_spec *node, const struct yaml_node *item, struct error *err)
{
	const struct option_target targets[] = { { node_options, node }, {} };
	struct yaml_node key = *item, value = *item;
	struct yaml_node *keys[] = { &key }, *items[] = { &value };
	struct yaml_node size_alone = {
		.kind = YAML_MAP, .keys = keys, .items = items, .count = 1
	};

	key.text = "size";
	if (item->kind == YAML_SCALAR)
		item = &size_alone;
	if (suite_expect_kind(item, YAML_MAP, "nodes", err) < 0 ||
	    suite_read_options(item, item, targets, err) < 0)
		return -EINVAL;
	if (node->size_bytes % MEBIBYTE)
		return yaml_complain(yaml_map_get(item, "size"), err,
				     "a node of %s: not a multiple of 1M",
				     yaml_map_get(item, "size")->text);
	return 0;
}

static int read_nodes(struct machine_spec *machine, const struct yaml_node *list, struct error *err)
{
	if (suite_expect_kind(list, YAML_LIST, "nodes", err) < 0)
		return -EINVAL;
	if (!list->count || list->count > SUITE_NODES_MAX)
		return yaml_complain(list, err, "%zu nodes: a machine has 1 to %d", list->count,
				     SUITE_NODES_MAX);
	machine->node_count = list->count;
	for (size_t i = 0; i < list->count; i++)
		if (read_node(&machine->nodes[i], list->items[i], err) < 0)
			return -EINVAL;
	return 0;
}

/* "0-1,4": CPUs of the machine, each on one node. */
static int read_cpus(struct machine_spec *machine, size_t index, const struct yaml_node *at,
		     struct error *err)
{
	struct node_spec *node = &machine->nodes[index];
	const char *text = node->cpus;
	char *end;

	if (streq(text, "none"))
		return 0;
	do {
		uint64_t first, last;

		first = last = strtoul(text, &end, 10);
		if (end != text && *end == '-') {
			text = end + 1;
			last = strtoul(text, &end, 10);
		}
		if (end == text || (*end && *end != ',') || last < first || *text == '-' ||
		    *text == '+' || *text == ' ')
			return yaml_complain(at, err,
					     "cpus: «%s» is neither none nor a list of CPUs as "
					     "0-1,4",
					     node->cpus);
		if (last >= machine->cpus)
			return yaml_complain(at, err,
					     "cpus: there is no CPU %" PRIu64
					     ": the machine has %" PRIu64
					     ", numbered from 0; raise machine.cpus",
					     last, machine->cpus);
		for (uint64_t cpu = first; cpu <= last; cpu++) {
			for (size_t i = 0; i <= index; i++)
				if (machine->nodes[i].cpu_set >> cpu & 1)
					return yaml_complain(at, err,
							     "cpus: CPU %" PRIu64
							     " is on node %zu already",
							     cpu, i);
			node->cpu_set |= 1ull << cpu;
		}
		text = end + 1;
	} while (*end);
	return 0;
}

/* Nodes that name their CPUs get those; the rest go round the other nodes. */
static int place_cpus(struct machine_spec *machine, const struct yaml_node *list, struct error *err)
{
	size_t next = 0, sharing = 0;
	uint64_t named = 0;

	for (size_t i = 0; i < machine->node_count; i++) {
		sharing += !machine->nodes[i].cpus;
		if (machine->nodes[i].cpus &&
		    read_cpus(machine, i, yaml_map_get(list->items[i], "cpus"), err) < 0)
			return -EINVAL;
		named |= machine->nodes[i].cpu_set;
	}
	for (uint64_t cpu = 0; cpu < machine->cpus; cpu++) {
		if (named >> cpu & 1)
			continue;
		if (!sharing)
			return yaml_complain(list, err,
					     "CPU %" PRIu64
					     " is on no node: name it in one's cpus, or "
					     "leave out a node's cpus, which then gets the rest",
					     cpu);
		while (machine->nodes[next % machine->node_count].cpus)
			next++;
		machine->nodes[next++ % machine->node_count].cpu_set |= 1ull << cpu;
	}
	return 0;
}

/*
 * Linux numbers nodes as it meets them in the firmware's table: those of CPU 0, CPU 1 and so on,
 * then those of memory alone (acpi_numa_init()). A node that has another number here would get
 * another one's memory there.
 */
static int check_order(const struct machine_spec *machine, const struct yaml_node *list,
		       struct error *err)
{
	int before = -1;

	for (size_t i = 0; i < machine->node_count; i++) {
		uint64_t set = machine->nodes[i].cpu_set;
		int first = set ? __builtin_ctzll(set) : SUITE_CPUS_MAX;

		if (first < before)
			return yaml_complain(list->items[i], err,
					     "a kernel would not call this node %zu: it numbers "
					     "nodes by their first CPU, and those without CPUs "
					     "last; list them in that order",
					     i);
		before = first;
	}
	return 0;
}

static int read_distance(uint8_t *ret, const struct yaml_node *item, bool self, struct error *err)
{
	uint64_t value;

	if (suite_expect_kind(item, YAML_SCALAR, "distances", err) < 0)
		return -EINVAL;
	if (parse_u64(item->text, &value) < 0 || value > DISTANCE_MAX ||
	    (self ? value != DISTANCE_SELF : value <= DISTANCE_SELF))
		return yaml_complain(item, err,
				     "«%s» is no distance: 10 from a node to itself, 11 to 254 to "
				     "another one, 255 to one that it can't reach",
				     item->text);
	*ret = (uint8_t)value;
	return 0;
}

static int read_distances(struct machine_spec *machine, const struct yaml_node *rows,
			  struct error *err)
{
	if (suite_expect_kind(rows, YAML_LIST, "distances", err) < 0)
		return -EINVAL;
	if (rows->count != machine->node_count)
		return yaml_complain(rows, err, "%zu rows of distances for %zu nodes", rows->count,
				     machine->node_count);
	for (size_t from = 0; from < rows->count; from++) {
		const struct yaml_node *row = rows->items[from];

		if (suite_expect_kind(row, YAML_LIST, "distances", err) < 0)
			return -EINVAL;
		if (row->count != machine->node_count)
			return yaml_complain(row, err, "%zu distances from node %zu, to %zu nodes",
					     row->count, from, machine->node_count);
		for (size_t to = 0; to < row->count; to++)
			if (read_distance(&machine->distances[from][to], row->items[to], from == to,
					  err) < 0)
				return -EINVAL;
	}
	machine->has_distances = true;
	return 0;
}

/* Of the machine's keys those of its table. */
static int read_options(struct machine_spec *machine, const struct yaml_node *node,
			struct error *err)
{
	const struct option_target targets[] = { { machine_options, machine }, {} };
	struct yaml_node *keys[ARRAY_SIZE(machine_keys)], *items[ARRAY_SIZE(machine_keys)];
	struct yaml_node part = { .kind = YAML_MAP, .keys = keys, .items = items };

	for (const struct option_spec *s = machine_options; s->name; s++) {
		long i = yaml_map_find(node, s->name);

		if (i < 0)
			continue;
		keys[part.count] = node->keys[i];
		items[part.count++] = node->items[i];
	}
	return suite_read_options(&part, node, targets, err);
}

int suite_read_machine(struct machine_spec *machine, const struct yaml_node *node,
		       struct error *err)
{
	const struct yaml_node *nodes = yaml_map_get(node, "nodes");
	const struct yaml_node *distances = yaml_map_get(node, "distances");
	const struct yaml_node *swap = yaml_map_get(node, "swap");
	const struct yaml_node *disk = yaml_map_get(node, "disk");
	const struct yaml_node *args = yaml_map_get(node, "args");
	const struct yaml_node *sysctl = yaml_map_get(node, "sysctl");

	machine->nodes[0].size_bytes = 1ull << 30;
	machine->node_count = 1;
	if (option_defaults(machine_options, machine, err) < 0 ||
	    option_defaults(disk_options, &machine->disk, err) < 0)
		return -EINVAL;
	if (node &&
	    (suite_expect_kind(node, YAML_MAP, "machine", err) < 0 ||
	     suite_check_keys(node, machine_keys, err) < 0 || read_options(machine, node, err) < 0))
		return -EINVAL;
	if (nodes && read_nodes(machine, nodes, err) < 0)
		return -EINVAL;
	if (place_cpus(machine, nodes, err) < 0 || check_order(machine, nodes, err) < 0 ||
	    (distances && read_distances(machine, distances, err) < 0) ||
	    (swap && suite_read_swap(machine, swap, err) < 0) ||
	    (disk && suite_read_disk(machine, disk, err) < 0) ||
	    (args && suite_read_args(machine, args, err) < 0) ||
	    (sysctl && suite_read_sysctls(machine, sysctl, err) < 0))
		return -EINVAL;
	return 0;
}
