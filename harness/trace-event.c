// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/trace-event.h"

#include "src/macro.h"

#define RECLAIM(name_, what_)                                                                      \
	{ .system = "vmscan",                                                                      \
	  .name = "mm_vmscan_" name_ "_begin",                                                     \
	  .step = TRACE_BEGIN,                                                                     \
	  .what = what_,                                                                           \
	  .fields = { [TRACE_NODE] = "nid", [TRACE_ORDER] = "order" } },                           \
	{                                                                                          \
		.system = "vmscan", .name = "mm_vmscan_" name_ "_end", .step = TRACE_END,          \
		.what = what_, .fields = {                                                         \
			[TRACE_RECLAIMED] = "nr_reclaimed"                                         \
		}                                                                                  \
	}

/* A function of the kernel that has no tracepoint: its entry and its return. */
#define PROBE(function_, older_, arguments_, what_, ...)                                           \
	{ .name = #function_,                                                                      \
	  .function = #function_,                                                                  \
	  .older = older_,                                                                         \
	  .arguments = arguments_,                                                                 \
	  .scope = TRACE_WORKERS,                                                                  \
	  .step = TRACE_BEGIN,                                                                     \
	  .what = what_,                                                                           \
	  .fields = { __VA_ARGS__ } },                                                             \
	{                                                                                          \
		.name = #function_ "_return", .function = #function_, .older = older_,             \
		.scope = TRACE_WORKERS, .step = TRACE_END, .what = what_                           \
	}

const struct trace_spec trace_specs[] = {
	RECLAIM("memcg_reclaim", SPAN_MEMCG_RECLAIM),
	RECLAIM("direct_reclaim", SPAN_DIRECT_RECLAIM),
	RECLAIM("node_reclaim", SPAN_NODE_RECLAIM),
	{ .system = "vmscan",
	  .name = "mm_vmscan_kswapd_wake",
	  .step = TRACE_BEGIN,
	  .what = SPAN_KSWAPD,
	  .fields = { [TRACE_NODE] = "nid", [TRACE_ORDER] = "order" } },
	{ .system = "vmscan",
	  .name = "mm_vmscan_kswapd_sleep",
	  .step = TRACE_END,
	  .what = SPAN_KSWAPD,
	  .fields = { [TRACE_NODE] = "nid" } },
	{ .system = "vmscan",
	  .name = "mm_vmscan_lru_shrink_inactive",
	  .step = TRACE_LRU,
	  .what = SPAN_LRU,
	  .fields = { [TRACE_NODE] = "nid",
		      [TRACE_PRIORITY] = "priority",
		      [TRACE_SCANNED] = "nr_scanned",
		      [TRACE_RECLAIMED] = "nr_reclaimed",
		      [TRACE_DETAIL] = "reclaim_flags" } },
	{ .system = "vmscan",
	  .name = "mm_vmscan_throttled",
	  .step = TRACE_THROTTLED,
	  .what = SPAN_THROTTLE,
	  .fields = { [TRACE_NODE] = "nid",
		      [TRACE_US] = "usec_delayed",
		      [TRACE_DETAIL] = "reason" } },
	{ .system = "vmscan",
	  .name = "mm_shrink_slab_start",
	  .step = TRACE_BEGIN,
	  .what = SPAN_SHRINKER,
	  .fields = { [TRACE_NODE] = "nid",
		      [TRACE_PRIORITY] = "priority",
		      [TRACE_SCANNED] = "total_scan",
		      [TRACE_DETAIL] = "shrink" } },
	{ .system = "vmscan",
	  .name = "mm_shrink_slab_end",
	  .step = TRACE_END,
	  .what = SPAN_SHRINKER,
	  .fields = { [TRACE_SCANNED] = "total_scan", [TRACE_RECLAIMED] = "retval" } },
	{ .system = "compaction",
	  .name = "mm_compaction_begin",
	  .step = TRACE_BEGIN,
	  .what = SPAN_COMPACT,
	  .fields = { [TRACE_ZONE] = "zone_start", [TRACE_DETAIL] = "sync" } },
	{ .system = "compaction",
	  .name = "mm_compaction_end",
	  .step = TRACE_END,
	  .what = SPAN_COMPACT },
	{ .system = "compaction",
	  .name = "mm_compaction_kcompactd_wake",
	  .step = TRACE_BEGIN,
	  .what = SPAN_KCOMPACTD,
	  .fields = { [TRACE_NODE] = "nid", [TRACE_ORDER] = "order" } },
	{ .system = "compaction",
	  .name = "mm_compaction_kcompactd_sleep",
	  .step = TRACE_END,
	  .what = SPAN_KCOMPACTD,
	  .fields = { [TRACE_NODE] = "nid" } },
	{ .system = "sched",
	  .name = "sched_switch",
	  .scope = TRACE_WORKERS,
	  .step = TRACE_SWITCH,
	  .what = SPAN_CPU_WAIT,
	  .fields = { [TRACE_PID] = "prev_pid",
		      [TRACE_NEXT] = "next_pid",
		      [TRACE_STATE] = "prev_state" } },
	/* Not enabled: a trigger of sched_switch makes it. */
	{ .system = "ftrace",
	  .name = "kernel_stack",
	  .scope = TRACE_WORKERS,
	  .step = TRACE_STACK,
	  .what = SPAN_FILE_READ,
	  .fields = { [TRACE_DEPTH] = "size" } },
	{ .system = "sched",
	  .name = "sched_wakeup",
	  .scope = TRACE_WORKERS,
	  .step = TRACE_WAKEUP,
	  .what = SPAN_CPU_WAIT,
	  .fields = { [TRACE_PID] = "pid" } },
	{ .system = "sched",
	  .name = "sched_wakeup_new",
	  .scope = TRACE_WORKERS,
	  .step = TRACE_WAKEUP,
	  .what = SPAN_CPU_WAIT,
	  .fields = { [TRACE_PID] = "pid" } },
	{ .system = "sched",
	  .name = "sched_process_exit",
	  .scope = TRACE_WORKERS,
	  .step = TRACE_EXIT,
	  .what = SPAN_CPU_WAIT },
	{ .system = "task",
	  .name = "task_newtask",
	  .scope = TRACE_WORKERS,
	  .step = TRACE_NEW_TASK,
	  .what = SPAN_CPU_WAIT,
	  .fields = { [TRACE_PID] = "pid" } },
	PROBE(do_swap_page, NULL, NULL, SPAN_SWAP_IN),
	PROBE(shmem_swapin_folio, NULL, NULL, SPAN_SWAP_IN),
	PROBE(filemap_fault, NULL, NULL, SPAN_FILE_FAULT),
	/* read(2) of what is not cached: it asks for pages, ahead or at once, and waits for them.
	 */
	PROBE(page_cache_sync_ra, NULL, NULL, SPAN_FILE_READ),
	PROBE(page_cache_async_ra, NULL, NULL, SPAN_FILE_READ),
	PROBE(__mem_cgroup_handle_over_high, "mem_cgroup_handle_over_high", NULL,
	      SPAN_THROTTLE_HIGH),
	PROBE(balance_dirty_pages, NULL, NULL, SPAN_THROTTLE_DIRTY),
};

const size_t trace_spec_count = ARRAY_SIZE(trace_specs);
_Static_assert(ARRAY_SIZE(trace_specs) <= TRACE_SPECS_MAX, "TRACE_SPECS_MAX");
