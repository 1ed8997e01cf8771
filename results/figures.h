/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "results/formula.h"

/*
 * The figures of the machine and of its kernel that formulas name (formula.h lists them): "cpus",
 * "page", "batch", "fold", "lag", "stock", ...
 *
 * False when token is none of them, and *ret is as it was. True otherwise: with *ret the figure,
 * or, where the record does not say it, with the reason in missing, which is "" else.
 */
bool figure_value(const struct formula_context *context, const char *token, double *ret,
		  char *missing, size_t size);
