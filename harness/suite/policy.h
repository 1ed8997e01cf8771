/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <jansson.h>

#include "src/error.h"

/*
 * A policy file: margins apart from the suite, scenario by scenario,
 *
 *     "*": {reclaim.scanned: 2%, "work.*.rate": 3% or 10}
 *     node-pressure: {reclaim.scanned_kswapd: 5%}
 *
 * where scenarios and metrics may be patterns and the first that fits is the one that counts.
 *
 * Reads and checks it; *ret is {"SCENARIO": {"METRIC": "MARGIN"}} in the file's order, the
 * caller's. -EINVAL with "FILE:LINE:COLUMN: ..." and the line shown.
 */
int policy_load(json_t **ret, const char *path, struct error *err);
