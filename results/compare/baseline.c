// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/compare/baseline.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "results/compare/margins.h"
#include "results/compare/pairing.h"
#include "results/compare/side-internal.h"
#include "results/json.h"
#include "results/stats/judge.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"

#define COMPACT (JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15))

/* Of run.json, beside the suite: what a comparison asks for. */
static const char *const run_keys[] = { "schema",      "wring",	  "where",	 "clock",
					"accelerator", "kernels", "environment", NULL };

/* ---- write ---- */

static bool is_wanted(const struct cell *cell, const struct series *s, bool all)
{
	struct margin margin;

	return all || margin_of(NULL, cell, cell, s->metric, &margin);
}

/* The most that the median moves in the others; NAN when none has the metric. */
static double drift_of(const struct cell *cell, const struct series *s, struct side *const *others,
		       size_t other_count)
{
	double drift = NAN;

	for (size_t i = 0; i < other_count; i++)
		for (size_t k = 0; k < others[i]->cell_count; k++) {
			const struct cell *other = &others[i]->cells[k];
			const struct series *o =
				streq(other->key, cell->key) && streq(other->kernel, cell->kernel)
					? cell_series(other, s->metric)
					: NULL;
			double shift;

			if (!o || series_shift(cell, s, other, o, &shift) < 0)
				continue;
			drift = fmax(isnan(drift) ? 0 : drift, fabs(shift));
		}
	return drift;
}

static int write_series(FILE *f, const struct cell *cell, const struct series *s, double drift)
{
	json_t *values = json_array();
	char *text, *name = NULL, *unit = NULL;
	json_t *json_name = json_string(s->metric), *json_unit = json_string(s->unit);

	for (size_t i = 0; i < cell->seed_count; i++) {
		double v = s->values[i];

		json_array_append_new(values, isnan(v) ? json_null()
					      : v == rint(v) && fabs(v) < 0x1p53
						      ? json_integer((json_int_t)v)
						      : json_real(v));
	}
	text = json_dumps(values, COMPACT);
	name = json_dumps(json_name, COMPACT);
	unit = json_dumps(json_unit, COMPACT);
	if (text && name && unit) {
		fprintf(f, "%s:{\"unit\":%s,", name, unit);
		if (!isnan(drift))
			fprintf(f, "\"drift\":%.4g,", drift);
		fprintf(f, "\"values\":%s}", text);
	}
	json_decref(values);
	json_decref(json_name);
	json_decref(json_unit);
	free(name);
	free(unit);
	bool failed = !text;

	free(text);
	return failed ? -ENOMEM : 0;
}

static int write_cell(FILE *f, const struct cell *cell, bool all, struct side *const *others,
		      size_t other_count)
{
	json_t *seeds = json_array(), *head;
	bool first = true;
	char *text;
	int r = 0;

	for (size_t i = 0; i < cell->seed_count; i++)
		json_array_append_new(seeds, json_integer((json_int_t)cell->seeds[i]));
	head = json_pack("{s:s, s:s, s:O, s:o}", "scenario", cell->scenario, "kernel", cell->kernel,
			 "facts", cell->facts, "seeds", seeds);
	text = head ? json_dumps(head, COMPACT) : NULL;
	json_decref(head);
	if (!text)
		return -ENOMEM;
	/* The head's last brace waits for the metrics. */
	fprintf(f, "%.*s,\"metrics\":{\n", (int)strlen(text) - 1, text);
	free(text);
	for (size_t i = 0; r == 0 && i < cell->series_count; i++) {
		const struct series *s = &cell->series[i];

		if (!is_wanted(cell, s, all) || !s->count)
			continue;
		fputs(first ? "" : ",\n", f);
		first = false;
		r = write_series(f, cell, s, drift_of(cell, s, others, other_count));
	}
	fputs("\n}}", f);
	return r;
}

