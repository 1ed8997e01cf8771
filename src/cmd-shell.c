// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/vm/accel.h"
#include "harness/vm/kernel-needs.h"
#include "harness/vm/shell.h"
#include "src/cleanup.h"
#include "src/command.h"
#include "src/run-options.h"
#include "src/scenario-name.h"

struct shell_options {
	bool vm;
	char *kernel, *modules;
	struct strlist set;
	int accel; /* enum accel_wish */
};

static const struct option_spec shell_options[] = {
	OPTION_BOOL(struct shell_options, vm, .name = "vm",
		    .help = "in a virtual machine; there is no other way"),
	OPTION_STRING(struct shell_options, kernel, .name = "kernel", .meta = "K",
		      .fallback = RUN_KERNEL_DEFAULT,
		      .help = "a cached kernel, a bzImage's path, or a built kernel tree"),
	OPTION_STRING(struct shell_options, modules, .name = "modules", .meta = "DIR",
		      .help = "modules of a kernel that is given by its path"),
	OPTION_LIST(struct shell_options, set, .name = "set", .meta = "KEY=VALUE",
		    .help = "set a key of the scenario, or machine.KEY; may be repeated"),
	OPTION_CHOICE(struct shell_options, accel, .name = "accel", .fallback = "auto",
		      .choices = run_accels, .help = "KVM where it boots guests, or which one"),
	{}
};

static void say(const char *line)
{
	fprintf(stderr, "%s\n", line);
}

static int run(void *options, int argc, char **argv)
{
	const struct shell_options *o = options;
	struct shell_args args = {};
	struct kernel *kernel = NULL;
	struct suite *suite = NULL;
	_cleanup_free_ char *cache = NULL;
	struct error err = {};
	int exit_code = EXIT_BAD_INPUT, r;

	(void)argc;
	r = scenario_find(argv[0], &o->set, NULL, &suite, &args.scenario, NULL, &err);
	if (r == 0) {
		exit_code = EXIT_ENVIRONMENT;
		r = cache_dir(&cache, &err);
	}
	if (r == 0)
		r = kernel_find(&kernel, o->kernel, o->modules, &err);
	if (r == 0)
		r = kernel_needs_check(&kernel, 1, suite, &err);
	if (r == 0)
		r = accel_choose((enum accel_wish)o->accel, MACHINE_CLOCK_WALL, kernel, cache, say,
				 &args.accel, &err);
	if (r == 0) {
		args.suite = suite;
		args.kernel = kernel;
		args.cache = cache;
		fprintf(stderr, "Booting %s...\n", kernel->name);
		r = vm_shell(&args, &err);
	}
	kernel_free(kernel);
	suite_free(suite);
	return r < 0 ? command_fail(exit_code, &err) : EXIT_DONE;
}

const struct command cmd_shell = {
	.name = "shell",
	.arguments = "--vm SUITE/SCENARIO [--kernel K] [OPTION ...]",
	.summary = "Gives a shell in a scenario's VM, as its workloads would find it",
	.details =
		"The machine is made as the suite says, in real time; the scenario's knobs are set "
		"and its\n"
		"cgroups made. Nothing is measured. «exit» turns it off.",
	.options = shell_options,
	.options_size = sizeof(struct shell_options),
	.arguments_min = 1,
	.arguments_max = 1,
	.run = run,
};
