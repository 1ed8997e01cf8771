/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "src/error.h"

/*
 * Where the kernel's files are read: the live system, or a recorded tree of it
 * (tests/fixtures/KERNEL/{proc,sys}). All of wring's readers of /proc, /sys and cgroupfs go
 * through these directory descriptors and never name an absolute path.
 */
struct fsroot {
	int proc;
	int sys;
	int cgroup; /* cgroup v2's mount; -1 where there is none */
};

/*
 * root: "/" or a recorded tree. cgroup v2 is looked for in ROOT/sys/fs/cgroup and
 * ROOT/sys/fs/cgroup/unified (a directory that has cgroup.controllers); its absence is no error.
 */
int fsroot_open(struct fsroot *ret, const char *root, struct error *err);
void fsroot_close(struct fsroot *fs);
#define _cleanup_fsroot_ __attribute__((cleanup(fsroot_close)))