/* run.json with the side's scenarios and kernels alone. */
static json_t *small_run(const struct side *side)
{
	json_t *run = json_object(), *list = json_array(), *suite, *item;
	json_t *kernels = json_array();
	size_t k;

	for (const char *const *key = run_keys; run && *key; key++) {
		json_t *value = json_object_get(side->run, *key);

		if (value)
			json_object_set(run, *key, value);
	}
	json_array_foreach (json_object_get(side->run, "kernels"), k, item)
		for (size_t i = 0; i < side->kernel_count; i++)
			if (streq(side->kernels[i],
				  json_string_value(json_object_get(item, "name"))))
				json_array_append(kernels, item);
	suite = json_copy(json_object_get(side->run, "suite"));
	for (size_t i = 0; i < side->cell_count; i++) {
		bool seen = false;

		json_array_foreach (list, k, item)
			seen |= json_equal(item, side->cells[i].spec);
		if (!seen && side->cells[i].spec)
			json_array_append(list, side->cells[i].spec);
	}
	json_object_set_new(suite, "scenarios", list);
	json_object_set_new(run, "suite", suite);
	json_object_set_new(run, "kernels", kernels);
	return run;
}

static int write_side(FILE *f, const struct side *side, bool all, struct side *const *others,
		      size_t other_count)
{
	json_t *run = small_run(side);
	char *text = run ? json_dumps(run, COMPACT) : NULL;
	int r = text ? 0 : -ENOMEM;

	if (text)
		fprintf(f, "{\"kind\":\"%s\",\"schema\":%d,\n\"run\":%s,\n\"cells\":[\n",
			BASELINE_KIND, BASELINE_SCHEMA, text);
	for (size_t i = 0; r == 0 && i < side->cell_count; i++) {
		fputs(i ? ",\n" : "", f);
		r = write_cell(f, &side->cells[i], all, others, other_count);
	}
	fputs("\n]}\n", f);
	json_decref(run);
	free(text);
	return r;
}

static int check_side(const struct side *side, bool all, struct error *err)
{
	size_t wanted = 0;

	for (size_t i = 0; i < side->cell_count; i++) {
		const struct cell *cell = &side->cells[i];

		if (cell->troubles.count || cell->failures.count)
			return error_say(err, -EUCLEAN, "%s is no baseline: scenario %s, %s: %s",
					 side->label, cell->scenario, cell->kernel,
					 cell->troubles.count ? cell->troubles.items[0]
							      : cell->failures.items[0]);
		for (size_t k = 0; k < cell->series_count; k++) {
			const struct series *s = &cell->series[k];

			if (!is_wanted(cell, s, all))
				continue;
			if (s->why && !all)
				return error_say(
					err, -EUCLEAN,
					"%s is no baseline: scenario %s, %s is invalid: %s",
					side->label, cell->scenario, s->metric, s->why);
			wanted++;
		}
	}
	if (wanted)
		return 0;
	return error_say(
		err, -EINVAL,
		"%s: its suite has no gate, so no metric is one to keep: give --all, or add "
		"«gate:» to the suite (man wring-suite)",
		side->label);
}

int baseline_write(const char *path, const struct side *side, bool all, struct side *const *others,
		   size_t other_count, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	FILE *f;
	int r = check_side(side, all, err);

	if (r < 0)
		return r;
	f = open_memstream(&text, &size);
	if (!f)
		return error_set(err, -errno, "baseline");
	r = write_side(f, side, all, others, other_count);
	if (fclose(f) == EOF || r < 0)
		return error_set(err, -ENOMEM, "baseline");
	return file_write_atomic(AT_FDCWD, path, text, size, err);
}

/* ---- read ---- */

