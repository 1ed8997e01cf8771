/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What a running trial holds: shared by trial.c (the flow), trial-setup.c and trial-record.c. */

#include <stdbool.h>
#include <sys/types.h>

#include "harness/cgroup.h"
#include "harness/knobs.h"
#include "harness/sampler.h"
#include "harness/topology.h"
#include "harness/trace.h"
#include "harness/trial.h"
#include "src/strlist.h"
#include "workloads/worker.h"

#define TRIAL_WORKERS_MAX SUITE_PROCESSES_MAX
#define TRIAL_EVENTS_MAX  64
#define TRIAL_PHASES_MAX  4
/* How long a killed worker, or one that held the start state, gets to give back what it had. */
#define TRIAL_END_WAIT_MS 10000

/* One worker process. */
struct trial_worker {
	const struct workload_spec *spec;
	struct worker_args args;
	unsigned process;    /* of its workload: 0 to placement.processes - 1 */
	hwloc_bitmap_t cpus; /* owned */
	char *dir;	     /* its own directory, to be removed; NULL: none */
	pid_t pid;
	int pidfd;
	bool ended;
	int exit_code, exit_signal; /* once ended; one of them 0 */
};

struct trial_event {
	uint64_t t_ns;
	const char *name; /* a literal */
	char detail[80];
};

struct trial_knob {
	const char *name;
	char old[KNOB_VALUE_MAX];
};

struct trial_span {
	const char *name;
	uint64_t start_ns, end_ns;
};

/* Kernel-side things in the order in which they are made; trial_undo() goes backwards. */
struct trial_state {
	const struct trial *trial;
	const struct scenario *scenario;
	const struct fsroot *fs;
	hwloc_topology_t topology; /* NULL before it is loaded */
	struct cgroup_tree tree;
	bool tree_made;
	json_t *limits; /* {"box/memory.max": "134217728"}: as read back */
	json_t *knobs;	/* every knob of this kernel, as in force during the trial */
	json_t *regime;
	struct trial_knob *changed; /* knobs to restore */
	size_t changed_count;
	struct worker_barrier *barrier; /* shared with the workers */
	struct trial_worker *workers;
	size_t worker_count;
	struct thread_report **reports; /* of each workload: all threads of all its processes */
	struct slow_list **slow;	/* the same; NULL where none are kept */
	int event_fd, signal_fd, timer_fd;
	sigset_t old_mask;
	bool masked;
	struct start_holder *holders; /* what «start:» holds; NULL: nothing */
	size_t holder_count;
	struct sampler *sampler;
	struct trace *trace; /* NULL: not asked for */
	struct trace_counts trace_counts;
	bool measuring;
	uint64_t oom_kills_before; /* of the system, since its boot */
	uint64_t last_row_ns;

	uint64_t origin_ns; /* CLOCK_MONOTONIC of the trial's time 0 */
	struct trial_span phases[TRIAL_PHASES_MAX];
	size_t phase_count;
	struct trial_event events[TRIAL_EVENTS_MAX];
	size_t event_count;
	const char *outcome; /* a literal */
	char why[300];
	struct strlist invalid; /* reasons not to trust the measurement */
};

/* trial.c */
/* The first verdict stands; all work stops. outcome is a literal. */
__attribute__((format(printf, 3, 4))) void
trial_conclude(struct trial_state *t, const char *outcome, const char *fmt, ...);
/* Waits for the next thing to happen, at most until deadline (of the trial's clock), and handles
 * it. */
void trial_handle_events(struct trial_state *t, uint64_t deadline);

/* trial-start.c */
/* Brings about what the scenario's «start:» asks for, or concludes that it can't be had. */
void trial_drive_start(struct trial_state *t);
/* After the measured phase: lets go; concludes if a process that held the state was gone. */
void trial_check_start(struct trial_state *t);
void trial_end_start(struct trial_state *t);

/* trial-setup.c */
int trial_make_cgroups(struct trial_state *t, struct error *err);
int trial_set_knobs(struct trial_state *t, struct error *err);
/* Restores and removes everything; returns -EUCLEAN when something stays. Safe half-built. */
int trial_undo(struct trial_state *t, struct error *err);

/* trial-sources.c */
int trial_make_sampler(struct trial_state *t, struct error *err);

/* trial-trace.c */
/* The memory that the trace will take of this process; 0 when none is asked for. */
uint64_t trial_trace_bytes(const struct trial_state *t);
/* Does nothing where none is asked for; the workers are there. */
int trial_make_trace(struct trial_state *t, struct error *err);
/* Decodes and writes spans.tsv; then losses are known, which trial_judge_trace() judges. */
int trial_write_trace(struct trial_state *t, FILE *f, struct error *err);
void trial_judge_trace(struct trial_state *t);
json_t *trial_trace_json(const struct trial_state *t);

/* trial-workers.c */
/* All zero, resident, shared with the workers that are born later; NULL when memory is out. */
void *trial_share_memory(size_t bytes);
int trial_make_workers(struct trial_state *t, struct error *err);
/* Kills what still runs and frees all; returns -EUCLEAN when a directory stays. Safe half-built. */
int trial_end_workers(struct trial_state *t, struct error *err);

/* trial-record.c */
/* trial-record-workloads.c: trial.json's "workloads". */
json_t *trial_workloads_json(const struct trial_state *t);
/* trial-slow.c: the slowest operations of open loops. */
bool trial_keeps_slow(const struct trial_state *t);
int trial_write_slow(const struct trial_state *t, FILE *f); /* -ENOMEM */
/* {"kept": 12, "over_ns": 1800}; NULL for a workload of which none are kept. */
json_t *trial_slow_json(const struct trial_state *t, size_t workload);
int trial_write_record(struct trial_state *t, int out_dirfd, struct error *err);
