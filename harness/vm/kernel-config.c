// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/kernel-config.h"

#include <errno.h>
#include <string.h>

#include "harness/vm/kernel-needs.h"
#include "src/cleanup.h"
#include "src/macro.h"
#include "src/strlist.h"

/*
 * What isn't on by Kconfig's own defaults, and no need of one suite alone. A kernel that boots has
 * it: it isn't checked.
 */
static const struct {
	const char *about, *options;
} basics[] = {
	{ "a machine with a bus, a console and a clock",
	  "64BIT SMP ACPI PCI TTY SERIAL_8250 HYPERVISOR_GUEST PVH HIGH_RES_TIMERS NO_HZ_IDLE "
	  "HZ_250" },
	{ "where the lab's guest finds its order and leaves its record",
	  "PROC_FS PROC_PAGE_MONITOR SYSFS X86_IOPL_IOPERM" },
	{ "the counters", "VM_EVENT_COUNTERS PSI SCHEDSTATS TASKSTATS TASK_DELAY_ACCT TASK_XACCT "
			  "TASK_IO_ACCOUNTING KALLSYMS" },
	{ "cgroups with all controllers",
	  "CGROUPS CGROUP_SCHED FAIR_GROUP_SCHED CPUSETS BLK_CGROUP CGROUP_PIDS" },
	{ "what the options below depend on",
	  "NET BLOCK BLK_DEV CRYPTO ZSMALLOC DEBUG_FS FTRACE ENABLE_DEFAULT_TRACERS" },
};

/* Options that have not been written yet, under what they are for. */
static int write_options(FILE *f, struct strlist *written, const char *about, const char *options,
			 const char *between, bool all)
{
	_cleanup_free_ char *copy = strdup(options);
	char *rest = copy, *option;
	bool headed = false;

	if (!copy)
		return -ENOMEM;
	while ((option = strsep(&rest, between))) {
		if (!strlist_contains(written, option)) {
			if (!headed)
				fprintf(f, "\n# %s\n", about);
			headed = true;
			fprintf(f, "CONFIG_%s=y\n", option);
			if (strlist_add(written, option) < 0)
				return -ENOMEM;
		}
		if (!all)
			break;
	}
	return 0;
}

int kernel_config_write(FILE *f, const struct suite *suite)
{
	_cleanup_strlist_ struct strlist written = {};
	struct kernel_need *needs;
	size_t count;
	int r = kernel_needs(suite, &needs, &count);

	if (r < 0)
		return r;
	fprintf(f, "# What %s%s needs of a kernel: make KCONFIG_ALLCONFIG=FILE alldefconfig\n",
		suite ? "the suite " : "any suite", suite ? suite->name : "");
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(basics); i++)
		r = write_options(f, &written, basics[i].about, basics[i].options, " ", true);
	/* Of those that are for one release or another, a kernel takes what it knows. */
	for (size_t i = 0; r == 0 && i < count; i++)
		r = write_options(f, &written, needs[i].why, needs[i].options, "|",
				  needs[i].compressor);
	kernel_needs_free(needs, count);
	return r < 0 ? r : ferror(f) ? -EIO : 0;
}
