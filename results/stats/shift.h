/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "results/stats/null.h"
#include "results/stats/pairs.h"

/*
 * The interval of a shift that belongs to Hodges and Lehmann's estimate (pairs_median()): its ends
 * are pairs, by the ranks at which the rank test at that level begins to reject (Moses; in Lehmann,
 * "Nonparametrics", 1975, sections 2.6 and 4.5). With equal values it covers no less than its
 * level, both ends included.
 */
struct interval {
	double low, high; /* in the values' unit; infinite where not reached */
	double level;	  /* as it is, at least what was asked for: ranks are discrete */
	bool reached;	  /* false: there are too few values for that level */
};

/* null: of the test whose pairs they are. -ENOMEM. */
int shift_interval(const struct pairs *pairs, const struct null *null, double level,
		   struct interval *ret);
