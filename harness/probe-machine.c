// SPDX-License-Identifier: GPL-2.0-or-later
/* Whether this host is the machine that a suite asks for: what it can't be told, it isn't asked. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "harness/cgroup.h"
#include "harness/probe.h"
#include "harness/suite/kernel-args.h"
#include "harness/sysctl.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/units.h"

/* What mkswap takes for itself, a page or two, is not held against the host. */
#define SWAP_SLACK (1 << 20)
#define SWAPS_MAX  64

static int check_cpus(const struct machine_spec *machine, struct error *err)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if ((uint64_t)cpus >= machine->cpus)
		return 0;
	return error_say(err, -ENODEV,
			 "the suite asks for %" PRIu64 " CPUs, this host has %ld: run in a VM "
			 "(--vm), or --set machine.cpus=%ld",
			 machine->cpus, cpus, cpus);
}

/* Bits of a list as "0-3,8"; what is beyond 63 is left out. */
static uint64_t parse_list(const char *text)
{
	uint64_t set = 0;

	for (char *end; *text; text = *end ? end + 1 : end) {
		unsigned long first = strtoul(text, &end, 10), last = first;

		if (end == text)
			break;
		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		for (unsigned long i = first; i <= last && i < 64; i++)
			set |= 1ull << i;
	}
	return set;
}

static int read_node(const struct fsroot *fs, size_t node, const char *file, char *buf, size_t size,
		     struct error *err)
{
	char path[100];
	int r;

	snprintf(path, sizeof(path), "devices/system/node/node%zu/%s", node, file);
	r = file_read_line(fs->sys, path, buf, size);
	return r < 0 ? error_set(err, r, "read /sys/%s", path) : 0;
}

/* CPUs are compared where the suite says them. */
static int check_node_cpus(const struct fsroot *fs, const struct node_spec *node, size_t index,
			   struct error *err)
{
	char list[300];
	int r = node->cpus ? read_node(fs, index, "cpulist", list, sizeof(list), err) : 0;

	if (r < 0 || !node->cpus)
		return r;
	if (node->cpu_set ? !(node->cpu_set & ~parse_list(list)) : !*list)
		return 0;
	return error_say(
		err, -ENODEV,
		"the suite asks for node %zu with CPUs %s, this host's has %s: run in a VM "
		"(--vm)",
		index, node->cpus, *list ? list : "none");
}

static int check_distances(const struct fsroot *fs, const struct machine_spec *machine, size_t from,
			   struct error *err)
{
	char line[300], *at = line;
	int r = read_node(fs, from, "distance", line, sizeof(line), err);

	for (size_t to = 0; r == 0 && to < machine->node_count; to++) {
		unsigned long distance = strtoul(at, &at, 10);

		if (distance != machine->distances[from][to])
			r = error_say(err, -ENODEV,
				      "the suite asks for a distance of %u from node %zu to node "
				      "%zu, it is %lu on this host: run in a VM (--vm)",
				      machine->distances[from][to], from, to, distance);
	}
	return r;
}

static int check_nodes(const struct fsroot *fs, const struct machine_spec *machine,
		       struct error *err)
{
	size_t nodes = 0;
	char path[60];
	int r = 0;

	do
		snprintf(path, sizeof(path), "devices/system/node/node%zu", nodes);
	while (faccessat(fs->sys, path, F_OK, 0) == 0 && nodes++ < machine->node_count);
	/* A kernel without NUMA has no such files, and one node. */
	if (MAX(nodes, (size_t)1) < machine->node_count)
		return error_say(
			err, -ENODEV,
			"the suite asks for %zu NUMA nodes, this host has %zu: run in a VM (--vm)",
			machine->node_count, MAX(nodes, (size_t)1));
	for (size_t i = 0; r == 0 && i < machine->node_count; i++) {
		r = check_node_cpus(fs, &machine->nodes[i], i, err);
		if (r == 0 && machine->has_distances && machine->node_count > 1)
			r = check_distances(fs, machine, i, err);
	}
	return r;
}

/* A line of /proc/swaps. */
struct host_swap {
	char name[200];
	int type; /* SWAP_NONE: a file, a partition, another device */
	uint64_t size_bytes;
	long priority;
	bool taken; /* by one that the suite asks for */
};

static int type_of(const char *name)
{
	static const struct {
		const char *prefix;
		int type;
	} known[] = { { "/dev/zram", SWAP_ZRAM },
		      { "/dev/nullb", SWAP_NULL_BLK },
		      { "/dev/ram", SWAP_BRD } };

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (starts_with(name, known[i].prefix))
			return known[i].type;
	return SWAP_NONE;
}

static size_t read_swaps(const struct fsroot *fs, struct host_swap ret[static SWAPS_MAX])
{
	_cleanup_free_ char *text = NULL;
	size_t count = 0;
	char *rest, *line;

	if (file_read(fs->proc, "swaps", &text, NULL, NULL) < 0)
		return 0;
	for (rest = text; count < SWAPS_MAX && (line = strsep(&rest, "\n"));) {
		struct host_swap *s = &ret[count];

		*s = (struct host_swap){};
		if (sscanf(line, "%199s %*s %" SCNu64 " %*u %ld", s->name, &s->size_bytes,
			   &s->priority) != 3)
			continue; /* the heading */
		s->size_bytes <<= 10;
		s->type = type_of(s->name);
		count++;
	}
	return count;
}

