// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/compare/compare.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "results/compare/differences.h"
#include "results/compare/margins.h"
#include "results/regime.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"

const struct compare_rules compare_rules_default = {
	.judge = { .alpha = 0.01, .interval = 0.95, .decision = 0.99 },
	.fallback = { .share = 0.02 },
};

static void row_done(struct row *row)
{
	free(row->why);
	pairing_done(&row->values);
}

void comparison_free(struct comparison *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->count; i++)
		row_done(&c->rows[i]);
	free(c->rows);
	strlist_done(&c->refusals);
	strlist_done(&c->differences);
	free(c);
}

double row_margin_share(const struct row *row)
{
	double median = fabs(pairing_base_median(&row->values));
	double own = median > 0 ? row->margin.absolute / median : 0;

	return MAX(row->margin.share, own) + row->widened;
}

int row_better(const struct row *row)
{
	return row->def->better == BETTER_HIGHER ? 1 : row->def->better == BETTER_LOWER ? -1 : 0;
}

struct judge_input row_input(const struct row *row)
{
	return (struct judge_input){ .base = row->values.base,
				     .fresh = row->values.fresh,
				     .base_count = row->values.base_count,
				     .fresh_count = row->values.fresh_count,
				     .pairs = row->values.pairs,
				     .better = row_better(row),
				     .margin = row_margin_share(row),
				     .absolute = row->margin.absolute };
}

const char *row_scenario(const struct comparison *c, const struct row *row, char *buf, size_t size)
{
	const struct cell *cell = row->base ? row->base : row->fresh;

	if (c->by_kernel)
		snprintf(buf, size, "%s %s", cell->key, cell->kernel);
	else
		snprintf(buf, size, "%s", cell->key);
	return buf;
}

/* ---- rows ---- */

static int say(struct row *row, enum row_state state, const char *side, const char *why)
{
	row->state = state;
	row->why = side ? text_format("%s: %s", side, why) : strdup(why);
	return row->why ? 0 : -ENOMEM;
}

/* What stands in the way of a judgement, most fundamental first; or the values. */
static int fill_row(struct row *row, const struct comparison *c, const struct series *base,
		    const struct series *fresh)
{
	enum comparability meaning;

	if (!base || !fresh)
		return say(row, ROW_ABSENT, (base ? c->fresh : c->base)->label,
			   row->base && row->fresh ? "its trials have no such metric"
						   : "it has no such scenario");
	meaning = regime_compare(row->def, json_object_get(row->base->facts, "regime"),
				 json_object_get(row->fresh->facts, "regime"), &row->mind);
	if (meaning == REGIME_DIFFERENT)
		return say(row, ROW_DIFFERENT, NULL, row->mind);
	if (base->why || fresh->why)
		return say(row, ROW_UNTRUSTED, (base->why ? c->base : c->fresh)->label,
			   base->why ? base->why : fresh->why);
	if (!base->count || !fresh->count)
		return say(row, ROW_ABSENT, (base->count ? c->fresh : c->base)->label,
			   "none of its trials has a figure that counts");
	return pairing_make(&row->values, row->base, base, row->fresh, fresh);
}

static struct row *add_row(struct comparison *c)
{
	if (c->count % 256 == 0) {
		struct row *more = reallocarray(c->rows, c->count + 256, sizeof(*more));

		if (!more)
			return NULL;
		c->rows = more;
	}
	c->rows[c->count] = (struct row){};
	return &c->rows[c->count++];
}

static int add_metric(struct comparison *c, const struct compare_rules *rules,
		      const struct cell *base, const struct cell *fresh, const char *metric)
{
	const struct series *a = base ? cell_series(base, metric) : NULL;
	const struct series *b = fresh ? cell_series(fresh, metric) : NULL;
	struct margin margin = rules->fallback;
	bool gated = margin_of(rules->policy, base, fresh, metric, &margin);
	struct row *row;

	if (rules->gated_only && !gated)
		return 0;
	row = add_row(c);
	if (!row)
		return -ENOMEM;
	row->base = base;
	row->fresh = fresh;
	row->metric = a ? a->metric : b ? b->metric : metric;
	row->unit = a ? a->unit : b ? b->unit : "";
	row->def = a ? a->def : b ? b->def : &metric_counter;
	row->margin = margin;
	row->gated = gated;
	if (a && b)
		row->widened = margin_widening(rules->noise, c->base, c->fresh, a, b, base->key,
					       margin.share);
	return fill_row(row, c, a, b);
}

/* What a gate names and neither side has: it must not pass unseen. */
static int add_unmet(struct comparison *c, const struct compare_rules *rules,
		     const struct cell *base, const struct cell *fresh)
{
	const json_t *gate = margins_of(rules->policy, base, fresh);
	const char *name;
	json_t *text;

	json_object_foreach ((json_t *)gate, name, text) {
		struct row *row;

		if (margin_meets(name, base) || margin_meets(name, fresh))
			continue;
		row = add_row(c);
		if (!row)
			return -ENOMEM;
		row->base = base;
		row->fresh = fresh;
		row->metric = name;
		row->unit = "";
		row->def = &metric_counter;
		row->gated = true;
		if (say(row, ROW_ABSENT, NULL, "neither side has such a metric") < 0)
			return -ENOMEM;
	}
	return 0;
}

static int by_catalog(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->def != y->def)
		return (x->def > y->def) - (x->def < y->def);
	return strcmp(x->metric, y->metric);
}

