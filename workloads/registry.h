/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "workloads/workload.h"

/* Every generator, NULL-terminated, in the order that `wring list` shows. */
extern const struct workload_ops *const workloads[];

/* By name; NULL when there is none. */
const struct workload_ops *workload_find(const char *name);
