// SPDX-License-Identifier: GPL-2.0-or-later
/* Spans from events made up here: nesting, edges of the recording, threads on and off the CPU. */
#include <errno.h>

#include "harness/trace-spans.h"
#include "src/macro.h"
#include "tests/tap.h"

#define BEGAN 1000 /* when the recording begins */
#define ENDED 9000

#define WORKER 100 /* a thread of worker 3, its second */
#define CHILD  101
#define KSWAPD 50

struct made {
	struct trace_spans *spans;
	const struct trace_span *items;
	size_t count;
};

static const struct trace_spec *spec(const char *name)
{
	for (size_t i = 0; i < trace_spec_count; i++)
		if (streq(trace_specs[i].name, name))
			return &trace_specs[i];
	printf("Bail out! no event %s\n", name);
	exit(1);
}

struct value {
	enum trace_value which; /* TRACE_VALUES: none */
	int64_t value;
};

static void put(struct made *m, uint64_t t_ns, int32_t tid, const char *name, struct value a,
		struct value b, struct value c)
{
	const struct value all[] = { a, b, c };
	struct trace_event e = { .t_ns = t_ns, .tid = tid, .spec = spec(name) };

	for (size_t i = 0; i < TRACE_VALUES; i++)
		e.values[i] = TRACE_NOTHING;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (all[i].which < TRACE_VALUES)
			e.values[all[i].which] = all[i].value;
	if (trace_spans_add(m->spans, &e) < 0)
		exit(1);
}

