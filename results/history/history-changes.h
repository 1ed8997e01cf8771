/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "results/history/history.h"

/*
 * Looks for changes of level in every series: E-divisive means (results/stats/changes.h) of the
 * runs' medians, each split tested at alpha. The series that could be judged are one family: of the
 * changes those are kept whose q is at most alpha, Benjamini and Hochberg (1995), a series without
 * one having a p of 1. Series in which all runs are the same can't have a change, whatever their
 * order, and are no part of it.
 * -ENOMEM.
 */
int history_judge(struct history *history, double alpha, struct error *err);

/*
 * Runs that a series needs: with fewer, even the clearest change has a p above alpha. Of n runs a
 * half can be drawn in n! / (n/2)!^2 ways, and two of them are as clear as a change can be.
 */
size_t history_runs_least(double alpha);

/* The median of the points from first to last - 1. -ENOMEM. */
int history_level(const struct history_series *s, size_t first, size_t last, double *ret);

/* The least p that a series of so many runs can have. */
double history_p_least(size_t runs);
