// SPDX-License-Identifier: GPL-2.0-or-later
#include "src/span.h"

const char *const span_what_names[SPAN_WHATS] = {
	[SPAN_MEMCG_RECLAIM] = "memcg-reclaim",
	[SPAN_DIRECT_RECLAIM] = "direct-reclaim",
	[SPAN_NODE_RECLAIM] = "node-reclaim",
	[SPAN_KSWAPD] = "kswapd",
	[SPAN_KCOMPACTD] = "kcompactd",
	[SPAN_COMPACT] = "compact",
	[SPAN_SHRINKER] = "shrinker",
	[SPAN_LRU] = "lru",
	[SPAN_THROTTLE] = "throttle",
	[SPAN_THROTTLE_HIGH] = "throttle-high",
	[SPAN_THROTTLE_DIRTY] = "throttle-dirty",
	[SPAN_SWAP_IN] = "swap-in",
	[SPAN_FILE_FAULT] = "file-fault",
	[SPAN_FILE_READ] = "file-read",
	[SPAN_CPU_WAIT] = "cpu-wait",
	[SPAN_IO_WAIT] = "io-wait",
};
