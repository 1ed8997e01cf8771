/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "plots/plot.h"
#include "results/record.h"

/*
 * OUT/NAME.causes.svg and .png: for each workload of which the record knows why operations were
 * slow, a bar a quantile, cut up by cause. Nothing where it knows of none. As plot_trials().
 */
int plot_causes(const struct record *record, const char *name, const char *out_dir,
		unsigned formats, struct plot_result *result, struct error *err);
