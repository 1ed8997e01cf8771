// SPDX-License-Identifier: GPL-2.0-or-later
/* What a trial's sampler reads: the kernel's files and the workers' own figures. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/sources.h"
#include "harness/trial-state.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"

struct source_def {
	const char *path, *prefix;
	enum kv_shape shape;
};

/* Read from /proc. */
static const struct source_def system_sources[] = {
	{ "vmstat", "vmstat", KV_SHAPE_FLAT },
	{ "meminfo", "meminfo", KV_SHAPE_FLAT },
	{ "zoneinfo", "zoneinfo", KV_SHAPE_ZONES },
	{ "buddyinfo", "buddyinfo", KV_SHAPE_BUDDY },
	{ "pressure/cpu", "psi.cpu", KV_SHAPE_PSI },
	{ "pressure/memory", "psi.memory", KV_SHAPE_PSI },
	{ "pressure/io", "psi.io", KV_SHAPE_PSI },
};

/* Read from each node's directory; the prefix stands behind the node's name. */
static const struct source_def node_sources[] = {
	{ "vmstat", "", KV_SHAPE_FLAT },
	{ "meminfo", "meminfo", KV_SHAPE_NODE },
	{ "numastat", "numastat", KV_SHAPE_FLAT },
};

/*
 * Read from each cgroup's directory; the prefix stands behind the cgroup's path. cpu.stat comes
 * first: a read of it folds all that the CPUs hold back of the cgroup's statistics, memory.stat's
 * too until 6.16 gave each controller a tree of its own (cgroup_rstat_flush(),
 * kernel/cgroup/rstat.c), where a read of memory.stat alone leaves up to a batch per CPU out.
 */
static const struct source_def cgroup_sources[] = {
	{ "cpu.stat", "cpu.stat", KV_SHAPE_FLAT },
	{ "memory.stat", "memory.stat", KV_SHAPE_FLAT },
	{ "memory.numa_stat", "memory.numa_stat", KV_SHAPE_NUMA },
	{ "memory.current", "memory.current", KV_SHAPE_SINGLE },
	{ "memory.swap.current", "memory.swap.current", KV_SHAPE_SINGLE },
	{ "memory.events", "memory.events", KV_SHAPE_FLAT },
	{ "memory.events.local", "memory.events.local", KV_SHAPE_FLAT },
	{ "memory.pressure", "psi.memory", KV_SHAPE_PSI },
	{ "io.pressure", "psi.io", KV_SHAPE_PSI },
	{ "io.stat", "io.stat", KV_SHAPE_IO },
};

/* before: what stands before each path and each prefix; "" for nothing. */
static int add_sources(struct sampler *s, int dirfd, const struct source_def *defs, size_t count,
		       const char *path_before, const char *before, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		char path[400], prefix[400];
		int r;

		snprintf(path, sizeof(path), "%s%s%s", path_before, *path_before ? "/" : "",
			 defs[i].path);
		snprintf(prefix, sizeof(prefix), "%s%s%s", before,
			 *before && *defs[i].prefix ? "." : "", defs[i].prefix);
		r = sampler_add_file(s, dirfd, path, defs[i].shape, prefix, err);
		if (r < 0 && r != -ENOENT)
			return r;
	}
	return 0;
}

static int add_nodes(struct sampler *s, const struct fsroot *fs, hwloc_topology_t topology,
		     struct error *err)
{
	hwloc_obj_t node = NULL;
	int r = 0;

	while (r == 0 && (node = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, node))) {
		char path[80], name[20];

		snprintf(path, sizeof(path), "devices/system/node/node%u", node->os_index);
		snprintf(name, sizeof(name), "node%u", node->os_index);
		r = add_sources(s, fs->sys, node_sources, ARRAY_SIZE(node_sources), path, name,
				err);
	}
	return r;
}

/* Of each zram disk: what its pages were, and what they take compressed. */
static int add_zram(struct sampler *s, const struct fsroot *fs, struct error *err)
{
	int r = 0;

	for (unsigned n = 0; r == 0; n++) {
		char path[40], prefix[20];

		snprintf(path, sizeof(path), "block/zram%u/mm_stat", n);
		snprintf(prefix, sizeof(prefix), "zram%u", n);
		r = sampler_add_file(s, fs->sys, path, KV_SHAPE_MM_STAT, prefix, err);
	}
	return r == -ENOENT ? 0 : r;
}

