/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * The kernel's keyed text files, parsed in place. Keys match as whole tokens; an unknown key is
 * the caller's to keep; a missing one is missing, never 0.
 */
enum kv_format {
	KV_FLAT,   /* "key 123\n": vmstat, memory.stat, memory.events; also "key:  123 kB" */
	KV_SINGLE, /* "123\n" or "max\n": memory.current; its key is "" */
	KV_PSI,	   /* "some avg10=0.00 ... total=123\n": keys "some" and "full", total's us */
};

struct kv_pair {
	const char *key; /* not NUL-terminated; for KV_PSI "some" or "full" */
	size_t key_len;
	uint64_t value; /* "max" is UINT64_MAX */
};

/*
 * The pair at *cursor, which moves behind its line. Lines without a number are passed over.
 * Returns 1 for a pair, 0 at the text's end. end points behind the last byte.
 */
int kv_next(enum kv_format format, const char **cursor, const char *end, struct kv_pair *ret);

/* The value of one key in a whole text. -ENOENT when it is not there. */
int kv_get(enum kv_format format, const char *text, const char *key, uint64_t *ret);
