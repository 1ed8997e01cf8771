/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "harness/suite/suite.h"
#include "src/error.h"
#include "src/fsroot.h"

/* What can run here, and what is missing, each with its cure. Looks only; changes nothing. */
enum probe_use { PROBE_HOST, PROBE_VM, PROBE_PLOT, PROBE_INFO, PROBE_USES };

struct probe_item {
	enum probe_use use;
	const char *name; /* a literal */
	bool ok;
	char detail[400]; /* what was found, or what to do */
};

#define PROBE_ITEMS_MAX 40

struct probe {
	struct probe_item items[PROBE_ITEMS_MAX];
	size_t count;
};

void probe_run(struct probe *ret, const struct fsroot *fs);

/* Whether everything for that use is there. */
bool probe_ok(const struct probe *p, enum probe_use use);

/*
 * Whether this host is what a suite asks for: cgroup v2, CPUs, and its shape. -ENODEV or
 * -EOPNOTSUPP with what is missing and what to do.
 */
int probe_machine(const struct fsroot *fs, const struct machine_spec *machine, struct error *err);

/*
 * NUMA nodes, their CPUs and distances, swap devices, what is mounted on DISK_MOUNT, the kernel's
 * arguments, sysctls; -ENODEV as above. What a host can't tell is left out: a device's latency and
 * bandwidth.
 */
int probe_shape(const struct fsroot *fs, const struct machine_spec *machine, struct error *err);
