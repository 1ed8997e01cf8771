// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "src/bisect/bisect-git.h"
#include "src/bisect/bisect-names.h"
#include "src/bisect/bisect-step.h"
#include "src/cleanup.h"
#include "src/command.h"
#include "src/file.h"
#include "src/macro.h"

#define SEEDS_DEFAULT "1..8" /* the fewest that can tell */

struct bisect_options {
	struct run_options run; /* seeds, jobs, set */
	char *good, *bad, *config, *out, *kernel, *modules;
	struct strlist series, make;
	bool first_parent, resume, step, verbose;
};

static const struct option_spec bisect_options[] = {
	OPTION_STRING(struct bisect_options, good, .name = "good", .meta = "K",
		      .help = "a commit, TREE@REV, or a kernel's name; --step: a run or baseline"),
	OPTION_STRING(struct bisect_options, bad, .name = "bad", .meta = "K",
		      .help = "the same, later than good"),
	OPTION_LIST(struct bisect_options, series, .name = "series", .meta = "K,K,...",
		    .help = "names: the kernels from good to bad, instead of all releases"),
	OPTION_STRING(
		struct bisect_options, config, .name = "config", .meta = "FILE",
		.help = "commits: build with it, not with the tree's .config or the suite's needs"),
	OPTION_LIST(struct bisect_options, make, .name = "make", .meta = "WORD",
		    .help = "commits: one more argument for make, as LLVM=1; may be repeated"),
	OPTION_BOOL(struct bisect_options, first_parent, .name = "first-parent",
		    .help = "commits: go along first parents, so that a merge is one step"),
	OPTION_BOOL(struct bisect_options, step, .name = "step",
		    .help = "judge --kernel alone, with exit codes for git bisect run"),
	OPTION_STRING(struct bisect_options, kernel, .name = "kernel", .meta = "K",
		      .help = "--step: the kernel, as for wring run"),
	OPTION_STRING(struct bisect_options, modules, .name = "modules", .meta = "DIR",
		      .help = "--step: modules of a kernel that is given by its path"),
	OPTION_STRING(struct bisect_options, run.seeds, .name = "seeds", .meta = "LIST",
		      .help = "of each kernel (default 1..8; --step: those of both runs)"),
	OPTION_LIST(struct bisect_options, run.set, .name = "set", .meta = "KEY=VALUE",
		    .help = "set a key of the scenario, or machine.KEY; may be repeated"),
	OPTION_U64(struct bisect_options, run.jobs, .name = "jobs", .fallback = "0", .max = 256,
		   .help = "virtual machines side by side; 0: one for each CPU"),
	OPTION_STRING(struct bisect_options, out, .name = "out", .meta = "DIR",
		      .help = "where the records go (default wring-results/bisect/TIME)"),
	OPTION_BOOL(struct bisect_options, resume, .name = "resume",
		    .help = "go on with the bisection in --out: what was tested is not run again"),
	OPTION_BOOL(struct bisect_options, verbose, .name = "verbose",
		    .help = "a line for each trial, too"),
	{}
};

/* ---- the records' directory ---- */

static char *default_out(void)
{
	time_t now = time(NULL);
	char stamp[40];
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm);
	return text_format("wring-results/bisect/%s", stamp);
}

/* What all runs below a directory must have in common; seeds may be added. */
static json_t *identity(const struct bisect_options *o, const struct suite *suite,
			const struct scenario *scenario)
{
	json_t *json = suite_json(suite, scenario), *item, *make = json_array();
	size_t i;

	json_array_foreach (json_object_get(json, "scenarios"), i, item) {
		json_object_del(item, "seeds");
		json_object_del(item, "gate");
	}
	for (i = 0; i < o->make.count; i++)
		json_array_append_new(make, json_string(o->make.items[i]));
	return json_pack("{s:o, s:s?, s:o}", "suite", json, "config", o->config, "make", make);
}

static int check_identity(const char *dir, const json_t *want, const char *path, struct error *err)
{
	json_t *have = json_load_file(path, 0, NULL);
	bool same = have && json_equal(have, want);
	bool there = have != NULL;

	json_decref(have);
	if (same)
		return 0;
	return there ? error_say(err, -EINVAL,
				 "%s is of another scenario, --set, --config or --make: choose "
				 "another --out",
				 dir)
		     : error_say(err, -EINVAL, "%s is no bisection that could be resumed", dir);
}

