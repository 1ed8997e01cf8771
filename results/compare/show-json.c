// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>

#include "results/compare/show-compare.h"

static json_t *texts(const struct strlist *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->count; i++)
		json_array_append_new(array, json_string(list->items[i]));
	return array;
}

static json_t *numbers(const double *values, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, json_real(values[i]));
	return array;
}

/* An interval's end that is not reached is null. */
static json_t *number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static const char *design_name(enum judge_design design)
{
	static const char *const names[] = { [DESIGN_PAIRED] = "signed-rank",
					     [DESIGN_UNPAIRED] = "rank-sum",
					     [DESIGN_BOTH] = "signed-rank and rank-sum" };

	return names[design];
}

static void add_judgement(json_t *object, const struct row *row)
{
	const struct judge_result *r = &row->result;

	json_object_set_new(object, "test", json_string(design_name(r->design)));
	json_object_set_new(object, "base_median", json_real(r->base_median));
	json_object_set_new(object, "new_median", json_real(r->fresh_median));
	json_object_set_new(object, "shift_is",
			    json_string(r->absolute ? "in the unit" : "of the base's median"));
	json_object_set_new(object, "shift", number(r->shift));
	json_object_set_new(object, "interval",
			    json_pack("[o, o]", number(r->low), number(r->high)));
	json_object_set_new(object, "level", json_real(r->level));
	json_object_set_new(object, "p", json_real(r->p));
	json_object_set_new(object, "q", json_real(r->q));
	json_object_set_new(object, "margin",
			    json_real(r->absolute ? row->margin.absolute : row_margin_share(row)));
	json_object_set_new(object, "pairs", json_integer((json_int_t)row->values.pairs));
	json_object_set_new(object, "base", numbers(row->values.base, row->values.base_count));
	json_object_set_new(object, "new", numbers(row->values.fresh, row->values.fresh_count));
}

static json_t *row_json(const struct comparison *c, const struct row *row)
{
	static const char *const states[] = { [ROW_JUDGED] = "",
					      [ROW_DIFFERENT] = "not comparable",
					      [ROW_UNTRUSTED] = "invalid",
					      [ROW_ABSENT] = "absent" };
	const struct cell *cell = row->base ? row->base : row->fresh;
	json_t *object = json_pack("{s:s, s:s, s:s, s:s}", "scenario", cell->key, "metric",
				   row->metric, "unit", row->unit, "verdict",
				   row->state == ROW_JUDGED ? verdict_name(row->result.verdict)
							    : states[row->state]);

	if (c->by_kernel)
		json_object_set_new(object, "kernel", json_string(cell->kernel));
	if (row->why || row->mind)
		json_object_set_new(object, "why", json_string(row->why ? row->why : row->mind));
	if (row->state == ROW_JUDGED)
		add_judgement(object, row);
	return object;
}

json_t *compare_json(const struct comparison *c)
{
	json_t *rows = json_array();
	json_t *root =
		json_pack("{s:s, s:s, s:o, s:o}", "base", c->base->label, "new", c->fresh->label,
			  "refused", texts(&c->refusals), "differences", texts(&c->differences));

	for (size_t i = 0; i < c->count; i++)
		json_array_append_new(rows, row_json(c, &c->rows[i]));
	if (!root || json_object_set_new(root, "rows", rows) < 0) {
		json_decref(root);
		return NULL;
	}
	return root;
}
