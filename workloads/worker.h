/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdatomic.h>

#include "workloads/workload.h"

/*
 * A worker process: it waits at the barrier, sets up, works, and waits again, so that what it
 * owns is still charged when the last sample is taken.
 */

/* What the harness has released; every worker of a trial waits on the same word (a futex). */
enum worker_go { GO_NOTHING, GO_SETUP, GO_WARMUP, GO_MEASURE, GO_EXIT };

/* How far a worker has come, all of its threads. */
enum worker_state { WORKER_BORN, WORKER_READY, WORKER_WARM, WORKER_DONE, WORKER_STATES };

/* Shared by the harness and all workers of a trial. */
struct worker_barrier {
	_Atomic uint32_t go;	    /* enum worker_go */
	_Atomic uint32_t stop;	    /* not 0: every loop ends at its next batch; a futex */
	_Atomic uint64_t origin_ns; /* CLOCK_MONOTONIC of the phase's beginning */
};

/* Shared by the harness and one worker. */
struct worker_shared {
	_Atomic uint32_t arrived[WORKER_STATES];    /* threads that have come this far */
	_Atomic uint64_t arrived_ns[WORKER_STATES]; /* CLOCK_MONOTONIC of the last so far */
	_Atomic uint32_t failed;		    /* 1 when err is set */
	struct error err;
};

/* How much work a phase has, and when. Times count from the phase's beginning; 0: no such limit. */
struct worker_work {
	uint64_t ops;	   /* of all threads together; 0: as many as the time allows, if any */
	uint64_t start_ns; /* nothing before */
	uint64_t end_ns;   /* nothing new from here on */
};

struct worker_args {
	const struct workload_ops *ops;
	const void *options;
	const char *name;
	unsigned threads;
	uint64_t seed;
	uint64_t ops_per_pass;
	const char *dir; /* NULL: none */
	double rate;	 /* operations a second of all threads; 0: closed loop */
	bool latency;	 /* record each operation's */
	struct worker_work warmup, measured; /* neither limit: no such work */
	struct worker_barrier *barrier;
	struct worker_shared *shared;
	struct thread_report *reports;	  /* one a thread, shared too */
	struct slow_list *slow;		  /* one a thread, shared too; NULL: none are kept */
	struct workload_program *program; /* shared; NULL for most */
	int event_fd; /* an eventfd: 1 is added when a state is reached, or at a failure */
};

/* Runs in the child and does not return. */
_Noreturn void worker_main(const struct worker_args *args);

/* The harness's side: releases all workers of a barrier to the next phase, or stops all work. */
void worker_release(struct worker_barrier *barrier, enum worker_go go);
void worker_stop(struct worker_barrier *barrier);

static inline bool worker_has_work(const struct worker_work *work)
{
	return work->ops || work->end_ns;
}
