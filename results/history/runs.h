/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <time.h>

#include "results/store.h"
#include "src/error.h"
#include "src/strlist.h"

/* Runs over time: those in some folders, in the order in which they began. */

/* What a run's date is taken from. */
enum run_dated {
	DATED_RECORD, /* run.json's «started» */
	DATED_NAME,   /* the name of its directory, 20261127T034725Z */
	DATED_FILE,   /* when run.json was written last: a copy may not keep it */
};

struct dated_run {
	struct run *run;
	time_t started;
	enum run_dated dated;
	int verdict; /* of show_verdict() */
};

struct runs {
	struct dated_run *items;
	size_t count;
	struct strlist problems; /* what could not be read, and why; a line each */
	json_t *metrics; /* an object whose keys are the names of all metrics that were met */
};

/*
 * Every run in these directories: each is a run, or holds runs at any depth. Links inside of them
 * are not followed, and a run that is met twice is there once. What is damaged is told in problems
 * and left out. Of each trial.json is kept what a history needs: closure and cube are dropped, and
 * metrics that none of the patterns in keep matches; keep NULL keeps them all. -ENOMEM.
 */
int runs_find(struct runs *ret, char *const dirs[], size_t count, const struct strlist *keep,
	      struct error *err);
void runs_done(struct runs *runs);
#define _cleanup_runs_ __attribute__((cleanup(runs_done)))

/* run.json's text under that key, or "". */
const char *dated_run_text(const struct dated_run *run, const char *key);
/* The suite's name, or "". */
const char *dated_run_suite(const struct dated_run *run);

/* "2026-11-27 03:47", UTC. Returns buf. */
#define RUN_DATE_MAX 40
const char *dated_run_date(const struct dated_run *run, char buf[static RUN_DATE_MAX]);
