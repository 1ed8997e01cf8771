// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plots/plot.h"
#include "results/store.h"
#include "src/cleanup.h"
#include "src/command.h"
#include "src/file.h"
#include "src/macro.h"

enum { FORMAT_ALL, FORMAT_SVG, FORMAT_PNG };
static const char *const formats[] = { "all", "svg", "png", NULL };
static const unsigned format_bits[] = { PLOT_ALL, PLOT_SVG, PLOT_PNG };

struct plot_options {
	char *out;
	int format;
};

static const struct option_spec options[] = {
	OPTION_STRING(struct plot_options, out, .name = "out", .meta = "DIR",
		      .help = "where the pictures go (default: RUN/plots)"),
	OPTION_CHOICE(struct plot_options, format, .name = "format", .fallback = "all",
		      .choices = formats, .help = "which kind of file"),
	{},
};

static void print_files(struct strlist *files)
{
	for (size_t i = 0; i < files->count; i++)
		printf("%s\n", files->items[i]);
	strlist_done(files);
	fflush(stdout);
}

static int fail(const struct error *err)
{
	bool input = err->code == -EINVAL || err->code == -EBADMSG;

	return command_fail(input ? EXIT_BAD_INPUT : EXIT_ENVIRONMENT, err);
}

/* The name of a run's folder below --out, unlike those of the runs before it. NULL: no memory. */
static char *run_folder(const char *out, struct run *const runs[], size_t n)
{
	_cleanup_free_ char *full = realpath(runs[n]->dir, NULL);
	const char *slash = full ? strrchr(full, '/') : NULL;
	const char *name = slash && slash[1] ? slash + 1 : "run";
	size_t same = 1;

	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *other = realpath(runs[i]->dir, NULL);
		const char *last = other ? strrchr(other, '/') : NULL;

		same += last && streq(last + 1, name);
	}
	return same > 1 ? text_format("%s/%s-%zu", out, name, same)
			: text_format("%s/%s", out, name);
}

/* Trials in RUN/plots or in OUT; those of several runs each in a folder of OUT. */
static int plot_run(const struct plot_options *o, struct run *const runs[], size_t count, size_t n,
		    struct plot_result *result, struct error *err)
{
	_cleanup_free_ char *dir = NULL;
	int r;

	if (!o->out)
		dir = path_join(runs[n]->dir, "plots");
	else
		dir = count > 1 ? run_folder(o->out, runs, n) : strdup(o->out);
	if (!dir)
		return error_set(err, -ENOMEM, "plot");
	r = plot_trials(runs[n], dir, format_bits[o->format], result, err);
	if (r == 0 && (!o->out || count == 1))
		r = plot_summary((const struct run *const[]){ runs[n] }, 1, dir,
				 format_bits[o->format], result, err);
	print_files(&result->files);
	return r;
}

static int plot_all(const struct plot_options *o, struct run *const runs[], size_t count)
{
	struct plot_result result = {};
	struct error err = {};
	int r = 0, code = EXIT_DONE;

	for (size_t i = 0; r == 0 && i < count; i++)
		r = plot_run(o, runs, count, i, &result, &err);
	if (r == 0 && o->out && count > 1)
		r = plot_summary((const struct run *const *)runs, count, o->out,
				 format_bits[o->format], &result, &err);
	print_files(&result.files);
	for (size_t i = 0; i < result.skipped.count; i++)
		fprintf(stderr, "wring: no picture: %s\n", result.skipped.items[i]);
	if (r < 0)
		code = fail(&err);
	plot_result_done(&result);
	return code;
}

static int run(void *opts, int argc, char **argv)
{
	_cleanup_free_ struct run **runs = calloc((size_t)argc, sizeof(struct run *));
	struct error err = {};
	int code = EXIT_DONE;
	size_t n = 0;

	if (!runs) {
		error_set(&err, -ENOMEM, "plot");
		return fail(&err);
	}
	while (code == EXIT_DONE && n < (size_t)argc) {
		if (run_open(&runs[n], argv[n], &err) < 0)
			code = command_fail(EXIT_BAD_INPUT, &err);
		else
			n++;
	}
	if (code == EXIT_DONE)
		code = plot_all(opts, runs, n);
	while (n > 0)
		run_close(runs[--n]);
	return code;
}

const struct command cmd_plot = {
	.name = "plot",
	.arguments = "RUN... [--out DIR] [--format all|svg|png]",
	.summary = "Draws pictures of runs: each trial over time, and a summary",
	.details =
		"A trial's picture shows memory against its limits, reclaim by reclaimer, "
		"refaults, "
		"pressure\nand work over one time axis; another one, of a traced trial with an "
		"open loop, "
		"what its slowest\noperations were in. The summary has every scenario and "
		"kernel: pages scanned and\nreclaimed, and latency. With --out and several runs, "
		"one summary is made of them all.\nEach file's path is printed.",
	.options = options,
	.options_size = sizeof(struct plot_options),
	.arguments_min = 1,
	.arguments_max = -1,
	.run = run,
};
