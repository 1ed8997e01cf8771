/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * A real worker process with any generator, led through its phases as the harness does it, for
 * tests and benchmarks. Every wait is a poll with an end. What a call could not do is in err, and
 * the call returns false.
 *
 *     struct lead l;
 *     if (lead_init(&l, "anon", "size=1M pattern=zipf", 2)) {
 *             l.args.measured.ops = 2 * l.plan.ops_per_pass;
 *             lead_all(&l) && lead_end(&l);
 *     }
 *     lead_done(&l);
 */
#include <stdbool.h>
#include <sys/types.h>

#include "src/error.h"
#include "workloads/worker.h"

#define LEAD_WAIT_NS UINT64_C(10000000000) /* a phase that takes longer has failed */

struct lead {
	struct worker_args args;   /* between lead_init() and lead_start() a caller may set more */
	struct workload_site site; /* as plan() saw it */
	uint64_t address_room;	   /* bytes that the worker may still map; 0: no limit */
	uint64_t wait_ns;	   /* LEAD_WAIT_NS unless set */
	void *options;
	struct workload_plan plan;
	size_t report_bytes;
	pid_t pid;
	int pidfd;
	int exit_status; /* once ended by itself; -1 before, or when a signal ended it */
	uint64_t told;	 /* sum of what was read from the eventfd */
	struct error err;
};

/*
 * options: words as "size=1M pattern=zipf". The site is one node of a TiB, swap and a disk of as
 * much. A plan that wants a directory gets a new one in $TMPDIR or /tmp, whatever its dir says but
 * a path; lead_done() removes it. One pass of measured work is set.
 */
bool lead_init(struct lead *l, const char *generator, const char *options, unsigned threads);
/* The same for a site of the caller's (its threads is set). */
bool lead_init_at(struct lead *l, const struct workload_site *site, const char *generator,
		  const char *options, unsigned threads);
/* lead_init() with hooks that are in no registry. */
bool lead_init_ops(struct lead *l, const struct workload_ops *ops, const char *options,
		   unsigned threads);
bool lead_start(struct lead *l);
/* Releases a phase and waits until all threads have come to the state. */
bool lead_to(struct lead *l, enum worker_go go, enum worker_state state);
bool lead_await(struct lead *l, enum worker_state state);
/* lead_start(), then to the end of the measured work; the worker still owns everything. */
bool lead_all(struct lead *l);
/* Lets it go: tears down and ends; false unless with status 0. */
bool lead_end(struct lead *l);
void lead_done(struct lead *l);

/* Threads that have come to a state; what was told since the last look, false for nothing. */
unsigned lead_arrived(const struct lead *l, enum worker_state state);
bool lead_take_told(struct lead *l);
/* Until the worker tells something or ends; false when it does neither until end_ns. */
bool lead_await_news(struct lead *l, uint64_t end_ns);
/* Waits for its end; the exit status, or -1 when it was killed or goes on. */
int lead_await_exit(struct lead *l);
/* The reports of all threads together. */
void lead_total(const struct lead *l, struct thread_report *ret);
/*
 * Bytes of anonymous memory that the worker has, in core or swapped out, without the shadow that a
 * sanitizer keeps of it; 0 where the kernel doesn't say.
 */
uint64_t lead_anonymous(const struct lead *l);
/* A generator's counter by name, over all threads. */
uint64_t lead_counter(const struct lead *l, const char *name);
