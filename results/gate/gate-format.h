/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "results/gate/gate.h"

/*
 * What every format of a gate says in the same words. All text is one line and fit to be printed
 * (results/plain.h), but not yet escaped for its format.
 */
#define GATE_CELL_MAX 80
#define GATE_LINE_MAX 600

/* A check's figures. Of GATE_INVALID all but the margin are "-". */
struct gate_cells {
	char base[GATE_CELL_MAX], fresh[GATE_CELL_MAX]; /* medians: "1.46 GiB", "134,897" */
	char unit[GATE_CELL_MAX];			/* "pages"; "" where the medians have it */
	char shift[GATE_CELL_MAX];			/* "+3.1 %"; of a base of 0 "+12 pages" */
	char interval[GATE_CELL_MAX];			/* "+2.6 to +3.7 %", "unbounded" */
	char both[2 * GATE_CELL_MAX];			/* "+3.1 % (+2.6 to +3.7)" */
	char q[GATE_CELL_MAX], margin[GATE_CELL_MAX];	/* "0.0004", "2 %" */
};
void gate_cells(const struct gate_check *check, struct gate_cells *ret);

/* How a check came out, from the worst to the best, which is the order to show them in. */
enum gate_group {
	GROUP_INVALID,
	GROUP_WORSE,
	GROUP_MOVED,
	GROUP_OPEN, /* can't tell */
	GROUP_BETTER,
	GROUP_SAME,
	GROUP_COUNT,
};
enum gate_group gate_group(const struct gate_check *check);
size_t gate_group_size(const struct gate_report *report, enum gate_group group);
/* "worse", "can't tell" */
const char *gate_group_name(enum gate_group group);

/* "pass", "inconclusive", "REGRESSION", "invalid" */
const char *gate_outcome_name(enum gate_outcome outcome);

/* What follows that name: "48 checks hold: debian/6.12 is no worse than debian/6.1". */
const char *gate_headline(const struct gate_report *report, char buf[static GATE_LINE_MAX]);

/* "worse: +3.1 % (+2.6 to +3.7), q 0.0004, margin 2 %", "invalid: no value on the base's side" */
const char *gate_sentence(const struct gate_check *check, char buf[static GATE_LINE_MAX]);
/* "base 12,345 pages of 30 seeds, fresh 12,728 pages of 30 seeds" */
const char *gate_medians(const struct gate_check *check, char buf[static GATE_LINE_MAX]);
/* "38 seeds a side are needed, there are 5 and 5"; of GATE_INCONCLUSIVE. */
const char *gate_seeds_needed(const struct gate_check *check, char buf[static GATE_LINE_MAX]);

/* What the times are; NULL: nothing is to be said. */
const char *gate_clock(const struct gate_report *report);

/*
 * The report is worse than any of its checks: what its reasons say is wrong must then be a point of
 * its own, or a reader of points would see a pass.
 */
bool gate_has_own_point(const struct gate_report *report);
/* That point's text: the first reason, or that the sides can't be judged. */
const char *gate_own_reason(const struct gate_report *report, char buf[static GATE_LINE_MAX]);

/* The next check of a scenario from index on, or report->count. */
size_t gate_next_of(const struct gate_report *report, const char *scenario, size_t index);
/* Whether the check at index is its scenario's first: scenarios come in the checks' order. */
bool gate_begins_scenario(const struct gate_report *report, size_t index);
