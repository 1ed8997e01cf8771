/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "harness/progress.h"
#include "harness/run.h"
#include "harness/vm/state.h"

/* What a run's VMs of one kernel begin with. */
struct run_vm {
	char *base;		    /* of lab_make_base() */
	struct cached_file vmlinux; /* path NULL: the kernel's bzImage boots */
	char *boot_dir;		    /* where its boot's console is */
	struct vm_state state;	    /* path NULL: each trial boots */
	struct vm_state second;	    /* --verify: made anew, for the second runs */
	struct error no_kernel; /* code < 0: the kernel does not boot; no trial can be had of it */
};

/* For each kernel of the run, an array; work_dir exists. -EINTR when stop_fd became readable. */
int run_vms_make(struct run_vm **ret, const struct run_args *args, const char *work_dir,
		 int stop_fd, struct progress *progress, struct error *err);

void run_vms_free(struct run_vm *vms, size_t count);
