/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "harness/vm/kernel.h"
#include "harness/vm/machine.h"
#include "src/error.h"

/*
 * Whether KVM boots guests here. /dev/kvm can be there and be useless: on a nested host QEMU may
 * assert, or the guest spin for ever. So a kernel is booted once, under a watchdog, and the verdict
 * kept in CACHE/kvm.json, for this host's kernel, CPU and QEMU: another of these, and it is tried
 * again.
 */
enum accel_state {
	ACCEL_ABSENT,  /* /dev/kvm is not there, or not ours; reason says what to do */
	ACCEL_UNTRIED, /* or tried with another kernel, CPU or QEMU */
	ACCEL_WORKS,
	ACCEL_FAILS, /* reason says what happened */
};

struct accel_verdict {
	enum accel_state state;
	char reason[400]; /* one line */
};

/* What is known; boots nothing. */
void accel_recall(const char *cache, struct accel_verdict *ret);

/* What the user asked for, in the order of accel_names. */
enum accel_wish { ACCEL_AUTO, ACCEL_KVM, ACCEL_TCG };

/*
 * The accelerator of a run's VMs. Only real time asks for KVM: instructions are counted by TCG
 * alone. kernel is what is booted where a try is due; say() tells of it, and why it is not KVM.
 * -EOPNOTSUPP when KVM is wished for and does not work; a verdict against it is then tried again.
 */
int accel_choose(enum accel_wish wish, enum machine_clock clock, const struct kernel *kernel,
		 const char *cache, void (*say)(const char *line), enum machine_accel *ret,
		 struct error *err);
