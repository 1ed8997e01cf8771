/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/span.h"

/*
 * The events of the kernel that a trace takes, and what wring reads from each: a table, from which
 * they are enabled, decoded and made into spans.
 */

/* What an event tells of itself; a spec names the event's field for each that it has. */
enum trace_value {
	TRACE_NODE,
	TRACE_ORDER,
	TRACE_PRIORITY,
	TRACE_SCANNED, /* of a shrinker: what is still to be scanned */
	TRACE_RECLAIMED,
	TRACE_DETAIL, /* a shrinker's function, a reason, flags: by the span's kind */
	TRACE_ZONE,   /* first page frame of a zone */
	TRACE_US,     /* how long it took */
	TRACE_PID,    /* whom it is about, where that is not the thread that it happens on */
	TRACE_NEXT,   /* who runs next */
	TRACE_STATE,  /* of the one that ran */
	TRACE_DEPTH,  /* entries of a stack, which follow */
	TRACE_VALUES
};

/* Not told. */
#define TRACE_NOTHING INT64_MIN

enum trace_step {
	TRACE_BEGIN,
	TRACE_END,
	TRACE_LRU,	 /* a pass over an LRU list, at its end */
	TRACE_THROTTLED, /* a reclaimer has slept */
	TRACE_SWITCH,
	TRACE_WAKEUP,
	TRACE_NEW_TASK,
	TRACE_EXIT,
	TRACE_STACK, /* of a worker's thread that went to sleep uninterruptibly, behind its switch
		      */
};

/*
 * Reclaim and compaction are recorded of every thread; the rest, which would drown them, of the
 * suite's workers and what they start.
 */
enum trace_scope { TRACE_EVERYONE, TRACE_WORKERS, TRACE_SCOPES };

struct trace_spec {
	const char *system; /* NULL: a probe of wring's own */
	const char *name;
	const char
		*function; /* a probe's: where it is set, at entry or, for TRACE_END, at return */
	const char *older; /* what older kernels call that function; NULL: the same */
	const char *arguments; /* a probe's, in the syntax of kprobe events; NULL: none */
	enum trace_scope scope;
	enum trace_step step;
	enum span_what what; /* what can not be told without this event */
	const char *fields[TRACE_VALUES];
};

/* The end of what one spec begins is the spec behind it. */
extern const struct trace_spec trace_specs[];
extern const size_t trace_spec_count;
#define TRACE_SPECS_MAX 64

/* An event as it was recorded. */
struct trace_event {
	uint64_t t_ns; /* CLOCK_MONOTONIC */
	int32_t tid;   /* of the thread that it happened on */
	const struct trace_spec *spec;
	int64_t values[TRACE_VALUES]; /* or TRACE_NOTHING */
	const void *stack; /* TRACE_STACK: return addresses, unaligned, the innermost first */
	size_t depth;
};
