/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/noise.h"

/*
 * How often the judge errs, and how often it tells: by simulation on values that are drawn from
 * recorded ones. A share of so many simulated cases, with its standard error.
 */

#define GATE_METRICS 50	  /* of a gate */
#define GATE_MARGIN  0.02 /* of each of them, and the shift that is to be told */
#define GATE_BASE    60	  /* seeds of a shipped baseline */
#define GATE_FRESH   24	  /* of suites/gate.yaml, by default */
#define GATE_MOST    60	  /* what its ten minutes on two idle cores are enough for */

enum rate_want { RATE_TOLD, RATE_AT_MOST, RATE_AT_LEAST, RATE_WITHIN };

struct rate {
	char name[48];
	char column[16]; /* of the table of powers, the end of its name; empty: not in it */
	const char *what;
	enum rate_want want;
	double low, high; /* what is wanted; one of them where it is one bound */
	double share, error;
	uint64_t cases; /* 0: none could be had of these series */
};

struct rates {
	struct rate *rates;
	size_t count;
};

struct rates_plan {
	const struct noise *noise;
	uint64_t seed;
	double effort; /* 1: some two minutes; 0.02: a few seconds */
};

bool rate_is_met(const struct rate *rate);

/* All rates; free with rates_done(). */
int rates_measure(const struct rates_plan *plan, struct rates *ret, struct error *err);
void rates_done(struct rates *rates);

/* The three that the bench shows. */
int rates_false(const struct rates_plan *plan, struct rate *ret, struct error *err);
int rates_power(const struct rates_plan *plan, struct rate *ret, struct error *err);
int rates_coverage(const struct rates_plan *plan, struct rate *ret, struct error *err);

/* Judges a family of so many metrics of so many values on each side, made up. */
int rates_judge_many(size_t metrics, size_t values, struct error *err);
