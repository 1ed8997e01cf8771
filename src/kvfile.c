// SPDX-License-Identifier: GPL-2.0-or-later
#include "src/kvfile.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static bool token_ends(const char *p, const char *end)
{
	return p == end || *p == ' ' || *p == '\t';
}

/* A whole token: "12x" and "maximum" are no numbers, nor is what does not fit 64 bits. */
static bool read_number(const char *p, const char *end, uint64_t *ret)
{
	uint64_t n = 0;
	const char *start = p;

	if (end - p >= 3 && memcmp(p, "max", 3) == 0 && token_ends(p + 3, end)) {
		*ret = UINT64_MAX;
		return true;
	}
	for (; p < end && *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*p - '0'), &n))
			return false;
	if (p == start || !token_ends(p, end))
		return false;
	*ret = n;
	return true;
}

static bool parse_flat(const char *line, const char *stop, struct kv_pair *ret)
{
	const char *p = line;

	while (p < stop && *p != ' ' && *p != '\t')
		p++;
	ret->key = line;
	ret->key_len = (size_t)(p - line);
	if (ret->key_len && line[ret->key_len - 1] == ':')
		ret->key_len--;
	while (p < stop && (*p == ' ' || *p == '\t'))
		p++;
	return ret->key_len && read_number(p, stop, &ret->value);
}

static bool parse_psi(const char *line, const char *stop, struct kv_pair *ret)
{
	static const char field[] = " total=";
	const char *total;

	ret->key = line;
	ret->key_len = 4;
	if (stop - line < 5 || (memcmp(line, "some ", 5) != 0 && memcmp(line, "full ", 5) != 0))
		return false;
	total = memmem(line, (size_t)(stop - line), field, sizeof(field) - 1);
	return total && read_number(total + sizeof(field) - 1, stop, &ret->value);
}

static bool parse_line(enum kv_format format, const char *line, const char *stop,
		       struct kv_pair *ret)
{
	switch (format) {
	case KV_FLAT:
		return parse_flat(line, stop, ret);
	case KV_PSI:
		return parse_psi(line, stop, ret);
	case KV_SINGLE:
		ret->key = line;
		ret->key_len = 0;
		return read_number(line, stop, &ret->value);
	}
	return false;
}

int kv_next(enum kv_format format, const char **cursor, const char *end, struct kv_pair *ret)
{
	while (*cursor < end) {
		const char *line = *cursor;
		const char *stop = memchr(line, '\n', (size_t)(end - line));

		if (!stop)
			stop = end;
		*cursor = stop < end ? stop + 1 : end;
		if (parse_line(format, line, stop, ret))
			return 1;
	}
	return 0;
}

int kv_get(enum kv_format format, const char *text, const char *key, uint64_t *ret)
{
	const char *cursor = text, *end = text + strlen(text);
	struct kv_pair pair;

	while (kv_next(format, &cursor, end, &pair))
		if (pair.key_len == strlen(key) && memcmp(pair.key, key, pair.key_len) == 0) {
			*ret = pair.value;
			return 0;
		}
	return -ENOENT;
}
