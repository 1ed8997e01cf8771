/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "src/error.h"
#include "src/kvreader.h"

/*
 * Reads the kernel's counters at set times without being a cause or a victim of the pressure:
 * files are opened once and read by pread, parsed in place by a layout learned at the first read,
 * and kept as differences in memory that is allocated and locked before. Nothing is allocated or
 * written while it samples.
 */
struct sampler;

struct sampler_stats {
	uint64_t ticks;	      /* rows taken by the timer */
	uint64_t missed;      /* ticks whose time passed before the one before was done */
	uint64_t late_max_ns; /* the latest one, behind its intended time */
	uint64_t gap_max_ns;  /* the longest time between two rows of the measured phase */
	uint64_t cpu_ns;      /* CPU time of this process in all ticks */
	uint64_t relearned;   /* reads that found a file's layout changed */
	int full;	      /* the memory for rows ran out: sampling stopped */
};

int sampler_new(struct sampler **ret, struct error *err);
void sampler_free(struct sampler *s);

/*
 * Adds a file; its columns are PREFIX.NAME, by the names of kvreader.h, or PREFIX where that has
 * none. -ENOENT, without columns, when this kernel has
 * no such file: err is untouched. Keys that appear later than sampler_prepare() are counted as
 * relearned and left out.
 */
int sampler_add_file(struct sampler *s, int dirfd, const char *path, enum kv_shape shape,
		     const char *prefix, struct error *err);

/* Adds a counter in memory, summed over count numbers that lie stride bytes apart. */
int sampler_add_counter(struct sampler *s, const char *name, const uint64_t *first, size_t count,
			size_t stride, struct error *err);

/*
 * Learns the layouts and allocates the memory, all of it touched; from here on nothing is added.
 * The caller locks it (mlockall).
 */
int sampler_prepare(struct sampler *s, struct error *err);

/*
 * Takes a row. t_ns is the trial's time now, intended_ns when it should have been (the same for
 * a row that no timer asked for). Never fails: what could not be read is missing in the row.
 */
void sampler_take(struct sampler *s, uint64_t t_ns, uint64_t intended_ns);

/* The descriptor of the nth file that was added, from 0, still the sampler's; -1 after the last. */
int sampler_file(const struct sampler *s, size_t n);

/* The newest value of a column, for the live line; 0 when there is no such column. */
uint64_t sampler_last(const struct sampler *s, const char *column);

struct sampler_stats *sampler_stats(struct sampler *s);

/* samples.tsv: header line, then a row a line; "-" for a missing value. */
int sampler_write(const struct sampler *s, FILE *f);
