// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "harness/suite/internal.h"
#include "src/macro.h"
#include "src/units.h"

#define CPUS_MAX       16
#define NODE_BYTES_MIN (64ull << 20)
#define NODE_BYTES_MAX (64ull << 30)
#define MEBIBYTE       (1ull << 20)

static const char *const machine_keys[] = { "cpus", "nodes", "swap", "disk", NULL };

static const struct option_spec cpus_option[] = {
	OPTION_U64(struct machine_spec, cpus, .name = "cpus", .fallback = "1", .min = 1,
		   .max = CPUS_MAX, .help = "CPUs; they go round the nodes"),
	{}
};

static int read_nodes(struct machine_spec *machine, const struct yaml_node *list, struct error *err)
{
	size_t count = 0;

	if (suite_expect_kind(list, YAML_LIST, "nodes", err) < 0)
		return -EINVAL;
	if (!list->count || list->count > SUITE_NODES_MAX)
		return yaml_complain(list, err, "%zu nodes: a machine has 1 to %d", list->count,
				     SUITE_NODES_MAX);
	for (; count < list->count; count++) {
		const struct yaml_node *item = list->items[count];
		uint64_t bytes;

		if (suite_expect_kind(item, YAML_SCALAR, "nodes", err) < 0)
			return -EINVAL;
		if (parse_size(item->text, &bytes) < 0)
			return yaml_complain(item, err,
					     "«%s» is not a size in bytes or with K, M, G, as 512M",
					     item->text);
		if (bytes < NODE_BYTES_MIN || bytes > NODE_BYTES_MAX)
			return yaml_complain(item, err, "a node of %s: 64M to 64G is possible",
					     item->text);
		if (bytes % MEBIBYTE)
			return yaml_complain(item, err, "a node of %s: not a multiple of 1M",
					     item->text);
		machine->nodes[count] = bytes;
	}
	machine->node_count = count;
	return 0;
}

/* "none", or {type: ..., size: ...} by the table. */
static int read_device(const struct yaml_node *node, const char *what,
		       const struct option_spec *table, void *base, struct error *err)
{
	const struct option_target targets[] = { { table, base }, {} };

	if (node->kind == YAML_NULL || (node->kind == YAML_SCALAR && streq(node->text, "none")))
		return 0;
	if (suite_expect_kind(node, YAML_MAP, what, err) < 0)
		return -EINVAL;
	if (suite_read_options(node, node, targets, err) < 0)
		return -EINVAL;
	if (!yaml_map_get(node, "type"))
		return yaml_complain(node, err, "%s needs a type: %s", what,
				     streq(what, "swap") ? "none, zram or null_blk"
							 : "none or null_blk");
	return 0;
}

static int check_device(const struct yaml_node *node, const char *what, bool present,
			uint64_t bytes, struct error *err)
{
	const struct yaml_node *size = yaml_map_get(node, "size");

	if (present && !size)
		return yaml_complain(node, err, "%s needs a size, as size: 512M", what);
	if (!present && size)
		return yaml_complain(size, err, "%s has a size but type: none", what);
	if (size && bytes % MEBIBYTE)
		return yaml_complain(size, err, "size: %s is not a multiple of 1M", size->text);
	return 0;
}

static int check_swap(const struct swap_spec *swap, const struct yaml_node *node, struct error *err)
{
	const struct yaml_node *algorithm = yaml_map_get(node, "algorithm");
	const struct yaml_node *latency = yaml_map_get(node, "latency");

	if (algorithm && swap->type != SWAP_ZRAM)
		return yaml_complain(algorithm, err, "only zram has an algorithm");
	if (algorithm && suite_check_name(algorithm, "algorithm", err) < 0)
		return -EINVAL;
	if (latency && swap->type != SWAP_NULL_BLK)
		return yaml_complain(latency, err, "only null_blk has a latency");
	return check_device(node, "swap", swap->type != SWAP_NONE, swap->size_bytes, err);
}

int suite_read_machine(struct machine_spec *machine, const struct yaml_node *node,
		       struct error *err)
{
	const struct option_target cpus[] = { { cpus_option, machine }, {} };
	struct yaml_node only_cpus = {}, *keys[1], *items[1];
	const struct yaml_node *nodes, *swap, *disk;
	long i;

	machine->nodes[0] = 1ull << 30;
	machine->node_count = 1;
	if (option_defaults(cpus_option, machine, err) < 0 ||
	    option_defaults(swap_options, &machine->swap, err) < 0 ||
	    option_defaults(disk_options, &machine->disk, err) < 0)
		return -EINVAL;
	if (!node)
		return 0;
	if (suite_expect_kind(node, YAML_MAP, "machine", err) < 0 ||
	    suite_check_keys(node, machine_keys, err) < 0)
		return -EINVAL;
	i = yaml_map_find(node, "cpus");
	if (i >= 0) {
		keys[0] = node->keys[i];
		items[0] = node->items[i];
		only_cpus = (struct yaml_node){
			.kind = YAML_MAP, .keys = keys, .items = items, .count = 1
		};
		if (suite_read_options(&only_cpus, node, cpus, err) < 0)
			return -EINVAL;
	}
	nodes = yaml_map_get(node, "nodes");
	swap = yaml_map_get(node, "swap");
	disk = yaml_map_get(node, "disk");
	if (nodes && read_nodes(machine, nodes, err) < 0)
		return -EINVAL;
	if (swap && (read_device(swap, "swap", swap_options, &machine->swap, err) < 0 ||
		     check_swap(&machine->swap, swap, err) < 0))
		return -EINVAL;
	if (disk && (read_device(disk, "disk", disk_options, &machine->disk, err) < 0 ||
		     check_device(disk, "disk", machine->disk.type != DISK_NONE,
				  machine->disk.size_bytes, err) < 0))
		return -EINVAL;
	return 0;
}
