// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/suite/policy.h"
#include "results/gate/gate-make.h"
#include "results/compare/noise.h"
#include "src/cleanup.h"
#include "src/command.h"
#include "src/gate-auto.h"
#include "src/gate-output.h"
#include "src/macro.h"
#include "src/noise-file.h"

struct gate_options {
	struct run_options run; /* first: run_options's tables are used as they are */
	char *policy;
	struct gate_files files;
	bool uncalibrated;
	bool sequential;
	uint64_t max_seeds;
};

#define RUN_LIST(field, ...)   OPTION_LIST(struct gate_options, run.field, __VA_ARGS__)
#define RUN_STRING(field, ...) OPTION_STRING(struct gate_options, run.field, __VA_ARGS__)

static const struct option_spec gate_options[] = {
	OPTION_STRING(struct gate_options, policy, .name = "policy", .meta = "FILE",
		      .help = "margins from this file instead of the suite's"),
	OPTION_STRING(struct gate_options, files.junit, .name = "junit", .meta = "FILE",
		      .help = "write the verdict as JUnit XML, too"),
	OPTION_STRING(struct gate_options, files.ktap, .name = "ktap", .meta = "FILE",
		      .help = "write it as KTAP, too"),
	OPTION_STRING(struct gate_options, files.markdown, .name = "markdown", .meta = "FILE",
		      .help = "write it as Markdown, fit for a pull request, too"),
	OPTION_BOOL(struct gate_options, uncalibrated, .name = "uncalibrated",
		    .help = "judge real time without knowing this machine's noise"),
	OPTION_BOOL(struct gate_options, sequential, .name = "auto",
		    .help = "run the suite on two kernels, in turns, until the verdict stands"),
	OPTION_U64(struct gate_options, max_seeds, .name = "max-seeds", .fallback = "64", .min = 16,
		   .max = 729, .help = "--auto: give up after so many"),
	RUN_LIST(kernels, .name = "kernel", .meta = "K", .help = "--auto: the base, then the new"),
	RUN_LIST(modules, .name = "modules", .meta = "DIR",
		 .help = "--auto: modules of a kernel that is given by its path"),
	RUN_LIST(only, .name = "only", .meta = "GLOB",
		 .help = "scenarios of these names alone; may be repeated"),
	RUN_LIST(set, .name = "set", .meta = "KEY=VALUE",
		 .help = "--auto: set a key in every scenario"),
	OPTION_U64(struct gate_options, run.jobs, .name = "jobs", .fallback = "0", .max = 256,
		   .help = "--auto: virtual machines side by side; 0: one for each CPU"),
	OPTION_CHOICE(struct gate_options, run.clock, .name = "clock", .fallback = "insn",
		      .choices = run_clocks, .help = "--auto: instructions counted, or real time"),
	RUN_STRING(out, .name = "out", .meta = "DIR",
		   .help = "--auto: where the records go (default wring-results/gate-auto/TIME)"),
	OPTION_BOOL(struct gate_options, run.quiet, .name = "quiet",
		    .help = "--auto: no line for each trial"),
	{}
};

/* ---- what it is judged by ---- */

struct inputs {
	json_t *policy;
	struct noise noise;
	struct compare_rules rules;
	struct gate_rules gate_rules;
};

static void inputs_done(struct inputs *in)
{
	json_decref(in->policy);
	noise_done(&in->noise);
}

static int read_inputs(struct inputs *in, const struct gate_options *o, struct error *err)
{
	in->rules = compare_rules_default;
	in->rules.gated_only = true;
	in->gate_rules =
		(struct gate_rules){ .power = GATE_POWER, .uncalibrated = o->uncalibrated };
	if (!o->policy)
		return 0;
	if (policy_load(&in->policy, o->policy, err) < 0)
		return err->code;
	in->rules.policy = in->policy;
	return 0;
}

static int finish(const struct gate *gate, const struct gate_options *o, struct error *err)
{
	int r = gate_output(&gate->report, &o->files, err);

	return r < 0 ? r : gate_exit_code(gate->report.outcome);
}

/* ---- two sides ---- */

