/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <jansson.h>

#include "harness/trial.h"
#include "src/error.h"

/*
 * A shell on the machine's third serial port, where the trial's workloads would be: its cgroups and
 * knobs are set. order: the «shell» of order.json. Returns when the shell has ended.
 */
int guest_shell(const struct trial *trial, const struct fsroot *fs, const json_t *order,
		struct error *err);
