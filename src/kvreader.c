// SPDX-License-Identifier: GPL-2.0-or-later
#include "src/kvreader.h"

#include <stdio.h>
#include <string.h>

#include "src/macro.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && is_blank(*p))
		p++;
	return p;
}

static const char *token_end(const char *p, const char *end)
{
	while (p < end && !is_blank(*p) && *p != '\n')
		p++;
	return p;
}

static const char *line_end(const char *p, const char *end)
{
	const char *newline = memchr(p, '\n', (size_t)(end - p));

	return newline ? newline : end;
}

bool kv_number(const char **at, const char *end, uint64_t *ret)
{
	const char *p = *at;
	uint64_t n = 0;

	if (end - p >= 3 && memcmp(p, "max", 3) == 0) {
		*at = p + 3;
		*ret = UINT64_MAX;
		return true;
	}
	for (; p < end && *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*p - '0'), &n))
			return false;
	if (p == *at)
		return false;
	*at = p;
	*ret = n;
	return true;
}

/* A number that is a whole token: "12x" and "maximum" are none. */
static bool token_number(const char *p, const char *end, struct kv_value *ret)
{
	const char *at = p;

	if (!kv_number(&at, end, &ret->value) || (at < end && !is_blank(*at) && *at != '\n'))
		return false;
	ret->digits = p;
	return true;
}

static void set_name(struct kv_value *ret, const char *section, const char *key, size_t len,
		     const char *suffix)
{
	snprintf(ret->name, sizeof(ret->name), "%s%.*s%s", section, (int)len, key, suffix);
}

/* "key 12", "key:  12 kB"; p is behind what comes before the key. */
static bool read_flat(const char *p, const char *stop, const char *section, struct kv_value *ret)
{
	const char *key = p, *key_end = token_end(p, stop);
	size_t len = (size_t)(key_end - key);

	if (len && key[len - 1] == ':')
		len--;
	if (!len || !token_number(skip_blanks(key_end, stop), stop, ret))
		return false;
	set_name(ret, section, key, len, "");
	return true;
}

static bool read_psi(const char *p, const char *stop, struct kv_value *ret)
{
	static const char field[] = " total=";
	const char *total;

	if (stop - p < 5 || (memcmp(p, "some ", 5) != 0 && memcmp(p, "full ", 5) != 0))
		return false;
	total = memmem(p, (size_t)(stop - p), field, sizeof(field) - 1);
	if (!total || !token_number(total + sizeof(field) - 1, stop, ret))
		return false;
	set_name(ret, "", p, 4, ".total");
	return true;
}

/* "Node 0, zone    DMA32": the section "node0.DMA32."; what is behind the zone's name. */
static const char *read_zone(struct kv_reader *r, const char *p, const char *stop)
{
	const char *number = p + strlen("Node "), *zone, *end;

	if (stop - p < 5 || memcmp(p, "Node ", 5) != 0)
		return NULL;
	end = number;
	while (end < stop && *end >= '0' && *end <= '9')
		end++;
	zone = end;
	if (stop - zone < 6 || memcmp(zone, ", zone", 6) != 0)
		return NULL;
	zone = skip_blanks(zone + 6, stop);
	snprintf(r->section, sizeof(r->section), "node%.*s.%.*s.", (int)(end - number), number,
		 (int)(token_end(zone, stop) - zone), zone);
	return token_end(zone, stop);
}

/* Inside of a zone: from its free pages to the list of its counters. */
static bool read_zones(struct kv_reader *r, const char *p, const char *stop, struct kv_value *ret)
{
	static const char *const keys[] = { "boost", "min", "low", "high", "promo", "managed" };
	const char *at = skip_blanks(p, stop), *key_end;

	if (p < stop && *p == 'N') {
		r->inside = false;
		read_zone(r, p, stop);
		return false;
	}
	if (stop - at > 11 && memcmp(at, "pages free ", 11) == 0) {
		r->inside = true;
		return read_flat(at + strlen("pages "), stop, r->section, ret);
	}
	key_end = token_end(at, stop);
	if (key_end - at > 3 && memcmp(at, "nr_", 3) == 0)
		r->inside = false;
	for (size_t i = 0; r->inside && i < ARRAY_SIZE(keys); i++)
		if (strlen(keys[i]) == (size_t)(key_end - at) &&
		    memcmp(at, keys[i], strlen(keys[i])) == 0)
			return read_flat(at, stop, r->section, ret);
	return false;
}

