// SPDX-License-Identifier: GPL-2.0-or-later
#include "src/units.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cleanup.h"
#include "src/macro.h"

struct unit {
	const char *suffix;
	uint64_t factor;
};

static const struct unit size_units[] = { { "T", 1ull << 40 }, { "G", 1ull << 30 },
					  { "M", 1ull << 20 }, { "K", 1ull << 10 },
					  { "", 1 },	       {} };

static const struct unit time_units[] = { { "min", 60000000000ull },
					  { "s", 1000000000 },
					  { "ms", 1000000 },
					  { "us", 1000 },
					  { "ns", 1 },
					  {} };

int parse_u64(const char *s, uint64_t *ret)
{
	uint64_t n = 0;

	if (!*s)
		return -EINVAL;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return -EINVAL;
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*s - '0'), &n))
			return -ERANGE;
	}
	*ret = n;
	return 0;
}

/* "123" or "1.25": digits in *ret_digits, how many of them follow the point in *ret_scale. */
static int parse_decimal(const char **s, uint64_t *ret_digits, unsigned *ret_scale)
{
	uint64_t digits = 0;
	unsigned scale = 0;
	bool point = false, any = false;

	for (;; (*s)++) {
		if (**s == '.' && any && !point) {
			point = true;
			continue;
		}
		if (**s < '0' || **s > '9')
			break;
		any = true;
		if (__builtin_mul_overflow(digits, 10, &digits) ||
		    __builtin_add_overflow(digits, (uint64_t)(**s - '0'), &digits))
			return -ERANGE;
		scale += point;
	}
	if (!any || (*s)[-1] == '.')
		return -EINVAL;
	*ret_digits = digits;
	*ret_scale = scale;
	return 0;
}

static int parse_with_unit(const char *s, const struct unit *units, uint64_t *ret)
{
	uint64_t digits;
	unsigned scale;
	int r = parse_decimal(&s, &digits, &scale);

	if (r < 0)
		return r;
	for (const struct unit *u = units; u->suffix; u++) {
		unsigned __int128 n = (unsigned __int128)digits * u->factor;

		if (!streq(s, u->suffix))
			continue;
		for (unsigned i = 0; i < scale; i++) {
			if (n % 10)
				return -EINVAL; /* a fraction of a byte or nanosecond */
			n /= 10;
		}
		if (n > UINT64_MAX)
			return -ERANGE;
		*ret = (uint64_t)n;
		return 0;
	}
	return -EINVAL;
}

int parse_size(const char *s, uint64_t *ret_bytes)
{
	return parse_with_unit(s, size_units, ret_bytes);
}

int parse_time(const char *s, uint64_t *ret_ns)
{
	if (streq(s, "0")) {
		*ret_ns = 0;
		return 0;
	}
	return parse_with_unit(s, time_units, ret_ns);
}

int parse_share(const char *s, double *ret)
{
	uint64_t digits;
	unsigned scale;
	double value;
	int r = parse_decimal(&s, &digits, &scale);

	if (r < 0)
		return r;
	if (!streq(s, "%") && *s)
		return -EINVAL;
	value = (double)digits / pow(10, scale + (*s ? 2 : 0));
	*ret = value;
	return 0;
}

int parse_margin(const char *s, struct margin *ret)
{
	uint64_t share, absolute = 0;
	unsigned share_scale, absolute_scale = 0;
	int r = parse_decimal(&s, &share, &share_scale);

	if (r < 0)
		return r;
	if (*s++ != '%')
		return -EINVAL;
	if (*s) {
		if (!starts_with(s, " or "))
			return -EINVAL;
		s += strlen(" or ");
		r = parse_decimal(&s, &absolute, &absolute_scale);
		if (r < 0 || *s)
			return r < 0 ? r : -EINVAL;
	}
	if (!share && !absolute)
		return -ERANGE;
	*ret = (struct margin){ .share = (double)share / pow(10, share_scale + 2),
				.absolute = (double)absolute / pow(10, absolute_scale) };
	return 0;
}

#define SEEDS_MAX 10000

int parse_seeds(const char *s, uint64_t **ret, size_t *ret_count)
{
	_cleanup_free_ uint64_t *seeds = NULL;
	_cleanup_free_ char *copy = strdup(s);
	size_t count = 0;
	char *rest = copy, *part;

	if (!copy)
		return -ENOMEM;
	while ((part = strsep(&rest, ","))) {
		char *dots = strstr(part, "..");
		uint64_t first, last;
		int r;

		if (dots)
			*dots = '\0';
		r = parse_u64(part, &first);
		if (r < 0)
			return r;
		last = first;
		if (dots) {
			r = parse_u64(dots + 2, &last);
			if (r < 0)
				return r;
		}
		if (last < first || (count && first <= seeds[count - 1]))
			return -EINVAL;
		if (last - first >= SEEDS_MAX || count + (last - first + 1) > SEEDS_MAX)
			return -ERANGE;
		uint64_t *more = realloc(seeds, (count + (last - first + 1)) * sizeof(*seeds));

		if (!more)
			return -ENOMEM;
		seeds = more;
		for (uint64_t n = 0; n <= last - first; n++)
			seeds[count++] = first + n;
	}
	*ret = TAKE_PTR(seeds);
	*ret_count = count;
	return 0;
}

static const char *format_with_unit(uint64_t n, const struct unit *units, char *buf)
{
	for (const struct unit *u = units; u->suffix; u++)
		if (n && n % u->factor == 0) {
			snprintf(buf, FORMAT_MAX, "%" PRIu64 "%s", n / u->factor, u->suffix);
			return buf;
		}
	snprintf(buf, FORMAT_MAX, "0");
	return buf;
}

const char *format_size(uint64_t bytes, char buf[static FORMAT_MAX])
{
	return format_with_unit(bytes, size_units, buf);
}

const char *format_time(uint64_t ns, char buf[static FORMAT_MAX])
{
	return format_with_unit(ns, time_units, buf);
}

/*
 * Three significant digits and the largest unit that leaves at least one before the point. The
 * bounds are those at which rounding would add a digit.
 */
static const char *format_short(double value, double step, const char *const *names, size_t count,
				char *buf)
{
	size_t i = 0;

	while (i + 1 < count && fabs(value) >= step - 0.5) {
		value /= step;
		i++;
	}
	snprintf(buf, FORMAT_MAX, "%.*f %s",
		 i == 0 && value == floor(value) ? 0
		 : fabs(value) < 9.995		 ? 2
		 : fabs(value) < 99.95		 ? 1
						 : 0,
		 value, names[i]);
	return buf;
}

const char *format_size_short(double bytes, char buf[static FORMAT_MAX])
{
	static const char *const names[] = { "B", "KiB", "MiB", "GiB", "TiB" };

	return format_short(bytes, 1024, names, ARRAY_SIZE(names), buf);
}

const char *format_time_short(double ns, char buf[static FORMAT_MAX])
{
	static const char *const names[] = { "ns", "us", "ms", "s" };

	return format_short(ns, 1000, names, ARRAY_SIZE(names), buf);
}

const char *format_count(uint64_t n, char buf[static FORMAT_MAX])
{
	char digits[FORMAT_MAX];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, n);
	char *out = buf;

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			*out++ = ',';
		*out++ = digits[i];
	}
	*out = '\0';
	return buf;
}
