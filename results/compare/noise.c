// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/compare/noise.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>

#include "results/compare/pairing.h"
#include "results/json.h"
#include "results/stats/values.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"

/* ---- a calibration run ---- */

/* Every second of the cell's seeds, from the first or the second on; borrows what it can. */
static int half_of(struct cell *ret, struct series *ret_series, const struct cell *cell,
		   const struct series *s, size_t first)
{
	*ret = (struct cell){ .seeds = calloc(cell->seed_count + 1, sizeof(uint64_t)) };
	*ret_series = (struct series){ .values = calloc(cell->seed_count + 1, sizeof(double)) };
	if (!ret->seeds || !ret_series->values)
		return -ENOMEM;
	for (size_t i = first; i < cell->seed_count; i += 2) {
		ret->seeds[ret->seed_count] = cell->seeds[i];
		ret_series->values[ret->seed_count++] = s->values[i];
	}
	return 0;
}

static int split_shift(const struct cell *cell, const struct series *s, double *ret)
{
	struct cell odd = {}, even = {};
	struct series odd_series = {}, even_series = {};
	int r = half_of(&odd, &odd_series, cell, s, 0);

	if (r == 0)
		r = half_of(&even, &even_series, cell, s, 1);
	if (r == 0)
		r = series_shift(&odd, &odd_series, &even, &even_series, ret);
	free(odd.seeds);
	free(even.seeds);
	free(odd_series.values);
	free(even_series.values);
	return r;
}

static double median_of(const struct cell *cell, const struct series *s)
{
	_cleanup_free_ double *values = calloc(cell->seed_count + 1, sizeof(double));
	double median = NAN;
	size_t count = 0;

	if (!values)
		return NAN;
	for (size_t i = 0; i < cell->seed_count; i++)
		if (!isnan(s->values[i]))
			values[count++] = s->values[i];
	return count && values_find_median(values, count, &median) == 0 ? median : NAN;
}

static json_t *cell_json(const struct cell *cell)
{
	json_t *metrics = json_object();

	for (size_t i = 0; i < cell->series_count; i++) {
		const struct series *s = &cell->series[i];
		double split, median = median_of(cell, s);

		if (!s->count || s->why || isnan(median))
			continue;
		/* A median of 0 has no share to be told in. */
		if (split_shift(cell, s, &split) < 0)
			continue;
		json_object_set_new(metrics, s->metric,
				    json_pack("{s:f, s:f}", "median", median, "split", split));
	}
	return metrics;
}

static json_t *run_json(const struct side *side, const char *boot)
{
	json_t *cells = json_object();
	size_t seeds = 0;

	for (size_t i = 0; i < side->cell_count; i++) {
		json_object_set_new(cells, side->cells[i].key, cell_json(&side->cells[i]));
		seeds = MAX(seeds, side->cells[i].seed_count);
	}
	return json_pack("{s:s, s:I, s:o}", "boot", boot, "seeds", (json_int_t)seeds, "cells",
			 cells);
}

/* ---- the file ---- */

static int read_file(json_t **ret, const char *path, struct error *err)
{
	json_t *json;
	int r = json_read(&json, path, NOISE_SCHEMA, err);

	if (r == 0 && streq(json_text(json, "kind", ""), NOISE_KIND)) {
		*ret = json;
		return 0;
	}
	if (r == 0)
		json_decref(json);
	return r == -ENOENT ? r
			    : error_say(err, -EBADMSG,
					"%s is no calibration of this wring: remove it and "
					"calibrate anew",
					path);
}

int noise_add(const char *path, const struct side *side, const char *boot, struct error *err)
{
	const json_t *suite = json_object_get(json_object_get(side->run, "suite"), "suite");
	_cleanup_free_ char *text = NULL;
	json_t *json = NULL;
	int r = read_file(&json, path, err);

	if (r == -ENOENT) {
		json = json_pack("{s:s, s:i, s:O, s:[]}", "kind", NOISE_KIND, "schema",
				 NOISE_SCHEMA, "suite", (json_t *)suite, "runs");
		r = json ? 0 : error_set(err, -ENOMEM, "%s", path);
	}
	if (r < 0)
		return r;
	if (json_array_append_new(json_object_get(json, "runs"), run_json(side, boot)) == 0)
		text = json_dumps(json, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
	json_decref(json);
	return text ? file_write_atomic(AT_FDCWD, path, text, strlen(text), err)
		    : error_set(err, -ENOMEM, "%s", path);
}

/* ---- the floor ---- */

static void raise(json_t *floor, const char *scenario, const char *metric, double share)
{
	json_t *metrics = json_object_get(floor, scenario), *old;

	if (!metrics) {
		metrics = json_object();
		json_object_set_new(floor, scenario, metrics);
	}
	old = json_object_get(metrics, metric);
	if (!old || json_number_value(old) < share)
		json_object_set_new(metrics, metric, json_real(share));
}

static double figure(const json_t *run, const char *scenario, const char *metric, const char *key)
{
	const json_t *m =
		json_object_get(json_object_get(json_object_get(run, "cells"), scenario), metric);
	const json_t *value = json_object_get(m, key);

	return json_is_number(value) ? json_number_value(value) : NAN;
}

static void raise_by_run(json_t *floor, const json_t *runs, size_t index)
{
	const json_t *run = json_array_get(runs, index);
	const char *scenario, *metric;
	json_t *metrics, *value;

	json_object_foreach (json_object_get(run, "cells"), scenario, metrics)
		json_object_foreach (metrics, metric, value) {
			double median = figure(run, scenario, metric, "median");

			raise(floor, scenario, metric,
			      fabs(figure(run, scenario, metric, "split")));
			for (size_t k = 0; k < index; k++) {
				double other =
					figure(json_array_get(runs, k), scenario, metric, "median");

				if (!isnan(other) && median != 0)
					raise(floor, scenario, metric,
					      fabs(other - median) / fabs(median));
			}
		}
}

int noise_load(struct noise *ret, const char *path, struct error *err)
{
	struct strlist boots = {};
	json_t *json = NULL;
	const json_t *runs;
	int r = read_file(&json, path, err);

	if (r < 0)
		return r;
	runs = json_object_get(json, "runs");
	*ret = (struct noise){ .floor = json_object(), .runs = json_array_size(runs) };
	for (size_t i = 0; i < ret->runs; i++) {
		const char *boot =
			json_string_value(json_object_get(json_array_get(runs, i), "boot"));

		raise_by_run(ret->floor, runs, i);
		if (boot && !strlist_contains(&boots, boot))
			strlist_add(&boots, boot);
	}
	ret->boots = boots.count;
	strlist_done(&boots);
	json_decref(json);
	return 0;
}

void noise_done(struct noise *noise)
{
	json_decref(noise->floor);
	*noise = (struct noise){};
}
