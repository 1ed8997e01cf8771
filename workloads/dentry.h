/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "workloads/dentry-tree.h"
#include "workloads/pattern.h"
#include "workloads/workload.h"

/* Shared by the files of the dentry generator. */

enum { MODE_CHURN, MODE_STAT, MODE_RENAME, MODE_NEGATIVE, MODE_READDIR, MODE_INODE };
enum { COUNT_CREATED, COUNT_REMOVED, COUNT_LIVE, COUNT_ABSENT, COUNT_LISTED };

struct dentry_options {
	char *dir;
	int mode;
	uint64_t entries, live;
	bool fresh, shared;
	uint64_t depth, width, name_length;
	struct pattern_options pattern;
};

struct dentry {
	const struct dentry_options *options;
	int top; /* w->dir */
	struct pattern pattern;
};

struct dentry_thread {
	struct dentry_tree tree;
	uint64_t begin, count;	/* the thread's own entries */
	uint64_t first, next;	/* churn: names in use; negative: the next fresh one */
	unsigned char *renamed; /* a bit an entry */

	/*
	 * Who chooses an entry, and in which order. Where threads choose among their own entries,
	 * each has a pattern of its own, and its chooser is a thread without others.
	 */
	struct workload_thread *chooser, own_chooser;
	const struct pattern *pattern;
	struct pattern own_pattern;
	uint64_t choice_begin; /* the entry that the pattern's block 0 is */

	/* readdir */
	char *list;
	int list_fd; /* the directory that is being listed, or -1 */
	uint64_t list_way, list_files, list_start;
};

static inline uint64_t dentry_choose(struct dentry_thread *dt)
{
	return dt->choice_begin + pattern_next(dt->pattern, dt->chooser);
}

/*
 * Mode readdir: lists directories, at most budget of them. A long one takes several steps; what
 * has been begun may be given up, and then was no operation.
 */
int dentry_list_setup(struct dentry_thread *dt, struct error *err);
int64_t dentry_list_step(struct workload_thread *t, uint64_t budget, struct error *err);
void dentry_list_give_up(struct dentry_thread *dt);
void dentry_list_done(struct dentry_thread *dt);
