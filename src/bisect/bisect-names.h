/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "src/bisect/bisect.h"

/*
 * A series of kernels that have names: a distribution's releases, or any list. They are fetched
 * when they are needed; one that can't be is skipped.
 */
struct bisect_names;

/*
 * series: the names in order, the ends among them or not; empty: the releases of that distribution
 * that lie between. The strings are copied.
 */
int bisect_names_open(struct bisect_names **ret, const char *good, const char *bad,
		      const struct strlist *series, struct error *err);
void bisect_names_close(struct bisect_names *names);

/* Hooks that work on it; it must outlive them. */
struct bisect_source bisect_names_source(struct bisect_names *names);
