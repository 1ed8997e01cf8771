/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "results/compare/noise.h"
#include "src/error.h"

/* Where this machine's noise in a suite is kept: noise/SUITE.json in the cache. The caller's. */
int noise_file(char **ret, const char *suite, struct error *err);

/* The noise of the side's suite, where it is in real time and known; else ret stays empty. */
int noise_of_side(struct noise *ret, const struct side *side, struct error *err);
