// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/regime.h"

#include <errno.h>

#include "harness/knobs.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/kvfile.h"
#include "src/macro.h"

json_t *regime_detect(const struct fsroot *fs, struct error *err)
{
	_cleanup_free_ char *vmstat = NULL, *node = NULL;
	char lru[KNOB_VALUE_MAX] = "classic";
	bool per_node, split, khugepaged, zero_pages;
	uint64_t unused;
	json_t *regime;

	if (file_read(fs->proc, "vmstat", &vmstat, NULL, err) < 0)
		return NULL;
	per_node = file_read(fs->sys, "devices/system/node/node0/vmstat", &node, NULL, NULL) == 0 &&
		   kv_get(KV_FLAT, node, "pgscan_kswapd", &unused) == 0;
	split = kv_get(KV_FLAT, vmstat, "pgscan_proactive", &unused) == 0;
	khugepaged = kv_get(KV_FLAT, vmstat, "pgscan_khugepaged", &unused) == 0;
	zero_pages = kv_get(KV_FLAT, vmstat, "swpout_zero", &unused) == 0;
	knob_read(fs, "lru_gen", lru, NULL); /* a kernel without it is classic */
	regime = json_pack(
		"{s:s, s:s, s:s, s:s, s:b, s:s}", "reclaim_counters",
		per_node ? "all" : "global-only", "proactive", split ? "split" : "in direct",
		"khugepaged", khugepaged ? "split" : "in direct", "zero_pages",
		zero_pages ? "noted" : "swapped", "per_node_reclaim", per_node, "lru", lru);
	if (!regime)
		error_set(err, -ENOMEM, "detect the regime");
	return regime;
}
