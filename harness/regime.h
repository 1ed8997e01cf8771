/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <jansson.h>

#include "src/error.h"
#include "src/fsroot.h"

/*
 * What the counters of this kernel mean, detected by feature and never by version:
 *   reclaim_counters  "global-only": pgscan_kswapd and its kin in /proc/vmstat leave out reclaim
 *                     at a cgroup's limit; "all": they count it (node*\/vmstat has them too)
 *   proactive         "split": memory.reclaim has counters of its own; "in direct": it has not
 *   khugepaged        the same of khugepaged's reclaim
 *   zero_pages        "noted": pages of zeros are not swapped out, and counted as swpout_zero;
 *                     "swapped": as any other
 *   per_node_reclaim  whether node*\/vmstat counts scanned and reclaimed pages
 *   lru               "mglru" or "classic"
 * The caller's reference; NULL with err set on failure.
 */
json_t *regime_detect(const struct fsroot *fs, struct error *err);
