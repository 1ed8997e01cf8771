/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "src/bisect/bisect-measure.h"

/* What git bisect run makes of an exit code: 0 good, 1 bad, 125 skip, from 128 on it stops. */
#define BISECT_STEP_SKIP  125
#define BISECT_STEP_ABORT 128

/* One kernel of somebody else's bisection, judged by runs or baselines of both ends. */
struct bisect_step {
	const char *good, *bad; /* sides, as side_open() takes them */
	const char *what;	/* SUITE/SCENARIO */
	const char *metric;
	const char *kernel, *modules;
	const char *out; /* gets a directory a kernel */
	const struct run_options *run;
};

/* Prints the verdict. An exit code for git bisect run, err filled where it is no verdict. */
int bisect_step(const struct bisect_step *step, struct error *err);
