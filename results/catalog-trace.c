// SPDX-License-Identifier: GPL-2.0-or-later
/* The catalog of metrics: those of a trace, which only a traced trial has. See catalog.c. */
#include "results/catalog.h"

/* The spans of one kind in a trace: how many, for how long. */
#define SPANS(kind, what)                                                                          \
	{ "trace." kind ".count", "events", "Times of " what, "spans(" kind ")", BETTER_LOWER },   \
		{ "trace." kind ".time", "ns", "Time in " what ", of all threads",                 \
		  "span_time(" kind ")", BETTER_LOWER },                                           \
		{ "trace." kind ".p50", "ns", "Half of the times of " what " took no longer",      \
		  "span_p50(" kind ")", BETTER_LOWER },                                            \
		{ "trace." kind ".p99", "ns", "99 in 100 times of " what " took no longer",        \
		  "span_p99(" kind ")", BETTER_LOWER },                                            \
	{                                                                                          \
		"trace." kind ".max", "ns", "The longest time of " what, "span_max(" kind ")",     \
			BETTER_LOWER                                                               \
	}

/* The share of a cause in the latency of an open loop's slowest operations. */
#define CAUSE(cause, what)                                                                         \
	{                                                                                          \
		"work.NAME.cause." cause, "1",                                                     \
			"Of the time of the slowest 1 % of operations, the share " what,           \
			"cause(" cause ")", BETTER_NONE                                            \
	}

const struct metric_def catalog_trace[] = {
	/* What a trace tells. Each reclaim or compaction is one call, on whatever thread. */
	SPANS("memcg_reclaim", "reclaim at a cgroup's limit or for memory.reclaim"),
	SPANS("direct_reclaim", "direct reclaim for want of free memory"),
	SPANS("compact", "compaction of a zone"),
	SPANS("throttle", "a reclaimer's sleep because reclaim did not get on"),
	SPANS("swap_in", "bringing a page back from swap, reclaim for its room included"),
	{ "trace.throttle_high.time", "ns", "Time that workloads were held back at memory.high",
	  "span_time(throttle_high)", BETTER_LOWER },
	{ "trace.throttle_dirty.time", "ns", "Time that workloads were held back as writers",
	  "span_time(throttle_dirty)", BETTER_LOWER },
	{ "trace.shrinker.time", "ns", "Time in shrinkers, of all threads", "span_time(shrinker)",
	  BETTER_LOWER },
	{ "trace.cpu_wait.time", "ns", "Time that the workloads' threads waited for a CPU",
	  "span_time(cpu_wait)", BETTER_NONE },
	{ "trace.priority_min", "1",
	  "Lowest priority of a pass over an LRU list: 12 is no trouble, 0 the worst",
	  "span_priority(lru)", BETTER_HIGHER },
	{ "node.N.kswapd_awake", "ns",
	  "Time from kswapd's waking to its sleep, its naps of 0.1 s included", "span_time(kswapd)",
	  BETTER_LOWER },

	/* Of a traced open loop: why its slowest operations took their time. */
	CAUSE("memcg_reclaim", "in reclaim at a cgroup's limit"),
	CAUSE("direct_reclaim", "in direct reclaim for want of free memory"),
	CAUSE("node_reclaim", "in reclaim of a node before another one was tried"),
	CAUSE("compact", "in compaction"),
	CAUSE("shrinker", "in shrinkers"),
	CAUSE("throttle", "asleep because reclaim did not get on"),
	CAUSE("throttle_high", "held back at memory.high, reclaim there not included"),
	CAUSE("throttle_dirty", "held back as a writer"),
	CAUSE("swap_in", "bringing pages back from swap, reclaim for their room not included"),
	CAUSE("file_fault", "in a fault on a file's page, reclaim not included"),
	CAUSE("file_read", "reading a file into the page cache"),
	CAUSE("cpu_wait", "waiting for a CPU"),
	CAUSE("io_wait", "in an uninterruptible sleep that nothing else explains"),
	CAUSE("turn",
	      "waiting for operations before it, or for its thread to wake, at what is not told"),
	CAUSE("unexplained", "at what no event tells, the operation's own work included"),
	{}
};
