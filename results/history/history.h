/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "results/metrics.h"
#include "results/history/run-differ.h"
#include "results/history/runs.h"
#include "src/error.h"
#include "src/strlist.h"

/* Metrics over runs: a series for each scenario, kernel and metric, and where it changes. */

/* What one run has of a series. */
struct history_point {
	struct run_trial of; /* its first trial that counts */
	size_t run;	     /* which of the runs */
	uint64_t *seeds;
	double *values; /* of those seeds; completed and valid trials alone */
	size_t count;
	double median, least, most;
};

/* A new level begins. */
struct history_change {
	size_t at;	      /* the first point of the new level */
	double before, after; /* medians of the points of the two levels */
	double shift;	      /* share of before; NaN where that is 0 */
	double p, q;	      /* of the permutation test, and what it is in the family */
};

enum history_state {
	HISTORY_JUDGED, /* changes were looked for */
	HISTORY_STEADY, /* every run has the same figure: there is nothing to look for */
	HISTORY_FEW,	/* too few runs to tell */
};

struct history_series {
	const char *metric; /* as in the records */
	const struct metric_def *def;
	const char *unit; /* the records' */
	char *apart;	  /* why it doesn't go on the one before it, of the same name; or NULL */
	struct history_point *points;
	size_t count;
	size_t seeds_dropped; /* seeds that are not in every run */
	bool seeds_differ;    /* none is in every run: all were taken */
	enum history_state state;
	struct history_change *changes; /* in the order of time */
	size_t change_count;
};

/* The series of one scenario on one kernel: of the same work on the same machine. */
struct history_group {
	const char *suite, *scenario, *kernel; /* kernel: HISTORY_ANY_KERNEL where joined */
	struct run_trial first;
	char *apart;  /* why it doesn't go on the group before it, of the same names; or NULL */
	size_t *runs; /* that have a trial of it, whether it counts or not */
	size_t run_count;
	struct history_series *series;
	size_t count;
};
#define HISTORY_ANY_KERNEL "all kernels"

struct history {
	const struct runs *runs; /* borrowed */
	struct history_group *groups;
	size_t count;
};

/* What to take. An empty list or NULL takes all. */
struct history_wish {
	const struct strlist *metrics;	 /* names, or patterns as a shell's */
	const struct strlist *scenarios; /* the same; without its @ part all of a matrix */
	const struct strlist *kernels;
	const struct strlist *suites;
	bool join_kernels; /* a series goes on over kernels of any name; each run has to have one */
};

/* -EINVAL: two kernels of one run would be one point; -ENOMEM. */
int history_make(struct history *ret, const struct runs *runs, const struct history_wish *wish,
		 struct error *err);
void history_done(struct history *history);
#define _cleanup_history_ __attribute__((cleanup(history_done)))

/* Whether it is one of those patterns, or there are none. */
bool history_matches(const struct strlist *patterns, const char *name);
bool history_matches_scenario(const struct strlist *patterns, const char *scenario);

/*
 * Why a run of the group has no point in a series of that metric: what went wrong with the trial,
 * or that it lacks the metric. Returns buf.
 */
const char *history_gap(const struct history *history, const struct history_group *group,
			size_t run, const char *metric, char *buf, size_t size);
