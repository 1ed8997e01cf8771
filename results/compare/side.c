// SPDX-License-Identifier: GPL-2.0-or-later
/* A side, from a run's records. */
#include "results/compare/side.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "results/compare/side-internal.h"
#include "results/json.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"

/* What all trials of a cell have in common. */
static const char *const facts[] = { "clock",	  "accelerator", "regime", "release",
				     "page_size", "cpus",	 "nodes",  NULL };

static void series_done(struct series *s)
{
	free(s->metric);
	free(s->unit);
	free(s->values);
	free(s->why);
}

void cell_done(struct cell *cell)
{
	for (size_t i = 0; i < cell->series_count; i++)
		series_done(&cell->series[i]);
	free(cell->series);
	free(cell->scenario);
	free(cell->key);
	free(cell->kernel);
	free(cell->seeds);
	json_decref(cell->facts);
	json_decref(cell->spec);
	strlist_done(&cell->troubles);
	strlist_done(&cell->failures);
	*cell = (struct cell){};
}

void side_close(struct side *side)
{
	if (!side)
		return;
	for (size_t i = 0; i < side->cell_count; i++)
		cell_done(&side->cells[i]);
	free(side->cells);
	free(side->kernels);
	free(side->label);
	free(side->words);
	json_decref(side->run);
	free(side);
}

static int by_metric(const void *a, const void *b)
{
	return strcmp(((const struct series *)a)->metric, ((const struct series *)b)->metric);
}

const struct series *cell_series(const struct cell *cell, const char *metric)
{
	struct series key = { .metric = (char *)metric };

	return cell->series_count ? bsearch(&key, cell->series, cell->series_count,
					    sizeof(*cell->series), by_metric)
				  : NULL;
}

void cell_sort(struct cell *cell)
{
	if (cell->series_count)
		qsort(cell->series, cell->series_count, sizeof(*cell->series), by_metric);
}

/* ---- what is wrong with a trial ---- */

