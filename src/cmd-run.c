// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>

#include "results/show.h"
#include "results/store.h"
#include "src/command.h"
#include "src/macro.h"
#include "src/run-suite.h"

static int report(const char *dir, const struct run_summary *summary)
{
	struct error err = {};
	struct run *run;
	int verdict;

	if (run_open(&run, dir, &err) < 0)
		return command_fail(EXIT_ENVIRONMENT, &err);
	verdict = show_run(stdout, run, false);
	run_close(run);
	printf("\n%zu trials: %zu done, %zu kept, %zu failed%s\nRecords: %s\nPlots:   wring plot "
	       "%s\n",
	       summary->trials, summary->done, summary->kept, summary->failed,
	       summary->interrupted ? "; interrupted: --resume goes on" : "", dir, dir);
	if (verdict < 0)
		return EXIT_ENVIRONMENT;
	return summary->interrupted || summary->failed ? MAX(verdict, EXIT_INVALID) : verdict;
}

static int run(void *options, int argc, char **argv)
{
	struct run_outcome outcome;
	struct error err = {};
	int exit_code;

	(void)argc; /* the table says: exactly one */
	if (run_suite(options, argv[0], &outcome, &err) < 0)
		return command_fail(outcome.exit_code, &err);
	exit_code = report(outcome.dir, &outcome.summary);
	free(outcome.dir);
	return exit_code;
}

const struct command cmd_run = {
	.name = "run",
	.arguments = "SUITE [--vm --kernel K ...] [OPTION ...]",
	.summary = "Runs a suite's trials, on this host or in VMs, and prints their metrics",
	.details = "SUITE is a path, or a shipped suite's name (wring list suites). On a host it "
		   "takes root and\n"
		   "cgroup v2; with --vm neither: each trial runs on a real kernel in QEMU, whose "
		   "clock counts\n"
		   "instructions, so that the same trial gives the same figures on every machine.",
	.options = run_options,
	.options_size = sizeof(struct run_options),
	.arguments_min = 1,
	.arguments_max = 1,
	.run = run,
};