static int make_dir(const struct bisect_options *o, const char *dir, const struct suite *suite,
		    const struct scenario *scenario, bool *ret_made, struct error *err)
{
	_cleanup_free_ char *path = path_join(dir, "bisect.json"), *text = NULL;
	json_t *json = identity(o, suite, scenario);
	bool old = access(dir, F_OK) == 0 && rmdir(dir) < 0;
	int r = 0;

	text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;
	if (!path || !text)
		r = error_set(err, -ENOMEM, "bisect");
	else if (old && !o->resume)
		r = error_say(err, -EINVAL,
			      "%s is not empty: choose another --out, or --resume the bisection in "
			      "it",
			      dir);
	else if (old)
		r = check_identity(dir, json, path, err);
	else
		r = dir_make(dir, err);
	if (r == 0 && !old)
		r = file_write_atomic(AT_FDCWD, path, text, strlen(text), err);
	json_decref(json);
	*ret_made = !old && r == 0;
	return r;
}

/* What nothing was tested in is not left behind. */
static void drop_unused(const char *dir)
{
	_cleanup_free_ char *steps = path_join(dir, "steps");

	if (steps && access(steps, F_OK) < 0)
		dir_remove(AT_FDCWD, dir, NULL);
}

/* ---- a whole bisection ---- */

struct search {
	struct bisect_names *names;
	struct bisect_git *git;
	struct bisect_source source;
};

static int same_tree(const char *a, const char *b, struct error *err)
{
	_cleanup_free_ char *x = realpath(a, NULL), *y = realpath(b, NULL);

	return x && y && streq(x, y)
		       ? 0
		       : error_say(err, -EINVAL, "good and bad are of two trees, %s and %s", a, b);
}

static int open_git(struct search *s, const struct bisect_options *o, const char *dir,
		    const struct suite *suite, const char *tree, const char *good, const char *bad,
		    struct error *err)
{
	const struct bisect_git_args args = { .tree = tree,
					      .good = good,
					      .bad = bad,
					      .dir = dir,
					      .config = o->config,
					      .suite = suite,
					      .make = &o->make,
					      .first_parent = o->first_parent };
	int r;

	if (o->series.count)
		return error_say(err, -EINVAL, "--series is for kernels with names, not commits");
	r = bisect_git_open(&s->git, &args, err);
	if (r == 0)
		s->source = bisect_git_source(s->git);
	return r;
}

/* Of commits when both ends are TREE@REV, else of names. */
static int open_search(struct search *s, const struct bisect_options *o, const char *dir,
		       const struct suite *suite, struct error *err)
{
	_cleanup_free_ char *tree = NULL, *good = NULL, *other = NULL, *bad = NULL;
	bool a = bisect_git_split(o->good, &tree, &good);
	bool b = bisect_git_split(o->bad, &other, &bad);
	int r;

	if (a != b)
		return error_say(err, -EINVAL,
				 "one end is a commit (TREE@REV) and the other is not: %s and %s",
				 o->good, o->bad);
	if (a && (!tree || !good || !other || !bad))
		return error_set(err, -ENOMEM, "bisect");
	if (a) {
		r = same_tree(tree, other, err);
		return r < 0 ? r : open_git(s, o, dir, suite, tree, good, bad, err);
	}
	if (o->config || o->make.count || o->first_parent)
		return error_say(err, -EINVAL,
				 "--config, --make and --first-parent are for commits: --good and "
				 "--bad TREE@REV, TREE being a directory");
	r = bisect_names_open(&s->names, o->good, o->bad, &o->series, err);
	if (r == 0)
		s->source = bisect_names_source(s->names);
	return r;
}

