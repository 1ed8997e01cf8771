// SPDX-License-Identifier: GPL-2.0-or-later
#include "src/bisect/bisect-order.h"

void bisect_bounds(const enum bisect_mark *marks, size_t count, size_t *ret_good, size_t *ret_bad)
{
	size_t good = 0, bad = count - 1;

	for (size_t i = count; i--;)
		if (marks[i] == BISECT_BAD)
			bad = i;
	for (size_t i = 0; i < bad; i++)
		if (marks[i] == BISECT_GOOD)
			good = i;
	*ret_good = good;
	*ret_bad = bad;
}

size_t bisect_next(const enum bisect_mark *marks, size_t count)
{
	size_t good, bad, best = count, best_distance = 0;

	bisect_bounds(marks, count, &good, &bad);
	for (size_t i = good + 1; i < bad; i++) {
		/* Twice as far as it is, so that a middle between two is none of them. */
		size_t distance = 2 * i > good + bad ? 2 * i - good - bad : good + bad - 2 * i;

		if (marks[i] != BISECT_UNTESTED || (best < count && distance >= best_distance))
			continue;
		best = i;
		best_distance = distance;
	}
	return best;
}

size_t bisect_steps(const enum bisect_mark *marks, size_t count)
{
	size_t good, bad, open = 0, steps = 0;

	bisect_bounds(marks, count, &good, &bad);
	for (size_t i = good + 1; i < bad; i++)
		open += marks[i] == BISECT_UNTESTED;
	for (; open; open /= 2)
		steps++;
	return steps;
}
