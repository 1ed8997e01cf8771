/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * A suite file, read, checked and resolved: defaults filled in, overrides applied, the matrix
 * unfolded. Every string and array here is owned by the struct suite.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/error.h"
#include "src/option.h"
#include "src/strlist.h"
#include "workloads/workload.h"

#define SUITE_NODES_MAX	    WORKLOAD_NODES_MAX
#define SUITE_PROCESSES_MAX 256

enum { SWAP_NONE, SWAP_ZRAM, SWAP_NULL_BLK };
enum { DISK_NONE, DISK_NULL_BLK };

/* machine.swap: filled by swap_options. */
struct swap_spec {
	int type;
	uint64_t size_bytes;
	uint64_t latency_ns; /* null_blk: each request's completion */
	char *algorithm;     /* zram: its compressor; NULL: the kernel's default */
};
extern const struct option_spec swap_options[];

/* machine.disk: filled by disk_options. An ext4 filesystem on it is mounted at DISK_MOUNT. */
struct disk_spec {
	int type;
	uint64_t size_bytes;
	uint64_t latency_ns;
};
extern const struct option_spec disk_options[];
#define DISK_MOUNT "/disk"

/* machine: the VM's shape; on the host a requirement to check. */
struct machine_spec {
	uint64_t cpus;
	uint64_t nodes[SUITE_NODES_MAX]; /* bytes of each NUMA node */
	size_t node_count;
	struct swap_spec swap;
	struct disk_spec disk;
};

/* A name and the text that is written for it: a knob, or a cgroup's limit. */
struct setting {
	char *name;
	char *value;
};

struct cgroup_spec {
	char *path;		/* "box" or "box/a": parents come before children */
	struct setting *limits; /* name is the cgroup file: "memory.max" */
	size_t limit_count;
};

enum { LATENCY_EACH, LATENCY_NONE };

/* What every workload takes besides its generator's own options: filled by placement_options. */
struct placement {
	char *name;   /* in columns and metrics; given, or the generator's (and "-2", "-3") */
	char *in;     /* path of its cgroup, a leaf; NULL: outside of the suite's cgroups */
	char *cpus;   /* hwloc sets: "all", "node0", "core:0-3", "pu:2" */
	char *memory; /* "default", "local", "bind:0", "preferred:1", "interleave:0-1" */
	uint64_t threads, processes;	   /* threads of each process */
	double rate;			   /* operations a second of a process; 0: closed loop */
	int latency;			   /* LATENCY_EACH, LATENCY_NONE */
	uint64_t slow_ns;		   /* under rate: keep operations at least that slow */
	uint64_t start_ns, stop_ns;	   /* from the measured phase's begin; stop 0: none */
	uint64_t passes, ops, duration_ns; /* of each process; one of them or stop_ns is not 0 */
	uint64_t warmup_passes, warmup_duration_ns; /* at most one is not 0 */
	uint64_t seed; /* added to the trial's, so that two workloads can share accesses; 0: by
			  index */
};
extern const struct option_spec placement_options[];

struct workload_spec {
	const struct workload_ops *ops;
	void *options; /* ops->options_size bytes */
	struct placement placement;
	struct workload_plan plan;
};

enum expect_op { EXPECT_LT, EXPECT_LE, EXPECT_EQ, EXPECT_NE, EXPECT_GE, EXPECT_GT };

/* "METRIC OP VALUE"; or "outcome == oom_killed", whose metric is "outcome". */
struct expect_spec {
	char *text; /* as written */
	char *metric;
	enum expect_op op;
	double value; /* 95% is 0.95 */
	char *word;   /* for outcome: the word; else NULL */
};

/* One map of «start:»: filled by start_options. A share or size of 0: not asked for. */
struct start_spec {
	uint64_t node;
	bool drop_caches;
	double swap_used;    /* share of all swap */
	uint64_t free_bytes; /* of the node */
	double index;	     /* unusable-free index of the order on the node, 0 to 1 */
	uint64_t order;
};
extern const struct option_spec start_options[];

struct scenario {
	char *name; /* a matrix variant's: "anon@vm.swappiness=60" */
	char *about;
	uint64_t sample_ns;
	uint64_t timeout_ns; /* of the trial's own clock, from set-up to the end */
	bool trace;	     /* record the kernel's tracepoints, too: spans.tsv */
	uint64_t *seeds;
	size_t seed_count;
	struct start_spec *starts;
	size_t start_count;
	struct setting *knobs;
	size_t knob_count;
	struct cgroup_spec *cgroups;
	size_t cgroup_count;
	struct workload_spec *workloads;
	size_t workload_count;
	struct expect_spec *expects;
	size_t expect_count;
};

struct suite {
	char *name;
	char *about;
	char *path; /* the file it came from */
	struct machine_spec machine;
	struct scenario *scenarios;
	size_t scenario_count;
};

/*
 * Finds a suite: an existing path, or a shipped suite's name ("tour"), which is looked for in
 * suites/ beside the program, then in the data directory. *ret_path is the caller's to free.
 */
int suite_find(const char *name, char **ret_path, struct error *err);

/*
 * Reads and resolves a suite file. overrides are "a.b=value" as --set gives them; seeds, when not
 * NULL, replaces every scenario's; only, when not empty, keeps the scenarios whose name matches
 * one of its glob patterns. -EINVAL with "FILE:LINE:COLUMN: ..." and the line shown.
 */
int suite_load(struct suite **ret, const char *path, const struct strlist *overrides,
	       const char *seeds, const struct strlist *only, struct error *err);

/*
 * The suite as resolved, in a form that suite_load() reads back (JSON is YAML): for run.json and
 * for a guest. With a scenario, that one alone. NULL when memory is out.
 */
json_t *suite_json(const struct suite *suite, const struct scenario *scenario);

void suite_free(struct suite *suite);

/* The cgroup of that path, or NULL. */
const struct cgroup_spec *scenario_cgroup(const struct scenario *scenario, const char *path);

/* The most memory that all workloads of a scenario will own together, in all their processes. */
uint64_t scenario_footprint(const struct scenario *scenario);

/* Worker processes that the scenario starts. */
size_t scenario_processes(const struct scenario *scenario);

/* When the workload begins nothing new, from the measured phase's begin; 0: when its work is done.
 */
uint64_t placement_end_ns(const struct placement *placement);
