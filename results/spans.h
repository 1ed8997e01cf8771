/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "src/error.h"
#include "src/span.h"

/* The spans of a traced trial, from spans.tsv of its record. */

#define SPANS_FILE   "spans.tsv"
#define SPAN_UNKNOWN UINT64_MAX /* scanned and reclaimed, where the event does not tell */

struct span {
	uint64_t start_ns, end_ns; /* on the trial's clock, as samples' t_ns; equal for a point */
	const char *workload;	   /* whose thread it is; "-": none of the suite's */
	const char *thread;	   /* "PROCESS.THREAD", "child", "kswapd0" */
	enum span_what what;
	int node, order, priority;   /* -1: not told; priority: the lowest within the span */
	uint64_t scanned, reclaimed; /* pages, for a shrinker objects; or SPAN_UNKNOWN */
	const char *detail;	     /* "-": none */
};

/* By start_ns; those of one thread nest or are disjoint. */
struct spans {
	struct span *items;
	size_t count;
	char *text; /* what the items' strings lie in */
};

/*
 * Reads and checks all of it. -ENOENT: the record has none, for its trial was not traced.
 * -EBADMSG, -E2BIG: the file is not as it should be; err says where.
 */
int spans_read(struct spans *ret, int dirfd, struct error *err);
void spans_done(struct spans *spans);
