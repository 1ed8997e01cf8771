// SPDX-License-Identifier: GPL-2.0-or-later
#include "src/option.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "src/cleanup.h"
#include "src/macro.h"
#include "src/units.h"

/* What each type is called where a value is asked for, and an example for the error. */
static const struct {
	const char *meta, *example;
} types[] = {
	[OPTION_TYPE_U64] = { "N", "a whole number" },
	[OPTION_TYPE_SIZE] = { "SIZE", "a size in bytes or with K, M, G, as 96M" },
	[OPTION_TYPE_TIME] = { "TIME", "a time with ns, us, ms, s or min, as 100ms" },
	[OPTION_TYPE_SHARE] = { "SHARE", "a share between 0 and 1, or 0% and 100%" },
	[OPTION_TYPE_NUMBER] = { "NUMBER", "a number" },
	[OPTION_TYPE_BOOL] = { "true|false", "true or false" },
	[OPTION_TYPE_CHOICE] = { NULL, NULL },
	[OPTION_TYPE_STRING] = { "TEXT", "a text" },
	[OPTION_TYPE_LIST] = { "TEXT", "a text" },
};

static void *field(const struct option_spec *spec, void *base)
{
	return (char *)base + spec->offset;
}

static bool same_name(const char *known, const char *word)
{
	for (; *known && *word; known++, word++)
		if (*known != *word && !(*known == '_' && *word == '-'))
			return false;
	return *known == *word;
}

const struct option_spec *option_find(const struct option_spec *table, const char *name)
{
	for (const struct option_spec *s = table; s && s->name; s++)
		if (same_name(s->name, name))
			return s;
	return NULL;
}