static int bisect(struct bisect_options *o, const char *what, const char *metric, struct error *err)
{
	_cleanup_free_ char *dir = o->out ? strdup(o->out) : default_out(), *suite_name = NULL;
	struct measure m = { .metric = metric, .run = &o->run };
	struct suite *suite = NULL;
	struct search s = {};
	int exit_code = EXIT_BAD_INPUT, r;
	bool made = false;

	if (!o->run.seeds)
		o->run.seeds = strdup(SEEDS_DEFAULT);
	r = dir && o->run.seeds ? measure_find(&m, what, &suite, &suite_name, err)
				: error_set(err, -ENOMEM, "bisect");
	if (r == 0)
		r = make_dir(o, dir, suite, m.scenario, &made, err);
	if (r == 0)
		r = open_search(&s, o, dir, suite, err);
	if (r == 0) {
		const struct bisect_args args = { .source = &s.source, .measure = &m, .dir = dir };

		exit_code = bisect_run(&args, err);
	} else if (r != -EINVAL && r != -ENOENT) {
		exit_code = EXIT_ENVIRONMENT;
	}
	bisect_names_close(s.names);
	bisect_git_close(s.git);
	if (made)
		drop_unused(dir);
	suite_free(suite);
	return exit_code;
}

/* ---- one step of somebody else's ---- */

static int step(const struct bisect_options *o, const char *what, const char *metric,
		struct error *err)
{
	const struct bisect_step args = { .good = o->good,
					  .bad = o->bad,
					  .what = what,
					  .metric = metric,
					  .kernel = o->kernel,
					  .modules = o->modules,
					  .out = o->out ? o->out : "wring-results/bisect-step",
					  .run = &o->run };

	return bisect_step(&args, err);
}

/* What is for one way of calling alone. */
static int check(const struct bisect_options *o, struct error *err)
{
	if (!o->good || !o->bad)
		return error_say(err, -EINVAL, "--good and --bad are needed");
	if (o->step && !o->kernel)
		return error_say(err, -EINVAL, "--step needs --kernel: what is judged");
	if (o->step &&
	    (o->series.count || o->config || o->make.count || o->first_parent || o->resume))
		return error_say(
			err, -EINVAL,
			"--step judges a kernel that is built: --series, --config, --make, "
			"--first-parent and --resume are for whole bisections");
	if (!o->step && (o->kernel || o->modules))
		return error_say(err, -EINVAL, "--kernel and --modules are for --step");
	if (o->resume && !o->out)
		return error_say(err, -EINVAL,
				 "--resume needs --out: which bisection to go on with");
	return 0;
}

static int bisect_main(void *options, int argc, char **argv)
{
	struct bisect_options *o = options;
	struct error err = {};
	int code;

	(void)argc;
	o->run.quiet = !o->verbose;
	if (check(o, &err) < 0)
		code = EXIT_BAD_INPUT + (o->step ? BISECT_STEP_ABORT : 0);
	else
		code = o->step ? step(o, argv[0], argv[1], &err)
			       : bisect(o, argv[0], argv[1], &err);
	return err.code < 0 ? command_fail(code, &err) : code;
}

/* To git bisect run, 2 would mean that the commit is bad. */
static int misused(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (streq(argv[i], "--step"))
			return BISECT_STEP_ABORT + EXIT_BAD_INPUT;
	return EXIT_BAD_INPUT;
}

const struct command cmd_bisect = {
	.name = "bisect",
	.arguments = "--good K --bad K SUITE/SCENARIO METRIC [OPTION ...]",
	.summary = "Finds the commit or the release with which a metric changed",
	.details =
		"K is TREE@REV, a commit in a git repository of kernel sources, which is built; or "
		"a name,\n"
		"as debian/6.1.0-50: then the releases between are searched, or the --series. "
		"Each kernel\n"
		"runs the scenario in VMs with the same seeds, and is judged by which end it is "
		"like. One\n"
		"that does not build, boot or run is skipped.\n"
		"Exit code: 0 found, 2 bad input, 3 good and bad can't be told apart (says the "
		"seeds), or\n"
		"only skipped ones are left; 4 an end is invalid, 5 something is missing here.\n"
		"With --step: 0 good, 1 bad, 125 skip, 128 and more: git bisect run stops.",
	.options = bisect_options,
	.options_size = sizeof(struct bisect_options),
	.arguments_min = 2,
	.arguments_max = 2,
	.run = bisect_main,
	.misused = misused,
};
