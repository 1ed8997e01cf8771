/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "results/history/runs.h"

/* A trial and the run that it is of: both know a part of what its figures follow from. */
struct run_trial {
	const struct dated_run *run;
	const struct stored_trial *trial;
};

/*
 * Why figures of one scenario in two runs are not of the same thing, whatever the kernel: clock,
 * machine, or the scenario itself. *ret is NULL when they are, else a sentence, the caller's to
 * free. What one of the records doesn't say is taken for the same. -ENOMEM.
 */
int run_apart(char **ret, const struct run_trial *a, const struct run_trial *b);

/*
 * What a change from a to b may come from, as far as the records tell: kernel, wring, QEMU, knobs
 * as read back, what counters mean. A few words each: "vm.swappiness 60 → 10". -ENOMEM.
 */
int run_differences(struct strlist *ret, const struct run_trial *a, const struct run_trial *b);
