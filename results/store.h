/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "src/error.h"

/* A run's directory: RUN/run.json and RUN/SCENARIO/KERNEL/seed-N/trial.json. */
struct stored_trial {
	char *scenario, *kernel; /* as in trial.json */
	uint64_t seed;
	char *dir;    /* path of the trial's directory */
	json_t *json; /* trial.json */
};

struct run {
	char *dir;
	json_t *json;		     /* run.json */
	struct stored_trial *trials; /* in the plan's order; only those that have a trial.json */
	size_t trial_count;
};

/* Reads run.json and every trial.json. A path that is no run says so and what one looks like. */
int run_open(struct run **ret, const char *dir, struct error *err);
void run_close(struct run *run);
