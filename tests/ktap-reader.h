/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

#include "src/error.h"

/*
 * A strict reader of KTAP, version 1. It takes the four kinds of lines that the kernel's
 * Documentation/dev-tools/ktap.rst knows and no others, and holds a text to what that page merely
 * recommends: a plan behind every version line, a description for every result, a parent's result
 * that follows from those in it.
 */
struct ktap_counts {
	size_t passed, failed, skipped; /* results that have no subtests */
};

/* -EINVAL, and the line at fault with the reason in err. */
int ktap_read(const char *text, struct ktap_counts *ret, struct error *err);