static int read_series(struct cell *cell, const char *metric, const json_t *json)
{
	const json_t *values = json_object_get(json, "values");
	const json_t *drift = json_object_get(json, "drift");
	const char *unit = json_string_value(json_object_get(json, "unit"));
	const struct metric_def *def = series_def(metric);
	struct series *s;

	if (!def)
		return 0;
	if (json_array_size(values) != cell->seed_count)
		return -EBADMSG;
	s = &cell->series[cell->series_count++];
	*s = (struct series){ .metric = strdup(metric),
			      .unit = strdup(unit ? unit : def->unit),
			      .def = def,
			      .values = calloc(cell->seed_count + 1, sizeof(double)),
			      .drift = json_is_number(drift) ? json_number_value(drift) : NAN };
	if (!s->metric || !s->unit || !s->values)
		return -ENOMEM;
	for (size_t i = 0; i < cell->seed_count; i++) {
		const json_t *v = json_array_get(values, i);

		if (!json_is_number(v) && !json_is_null(v))
			return -EBADMSG;
		s->values[i] = json_is_number(v) ? json_number_value(v) : NAN;
		s->count += json_is_number(v);
	}
	return 0;
}

static int read_seeds(struct cell *cell, const json_t *seeds)
{
	cell->seeds = calloc(json_array_size(seeds) + 1, sizeof(*cell->seeds));
	if (!cell->seeds)
		return -ENOMEM;
	for (size_t i = 0; i < json_array_size(seeds); i++) {
		const json_t *seed = json_array_get(seeds, i);

		if (!json_is_integer(seed) || json_integer_value(seed) < 0 ||
		    (i && (uint64_t)json_integer_value(seed) <= cell->seeds[i - 1]))
			return -EBADMSG;
		cell->seeds[cell->seed_count++] = (uint64_t)json_integer_value(seed);
	}
	return 0;
}

static int read_cell(struct cell *cell, const json_t *run, json_t *json)
{
	const char *scenario, *kernel, *metric;
	json_t *facts, *seeds, *metrics, *series, *spec;
	size_t i;
	int r;

	if (json_unpack(json, "{s:s, s:s, s:o, s:o, s:o}", "scenario", &scenario, "kernel", &kernel,
			"facts", &facts, "seeds", &seeds, "metrics", &metrics) < 0)
		return -EBADMSG;
	cell->scenario = strdup(scenario);
	cell->key = strdup(scenario);
	cell->kernel = strdup(kernel);
	cell->facts = json_incref(facts);
	cell->series = calloc(json_object_size(metrics) + 1, sizeof(*cell->series));
	if (!cell->scenario || !cell->key || !cell->kernel || !cell->series)
		return -ENOMEM;
	json_array_foreach (json_object_get(json_object_get(run, "suite"), "scenarios"), i, spec)
		if (json_is_string(json_object_get(spec, "name")) &&
		    streq(json_string_value(json_object_get(spec, "name")), scenario))
			cell->spec = json_incref(spec);
	r = read_seeds(cell, seeds);
	json_object_foreach (metrics, metric, series)
		if (r == 0)
			r = read_series(cell, metric, series);
	cell_sort(cell);
	return r;
}

static int read_cells(struct side *side, const json_t *json)
{
	json_t *cells = json_object_get(json, "cells"), *cell;
	size_t i;

	side->cells = calloc(json_array_size(cells) + 1, sizeof(*side->cells));
	if (!side->cells)
		return -ENOMEM;
	json_array_foreach (cells, i, cell) {
		int r = read_cell(&side->cells[side->cell_count++], side->run, cell);

		if (r < 0)
			return r;
	}
	return side->cell_count && json_is_object(side->run) ? 0 : -EBADMSG;
}

int side_read_baseline(struct side *side, const char *path, struct error *err)
{
	json_t *json;
	int r = json_read(&json, path, BASELINE_SCHEMA, err);

	if (r == -EBADMSG)
		return error_prefix(err, "neither a run nor a baseline");
	if (r < 0)
		return r;
	if (!streq(json_text(json, "kind", ""), BASELINE_KIND))
		r = error_say(
			err, -EBADMSG,
			"%s is neither a run nor a baseline, which «wring baseline save» makes",
			path);
	if (r == 0) {
		side->baseline = true;
		side->run = json_incref(json_object_get(json, "run"));
		r = read_cells(side, json);
		if (r < 0)
			error_say(err, r, "%s: a baseline, but damaged: save it anew", path);
	}
	json_decref(json);
	return r;
}
