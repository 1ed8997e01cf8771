/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "harness/guard.h"
#include "harness/suite/suite.h"
#include "src/fsroot.h"

/*
 * One trial on the kernel that runs: cgroups and knobs set, workers born and released, counters
 * sampled, all undone. The same code on a host and as PID 1 of a VM.
 */

enum trial_phase {
	TRIAL_STARTING, /* before the first worker; in a VM: booting */
	TRIAL_SETUP,
	TRIAL_WARMUP,
	TRIAL_START, /* «start:» is being seen to */
	TRIAL_MEASURED,
	TRIAL_FINISHING,
};
extern const char *const trial_phase_names[];

/* What a running trial shows of itself, in shared memory; for the live line only. */
struct trial_status {
	_Atomic int phase;
	_Atomic uint64_t ops;	      /* of all workloads, in this phase */
	_Atomic uint64_t ops_planned; /* 0: not known (timed work) */
	_Atomic uint64_t elapsed_ns;  /* on the trial's clock, since it began */
	_Atomic uint64_t reclaimed_pages;
	_Atomic uint64_t psi_full_us;		  /* memory PSI "full" total of the system */
	_Atomic int workers[SUITE_PROCESSES_MAX]; /* process ids while they run, else 0 */
};

struct trial {
	const struct suite *suite;
	const struct scenario *scenario;
	uint64_t seed;
	const char *kernel;	     /* the name under which the record is kept: "host" */
	const char *clock;	     /* "insn" or "wall" */
	struct trial_status *status; /* may be NULL */
	int phase_fd;		     /* a line is written to it when a phase begins; -1: none */
	struct guard *guard;	     /* where changes are noted first; NULL: nowhere */
};

/*
 * Runs it and writes the raw record into the directory out_dirfd: trial.json (without metrics,
 * which results/ computes), samples.tsv, latency.tsv, events.tsv, topology.xml.
 *
 * Returns 0 whenever a record was written, whatever its outcome (an OOM kill is an outcome);
 * -errno with err set when the trial could not begin: no cgroup v2, a knob that is not there; or
 * when something could not be undone (-EUCLEAN): then the guard's journal must be kept.
 * A stop request (SIGINT, SIGTERM) ends it early with outcome "failed" and keeps the samples.
 */
int trial_run(const struct trial *trial, const struct fsroot *fs, int out_dirfd, struct error *err);

/*
 * Sets the trial's cgroups and knobs, calls visit() instead of starting workers, and undoes it all:
 * for a look at the machine as the workloads would find it. visit's error is passed on.
 */
int trial_visit(const struct trial *trial, const struct fsroot *fs,
		int (*visit)(void *arg, struct error *err), void *arg, struct error *err);
