/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "results/stats/judge.h"

/*
 * The verdict of a gate: each check is a metric of a scenario, held to a margin. Ordered so that
 * the worst of the checks is the gate's: a regression that stands is said before what is open, and
 * what can't be trusted before both.
 */
enum gate_outcome {
	GATE_PASS,	   /* the same within the margin, or better */
	GATE_INCONCLUSIVE, /* too few seeds: check.seeds says how many there should be */
	GATE_REGRESSION,   /* worse; or moved, of a metric that has no better side */
	GATE_INVALID,	   /* it can't be judged: why says it */
};

/* What a judged metric is to a gate. */
enum gate_outcome gate_outcome_of(enum verdict verdict);

struct gate_check {
	const char *scenario, *metric, *unit; /* the unit as in the record: "pages", "1", "ns" */
	int better;			      /* 1: higher is; -1: lower is; 0: neither */
	double margin;			      /* share of the base's median */
	double absolute; /* the same in the unit, where the base's median is 0; 0: any */
	enum gate_outcome outcome;
	const char *why;	    /* of GATE_INVALID: a sentence; else NULL, or what to mind */
	struct judge_result result; /* not of GATE_INVALID */
	size_t base_seeds, fresh_seeds; /* how many values each side had */
	size_t seeds; /* of GATE_INCONCLUSIVE: how many a side needs in all; 0: no number would do
		       */
};

struct gate_report {
	const char *suite;
	const char *base, *fresh; /* the sides as a user would name them: "debian/6.1" */
	const char *clock;	  /* "insn", "wall" */
	const char *version;	  /* the wring that judges */
	const struct gate_check *checks;
	size_t count;
	/* What is wrong with a side or between them, or to be minded; sentences. */
	const char *const *reasons;
	size_t reason_count;
	enum gate_outcome outcome; /* the gate's: the worst of its checks */
	size_t seeds;		   /* of GATE_INCONCLUSIVE: the most that a check needs */
};

/*
 * 0, -EIO (the stream's error is the caller's to name) or -ENOMEM. Whatever is in the names and
 * reasons, what is written is well-formed.
 */
/* The gate on a terminal: one line for the verdict, below it what didn't pass. */
int gate_write_text(FILE *f, const struct gate_report *report);
/* A testsuite a scenario, a testcase a check. */
int gate_write_junit(FILE *f, const struct gate_report *report);
/* A test a scenario, a subtest a check. */
int gate_write_ktap(FILE *f, const struct gate_report *report);
/* For a comment on a change: what didn't pass, what got better, the rest folded away. */
int gate_write_markdown(FILE *f, const struct gate_report *report);
