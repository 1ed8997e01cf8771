/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "harness/trace-event.h"

/*
 * Makes spans of events: a state for each thread, what it is in and since when. Events are given
 * in the order of time; no file and no kernel is asked.
 */
struct trace_spans;

struct trace_span {
	uint64_t start_ns, end_ns; /* CLOCK_MONOTONIC */
	enum span_what what;
	int32_t tid;
	int worker, thread;	    /* the suite's worker, or -1; its thread, or -1: a child */
	int node, order, priority;  /* or -1 */
	int64_t scanned, reclaimed; /* or TRACE_NOTHING */
	int64_t detail;		    /* as the event tells it; or TRACE_NOTHING */
	size_t number;		    /* in the order in which they began to be known */
	bool dropped;		    /* never set in what trace_spans_end() gives */
};

/* Which node a zone's pages belong to. */
struct trace_zone {
	uint64_t start; /* its first page frame */
	int node;
};

/* What is known of the kernel that was recorded; borrowed until trace_spans_end(). */
struct trace_kernel {
	const struct trace_zone *zones;
	size_t zone_count;
	/* The name of the function that holds an address, or NULL. */
	const char *(*function_at)(const void *arg, uint64_t address);
	const void *arg;
};

/* start_ns: when recording began. -ENOMEM. */
int trace_spans_new(struct trace_spans **ret, uint64_t start_ns, const struct trace_kernel *kernel);
void trace_spans_free(struct trace_spans *s);

/* That thread is the suite's: thread `thread` of worker `worker`. -ENOMEM. */
int trace_spans_own(struct trace_spans *s, int32_t tid, int worker, int thread);

/* -ENOMEM. */
int trace_spans_add(struct trace_spans *s, const struct trace_event *event);

/* How many have begun of which no end was recorded, though it must have come: a loss of events. */
uint64_t trace_spans_unended(const struct trace_spans *s);

/*
 * Recording ended: what is open ends here. *ret: the spans, in the order of their start, at one
 * time the outer ones first; they live as long as s. -ENOMEM.
 */
int trace_spans_end(struct trace_spans *s, uint64_t end_ns, const struct trace_span **ret,
		    size_t *ret_count);
