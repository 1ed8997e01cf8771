/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

/*
 * q values of Benjamini and Hochberg, "Controlling the false discovery rate" (Journal of the Royal
 * Statistical Society B 57, 1995): of what has q <= alpha, a share of alpha at most is there by
 * chance, on average, where the tests are independent or depend positively. p and q may be the same
 * array. -ENOMEM.
 */
int fdr_adjust(const double *p, size_t count, double *q);
