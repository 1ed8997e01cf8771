/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "src/error.h"

/* Below a trial's directory: the same trial, run a second time. */
#define VERIFY_DIR "again"

/*
 * Compares the trial in dirfd with its repetition in VERIFY_DIR, both finished, and writes into its
 * trial.json: "verified": {"equal": true}, and the repetition is removed; or {"equal": false,
 * "difference": "samples.tsv: row 17 (t_ns 1700000000), vmstat.pgfault: 12 and 13"}, which makes
 * the trial invalid, and the repetition stays. 0 in both cases.
 */
int verify_trial(int dirfd, struct error *err);
