// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where a worker runs and where its pages lie, asked of the kernel while it holds them:
 * sched_getaffinity(2), move_pages(2) for the node of each page, mincore(2) for page cache.
 * Run as root in a VM with two nodes.
 */
#include <errno.h>
#include <fcntl.h>
#include <numaif.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/spawn.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "tests/lead.h"
#include "tests/tap.h"

#define NODES 2
#define MIB   (1ull << 20)

struct held {
	uint64_t on_node[NODES], elsewhere; /* pages in memory, by node; not in memory */
};

/* Born as the harness does it, then led to the end of its work. */
static bool work_at(struct lead *l, hwloc_topology_t topology, const char *cpus, const char *memory)
{
	_cleanup_fsroot_ struct fsroot fs = { -1, -1, -1 };
	hwloc_bitmap_t set = NULL;
	struct spawn_place place = { .cgroup_fd = -1, .topology = topology, .memory = memory };
	int r = fsroot_open(&fs, "/", &l->err);

	if (r == 0)
		r = topology_cpus(topology, cpus, &set, &l->err);
	place.cpus = set;
	place.fs = &fs;
	if (r == 0)
		r = spawn_worker(&l->args, &place, &l->pid, &l->pidfd, &l->err);
	if (set)
		hwloc_bitmap_free(set);
	return r == 0 && lead_to(l, GO_SETUP, WORKER_READY) && lead_to(l, GO_WARMUP, WORKER_WARM) &&
	       lead_to(l, GO_MEASURE, WORKER_DONE);
}

/* The process's mapping of at least that size whose line has the text; its begin, or 0. */
static uint64_t find_mapping(pid_t pid, uint64_t bytes, const char *text)
{
	_cleanup_free_ char *path = text_format("/proc/%d/maps", (int)pid), *maps = NULL;
	char *rest, *line;

	if (!path || file_read(AT_FDCWD, path, &maps, NULL, NULL) < 0)
		return 0;
	for (rest = maps; (line = strsep(&rest, "\n"));) {
		char *end;
		uint64_t from = strtoull(line, &end, 16), to = strtoull(end + 1, NULL, 16);

		if (to - from >= bytes && strstr(line, text))
			return from;
	}
	return 0;
}

static bool count_pages(pid_t pid, uint64_t begin, uint64_t bytes, struct held *ret)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), count = bytes / page;
	_cleanup_free_ void **pages = calloc(count, sizeof(*pages));
	_cleanup_free_ int *status = calloc(count, sizeof(*status));

	*ret = (struct held){};
	for (size_t i = 0; pages && i < count; i++)
		pages[i] = (void *)(begin + i * page);
	if (!pages || !status || move_pages(pid, count, pages, NULL, status, 0) < 0)
		return false;
	for (size_t i = 0; i < count; i++)
		if (status[i] >= 0 && status[i] < NODES)
			ret->on_node[status[i]]++;
		else
			ret->elsewhere++;
	return true;
}

static void check_anon(hwloc_topology_t topology, const char *memory, double share0, double within)
{
	const uint64_t bytes = 32 * MIB;
	struct held held;
	struct lead l;
	double pages = (double)bytes / (double)sysconf(_SC_PAGESIZE);

	if (!lead_init(&l, "anon", "size=32M", 2) || !work_at(&l, topology, "all", memory)) {
		tap_ok(false, "anon with memory %s: %s", memory, l.err.text);
	} else if (!count_pages(l.pid, find_mapping(l.pid, bytes, " rw-p 00000000 00:00 0"), bytes,
				&held)) {
		tap_ok(false, "move_pages: %s", strerror(errno));
	} else {
		tap_ok(fabs((double)held.on_node[0] / pages - share0) <= within &&
			       held.elsewhere == 0,
		       "memory: %s: %" PRIu64 " pages on node 0, %" PRIu64 " on node 1, %" PRIu64
		       " elsewhere",
		       memory, held.on_node[0], held.on_node[1], held.elsewhere);
		tap_ok(lead_end(&l), "and it ends");
	}
	lead_done(&l);
}

static void check_cpus(hwloc_topology_t topology, const char *cpus)
{
	struct lead l;
	cpu_set_t set;

	if (!lead_init(&l, "anon", "size=1M", 1) || !work_at(&l, topology, cpus, "default"))
		tap_ok(false, "anon on %s: %s", cpus, l.err.text);
	else
		tap_ok(sched_getaffinity(l.pid, sizeof(set), &set) == 0 && CPU_COUNT(&set) == 1 &&
			       CPU_ISSET(0, &set),
		       "cpus: %s is CPU 0 alone", cpus);
	lead_done(&l);
}