bool sources_is_reclaimer(const char *comm)
{
	static const char *const numbered[] = { "kswapd", "kcompactd" };

	for (size_t i = 0; i < ARRAY_SIZE(numbered); i++) {
		size_t len = strlen(numbered[i]);

		if (starts_with(comm, numbered[i]) && comm[len] &&
		    !comm[len + strspn(comm + len, "0123456789")])
			return true;
	}
	return streq(comm, "khugepaged");
}

/* Kernel threads are children of kthreadd, process 2; anyone may take their names. */
static bool is_kernel_thread(int proc, const char *pid)
{
	_cleanup_free_ char *path = text_format("%s/stat", pid);
	char line[400];
	const char *rest;

	if (!path || file_read_line(proc, path, line, sizeof(line)) < 0)
		return false;
	rest = strrchr(line, ')');
	return rest && strlen(rest) > 4 && strtol(rest + 4, NULL, 10) == 2;
}

/* Exact CPU time, and what the thread waited for a CPU, from its schedstat. */
static int add_kernel_threads(struct sampler *s, const struct fsroot *fs, struct error *err)
{
	_cleanup_closedir_ DIR *dir = fdopendir(openat(fs->proc, ".", O_RDONLY | O_DIRECTORY));
	struct dirent *entry;
	int r = 0;

	while (dir && r == 0 && (entry = readdir(dir))) {
		char path[300], comm[64];

		snprintf(path, sizeof(path), "%s/comm", entry->d_name);
		if (!isdigit((unsigned char)*entry->d_name) ||
		    file_read_line(fs->proc, path, comm, sizeof(comm)) < 0 ||
		    !sources_is_reclaimer(comm) || !is_kernel_thread(fs->proc, entry->d_name))
			continue;
		snprintf(path, sizeof(path), "%s/schedstat", entry->d_name);
		r = sampler_add_file(s, fs->proc, path, KV_SHAPE_SCHEDSTAT, comm, err);
		r = r == -ENOENT ? 0 : r;
	}
	return r;
}

static int add_workload_counter(struct sampler *s, const struct workload_spec *spec,
				const char *counter, const uint64_t *first, size_t count,
				struct error *err)
{
	char name[200];

	snprintf(name, sizeof(name), "work.%s.%s", spec->placement.name, counter);
	return sampler_add_counter(s, name, first, count, sizeof(struct thread_report), err);
}

/* The figures that a workload reports, over all threads of all its processes. */
static int add_workload_counters(struct sampler *s, const struct workload_spec *spec,
				 const struct thread_report *first, struct error *err)
{
	const struct counter_spec *own = spec->ops->counters;
	const struct {
		const char *name;
		const uint64_t *counter;
	} common[] = { { "ops", &first->ops },
		       { "bytes", &first->bytes },
		       { "errors", &first->errors } };
	size_t count = spec->placement.threads * spec->placement.processes;
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(common); i++)
		r = add_workload_counter(s, spec, common[i].name, common[i].counter, count, err);
	for (size_t i = 0; r == 0 && own && own[i].name; i++)
		r = add_workload_counter(s, spec, own[i].name, &first->counters[i], count, err);
	return r;
}

int sources_add_machine(struct sampler *s, const struct fsroot *fs, hwloc_topology_t topology,
			struct error *err)
{
	int r = add_sources(s, fs->proc, system_sources, ARRAY_SIZE(system_sources), "", "", err);

	if (r == 0)
		r = add_nodes(s, fs, topology, err);
	if (r == 0)
		r = add_zram(s, fs, err);
	return r == 0 ? add_kernel_threads(s, fs, err) : r;
}

int sources_add_cgroup(struct sampler *s, int dirfd, const char *name, struct error *err)
{
	return add_sources(s, dirfd, cgroup_sources, ARRAY_SIZE(cgroup_sources), "", name, err);
}

int trial_make_sampler(struct trial_state *t, struct error *err)
{
	int r = sampler_new(&t->sampler, err);

	if (r == 0)
		r = sources_add_machine(t->sampler, t->fs, t->topology, err);
	for (size_t i = 0; r == 0 && i < t->tree.count; i++)
		r = sources_add_cgroup(t->sampler, t->tree.groups[i].fd, t->tree.groups[i].path,
				       err);
	for (size_t i = 0; r == 0 && i < t->scenario->workload_count; i++)
		r = add_workload_counters(t->sampler, &t->scenario->workloads[i], t->reports[i],
					  err);
	return r < 0 ? r : sampler_prepare(t->sampler, err);
}
