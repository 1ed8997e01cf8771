/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "results/formula.h"

/*
 * What formulas say of the reclaim cube and of free memory: cube(limit_reclaimed), below(low),
 * unusable(9) (formula.h).
 */

/* Whether there is a function of that name. */
bool cube_function(const char *name);

/*
 * Its value, of the context's node or cgroup with its children. used is as for formula_evaluate().
 * False: there is no value, *ret_missing says why; or, with *ret_malformed, the argument is none.
 */
bool cube_value(const struct formula_context *context, const char *function, const char *argument,
		bool *used, double *ret, bool *ret_malformed, char *ret_missing, size_t size);
