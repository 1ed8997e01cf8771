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
	_Atomic uint32_t go; /* enum worker_go */
	_Atomic bool stop;   /* every loop ends at its next batch */
};

/* Shared by the harness and one worker. */
struct worker_shared {
	_Atomic uint32_t arrived[WORKER_STATES]; /* threads that have come this far */
	_Atomic uint32_t failed;		 /* 1 when err is set */
	struct error err;
	struct thread_report reports[]; /* one a thread */
};

static inline size_t worker_shared_size(unsigned threads)
{
	return sizeof(struct worker_shared) + threads * sizeof(struct thread_report);
}

struct worker_args {
	const struct workload_ops *ops;
	const void *options;
	const char *name;
	unsigned threads;
	uint64_t seed;
	uint64_t ops_per_pass;
	uint64_t warmup_ops, warmup_duration_ns;     /* both 0: no warm-up */
	uint64_t measured_ops, measured_duration_ns; /* one of them not 0 */
	struct worker_barrier *barrier;
	struct worker_shared *shared;
	int event_fd; /* an eventfd: 1 is added when a state is reached, or at a failure */
};

/* Runs in the child and does not return. */
_Noreturn void worker_main(const struct worker_args *args);

/* The harness's side: releases all workers of a barrier to the next phase. */
void worker_release(struct worker_barrier *barrier, enum worker_go go);
