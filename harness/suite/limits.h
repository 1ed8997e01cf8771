/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

#include "src/error.h"

/*
 * The files of a cgroup that a suite may set. Documentation/admin-guide/cgroup-v2.rst says what
 * each does.
 */
enum limit_kind {
	LIMIT_BYTES,  /* a size, a multiple of 4K, or "max" */
	LIMIT_SWITCH, /* 0 or 1 */
};

struct limit {
	const char *name; /* "memory.max" */
	enum limit_kind kind;
	uint64_t min_bytes; /* a worker cannot start in less */
	const char *help;
};

/* {}-terminated. */
extern const struct limit limits[];

/* NULL when there is none of that name. */
const struct limit *limit_find(const char *name);

#define LIMIT_VALUE_MAX 40

/*
 * Whether a suite may write that value there. value is then the text for the kernel, which knows
 * no fractions ("1536M" for "1.5G"). -EINVAL, with the nearest name or what may stand there.
 */
int limit_check(const char *name, const char *text, char value[static LIMIT_VALUE_MAX],
		struct error *err);
