// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/probe.h"
#include "src/command.h"

static const struct {
	const char *title, *yes, *no;
} uses[PROBE_USES] = {
	[PROBE_HOST] = { "Trials on this host", "ready: wring run SUITE", "not possible here" },
	[PROBE_VM] = { "Trials in VMs", "ready: wring run SUITE --vm --kernel NAME",
		       "something is missing" },
	[PROBE_PLOT] = { "Plots", "ready: wring plot RUN", "something is missing" },
	[PROBE_INFO] = { "This machine", "", "" },
};

static int run(void *options, int argc, char **argv)
{
	_cleanup_fsroot_ struct fsroot fs = { -1, -1, -1 };
	struct error err = {};
	struct probe probe;

	(void)options;
	(void)argc;
	(void)argv;
	if (fsroot_open(&fs, "/", &err) < 0)
		return command_fail(EXIT_ENVIRONMENT, &err);
	probe_run(&probe, &fs);
	for (int use = 0; use < PROBE_USES; use++) {
		bool ok = probe_ok(&probe, (enum probe_use)use);

		printf("%s%s%s\n", uses[use].title, *uses[use].yes ? ": " : "",
		       ok ? uses[use].yes : uses[use].no);
		for (size_t i = 0; i < probe.count; i++)
			if ((int)probe.items[i].use == use)
				printf("  %-3s %-10s %s\n", probe.items[i].ok ? "ok" : "--",
				       probe.items[i].name, probe.items[i].detail);
	}
	return probe_ok(&probe, PROBE_HOST) || probe_ok(&probe, PROBE_VM) ? EXIT_DONE
									  : EXIT_ENVIRONMENT;
}

const struct command cmd_check = {
	.name = "check",
	.arguments = "",
	.summary = "Says what can run here and what is missing, each with the cure",
	.run = run,
};
