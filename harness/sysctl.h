/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "harness/suite/suite.h"
#include "src/error.h"
#include "src/fsroot.h"

/* The kernel's settings below /proc/sys that a suite's machine has by name: "vm.page-cluster". */

/* Sets it and reads it back. The error has the name and what the kernel said, or made of it. */
int sysctl_set(const struct fsroot *fs, const struct setting *setting, struct error *err);

/* -ENOENT when the kernel has none of that name; -ENODEV when it is otherwise, and how to set it.
 */
int sysctl_check(const struct fsroot *fs, const struct setting *setting, struct error *err);
