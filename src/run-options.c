// SPDX-License-Identifier: GPL-2.0-or-later
#include "src/run-options.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"

/* What a QEMU takes besides its guest's memory: translated code and the files that it is given. */
#define QEMU_BYTES (UINT64_C(400) << 20)

const char *const run_clocks[] = { "insn", "wall", NULL };
const char *const run_accels[] = { "auto", "kvm", "tcg", NULL };

/* clang-format off: a table's rows, twice */
#define SHARED_OPTIONS                                                                             \
	OPTION_BOOL(struct run_options, vm, .name = "vm",                                          \
		    .help = "run each trial in a virtual machine of the suite's shape"),           \
		OPTION_LIST(struct run_options, kernels, .name = "kernel", .meta = "K",            \
			    .help = "debian/6.12, a bzImage, a built tree, host; once for each "   \
				    "to compare"),                                                 \
		OPTION_STRING(struct run_options, seeds, .name = "seeds", .meta = "LIST",          \
			      .help = "instead of the suite's, as 1..5 or 1,4,7..9"),              \
		OPTION_U64(struct run_options, jobs, .name = "jobs", .fallback = "0", .max = 256,  \
			   .help = "virtual machines side by side; 0: one for each CPU, with "     \
				   "--clock insn"),                                                \
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
	OPTION_CHOICE(struct run_options, accel, .name = "accel", .fallback = "auto",
		      .choices = run_accels,
		      .help = "of a VM in real time: KVM where it boots, or only, or never"),
	OPTION_STRING(struct run_options, out, .name = "out", .meta = "DIR",
		      .help = "where the records go (default wring-results/SUITE/TIME)"),
	OPTION_BOOL(struct run_options, boot, .name = "boot",
		    .help = "boot a VM for each trial, instead of one for each kernel"),
	OPTION_BOOL(struct run_options, verify, .name = "verify",
		    .help = "run each trial twice, and hold the two to be the same"),
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
	for (size_t i = 0; i < o->kernels.count; i++)
		for (size_t j = 0; j < i; j++)
			if (streq(o->kernels.items[i], o->kernels.items[j]))
				return error_say(err, -EINVAL, "--kernel %s is given twice",
						 o->kernels.items[i]);
	if (streq(run_accels[o->accel], "kvm") && (!o->vm || o->clock == RUN_CLOCK_INSN))
		return error_say(
			err, -EINVAL,
			"--accel kvm needs --vm --clock wall: KVM runs at the CPU's speed, "
			"and counts no instructions");
	if (o->jobs > 1 && !o->vm)
		return error_say(err, -EINVAL,
				 "--jobs %llu needs --vm: trials side by side on one "
				 "kernel would measure each other",
				 (unsigned long long)o->jobs);
	if (o->modules.count && !o->kernels.count)
		return error_say(err, -EINVAL, "--modules needs --kernel with a bzImage's path");
	if (o->verify && (!o->vm || o->clock != RUN_CLOCK_INSN))
		return error_say(err, -EINVAL,
				 "--verify needs --vm and --clock insn: in real time no two runs "
				 "are the same");
	if (o->resume && !o->out)
		return error_say(err, -EINVAL, "--resume needs --out: which run to go on with");
	return 0;
}

const char *run_options_kernel(const struct run_options *o, size_t index)
{
	if (!o->vm)
		return "host";
	return index < o->kernels.count ? o->kernels.items[index] : RUN_KERNEL_DEFAULT;
}

/* MemAvailable, in bytes; UINT64_MAX where it can't be told. */
static uint64_t available_memory(void)
{
	_cleanup_free_ char *text = NULL;
	unsigned long long kib;
	const char *at;

	if (file_read(AT_FDCWD, "/proc/meminfo", &text, NULL, NULL) < 0)
		return UINT64_MAX;
	at = strstr(text, "\nMemAvailable:");
	return at && sscanf(at, "\nMemAvailable: %llu kB", &kib) == 1 ? kib << 10 : UINT64_MAX;
}

uint64_t run_options_jobs(const struct run_options *o, uint64_t bytes)
{
	cpu_set_t cpus;
	uint64_t count;

	if (o->jobs)
		return o->jobs;
	if (!o->vm || o->clock != RUN_CLOCK_INSN || sched_getaffinity(0, sizeof(cpus), &cpus) < 0)
		return 1;
	count = MIN((uint64_t)CPU_COUNT(&cpus), available_memory() / (bytes + QEMU_BYTES));
	return MAX(count, (uint64_t)1);
}
