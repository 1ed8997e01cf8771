/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "results/history/history.h"
#include "src/units.h"

/* Pieces of text that tables and pictures of a history share. */

/* The kernel's release, or its name where the record has none. */
const char *history_release(const struct history_point *point);

/* "+9.1 %", or "+12 pages" from a level of 0. Returns buf. */
const char *history_shift(const struct history_change *change, const struct history_series *series,
			  char buf[static FORMAT_MAX]);

/* ", worse", ", better", or "" where neither is. */
const char *history_direction(const struct history_change *change,
			      const struct history_series *series);

/* What a change between two points may come from, a sentence without a full stop; NULL: no memory.
 */
char *history_causes(const struct history_point *before, const struct history_point *after);
