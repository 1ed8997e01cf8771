// SPDX-License-Identifier: GPL-2.0-or-later
/* The tables of «machine:», and what its parts have in common. */
#include <stdio.h>

#include "harness/suite/internal.h"
#include "src/macro.h"

#define MIB (1ull << 20)
#define GIB (1ull << 30)

static const char *const swap_types[] = { "none", "zram", "null_blk", "brd", NULL };
static const char *const disk_types[] = { "none", "null_blk", "tmpfs", NULL };
static const char *const filesystem_names[] = { "ext4", "xfs", "btrfs", NULL };

/* An xfs has a log of 64 MiB or more, a btrfs chunks of metadata twice. */
const struct disk_filesystem disk_filesystems[] = {
	[FILESYSTEM_EXT4] = { "ext4", "mke2fs", "e2fsprogs", 16 * MIB, 1 * MIB, 8 },
	[FILESYSTEM_XFS] = { "xfs", "mkfs.xfs", "xfsprogs", 300 * MIB, 72 * MIB, 16 },
	[FILESYSTEM_BTRFS] = { "btrfs", "mkfs.btrfs", "btrfs-progs", 112 * MIB, 84 * MIB, 16 },
	{}
};

const struct option_spec machine_options[] = {
	OPTION_U64(struct machine_spec, cpus, .name = "cpus", .fallback = "1", .min = 1,
		   .max = SUITE_CPUS_MAX, .help = "CPUs; they go round the nodes"),
	OPTION_STRING(struct machine_spec, args, .name = "args", .meta = "TEXT",
		      .help = "arguments for the kernel, beside those that wring gives it"),
	{}
};

const struct option_spec node_options[] = {
	OPTION_SIZE(struct node_spec, size_bytes, .name = "size", .min = 64 * MIB, .max = 64 * GIB,
		    .required = true, .help = "the node's memory"),
	OPTION_STRING(struct node_spec, cpus, .name = "cpus", .meta = "LIST|none",
		      .help = "its CPUs, as 0-1,4; a share of those that no node names otherwise"),
	{}
};

const struct option_spec swap_options[] = {
	OPTION_CHOICE(struct swap_spec, type, .name = "type", .fallback = "none",
		      .choices = swap_types, .help = "what the kernel swaps to"),
	OPTION_SIZE(struct swap_spec, size_bytes, .name = "size", .min = MIB, .max = 1024 * GIB,
		    .help = "bytes of the device"),
	OPTION_TIME(struct swap_spec, latency_ns, .name = "latency", .max = 1000000000,
		    .help = "null_blk: time that each request takes"),
	OPTION_STRING(struct swap_spec, algorithm, .name = "algorithm", .meta = "NAME",
		      .help = "zram: its compressor, as zstd; the kernel's default otherwise"),
	OPTION_U64(struct swap_spec, priority, .name = "priority", .max = 32767,
		   .help = "the higher is used first, equal ones in turn; below 0, each device "
			   "lower than the one before it, unless given"),
	{}
};

const struct option_spec disk_options[] = {
	OPTION_CHOICE(struct disk_spec, type, .name = "type", .fallback = "none",
		      .choices = disk_types, .help = "what files lie on"),
	OPTION_SIZE(struct disk_spec, size_bytes, .name = "size", .min = 16 * MIB,
		    .max = 1024 * GIB, .help = "bytes of the device, or of the tmpfs"),
	OPTION_CHOICE(struct disk_spec, filesystem, .name = "filesystem", .fallback = "ext4",
		      .choices = filesystem_names, .help = "null_blk: what it carries"),
	OPTION_TIME(struct disk_spec, latency_ns, .name = "latency", .max = 1000000000,
		    .help = "null_blk: time that each request takes"),
	OPTION_SIZE(struct disk_spec, bandwidth_bytes, .name = "bandwidth", .min = MIB,
		    .max = 1024 * GIB,
		    .help = "null_blk: bytes a second, of reads and writes together, whole MiB; "
			    "no limit unless given"),
	{}
};

/* Options that not every type has. */
static const struct {
	const struct option_spec *table;
	const char *name;
	unsigned types; /* bit i: type i */
} special[] = {
	{ swap_options, "size", 1 << SWAP_ZRAM | 1 << SWAP_NULL_BLK | 1 << SWAP_BRD },
	{ swap_options, "latency", 1 << SWAP_NULL_BLK },
	{ swap_options, "algorithm", 1 << SWAP_ZRAM },
	{ swap_options, "priority", 1 << SWAP_ZRAM | 1 << SWAP_NULL_BLK | 1 << SWAP_BRD },
	{ disk_options, "size", 1 << DISK_NULL_BLK | 1 << DISK_TMPFS },
	{ disk_options, "filesystem", 1 << DISK_NULL_BLK },
	{ disk_options, "latency", 1 << DISK_NULL_BLK },
	{ disk_options, "bandwidth", 1 << DISK_NULL_BLK },
};

static unsigned types_of(const struct option_spec *option)
{
	for (size_t i = 0; i < ARRAY_SIZE(special); i++)
		if (option_find(special[i].table, special[i].name) == option)
			return special[i].types;
	return ~0u;
}

bool device_option_applies(const struct option_spec *option, int type)
{
	return types_of(option) >> type & 1;
}

const char *device_option_types(const struct option_spec *option, char *buf, size_t size)
{
	bool swap = option >= swap_options && option < swap_options + ARRAY_SIZE(swap_options);
	const char *const *names = swap ? swap_types : disk_types;
	size_t n = 0;

	buf[0] = '\0';
	for (int i = 0; names[i] && n < size; i++)
		if (device_option_applies(option, i))
			n += (size_t)snprintf(buf + n, size - n, "%s%s", n ? ", " : "", names[i]);
	return buf;
}

uint64_t machine_bytes(const struct machine_spec *machine)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < machine->node_count; i++)
		sum += machine->nodes[i].size_bytes;
	return sum;
}

uint64_t machine_swap_bytes(const struct machine_spec *machine)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < machine->swap_count; i++)
		sum += machine->swaps[i].size_bytes;
	return sum;
}

uint64_t disk_room(const struct disk_spec *disk)
{
	const struct disk_filesystem *fs = &disk_filesystems[disk->filesystem];

	return disk->type == DISK_NULL_BLK
		       ? disk->size_bytes - fs->keep_bytes - disk->size_bytes / fs->keep_part
		       : disk->size_bytes;
}

void suite_machine_done(struct machine_spec *machine)
{
	for (size_t i = 0; i < SUITE_NODES_MAX; i++)
		option_free(node_options, &machine->nodes[i]);
	for (size_t i = 0; i < SUITE_SWAPS_MAX; i++)
		option_free(swap_options, &machine->swaps[i]);
	option_free(disk_options, &machine->disk);
	option_free(machine_options, machine);
	settings_free(machine->sysctls, machine->sysctl_count);
	*machine = (struct machine_spec){};
}
