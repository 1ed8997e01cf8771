// SPDX-License-Identifier: GPL-2.0-or-later
#include "src/bisect/bisect-measure.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "results/stats/values.h"
#include "src/cleanup.h"
#include "src/command.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/nearest.h"
#include "src/run-suite.h"
#include "src/scenario-name.h"

static int check_metric(const char *metric, struct error *err)
{
	struct nearest search = { .word = metric };
	char hint[200];

	/* What a generator counts itself is known once there are trials. */
	if (metric_find(metric) || starts_with(metric, "work."))
		return 0;
	for (const struct metric_def *m = NULL; (m = metric_next(m));)
		nearest_offer(&search, m->name);
	return error_say(err, -EINVAL, "no metric «%s»%s: «wring list metrics» shows them", metric,
			 nearest_hint(&search, hint, sizeof(hint)));
}

int measure_find(struct measure *m, const char *what, struct suite **ret_suite, char **ret_name,
		 struct error *err)
{
	int r = check_metric(m->metric, err);

	if (r == 0)
		r = scenario_find(what, &m->run->set, m->run->seeds, ret_suite, &m->scenario,
				  ret_name, err);
	if (r == 0)
		m->suite = *ret_name;
	return r;
}

static const struct cell *cell_of(const struct measure *m, const struct side *side)
{
	for (size_t i = 0; i < side->cell_count; i++)
		if (streq(side->cells[i].scenario, m->scenario->name))
			return &side->cells[i];
	return NULL;
}

static bool has_seeds(const struct measure *m, const struct cell *cell)
{
	for (size_t i = 0; i < m->scenario->seed_count; i++) {
		size_t k = 0;

		while (k < cell->seed_count && cell->seeds[k] != m->scenario->seeds[i])
			k++;
		if (k == cell->seed_count)
			return false;
	}
	return true;
}

static int set_label(struct side *side, const char *label)
{
	char *text = strdup(label);

	if (!text)
		return -ENOMEM;
	free(side->label);
	side->label = text;
	return 0;
}

struct side *measure_kept(const struct measure *m, const char *dir, const char *label)
{
	const struct cell *cell;
	struct side *side;

	if (side_open(&side, dir, NULL) < 0)
		return NULL;
	cell = cell_of(m, side);
	if (cell && !cell->troubles.count && has_seeds(m, cell) && set_label(side, label) == 0)
		return side;
	side_close(side);
	return NULL;
}

/* One scenario of one kernel, into dir; what is there already is kept. */
static int run(const struct measure *m, const char *kernel, const char *modules, const char *dir,
	       enum fault *ret_fault, struct error *err)
{
	struct run_options o = *m->run;
	struct run_outcome outcome;
	char *kernels[] = { (char *)kernel }, *dirs[] = { (char *)modules },
	     *scenarios[] = { m->scenario->name };
	bool old = access(dir, F_OK) == 0;
	int r;

	o.vm = true;
	o.clock = RUN_CLOCK_INSN;
	o.kernels = (struct strlist){ kernels, 1 };
	o.modules = (struct strlist){ dirs, modules ? 1 : 0 };
	o.only = (struct strlist){ scenarios, 1 };
	o.out = (char *)dir;
	o.resume = old;
	r = run_suite(&o, m->suite, &outcome, err);
	/* What is there is of another kernel, as where a tree was built anew: it is worth nothing.
	 */
	if (r == -EINVAL && old && outcome.exit_code == EXIT_BAD_INPUT) {
		r = dir_remove(AT_FDCWD, dir, err);
		o.resume = false;
		if (r == 0)
			r = run_suite(&o, m->suite, &outcome, err);
	}
	if (r == 0 && outcome.summary.interrupted)
		r = error_say(err, -EINTR, "interrupted");
	*ret_fault = r == -EINTR || r == -ENOSPC || r == -EDQUOT || r == -ENOMEM || r == -EACCES ||
				     outcome.exit_code == EXIT_BAD_INPUT
			     ? FAULT_HERE
			     : FAULT_KERNEL;
	free(outcome.dir);
	return r;
}

int measure_kernel(const struct measure *m, const char *kernel, const char *modules,
		   const char *dir, const char *label, struct side **ret, enum fault *ret_fault,
		   struct error *err)
{
	const struct cell *cell = NULL;
	struct side *side;
	int r = run(m, kernel, modules, dir, ret_fault, err);

	if (r < 0)
		return r;
	*ret_fault = FAULT_KERNEL;
	r = side_open(&side, dir, err);
	if (r < 0)
		return r;
	cell = cell_of(m, side);
	if (!cell)
		r = error_say(err, -ENODATA, "%s has no trial of %s", dir, m->scenario->name);
	else if (cell->troubles.count)
		r = error_say(err, -ENODATA, "%s", cell->troubles.items[0]);
	else if (!cell_series(cell, m->metric))
		r = error_say(err, -ENODATA, "its trials have no metric %s", m->metric);
	else if (set_label(side, label) < 0)
		r = error_set(err, -ENOMEM, "read %s", dir);
	if (r < 0) {
		side_close(side);
		return r;
	}
	*ret_fault = FAULT_NONE;
	*ret = side;
	return 0;
}

static struct row *find_row(const struct measure *m, const struct comparison *c)
{
	for (size_t i = 0; i < c->count; i++) {
		struct row *row = &c->rows[i];

		if (row->base && row->fresh && streq(row->base->scenario, m->scenario->name) &&
		    streq(row->metric, m->metric))
			return row;
	}
	return NULL;
}

/* The row's values become the pair's. Its verdict is of a family that nobody asked for. */
static void take_values(struct row *row, struct measured_pair *ret)
{
	const struct pairing *v = &ret->values;

	*ret = (struct measured_pair){ .values = row->values,
				       .unit = row->unit,
				       .mind = row->mind };
	row->values = (struct pairing){};
	ret->input = (struct judge_input){ .base = v->base,
					   .fresh = v->fresh,
					   .base_count = v->base_count,
					   .fresh_count = v->fresh_count,
					   .pairs = v->pairs };
}

int measure_pair(const struct measure *m, const struct side *base, const struct side *fresh,
		 struct measured_pair *ret, struct error *err)
{
	struct comparison *c;
	struct row *row;
	int r = compare_sides(&c, base, fresh, &compare_rules_default, err);

	if (r < 0)
		return r;
	row = find_row(m, c);
	if (c->refusals.count)
		r = error_say(err, -ENODATA, "%s", c->refusals.items[0]);
	else if (!row)
		r = error_say(err, -ENODATA, "%s and %s have no %s of %s in common", base->label,
			      fresh->label, m->metric, m->scenario->name);
	else if (row->state != ROW_JUDGED)
		r = error_say(err, -ENODATA, "%s: %s", m->metric, row->why);
	else
		take_values(row, ret);
	comparison_free(c);
	return r;
}

double measure_median(const struct measure *m, const struct side *side)
{
	const struct cell *cell = cell_of(m, side);
	const struct series *s = cell ? cell_series(cell, m->metric) : NULL;
	_cleanup_free_ double *values = s && s->count ? calloc(s->count, sizeof(*values)) : NULL;
	double median = NAN;
	size_t n = 0;

	for (size_t i = 0; values && i < cell->seed_count; i++)
		if (!isnan(s->values[i]))
			values[n++] = s->values[i];
	if (n)
		values_find_median(values, n, &median);
	return median;
}
