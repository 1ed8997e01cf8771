/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "results/metrics.h"
#include "results/record.h"

/*
 * The formulas of metrics and identities, in the text that the user reads and checks: the catalog
 * says nothing that is not computed, and nothing is computed that it does not say.
 *
 *   vmstat.pgfault               a column: its increase over the phase. A counter that goes
 *                                backwards on the way makes the result invalid
 *   vmstat.allocstall_*          the sum of the columns that match
 *   TOP.memory.stat.anon         the sum over the top-level cgroups; memory.stat is hierarchical,
 *                                so that their children are in it already
 *   NAME.x, work.NAME.x          the column of the cgroup or workload at hand
 *   CHILD.memory.stat.anon       the sum over the cgroups right below the one at hand
 *   nodeN.x, kswapdN.x, zoneinfo.nodeN.x  the column of the node at hand, or of its kernel thread
 *   last(x) first(x) max(x) min(x)  of a column's values in the phase, for levels that move both
 *                                ways; first and last are at its start and end
 *   quantile(0.99) mean() highest()  of the workload's latency histogram
 *   spans(compact)               how many spans of that kind the trace has in the phase, of the
 *                                node or workload at hand; their span_time(), the span_p50(),
 *                                span_p99() and span_max() of their lengths, each cut to the
 *                                phase, the lowest span_priority() within them, and the sum of
 *                                their span_reclaimed() pages
 *   cause(memcg_reclaim)         its share in the time of the workload's operations at or above p99
 *                                (causes.h); of all nodes, shrinkers and so on together
 *   cube(limit_anon_reclaimed)   cells of the reclaim cube (cube.h), of the node at hand, or of the
 *                                cgroup at hand with its children; a reclaimer or a kind that is
 *                                not named stands for all of them
 *   below(low)                   share of the phase that the largest zone of the node at hand had
 *                                less free memory than that watermark (min, low, high), by the
 *                                ticks (zones.h)
 *   unusable(9)                  unusable-free index of an order on the node at hand, at the
 *                                phase's end (src/extfrag.h), as a share
 *   [x]                          x where the kernel has it, else 0
 *   reclaim.scanned              a metric that stands before this one in the catalog
 *   work(anon.filled)            the sum of that counter of that generator's workloads, in the
 *                                cgroup at hand and below; at the phase's end: they count from 0
 *   time cpus nodes page         the phase's length in ns, and the machine's figures
 *   children                     cgroups right below the one at hand, or those at the top
 *   slew                         ns by which the phase's clock may be off the scheduler's
 *   zones                        zones that have memory, of the node at hand or of all
 *   batch                        events a CPU may hold back from memory.stat: 64
 *                                (MEMCG_CHARGE_BATCH, mm/memcontrol.c)
 *   fold                         pages a CPU may hold back from a node's or zone's counter, by the
 *                                CPUs and the largest zone (calculate_normal_threshold(),
 *                                mm/vmstat.c)
 *   lag                          events that a read of memory.stat may leave out of what the CPUs
 *                                hold back: none on one CPU where the read of cpu.stat before it
 *                                has folded them, which the regime tells; and «kswapd»
 *   kswapd                       pages that kswapd may scan between two reads of a row: none on
 *                                one CPU, else the most that it did between two rows of the phase
 *   stock                        pages that the CPUs may have charged in advance (refill_stock(),
 *                                mm/memcontrol.c)
 *   refill                       pages that a CPU's list of free pages takes from a zone at once
 *                                (nr_pcp_alloc(), mm/page_alloc.c)
 *   slots                        swap slots that the CPUs may keep, in use by nobody
 *                                (mm/swap_slots.c)
 *   pagevec                      pages that may be in the CPUs' LRU batches, where they stay
 *                                charged when all else has let go of them (mm/swap.c)
 *   pending                      pages of slab that RCU may free between two reads of the phase's
 *                                last row: at most 10,000 dentries (rcutree.qhimark,
 *                                kernel/rcu/tree.c), and no more than slab changed since the row
 *                                before
 *   written                      pages whose write may begin and end between two reads of the
 *                                phase's first and last rows: no more than are dirty, and than were
 *                                written since the row before each
 *   A if global-only             A, where vmstat's reclaimer counters leave out reclaim at cgroup
 *                                limits; "if all": where they have it; "if classic": without
 *                                MGLRU; "if plain": where no disk is made of others; "if pmd":
 *                                where a fault maps one page, or a whole page of page table
 */

#define FORMULA_MEMCG_BATCH 64 /* «batch» */

enum formula_scope { SCOPE_SYSTEM, SCOPE_CGROUP, SCOPE_WORKLOAD, SCOPE_NODE };

struct formula_context {
	const struct record *record;
	const struct phase *phase;
	const struct metric_def *self; /* metrics before it may be named; NULL: none */
	const char *name;	       /* of the cgroup, workload or node; NULL: the system */
};

struct formula_result {
	bool present;	/* there is a value */
	bool malformed; /* the formula itself is wrong: a bug in the catalog */
	double value;
	char missing[200]; /* not present: why */
	char invalid[200]; /* present, but not to be trusted: why; else "" */
};

/* used, when not NULL, has an element a column of the samples; those that are read become true. */
void formula_evaluate(const struct formula_context *context, const char *formula, bool *used,
		      struct formula_result *ret);

/*
 * The cgroups, workloads or nodes of a scope, one a call: counts *cursor up from 0. The name is
 * in buf or in the record. NULL after the last one. SCOPE_SYSTEM has the one name "".
 */
const char *formula_instance(const struct record *record, enum formula_scope scope, size_t *cursor,
			     char *buf, size_t size);
