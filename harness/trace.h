/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "harness/guard.h"
#include "harness/trace-decode.h"
#include "src/error.h"
#include "src/strlist.h"

/*
 * Records the kernel's tracepoints during a trial, in instances of tracefs of wring's own
 * (Documentation/trace/ftrace.rst, "Instances"): one for what reclaim and compaction do, whoever
 * calls them, and one for what the suite's workers wait for. What is recorded is copied at each
 * tick from the kernel's buffers to memory that was allocated before; it is decoded afterwards.
 */
struct trace;

/* Whether tracefs can be used; -EOPNOTSUPP or -EACCES with the cure. */
int trace_probe(struct error *err);

/*
 * Makes instances and probes, none of them recording yet. memory_bytes: the machine's, by which
 * buffers are sized. threads: how many of the suite's may wait in the kernel at a time.
 */
int trace_new(struct trace **ret, struct guard *guard, uint64_t memory_bytes, uint64_t threads,
	      struct error *err);

/* Memory that a trace of a machine of that size takes in this process. */
uint64_t trace_arena_bytes(uint64_t memory_bytes);

/* That process, every thread and process that it starts from now on, is the suite's. */
int trace_follow(struct trace *t, pid_t pid, struct error *err);

int trace_start(struct trace *t, struct error *err);

/* Copies what is in the kernel's buffers. Nothing is allocated, nothing written. */
void trace_drain(struct trace *t);

/* Ends the recording and copies the rest. */
int trace_stop(struct trace *t, struct error *err);

/* What was copied, for trace_decode(), which needs the decoder; both are the trace's. */
struct trace_recording {
	const void *chunks;
	size_t bytes, sources;
	struct trace_decoder *decoder;
	uint64_t start_ns, end_ns; /* CLOCK_MONOTONIC */
	uint64_t lost;		   /* events that found no room in the kernel's buffers */
	uint64_t missed;	   /* calls that a probe did not see: too many at a time */
	bool full;		   /* the memory for events ran out: what came after is missing */
	uint64_t buffer_bytes;	   /* the kernel's buffers, all CPUs' */
	const struct strlist *unavailable; /* kinds of spans that this kernel can't tell */
};
void trace_recording(const struct trace *t, struct trace_recording *ret);

/* Removes instances and probes, frees. -EUCLEAN names what stays. t may be NULL or half-made. */
int trace_free(struct trace *t, struct error *err);

/* Removes what a killed run's trace left, by the name that it noted in its journal. */
int trace_remove(const char *name, struct error *err);