static int compare_cells(struct comparison *c, const struct compare_rules *rules,
			 const struct cell *base, const struct cell *fresh)
{
	size_t first = c->count;
	int r = 0;

	for (size_t i = 0; r == 0 && base && i < base->series_count; i++)
		r = add_metric(c, rules, base, fresh, base->series[i].metric);
	for (size_t i = 0; r == 0 && fresh && i < fresh->series_count; i++)
		if (!base || !cell_series(base, fresh->series[i].metric))
			r = add_metric(c, rules, base, fresh, fresh->series[i].metric);
	if (r == 0)
		r = add_unmet(c, rules, base, fresh);
	if (r == 0 && c->count > first)
		qsort(c->rows + first, c->count - first, sizeof(*c->rows), by_catalog);
	if (r == 0 && base && fresh)
		r = differences_of_specs(&c->differences, base, fresh);
	return r;
}

/* ---- cells that belong together ---- */

static const struct cell *partner(const struct comparison *c, const struct side *side,
				  const struct cell *of)
{
	for (size_t i = 0; i < side->cell_count; i++)
		if (streq(side->cells[i].key, of->key) &&
		    (!c->by_kernel || streq(side->cells[i].kernel, of->kernel)))
			return &side->cells[i];
	return NULL;
}

static bool has_gate(const struct compare_rules *rules, const struct cell *cell)
{
	return json_object_size(margins_of(rules->policy, cell, cell)) > 0;
}

static int lacks(struct comparison *c, const struct side *side, const struct cell *cell)
{
	char *text = text_format("%s has no scenario %s%s%s", side->label, cell->key,
				 c->by_kernel ? " on " : "", c->by_kernel ? cell->kernel : "");
	int r = text ? strlist_add(&c->differences, text) : -ENOMEM;

	free(text);
	return r;
}

/* A scenario that one side lacks is a difference; where a gate is on it, its checks are absent. */
static int compare_alone(struct comparison *c, const struct compare_rules *rules,
			 const struct cell *base, const struct cell *fresh)
{
	int r = lacks(c, base ? c->fresh : c->base, base ? base : fresh);

	if (r == 0 && rules->gated_only && has_gate(rules, base ? base : fresh))
		r = compare_cells(c, rules, base, fresh);
	return r;
}

static int join(struct comparison *c, const struct compare_rules *rules)
{
	size_t met = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->base->cell_count; i++) {
		const struct cell *base = &c->base->cells[i];
		const struct cell *fresh = partner(c, c->fresh, base);

		met += fresh != NULL;
		r = fresh ? compare_cells(c, rules, base, fresh)
			  : compare_alone(c, rules, base, NULL);
	}
	for (size_t i = 0; r == 0 && i < c->fresh->cell_count; i++)
		if (!partner(c, c->base, &c->fresh->cells[i]))
			r = compare_alone(c, rules, NULL, &c->fresh->cells[i]);
	if (r == 0 && !met)
		r = strlist_add(&c->refusals, "they have no scenario in common");
	return r;
}

/* ---- the verdicts ---- */

static int judge_rows(struct comparison *c, const struct compare_rules *rules, struct error *err)
{
	_cleanup_free_ struct judge_input *inputs = calloc(c->count + 1, sizeof(*inputs));
	_cleanup_free_ struct judge_result *results = calloc(c->count + 1, sizeof(*results));
	size_t count = 0, next = 0;
	int r;

	if (!inputs || !results)
		return error_set(err, -ENOMEM, "compare");
	for (size_t i = 0; i < c->count; i++) {
		struct row *row = &c->rows[i];

		if (row->state != ROW_JUDGED)
			continue;
		inputs[count++] = row_input(row);
	}
	r = judge_family(inputs, count, &rules->judge, results, err);
	for (size_t i = 0; r == 0 && i < c->count; i++)
		if (c->rows[i].state == ROW_JUDGED)
			c->rows[i].result = results[next++];
	return r;
}

/* Two sides of several kernels are compared kernel by kernel; one against several makes no sense.
 */
static int choose_join(struct comparison *c, struct error *err)
{
	const struct side *base = c->base, *fresh = c->fresh;

	if (base->kernel_count == 1 && fresh->kernel_count == 1)
		return 0;
	if (base->kernel_count == 1 || fresh->kernel_count == 1) {
		const struct side *many = base->kernel_count == 1 ? fresh : base;

		return error_say(
			err, -EINVAL, "%s has %zu kernels, %s and %s%s: choose one, as %s@%s",
			many->label, many->kernel_count, many->kernels[0], many->kernels[1],
			many->kernel_count > 2 ? " and others" : "", many->label, many->kernels[0]);
	}
	c->by_kernel = true;
	return 0;
}

static void cleanup_comparisonp(struct comparison **c)
{
	comparison_free(*c);
}

int compare_sides(struct comparison **ret, const struct side *base, const struct side *fresh,
		  const struct compare_rules *rules, struct error *err)
{
	_cleanup_(cleanup_comparisonp) struct comparison *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return error_set(err, -ENOMEM, "compare");
	c->base = base;
	c->fresh = fresh;
	r = choose_join(c, err);
	if (r < 0)
		return r;
	r = differences_refused(&c->refusals, base, fresh);
	if (r == 0)
		r = differences_of_runs(&c->differences, base, fresh);
	if (r == 0 && !c->refusals.count)
		r = join(c, rules);
	if (r < 0)
		return error_set(err, r, "compare %s with %s", base->label, fresh->label);
	r = judge_rows(c, rules, err);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(c);
	return 0;
}
