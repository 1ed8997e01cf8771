/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "results/history/history.h"

/* What users name in a history, held against what the runs have. */

/*
 * Drops runs of other suites, and those without a trial of such a scenario and kernel. -EINVAL
 * when none is left, with what was meant perhaps.
 */
int history_select(struct runs *runs, const struct strlist *suites, const struct strlist *scenarios,
		   const struct strlist *kernels, struct error *err);

/*
 * Makes patterns of names that stand for several in the catalog: "work.NAME.rate" becomes
 * "work.*.rate". -ENOMEM.
 */
int history_expand_metrics(struct strlist *metrics);

/* -EINVAL for a name that neither the catalog nor a record has, with the nearest one. */
int history_check_metrics(const struct runs *runs, const struct strlist *metrics,
			  struct error *err);

/* -EINVAL for a metric that has no figure in any of the runs, with the reason of the newest. */
int history_check_found(const struct history *history, const struct strlist *metrics,
			struct error *err);

/* The metrics that have a series, each once. -ENOMEM. */
int history_metric_names(struct strlist *ret, const struct history *history);
