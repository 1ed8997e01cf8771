/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "src/error.h"
#include "src/fsroot.h"

/*
 * The kernel's settings that a suite may change: sysctls by their dotted name, and a few files of
 * /sys under short names. Documentation/admin-guide/sysctl/vm.rst and admin-guide/mm/ say what
 * each does.
 */
struct knob {
	const char *name; /* "vm.swappiness", "lru_gen" */
	const char *path; /* below proc/ or sys/ */
	bool in_sys;
	uint64_t min, max; /* of a number */
	/* Words instead of a number, NULL-terminated; the file shows the chosen one in brackets. */
	const char *const *words;
	/* The kernel keeps one of the two: whichever is written, the other becomes 0. */
	const char *instead_of;
	const char *help;
};

/* {}-terminated. */
extern const struct knob knobs[];

/* NULL when there is none of that name. */
const struct knob *knob_find(const char *name);

/* Whether that knob exists in wring and may have that value; the error says what may stand. */
int knob_check(const char *name, const char *value, struct error *err);

#define KNOB_VALUE_MAX 256

/* What the kernel has now, normalised: one word or number ("60", "always", "mglru"). */
int knob_read(const struct fsroot *fs, const char *name, char value[static KNOB_VALUE_MAX],
	      struct error *err);

/*
 * What knob_write() needs to undo a later write to the knob: the one of a pair that is set now,
 * whose name (of the table) goes to *ret_name, and its value.
 */
int knob_save(const struct fsroot *fs, const char *name, const char **ret_name,
	      char value[static KNOB_VALUE_MAX], struct error *err);

/*
 * Writes, reads back and compares; value as knob_check() allows or as knob_read() gave. -ENOENT:
 * this kernel lacks it. The effective value is in effective, which may be NULL.
 */
int knob_write(const struct fsroot *fs, const char *name, const char *value,
	       char effective[KNOB_VALUE_MAX], struct error *err);
