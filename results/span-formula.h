/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "results/formula.h"

/*
 * What formulas say of a traced trial's spans: spans(memcg_reclaim) and its kin (formula.h).
 */

/* Whether there is a function of that name. */
bool span_function(const char *name);

/* The kind of span of that name, a dash written as «_». */
bool span_kind(const char *name, enum span_what *ret);

/* Whether trial.json's "trace" says that this kernel's trace has no such spans. */
bool span_unavailable(const json_t *trace, enum span_what what);

/*
 * Its value for the kind of span of that name, a dash written as «_»; of the context's node or
 * workload alone where it has one. False: there is no value, *ret_missing says why; or, with
 * *ret_malformed, there is no such kind.
 */
bool span_value(const struct formula_context *context, const char *function, const char *kind,
		double *ret, bool *ret_malformed, char *ret_missing, size_t size);
