/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <hwloc.h>
#include <stdbool.h>

#include "harness/sampler.h"
#include "src/fsroot.h"

/*
 * What a trial's sampler reads of the kernel. A file that this kernel lacks is left out; negative
 * errno for one that is there and can't be read.
 */

/* The system's, each node's, each zram disk's, and the kernel threads that reclaim and compact. */
int sources_add_machine(struct sampler *s, const struct fsroot *fs, hwloc_topology_t topology,
			struct error *err);

/* A cgroup's, whose directory dirfd is; its columns begin with name. */
int sources_add_cgroup(struct sampler *s, int dirfd, const char *name, struct error *err);

/* kswapdN, kcompactdN, khugepaged: names of the kernel's own reclaimers and compactors. */
bool sources_is_reclaimer(const char *comm);
