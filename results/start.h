/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <jansson.h>

#include "results/record.h"

/*
 * The state of memory in which the measured phase began, from the row that begins it:
 *
 *   {"free_bytes": {"node0": N, ...}, "unusable": {"node0": {"order1": 0.12, ...}, ...},
 *    "page_cache_bytes": N, "slab_bytes": N, "anon_bytes": N, "swap_used_bytes": N,
 *    "swap_total_bytes": N, "fingerprint": "16 hex digits of all that"}
 *
 * After record_measure(), without which the nodes are missing. page_cache is without shmem;
 * unusable is the unusable-free index (src/extfrag.h) as a share. What the samples don't tell is
 * left out. NULL when memory is out; an empty object without that phase.
 */
json_t *start_compute(const struct record *record);

/*
 * Whether two trials began differently enough to matter: free memory, page cache, slab or swap by
 * more than 2 % of the machine's memory, or an unusable-free index by more than 0.05. Then what
 * says which, «free memory of node0: 312 MiB against 280 MiB».
 */
bool start_differs(const json_t *a, const json_t *b, uint64_t memory_bytes, char *what,
		   size_t size);
