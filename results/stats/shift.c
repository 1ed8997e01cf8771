// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/stats/shift.h"

#include <math.h>

int shift_interval(const struct pairs *pairs, const struct null *null, double level,
		   struct interval *ret)
{
	struct interval interval = { .low = -INFINITY, .high = INFINITY };
	size_t k = null_critical(null, level, &interval.level);
	double ends[2];
	int r;

	if (k) {
		r = pairs_select(pairs, (size_t[]){ k, null->pairs + 1 - k }, 2, ends);
		if (r < 0)
			return r;
		interval.low = ends[0];
		interval.high = ends[1];
		interval.reached = true;
	}
	*ret = interval;
	return 0;
}
