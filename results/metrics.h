/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "results/record.h"

/* The catalog: what wring can say of a trial. Released names never change meaning. */
enum metric_better { BETTER_NONE, BETTER_LOWER, BETTER_HIGHER };

struct metric_def {
	const char *name;    /* "reclaim.scanned"; "work.NAME.rate" stands for one a workload */
	const char *unit;    /* "pages", "1", "ns", "1/s" */
	const char *meaning; /* one line */
	const char *formula; /* from columns, as a user would check it */
	enum metric_better better;
};

/* The catalog in its order: the first one for NULL, else the one behind; NULL after the last. */
const struct metric_def *metric_next(const struct metric_def *after);

/* Stands for the metrics that a generator's own counters make; their unit is in the record. */
extern const struct metric_def metric_counter;

/* The definition of a metric's name as it stands in a record ("work.anon.rate"), or NULL. */
const struct metric_def *metric_find(const char *name);

/*
 * {"reclaim.scanned": {"value": 61653, "unit": "pages", "valid": true}, ...} of the measured
 * phase. A metric whose columns this kernel lacks is left out, never 0. An invalid one has
 * "valid": false and "why".
 */
json_t *metrics_compute(const struct record *record, const json_t *closure);

/* Why a metric's name is not among a record's metrics, for people: no column, nothing to divide. */
void metric_absence(const struct record *record, const char *name, char *buf, size_t size);
