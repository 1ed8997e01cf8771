// SPDX-License-Identifier: GPL-2.0-or-later
/* In which order a comparison's rows are shown: by what matters. */
#include <math.h>
#include <stdlib.h>

#include "results/compare/show-compare.h"
#include "src/macro.h"

void row_as_check(const struct row *row, struct gate_check *ret)
{
	*ret = (struct gate_check){
		.scenario = row->base ? row->base->key : row->fresh->key,
		.metric = row->metric,
		.unit = row->unit,
		.better = row_better(row),
		.margin = row_margin_share(row),
		.absolute = row->margin.absolute,
		.outcome = row->state == ROW_JUDGED ? gate_outcome_of(row->result.verdict)
						    : GATE_INVALID,
		.why = row->why ? row->why : row->mind,
		.result = row->result,
		.base_seeds = row->values.base_count,
		.fresh_seeds = row->values.fresh_count,
	};
}

size_t compare_scenario_end(const struct comparison *c, size_t first)
{
	size_t last = first;

	while (last < c->count && c->rows[last].base == c->rows[first].base &&
	       c->rows[last].fresh == c->rows[first].fresh)
		last++;
	return last;
}

static int rank(const struct row *row)
{
	static const int ranks[] = {
		[VERDICT_WORSE] = 0,	 [VERDICT_MOVED] = 1, [VERDICT_BETTER] = 2,
		[VERDICT_CANT_TELL] = 3, [VERDICT_SAME] = 4,
	};

	return row->state == ROW_JUDGED ? ranks[row->result.verdict] : 5;
}

/* How many margins the shift is. */
static double size_of(const struct row *row)
{
	double margin = row->result.absolute ? row->margin.absolute : row_margin_share(row);

	return fabs(row->result.shift) / (margin > 0 ? margin : 1);
}

/* What the suite holds a kernel to, then what is of the whole machine, then its parts. */
static int tier(const struct row *row)
{
	static const char *const parts[] = { "cgroup.", "node.", "numa.", "lru." };

	if (row->gated)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (starts_with(row->metric, parts[i]))
			return 2;
	return 1;
}

static int by_matter(const void *a, const void *b)
{
	const struct row *x = *(const struct row *const *)a;
	const struct row *y = *(const struct row *const *)b;
	double p = size_of(x), q = size_of(y);

	if (rank(x) != rank(y))
		return rank(x) - rank(y);
	if (tier(x) != tier(y))
		return tier(x) - tier(y);
	if (p != q)
		return p < q ? 1 : -1;
	return (x > y) - (x < y);
}

const struct row **compare_order(const struct comparison *c, size_t first, size_t last,
				 size_t *ret_moved)
{
	const struct row **order = calloc(last - first + 1, sizeof(struct row *));

	if (!order)
		return NULL;
	for (size_t i = first; i < last; i++)
		order[i - first] = &c->rows[i];
	qsort(order, last - first, sizeof(struct row *), by_matter);
	*ret_moved = 0;
	while (*ret_moved < last - first && rank(order[*ret_moved]) < 3)
		++*ret_moved;
	return order;
}
