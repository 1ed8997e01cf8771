/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "src/error.h"

/*
 * Finds a file that wring ships ("plots/trial.gp", "wring-guest"): beside the program, so that a
 * build tree works without being installed, then in the data and libexec directories. *ret_path is
 * the caller's to free. -ENOENT with err naming the places.
 */
int datafile_find(const char *subpath, char **ret_path, struct error *err);
