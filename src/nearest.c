// SPDX-License-Identifier: GPL-2.0-or-later
#include "src/nearest.h"

#include <stdio.h>
#include <string.h>

#include "src/macro.h"

#define LONGEST 64

/* The number of letters to insert, delete, change or swap with a neighbour (optimal string
 * alignment). */
static size_t edit_distance(const char *a, const char *b)
{
	size_t rows[3][LONGEST + 1], la = strlen(a), lb = strlen(b);
	size_t *before = rows[0], *last = rows[1], *now = rows[2];

	if (la > LONGEST || lb > LONGEST)
		return LONGEST;
	for (size_t j = 0; j <= lb; j++)
		last[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t *spare = before;

		now[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t change = last[j - 1] + (a[i - 1] != b[j - 1]);

			now[j] = MIN(MIN(last[j] + 1, now[j - 1] + 1), change);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = MIN(now[j], before[j - 2] + 1);
		}
		before = last;
		last = now;
		now = spare;
	}
	return last[lb];
}

void nearest_offer(struct nearest *search, const char *known)
{
	size_t distance = edit_distance(search->word, known);
	size_t bound = MAX(strlen(known) / 3, (size_t)1);

	/* "mem" is near "memory.max" although most of its letters are missing. */
	if (strlen(search->word) >= 3 && starts_with(known, search->word))
		distance = MIN(distance, (size_t)1);
	if (distance > bound || (search->best && distance >= search->distance))
		return;
	search->best = known;
	search->distance = distance;
}

const char *nearest_hint(const struct nearest *search, char *buf, size_t size)
{
	if (search->best)
		snprintf(buf, size, " (did you mean «%s»?)", search->best);
	else
		snprintf(buf, size, "%s", "");
	return buf;
}
