// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <jansson.h>
#include <stdio.h>

#include "results/fingerprint.h"
#include "results/show-closure.h"
#include "results/show-cube.h"
#include "results/show.h"
#include "results/store.h"
#include "src/command.h"

struct show_options {
	bool json, closure, cube, all;
};

static const struct option_spec show_options[] = {
	OPTION_BOOL(struct show_options, json, .name = "json",
		    .help = "Print every trial's trial.json as one array"),
	OPTION_BOOL(struct show_options, closure, .name = "closure",
		    .help = "Print what the counters' identities are off by"),
	OPTION_BOOL(struct show_options, cube, .name = "cube",
		    .help = "Print what reclaim did, by node, cgroup, reclaimer and kind of page, "
			    "with watermarks and free blocks; with --json, for each interval too"),
	OPTION_BOOL(struct show_options, all, .name = "all",
		    .help = "Print metrics that are 0 everywhere, too"),
	{},
};

static int print_list(json_t *list)
{
	int r = list ? json_dumpf(list, stdout, JSON_INDENT(2) | RECORD_JSON_FLAGS) : -1;

	putchar('\n');
	json_decref(list);
	return r < 0 ? -EIO : 0;
}

static int print_json(const struct run *run)
{
	json_t *list = json_array();

	for (size_t i = 0; i < run->trial_count; i++)
		if (json_array_append(list, run->trials[i].json) < 0)
			return -ENOMEM;
	return print_list(list);
}

/* The cube is computed of the records, which may be damaged: then the reason is in err. */
static int print_cube(const struct show_options *o, const struct run *run, struct error *err)
{
	json_t *list;
	int r = o->json ? show_cube_json(&list, run, err) : show_cube(stdout, run, err);

	if (r == 0 && o->json)
		r = print_list(list);
	return r < 0 ? r : show_verdict(run);
}

static int print_run(const struct show_options *o, const struct run *run, struct error *err)
{
	int verdict;

	if (o->cube)
		return print_cube(o, run, err);
	if (!o->json) {
		verdict = show_run(stdout, run, o->all);
		if (o->closure && verdict >= 0)
			show_closure(stdout, run);
		return verdict;
	}
	if (print_json(run) < 0)
		return -EIO;
	return show_verdict(run);
}

static int show_main(void *options, int argc, char **argv)
{
	const struct show_options *o = options;
	struct error err = {};
	struct run *run;
	int verdict;

	(void)argc; /* the table says: exactly one */
	if (run_open(&run, argv[0], &err) < 0)
		return command_fail(EXIT_BAD_INPUT, &err);
	verdict = print_run(o, run, &err);
	run_close(run);
	if (err.code)
		return command_fail(EXIT_BAD_INPUT, &err);
	if (verdict >= 0 && fflush(stdout) == EOF)
		verdict = -errno;
	if (verdict < 0) {
		error_set(&err, verdict, "print %s", argv[0]);
		return command_fail(EXIT_ENVIRONMENT, &err);
	}
	return verdict;
}

const struct command cmd_show = {
	.name = "show",
	.arguments = "RUN [--json] [--closure] [--cube] [--all]",
	.summary = "Prints the metrics of a run",
	.details = "RUN is a run's directory, or the link wring-results/SUITE/latest.\n"
		   "Figures are medians of the seeds; where these differ, the lowest and highest\n"
		   "follow. Exit code: 1 when an expectation failed, 4 when a trial failed or its\n"
		   "measurement can't be trusted.",
	.options = show_options,
	.options_size = sizeof(struct show_options),
	.arguments_min = 1,
	.arguments_max = 1,
	.run = show_main,
};
