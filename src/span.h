/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What a thread was busy with, or waited for, in a span of a trial's trace (spans.tsv). */
enum span_what {
	SPAN_MEMCG_RECLAIM, /* a cgroup's limit, or memory.reclaim */
	SPAN_DIRECT_RECLAIM,
	SPAN_NODE_RECLAIM,
	SPAN_KSWAPD, /* awake */
	SPAN_KCOMPACTD,
	SPAN_COMPACT,
	SPAN_SHRINKER, /* one of them; detail: the function that scans for it */
	SPAN_LRU,      /* a point: one pass over an LRU list; detail: anon or file */
	SPAN_THROTTLE, /* of a reclaimer; detail: why */
	SPAN_THROTTLE_HIGH,
	SPAN_THROTTLE_DIRTY,
	SPAN_SWAP_IN,
	SPAN_FILE_FAULT,
	SPAN_FILE_READ,
	SPAN_CPU_WAIT,
	SPAN_IO_WAIT,
	SPAN_WHATS
};

/* As they stand in spans.tsv: "memcg-reclaim", "direct-reclaim" ... */
extern const char *const span_what_names[SPAN_WHATS];
