/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

/* Finite values, in one array. */

/* A sorted copy, ascending; free() it. NULL: no memory. */
double *values_sorted(const double *values, size_t count);

/* Of values in ascending order, at least one: the middle one, or the mean of the middle two. */
double values_median(const double *sorted, size_t count);

/* The same of values in any order. -ENOMEM. */
int values_find_median(const double *values, size_t count, double *ret);
