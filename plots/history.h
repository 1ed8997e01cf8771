/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

#include "plots/script.h"
#include "results/history/history.h"

/* What plots/history*.c share: a picture of a metric over runs, as history.gp draws it. */

#define HISTORY_PANELS_MAX 12
#define HISTORY_PLOT_PX	   892 /* a panel's width, as in history.gp */

struct history_panel {
	const struct history_group *group;
	const struct history_series *series;
};

struct history_picture {
	const struct history *history;
	const char *metric;
	struct history_panel panels[HISTORY_PANELS_MAX];
	size_t count;
	size_t *places; /* of each run, from 1 in the order of time; 0: it is in no panel */
	size_t runs;
	double scale; /* what values are divided by */
	const char *unit;
};

/* The tables of points, seeds, gaps and levels. */
int history_write_tables(const struct history_picture *p, struct script *script, struct error *err);

/* What stands in the panels: changes, and where the kernel's release is another one. */
void history_write_marks(const struct history_picture *p, struct script *script);
