/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "workloads/workload.h"

/*
 * Where a generator keeps its files. `dir: disk` is the filesystem on the suite's machine.disk,
 * `dir: tmpfs` a tmpfs of the worker's own, anything else a directory's path. plan() hands the text
 * to workload_plan.dir; the harness makes an empty directory there, w->dir, and removes it after
 * the trial, whatever became of the worker.
 */
#define SCRATCH_OPTION(S, f)                                                                       \
	OPTION_STRING(S, f, .name = "dir", .fallback = "disk", .meta = "disk|tmpfs|PATH",          \
		      .help = "where its files are: the machine's disk, a tmpfs of its own, or a " \
			      "directory")

/* Whether that text means a tmpfs. */
bool scratch_is_tmpfs(const char *dir);

/*
 * To be called by setup() before it touches w->dir: for `dir: tmpfs` it mounts one there, with
 * mount_options ("huge=always", NULL for none), in a mount namespace of the process's own, so that
 * it goes with the process. Its pages are charged to the worker's cgroup.
 */
int scratch_setup(struct worker *w, const char *dir, const char *mount_options, struct error *err);
