/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "harness/suite/suite.h"
#include "src/error.h"
#include "src/strlist.h"

/*
 * Which trials a run consists of, in their order: by scenario, then seed, then kernel, so that
 * kernels alternate and pair by seed.
 */
struct plan_trial {
	const struct scenario *scenario; /* borrowed from the suite */
	size_t kernel; /* index in the list of kernels that plan_make() was given */
	uint64_t seed;
};

struct plan {
	struct plan_trial *trials; /* owned */
	size_t count;
};

/* kernel_count ≥ 1 (the host counts as one). */
int plan_make(struct plan *ret, const struct suite *suite, size_t kernel_count, struct error *err);
void plan_done(struct plan *plan);

/* Where trials run, for an estimate of their time. */
enum plan_place { PLAN_HOST, PLAN_VM_WALL, PLAN_VM_INSN };

/*
 * A guess at how long one trial takes, in ns: the start, and so many operations a second as a
 * workload under reclaim was seen to do. Right to a factor of a few.
 */
uint64_t plan_guess_ns(const struct scenario *scenario, enum plan_place place);

/* The whole plan's time, jobs trials side by side, from each trial's. */
uint64_t plan_total_ns(const uint64_t *trial_ns, size_t count, uint64_t jobs);

/* What a workload does in its measured phase: operations, or 0 when it is timed. */
uint64_t plan_workload_ops(const struct workload_spec *workload);
