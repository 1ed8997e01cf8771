/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "results/formula.h"

/*
 * What formulas say of the causes of latency: cause(memcg_reclaim) (formula.h). Their values stand
 * in trial.json's "causes", which are computed before the metrics are.
 */

/*
 * The share of a cause, by its name with «_» for a dash, in the time of the workload's operations
 * at or above p99. False: there is none, *ret_missing says why; or, with *ret_malformed, there is
 * no such cause.
 */
bool cause_value(const struct formula_context *context, const char *cause, double *ret,
		 bool *ret_malformed, char *ret_missing, size_t size);
