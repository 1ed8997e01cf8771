/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "harness/plan.h"
#include "harness/suite/suite.h"
#include "harness/vm/kernel.h"
#include "harness/vm/machine.h"

/*
 * A whole run: its trials one after another, or several VMs side by side; each trial's record in
 * RUN/SCENARIO/KERNEL/seed-N/, the run's own in RUN/run.json.
 */
struct run_args {
	const struct suite *suite;
	const struct plan *plan;
	struct kernel **kernels;  /* NULL: the host's own */
	size_t kernel_count;	  /* 1 for the host */
	enum machine_clock clock; /* of VMs */
	enum machine_accel accel; /* of VMs */
	uint64_t jobs;		  /* VMs side by side; 1 on the host */
	const char *out_dir;	  /* made by the caller */
	const char *cache;	  /* where journals go */
	bool boot;		  /* boot each trial's VM, instead of once a kernel */
	bool verify;		  /* run each trial twice and compare */
	bool resume;		  /* keep the trials that have a record */
	bool quiet;		  /* no line a trial, and no live one */
	/* Completes a raw record (metrics, closure, fingerprint): results/ does, which harness/
	 * must not know. Required. */
	int (*finish)(int dirfd, struct error *err);
	/*
	 * Compares a trial with its repetition below it and writes what came out into the trial's
	 * record: verify_trial() of results/ does. With `verify`: required.
	 */
	int (*compare)(int dirfd, struct error *err);
	const char *again; /* the repetition's directory below the trial's */
};

struct run_summary {
	size_t trials, kept, done, failed; /* failed: no trial.json could be had */
	bool interrupted;
};

/*
 * Returns 0 when every trial was tried, whatever came out: what they say is in their records.
 * -errno when the run could not begin or go on.
 */
int run_trials(const struct run_args *args, struct run_summary *ret, struct error *err);
