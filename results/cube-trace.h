/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "results/cube.h"

/* What the spans of a trace tell of the cube's cells (cube.h). */

/*
 * For a cube whose axes are set. *ret is NULL where the trial was not traced, or its trace lacks
 * events, or kinds of them. -ENOMEM.
 */
int cube_trace_new(struct cube_trace **ret, const struct cube *cube);
void cube_trace_free(struct cube_trace *trace);

/* Tells the grids what happened between the cube's rows; the counters have told theirs before. */
void cube_trace_tell(struct cube_trace *trace, struct cube *cube);
