/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <sys/types.h>

#include "harness/suite/suite.h"
#include "harness/topology.h"
#include "src/fsroot.h"
#include "workloads/worker.h"

/*
 * Births a worker process in its cgroup (clone3 with CLONE_INTO_CGROUP), so that every page it
 * ever owns is charged there. In the child: it dies with its parent, is pinned, gets its memory
 * policy, and waits at the barrier. What fails there is reported through args->shared.
 */
struct spawn_place {
	int cgroup_fd; /* -1: the caller's own cgroup */
	hwloc_topology_t topology;
	hwloc_const_bitmap_t cpus; /* NULL: not pinned */
	const char *memory;
	const struct fsroot *fs;
	const char *oom_score_adj; /* NULL: what the OOM killer should take first */
};

int spawn_worker(const struct worker_args *args, const struct spawn_place *place, pid_t *ret_pid,
		 int *ret_pidfd, struct error *err);
