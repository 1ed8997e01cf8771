/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "results/gate/gate.h"

/* Made-up reports, one for each way that a gate can end, for the tests of its writers. */
struct gate_sample {
	const char *name;
	struct gate_report report;
};
extern const struct gate_sample gate_samples[]; /* up to one without a name */

/* NULL: there is none of that name. */
const struct gate_report *gate_sample_find(const char *name);

/* By the format's name: "text", "junit", "ktap", "markdown". -EINVAL: there is no such format. */
int gate_sample_write(FILE *f, const struct gate_report *report, const char *format);