/* The worker's regular file of that size, which has no name, through its descriptor. */
static int open_file(pid_t pid, uint64_t bytes)
{
	for (unsigned n = 3; n < 64; n++) {
		_cleanup_free_ char *path = text_format("/proc/%d/fd/%u", (int)pid, n);
		struct stat st;

		if (path && stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
		    (uint64_t)st.st_size == bytes)
			return open(path, O_RDONLY | O_CLOEXEC);
	}
	return -1;
}

static uint64_t count_cached(const void *map, uint64_t bytes)
{
	size_t count = bytes / (size_t)sysconf(_SC_PAGESIZE);
	_cleanup_free_ unsigned char *in = calloc(count, 1);
	uint64_t sum = 0;

	if (!in || mincore((void *)map, bytes, in) < 0)
		return UINT64_MAX;
	for (size_t i = 0; i < count; i++)
		sum += in[i] & 1;
	return sum;
}

/*
 * Page cache: what was read is in it (mincore), on the node that the policy binds to. options end
 * in what is read; the first half of the file with ops of half a pass.
 */
static void check_file(hwloc_topology_t topology, const char *options, bool half)
{
	const uint64_t bytes = 16 * MIB, pages = bytes / (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t cached, want = half ? pages / 2 : pages;
	struct held held;
	volatile unsigned char sum = 0;
	unsigned char *map = MAP_FAILED;
	struct lead l;
	int fd = -1;

	if (!lead_init(&l, "file", options, 1))
		goto failed;
	if (half)
		l.args.measured.ops = l.plan.ops_per_pass / 2;
	if (!work_at(&l, topology, "all", "bind:1"))
		goto failed;
	fd = open_file(l.pid, bytes);
	if (fd >= 0)
		map = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (!tap_ok(map != MAP_FAILED, "file %s: its file is found", options))
		goto out;
	madvise(map, bytes, MADV_RANDOM); /* no read-ahead of ours */
	cached = count_cached(map, bytes);
	/* Read-ahead may go on by its window behind what was asked for. */
	tap_ok(cached >= want && cached <= want + (half ? 64 : 0),
	       "mincore: %" PRIu64 " of %" PRIu64 " pages cached, %" PRIu64 " were read", cached,
	       pages, want);
	if (half)
		goto out;
	for (uint64_t i = 0; i < bytes; i += 4096)
		sum += map[i];
	if (count_pages(getpid(), (uint64_t)(uintptr_t)map, bytes, &held))
		tap_ok(held.on_node[1] == pages, "memory: bind:1: %" PRIu64 " cached pages there",
		       held.on_node[1]);
	else
		tap_ok(false, "move_pages: %s", strerror(errno));
	goto out;
failed:
	tap_ok(false, "file %s: %s", options, l.err.text);
out:
	if (map != MAP_FAILED)
		munmap(map, bytes);
	if (fd >= 0)
		close(fd);
	lead_done(&l);
}

static void check_shmem(hwloc_topology_t topology)
{
	const uint64_t bytes = 16 * MIB, pages = bytes / (uint64_t)sysconf(_SC_PAGESIZE);
	struct held held;
	struct lead l;

	if (!lead_init(&l, "shmem", "kind=memfd size=16M", 1) ||
	    !work_at(&l, topology, "all", "bind:1"))
		tap_ok(false, "shmem: %s", l.err.text);
	else if (!count_pages(l.pid, find_mapping(l.pid, bytes, "memfd:"), bytes, &held))
		tap_ok(false, "move_pages: %s", strerror(errno));
	else
		tap_ok(held.on_node[1] == pages, "shmem, memory: bind:1: %" PRIu64 " pages there",
		       held.on_node[1]);
	lead_done(&l);
}

int main(void)
{
	struct error err = {};
	hwloc_topology_t topology = NULL;

	if (!tap_ok(topology_load(&topology, &err) == 0, "the topology: %s", err.text))
		return tap_done();
	check_cpus(topology, "node0");
	check_cpus(topology, "core:0");
	check_cpus(topology, "pu:0");
	/* The VM has one CPU, on node 0. */
	check_anon(topology, "default", 1, 0);
	check_anon(topology, "local", 1, 0);
	check_anon(topology, "bind:0", 1, 0);
	check_anon(topology, "bind:1", 0, 0);
	check_anon(topology, "preferred:1", 0, 0);
	check_anon(topology, "interleave:0-1", 0.5, 0.01);
	check_file(topology, "size=16M dir=/disk", false);
	check_file(topology, "size=16M dir=/disk", true);
	check_file(topology, "size=16M dir=/disk engine=mmap", false);
	check_file(topology, "size=16M dir=/disk engine=io_uring depth=8", false);
	check_shmem(topology);
	hwloc_topology_destroy(topology);
	return tap_done();
}
