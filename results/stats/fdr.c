// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/stats/fdr.h"

#include <errno.h>
#include <gsl/gsl_sort.h>
#include <stdlib.h>

#include "src/cleanup.h"
#include "src/macro.h"

int fdr_adjust(const double *p, size_t count, double *q)
{
	_cleanup_free_ size_t *order = calloc(count ? count : 1, sizeof(*order));
	double least = 1;

	if (!order)
		return -ENOMEM;
	gsl_sort_index(order, p, 1, count);
	for (size_t rank = count; rank > 0; rank--) {
		size_t i = order[rank - 1];

		least = MIN(least, p[i] * (double)count / (double)rank);
		q[i] = least;
	}
	return 0;
}
