/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * `make bench`: wring's own performance, as ratios within one run. A group measures two or more
 * sides in turn, again and again: a generator, a bare loop in the same kind of process, a peer.
 * Its rows are what is computed of one repetition's samples; the median of a row's repetitions is
 * held against its target.
 *
 * To add a row, write its sides and formula into a table of bench/anon.c, file.c, dentry.c,
 * cost.c, tick.c, lab.c or compare.c.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/error.h"
#include "tests/lead.h"

#define SIDES_MAX  6
#define REPEAT_MAX 999

/* One side's work in one repetition. */
struct sample {
	double ops;
	double wall_ns; /* that they took by the clock */
	double cpu_ns;	/* that they took of CPUs */
};

/* What all measuring shares. */
struct bench {
	unsigned repeat;
	char *disk_dir;		  /* for files: a new directory, removed at the end */
	char *names_dir;	  /* for names: one on a tmpfs, where there is one */
	struct lead *kept;	  /* the group's, see struct group; NULL */
	const volatile int *stop; /* a signal came: end, and clean up */
};

struct side {
	const char *label;
	/* One repetition. -errno with err set: what could not be done. */
	int (*measure)(const struct bench *b, const struct side *s, struct sample *ret,
		       struct error *err);
	const void *job;     /* measure's own */
	const char *program; /* that it runs; NULL: none */
};

enum row_kind {
	ROW_RATE,     /* side a's operations a second over side b's, by the clock */
	ROW_CPU_RATE, /* the same a second of CPU time: for what never waits */
	ROW_CPU_COST, /* CPU time of an operation, a's over b's */
	ROW_ADDED,    /* ns of CPU time that an operation of a takes more than one of b */
	ROW_TIME,     /* ns of CPU time of an operation of a; or other ns, as its «what» says */
	ROW_WALL,     /* seconds of an operation of a, by the clock */
	ROW_COUNT,    /* what a counts as its operations, in the row's unit */
	ROW_BUSY,     /* CPU time of a over the time by the clock of all CPUs */
	ROW_SCALE,    /* rate of a (more threads) over b (one), by the clock; c over d beside it */
};

enum row_want { WANT_NOTHING, WANT_AT_LEAST, WANT_AT_MOST };

struct row {
	const char *name; /* "anon.touch.uniform" */
	const char *what; /* one line: what is compared with what */
	enum row_kind kind;
	unsigned a, b, c, d; /* indices of sides */
	enum row_want want;
	double target; /* ROW_SCALE: this, or 0.97 of what the bare loop reaches if that is less */
	const char *unit; /* ROW_COUNT: what it counts */
};

struct group {
	const char *name;
	const struct side *sides;
	const struct row *rows; /* {}-terminated */
	unsigned side_count;
	const struct lead_job *keep; /* a worker kept ready while the group is measured, for peers
					that use what is its own; NULL: none */
	unsigned repeat_max;	     /* for what takes long, or is exact; 0: as often as asked */
};

extern const struct group anon_groups[], file_groups[], dentry_groups[], cost_groups[],
	tick_groups[], lab_groups[], compare_groups[];

/* Whether a row takes a alone. */
static inline bool row_is_single(const struct row *row)
{
	return row->kind == ROW_TIME || row->kind == ROW_WALL || row->kind == ROW_COUNT ||
	       row->kind == ROW_BUSY;
}
extern const struct group *const group_tables[]; /* each {}-terminated; NULL ends them */

/* ---- sides ---- */

/* A job for measure_lead(). */
struct lead_job {
	const struct workload_ops *ops; /* hooks of the bench's own; NULL: a generator by name */
	const char *generator;
	const char *options; /* as lead_init() takes them; «@disk», «@names»: a directory */
	unsigned threads;
	bool latency;
	unsigned warm_passes;
	unsigned run_ms; /* of measured work; 0: one pass */
};

/* A worker process with a generator or a bare loop. */
int measure_lead(const struct bench *b, const struct side *s, struct sample *ret,
		 struct error *err);

/* Starts a worker and brings it to the measured phase. The lead is to be ended in any case. */
int lead_job_start(const struct bench *b, const struct lead_job *job, struct lead *ret,
		   struct error *err);

extern const struct workload_ops bare_touch, bare_fault, bare_copy, bare_set, bare_read, bare_churn,
	bare_clock;

/* Jobs for measure_fio(), measure_stress_vm(), measure_stress_dentry(): more arguments. */
struct peer_job {
	const char *const *arguments; /* NULL-terminated */
};

/* fio on the file of the group's kept worker. */
int measure_fio(const struct bench *b, const struct side *s, struct sample *ret, struct error *err);
int measure_stress_vm(const struct bench *b, const struct side *s, struct sample *ret,
		      struct error *err);
int measure_stress_dentry(const struct bench *b, const struct side *s, struct sample *ret,
			  struct error *err);
