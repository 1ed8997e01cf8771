// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/stats/values.h"

#include <errno.h>
#include <gsl/gsl_sort.h>
#include <stdlib.h>
#include <string.h>

#include "src/cleanup.h"

double *values_sorted(const double *values, size_t count)
{
	double *copy = malloc((count ? count : 1) * sizeof(*copy));

	if (!copy)
		return NULL;
	if (count)
		memcpy(copy, values, count * sizeof(*copy));
	gsl_sort(copy, 1, count);
	return copy;
}

double values_median(const double *sorted, size_t count)
{
	double low = sorted[(count - 1) / 2], high = sorted[count / 2];

	return low + (high - low) / 2; /* their sum may not be finite */
}

int values_find_median(const double *values, size_t count, double *ret)
{
	_cleanup_free_ double *sorted = values_sorted(values, count);

	if (!sorted)
		return -ENOMEM;
	*ret = values_median(sorted, count);
	return 0;
}
