// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/value.h"

#include <math.h>
#include <stdio.h>

#include "src/macro.h"

/* "%'f" without a locale: three digits when small, whole when large. */
static void format_number(double value, char buf[static FORMAT_MAX])
{
	char digits[FORMAT_MAX];

	if (fabs(value) >= 100 && fabs(value) < 0x1p63)
		snprintf(buf, FORMAT_MAX, "%s%s", value < 0 ? "-" : "",
			 format_count((uint64_t)llround(fabs(value)), digits));
	else
		snprintf(buf, FORMAT_MAX, "%.3g", value);
}

const char *value_format(double value, const char *unit, char buf[static FORMAT_MAX])
{
	if (streq(unit, "ns")) {
		format_time_short(value, buf);
	} else if (streq(unit, "bytes")) {
		format_size_short(value, buf);
	} else if (streq(unit, "B/s")) {
		char size[FORMAT_MAX];

		snprintf(buf, FORMAT_MAX, "%.30s/s", format_size_short(value, size));
	} else if (streq(unit, "1") && fabs(value) < 1000) {
		snprintf(buf, FORMAT_MAX, fabs(value) < 0.1 ? "%.3g" : "%.4g", value);
	} else {
		format_number(value, buf);
	}
	return buf;
}

const char *value_unit(const char *unit)
{
	static const char *const hidden[] = { "ns", "bytes", "B/s", "1" };

	for (size_t i = 0; i < ARRAY_SIZE(hidden); i++)
		if (streq(unit, hidden[i]))
			return "";
	return unit;
}
