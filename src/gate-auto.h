/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "results/gate/gate-make.h"
#include "src/run-options.h"

/*
 * A gate that runs what it judges, sequentially: both kernels' trials seed by seed in turns, until
 * each check's verdict stands or the seeds are used up.
 *
 * It looks several times, so that each look has a part of the error rate (alpha spending, Lan and
 * DeMets 1983, the parts added up by Bonferroni's inequality, which asks nothing of how the looks
 * hang together): a rate of alpha / looks for each. A verdict that stood at a look stays.
 */
struct auto_gate {
	const struct run_options *run; /* with two kernels */
	const char *suite;
	uint64_t max_seeds;
	struct compare_rules rules;
	struct gate_rules gate_rules;
};

/*
 * Fills ret, which needs the comparison that stands behind it; both are the caller's, as are the
 * sides in it. *ret_exit is the exit code after an error, or 0.
 */
struct auto_result {
	struct gate gate;
	struct comparison *comparison;
	struct side *base, *fresh;
	char *dir; /* that has each look's run */
};
int gate_auto(const struct auto_gate *a, struct auto_result *ret, int *ret_exit, struct error *err);
void auto_result_done(struct auto_result *result);
