// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plots/plot.h"
#include "results/history/history-changes.h"
#include "results/history/history-names.h"
#include "results/history/history-show.h"
#include "results/history/history.h"
#include "src/cleanup.h"
#include "src/command.h"
#include "src/macro.h"

enum { FORMAT_ALL, FORMAT_SVG, FORMAT_PNG };
static const char *const formats[] = { "all", "svg", "png", NULL };
static const unsigned format_bits[] = { PLOT_ALL, PLOT_SVG, PLOT_PNG };

struct history_options {
	struct strlist metrics, scenarios, kernels, suites;
	bool any_kernel, changes, json;
	double alpha;
	char *out;
	int format;
};

static const struct option_spec options[] = {
	OPTION_LIST(struct history_options, metrics, .name = "metric", .meta = "NAME",
		    .help = "a metric over time, or those like 'reclaim.*'; may be repeated"),
	OPTION_BOOL(struct history_options, changes, .name = "changes",
		    .help = "the changes of all metrics, or of --metric's, the largest first"),
	OPTION_LIST(struct history_options, scenarios, .name = "scenario", .meta = "GLOB",
		    .help = "only scenarios of such names; may be repeated"),
	OPTION_LIST(struct history_options, kernels, .name = "kernel", .meta = "GLOB",
		    .help = "only kernels of such names (debian/6.1); may be repeated"),
	OPTION_BOOL(struct history_options, any_kernel, .name = "any-kernel",
		    .help = "one series over kernels of whatever name, one kernel a run"),
	OPTION_LIST(struct history_options, suites, .name = "suite", .meta = "GLOB",
		    .help = "only runs of such suites; may be repeated"),
	OPTION_SHARE(struct history_options, alpha, .name = "alpha", .fallback = "0.05",
		     .help = "share of false ones among the changes"),
	OPTION_BOOL(struct history_options, json, .name = "json",
		    .help = "print runs, series and changes as JSON"),
	OPTION_STRING(struct history_options, out, .name = "out", .meta = "DIR",
		      .help = "draw a picture of each --metric there"),
	OPTION_CHOICE(struct history_options, format, .name = "format", .fallback = "all",
		      .choices = formats, .help = "which kind of file --out gets"),
	{},
};

static int fail(const struct error *err)
{
	bool input = err->code == -EINVAL || err->code == -EBADMSG || err->code == -ENOENT;

	return command_fail(input ? EXIT_BAD_INPUT : EXIT_ENVIRONMENT, err);
}

/* The picture's paths, where a table on stdout isn't JSON beside them. */
static int draw(const struct history_options *o, const struct history *history, struct error *err)
{
	_cleanup_strlist_ struct strlist metrics = {};
	struct plot_result result = {};
	int r = history_metric_names(&metrics, history);

	if (r < 0)
		error_set(err, r, "plot");
	for (size_t i = 0; r == 0 && i < metrics.count; i++)
		r = plot_history(history, metrics.items[i], o->out, format_bits[o->format], &result,
				 err);
	if (!o->json && result.files.count)
		putchar('\n');
	for (size_t i = 0; i < result.files.count; i++)
		fprintf(o->json ? stderr : stdout, "%s\n", result.files.items[i]);
	for (size_t i = 0; i < result.skipped.count; i++)
		fprintf(stderr, "wring: no picture: %s\n", result.skipped.items[i]);
	plot_result_done(&result);
	return r;
}

static int print_json(const struct history *history, double alpha)
{
	json_t *json = history_json(history, alpha);
	int r = json ? json_dumpf(json, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(12)) : -1;

	putchar('\n');
	json_decref(json);
	return r < 0 ? -EIO : 0;
}

static int print(const struct history_options *o, const struct history *history)
{
	if (o->json)
		return print_json(history, o->alpha);
	if (o->changes)
		return history_show_changes(stdout, history, o->alpha);
	if (o->metrics.count)
		return history_show_series(stdout, history, o->alpha);
	history_show_runs(stdout, history->runs);
	return 0;
}

/* Series are made where any are asked for; the list of runs has none. */
static int make(const struct history_options *o, const struct runs *runs, struct history *ret,
		struct error *err)
{
	struct history_wish wish = { .metrics = &o->metrics,
				     .scenarios = &o->scenarios,
				     .kernels = &o->kernels,
				     .join_kernels = o->any_kernel };
	int r;

	if (!o->metrics.count && !o->changes) {
		ret->runs = runs;
		return 0;
	}
	r = history_check_metrics(runs, &o->metrics, err);
	if (r == 0)
		r = history_make(ret, runs, &wish, err);
	if (r == 0)
		r = history_check_found(ret, &o->metrics, err);
	return r < 0 ? r : history_judge(ret, o->alpha, err);
}

static int show(const struct history_options *o, struct runs *runs, struct error *err)
{
	_cleanup_history_ struct history history = {};
	int r = history_select(runs, &o->suites, &o->scenarios, &o->kernels, err);

	if (r == 0)
		r = make(o, runs, &history, err);
	if (r < 0)
		return r;
	r = print(o, &history);
	if (r == 0 && fflush(stdout) == EOF)
		r = -errno;
	if (r < 0)
		return error_set(err, r, "print the history");
	return o->out ? draw(o, &history, err) : 0;
}

/* What is left out is told, and is no reason to keep the rest back. */
static int find(const struct history_options *o, struct runs *ret, int count, char **dirs,
		struct error *err)
{
	bool all = o->changes && !o->metrics.count;
	int r = runs_find(ret, dirs, (size_t)count, all ? NULL : &o->metrics, err);

	if (r < 0)
		return r;
	if (ret->count == 0 && ret->problems.count == 1)
		return error_say(err, -ENOENT, "%s", ret->problems.items[0]);
	for (size_t i = 0; i < ret->problems.count; i++)
		fprintf(stderr, "wring: left out: %s\n", ret->problems.items[i]);
	return ret->count ? 0 : error_say(err, -ENOENT, "there is no run that could be read");
}

static int run(void *opts, int argc, char **argv)
{
	struct history_options *o = opts;
	_cleanup_runs_ struct runs runs = {};
	struct error err = {};
	int r;

	if (o->out && !o->metrics.count)
		r = error_say(&err, -EINVAL,
			      "--out draws a metric: name it, as --metric "
			      "reclaim.scanned (wring list metrics has all)");
	else if (o->alpha <= 0 || o->alpha >= 0.5)
		r = error_say(&err, -EINVAL, "--alpha is above 0 and below 0.5, as 0.05");
	else if (history_expand_metrics(&o->metrics) < 0)
		r = error_set(&err, -ENOMEM, "history");
	else
		r = find(o, &runs, argc, argv, &err);
	if (r == 0)
		r = show(o, &runs, &err);
	return r < 0 ? fail(&err) : EXIT_DONE;
}

const struct command cmd_history = {
	.name = "history",
	.arguments = "DIR... [--metric NAME | --changes] [OPTION ...]",
	.summary = "Lists runs over time, and finds the run with which a metric changed",
	.details = "DIR is a run, or a folder that holds runs at any depth, as wring-results/tour. "
		   "Without\n"
		   "--metric and --changes: a line a run. --metric has a line a run for each "
		   "scenario and\n"
		   "kernel, the median of the seeds with their range, and the changes of level "
		   "(E-divisive\n"
		   "means, of the medians), with what differs between the runs on either side.",
	.options = options,
	.options_size = sizeof(struct history_options),
	.arguments_min = 1,
	.arguments_max = -1,
	.run = run,
};
