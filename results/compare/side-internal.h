/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "results/compare/side.h"

/* What makes a side; for side*.c and baseline.c alone. */

/* Fill a side whose cells are none yet; what is half done is side_close()'s. */
int side_read_run(struct side *side, const char *dir, struct error *err);
int side_read_baseline(struct side *side, const char *path, struct error *err);

/* Anew from the cells; -ENOMEM. */
int side_kernels(struct side *side);

/* The definition that a metric's series has, or NULL: it is left out. */
const struct metric_def *series_def(const char *metric);

/* Into the order that cell_series() needs. */
void cell_sort(struct cell *cell);
void cell_done(struct cell *cell);
