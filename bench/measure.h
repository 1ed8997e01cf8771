/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "bench/bench.h"

/*
 * Takes a group's samples and judges its rows. The sides of a repetition follow each other at once
 * and a row compares within a repetition, so that what disturbs the machine disturbs both; every
 * other repetition goes through them backwards.
 */
enum verdict {
	VERDICT_TOLD,	      /* the row has no target */
	VERDICT_MET,	      /* the median meets the target */
	VERDICT_UNDECIDED,    /* it doesn't, but the median's 95 % interval reaches it */
	VERDICT_MISSED,	      /* nor does the interval */
	VERDICT_NOT_MEASURED, /* a peer is not installed, or the machine too small; see reason */
	VERDICT_FAILED,	      /* a side could not be measured; see reason */
	VERDICTS
};
extern const char *const verdict_names[];

struct side_result {
	bool wanted;		/* a wanted row needs it */
	struct error missing;	/* code not 0: can't be had on this machine */
	struct error failed;	/* code not 0: the first failure; not measured any more */
	struct sample *samples; /* one a repetition */
};

struct group_result {
	const struct group *group;
	unsigned repeat;
	struct side_result sides[SIDES_MAX];
};

struct row_result {
	enum verdict verdict;
	char reason[400];
	double *values; /* one a repetition, in their order; NULL when not measured */
	unsigned count;
	double median, lower, upper;   /* with the quartiles */
	double sure_lower, sure_upper; /* the median's interval of at least 95 %, or all values */
	double target;
	double beside; /* ROW_SCALE: what the bare loop reaches; else 0 */
};

/* -EINTR when a signal came; a side's failure is no failure of this call. */
int group_measure(const struct bench *b, const struct group *g, const bool *rows_wanted,
		  struct group_result *ret, struct error *err);
void group_result_done(struct group_result *r);

int row_judge(const struct group_result *g, const struct row *row, struct row_result *ret);
void row_result_done(struct row_result *r);

/* The middle of sorted values; between two for an even number of them. */
double sorted_quantile(const double *sorted, unsigned count, double q);
/*
 * How many of the smallest and of the largest of n values may be left out so that the rest still
 * spans the true median with 95 %: the sign test's interval (Thompson, 1936).
 */
unsigned median_interval_skip(unsigned n);
