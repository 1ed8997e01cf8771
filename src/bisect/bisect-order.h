/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

/* Where to look next in a series whose first item is good and whose last one is bad. */
enum bisect_mark { BISECT_UNTESTED, BISECT_GOOD, BISECT_BAD, BISECT_SKIPPED };

/* The last good one and the first bad one behind it; what lies between is open. */
void bisect_bounds(const enum bisect_mark *marks, size_t count, size_t *ret_good, size_t *ret_bad);

/*
 * The untested one that is nearest to the middle of what is open; of two, the earlier. count: none
 * is left, and the first bad one is that of bisect_bounds() or one of the skipped before it.
 */
size_t bisect_next(const enum bisect_mark *marks, size_t count);

/* Tests that are left at most, if no more are skipped. */
size_t bisect_steps(const enum bisect_mark *marks, size_t count);
