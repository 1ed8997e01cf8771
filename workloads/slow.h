/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

/*
 * The slowest operations of one thread under rate:, in memory that the harness shares with it and
 * that is there before the worker is born: keeping one allocates nothing.
 */
#define SLOW_MAX 1024

/* CLOCK_MONOTONIC; its latency is end_ns - due_ns. */
struct slow_op {
	uint64_t due_ns;   /* when it should have begun */
	uint64_t begin_ns; /* when it did: later where one before it took too long */
	uint64_t end_ns;
};

struct slow_list {
	uint64_t over_ns; /* every operation that took longer than this is in the list */
	uint32_t count;
	struct slow_op ops[SLOW_MAX]; /* a heap, the fastest first */
};

/*
 * Keeps an operation that took longer than list->over_ns, in place of the fastest one when the list
 * is full. Returns the new over_ns, so that a caller can compare with a copy of its own.
 */
uint64_t slow_keep(struct slow_list *list, const struct slow_op *op);
