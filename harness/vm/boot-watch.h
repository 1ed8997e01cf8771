/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Whether a booting machine hangs: its console has been silent for too much of QEMU's own CPU time,
 * or of real time, for one that waits for ever. CPU time, because on a loaded machine a sound boot
 * may be silent for minutes.
 */
struct boot_watch {
	uint64_t size; /* what the guest had printed when it last printed */
	uint64_t cpu_ns, real_ns;
};

void boot_watch_begin(struct boot_watch *w);

/* size: bytes that the guest has printed by now. */
bool boot_watch_hangs(struct boot_watch *w, pid_t qemu, uint64_t size);

/* CPU time of a process, all threads, in ns; 0 when it is gone. */
uint64_t process_cpu_ns(pid_t pid);
