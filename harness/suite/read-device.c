// SPDX-License-Identifier: GPL-2.0-or-later
/* «swap:» and «disk:» of a machine. */
#include <errno.h>

#include "harness/suite/internal.h"
#include "src/macro.h"
#include "src/units.h"

#define MEBIBYTE (1ull << 20)

static bool is_none(const struct yaml_node *node)
{
	return node->kind == YAML_NULL || (node->kind == YAML_SCALAR && streq(node->text, "none"));
}

/* {type: ..., size: ...} by the table; *type is where the table puts the type. */
static int read_device(const struct yaml_node *node, const char *what,
		       const struct option_spec *table, void *base, const int *type,
		       struct error *err)
{
	const struct option_target targets[] = { { table, base }, {} };
	char names[200];

	if (suite_expect_kind(node, YAML_MAP, what, err) < 0 ||
	    suite_read_options(node, node, targets, err) < 0)
		return -EINVAL;
	if (!yaml_map_get(node, "type"))
		return yaml_complain(
			node, err, "%s needs a type: %s", what,
			option_range(option_find(table, "type"), names, sizeof(names)));
	for (size_t i = 0; i < node->count; i++) {
		const struct option_spec *option = option_find(table, node->keys[i]->text);

		if (!device_option_applies(option, *type))
			return yaml_complain(node->keys[i], err,
					     "«%s» is not for type: %s, only for %s", option->name,
					     yaml_map_get(node, "type")->text,
					     device_option_types(option, names, sizeof(names)));
	}
	return 0;
}

/* A size that is needed, and how much is a whole number of MiB. */
static int check_size(const struct yaml_node *node, const char *what, uint64_t bytes,
		      struct error *err)
{
	const struct yaml_node *size = yaml_map_get(node, "size");

	if (!size)
		return yaml_complain(node, err, "%s needs a size, as size: 512M", what);
	if (bytes % MEBIBYTE)
		return yaml_complain(size, err, "size: %s is not a multiple of 1M", size->text);
	return 0;
}

/* One device; *swap stays of type none where the map says so. */
static int read_swap(struct swap_spec *swap, const struct yaml_node *node, struct error *err)
{
	const struct yaml_node *algorithm = yaml_map_get(node, "algorithm");

	if (option_defaults(swap_options, swap, err) < 0 ||
	    read_device(node, "swap", swap_options, swap, &swap->type, err) < 0)
		return -EINVAL;
	if (algorithm && suite_check_name(algorithm, "algorithm", err) < 0)
		return -EINVAL;
	swap->has_priority = yaml_map_get(node, "priority");
	return swap->type == SWAP_NONE ? 0 : check_size(node, "swap", swap->size_bytes, err);
}

int suite_read_swap(struct machine_spec *machine, const struct yaml_node *node, struct error *err)
{
	const struct yaml_node *const *items = (const struct yaml_node *const *)node->items;
	bool list = node->kind == YAML_LIST;
	size_t count = list ? node->count : 1;

	if (is_none(node))
		return 0;
	if (node->kind == YAML_SCALAR)
		return yaml_complain(
			node, err,
			"«swap» must be none, a device as {type: zram, size: 512M}, or "
			"a list of devices; this is «%s»",
			node->text);
	if (count > SUITE_SWAPS_MAX)
		return yaml_complain(node, err, "%zu swap devices: a machine has at most %d", count,
				     SUITE_SWAPS_MAX);
	for (size_t i = 0; i < count; i++) {
		struct swap_spec *swap = &machine->swaps[machine->swap_count];

		if (read_swap(swap, list ? items[i] : node, err) < 0)
			return -EINVAL;
		if (swap->type == SWAP_NONE)
			option_free(swap_options, swap);
		else
			machine->swap_count++;
	}
	return 0;
}

/* A tmpfs is memory: what it may hold must fit there. */
static int check_tmpfs(const struct machine_spec *machine, const struct yaml_node *node,
		       struct error *err)
{
	char memory[FORMAT_MAX], swap[FORMAT_MAX];
	uint64_t have = machine_bytes(machine), more = machine_swap_bytes(machine);

	if (machine->disk.size_bytes <= have + more)
		return 0;
	return yaml_complain(yaml_map_get(node, "size"), err,
			     "a tmpfs of %s lies in memory and swap, and the machine has %s and %s",
			     yaml_map_get(node, "size")->text,
			     format_size_short((double)have, memory),
			     format_size_short((double)more, swap));
}

static int check_null_blk(const struct disk_spec *disk, const struct yaml_node *node,
			  struct error *err)
{
	const struct yaml_node *bandwidth = yaml_map_get(node, "bandwidth");
	const struct disk_filesystem *fs = &disk_filesystems[disk->filesystem];
	char min[FORMAT_MAX];

	if (disk->size_bytes < fs->min_bytes)
		return yaml_complain(yaml_map_get(node, "size"), err,
				     "size: %s is too small for %s, which needs %s",
				     yaml_map_get(node, "size")->text, fs->name,
				     format_size(fs->min_bytes, min));
	if (disk->bandwidth_bytes % MEBIBYTE)
		return yaml_complain(bandwidth, err,
				     "bandwidth: null_blk counts whole MiB a second, and %s is not "
				     "a multiple of 1M",
				     bandwidth->text);
	return 0;
}

int suite_read_disk(struct machine_spec *machine, const struct yaml_node *node, struct error *err)
{
	const struct yaml_node *filesystem = yaml_map_get(node, "filesystem");
	struct disk_spec *disk = &machine->disk;

	if (is_none(node))
		return 0;
	if (filesystem && filesystem->kind == YAML_SCALAR && streq(filesystem->text, "tmpfs"))
		return yaml_complain(filesystem, err,
				     "a tmpfs lies on no device: disk: {type: tmpfs, size: 256M}");
	if (read_device(node, "disk", disk_options, disk, &disk->type, err) < 0)
		return -EINVAL;
	if (disk->type != DISK_NONE && check_size(node, "disk", disk->size_bytes, err) < 0)
		return -EINVAL;
	if (disk->type == DISK_TMPFS)
		return check_tmpfs(machine, node, err);
	return disk->type == DISK_NULL_BLK ? check_null_blk(disk, node, err) : 0;
}
