/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "results/cube.h"

/* What samples.tsv tells of the cube's cells: counters, threads, levels (cube.h). */

/* Looks the columns up for a cube whose axes are set. -ENOMEM. */
int cube_facts_new(struct cube_facts **ret, const struct cube *cube);
void cube_facts_free(struct cube_facts *facts);

/* Tells the grids what happened between the cube's rows. */
void cube_facts_tell(const struct cube_facts *facts, struct cube *cube);

/* Marks the columns (an element each) that pages were counted by. */
void cube_facts_columns(const struct cube_facts *facts, bool *used);