__attribute__((format(printf, 2, 3))) static int note(struct strlist *list, const char *fmt, ...)
{
	char text[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* A reason may go on with a console's lines: its first says it. */
	text[strcspn(text, "\n")] = '\0';
	return strlist_add(list, text);
}

/* An expectation that speaks of the outcome has been met by it. */
static bool outcome_expected(const json_t *trial)
{
	json_t *claim;
	size_t i;

	json_array_foreach (json_object_get(trial, "expect"), i, claim)
		if (starts_with(json_text(claim, "text", ""), "outcome") &&
		    json_is_true(json_object_get(claim, "holds")))
			return true;
	return false;
}

static int note_outcome(struct cell *cell, const struct stored_trial *t)
{
	const char *outcome = json_text(t->json, "outcome", ""),
		   *why = json_text(t->json, "why", "");
	json_t *reason = json_array_get(json_object_get(t->json, "invalid"), 0);

	if (streq(outcome, "failed") ||
	    (!outcome_expected(t->json) && !streq(outcome, "completed")))
		return note(&cell->troubles, "seed %" PRIu64 " %s%s%s", t->seed,
			    *outcome ? outcome : "has no outcome", *why ? ": " : "", why);
	if (reason)
		return note(&cell->troubles, "seed %" PRIu64 ": %s", t->seed,
			    json_is_string(reason) ? json_string_value(reason) : "invalid");
	if (!json_object_get(t->json, "metrics"))
		return note(&cell->troubles,
			    "seed %" PRIu64 ": its metrics were never computed: the run was cut "
			    "short",
			    t->seed);
	return 0;
}

static int note_claims(struct cell *cell, const struct stored_trial *t)
{
	json_t *claim;
	size_t i;
	int r = 0;

	json_array_foreach (json_object_get(t->json, "expect"), i, claim) {
		const json_t *holds = json_object_get(claim, "holds");
		const char *text = json_text(claim, "text", "");

		if (json_is_true(holds) || starts_with(text, "outcome"))
			continue;
		if (json_is_false(holds))
			r = note(&cell->failures, "seed %" PRIu64 ": %s fails at %.6g", t->seed,
				 text, json_number_value(json_object_get(claim, "value")));
		else
			r = note(&cell->troubles, "seed %" PRIu64 ": %s can't be told: %s", t->seed,
				 text, json_text(claim, "why", ""));
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- values ---- */

const struct metric_def *series_def(const char *metric)
{
	const struct metric_def *def = metric_find(metric);

	return !def && starts_with(metric, "work.") ? &metric_counter : def;
}

static struct series *add_series(struct cell *cell, const char *metric, const json_t *value,
				 const struct metric_def *def, size_t room)
{
	struct series *s;

	if (cell->series_count % 64 == 0) {
		struct series *more =
			reallocarray(cell->series, cell->series_count + 64, sizeof(*more));

		if (!more)
			return NULL;
		cell->series = more;
	}
	s = &cell->series[cell->series_count++];
	*s = (struct series){ .metric = strdup(metric),
			      .unit = strdup(json_text(value, "unit", def->unit)),
			      .def = def,
			      .values = calloc(room, sizeof(double)),
			      .drift = NAN };
	if (!s->metric || !s->unit || !s->values)
		return NULL;
	for (size_t i = 0; i < room; i++)
		s->values[i] = NAN;
	return s;
}

/*
 * The series of that metric, by the index of those that there are; made when it isn't there. A
 * record of another wring may have metrics that this catalog lacks: those have none.
 */
static int find_series(struct cell *cell, json_t *index, const char *metric, const json_t *value,
		       size_t room, struct series **ret)
{
	const json_t *at = json_object_get(index, metric);
	const struct metric_def *def;
	json_int_t number = -1;

	*ret = NULL;
	if (at) {
		number = json_integer_value(at);
		*ret = number < 0 ? NULL : &cell->series[number];
		return 0;
	}
	def = series_def(metric);
	if (def) {
		*ret = add_series(cell, metric, value, def, room);
		if (!*ret)
			return -ENOMEM;
		number = (json_int_t)cell->series_count - 1;
	}
	return json_object_set_new(index, metric, json_integer(number)) < 0 ? -ENOMEM : 0;
}

static int add_values(struct cell *cell, json_t *index, const struct stored_trial *t, size_t at,
		      size_t room)
{
	const char *name;
	json_t *value;

	json_object_foreach (json_object_get(t->json, "metrics"), name, value) {
		const json_t *number = json_object_get(value, "value");
		struct series *s;
		int r = find_series(cell, index, name, value, room, &s);

		if (r < 0)
			return r;
		if (!s)
			continue;
		if (!json_is_true(json_object_get(value, "valid"))) {
			if (!s->why)
				s->why = text_format("seed %" PRIu64 ": %s", t->seed,
						     json_text(value, "why", "invalid"));
			if (!s->why)
				return -ENOMEM;
		} else if (json_is_number(number)) {
			s->values[at] = json_number_value(number);
			s->count++;
		}
	}
	return 0;
}

static json_t *facts_of(const json_t *trial)
{
	json_t *object = json_object();

	for (const char *const *key = facts; *key; key++) {
		json_t *value = json_object_get(trial, *key);

		if (value && json_object_set(object, *key, value) < 0) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

/* ---- cells ---- */

static int by_seed(const void *a, const void *b)
{
	const struct stored_trial *x = *(const struct stored_trial *const *)a;
	const struct stored_trial *y = *(const struct stored_trial *const *)b;

	return (x->seed > y->seed) - (x->seed < y->seed);
}

static int fill_cell(struct cell *cell, const struct stored_trial **trials, size_t count)
{
	json_t *index = json_object();
	int r = index ? 0 : -ENOMEM;

	cell->seeds = calloc(count + 1, sizeof(*cell->seeds));
	cell->facts = facts_of(trials[0]->json);
	if (!cell->seeds || !cell->facts)
		r = -ENOMEM;
	qsort(trials, count, sizeof(struct stored_trial *), by_seed);
	for (size_t i = 0; r == 0 && i < count; i++) {
		size_t troubles = cell->troubles.count;

		cell->seeds[cell->seed_count++] = trials[i]->seed;
		r = note_outcome(cell, trials[i]);
		if (r == 0)
			r = note_claims(cell, trials[i]);
		/* What can't be trusted has no value that could be judged. */
		if (r == 0 && cell->troubles.count == troubles)
			r = add_values(cell, index, trials[i], i, count);
	}
	json_decref(index);
	cell_sort(cell);
	return r;
}

static const json_t *spec_of(const json_t *run, const char *scenario)
{
	json_t *item;
	size_t i;

	json_array_foreach (json_object_get(json_object_get(run, "suite"), "scenarios"), i, item)
		if (streq(json_text(item, "name", ""), scenario))
			return item;
	return NULL;
}

/* Trials that were planned and have no record. */
static size_t missing_trials(const struct run *run, const char *scenario, const char *kernel,
			     size_t have)
{
	size_t planned = 0, i;
	json_t *entry;

	json_array_foreach (json_object_get(run->json, "trials"), i, entry)
		planned += streq(json_text(entry, "scenario", ""), scenario) &&
			   streq(json_text(entry, "kernel", ""), kernel);
	return planned > have ? planned - have : 0;
}

static int read_cell(struct cell *cell, const struct run *run, size_t first,
		     const struct stored_trial **trials)
{
	const struct stored_trial *t = &run->trials[first];
	size_t count = 0, missing;
	int r;

	for (size_t i = first; i < run->trial_count; i++)
		if (streq(run->trials[i].scenario, t->scenario) &&
		    streq(run->trials[i].kernel, t->kernel))
			trials[count++] = &run->trials[i];
	cell->scenario = strdup(t->scenario);
	cell->key = strdup(t->scenario);
	cell->kernel = strdup(t->kernel);
	cell->spec = json_deep_copy(spec_of(run->json, t->scenario));
	if (!cell->scenario || !cell->key || !cell->kernel)
		return -ENOMEM;
	missing = missing_trials(run, t->scenario, t->kernel, count);
	r = fill_cell(cell, trials, count);
	if (r == 0 && missing)
		r = note(&cell->troubles,
			 "%zu of %zu trials have no record: wring run --resume makes them", missing,
			 missing + count);
	return r;
}

static bool seen_before(const struct run *run, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (streq(run->trials[i].scenario, run->trials[index].scenario) &&
		    streq(run->trials[i].kernel, run->trials[index].kernel))
			return true;
	return false;
}

int side_kernels(struct side *side)
{
	free(side->kernels);
	side->kernel_count = 0;
	side->kernels = calloc(side->cell_count + 1, sizeof(*side->kernels));
	if (!side->kernels)
		return -ENOMEM;
	for (size_t i = 0; i < side->cell_count; i++) {
		size_t k = 0;

		while (k < side->kernel_count && !streq(side->kernels[k], side->cells[i].kernel))
			k++;
		if (k == side->kernel_count)
			side->kernels[side->kernel_count++] = side->cells[i].kernel;
	}
	return 0;
}

int side_read_run(struct side *side, const char *dir, struct error *err)
{
	_cleanup_free_ const struct stored_trial **trials = NULL;
	struct run *run;
	int r = run_open(&run, dir, err);

	if (r < 0)
		return r;
	trials = calloc(run->trial_count + 1, sizeof(struct stored_trial *));
	side->cells = calloc(run->trial_count + 1, sizeof(*side->cells));
	side->run = json_copy(run->json);
	r = trials && side->cells && side->run ? 0 : -ENOMEM;
	json_object_del(side->run, "trials");
	for (size_t i = 0; r == 0 && i < run->trial_count; i++)
		if (!seen_before(run, i))
			r = read_cell(&side->cells[side->cell_count++], run, i, trials);
	if (r < 0)
		error_set(err, r, "read %s", dir);
	else if (!run->trial_count)
		r = error_say(err, -ENODATA, "%s has no trial: there is nothing to compare", dir);
	run_close(run);
	return r;
}
