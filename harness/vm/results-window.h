/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

#include "src/error.h"
#include "src/fsroot.h"

/*
 * The guest's side of machine_args.results: maps the window, all zero at first; what is written
 * there is in the host's file at once. It stays mapped until the process ends. -ENODEV where
 * there is none: not a machine of machine_start().
 */
int results_window_map(const struct fsroot *fs, void **ret, size_t *ret_size, struct error *err);
