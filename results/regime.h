/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <jansson.h>

#include "results/metrics.h"

/*
 * Whether a metric of two trials is the same thing, by what their kernels' counters mean
 * (harness/regime.h) and which of these it reads. Columns alone don't tell: a counter keeps its
 * name when its meaning changes.
 */
enum comparability {
	REGIME_SAME,
	REGIME_NOTED,	  /* the same in most trials: ret_why says when it isn't */
	REGIME_DIFFERENT, /* not to be compared */
};

/*
 * The regimes are those of trial.json; what one of them doesn't say is taken for the same. *ret_why
 * is a sentence, a literal, unless it is the same.
 */
enum comparability regime_compare(const struct metric_def *def, const json_t *a, const json_t *b,
				  const char **ret_why);

/*
 * Whether figures of two trials may stand beside each other at all: instructions are no seconds,
 * and seconds of an emulated CPU none of a real one. NULL: they may; else a sentence, a literal. Of
 * trial.json, or of run.json.
 */
const char *regime_clocks(const json_t *a, const json_t *b);
