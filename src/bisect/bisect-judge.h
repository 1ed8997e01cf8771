/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "src/bisect/bisect-measure.h"

/*
 * Whether good and bad differ, which is printed. -ERANGE: they can't be told apart; -ENODATA: nor
 * compared. *ret_exit is the exit code after an error.
 */
int bisect_tell_ends(const struct measure *m, const struct side *good, const struct side *bad,
		     int *ret_exit, struct error *err);

/* Which of both a side is like. -ENODATA: it can't be compared with them. */
int bisect_judge(const struct measure *m, const struct side *good, const struct side *bad,
		 const struct side *side, struct likeness *ret, struct error *err);

/* "3 % of the way to bad [0, 6], not bad: p 0.0078"; into buf, which is returned. */
const char *bisect_place(const struct likeness *like, char *buf, size_t size);

/* "-26.7 % [-26.8, -26.6]" on stdout. */
void bisect_print_shift(const struct judge_result *r, const char *unit);

/* The unit of the metric; "" where the side hasn't got it. Borrowed from the side. */
const char *bisect_unit(const struct measure *m, const struct side *side);
