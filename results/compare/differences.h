/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "results/compare/side.h"

/*
 * What the trials of two sides differ in beside the kernel, as «cgroups.box.memory.high: 100M and
 * 90M», each once.
 */
int differences_of_specs(struct strlist *list, const struct cell *base, const struct cell *fresh);
/* Of the machine's settings (a compressor, a latency, a sysctl), and of who made the records. */
int differences_of_runs(struct strlist *list, const struct side *base, const struct side *fresh);

/*
 * Why the sides can't be compared at all: another clock, another machine shape; a sentence each.
 */
int differences_refused(struct strlist *list, const struct side *base, const struct side *fresh);

/* Whether the same wring and QEMU, to the byte, made both; ret names what differs, or "". */
bool same_makers(const struct side *base, const struct side *fresh, char *ret, size_t size);
