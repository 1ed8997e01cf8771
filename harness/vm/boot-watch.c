// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/boot-watch.h"

#include <time.h>

#include "workloads/workload.h"

#define SECOND UINT64_C(1000000000)
/* A whole boot takes some six seconds of QEMU's CPU time. */
#define QUIET_CPU_NS  (30 * SECOND)
#define QUIET_REAL_NS (600 * SECOND)

uint64_t process_cpu_ns(pid_t pid)
{
	struct timespec used;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &used) < 0)
		return 0;
	return (uint64_t)used.tv_sec * SECOND + (uint64_t)used.tv_nsec;
}

void boot_watch_begin(struct boot_watch *w)
{
	*w = (struct boot_watch){ .real_ns = workload_clock() };
}

bool boot_watch_hangs(struct boot_watch *w, pid_t qemu, uint64_t size)
{
	uint64_t cpu_ns = process_cpu_ns(qemu), real_ns = workload_clock();

	if (size != w->size)
		*w = (struct boot_watch){ size, cpu_ns, real_ns };
	return cpu_ns > w->cpu_ns + QUIET_CPU_NS || real_ns - w->real_ns > QUIET_REAL_NS;
}
