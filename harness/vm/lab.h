/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "harness/suite/suite.h"
#include "harness/vm/kernel.h"
#include "harness/vm/machine.h"
#include "src/error.h"

/* A trial in a VM, from the host's side: what goes in, how it comes on, what comes out. */

/* Where the guest finds what the host gives it, in its initramfs. */
#define LAB_GUEST_ORDER	  "/wring/order.json"
#define LAB_GUEST_SUITE	  "/wring/suite.json"
#define LAB_GUEST_MODULES "/wring/modules.list"

/*
 * Writes the part of the initramfs that all trials of a kernel share: wring-guest and its
 * libraries, the modules that the suite's machine needs, mke2fs for its disk. -ENOENT names what
 * the kernel or this machine lacks.
 */
int lab_make_base(const char *path, const struct kernel *kernel, const struct machine_spec *machine,
		  struct error *err);

struct lab_trial {
	const struct suite *suite;
	const struct scenario *scenario;
	const struct kernel *kernel;
	uint64_t seed;
	enum machine_clock clock;
	const char *base;     /* of lab_make_base() */
	const char *work_dir; /* scratch, the trial's own; the caller removes it */
	const char *out_dir;  /* the trial's directory in the run: console.log comes here */
};

extern const char *const lab_clock_names[];

int lab_start(const struct lab_trial *trial, struct machine *ret, struct error *err);

/* What the guest said last. */
struct lab_status {
	char phase[32]; /* "boot" before it said anything */
	char error[400];
	bool done;
	uint64_t size; /* of what it printed, on both ports */
};
int lab_status(const struct lab_trial *trial, struct lab_status *ret);

/*
 * After the machine has ended: unpacks the record into out_dir. When there is none, the error
 * says what the guest said, or quotes the console's last lines.
 */
int lab_finish(const struct lab_trial *trial, int exit_status, struct error *err);
