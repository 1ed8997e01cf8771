/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "harness/suite/suite.h"
#include "harness/vm/kernel.h"
#include "harness/vm/machine.h"
#include "src/error.h"

/*
 * A shell in a scenario's machine, as the trial's workloads would find it, on this terminal, in
 * real time. Scratch files go below the cache and are removed. Returns when the machine is off.
 */
struct shell_args {
	const struct suite *suite;
	const struct scenario *scenario;
	const struct kernel *kernel;
	enum machine_accel accel;
	const char *cache;
};
int vm_shell(const struct shell_args *args, struct error *err);
