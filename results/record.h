/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "results/slow.h"
#include "results/spans.h"
#include "src/error.h"
#include "src/histogram.h"

/*
 * The record of a trial, read from its directory: what results/ and plots/ work on. It knows no
 * live kernel: a record made anywhere gives the same figures everywhere.
 */

#define RECORD_SCHEMA 1

/* samples.tsv: raw counter values, one row a tick, columns by name; t_ns is the first. */
struct samples {
	char **names;
	size_t columns;
	size_t rows;
	uint64_t *values; /* row-major; SAMPLE_MISSING where the file says "-" */
};
#define SAMPLE_MISSING UINT64_MAX

int samples_read(struct samples *ret, int dirfd, struct error *err);
void samples_done(struct samples *s);
/* Index of the column of that name, or -1. */
int samples_column(const struct samples *s, const char *name);
static inline uint64_t samples_at(const struct samples *s, size_t row, size_t column)
{
	return s->values[row * s->columns + column];
}

struct phase {
	char *name; /* "setup", "warmup", "measured" */
	uint64_t start_ns, end_ns;
	size_t first, last; /* rows of the samples at its start and end */
};

struct workload_latency {
	char *name; /* the workload's */
	struct histogram latency;
};

struct cube;
struct zones;

struct record {
	json_t *trial; /* trial.json */
	struct samples samples;
	struct phase *phases;
	size_t phase_count;
	struct workload_latency *latencies;
	size_t latency_count;
	struct spans spans; /* none where trial.json has no «trace» */
	struct slows slows; /* none where no workload of it has «slow» */
	/* Of the measured phase, made by record_measure(); NULL before, and without such a phase.
	 */
	struct cube *cube;
	struct zones *zones;
};

int record_read(struct record **ret, int dirfd, struct error *err);
/* The same, of the trial in that directory. */
int record_open(struct record **ret, const char *dir, struct error *err);
void record_free(struct record *record);

/* Computes the cube and the zones of the measured phase; -ENOMEM. */
int record_measure(struct record *record);

/* The phase of that name, or NULL. */
const struct phase *record_phase(const struct record *record, const char *name);

/*
 * Computes metrics, closure, expectations and fingerprint of the raw record in dirfd and writes
 * trial.json anew with them.
 */
int record_finish(int dirfd, struct error *err);
