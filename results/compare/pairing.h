/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "results/compare/side.h"

/* The values of a metric on two sides: those of a seed of both come first, in the seeds' order. */
struct pairing {
	double *base, *fresh;
	size_t base_count, fresh_count;
	size_t pairs;
};

/* -ENOMEM; what it has then is pairing_done()'s. */
int pairing_make(struct pairing *ret, const struct cell *base, const struct series *base_series,
		 const struct cell *fresh, const struct series *fresh_series);
void pairing_done(struct pairing *p);

double pairing_base_median(const struct pairing *p);

/*
 * How far the fresh side's values lie from the base's, as a share of the base's median: Hodges and
 * Lehmann's estimate. -ENODATA where there is none: a side without values, a median of 0 that
 * something was added to.
 */
int series_shift(const struct cell *base, const struct series *base_series,
		 const struct cell *fresh, const struct series *fresh_series, double *ret);
