// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/stats/signedrank.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "src/cleanup.h"
#include "src/macro.h"

struct signed_ranks {
	size_t *doubled; /* [count] ranks of what isn't 0, doubled so that they are whole */
	size_t count;
	size_t positive, all; /* sums of doubled ranks */
	double squares;	      /* of doubled ranks */
	bool plain;	      /* 1, 2, 3, ...: no ties, no zeros */
};

static int by_magnitude(const void *a, const void *b)
{
	double x = fabs(*(const double *)a), y = fabs(*(const double *)b);

	return (x > y) - (x < y);
}

static void rank(const double *d, size_t n, struct signed_ranks *ret)
{
	ret->plain = true;
	for (size_t i = 0, next; i < n; i = next) {
		size_t doubled;

		for (next = i + 1; next < n && fabs(d[next]) == fabs(d[i]);)
			next++;
		doubled = i + next + 1; /* ranks i + 1 to next */
		if (next > i + 1 || d[i] == 0)
			ret->plain = false;
		for (size_t k = i; k < next && d[i] != 0; k++) {
			ret->doubled[ret->count++] = doubled;
			ret->positive += d[k] > 0 ? doubled : 0;
			ret->all += doubled;
			ret->squares += (double)doubled * (double)doubled;
		}
	}
}

/* The smaller tail of the sums of all subsets; they are symmetric. */
static int sign_all(const struct signed_ranks *s, double *ret)
{
	size_t least = MIN(s->positive, s->all - s->positive);
	_cleanup_free_ double *ways = calloc(least + 1, sizeof(*ways));
	double upto = 0;

	if (!ways)
		return -ENOMEM;
	ways[0] = 1;
	for (size_t i = 0; i < s->count; i++)
		for (size_t sum = least + 1; sum-- > s->doubled[i];)
			ways[sum] += ways[sum - s->doubled[i]];
	for (size_t sum = 0; sum <= least; sum++)
		upto += ways[sum];
	*ret = MIN(1.0, ldexp(upto, 1 - (int)s->count));
	return 0;
}

int signedrank_p(const double *differences, size_t count, const struct null *null, double *ret)
{
	_cleanup_free_ double *d = malloc(count * sizeof(*d));
	_cleanup_free_ size_t *doubled = malloc(count * sizeof(*doubled));
	struct signed_ranks s = { .doubled = doubled };

	if (!d || !doubled)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		d[i] = differences[i];
	qsort(d, count, sizeof(*d), by_magnitude);
	rank(d, count, &s);
	if (s.count == 0)
		*ret = 1;
	else if (s.plain && null->below)
		*ret = null_p(null, (double)s.positive / 2);
	else if (null->below)
		return sign_all(&s, ret);
	else
		*ret = null_normal_p((double)s.positive / 2 - (double)s.all / 4, 0.5,
				     sqrt(s.squares / 16));
	return 0;
}
