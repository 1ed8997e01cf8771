/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Two states of a real kernel's files, as tests/record-fixtures.sh has recorded them, and the
 * columns that the sampler would make of them. What can't be read ends the test.
 */
#include <stddef.h>
#include <stdint.h>

#include "src/kvreader.h"

#define TREE_FILES_MAX 40
#define COLUMNS_MAX    4000

/*
 * What harness/trial-sources.c reads, and the names that it gives, {}-terminated: as its paths are
 * in a tree, but a kernel thread's schedstat under its name ("proc/kswapd0/schedstat"). «work» is
 * no file of the kernel's but what a workload w might report.
 */
struct tree_source {
	const char *path, *prefix;
	enum kv_shape shape;
};
extern const struct tree_source tree_sources[];

struct tree {
	const char *kernel;				      /* "linux-6.1" */
	char *before[TREE_FILES_MAX], *after[TREE_FILES_MAX]; /* texts, in tree_sources' order */
};

void tree_load(struct tree *ret, const char *kernel);
void tree_done(struct tree *t);

/* Each whole number of the later state grows by a random one, but where lines are told apart so. */
void tree_raise(struct tree *t);

/* The path of a file or folder of tests/fixtures, and a file's text; the caller's to free. */
char *tree_path(const char *name);
char *tree_fixture(const char *name);

struct column {
	char name[200];
	uint64_t before, after;
};

struct columns {
	struct column items[COLUMNS_MAX];
	size_t count;
};

void columns_read(struct columns *ret, const struct tree *t);

/* A column's name as formulas have it, for any cgroup, node or workload: "NAME.memory.stat.anon".
 */
void column_general(char *ret, size_t size, const char *name);
