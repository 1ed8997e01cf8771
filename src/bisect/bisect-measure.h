/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "harness/suite/suite.h"
#include "results/compare/compare.h"
#include "results/compare/likeness.h"
#include "src/run-options.h"

/* What is measured of each kernel: a scenario's metric, with the same seeds. All is borrowed. */
struct measure {
	const char *suite; /* as run_suite() takes it */
	const struct scenario *scenario;
	const char *metric;
	const struct run_options *run; /* seeds, jobs, set, quiet */
};

/* Loads what "SUITE/SCENARIO" names and checks the metric. Both strings are the caller's. */
int measure_find(struct measure *m, const char *what, struct suite **ret_suite, char **ret_name,
		 struct error *err);

/* Whose fault it is that there is no measurement. */
enum fault {
	FAULT_NONE,
	FAULT_KERNEL, /* it does not boot, lacks what the suite needs, fails a trial */
	FAULT_HERE,   /* interrupted, no room on the disk, no QEMU: the next one would fare alike */
};

/*
 * Runs the kernel in dir, or what of it is missing there, and opens it as a side called label. An
 * error says why there is none, *ret_fault on whom to blame it.
 */
int measure_kernel(const struct measure *m, const char *kernel, const char *modules,
		   const char *dir, const char *label, struct side **ret, enum fault *ret_fault,
		   struct error *err);

/* What is in dir, when all seeds have been run; NULL otherwise. */
struct side *measure_kept(const struct measure *m, const char *dir, const char *label);

/*
 * The metric on two sides, for a judge; free with pairing_done(). -ENODATA: they can't be compared
 * in it, with the reason; *ret_mind, unless NULL, is what to mind, or NULL.
 */
struct measured_pair {
	struct pairing values;
	struct judge_input input;
	const char *unit; /* borrowed from a side */
	const char *mind;
};
int measure_pair(const struct measure *m, const struct side *base, const struct side *fresh,
		 struct measured_pair *ret, struct error *err);

/* The median of a side's values; NAN without any. */
double measure_median(const struct measure *m, const struct side *side);