#define PUT0(m, t, tid, name)	    put(m, t, tid, name, none, none, none)
#define PUT1(m, t, tid, name, v, n) put(m, t, tid, name, (struct value){ TRACE_##v, n }, none, none)
#define PUT2(m, t, tid, name, v, n, w, o)                                                          \
	put(m, t, tid, name, (struct value){ TRACE_##v, n }, (struct value){ TRACE_##w, o }, none)
#define PUT3(m, t, tid, name, v, n, w, o, x, p)                                                    \
	put(m, t, tid, name, (struct value){ TRACE_##v, n }, (struct value){ TRACE_##w, o },       \
	    (struct value){ TRACE_##x, p })

static const struct value none = { TRACE_VALUES, 0 };
static const struct trace_zone zones[] = { { 4096, 0 }, { 131072, 1 } };

/* Functions of 1,000 bytes each. */
static const char *function_at(const void *arg, uint64_t address)
{
	static const char *const names[] = { NULL,
					     "__schedule",
					     "io_schedule",
					     "folio_wait_bit_common",
					     "filemap_get_pages",
					     "filemap_read",
					     "vfs_fsync",
					     "ext4_sync_file" };

	(void)arg;
	return address / 1000 < ARRAY_SIZE(names) ? names[address / 1000] : NULL;
}

static const struct trace_kernel kernel = { .zones = zones,
					    .zone_count = ARRAY_SIZE(zones),
					    .function_at = function_at };

static void open_made(struct made *m)
{
	*m = (struct made){};
	if (trace_spans_new(&m->spans, BEGAN, &kernel) < 0 ||
	    trace_spans_own(m->spans, WORKER, 3, 1) < 0)
		exit(1);
}

static void close_made(struct made *m)
{
	if (trace_spans_end(m->spans, ENDED, &m->items, &m->count) < 0)
		exit(1);
}

static bool is(const struct made *m, size_t i, enum span_what what, uint64_t start, uint64_t end)
{
	bool same = i < m->count && m->items[i].what == what && m->items[i].start_ns == start &&
		    m->items[i].end_ns == end;

	if (!same && i < m->count)
		printf("# it is %s, %" PRIu64 " to %" PRIu64 "\n",
		       span_what_names[m->items[i].what], m->items[i].start_ns, m->items[i].end_ns);
	return same;
}

static void pass(struct made *m, uint64_t t, int32_t tid, int node, int priority, int reclaimed)
{
	const struct value values[] = { { TRACE_NODE, node },
					{ TRACE_PRIORITY, priority },
					{ TRACE_SCANNED, 32 },
					{ TRACE_RECLAIMED, reclaimed },
					{ TRACE_DETAIL, 1 } };
	struct trace_event e = { .t_ns = t,
				 .tid = tid,
				 .spec = spec("mm_vmscan_lru_shrink_inactive") };

	for (size_t i = 0; i < TRACE_VALUES; i++)
		e.values[i] = TRACE_NOTHING;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		e.values[values[i].which] = values[i].value;
	trace_spans_add(m->spans, &e);
}

static void test_reclaim(void)
{
	struct made m;

	open_made(&m);
	PUT0(&m, 2000, WORKER, "do_swap_page");
	PUT1(&m, 2100, WORKER, "mm_vmscan_memcg_reclaim_begin", ORDER, 0);
	pass(&m, 2200, WORKER, 1, 12, 10);
	PUT3(&m, 2300, WORKER, "mm_shrink_slab_start", NODE, 1, SCANNED, 100, DETAIL, 0xabc);
	PUT2(&m, 2400, WORKER, "mm_shrink_slab_end", SCANNED, 30, RECLAIMED, 7);
	pass(&m, 2500, WORKER, 1, 11, 22);
	PUT1(&m, 2600, WORKER, "mm_vmscan_memcg_reclaim_end", RECLAIMED, 33);
	PUT0(&m, 2700, WORKER, "do_swap_page_return");
	close_made(&m);
	tap_eq_u64(m.count, 5, "a swap-in that reclaims: five spans");
	tap_ok(is(&m, 0, SPAN_SWAP_IN, 2000, 2700), "the swap-in");
	tap_ok(m.items[0].worker == 3 && m.items[0].thread == 1, "is the worker's thread's");
	tap_ok(is(&m, 1, SPAN_MEMCG_RECLAIM, 2100, 2600), "the reclaim within");
	tap_ok(m.items[1].node == 1 && m.items[1].order == 0 && m.items[1].priority == 11 &&
		       m.items[1].scanned == 64 && m.items[1].reclaimed == 33,
	       "has its passes' node, lowest priority and scans, and its own count of pages");
	tap_ok(is(&m, 2, SPAN_LRU, 2200, 2200) && m.items[2].reclaimed == 10, "the first pass");
	tap_ok(is(&m, 3, SPAN_SHRINKER, 2300, 2400) && m.items[3].scanned == 70 &&
		       m.items[3].reclaimed == 7 && m.items[3].detail == 0xabc,
	       "the shrinker scanned what it meant to and did not leave");
	tap_ok(is(&m, 4, SPAN_LRU, 2500, 2500), "the second pass");
	trace_spans_free(m.spans);

	open_made(&m);
	PUT1(&m, 2000, WORKER, "mm_vmscan_direct_reclaim_begin", ORDER, 3);
	pass(&m, 2100, WORKER, 0, 12, 1);
	pass(&m, 2200, WORKER, 1, 12, 1);
	pass(&m, 2300, WORKER, 0, 12, 1);
	PUT1(&m, 2400, WORKER, "mm_vmscan_direct_reclaim_end", RECLAIMED, 3);
	PUT1(&m, 2500, WORKER, "mm_vmscan_direct_reclaim_begin", ORDER, 0);
	PUT1(&m, 2600, WORKER, "mm_vmscan_direct_reclaim_end", RECLAIMED, 0);
	close_made(&m);
	tap_ok(m.items[0].node == -1 && m.items[0].order == 3 && m.items[0].scanned == 96,
	       "reclaim of several nodes is of none");
	tap_ok(is(&m, 4, SPAN_DIRECT_RECLAIM, 2500, 2600) && m.items[4].node == -1 &&
		       m.items[4].scanned == TRACE_NOTHING && m.items[4].priority == -1,
	       "without a pass node, priority and scans are not told");
	trace_spans_free(m.spans);
}

static void test_edges(void)
{
	struct made m;

	open_made(&m);
	pass(&m, 1500, KSWAPD, 0, 10, 5);
	PUT1(&m, 2000, KSWAPD, "mm_vmscan_kswapd_sleep", NODE, 0);
	PUT1(&m, 2100, KSWAPD, "mm_vmscan_kswapd_sleep", NODE, 0);
	PUT2(&m, 3000, KSWAPD, "mm_vmscan_kswapd_wake", NODE, 0, ORDER, 1);
	PUT2(&m, 3500, KSWAPD, "mm_vmscan_kswapd_wake", NODE, 0, ORDER, 4);
	pass(&m, 3600, KSWAPD, 0, 9, 6);
	PUT1(&m, 4000, KSWAPD, "mm_vmscan_kswapd_sleep", NODE, 0);
	PUT2(&m, 8000, KSWAPD, "mm_vmscan_kswapd_wake", NODE, 0, ORDER, 0);
	PUT1(&m, 2000, 51, "mm_compaction_kcompactd_sleep", NODE, 0);
	PUT1(&m, 3000, 52, "mm_compaction_begin", ZONE, 131072);
	PUT0(&m, 3100, WORKER, "do_swap_page_return");
	PUT1(&m, 3200, WORKER, "mm_vmscan_memcg_reclaim_end", RECLAIMED, 1);
	close_made(&m);
	tap_eq_u64(m.count, 6, "at the edges: six spans");
	tap_ok(is(&m, 0, SPAN_KSWAPD, BEGAN, 2000) && m.items[0].worker == -1,
	       "kswapd was awake when recording began, and is so once");
	tap_ok(is(&m, 1, SPAN_LRU, 1500, 1500), "a pass within");
	tap_ok(is(&m, 2, SPAN_COMPACT, 3000, ENDED) && m.items[2].node == 1,
	       "compaction that goes on ends with the recording; its zone tells the node");
	tap_ok(is(&m, 3, SPAN_KSWAPD, 3000, 4000) && m.items[3].order == 4 &&
		       m.items[3].scanned == 32 && m.items[3].reclaimed == 6 &&
		       m.items[3].priority == 9 && m.items[3].node == 0,
	       "a second wake without a sleep goes on, of the higher order");
	tap_ok(is(&m, 5, SPAN_KSWAPD, 8000, ENDED), "kswapd is awake when recording ends");
	trace_spans_free(m.spans);

	open_made(&m);
	PUT1(&m, 2000, 77, "mm_vmscan_direct_reclaim_begin", ORDER, 0);
	PUT3(&m, 2100, 77, "mm_shrink_slab_start", NODE, 0, SCANNED, 10, DETAIL, 1);
	PUT1(&m, 2200, 77, "mm_vmscan_direct_reclaim_end", RECLAIMED, 0);
	close_made(&m);
	tap_ok(m.count == 2 && is(&m, 1, SPAN_SHRINKER, 2100, 2200),
	       "what was left open ends with what is around it");
	trace_spans_free(m.spans);

	open_made(&m);
	for (int i = 0; i < 40; i++) {
		struct trace_event e = { .t_ns = 2000, .tid = 77, .spec = spec("do_swap_page") };
		int r;

		for (size_t v = 0; v < TRACE_VALUES; v++)
			e.values[v] = TRACE_NOTHING;
		r = trace_spans_add(m.spans, &e);
		if (i == 31 || i == 32)
			tap_eq_i64(r, i == 31 ? 0 : -EOVERFLOW, "%d begun", i + 1);
	}
	trace_spans_free(m.spans);
}

/* prev_state, as sched_switch has it: 0 runnable, 1 asleep, 2 uninterruptibly, 0x100 preempted. */
static void test_cpu(void)
{
	struct made m;

	open_made(&m);
	PUT1(&m, 1500, 7, "sched_wakeup", PID, WORKER);
	PUT3(&m, 1600, 7, "sched_switch", PID, 7, NEXT, WORKER, STATE, 1);
	PUT3(&m, 2000, WORKER, "sched_switch", PID, WORKER, NEXT, 7, STATE, 0x100);
	PUT3(&m, 2300, 7, "sched_switch", PID, 7, NEXT, WORKER, STATE, 1);
	PUT3(&m, 3000, WORKER, "sched_switch", PID, WORKER, NEXT, 0, STATE, 2);
	PUT1(&m, 3400, 0, "sched_wakeup", PID, WORKER);
	PUT1(&m, 3450, 0, "sched_wakeup", PID, WORKER);
	PUT3(&m, 3500, 0, "sched_switch", PID, 0, NEXT, WORKER, STATE, 0);
	PUT1(&m, 3600, WORKER, "sched_wakeup", PID, WORKER);
	PUT3(&m, 4000, WORKER, "sched_switch", PID, WORKER, NEXT, 0, STATE, 1);
	PUT1(&m, 4400, 0, "sched_wakeup", PID, WORKER);
	PUT3(&m, 4500, 0, "sched_switch", PID, 0, NEXT, WORKER, STATE, 0);
	PUT3(&m, 8000, WORKER, "sched_switch", PID, WORKER, NEXT, 0, STATE, 0);
	close_made(&m);
	tap_eq_u64(m.count, 6, "on and off the CPU: six spans");
	tap_ok(is(&m, 0, SPAN_CPU_WAIT, 1500, 1600), "woken, it waits for the CPU");
	tap_ok(is(&m, 1, SPAN_CPU_WAIT, 2000, 2300), "preempted, too");
	tap_ok(is(&m, 2, SPAN_IO_WAIT, 3000, 3400),
	       "an uninterruptible sleep without a known cause");
	tap_ok(is(&m, 3, SPAN_CPU_WAIT, 3400, 3500), "and the wait for the CPU behind it");
	tap_ok(is(&m, 4, SPAN_CPU_WAIT, 4400, 4500), "a plain sleep is none, its end is");
	tap_ok(is(&m, 5, SPAN_CPU_WAIT, 8000, ENDED), "one that waits when recording ends");
	trace_spans_free(m.spans);

	open_made(&m);
	PUT0(&m, 2000, WORKER, "do_swap_page");
	PUT3(&m, 2100, WORKER, "sched_switch", PID, WORKER, NEXT, 0, STATE, 2);
	PUT1(&m, 2500, 0, "sched_wakeup", PID, WORKER);
	PUT3(&m, 2600, 0, "sched_switch", PID, 0, NEXT, WORKER, STATE, 0);
	PUT0(&m, 2700, WORKER, "do_swap_page_return");
	PUT1(&m, 3000, WORKER, "mm_vmscan_memcg_reclaim_begin", ORDER, 0);
	PUT3(&m, 3100, WORKER, "sched_switch", PID, WORKER, NEXT, 0, STATE, 2);
	PUT1(&m, 3400, 0, "sched_wakeup", PID, WORKER);
	PUT3(&m, 3500, 0, "sched_switch", PID, 0, NEXT, WORKER, STATE, 0);
	PUT3(&m, 3550, WORKER, "mm_vmscan_throttled", NODE, 0, US, 4000, DETAIL, 4);
	PUT1(&m, 3600, WORKER, "mm_vmscan_memcg_reclaim_end", RECLAIMED, 0);
	PUT2(&m, 4000, KSWAPD, "mm_vmscan_kswapd_wake", NODE, 0, ORDER, 0);
	PUT3(&m, 5000, KSWAPD, "mm_vmscan_throttled", NODE, 0, US, 1, DETAIL, 1);
	PUT3(&m, 5500, KSWAPD, "mm_vmscan_throttled", NODE, 0, US, 4000, DETAIL, 1);
	close_made(&m);
	tap_eq_u64(m.count, 8, "sleeps within: eight spans");
	tap_ok(is(&m, 1, SPAN_CPU_WAIT, 2500, 2600),
	       "a sleep in a swap-in is the swap-in's, the wait for the CPU is not");
	tap_ok(is(&m, 3, SPAN_THROTTLE, 3100, 3550) && m.items[3].detail == 4,
	       "a worker's throttling began when it went to sleep");
	tap_ok(is(&m, 4, SPAN_CPU_WAIT, 3400, 3500), "its wait for the CPU lies within");
	tap_ok(is(&m, 6, SPAN_THROTTLE, 4000, 5000), "kswapd's by what the event tells, 1 us");
	tap_ok(is(&m, 7, SPAN_THROTTLE, 5000, 5500), "which is coarse: it is cut to what can be");
	trace_spans_free(m.spans);
}

/* Events that were lost: who tells something is on a CPU, since when is not known. */
static void test_lost_switch(void)
{
	struct made m;

	open_made(&m);
	PUT1(&m, 2000, WORKER, "mm_vmscan_direct_reclaim_begin", ORDER, 0);
	PUT3(&m, 2100, WORKER, "sched_switch", PID, WORKER, NEXT, 7, STATE, 0x100);
	PUT1(&m, 2300, WORKER, "mm_vmscan_direct_reclaim_end", RECLAIMED, 0);
	close_made(&m);
	tap_ok(m.count == 1 && is(&m, 0, SPAN_DIRECT_RECLAIM, 2000, 2300),
	       "a wait whose end was lost is none, and reaches over nothing");
	trace_spans_free(m.spans);
}

/* What sched_switch's trigger adds: addresses in function_at()'s functions. */
static void put_stack(struct made *m, uint64_t t_ns, const uint64_t *stack, size_t depth)
{
	struct trace_event e = { .t_ns = t_ns,
				 .tid = WORKER,
				 .spec = spec("kernel_stack"),
				 .stack = stack,
				 .depth = depth };

	trace_spans_add(m->spans, &e);
}

static void test_stacks(void)
{
	static const uint64_t reads[] = { 1500, 2500, 3500, 4500, 5500 };
	static const uint64_t syncs[] = { 1001, 3500, 7100, 6200 };
	static const uint64_t unknown[] = { 500, 99999 };
	struct made m;

	open_made(&m);
	PUT3(&m, 2000, WORKER, "sched_switch", PID, WORKER, NEXT, 0, STATE, 2);
	put_stack(&m, 2001, reads, ARRAY_SIZE(reads));
	PUT3(&m, 2100, 0, "sched_switch", PID, 0, NEXT, WORKER, STATE, 0);
	PUT3(&m, 3000, WORKER, "sched_switch", PID, WORKER, NEXT, 0, STATE, 2);
	put_stack(&m, 3001, syncs, ARRAY_SIZE(syncs));
	PUT1(&m, 3100, 0, "sched_wakeup", PID, WORKER);
	PUT3(&m, 3100, 0, "sched_switch", PID, 0, NEXT, WORKER, STATE, 0);
	PUT3(&m, 4000, WORKER, "sched_switch", PID, WORKER, NEXT, 0, STATE, 2);
	put_stack(&m, 4001, unknown, ARRAY_SIZE(unknown));
	PUT3(&m, 4100, 0, "sched_switch", PID, 0, NEXT, WORKER, STATE, 0);
	PUT0(&m, 5000, WORKER, "do_swap_page");
	PUT3(&m, 5100, WORKER, "sched_switch", PID, WORKER, NEXT, 0, STATE, 2);
	put_stack(&m, 5101, reads, ARRAY_SIZE(reads));
	PUT3(&m, 5200, 0, "sched_switch", PID, 0, NEXT, WORKER, STATE, 0);
	PUT0(&m, 5300, WORKER, "do_swap_page_return");
	close_made(&m);
	tap_eq_u64(m.count, 5, "sleeps with their stacks: five spans");
	tap_ok(is(&m, 0, SPAN_FILE_READ, 2000, 2100), "one in a read of the page cache");
	tap_ok(is(&m, 1, SPAN_IO_WAIT, 3000, 3100) && m.items[1].detail == 7100,
	       "one elsewhere: by the first function that is not the scheduler's");
	tap_ok(is(&m, 2, SPAN_CPU_WAIT, 3100, 3100), "woken and run at once");
	tap_ok(is(&m, 3, SPAN_IO_WAIT, 4000, 4100) && m.items[3].detail == TRACE_NOTHING,
	       "one in functions that nobody knows");
	tap_ok(is(&m, 4, SPAN_SWAP_IN, 5000, 5300), "one in a swap-in is the swap-in's");
	trace_spans_free(m.spans);
}

static void test_probes(void)
{
	struct made m;

	open_made(&m);
	PUT0(&m, 2000, WORKER, "__mem_cgroup_handle_over_high");
	PUT0(&m, 2010, WORKER, "__mem_cgroup_handle_over_high_return");
	PUT0(&m, 2100, WORKER, "__mem_cgroup_handle_over_high");
	PUT1(&m, 2110, WORKER, "mm_vmscan_memcg_reclaim_begin", ORDER, 0);
	PUT1(&m, 2120, WORKER, "mm_vmscan_memcg_reclaim_end", RECLAIMED, 1);
	PUT0(&m, 2130, WORKER, "__mem_cgroup_handle_over_high_return");
	PUT0(&m, 3000, WORKER, "balance_dirty_pages");
	PUT0(&m, 3010, WORKER, "balance_dirty_pages_return");
	PUT0(&m, 3100, WORKER, "balance_dirty_pages");
	PUT3(&m, 3110, WORKER, "sched_switch", PID, WORKER, NEXT, 0, STATE, 2);
	PUT3(&m, 3200, 0, "sched_switch", PID, 0, NEXT, WORKER, STATE, 0);
	PUT0(&m, 3210, WORKER, "balance_dirty_pages_return");
	PUT0(&m, 4000, WORKER, "filemap_fault");
	PUT0(&m, 4010, WORKER, "page_cache_sync_ra");
	PUT0(&m, 4020, WORKER, "page_cache_sync_ra_return");
	PUT0(&m, 4030, WORKER, "filemap_fault_return");
	PUT0(&m, 5000, WORKER, "page_cache_sync_ra");
	PUT0(&m, 5020, WORKER, "page_cache_sync_ra_return");
	close_made(&m);
	tap_eq_u64(m.count, 5, "probed functions: five spans");
	tap_ok(is(&m, 0, SPAN_THROTTLE_HIGH, 2100, 2130), "memory.high, when it did something");
	tap_ok(is(&m, 1, SPAN_MEMCG_RECLAIM, 2110, 2120), "which was reclaim");
	tap_ok(is(&m, 2, SPAN_THROTTLE_DIRTY, 3100, 3210), "a writer that was held back");
	tap_ok(is(&m, 3, SPAN_FILE_FAULT, 4000, 4030), "a fault, reading included");
	tap_ok(is(&m, 4, SPAN_FILE_READ, 5000, 5020), "reading by read(2)");
	trace_spans_free(m.spans);
}

static void test_children(void)
{
	struct made m;

	open_made(&m);
	PUT1(&m, 2000, WORKER, "task_newtask", PID, CHILD);
	PUT1(&m, 2010, WORKER, "sched_wakeup_new", PID, CHILD);
	PUT3(&m, 2100, WORKER, "sched_switch", PID, WORKER, NEXT, CHILD, STATE, 1);
	PUT1(&m, 2200, CHILD, "mm_vmscan_memcg_reclaim_begin", ORDER, 0);
	PUT1(&m, 2300, CHILD, "task_newtask", PID, CHILD + 1);
	PUT0(&m, 2400, CHILD + 1, "do_swap_page");
	PUT0(&m, 2410, CHILD + 1, "do_swap_page_return");
	PUT0(&m, 2500, CHILD, "sched_process_exit");
	PUT1(&m, 3000, 7, "task_newtask", PID, CHILD);
	PUT1(&m, 3100, CHILD, "mm_vmscan_direct_reclaim_begin", ORDER, 0);
	PUT1(&m, 3200, CHILD, "mm_vmscan_direct_reclaim_end", RECLAIMED, 0);
	PUT1(&m, 4000, 7, "task_newtask", PID, WORKER);
	PUT0(&m, 4100, WORKER, "do_swap_page");
	PUT0(&m, 4110, WORKER, "do_swap_page_return");
	close_made(&m);
	tap_eq_u64(m.count, 5, "children: five spans");
	tap_ok(is(&m, 0, SPAN_CPU_WAIT, 2010, 2100) && m.items[0].worker == 3 &&
		       m.items[0].thread == -1,
	       "a worker's child is the worker's");
	tap_ok(is(&m, 1, SPAN_MEMCG_RECLAIM, 2200, 2500) && m.items[1].worker == 3,
	       "its reclaim ends with it");
	tap_ok(m.items[2].tid == CHILD + 1 && m.items[2].worker == 3,
	       "and so is the child's child");
	tap_ok(is(&m, 3, SPAN_DIRECT_RECLAIM, 3100, 3200) && m.items[3].worker == -1,
	       "its number, used again, is a stranger's");
	tap_ok(is(&m, 4, SPAN_SWAP_IN, 4100, 4110) && m.items[4].thread == 1,
	       "a thread that is known by its number stays itself");
	trace_spans_free(m.spans);
}

/* More threads than the table has room for at first, each with a span of its own. */
static void test_many(void)
{
	struct made m;
	bool all = true;

	open_made(&m);
	for (int i = 0; i < 1000; i++)
		PUT1(&m, 2000 + (uint64_t)i, 1000 + i, "mm_vmscan_direct_reclaim_begin", ORDER, i);
	for (int i = 0; i < 1000; i++)
		PUT1(&m, 4000 + (uint64_t)i, 1000 + i, "mm_vmscan_direct_reclaim_end", RECLAIMED,
		     i);
	close_made(&m);
	tap_eq_u64(m.count, 1000, "a thousand threads");
	for (int i = 0; i < 1000; i++)
		all = all && m.items[i].tid == 1000 + i && m.items[i].order == i &&
		      m.items[i].reclaimed == i && m.items[i].end_ns == 4000 + (uint64_t)i;
	tap_ok(all, "each has what is its own");
	trace_spans_free(m.spans);
}

int main(void)
{
	test_reclaim();
	test_edges();
	test_cpu();
	test_lost_switch();
	test_stacks();
	test_probes();
	test_children();
	test_many();
	return tap_done();
}
