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

#define SUITE_SWAPS_MAX 8
#define SUITE_CPUS_MAX	16

enum { SWAP_NONE, SWAP_ZRAM, SWAP_NULL_BLK, SWAP_BRD };
enum { DISK_NONE, DISK_NULL_BLK, DISK_TMPFS };
enum { FILESYSTEM_EXT4, FILESYSTEM_XFS, FILESYSTEM_BTRFS };

/* A device of machine.swap: filled by swap_options. */
struct swap_spec {
	int type;
	uint64_t size_bytes;
	uint64_t latency_ns; /* null_blk: each request's completion */
	char *algorithm;     /* zram: its compressor; NULL: the kernel's default */
	uint64_t priority;   /* as swapon(2) takes it */
	bool has_priority;   /* else the kernel's: each later device a lower one */
};
extern const struct option_spec swap_options[];

/* machine.disk: filled by disk_options. Its filesystem is mounted at DISK_MOUNT. */
struct disk_spec {
	int type;
	int filesystem; /* on a null_blk; an index of disk_filesystems */
	uint64_t size_bytes;
	uint64_t latency_ns;
	uint64_t bandwidth_bytes; /* a second; 0: no limit */
};
extern const struct option_spec disk_options[];
#define DISK_MOUNT "/disk"

/* What a disk can carry, and what that takes. */
struct disk_filesystem {
	const char *name;    /* its kernel module's, too */
	const char *program; /* that makes it */
	const char *package; /* that has the program */
	uint64_t min_bytes;  /* of the device: the program refuses less */
	/* What it keeps of the device for itself: that, and one part in keep_part of the size. */
	uint64_t keep_bytes, keep_part;
};
extern const struct disk_filesystem disk_filesystems[];

/* What a disk has room for: its size without what the filesystem keeps. 0: there is none. */
uint64_t disk_room(const struct disk_spec *disk);

/* An item of machine.nodes: filled by node_options, cpu_set once all nodes are known. */
struct node_spec {
	uint64_t size_bytes;
	char *cpus;	  /* "0-1", "none"; NULL: a share of those that no node names */
	uint64_t cpu_set; /* bit i: CPU i */
};
extern const struct option_spec node_options[];

/* A name and the text that is written for it: a knob, a cgroup's limit, a sysctl. */
struct setting {
	char *name;
	char *value;
};

/* machine: the VM's shape; on the host a requirement to check. machine_options fill cpus, args. */
struct machine_spec {
	uint64_t cpus;
	char *args; /* for the kernel, beside wring's own; NULL: none */
	struct node_spec nodes[SUITE_NODES_MAX];
	size_t node_count;
	bool has_distances;
	uint8_t distances[SUITE_NODES_MAX][SUITE_NODES_MAX]; /* from, to; 10 is a node itself */
	struct swap_spec swaps[SUITE_SWAPS_MAX];	     /* each of a type that is not none */
	size_t swap_count;
	struct disk_spec disk;
	struct setting *sysctls;
	size_t sysctl_count;
};
extern const struct option_spec machine_options[];

/*
 * Whether a swap's or a disk's option means anything for the type (a zram has no latency), and
 * which types it is for, as "zram, null_blk".
 */
bool device_option_applies(const struct option_spec *option, int type);
const char *device_option_types(const struct option_spec *option, char *buf, size_t size);

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
	struct setting
		*gates; /* a metric's name or glob, and its margin as parse_margin() takes it */
	size_t gate_count;
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

/*
 * A machine alone, as {"machine": ...}: for a guest that is made before it is known what it runs.
 * NULL when memory is out. What is read is the caller's, to be freed by suite_machine_done().
 */
json_t *suite_machine_json(const struct machine_spec *machine);
int suite_machine_load(struct machine_spec *ret, const char *path, struct error *err);
void suite_machine_done(struct machine_spec *machine);

/* All nodes' memory, and all swap, together. */
uint64_t machine_bytes(const struct machine_spec *machine);
uint64_t machine_swap_bytes(const struct machine_spec *machine);

/* The cgroup of that path, or NULL. */
const struct cgroup_spec *scenario_cgroup(const struct scenario *scenario, const char *path);

/* The most memory that all workloads of a scenario will own together, in all their processes. */
uint64_t scenario_footprint(const struct scenario *scenario);

/* Worker processes that the scenario starts. */
size_t scenario_processes(const struct scenario *scenario);

/* When the workload begins nothing new, from the measured phase's begin; 0: when its work is done.
 */
uint64_t placement_end_ns(const struct placement *placement);