/* The smallest that will do: the larger ones may be asked for, too. */
static bool take_swap(struct host_swap *swaps, size_t count, const struct swap_spec *wanted)
{
	struct host_swap *best = NULL;

	for (size_t i = 0; i < count; i++)
		if (!swaps[i].taken && swaps[i].type == wanted->type &&
		    swaps[i].size_bytes + SWAP_SLACK >= wanted->size_bytes &&
		    (!wanted->has_priority || swaps[i].priority == (long)wanted->priority) &&
		    (!best || swaps[i].size_bytes < best->size_bytes))
			best = &swaps[i];
	if (best)
		best->taken = true;
	return best;
}

static int lacks_swap(const struct host_swap *swaps, size_t count, const struct swap_spec *wanted,
		      struct error *err)
{
	char type[40], size[FORMAT_MAX], priority[40] = "", have[300] = "none";

	for (size_t i = 0, n = 0; i < count && n < sizeof(have); i++)
		n += (size_t)snprintf(have + n, sizeof(have) - n, "%s%s, %s of priority %ld",
				      i ? "; " : "", swaps[i].name,
				      format_size_short((double)swaps[i].size_bytes, size),
				      swaps[i].priority);
	if (wanted->has_priority)
		snprintf(priority, sizeof(priority), " and priority %" PRIu64, wanted->priority);
	return error_say(
		err, -ENODEV,
		"the suite asks for swap on %s of %s%s, this host has %s: add it, run in a "
		"VM (--vm), or --set machine.swap=none",
		option_format(option_find(swap_options, "type"), wanted, type, sizeof(type)),
		format_size(wanted->size_bytes, size), priority, have);
}

static int check_swaps(const struct fsroot *fs, const struct machine_spec *machine,
		       struct error *err)
{
	struct host_swap swaps[SWAPS_MAX];
	size_t count = read_swaps(fs, swaps);
	int r = 0;

	/* Those of a priority first: the others may be any. */
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; r == 0 && i < machine->swap_count; i++)
			if (machine->swaps[i].has_priority == !pass &&
			    !take_swap(swaps, count, &machine->swaps[i]))
				r = lacks_swap(swaps, count, &machine->swaps[i], err);
	return r;
}

/* The type of what is mounted on the disk's place: the last one there hides the others. */
static int mounted_type(const struct fsroot *fs, char *ret, size_t size)
{
	_cleanup_free_ char *text = NULL;
	char *rest, *line;
	int r = file_read(fs->proc, "self/mounts", &text, NULL, NULL);

	*ret = '\0';
	for (rest = text; r == 0 && (line = strsep(&rest, "\n"));) {
		char where[200], type[40];

		if (sscanf(line, "%*s %199s %39s", where, type) == 2 && streq(where, DISK_MOUNT))
			snprintf(ret, size, "%s", type);
	}
	return r;
}

static int check_disk(const struct fsroot *fs, const struct disk_spec *disk, struct error *err)
{
	const char *wanted =
		disk->type == DISK_TMPFS ? "tmpfs" : disk_filesystems[disk->filesystem].name;
	char type[40], need[FORMAT_MAX], have[FORMAT_MAX];
	struct statvfs st = {};

	if (disk->type == DISK_NONE)
		return 0;
	if (mounted_type(fs, type, sizeof(type)) < 0 || !*type)
		return error_say(
			err, -ENODEV,
			"the suite's disk is made in VMs only, and on this host nothing is "
			"mounted on " DISK_MOUNT ": run in a VM (--vm), or mount %s there",
			wanted);
	if (!streq(type, wanted))
		return error_say(err, -ENODEV,
				 "the suite asks for %s on " DISK_MOUNT ", on this host %s is "
				 "mounted there: run in a VM (--vm), or --set machine.disk.%s",
				 wanted, type, disk->type == DISK_TMPFS ? "type" : "filesystem");
	if (statvfs(DISK_MOUNT, &st) == 0 && (uint64_t)st.f_blocks * st.f_frsize < disk_room(disk))
		return error_say(
			err, -ENODEV,
			"the suite asks for a disk of %s, what is mounted on " DISK_MOUNT
			" has %s: run in a VM (--vm), or mount a larger one",
			format_size(disk->size_bytes, need),
			format_size_short((double)st.f_blocks * (double)st.f_frsize, have));
	return 0;
}

static int check_args(const struct fsroot *fs, const char *args, struct error *err)
{
	_cleanup_strlist_ struct strlist wanted = {}, there = {};
	_cleanup_free_ char *cmdline = NULL;
	int r = args ? file_read(fs->proc, "cmdline", &cmdline, NULL, err) : 0;

	if (r < 0 || !args)
		return r;
	if (kernel_args_split(args, &wanted) == -ENOMEM ||
	    kernel_args_split(cmdline, &there) == -ENOMEM)
		return error_set(err, -ENOMEM, "kernel arguments");
	for (size_t i = 0; i < wanted.count; i++)
		if (!strlist_contains(&there, wanted.items[i]))
			return error_say(
				err, -ENODEV,
				"the suite asks for the kernel argument «%s», this host was "
				"booted without it: boot with it, or run in a VM (--vm)",
				wanted.items[i]);
	return 0;
}

int probe_machine(const struct fsroot *fs, const struct machine_spec *machine, struct error *err)
{
	int r = cgroup_probe(fs, err);

	if (r == 0)
		r = check_cpus(machine, err);
	return r < 0 ? r : probe_shape(fs, machine, err);
}

int probe_shape(const struct fsroot *fs, const struct machine_spec *machine, struct error *err)
{
	int r = check_nodes(fs, machine, err);

	if (r == 0)
		r = check_swaps(fs, machine, err);
	if (r == 0)
		r = check_disk(fs, &machine->disk, err);
	if (r == 0)
		r = check_args(fs, machine->args, err);
	for (size_t i = 0; r == 0 && i < machine->sysctl_count; i++)
		r = sysctl_check(fs, &machine->sysctls[i], err);
	return r;
}
