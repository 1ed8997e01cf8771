/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "results/metrics.h"
#include "results/store.h"
#include "src/error.h"
#include "src/strlist.h"

/*
 * One of the two things that are compared: the trials of a run, or of a part of it, or a baseline,
 * as series of values by seed.
 */
struct series {
	char *metric, *unit;
	const struct metric_def *def; /* never NULL: other metrics are left out */
	double *values;		      /* one a seed of the cell; NAN: the trial hasn't got it */
	size_t count;		      /* of those that are there */
	char *why;		      /* a trial says that it is invalid; else NULL */
	/*
	 * How far the median moves, as a share of it, when the same kernel is run by another wring
	 * or QEMU: measured when the baseline was saved. NAN: it wasn't.
	 */
	double drift;
};

/* The trials of one scenario on one kernel. */
struct cell {
	char *scenario; /* as shown: "classic-or-mglru@lru_gen=mglru" */
	char *key;	/* as joined: without the knob that chose the side */
	char *kernel;
	uint64_t *seeds; /* ascending, of the trials that have figures */
	size_t seed_count;
	json_t *facts; /* what of a trial.json all of them share: regime, release, ... */
	json_t *spec;  /* the scenario as resolved, in run.json */
	/* Why the cell's figures can't be trusted, a sentence each. */
	struct strlist troubles;
	/* Expectations that failed, with their seeds; a sentence each. */
	struct strlist failures;
	struct series *series; /* sorted by metric */
	size_t series_count;
};

struct side {
	char *label;	/* as the user would name it: "debian/6.1", "lru_gen=classic", a path */
	char *words;	/* what stood behind the path: "debian/6.1", "lru_gen=classic", "" */
	bool baseline;	/* of a file, which is not a run */
	json_t *run;	/* run.json without its trials: who made it, the machine, the clock */
	char **kernels; /* each once, in the run's order; borrowed from the cells */
	size_t kernel_count;
	struct cell *cells;
	size_t cell_count;
};

/*
 * Opens what the user named: "RUN", "RUN@debian/6.1", "RUN@lru_gen=classic", both, or the same of a
 * baseline's file, or a shipped baseline's name. What the RUN hasn't got is said with what it has.
 */
int side_open(struct side **ret, const char *text, struct error *err);
void side_close(struct side *side);

/*
 * Leaves the scenarios alone whose name, or its part before «@», matches one of these patterns.
 * -ENOENT says which there are.
 */
int side_only(struct side *side, const struct strlist *patterns, struct error *err);

/*
 * Gives two sides the short names that tell them apart: their kernels', where these differ, else
 * the words behind «@», else what the user wrote. -ENOMEM.
 */
int side_name_pair(struct side *base, struct side *fresh);

/* Leaves the trials of that kernel alone; it is one of side->kernels. */
int side_narrow(struct side *side, const char *kernel, struct error *err);

/*
 * Adds the trials of another side, which are of further seeds: each above those that are there.
 * -EINVAL where they are not, or where what made them differs.
 */
int side_append(struct side *side, const struct side *other, struct error *err);

const struct series *cell_series(const struct cell *cell, const char *metric);
