/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "results/gate/gate.h"
#include "src/error.h"

/* Where a gate's verdict goes beside stdout: files, or NULL. */
struct gate_files {
	char *junit, *ktap, *markdown;
};

/* Prints the verdict and writes the files, each whole or not at all. */
int gate_output(const struct gate_report *report, const struct gate_files *files,
		struct error *err);

/* The exit code that an outcome is. */
int gate_exit_code(enum gate_outcome outcome);
