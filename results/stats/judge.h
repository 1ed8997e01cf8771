/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/error.h"

/*
 * Whether a metric moved between two sets of trials, by how much, how sure that is, and when it
 * can't be told. Metrics are judged together, as a family: the more of them there are, the surer
 * each must be.
 *
 * For each metric an exact two-sided rank test: Wilcoxon's signed-rank test of the pairs (the same
 * seed on both sides), Wilcoxon's rank-sum test (Mann and Whitney) of all values, or both where
 * there are enough pairs, p then twice the smaller (Bonferroni). The p values of the family become
 * q values, Benjamini and Hochberg (1995). The shift is Hodges and Lehmann's (1963) estimate with
 * the interval of that same test; the seeds are the unit of the trials, never the samples in one.
 *
 * For every true shift there is a number of seeds that decides: as seeds grow, the decision
 * interval shrinks onto the shift. Below the margin it comes to lie within (same); at the margin or
 * above it never does, while q falls and the estimate stays above half of the margin. In between,
 * nothing is left open once the interval at the level 1 - alpha / count is no wider to either side
 * than half of the margin: an estimate below that half has its decision interval within the margin,
 * and one above it has p <= alpha / count. A margin of 0 leaves a true shift of 0 open for ever,
 * unless all differences are 0.
 *
 * Values that never vary are no exception. Three zeros on each side say little of the next trial;
 * as many as reach the decision level make an interval of 0 to 0, which is the same for any margin.
 */

/* Of a metric. */
enum verdict {
	VERDICT_SAME, /* the decision interval lies within the margin */
	/* q <= alpha, the decision interval reaches the margin, and the shift is half of it or more
	 */
	VERDICT_BETTER,
	VERDICT_WORSE,
	VERDICT_MOVED, /* as those, of a metric that has no better side */
	VERDICT_CANT_TELL,
};

enum judge_design {
	DESIGN_PAIRED,	 /* signed ranks of pairs */
	DESIGN_UNPAIRED, /* rank sums */
	DESIGN_BOTH,
};

struct judge_input {
	const double *base, *fresh; /* finite; the seeds that both have come first, in one order */
	size_t base_count, fresh_count;
	size_t pairs;	 /* how many of the first are the same seed on both sides; 0: none */
	int better;	 /* 1: higher is better; -1: lower is; 0: neither */
	double margin;	 /* what is too small to matter, of the base's median: 0.02 is 2 % */
	double absolute; /* the same in the metric's unit, used where the base's median is 0 */
};

struct judge_rules {
	double alpha;	 /* false-discovery rate of the family: 0.01 */
	double interval; /* level of the interval that is shown: 0.95 */
	double decision; /* level of the interval that decides: 0.99 */
};
extern const struct judge_rules judge_rules_default;

/* Shifts are shares of the base's median (0.02: 2 % more); of a base of 0, in the metric's unit. */
struct judge_result {
	enum verdict verdict;
	enum judge_design design;
	bool absolute; /* the base's median is 0; margin `absolute` */
	double base_median, fresh_median;
	double shift;
	double low, high; /* at rules.interval; infinite where the values are too few for it */
	double level;	  /* that interval's level as it is, ranks being discrete */
	double decision_low, decision_high; /* at rules.decision */
	double p, q;
};

/*
 * Judges a family of metrics. -EINVAL with the reason where an input has no values on a side or
 * one that isn't finite; -ENOMEM.
 */
int judge_family(const struct judge_input *inputs, size_t count, const struct judge_rules *rules,
		 struct judge_result *results, struct error *err);

/*
 * Pairs below which the signed-rank test can't reach alpha in a family of that many metrics, or
 * the decision interval's level. With fewer, all values are judged as if there were no pairs:
 * values of a seed are alike, if anything, and that makes the rank-sum test more careful.
 */
size_t judge_pairs_least(size_t family, const struct judge_rules *rules);

/* "same", "better", "worse", "moved", "can't tell" */
const char *verdict_name(enum verdict verdict);
