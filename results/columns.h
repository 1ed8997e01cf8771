/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "results/metrics.h"

/*
 * Which columns of samples.tsv a metric is made of, and so on which kernels it can be had: a metric
 * exists where its columns do, whatever the kernel's version says.
 */

#define COLUMN_NAME_MAX 100

struct column_use {
	char name[COLUMN_NAME_MAX]; /* as in the formula: "NAME.memory.stat.anon", "kswapd*.cpu_ns"
				     */
	bool optional;		    /* in [ ]: the metric does without */
};

/*
 * Calls visit for each column of a metric, those of the metrics that its formula names with it.
 * Ends when visit returns false.
 */
typedef bool (*column_visitor)(const struct column_use *use, void *with);
void columns_visit(const struct metric_def *def, column_visitor visit, void *with);

/* A column that not every kernel from 6.1 on has, by what was seen of Debian's cloud kernels. */
struct column_kernels {
	const char *column; /* as in a formula, or a pattern for several */
	bool on_6_1, on_6_12;
	const char *needs; /* what else decides; NULL: the version alone */
};

/* {}-terminated. */
extern const struct column_kernels column_kernels[];
/* The entry about a column of a formula, or NULL: all have it. */
const struct column_kernels *column_kernels_find(const char *column);

/*
 * The kernels that a metric can be had on, for people: "from 6.1 on",
 * "6.12, not 6.1 (vmstat.swpin_zero)".
 */
void metric_kernels(const struct metric_def *def, char *buf, size_t size);
