/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The contract of a workload generator. A generator is one file with an option table and hooks,
 * one line in registry.c and one in local.mk; skeleton.c is a commented one to start from.
 *
 * The harness owns processes, cgroups, placement, the loop, the clock, the pace and the stop flag.
 * A generator says what one access is, and does a bounded batch of them when asked.
 */

#include <stdbool.h>
#include <stdint.h>

#include "src/error.h"
#include "src/histogram.h"
#include "src/option.h"
#include "src/rng.h"
#include "workloads/slow.h"

#define WORKLOAD_NODES_MAX    8
#define WORKLOAD_COUNTERS_MAX 12
#define WORKLOAD_OUTPUT_BYTES 65536

struct worker;

/*
 * Where a workload is to run, as the suite says it: what a generator needs in order to refuse,
 * before anything runs, what can't work there.
 */
struct workload_site {
	size_t page_bytes;
	uint64_t threads; /* of each of its processes */
	size_t node_count;
	uint64_t node_bytes[WORKLOAD_NODES_MAX];
	uint64_t swap_bytes, disk_bytes; /* 0: there is none */
	uint64_t hugepages; /* of 2 MiB, reserved or to be had on demand, by the knobs */
	bool rated;	    /* rate: is given: one operation a step */
};

/* What a workload will take, known before anything runs. Each process takes as much. */
struct workload_plan {
	uint64_t footprint_bytes; /* memory it will own at most; page cache isn't owned */
	uint64_t pinned_bytes;	  /* of that, what reclaim can't take even with swap */
	uint64_t disk_bytes;	  /* room that its files take in dir */
	uint64_t ops_per_pass;	  /* operations in one pass, all threads together; ≥ 1 */
	const char *dir;     /* where it wants a directory of its own; NULL: nowhere (scratch.h) */
	const char *program; /* that it runs, to be had in a VM too; NULL: none */
	const struct strlist *files; /* that the program needs there; NULL: none */
};

/* One thread of a worker process. Fields above the line are the harness's; hooks read them. */
struct workload_thread {
	struct worker *worker;
	unsigned index;	   /* 0 to worker->threads - 1 */
	uint64_t position; /* operations done since the process began, warm-up included */
	struct rng rng;	   /* seeded from suite seed, workload, process and thread */
	bool timing;	   /* latencies are wanted: the measured phase, unless latency: none */
	uint64_t due_ns; /* under rate: when the operation that is asked for should begin; else 0 */
	uint64_t begin_ns;	/* under rate: when its first step began; else 0 */
	struct slow_list *slow; /* NULL: none are kept */
	uint64_t slow_over_ns;	/* its copy of slow's, UINT64_MAX when none are kept now */
	struct thread_report *report;
	/* ---- */
	uint64_t cursor[3]; /* pattern.h's; all 0 at first */
	void *state; /* the generator's own; thread_setup makes it, thread_teardown frees it */
};

/* A worker process. Fields above the line are the harness's; hooks read them. */
struct worker {
	const char *name;    /* the workload's name in the suite: "anon", "anon-2" */
	const void *options; /* the generator's option struct, parsed and checked */
	unsigned threads;
	uint64_t seed;	       /* from trial seed, workload and process */
	uint64_t ops_per_pass; /* as plan() said */
	const char *dir;       /* its own directory, empty; NULL when plan() wanted none */
	bool open_loop;	       /* rate: is given */
	const _Atomic uint32_t *stop;
	struct workload_program *program; /* to fill; NULL when plan() names none */
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
	uint64_t counters[WORKLOAD_COUNTERS_MAX]; /* since the process began; as ops->counters */
	int32_t tid;		  /* the kernel's number of the thread; 0 before it began */
	struct histogram latency; /* ns of one operation, measured phase only */
} __attribute__((aligned(64)));

/* What a generator counts besides operations: the column and metric work.NAME.COUNTER. */
struct counter_spec {
	const char *name, *unit, *help;
	bool level; /* goes up and down: a metric is its last value, not its increase */
};

/* How a program that a generator ran has fared, and what it printed; shared with the harness. */
struct workload_program {
	uint64_t runs, failures;	/* ended; of these, with another status than wanted */
	int32_t exit_code, exit_signal; /* of the first that failed, else of the last */
	uint64_t user_ns, system_ns, max_rss_bytes; /* of all; the largest */
	uint64_t minor_faults, major_faults, blocks_read, blocks_written;
	uint64_t voluntary_switches, involuntary_switches;
	uint64_t output_bytes; /* printed; the first WORKLOAD_OUTPUT_BYTES are kept */
	char output[WORKLOAD_OUTPUT_BYTES];
};

