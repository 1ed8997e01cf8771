/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdio.h>

#include "results/history/history.h"

/* What `wring history` prints. */

/* A line a run. */
void history_show_runs(FILE *f, const struct runs *runs);

/* "pass", "failed" (an expectation), "invalid", or "-" where there is no trial yet. */
const char *history_verdict(const struct dated_run *run);

/* Each series: a line a run, and the changes with what they may come from. -ENOMEM. */
int history_show_series(FILE *f, const struct history *history, double alpha);

/* The changes of all series, the largest first. -ENOMEM. */
int history_show_changes(FILE *f, const struct history *history, double alpha);

/* The runs, and the series with their points and changes. NULL: no memory. */
json_t *history_json(const struct history *history, double alpha);
