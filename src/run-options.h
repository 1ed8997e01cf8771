/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "src/error.h"
#include "src/option.h"
#include "src/strlist.h"

/* What --vm boots when no kernel is named: the newest that wring knows. */
#define RUN_KERNEL_DEFAULT "debian/6.12"

/* The options of `wring run`; `wring plan` takes those that change what it shows. */
struct run_options {
	bool vm;
	struct strlist kernels; /* names or paths; empty: see RUN_KERNEL_DEFAULT */
	struct strlist modules; /* one for each kernel that is a path, in their order */
	char *seeds;		/* NULL: the suite's */
	uint64_t jobs;
	struct strlist only;
	struct strlist set;
	int clock; /* enum run_clock */
	char *out; /* NULL: wring-results/SUITE/UTC-TIME */
	bool resume;
	bool quiet;
};

enum run_clock { RUN_CLOCK_INSN, RUN_CLOCK_WALL };
extern const char *const run_clocks[]; /* their names, NULL-terminated */

extern const struct option_spec run_options[];	/* all of them */
extern const struct option_spec plan_options[]; /* vm, kernel, seeds, jobs, only, set, clock */

/* Options that contradict each other; the error says which to leave out. */
int run_options_check(const struct run_options *o, struct error *err);
