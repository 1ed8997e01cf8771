/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "results/store.h"
#include "src/error.h"
#include "src/strlist.h"

/* Pictures of runs. The .gp scripts draw; the code here prepares their tables and runs gnuplot. */

enum plot_format { PLOT_SVG = 1, PLOT_PNG = 2, PLOT_ALL = PLOT_SVG | PLOT_PNG };

struct plot_result {
	struct strlist files;	/* paths of the pictures, in the order in which they were made */
	struct strlist skipped; /* "TRIAL: why it has no picture" */
};
void plot_result_done(struct plot_result *result);

/*
 * One picture a trial: OUT/SCENARIO.KERNEL.seed-N.svg and .png; and, where the record knows why
 * operations were slow, OUT/SCENARIO.KERNEL.seed-N.causes.svg and .png. A trial whose record can't
 * be read is skipped, the others are drawn. out_dir is made where it isn't there; formats are enum
 * plot_format's bits. -ENOPKG when there is no gnuplot; what result holds is kept on failure.
 */
int plot_trials(const struct run *run, const char *out_dir, unsigned formats,
		struct plot_result *result, struct error *err);

/*
 * OUT/summary.svg and .png: pages scanned and reclaimed, and latency or rate, of every scenario
 * and kernel of all the runs together; the median over seeds and its range. Runs without a
 * completed trial are skipped.
 */
int plot_summary(const struct run *const runs[], size_t count, const char *out_dir,
		 unsigned formats, struct plot_result *result, struct error *err);

/*
 * OUT/history.METRIC.svg and .png: a metric over runs, a panel each of its series, with its changes
 * as history_judge() found them. Panels beyond what fits are told in result->skipped.
 */
struct history;
int plot_history(const struct history *history, const char *metric, const char *out_dir,
		 unsigned formats, struct plot_result *result, struct error *err);
