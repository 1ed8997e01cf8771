/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "harness/run.h"

/* Writes RUN/run.json anew, whole. status: "running", "done" or "interrupted". */
int run_record_write(const struct run_args *args, const char *status, struct error *err);

/*
 * Whether the run.json in args->out_dir is of the same suite as resolved, the same clock and the
 * same kernels: what --resume needs. -EINVAL says what differs.
 */
int run_record_same(const struct run_args *args, struct error *err);