int option_defaults(const struct option_spec *table, void *base, struct error *err)
{
	for (const struct option_spec *s = table; s && s->name; s++) {
		int r = s->fallback ? option_parse(s, base, s->fallback, err) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

const char *option_range(const struct option_spec *spec, char *buf, size_t size)
{
	char low[FORMAT_MAX], high[FORMAT_MAX];
	size_t n = 0;

	switch (spec->type) {
	case OPTION_TYPE_CHOICE:
		buf[0] = '\0';
		for (const char *const *c = spec->choices; *c && n < size; c++)
			n += (size_t)snprintf(buf + n, size - n, "%s%s", n ? "|" : "", *c);
		return buf;
	case OPTION_TYPE_U64:
	case OPTION_TYPE_SIZE:
	case OPTION_TYPE_TIME:
		break;
	default:
		snprintf(buf, size, "%s", types[spec->type].example);
		return buf;
	}
	if (spec->type == OPTION_TYPE_SIZE) {
		format_size(spec->min, low);
		format_size(spec->max, high);
	} else if (spec->type == OPTION_TYPE_TIME) {
		format_time(spec->min, low);
		format_time(spec->max, high);
	} else {
		snprintf(low, sizeof(low), "%" PRIu64, spec->min);
		snprintf(high, sizeof(high), "%" PRIu64, spec->max);
	}
	if (spec->max)
		snprintf(buf, size, "%s to %s", low, high);
	else if (spec->min)
		snprintf(buf, size, "%s or more", low);
	else
		snprintf(buf, size, "%s", types[spec->type].example);
	return buf;
}

static int wrong(const struct option_spec *spec, const char *text, int code, struct error *err)
{
	char range[300];

	if (code == -ENOMEM)
		return error_set(err, code, "%s", spec->name);
	option_range(spec, range, sizeof(range));
	if (code == -ERANGE)
		return error_say(err, code, "%s: %s is out of range: %s", spec->name, text, range);
	if (spec->type == OPTION_TYPE_CHOICE)
		return error_say(err, code, "%s: «%s» is none of %s", spec->name, text, range);
	return error_say(err, code, "%s: «%s» is not %s", spec->name, text,
			 types[spec->type].example);
}

static int parse_bool(const char *text, bool *ret)
{
	static const char *const yes[] = { "true", "yes", "on", "1" };
	static const char *const no[] = { "false", "no", "off", "0" };

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		if (!streq(text, yes[i]) && !streq(text, no[i]))
			continue;
		*ret = streq(text, yes[i]);
		return 0;
	}
	return -EINVAL;
}

static int parse_number(const char *text, double *ret)
{
	char *end;
	double value = strtod(text, &end);

	/* strtod() would pass over white space before the number. */
	if (end == text || *end || isspace((unsigned char)*text) || !isfinite(value))
		return -EINVAL;
	*ret = value;
	return 0;
}

static int parse_choice(const struct option_spec *spec, const char *text, int *ret)
{
	for (int i = 0; spec->choices[i]; i++)
		if (streq(spec->choices[i], text)) {
			*ret = i;
			return 0;
		}
	return -EINVAL;
}

static int parse_integer(const struct option_spec *spec, const char *text, uint64_t *ret)
{
	uint64_t value;
	int r = spec->type == OPTION_TYPE_SIZE	 ? parse_size(text, &value)
		: spec->type == OPTION_TYPE_TIME ? parse_time(text, &value)
						 : parse_u64(text, &value);

	if (r < 0)
		return r;
	if (value < spec->min || (spec->max && value > spec->max))
		return -ERANGE;
	*ret = value;
	return 0;
}

static int store_string(char **where, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return -ENOMEM;
	free(*where);
	*where = copy;
	return 0;
}

int option_parse(const struct option_spec *spec, void *base, const char *text, struct error *err)
{
	void *where = field(spec, base);
	double share;
	int r;

	switch (spec->type) {
	case OPTION_TYPE_SHARE:
		r = parse_share(text, &share);
		if (r == 0 && share > 1)
			r = -ERANGE;
		if (r == 0)
			*(double *)where = share;
		break;
	case OPTION_TYPE_NUMBER:
		r = parse_number(text, where);
		break;
	case OPTION_TYPE_BOOL:
		r = parse_bool(text, where);
		break;
	case OPTION_TYPE_CHOICE:
		r = parse_choice(spec, text, where);
		break;
	case OPTION_TYPE_STRING:
		r = store_string(where, text);
		break;
	case OPTION_TYPE_LIST:
		r = strlist_add(where, text);
		break;
	default:
		r = parse_integer(spec, text, where);
	}
	return r < 0 ? wrong(spec, text, r, err) : 0;
}

int option_parse_alone(const struct option_spec *spec, void *base, const char *text,
		       struct error *err)
{
	int r;

	if (spec->type != OPTION_TYPE_LIST || !spec->words)
		return option_parse(spec, base, text, err);
	r = strlist_add_words(field(spec, base), text);
	if (r == -EINVAL)
		return error_say(err, r, "%s: «%s» has a quote that is not closed", spec->name,
				 text);
	return r < 0 ? wrong(spec, text, r, err) : 0;
}

/* The fewest digits that read back as the same number. */
static void format_number(double value, char *buf, size_t size)
{
	double back;

	for (int digits = 1; digits <= 17; digits++) {
		snprintf(buf, size, "%.*g", digits, value);
		if (parse_number(buf, &back) == 0 && back == value)
			break;
	}
}

/* The same without an exponent, which parse_share() does not know. */
static void format_share(double value, char *buf, size_t size)
{
	double back;

	for (int decimals = 0; decimals <= 24; decimals++) {
		snprintf(buf, size, "%.*f", decimals, value);
		if (parse_share(buf, &back) == 0 && back == value)
			break;
	}
}

const char *option_format(const struct option_spec *spec, const void *base, char *buf, size_t size)
{
	const void *where = (const char *)base + spec->offset;
	char text[FORMAT_MAX];

	switch (spec->type) {
	case OPTION_TYPE_U64:
		snprintf(buf, size, "%" PRIu64, *(const uint64_t *)where);
		break;
	case OPTION_TYPE_SIZE:
		snprintf(buf, size, "%s", format_size(*(const uint64_t *)where, text));
		break;
	case OPTION_TYPE_TIME:
		snprintf(buf, size, "%s", format_time(*(const uint64_t *)where, text));
		break;
	case OPTION_TYPE_SHARE:
		format_share(*(const double *)where, buf, size);
		break;
	case OPTION_TYPE_NUMBER:
		format_number(*(const double *)where, buf, size);
		break;
	case OPTION_TYPE_BOOL:
		snprintf(buf, size, "%s", *(const bool *)where ? "true" : "false");
		break;
	case OPTION_TYPE_CHOICE:
		snprintf(buf, size, "%s", spec->choices[*(const int *)where]);
		break;
	case OPTION_TYPE_STRING:
		snprintf(buf, size, "%s", *(char *const *)where ? *(char *const *)where : "");
		break;
	case OPTION_TYPE_LIST: {
		const struct strlist *list = where;
		size_t n = 0;

		buf[0] = '\0';
		for (size_t i = 0; i < list->count && n < size; i++)
			n += (size_t)snprintf(buf + n, size - n, "%s%s", i ? "," : "",
					      list->items[i]);
	}
	}
	return buf;
}

void option_print(FILE *f, const struct option_spec *table, const char *prefix)
{
	for (const struct option_spec *s = table; s && s->name; s++) {
		char range[300], left[400];
		const char *meta = s->meta ? s->meta : types[s->type].meta;
		bool flag = *prefix && s->type == OPTION_TYPE_BOOL;
		bool bounded = s->max && !s->meta;

		option_range(s, range, sizeof(range));
		if (!meta)
			meta = range;
		snprintf(left, sizeof(left), "%s%s%s%s", prefix, s->name,
			 flag	   ? ""
			 : *prefix ? " "
				   : ": ",
			 flag ? "" : meta);
		fprintf(f, strlen(left) > 28 ? "  %s\n%32s" : "  %-29s %s", left, "");
		fprintf(f, "%s", s->help);
		if (s->required && bounded)
			fprintf(f, " (%s; required)", range);
		else if (s->required)
			fprintf(f, " (required)");
		else if (bounded && s->fallback)
			fprintf(f, " (%s; default %s)", range, s->fallback);
		else if (bounded)
			fprintf(f, " (%s)", range);
		else if (s->fallback && !flag)
			fprintf(f, " (default %s)", s->fallback);
		fprintf(f, "\n");
	}
}

void option_free(const struct option_spec *table, void *base)
{
	for (const struct option_spec *s = table; s && s->name; s++) {
		if (s->type == OPTION_TYPE_STRING) {
			char **where = field(s, base);

			free(*where);
			*where = NULL;
		} else if (s->type == OPTION_TYPE_LIST) {
			strlist_done(field(s, base));
		}
	}
}
