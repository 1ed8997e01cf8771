// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/stats/ranksum.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "src/cleanup.h"
#include "src/macro.h"

/* All values in order, equal ones as one group. */
struct groups {
	size_t *sizes; /* [count], of both sides together */
	size_t count;
	size_t fresh_sum; /* of the fresh side's doubled ranks */
	double cubes;	  /* sum of t^3 - t */
};

static size_t walk_equal(const double *values, size_t count, size_t from, double value)
{
	while (from < count && values[from] == value)
		from++;
	return from;
}

/* Doubled ranks are whole: those of a group after `before` values are 2 * before + size + 1. */
static int group(const double *a, size_t a_count, const double *b, size_t b_count,
		 struct groups *ret)
{
	struct groups g = { .sizes = calloc(a_count + b_count, sizeof(size_t)) };

	if (!g.sizes)
		return -ENOMEM;
	for (size_t i = 0, k = 0; i < a_count || k < b_count;) {
		double value = k == b_count || (i < a_count && a[i] < b[k]) ? a[i] : b[k];
		size_t i_next = walk_equal(a, a_count, i, value);
		size_t k_next = walk_equal(b, b_count, k, value);
		size_t size = i_next - i + k_next - k;

		g.sizes[g.count++] = size;
		g.fresh_sum += (k_next - k) * (2 * (i + k) + size + 1);
		g.cubes += (double)size * (double)size * (double)size - (double)size;
		i = i_next;
		k = k_next;
	}
	*ret = g;
	return 0;
}

/*
 * In how many ways m of the ranks, taken in ascending order, have each sum up to a limit. What
 * can't come to be m within the limit is left out on the way.
 */
struct table {
	size_t m, limit;
	double *ways; /* [(m + 1) * (limit + 1)], by how many are taken and their sum */
};

/* end: of its group. j of the first `end` doubled ranks sum up to j * (2 * end + 1 - j) at most. */
static void add_item(const struct table *t, size_t doubled_rank, size_t index, size_t end)
{
	size_t width = t->limit + 1;

	for (size_t taken = MIN(t->m, index + 1); taken > 0; taken--) {
		double *into = t->ways + taken * width;
		const double *from = into - width;
		size_t most = taken * (2 * end + 1 - taken), later = (t->m - taken) * doubled_rank;

		if (later > t->limit)
			return; /* and even more with fewer taken */
		most = MIN(most, t->limit - later);
		for (size_t sum = MAX(doubled_rank, taken * (taken + 1)); sum <= most; sum++)
			into[sum] += from[sum - doubled_rank];
	}
}

static double count_subsets(size_t count, size_t of)
{
	double ways = 1;

	for (size_t i = 1; i <= count; i++)
		ways = ways * (double)(of - count + i) / (double)i;
	return ways;
}

/* The smaller tail of m of the ranks, n being left, that sum up to `sum`, doubled. */
static int permute(const struct groups *g, size_t m, size_t n, size_t sum, double *ret)
{
	size_t mirror = 2 * (m + n + 1), index = 0;
	bool upper = 2 * sum > m * mirror; /* counted from the largest rank, then */
	struct table t = { .m = m, .limit = upper ? m * mirror - sum : sum };
	_cleanup_free_ double *ways = calloc((m + 1) * (t.limit + 1), sizeof(*ways));
	double within = 0, all = count_subsets(m, m + n), same;

	if (!ways)
		return -ENOMEM;
	t.ways = ways;
	ways[0] = 1;
	for (size_t i = 0, before = 0; i < g->count; i++) {
		size_t size = g->sizes[upper ? g->count - 1 - i : i];

		for (size_t k = 0; k < size; k++)
			add_item(&t, 2 * before + size + 1, index++, before + size);
		before += size;
	}
	for (size_t s = 0; s <= t.limit; s++)
		within += ways[m * (t.limit + 1) + s];
	same = ways[m * (t.limit + 1) + t.limit];
	*ret = MIN(within, all - within + same) / all;
	return 0;
}

/* The side with fewer values is the one whose sum is followed; both tell the same. */
static int tied_p(const struct groups *g, size_t n, size_t m, double *ret)
{
	size_t all = (n + m) * (n + m + 1), sum = g->fresh_sum;
	double tail;
	int r;

	if (g->count == 1) {
		*ret = 1;
		return 0;
	}
	if (n < m)
		r = permute(g, n, m, all - sum, &tail);
	else
		r = permute(g, m, n, sum, &tail);
	if (r == 0)
		*ret = MIN(1.0, 2 * tail);
	return r;
}

int ranksum_p(const double *base, size_t base_count, const double *fresh, size_t fresh_count,
	      const struct null *null, double *ret)
{
	double n = (double)base_count, m = (double)fresh_count, u, variance;
	struct groups g;
	int r = group(base, base_count, fresh, fresh_count, &g);

	if (r < 0)
		return r;
	u = (double)g.fresh_sum / 2 - m * (m + 1) / 2;
	if (null->below && g.cubes > 0) {
		r = tied_p(&g, base_count, fresh_count, ret);
	} else if (null->below) {
		*ret = null_p(null, u);
	} else {
		variance = n * m / 12 * (n + m + 1 - g.cubes / ((n + m) * (n + m - 1)));
		*ret = null_normal_p(u - n * m / 2, 0.5, sqrt(variance));
	}
	free(g.sizes);
	return r;
}
