// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "results/compare/compare.h"
#include "results/compare/margins.h"
#include "results/text-table.h"
#include "src/cleanup.h"
#include "src/command.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/noise-file.h"
#include "src/run-suite.h"

/* Of A and of B half each. */
#define SEEDS_DEFAULT "1..24"
#define SEEDS_LEAST   8

/* In a VM every trial boots, so that a seed is a boot; a host's boot is its own. */
static int read_boot(char *buf, size_t size, struct error *err)
{
	int r = file_read_line(AT_FDCWD, "/proc/sys/kernel/random/boot_id", buf, size);

	return r < 0 ? error_set(err, r, "read this boot's id") : 0;
}

static int check(const struct run_options *o, struct error *err)
{
	if (o->vm && o->clock == RUN_CLOCK_INSN)
		return error_say(
			err, -EINVAL,
			"with --clock insn there is no noise to be known: figures vary by "
			"seeds alone, on every machine alike; calibrate a host, or a VM with "
			"--clock wall");
	if (o->kernels.count > 1)
		return error_say(err, -EINVAL, "one --kernel: A/A is a kernel against itself");
	return 0;
}

/* Trials that failed tell nothing of noise; too few tell nothing either. */
static int check_side(const struct side *side, struct error *err)
{
	for (size_t i = 0; i < side->cell_count; i++) {
		const struct cell *cell = &side->cells[i];
		size_t good = cell->seed_count - MIN(cell->troubles.count, cell->seed_count);

		if (good < SEEDS_LEAST)
			return error_say(
				err, -EUCLEAN,
				"scenario %s has %zu trials that count, %d are the least%s%s",
				cell->scenario, good, SEEDS_LEAST, cell->troubles.count ? ": " : "",
				cell->troubles.count ? cell->troubles.items[0] : "");
	}
	return 0;
}

static double floor_of(const struct noise *noise, const struct cell *cell, const char *metric)
{
	const json_t *share = json_object_get(json_object_get(noise->floor, cell->key), metric);

	return json_is_number(share) ? json_number_value(share) : NAN;
}

/* The gate's metrics, with the margin that they have and the one that this machine can hold. */
static int show(const struct side *side, const struct noise *noise)
{
	_cleanup_text_table_ struct text_table table = {};

	text_table_row(&table);
	text_table_cell(&table, "%s", "");
	text_table_cell(&table, "margin");
	text_table_cell(&table, "noise");
	text_table_cell(&table, "%s", "");
	for (size_t i = 0; i < side->cell_count; i++) {
		const struct cell *cell = &side->cells[i];

		for (size_t k = 0; k < cell->series_count; k++) {
			const char *metric = cell->series[k].metric;
			double floor = floor_of(noise, cell, metric);
			struct margin margin;

			if (isnan(floor) || !margin_of(NULL, cell, cell, metric, &margin))
				continue;
			text_table_row(&table);
			text_table_cell(&table, "%s %s", cell->key, metric);
			text_table_cell(&table, "%.3g %%", 100 * margin.share);
			text_table_cell(&table, "%.2g %%", 100 * floor);
			text_table_cell(&table, "%s",
					floor > margin.share ? "above the margin, which it widens"
							     : "");
		}
	}
	return table.count > 1 ? text_table_print(&table, stdout, 2) : 0;
}

static int store(const struct run_outcome *outcome, const char *boot, struct error *err)
{
	_cleanup_free_ char *path = NULL, *dir = NULL;
	struct noise noise = {};
	struct side *side;
	const char *suite;
	int r = side_open(&side, outcome->dir, err);

	if (r < 0)
		return r;
	suite = json_string_value(json_object_get(json_object_get(side->run, "suite"), "suite"));
	r = check_side(side, err);
	if (r == 0)
		r = noise_file(&path, suite ? suite : "suite", err);
	if (r == 0) {
		dir = strndup(path, (size_t)(strrchr(path, '/') - path));
		r = dir ? dir_make(dir, err) : error_set(err, -ENOMEM, "calibrate");
	}
	if (r == 0)
		r = noise_add(path, side, boot, err);
	if (r == 0)
		r = noise_load(&noise, path, err);
	if (r == 0) {
		r = show(side, &noise);
		printf("\n%zu calibration%s in %zu boot%s%s\nNoise:   %s\nRecords: %s\n",
		       noise.runs, noise.runs == 1 ? "" : "s", noise.boots,
		       noise.boots == 1 ? "" : "s",
		       noise.boots == 1
			       ? ": what differs between boots is not known yet; calibrate "
				 "again after the next ones"
			       : "",
		       path, outcome->dir);
	}
	noise_done(&noise);
	side_close(side);
	return r;
}

static int calibrate(void *options, int argc, char **argv)
{
	struct run_options *o = options;
	struct run_outcome outcome = {};
	char boot[80];
	struct error err = {};
	int exit_code = EXIT_BAD_INPUT, r = check(o, &err);

	(void)argc; /* the table says: exactly one */
	if (r == 0 && !o->seeds && !(o->seeds = strdup(SEEDS_DEFAULT)))
		r = error_set(&err, -ENOMEM, "calibrate");
	o->boot |= o->vm;
	if (r == 0) {
		exit_code = EXIT_ENVIRONMENT;
		r = read_boot(boot, sizeof(boot), &err);
	}
	if (r == 0) {
		r = run_suite(o, argv[0], &outcome, &err);
		exit_code = outcome.exit_code;
	}
	if (r == 0 && outcome.summary.interrupted) {
		exit_code = EXIT_INVALID;
		r = error_say(&err, -EINTR, "interrupted: nothing is stored; the records are in %s",
			      outcome.dir);
	}
	if (r == 0) {
		exit_code = EXIT_INVALID;
		r = store(&outcome, boot, &err);
	}
	free(outcome.dir);
	return r < 0 ? command_fail(exit_code, &err) : EXIT_DONE;
}

const struct command cmd_calibrate = {
	.name = "calibrate",
	.arguments = "SUITE [--vm --clock wall] [OPTION ...]",
	.summary = "Measures how far equal trials lie apart on this machine, in real time",
	.details =
		"Runs the suite against itself, seeds 1..24 unless --seeds says others, and adds "
		"what the\n"
		"odd and the even seeds differ by to what earlier calibrations found, also after "
		"other\n"
		"boots. wring gate widens margins by it. With --clock insn there is nothing to "
		"calibrate.",
	.options = run_options,
	.options_size = sizeof(struct run_options),
	.arguments_min = 1,
	.arguments_max = 1,
	.run = calibrate,
};
