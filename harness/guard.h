/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <sys/types.h>

#include "src/error.h"
#include "src/fsroot.h"

/*
 * The journal of what a run changes on this machine, written before each change, so that
 * `wring clean` can undo what a killed run left behind: a cgroup tree, knobs, a trace, scratch
 * directories. One file a process in CACHE/guard/; it goes when the run has undone all itself.
 */
struct guard;

/*
 * Opens this process's journal in the cache. run is the process that the user started: a journal
 * whose owner lives on after its run was killed is waited for.
 */
int guard_open(struct guard **ret, const char *cache, pid_t run, struct error *err);

/* Each is on disk when it returns. A NULL guard (in a VM, which forgets everything) is fine. */
int guard_note_cgroup(struct guard *g, const char *name, struct error *err);
int guard_note_knob(struct guard *g, const char *name, const char *old, struct error *err);
int guard_note_trace(struct guard *g, const char *name, struct error *err);
int guard_note_dir(struct guard *g, const char *path, struct error *err);

/* Where the journal is; the guard owns the text. */
const char *guard_path(const struct guard *g);

/* Something could not be undone: guard_close() will leave the journal for `wring clean`. */
void guard_keep(struct guard *g);

/* Everything is undone: removes the journal and frees. */
void guard_close(struct guard *g);

/*
 * Undoes what dead runs left. say() is told each thing done and each one left alone.
 * Returns the number of things that could not be undone, or -errno.
 */
int guard_clean(const char *cache, const struct fsroot *fs, void (*say)(const char *line),
		struct error *err);