static bool read_line(struct kv_reader *r, const char *p, const char *stop, struct kv_value *ret)
{
	switch (r->shape) {
	case KV_SHAPE_FLAT:
		return read_flat(p, stop, "", ret);
	case KV_SHAPE_SINGLE:
		set_name(ret, "", "", 0, "");
		return token_number(p, stop, ret);
	case KV_SHAPE_PSI:
		return read_psi(p, stop, ret);
	case KV_SHAPE_NODE:
		/* "Node", its number, then as meminfo has it. */
		p = skip_blanks(token_end(p, stop), stop);
		return read_flat(skip_blanks(token_end(p, stop), stop), stop, "", ret);
	case KV_SHAPE_ZONES:
		return read_zones(r, p, stop, ret);
	default:
		return false;
	}
}

/* ---- lines with several values ---- */

/* "N0=12", "rbytes=12": the key before the sign; what is behind the sign in *ret_number. */
static size_t equation(const char *p, const char *stop, const char **ret_number)
{
	const char *sign = memchr(p, '=', (size_t)(stop - p));

	if (!sign)
		return 0;
	*ret_number = sign + 1;
	return (size_t)(sign - p);
}

static void name_by_place(struct kv_value *ret, const char *const *names, size_t count,
			  size_t place)
{
	if (place < count)
		set_name(ret, "", names[place], strlen(names[place]), "");
	else
		*ret->name = '\0';
}

/* Names the token of that place; false when it is no value. */
static bool read_token(struct kv_reader *r, const char *p, const char *stop, struct kv_value *ret)
{
	static const char *const schedstat[] = { "cpu_ns", "wait_ns", "slices" };
	static const char *const mm_stat[] = { "orig_data_size",  "compr_data_size",
					       "mem_used_total",  "mem_limit",
					       "mem_used_max",	  "same_pages",
					       "pages_compacted", "huge_pages",
					       "huge_pages_since" };
	const char *number = p;
	char key[KV_NAME_MAX];
	size_t len;

	switch (r->shape) {
	case KV_SHAPE_BUDDY:
		snprintf(key, sizeof(key), "order%zu", r->place);
		set_name(ret, r->section, key, strlen(key), "");
		break;
	case KV_SHAPE_NUMA:
		if (r->place == 0)
			return false; /* the line's own key */
		len = equation(p, stop, &number);
		snprintf(key, sizeof(key), ".%.*s", (int)len, p);
		set_name(ret, "", r->line, (size_t)(token_end(r->line, stop) - r->line), key);
		if (!len)
			return false;
		break;
	case KV_SHAPE_IO:
		len = r->place ? equation(p, stop, &number) : 0;
		if (!len)
			return false;
		set_name(ret, "", p, len, "");
		break;
	case KV_SHAPE_SCHEDSTAT:
		name_by_place(ret, schedstat, ARRAY_SIZE(schedstat), r->place);
		break;
	default:
		name_by_place(ret, mm_stat, ARRAY_SIZE(mm_stat), r->place);
	}
	return *ret->name && token_number(number, stop, ret);
}

/* Token by token; a line's begin may be a section. */
static bool next_token(struct kv_reader *r, struct kv_value *ret)
{
	while (r->at < r->end) {
		const char *stop = line_end(r->at, r->end), *p, *p_end;
		bool found;

		if (!r->line) {
			r->line = r->at;
			r->place = 0;
			if (r->shape == KV_SHAPE_BUDDY)
				p = read_zone(r, r->at, stop);
			else
				p = r->at;
			r->at = p ? p : stop;
		}
		p = skip_blanks(r->at, stop);
		if (p == stop) {
			r->line = NULL;
			r->at = stop < r->end ? stop + 1 : stop;
			continue;
		}
		p_end = token_end(p, stop);
		found = read_token(r, p, stop, ret);
		r->place++;
		r->at = p_end;
		if (found)
			return true;
	}
	return false;
}

void kv_reader_init(struct kv_reader *r, enum kv_shape shape, const char *text, const char *end)
{
	*r = (struct kv_reader){ .shape = shape, .at = text, .end = end };
}

bool kv_reader_next(struct kv_reader *r, struct kv_value *ret)
{
	if (r->shape >= KV_SHAPE_BUDDY)
		return next_token(r, ret);
	while (r->at < r->end) {
		const char *p = r->at, *stop = line_end(p, r->end);

		r->at = stop < r->end ? stop + 1 : stop;
		if (read_line(r, p, stop, ret))
			return true;
	}
	return false;
}
