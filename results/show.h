/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "results/store.h"

/*
 * Prints a run for people: per scenario what went wrong, the regime, a table of metrics (a column
 * a kernel, the median of the seeds with their range), failed expectations, fingerprints. Only
 * the headline metrics, unless all is set.
 *
 * Returns show_verdict(), or -ENOMEM.
 */
int show_run(FILE *f, const struct run *run, bool all);

/* What times of the run mean, a line, unless they are this machine's own. */
void show_clock(FILE *f, const struct run *run);

/*
 * The exit code of src/command.h that the run deserves: EXIT_INVALID when a trial failed or is
 * invalid, a metric of it is, an identity of its measured phase is open, or an expectation could
 * not be told; else EXIT_REGRESSION when one did not hold; else EXIT_DONE.
 */
int show_verdict(const struct run *run);
