/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <jansson.h>

#include "results/compare/side.h"

/*
 * How far equal things lie apart on this machine, in real time: what A/A runs of a suite showed.
 *
 *     {"kind": "wring-noise", "schema": 1, "suite": ..., "runs": [{"boot": ..., "seeds": 24,
 *      "cells": {"SCENARIO": {"METRIC": {"median": 1.5, "split": 0.004}}}}, ...]}
 *
 * A run is one calibration. split: the shift between its odd and its even seeds, which ran in
 * turns; between runs of different boots the medians' distance counts, too, because the boot is
 * what a machine's layout hangs on, not the trial.
 */
#define NOISE_KIND   "wring-noise"
#define NOISE_SCHEMA 1

/* Adds a calibration run to the file, which is made when it isn't there. boot: this boot's name. */
int noise_add(const char *path, const struct side *side, const char *boot, struct error *err);

struct noise {
	/* {"SCENARIO": {"METRIC": 0.012}}: the most that equal things differed by, as a share. */
	json_t *floor;
	size_t runs, boots;
};

/* -ENOENT: this machine was not calibrated for that suite. */
int noise_load(struct noise *ret, const char *path, struct error *err);
void noise_done(struct noise *noise);
