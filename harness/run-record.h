/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "harness/run.h"

/* Writes RUN/run.json anew, whole. status: "running", "done" or "interrupted". */
int run_record_write(const struct run_args *args, const char *status, struct error *err);

/* Whether the run.json in that directory is of the same suite as resolved: what --resume needs. */
int run_record_same(const char *out_dir, const struct suite *suite, struct error *err);
