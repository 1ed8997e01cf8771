/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "results/compare/side.h"
#include "src/units.h"

/*
 * What is too little to matter, metric by metric. Both cells may be of another scenario's name, but
 * at most one of them is NULL.
 */

/*
 * {"METRIC or pattern": "2% or 50"}: the policy's for that scenario where there is a policy, else
 * the fresh side's suite's own, else the base's. NULL: there is none. Borrowed.
 */
const json_t *margins_of(const json_t *policy, const struct cell *base, const struct cell *fresh);

/* Whether one of these is for the metric: its margin. ret stays as it is when not. */
bool margin_of(const json_t *policy, const struct cell *base, const struct cell *fresh,
	       const char *metric, struct margin *ret);

/* Whether the cell has a metric that the name or pattern of a margin is for. */
bool margin_meets(const char *name, const struct cell *cell);

/*
 * What to add to a margin's share: what a baseline was measured to move by when another wring or
 * QEMU runs the same kernel, where another one did; in real time, what this machine's A/A runs
 * differ by, where that is more than the share. 0: nothing.
 */
double margin_widening(const json_t *noise, const struct side *base_side,
		       const struct side *fresh_side, const struct series *base,
		       const struct series *fresh, const char *scenario, double share);
