/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdio.h>

#include "results/compare/compare.h"
#include "results/gate/gate-format.h"

/* A comparison for people and for programs. -ENOMEM; the stream's error is the caller's to name. */

/* all: what didn't move, and what can't be compared, too. */
int compare_show_text(FILE *f, const struct comparison *c, bool all);
int compare_show_markdown(FILE *f, const struct comparison *c, bool all);
/* Every row, with the values that it was judged by: {"base": ..., "rows": [...]}. NULL: no memory.
 */
json_t *compare_json(const struct comparison *c);

/* A row as a gate's check, which has the texts; borrows from both. */
void row_as_check(const struct row *row, struct gate_check *ret);

/*
 * A scenario's rows as they are to be shown: what is worse, has moved, is better, can't be told, is
 * the same; within these what the suite's gate names, the whole machine's, that of its parts; and
 * the largest shift first, measured by its margin. The array is the caller's to free; *ret_moved of
 * its first ones moved. NULL: no memory.
 */
const struct row **compare_order(const struct comparison *c, size_t first, size_t last,
				 size_t *ret_moved);
/* The end of the rows that are of the same scenario as the one at first. */
size_t compare_scenario_end(const struct comparison *c, size_t first);
