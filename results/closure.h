/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <jansson.h>

#include "results/formula.h"
#include "results/record.h"

/*
 * What must be true of the counters among themselves. An identity says that value lies between
 * low and high; the residual is how far it lies outside, in its unit, negative below. All are
 * formulas (formula.h), and so is the tolerance: what the kernel may hold back in per-CPU batches.
 */
struct identity {
	const char *name;
	const char *unit;
	const char *meaning; /* one line: what it says, and why it must hold */
	enum formula_scope scope;
	const char *value;
	const char *low;
	const char *high; /* NULL: low, so that the identity is an equation */
	const char *tolerance;
	/*
	 * NULL-terminated names, each of which takes the place of KEY in the texts above: so many
	 * identities alike. NULL: there is no KEY.
	 */
	const char *const *keys;
};

/* {}-terminated. */
extern const struct identity identities[];

/* The identity of that name, or NULL. */
const struct identity *identity_find(const char *name);

/*
 * [{"phase": "measured", "identity": "pgscan-parts", "scope": "box", "residual": 0, "tolerance": 0,
 * "closed": true, "unit": "pages"}, ...] of each phase. Scope is "vmstat", "node0" or a cgroup's
 * path. An identity whose columns this kernel lacks is left out.
 */
json_t *closure_compute(const struct record *record);

/*
 * Marks in used (an element a column) what went into an entry of the list: metrics that read one
 * of these columns share its fate.
 */
void closure_columns(const struct record *record, const json_t *entry, bool *used);

/*
 * The next open entry of a list as closure_compute() makes it, in that phase, or in any when phase
 * is NULL. *cursor counts up from 0. NULL after the last one.
 */
const json_t *closure_open(const json_t *closure, const char *phase, size_t *cursor);

/* "pgscan-parts does not close at box: off by 12 pages, 0 allowed", of an entry. */
void closure_say(const json_t *entry, char *buf, size_t size);
