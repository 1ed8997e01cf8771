/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "harness/run.h"
#include "src/run-options.h"

/* A run, from the suite's name and the options to its records: what «wring run» does, and others.
 */
struct run_outcome {
	struct run_summary summary;
	char *dir;     /* the run's, the caller's to free; NULL after an error */
	int exit_code; /* after an error: whether the input or the environment is to blame */
};

/*
 * 0 when every trial was tried, whatever came out; -errno when the run could not begin or go on.
 * ret is filled in either case.
 */
int run_suite(const struct run_options *options, const char *name, struct run_outcome *ret,
	      struct error *err);
