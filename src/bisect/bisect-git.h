/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "src/bisect/bisect.h"

/*
 * The commits of a git repository of kernel sources. git itself bisects, in a clone of ours below
 * the records' directory that shares the repository's objects: nothing is written into the user's.
 */
struct bisect_git;

struct bisect_git_args {
	const char *tree;	/* a work tree or a bare repository */
	const char *good, *bad; /* revisions in it */
	const char *dir;	/* of the records; gets source/ and build/ */
	const char *config;	/* NULL: the tree's .config, else what the suite needs */
	const struct suite *suite;
	const struct strlist *make; /* arguments for make */
	bool first_parent;
};

/* "TREE@REV"; false: it is no such thing. Both are the caller's to free; NULL without memory. */
bool bisect_git_split(const char *text, char **ret_tree, char **ret_rev);

/* -EINVAL: the user's mistake; -ENOENT: git or a compiler is missing. The args are copied. */
int bisect_git_open(struct bisect_git **ret, const struct bisect_git_args *args, struct error *err);
void bisect_git_close(struct bisect_git *git);

/* Hooks that work on it; it must outlive them. */
struct bisect_source bisect_git_source(struct bisect_git *git);
