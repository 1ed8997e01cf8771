/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdio.h>

#include "results/store.h"
#include "src/error.h"

/*
 * Prints the reclaim cube of the measured phase (cube.h), with what goes with it: the kernel's
 * threads, refaults, watermarks, free blocks. One trial for each scenario and kernel, the first one
 * that completed and is valid. A count that can't be told is «–»; one that has bounds has these.
 *
 * 0, or a negative errno with err set: a trial's record can't be read.
 */
int show_cube(FILE *f, const struct run *run, struct error *err);

/*
 * [{"scenario": "s", "kernel": "k", "seed": 1, "cube": as in trial.json, "zones": [...], "blocks":
 *  [...], "intervals": [{"start_ns": N, "end_ns": N, "off": N, ..., "cells": [...]}, ...]}, ...] of
 * every trial of the run; intervals are those between ticks of the measured phase with any reclaim.
 */
int show_cube_json(json_t **ret, const struct run *run, struct error *err);
