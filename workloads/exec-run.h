/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "workloads/workload.h"

/*
 * One run of a program after another, each with all that it starts, for the generator exec.
 * Nothing here allocates. The calling process adopts what the program leaves behind
 * (PR_SET_CHILD_SUBREAPER), has SIGCHLD blocked, and has no children but these.
 */
struct exec_run {
	/* What to run; the caller's. */
	const char *path;
	char *const *argv, *const *envp;
	const char *cwd;		  /* NULL: the caller's own */
	int null_fd;			  /* its stdin */
	struct workload_program *program; /* output and resource usage are added here */
	/* ---- */
	pid_t pid; /* 0: none runs */
	int pidfd;
	int output_fd;	      /* -1 also when nobody can write to it any more */
	volatile int refusal; /* errno of the child's exec */
	char spare[65536];    /* for output that is not kept */
};

/* Starts it; pid is 0. The error names the path and why it can't be run. */
int exec_run_start(struct exec_run *run, struct error *err);

/* Takes its output until it has ended (true) or so much time is over. */
bool exec_run_wait(struct exec_run *run, uint64_t timeout_ns);

/* Asks it to end, by SIGTERM to its process group, and kills it when it hasn't within grace_ns. */
int exec_run_stop(struct exec_run *run, uint64_t grace_ns, struct error *err);

/*
 * Once it has ended: kills what it left behind, waits for that, takes the last output.
 * *ret_status is as of wait(2).
 */
int exec_run_finish(struct exec_run *run, int *ret_status, struct error *err);
