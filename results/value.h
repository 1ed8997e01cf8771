/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "src/units.h"

/*
 * A metric's value for people, three digits when small and whole when large: "1.46 GiB" of "bytes",
 * "80.2 us" of "ns", "134,897" of "pages". Returns buf.
 */
const char *value_format(double value, const char *unit, char buf[static FORMAT_MAX]);

/* The unit to stand beside that; "" where it stands in the value itself, or is 1. */
const char *value_unit(const char *unit);
