/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "src/error.h"
#include "src/strlist.h"

/*
 * The typed option table: the only source of an option's name, type, default, range and help.
 * Suite files, command lines, `wring list`, --help, the man pages and the record all read it.
 *
 * A table is an array of struct option_spec that ends with {}. Its entries are made with the
 * macros below, which refuse to compile when the field has another type than the option needs.
 */
enum option_type {
	OPTION_TYPE_U64,    /* uint64_t */
	OPTION_TYPE_SIZE,   /* uint64_t, bytes */
	OPTION_TYPE_TIME,   /* uint64_t, ns */
	OPTION_TYPE_SHARE,  /* double, 0 to 1 */
	OPTION_TYPE_NUMBER, /* double; any finite number */
	OPTION_TYPE_BOOL,   /* bool; on a command line a flag without a value */
	OPTION_TYPE_CHOICE, /* int, the index in choices */
	OPTION_TYPE_STRING, /* char *, owned by the struct; NULL when not given */
	OPTION_TYPE_LIST,   /* struct strlist; may be given several times */
};

struct option_spec {
	const char *name;
	const char *fallback; /* the default, as text; NULL: not set (0, false, NULL) */
	const char *meta;     /* what stands for the value in --help: "SIZE"; NULL: from the type */
	const char *help;     /* one line, no full stop */
	const char *const *choices; /* NULL-terminated; OPTION_TYPE_CHOICE only */
	uint64_t min, max;	    /* U64, SIZE, TIME: inclusive; max 0: no upper bound */
	enum option_type type;
	size_t offset;
	bool required;
	bool words; /* LIST: a value that stands alone is a text of words */
};

#define OPTION_AT(S, field, T)                                                                     \
	(offsetof(S, field) +                                                                      \
	 0 * sizeof(struct {                                                                       \
		 _Static_assert(__builtin_types_compatible_p(__typeof__(((S *)0)->field), T),      \
				"option's field has the wrong type");                              \
		 int unused;                                                                       \
	 }))

#define OPTION_U64(S, f, ...)                                                                      \
	{                                                                                          \
		.type = OPTION_TYPE_U64, .offset = OPTION_AT(S, f, uint64_t), __VA_ARGS__          \
	}
#define OPTION_SIZE(S, f, ...)                                                                     \
	{                                                                                          \
		.type = OPTION_TYPE_SIZE, .offset = OPTION_AT(S, f, uint64_t), __VA_ARGS__         \
	}
#define OPTION_TIME(S, f, ...)                                                                     \
	{                                                                                          \
		.type = OPTION_TYPE_TIME, .offset = OPTION_AT(S, f, uint64_t), __VA_ARGS__         \
	}
#define OPTION_SHARE(S, f, ...)                                                                    \
	{                                                                                          \
		.type = OPTION_TYPE_SHARE, .offset = OPTION_AT(S, f, double), __VA_ARGS__          \
	}
#define OPTION_NUMBER(S, f, ...)                                                                   \
	{                                                                                          \
		.type = OPTION_TYPE_NUMBER, .offset = OPTION_AT(S, f, double), __VA_ARGS__         \
	}
#define OPTION_BOOL(S, f, ...)                                                                     \
	{                                                                                          \
		.type = OPTION_TYPE_BOOL, .offset = OPTION_AT(S, f, bool), __VA_ARGS__             \
	}
#define OPTION_CHOICE(S, f, ...)                                                                   \
	{                                                                                          \
		.type = OPTION_TYPE_CHOICE, .offset = OPTION_AT(S, f, int), __VA_ARGS__            \
	}
#define OPTION_STRING(S, f, ...)                                                                   \
	{                                                                                          \
		.type = OPTION_TYPE_STRING, .offset = OPTION_AT(S, f, char *), __VA_ARGS__         \
	}
#define OPTION_LIST(S, f, ...)                                                                     \
	{                                                                                          \
		.type = OPTION_TYPE_LIST, .offset = OPTION_AT(S, f, struct strlist), __VA_ARGS__   \
	}

/* The entry of that name, or NULL. A dash in what the user wrote matches an underscore. */
const struct option_spec *option_find(const struct option_spec *table, const char *name);

/* Writes every default into the struct at base, which must be all-zero. */
int option_defaults(const struct option_spec *table, void *base, struct error *err);

/*
 * Parses text for one option, checks its range and stores it. The error names the option, what
 * was written and what would be right. -EINVAL, -ERANGE, -ENOMEM.
 */
int option_parse(const struct option_spec *spec, void *base, const char *text, struct error *err);

/*
 * The same for a value that stands alone, and is no item of a list: a LIST with .words gets each
 * of its words.
 */
int option_parse_alone(const struct option_spec *spec, void *base, const char *text,
		       struct error *err);

/* The value as text that option_parse() reads back; "" for an unset string. Returns buf. */
const char *option_format(const struct option_spec *spec, const void *base, char *buf, size_t size);

/* "SIZE", "0 to 200", "sequential|uniform|zipf": what may be written. Returns buf. */
const char *option_range(const struct option_spec *spec, char *buf, size_t size);

/* The table as help lines; prefix stands before each name ("--" for a command line). */
void option_print(FILE *f, const struct option_spec *table, const char *prefix);

/* Frees what the struct at base owns (strings, lists) and leaves it all-unset. */
void option_free(const struct option_spec *table, void *base);
