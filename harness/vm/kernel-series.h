/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "src/error.h"
#include "src/strlist.h"

/*
 * A distribution's kernels by version. A name that stands for a series (debian/6.12) has the
 * version of the one that is in the cache, by its release.
 */

/* A name, and the release that it has if it is known; borrowed. */
struct kernel_version {
	const char *name, *release;
};

/*
 * The names from good to bad, both included, in order of version, out of those that are offered:
 * of good's flavour, each version once. -EINVAL with the reason: they are not of one flavour, not
 * names of a distribution, or not in that order.
 */
int kernel_series_between(const struct kernel_version *good, const struct kernel_version *bad,
			  const struct strlist *offers, struct strlist *ret, struct error *err);

/* The same out of what apt here offers and what is in the cache. */
int kernel_series(const struct kernel_version *good, const struct kernel_version *bad,
		  struct strlist *ret, struct error *err);
