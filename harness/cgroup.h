/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/guard.h"
#include "src/error.h"
#include "src/fsroot.h"

/*
 * A run's own tree below cgroup v2's root (Documentation/admin-guide/cgroup-v2.rst): the suite's
 * cgroups, and one for the harness itself, protected by memory.min.
 */
struct cgroup_group {
	char *path; /* as the suite names it: "box/a" */
	int fd;	    /* its directory */
};

#define CGROUP_CONTROLLERS 2 /* memory, io */

struct cgroup_tree {
	const struct fsroot *fs;
	char *name; /* of the top directory: "wring-1234" */
	int fd;
	char *origin; /* where this process was before, below the root: "user.slice/..." */
	bool enabled[CGROUP_CONTROLLERS]; /* the root's subtree_control had not this one before */
	struct cgroup_group *groups;
	size_t count;
};

/* -EOPNOTSUPP with the reason and the cure when there is no cgroup v2 memory controller. */
int cgroup_probe(const struct fsroot *fs, struct error *err);

/* Makes the top directory and moves this process into its protected cgroup. */
int cgroup_tree_make(struct cgroup_tree *tree, const struct fsroot *fs, struct guard *guard,
		     uint64_t protected_bytes, struct error *err);

/* Makes a cgroup; its parent must be there (""is the top). */
int cgroup_add(struct cgroup_tree *tree, const char *path, struct error *err);

#define CGROUP_VALUE_MAX 256

/*
 * Writes a limit, reads it back and compares: sizes as bytes, rounded down to pages as the kernel
 * does. What the kernel keeps is in effective.
 */
int cgroup_set(struct cgroup_tree *tree, const char *path, const char *file, const char *value,
	       char effective[static CGROUP_VALUE_MAX], struct error *err);

/* Directory descriptor of that cgroup, or -1. */
int cgroup_fd(const struct cgroup_tree *tree, const char *path);

/* Kills every process in a cgroup and below, and waits until it is empty (at most 10 s). */
int cgroup_kill(int fd, struct error *err);

/* Moves this process back, kills what is left and removes everything; says what it could not. */
int cgroup_tree_done(struct cgroup_tree *tree, struct error *err);

/* Kills and removes a whole tree by its top directory's name. A missing one is no error. */
int cgroup_remove_tree(const struct fsroot *fs, const char *name, struct error *err);
