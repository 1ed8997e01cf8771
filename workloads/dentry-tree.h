/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/error.h"

/*
 * A thread's directories and the names of its entries. There are width ways, chains of depth + 1
 * directories, and entry n lies at the end of way n % width. A path is put together by hand in a
 * buffer that is laid out once; two of them, for what a rename needs.
 */
struct dentry_tree {
	int base; /* paths are relative to it: the way's first directory where there is one way */
	uint64_t width, seed;
	size_t prefix_length; /* of what stands before a name: "w00000/d/d/" */
	char *path, *other;   /* written by dentry_tree_path() */
	uint64_t made;	      /* directories and files, by the set-up */
	char *room;	      /* NULL on a tmpfs */
};

#define DENTRY_NAME_MIN 17 /* a letter and 16 hexadecimal digits */

/* Makes the directories below directory "tOWNER" of top; those that are there already will do. */
int dentry_tree_init(struct dentry_tree *tree, int top, unsigned owner, uint64_t width,
		     uint64_t depth, size_t name_length, uint64_t seed, struct error *err);
void dentry_tree_done(struct dentry_tree *tree);

/* Directories that one tree has, the owner's included. */
static inline uint64_t dentry_tree_dirs(uint64_t width, uint64_t depth)
{
	return 1 + width * (depth + 1);
}

/*
 * Puts an entry's path into buf, which is tree->path or tree->other, and returns it. Entries of one
 * letter have different names; the letter 'd' is the directories'.
 */
char *dentry_tree_path(const struct dentry_tree *tree, char *buf, char letter, uint64_t entry);

/* The same for the directory at the end of a way. */
const char *dentry_tree_way(const struct dentry_tree *tree, char *buf, uint64_t way);

/*
 * To be called for each directory or file that a set-up makes, and at its end, so that it can make
 * more of them than memory.max has room for. On a disk, those that wait for the journal can't be
 * reclaimed, so they are not let pile up; and an inode is charged where the filesystem may not be
 * entered (GFP_NOFS), which shrinks no dentry and no inode but ends in an OOM kill, so room is made
 * before by what may shrink them.
 */
int dentry_tree_made(struct dentry_tree *tree, struct error *err);
int dentry_tree_sync(const struct dentry_tree *tree, struct error *err);
