/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>
#include <stdio.h>

#include "results/table.h"

/*
 * Prints why the operations of each open loop of a scenario were slow, a line a quantile and
 * kernel: the seeds together, the shares by time. Of loops that were not traced, what would tell
 * it. -ENOMEM.
 */
int show_causes(FILE *f, const struct scenario_trials *s);

/*
 * "memcg reclaim on node 1", of an element of "shares" (results/causes.h). Returns buf.
 */
const char *cause_text(const json_t *share, char *buf, size_t size);