/* ns on CLOCK_MONOTONIC. */
uint64_t workload_clock(void);

/*
 * An operation's start: when it was due, under rate:, so that a stall is not left out of the
 * tail; else the clock now; 0 when nobody wants latencies. To be handed to workload_record().
 */
static inline uint64_t workload_begin(const struct workload_thread *t)
{
	if (!t->timing)
		return 0;
	return t->due_ns ? t->due_ns : workload_clock();
}

/*
 * The latency of an operation that ended now: it should have begun at start, and did at begin,
 * which is asked for under rate: alone.
 */
static inline void workload_latency(struct workload_thread *t, uint64_t start, uint64_t begin,
				    uint64_t now)
{
	uint64_t latency = now > start ? now - start : 0;

	histogram_add(&t->report->latency, latency);
	if (__builtin_expect(latency > t->slow_over_ns, 0))
		t->slow_over_ns = slow_keep(
			t->slow,
			&(struct slow_op){ .due_ns = start, .begin_ns = begin, .end_ns = now });
}

/*
 * Counts one finished operation that began at start, and its latency where that is wanted.
 * Returns the start of one that follows at once: a batch reads the clock once an operation.
 */
static inline uint64_t workload_record(struct workload_thread *t, uint64_t bytes, uint64_t start)
{
	uint64_t now;

	t->report->ops++;
	t->report->bytes += bytes;
	if (!t->timing)
		return 0;
	now = workload_clock();
	workload_latency(t, start, t->begin_ns, now);
	return now;
}

/* Counts finished operations together: for a batch while !t->timing. */
static inline void workload_record_untimed(struct workload_thread *t, uint64_t ops, uint64_t bytes)
{
	t->report->ops += ops;
	t->report->bytes += bytes;
}

/* Something that the running kernel or machine must offer; probed when the trial begins. */
struct requirement {
	const char *name; /* "userfaultfd" */
	const char *cure; /* what to do about its lack: "enable CONFIG_USERFAULTFD" */
	bool (*met)(void);
};

struct workload_ops {
	const char *name;
	const char *summary;		     /* one line */
	const struct option_spec *options;   /* {}-terminated; may be NULL */
	size_t options_size;		     /* of the struct that they fill */
	const struct counter_spec *counters; /* {}-terminated; may be NULL */
	const struct requirement *needs;     /* {}-terminated; may be NULL */

	/*
	 * Checks combinations of options, with each other and with the site, and says what they
	 * will take. Called in any process, also for `wring plan` on another machine; it must touch
	 * nothing, and what it points to in *ret lives as long as the options. Required.
	 */
	int (*plan)(const void *options, const struct workload_site *site,
		    struct workload_plan *ret, struct error *err);

	/*
	 * Prepares the process: maps, opens, seeds. Called once in the worker process, which is in
	 * its cgroup, pinned, its memory policy set. What it allocates is charged. Required.
	 */
	int (*setup)(struct worker *w, struct error *err);

	/* The same for one thread, called in that thread. Optional. */
	int (*thread_setup)(struct workload_thread *t, struct error *err);

	/*
	 * Does at most budget (≥ 1) operations, and few enough to take about a millisecond without
	 * reclaim, so that stop and time limits are seen; records each. Called in the thread, again
	 * and again; under rate: with a budget of 1. It allocates nothing. Required.
	 * Returns the number done (0: not yet finished), or -errno with err set, which fails the
	 * trial. One that goes on after step() returned counts as done there, and is recorded when
	 * it finishes (thread_wait, thread_settle).
	 */
	int64_t (*step)(struct workload_thread *t, uint64_t budget, struct error *err);

	/*
	 * Under rate:, while the next operation is not due and others of this thread are under
	 * way: records what finishes, until until_ns at the latest. It returns when nothing is
	 * under way any more; the harness waits for the rest. Optional.
	 */
	int (*thread_wait)(struct workload_thread *t, uint64_t until_ns, struct error *err);

	/*
	 * A phase's work is over, the warm-up's or the measured one, by its end or by a limit:
	 * waits for the operations that step() has begun, and records them. Optional.
	 */
	int (*thread_settle)(struct workload_thread *t, struct error *err);

	/*
	 * The thread's measured work is over and settled, and the last sample has not been taken:
	 * ends what goes on by itself. Optional.
	 */
	int (*thread_finish)(struct workload_thread *t, struct error *err);

	/* Undo the set-ups; called once each, also after one that failed half-way. Optional. */
	void (*thread_teardown)(struct workload_thread *t);
	void (*teardown)(struct worker *w);
};
