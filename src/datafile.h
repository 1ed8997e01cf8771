/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "src/error.h"

/*
 * Finds a file that wring ships ("plots/trial.gp", "suites/tour.yaml"): beside the program, so that
 * a build tree works without being installed, then in the data directory. *ret_path is the
 * caller's to free. -ENOENT with err naming both places.
 */
int datafile_find(const char *subpath, char **ret_path, struct error *err);
