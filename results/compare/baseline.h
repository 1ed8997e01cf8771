/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "results/compare/side.h"

/*
 * A baseline: the figures of a run that others are held to, as one small text file. JSON, a series
 * a line, so that what changed between two of them shows in a diff:
 *
 *     {"kind": "wring-baseline", "schema": 1,
 *      "run": {...},        who made it, on which kernels and machine, and the suite as resolved
 *      "cells": [{"scenario": ..., "kernel": ..., "facts": {...}, "seeds": [1, 2, ...],
 *                 "metrics": {"reclaim.scanned": {"unit": "pages", "drift": 0.002,
 *                                                 "values": [122790, ...]}, ...}}, ...]}
 *
 * A value that a trial has not got is null.
 */
#define BASELINE_KIND	"wring-baseline"
#define BASELINE_SCHEMA 1

/*
 * Writes the file whole or not at all. all: every metric, instead of those that the suite's gate
 * names. others: the same kernels and seeds, run by other builds of wring or other QEMUs: the most
 * that a metric's median moves between them and the side becomes its drift. -EINVAL where there is
 * nothing to be held to; -EUCLEAN where the figures can't be trusted.
 */
int baseline_write(const char *path, const struct side *side, bool all, struct side *const *others,
		   size_t other_count, struct error *err);
