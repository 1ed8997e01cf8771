/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "harness/suite/suite.h"
#include "harness/vm/kernel.h"
#include "harness/vm/machine.h"
#include "harness/vm/vm-cache.h"
#include "src/error.h"

/* A trial in a VM, from the host's side: what goes in, how it comes on, what comes out. */

/* Where the guest finds what the host gives it: in its initramfs, the machine that it makes, ... */
#define LAB_GUEST_MACHINE "/wring/machine.json"
#define LAB_GUEST_MODULES "/wring/modules.list"
/* ... and, unpacked from what fw-cfg.h reads, the trial. */
#define LAB_GUEST_ORDER "/wring/order.json"
#define LAB_GUEST_SUITE "/wring/suite.json"
#define LAB_GUEST_SHELL "/bin/busybox"

/* Files in a trial's work_dir, and in its out_dir the console. */
#define LAB_STATUS_FILE	 "status"
#define LAB_RESULTS_FILE "results.img"
#define LAB_CONSOLE_FILE "console.log"

/* Room for a record. */
#define LAB_RESULTS_BYTES ((uint64_t)256 << 20)

/* What it says when its machine is made, and it stops; and when the trial begins: its TSC. */
#define LAB_SAY_READY "ready"
#define LAB_SAY_BEGAN "began "

/*
 * Writes the part of the initramfs that all trials of a kernel share: wring-guest and its
 * libraries, the modules that the suite's machine needs, the program that makes its disk's
 * filesystem. -ENOENT names what the kernel or this machine lacks.
 */
int lab_make_base(const char *path, const struct kernel *kernel, const struct machine_spec *machine,
		  struct error *err);

/* A shell in the trial's machine, on this terminal: what the guest's terminal is told of it. */
struct lab_shell {
	const char *term; /* TERM */
	unsigned rows, columns;
};

struct lab_trial {
	const struct suite *suite;
	const struct scenario *scenario;
	const struct kernel *kernel;
	uint64_t seed;
	enum machine_clock clock;
	enum machine_accel accel;
	const struct cached_file
		*vmlinux;  /* of vmlinux_get(); NULL or without a path: the bzImage */
	const char *base;  /* of lab_make_base() */
	const char *state; /* of vm_state_get(): it begins there; NULL: it boots */
	const char *state_key;
	const struct lab_shell *shell; /* instead of the trial; or NULL */
	const char *work_dir;	       /* scratch, the trial's own; the caller removes it */
	const char *out_dir; /* the trial's directory in the run: console.log comes here */
};

extern const char *const lab_clock_names[];

int lab_start(const struct lab_trial *trial, struct machine *ret, struct error *err);

/* What the guest said last. */
struct lab_status {
	char phase[32]; /* "start" before it said anything */
	char error[400];
	/*
	 * The guest's time stamp counter when its trial began; by the clock of instructions it
	 * counts ns since power-on: instructions, and the idle time between them.
	 */
	uint64_t began;
	bool ready; /* its machine is made, and it stops */
	bool done;
	uint64_t size; /* of what it printed, on both ports */
};
int lab_status(const struct lab_trial *trial, struct lab_status *ret);

/*
 * After the machine has ended: unpacks the record into out_dir. When there is none, the error
 * says what the guest said, or quotes the console's last lines.
 */
int lab_finish(const struct lab_trial *trial, int exit_status, struct error *err);

/*
 * Why a machine that has ended left no record: what the guest said, else what QEMU said, else the
 * console's last lines. Of the trial only kernel, work_dir and out_dir are used. -EREMOTEIO, or
 * -ENOSPC when the results file found no room.
 */
int lab_diagnose(const struct lab_trial *trial, int exit_status, struct error *err);
