/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "harness/run-vm.h"
#include "harness/run.h"
#include "harness/trial.h"
#include "harness/vm/boot-watch.h"
#include "harness/vm/lab.h"

/* One trial under way: a child process on the host, or a QEMU. */
struct job {
	const struct run_args *args;
	const struct plan_trial *trial;
	bool again;	/* the trial's second run, by --verify */
	char *dir;	/* the trial's directory, or its repetition's */
	char *work_dir; /* scratch of a VM; removed at the end */
	uint64_t started_ns;
	int pidfd;		/* readable when it has ended */
	struct machine machine; /* VM */
	struct lab_trial lab;
	pid_t pid;		   /* host */
	struct job_shared *shared; /* host: what the child says of itself */
	struct boot_watch boot;
	const char *killed; /* why we ended it; NULL: we didn't. A literal */
};

/* RUN/SCENARIO/KERNEL/seed-N of a planned trial; the caller's to free. */
char *job_dir(const struct run_args *args, const struct plan_trial *trial);

const char *job_kernel_name(const struct run_args *args, const struct plan_trial *trial);

/*
 * again: the trial's second run, into a directory below its own. vm: the kernel's; NULL on the
 * host. work_dir: a path for this job alone.
 */
int job_start(struct job *job, const struct run_args *args, const struct plan_trial *trial,
	      bool again, const struct run_vm *vm, const char *work_dir, struct error *err);

/*
 * For a trial that can't be started: leaves a record that says so. console: what its kernel
 * printed, copied beside it; NULL: nothing.
 */
void job_fail(const struct run_args *args, const struct plan_trial *trial, const char *why,
	      const char *console);

/* Asks it to end early: the host's child keeps its samples, a VM is killed. */
void job_stop(struct job *job, const char *why);

/* Ends a job that is stuck, as a boot that says nothing more does. */
void job_watch(struct job *job);

/* What it does now, for the live line. */
void job_describe(const struct job *job, char *buf, size_t size);

/*
 * Called when pidfd is readable: reaps it, gets the record and completes it. When there is no
 * record, a trial.json with outcome "failed" and the reason is written, and err says it too.
 */
int job_finish(struct job *job, struct error *err);
