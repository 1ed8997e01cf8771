/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "results/store.h"

/* The trials of one scenario, sorted by kernel; what show.c and table.c print. */
struct scenario_trials {
	const char *name;
	const struct stored_trial **trials; /* in the run's order */
	size_t count;
	const char **kernels; /* each once, in that order */
	size_t kernel_count;
};

/*
 * Whether a trial's figures stand in the table: the completed and valid ones do and, for a kernel
 * that has none of these, all.
 */
bool table_counts(const struct scenario_trials *s, const struct stored_trial *trial);

/* Completed, and nothing wrong with the measurement. */
bool trial_good(const struct stored_trial *trial);

/* -ENOMEM. */
int table_print(FILE *f, const struct scenario_trials *s, bool all);