static int judge_sides(const struct gate_options *o, struct inputs *in, char **argv, int *ret_exit,
		       struct error *err)
{
	struct side *base = NULL, *fresh = NULL;
	struct comparison *c = NULL;
	struct gate gate = {};
	int r = side_open(&base, argv[0], err);

	*ret_exit = EXIT_BAD_INPUT;
	if (r == 0)
		r = side_open(&fresh, argv[1], err);
	if (r == 0)
		r = side_only(base, &o->run.only, err);
	if (r == 0)
		r = side_only(fresh, &o->run.only, err);
	if (r == 0 && side_name_pair(base, fresh) < 0)
		r = error_set(err, -ENOMEM, "gate");
	if (r == 0)
		r = noise_of_side(&in->noise, fresh, err);
	in->rules.noise = in->noise.floor;
	if (r == 0)
		r = compare_sides(&c, base, fresh, &in->rules, err);
	if (r == 0)
		r = gate_make(&gate, c, &in->rules, &in->gate_rules, err);
	if (r == 0) {
		*ret_exit = EXIT_ENVIRONMENT;
		r = finish(&gate, o, err);
	}
	gate_done(&gate);
	comparison_free(c);
	side_close(base);
	side_close(fresh);
	return r;
}

/* ---- sequential ---- */

static int judge_auto(struct gate_options *o, struct inputs *in, char **argv, int *ret_exit,
		      struct error *err)
{
	struct auto_gate a = { .run = &o->run,
			       .suite = argv[0],
			       .max_seeds = o->max_seeds,
			       .rules = in->rules,
			       .gate_rules = in->gate_rules };
	struct auto_result result;
	int r;

	*ret_exit = EXIT_BAD_INPUT;
	if (o->run.kernels.count != 2)
		return error_say(err, -EINVAL,
				 "--auto needs --kernel twice: the base, then the new one");
	r = gate_auto(&a, &result, ret_exit, err);
	if (r == 0) {
		*ret_exit = EXIT_ENVIRONMENT;
		r = finish(&result.gate, o, err);
	}
	if (r >= 0)
		printf("\nRecords: %s\n", result.dir);
	auto_result_done(&result);
	return r;
}

/* What is for one way of calling alone. */
static int check(const struct gate_options *o, int argc, struct error *err)
{
	if (o->sequential && argc != 1)
		return error_say(err, -EINVAL, "--auto takes one argument: the suite that it runs");
	if (!o->sequential && argc != 2)
		return error_say(err, -EINVAL,
				 "two arguments are needed, the base and the new side; or --auto "
				 "with a suite and two kernels");
	if (!o->sequential &&
	    (o->run.kernels.count || o->run.set.count || o->run.out || o->run.modules.count))
		return error_say(
			err, -EINVAL,
			"--kernel, --modules, --set and --out are for --auto: BASE and NEW "
			"have been run");
	return 0;
}

static int gate_main(void *options, int argc, char **argv)
{
	struct gate_options *o = options;
	struct inputs in = {};
	struct error err = {};
	int exit_code = EXIT_BAD_INPUT, r = check(o, argc, &err);

	if (r == 0)
		r = read_inputs(&in, o, &err);
	if (r == 0)
		r = o->sequential ? judge_auto(o, &in, argv, &exit_code, &err)
				  : judge_sides(o, &in, argv, &exit_code, &err);
	inputs_done(&in);
	return r < 0 ? command_fail(exit_code, &err) : r;
}

const struct command cmd_gate = {
	.name = "gate",
	.arguments = "BASE NEW [OPTION ...] | --auto --kernel A --kernel B SUITE",
	.summary = "Judges whether NEW is worse than BASE, by the suite's margins",
	.details = "BASE and NEW are as for wring compare; BASE may be a baseline's file, or a "
		   "shipped\n"
		   "one's name (gate-debian-6.12). What is judged, and by which margins, is the "
		   "suite's\n"
		   "«gate:» or the --policy's.\n"
		   "Exit code: 0 pass, 1 a regression, 3 too few seeds (says how many there must "
		   "be),\n"
		   "4 it can't be judged (says why), 2 and 5 as everywhere.",
	.options = gate_options,
	.options_size = sizeof(struct gate_options),
	.arguments_min = 1,
	.arguments_max = 2,
	.run = gate_main,
};
