// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/stats/pairs.h"

#include <errno.h>
#include <gsl/gsl_statistics.h>
#include <stdlib.h>

#include "src/cleanup.h"
#include "src/macro.h"
#include "src/rng.h"

/* So many pairs are written out; more are narrowed down first. */
#define FEW 2048

/* Row i's pairs ascend with the column: for differences, the base is taken from its end. */
struct rows {
	const struct pairs *pairs;
	size_t *low, *high; /* of each row, the columns that may hold what is looked for */
	size_t *cut;	    /* of each row, the first column that isn't below the pivot */
	size_t *over;	    /* and the first that is above it */
	double *few;	    /* [few_max] */
	size_t few_max;
};

static size_t columns(const struct pairs *p)
{
	return p->base ? p->base_count : p->fresh_count;
}

static double pair(const struct pairs *p, size_t row, size_t column)
{
	if (p->base)
		return p->fresh[row] - p->base[p->base_count - 1 - column];
	/* halves first: the sum may not be finite, and halving is exact but for the tiniest */
	return p->fresh[row] / 2 + p->fresh[column] / 2;
}

size_t pairs_count(const struct pairs *p)
{
	return p->base ? p->fresh_count * p->base_count : p->fresh_count * (p->fresh_count + 1) / 2;
}

/*
 * Where rows pass the pivot, and how many pairs are below it, or not above it. A later row passes
 * it no later than an earlier one: all rows take one walk down the columns.
 */
static void cut_rows(const struct rows *rows, double pivot, size_t *ret_below, size_t *ret_upto)
{
	const struct pairs *p = rows->pairs;
	size_t cut = columns(p), over = cut, below = 0, upto = 0;

	for (size_t i = 0; i < p->fresh_count; i++) {
		size_t first = p->base ? 0 : i;

		while (over > 0 && pair(p, i, over - 1) > pivot)
			over--;
		cut = MIN(cut, over);
		while (cut > 0 && pair(p, i, cut - 1) >= pivot)
			cut--;
		rows->cut[i] = MAX(cut, first);
		rows->over[i] = MAX(over, first);
		below += rows->cut[i] - first;
		upto += rows->over[i] - first;
	}
	*ret_below = below;
	*ret_upto = upto;
}

/* One of the pairs that are left, each with the same probability. */
static double draw_pivot(const struct rows *rows, size_t left, struct rng *rng)
{
	size_t at = rng_below(rng, left);

	for (size_t i = 0;; i++) {
		size_t here = rows->high[i] - rows->low[i];

		if (at < here)
			return pair(rows->pairs, i, rows->low[i] + at);
		at -= here;
	}
}

static size_t keep_below(const struct rows *rows)
{
	size_t left = 0;

	for (size_t i = 0; i < rows->pairs->fresh_count; i++) {
		rows->high[i] = MIN(rows->high[i], MAX(rows->cut[i], rows->low[i]));
		left += rows->high[i] - rows->low[i];
	}
	return left;
}

static size_t keep_above(const struct rows *rows)
{
	size_t left = 0;

	for (size_t i = 0; i < rows->pairs->fresh_count; i++) {
		rows->low[i] = MAX(rows->low[i], MIN(rows->over[i], rows->high[i]));
		left += rows->high[i] - rows->low[i];
	}
	return left;
}

static size_t write_out(const struct rows *rows)
{
	size_t n = 0;

	for (size_t i = 0; i < rows->pairs->fresh_count; i++)
		for (size_t k = rows->low[i]; k < rows->high[i]; k++)
			rows->few[n++] = pair(rows->pairs, i, k);
	return n;
}

static void all_rows(const struct rows *rows)
{
	for (size_t i = 0; i < rows->pairs->fresh_count; i++) {
		rows->low[i] = rows->pairs->base ? 0 : i;
		rows->high[i] = columns(rows->pairs);
	}
}

/* Quickselect over rows (Johnson and Mizoguchi, 1978, with a random pivot); rank from 1. */
static double select_one(const struct rows *rows, size_t rank, struct rng *rng)
{
	size_t left = pairs_count(rows->pairs), skipped = 0;

	all_rows(rows);
	while (left > rows->few_max) {
		double pivot = draw_pivot(rows, left, rng);
		size_t below, upto, before = left;

		cut_rows(rows, pivot, &below, &upto);
		if (rank <= below) {
			left = keep_below(rows);
		} else if (rank > upto) {
			left = keep_above(rows);
			skipped += before - left;
		} else {
			return pivot;
		}
	}
	write_out(rows);
	return gsl_stats_select(rows->few, 1, left, rank - skipped - 1);
}

int pairs_select(const struct pairs *p, const size_t *ranks, size_t count, double *ret)
{
	size_t n = p->fresh_count, all = pairs_count(p);
	_cleanup_free_ size_t *room = calloc(4 * n, sizeof(*room));
	_cleanup_free_ double *few = NULL;
	struct rows rows = { .pairs = p, .few_max = MAX(MIN(all, FEW), n + columns(p)) };
	struct rng rng;

	few = malloc(rows.few_max * sizeof(*few));
	if (!room || !few)
		return -ENOMEM;
	rows.few = few;
	rows.low = room;
	rows.high = room + n;
	rows.cut = room + 2 * n;
	rows.over = room + 3 * n;
	rng_seed(&rng, all); /* which pivots are drawn changes the time only */
	for (size_t i = 0; i < count; i++)
		ret[i] = select_one(&rows, ranks[i], &rng);
	return 0;
}

int pairs_median(const struct pairs *p, double *ret)
{
	size_t all = pairs_count(p);
	double middle[2];
	int r = pairs_select(p, (size_t[]){ (all + 1) / 2, all / 2 + 1 }, 2, middle);

	if (r == 0)
		*ret = middle[0] + (middle[1] - middle[0]) / 2;
	return r;
}
