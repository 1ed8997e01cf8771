/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The contract of a workload generator. A generator is one file with an option table and hooks,
 * one line in registry.c and one in local.mk; skeleton.c is a commented one to start from.
 *
 * The harness owns processes, cgroups, placement, the loop, the clock and the stop flag. A
 * generator says what one access is, and does a bounded batch of them when asked.
 */

#include <stdbool.h>
#include <stdint.h>

#include "src/error.h"
#include "src/histogram.h"
#include "src/option.h"
#include "src/rng.h"

struct worker;

/* What a workload will take, known before anything runs. */
struct workload_plan {
	uint64_t footprint_bytes; /* memory it will own at most */
	uint64_t ops_per_pass;	  /* operations in one pass, all threads together; ≥ 1 */
};

/* One thread of a worker process. Fields above the line are the harness's; hooks read them. */
struct workload_thread {
	struct worker *worker;
	unsigned index;	   /* 0 to worker->threads - 1 */
	uint64_t position; /* operations done since the process began, warm-up included */
	struct rng rng;	   /* seeded from suite seed, workload and thread */
	bool measuring;	   /* false in warm-up: latencies are not recorded */
	struct thread_report *report;
	/* ---- */
	void *state; /* the generator's own; thread_setup makes it, thread_teardown frees it */
};

/* A worker process. Fields above the line are the harness's; hooks read them. */
struct worker {
	const char *name;    /* the workload's name in the suite: "anon", "anon-2" */
	const void *options; /* the generator's option struct, parsed and checked */
	unsigned threads;
	uint64_t seed;	       /* from trial seed and workload: differs between workloads */
	uint64_t ops_per_pass; /* as plan() said */
	const volatile bool *stop;
	/* ---- */
	void *state; /* the generator's own; setup makes it, teardown frees it */
};

/*
 * What a thread reports, in memory shared with the sampler, which reads it at every tick. Only
 * its thread writes it.
 */
struct thread_report {
	uint64_t ops;	 /* finished since the phase began */
	uint64_t bytes;	 /* moved or touched by them */
	uint64_t errors; /* since the process began: operations that failed, contents found changed
			  */
	struct histogram latency; /* ns of one operation, measured phase only */
} __attribute__((aligned(64)));

/* Counts one finished operation and, in the measured phase, its latency. */
static inline void workload_record(struct workload_thread *t, uint64_t bytes, uint64_t ns)
{
	t->report->ops++;
	t->report->bytes += bytes;
	if (t->measuring)
		histogram_add(&t->report->latency, ns);
}

/* Something that the running kernel or machine must offer; probed when the trial begins. */
struct requirement {
	const char *name; /* "userfaultfd" */
	const char *cure; /* what to do about its lack: "enable CONFIG_USERFAULTFD" */
	bool (*met)(void);
};

struct workload_ops {
	const char *name;
	const char *summary;		   /* one line */
	const struct option_spec *options; /* {}-terminated; may be NULL */
	size_t options_size;		   /* of the struct that they fill */
	const struct requirement *needs;   /* {}-terminated; may be NULL */

	/*
	 * Checks combinations of options and says what they will take. Called in any process, also
	 * for `wring plan` on another machine; it must touch nothing. Required.
	 */
	int (*plan)(const void *options, struct workload_plan *ret, struct error *err);

	/*
	 * Prepares the process: maps, opens, seeds. Called once in the worker process, which is in
	 * its cgroup, pinned, its memory policy set. What it allocates is charged. Required.
	 */
	int (*setup)(struct worker *w, struct error *err);

	/* The same for one thread, called in that thread. Optional. */
	int (*thread_setup)(struct workload_thread *t, struct error *err);

	/*
	 * Does at most budget (≥ 1) operations, and few enough to take about a millisecond without
	 * reclaim, so that stop and time limits are seen; records each by workload_record(). Called
	 * in the thread, again and again. It allocates nothing. Required.
	 * Returns the number done, or -errno with err set, which fails the trial.
	 */
	int64_t (*step)(struct workload_thread *t, uint64_t budget, struct error *err);

	/* Undo the set-ups; called once each, also after one that failed half-way. Optional. */
	void (*thread_teardown)(struct workload_thread *t);
	void (*teardown)(struct worker *w);
};

/* ns on CLOCK_MONOTONIC. */
uint64_t workload_clock(void);
