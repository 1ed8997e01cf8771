/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <jansson.h>

#include "results/record.h"

/*
 * The trial's expectations against its metrics: what a suite says must be true of the kernel.
 *
 * [{"text": "reclaim.anon_share > 95%", "holds": true, "value": 0.99}, ...]. "holds" is null,
 * with "why", when it can't be told: the metric is absent or invalid, or the text is none. A list
 * that says nothing of the outcome gets "outcome == completed". Takes the trial's "expect" as
 * plain texts or as an earlier result. NULL when memory is out.
 */
json_t *expect_evaluate(const struct record *record, const json_t *metrics);
