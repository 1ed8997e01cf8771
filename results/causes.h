/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <jansson.h>

#include "results/record.h"

/*
 * Why operations were slow: the latencies of the slowest ones of an open loop (slow.tsv), cut up by
 * what their thread was in meanwhile (spans.tsv).
 *
 * Each ns from when an operation was due to its end has one cause: the innermost span of its thread
 * that covers it; else, before the operation began, «turn»: it waited behind those before it, or
 * for its thread to come back from its sleep; else none is known. What is unexplained is also the
 * operation's own work: of that, floor_ns is what every operation has alike.
 */

#define CAUSE_TURN	  "turn"
#define CAUSE_UNEXPLAINED "unexplained"

/*
 * {WORKLOAD: [{"quantile": "p99", "latency_ns": N, "operations": N, "of": N, "complete": true,
 *  "total_ns": N, "shares": [{"cause": "memcg-reclaim", "node": 1, "share": 0.61, "ns": N}, ...],
 *  "unexplained": 0.08, "unexplained_ns": N, "floor_ns": N}, ...]}, from p50 to max.
 *
 * operations: how many were looked at. of: how many lie at or above the quantile; when slow.tsv has
 * not all of them, complete is false and the slowest that it surely has are told. Shares are by
 * time, the largest first; their ns and unexplained_ns add up to total_ns. floor_ns is a part of
 * unexplained_ns: the least that any of the workload's kept operations has unexplained, once an
 * operation. A share may have a "node", a "detail" (the shrinker, why reclaim was throttled, the
 * function that slept) and, of a wait for a CPU, "while": a reclaimer or compactor of the kernel
 * that is known to have run then.
 *
 * NULL when memory is out. An empty object: not traced, or no open loop.
 */
json_t *causes_compute(const struct record *record);
