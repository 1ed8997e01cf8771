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
	uint64_t jobs;		/* 0: see run_options_jobs() */
	struct strlist only;
	struct strlist set;
	int clock; /* enum run_clock */
	char *out; /* NULL: wring-results/SUITE/UTC-TIME */
	bool boot;
	bool verify;
	bool resume;
	int accel; /* enum accel_wish */
	bool quiet;
};

enum run_clock { RUN_CLOCK_INSN, RUN_CLOCK_WALL };
extern const char *const run_clocks[]; /* their names, NULL-terminated */
extern const char *const run_accels[]; /* of enum accel_wish, NULL-terminated */

extern const struct option_spec run_options[];	/* all of them */
extern const struct option_spec plan_options[]; /* vm, kernel, seeds, jobs, only, set, clock */

/* Options that contradict each other; the error says which to leave out. */
int run_options_check(const struct run_options *o, struct error *err);

/* The name of the kernel of that index; "host" without VMs. */
const char *run_options_kernel(const struct run_options *o, size_t index);

/*
 * Virtual machines side by side, each of so much memory: what --jobs says, else as many as there
 * are CPUs and room in memory for, where the clock counts instructions; in real time they would
 * disturb each other, so one.
 */
uint64_t run_options_jobs(const struct run_options *o, uint64_t bytes);
