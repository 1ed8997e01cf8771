// SPDX-License-Identifier: GPL-2.0-or-later
#include "src/run-options.h"

#include <errno.h>

#include "src/macro.h"

const char *const run_clocks[] = { "insn", "wall", NULL };

/* clang-format off: a table's rows, twice */
#define SHARED_OPTIONS                                                                             \
	OPTION_BOOL(struct run_options, vm, .name = "vm",                                          \
		    .help = "run each trial in a virtual machine of the suite's shape"),           \
		OPTION_LIST(                                                                       \
			struct run_options, kernels, .name = "kernel", .meta = "K",                \
			.help = "a cached kernel or a bzImage's path; once for each to compare"),  \
		OPTION_STRING(struct run_options, seeds, .name = "seeds", .meta = "LIST",          \
			      .help = "instead of the suite's, as 1..5 or 1,4,7..9"),              \
		OPTION_U64(struct run_options, jobs, .name = "jobs", .fallback = "1", .min = 1,    \
			   .max = 256, .help = "virtual machines side by side"),                   \
		OPTION_LIST(struct run_options, only, .name = "only", .meta = "GLOB",              \
			    .help = "scenarios of these names; may be repeated"),                  \
		OPTION_LIST(                                                                       \
			struct run_options, set, .name = "set", .meta = "KEY=VALUE",               \
			.help = "set a key in every scenario, or machine.KEY; may be repeated"),   \
		OPTION_CHOICE(struct run_options, clock, .name = "clock", .fallback = "insn",      \
			      .choices = run_clocks,                                               \
			      .help = "the VM's: instructions counted, or real time")
/* clang-format on */

const struct option_spec plan_options[] = { SHARED_OPTIONS, {} };

const struct option_spec run_options[] = {
	SHARED_OPTIONS,
	OPTION_LIST(struct run_options, modules, .name = "modules", .meta = "DIR",
		    .help = "modules of a kernel that is given by its path; in the kernels' order"),
	OPTION_STRING(struct run_options, out, .name = "out", .meta = "DIR",
		      .help = "where the records go (default wring-results/SUITE/TIME)"),
	OPTION_BOOL(struct run_options, resume, .name = "resume",
		    .help = "keep the trials that --out has already"),
	OPTION_BOOL(struct run_options, quiet, .name = "quiet", .help = "no line for each trial"),
	{}
};

int run_options_check(const struct run_options *o, struct error *err)
{
	for (size_t i = 0; i < o->kernels.count && !o->vm; i++)
		if (!streq(o->kernels.items[i], "host"))
			return error_say(err, -EINVAL,
					 "--kernel %s needs --vm: without it, trials run on this "
					 "machine's own kernel",
					 o->kernels.items[i]);
	for (size_t i = 0; i < o->kernels.count && o->vm; i++)
		if (streq(o->kernels.items[i], "host"))
			return error_say(
				err, -EINVAL,
				"--kernel host is this machine's own kernel: leave out --vm");
	for (size_t i = 0; i < o->kernels.count; i++)
		for (size_t j = 0; j < i; j++)
			if (streq(o->kernels.items[i], o->kernels.items[j]))
				return error_say(err, -EINVAL, "--kernel %s is given twice",
						 o->kernels.items[i]);
	if (o->jobs > 1 && !o->vm)
		return error_say(err, -EINVAL,
				 "--jobs %llu needs --vm: trials side by side on one "
				 "kernel would measure each other",
				 (unsigned long long)o->jobs);
	if (o->modules.count && !o->kernels.count)
		return error_say(err, -EINVAL, "--modules needs --kernel with a bzImage's path");
	if (o->resume && !o->out)
		return error_say(err, -EINVAL, "--resume needs --out: which run to go on with");
	return 0;
}
