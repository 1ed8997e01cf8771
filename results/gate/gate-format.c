// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/gate/gate-format.h"

#include <math.h>

#include "results/plain.h"
#include "results/value.h"
#include "src/macro.h"

/* ---- figures ---- */

/* As many decimals as the interval's width is worth; of a share in percent. */
static int decimals(const struct judge_result *result)
{
	double width = 100 * (result->high - result->low);
	double scale = isfinite(width) && width > 0 ? width : fabs(100 * result->shift);

	if (fabs(result->shift) >= 10)
		return 0;
	return scale >= 0.5 || scale == 0 ? 1 : scale >= 0.05 ? 2 : 3;
}

/* "+3.1" of 0.031, "+1,200" of pages, "-80.2 us"; never "-0.0". */
static void format_signed(double value, const struct gate_check *check, char *buf, size_t size)
{
	char digits[FORMAT_MAX];
	int places = decimals(&check->result);

	if (isnan(value)) {
		snprintf(buf, size, "-");
	} else if (isinf(value)) {
		snprintf(buf, size, value < 0 ? "-∞" : "+∞");
	} else if (check->result.absolute) {
		snprintf(buf, size, "%s%s",
			 value < 0   ? "-"
			 : value > 0 ? "+"
				     : "",
			 value_format(fabs(value), check->unit, digits));
	} else if (fabs(value) >= 1e4) {
		snprintf(buf, size, "%+.3g", 100 * value);
	} else {
		bool zero = fabs(100 * value) < 0.5 * pow(10, -places);

		snprintf(buf, size, zero ? "%.*f" : "%+.*f", places, zero ? 0 : 100 * value);
	}
}

/* The sign or word behind a shift, with its blank. */
static void shift_unit(const struct gate_check *check, const char *unit,
		       char buf[static GATE_CELL_MAX])
{
	if (check->result.absolute)
		snprintf(buf, GATE_CELL_MAX, "%s%.60s", *unit ? " " : "", unit);
	else
		snprintf(buf, GATE_CELL_MAX, " %%");
}

static void format_shift(const struct gate_check *check, struct gate_cells *ret)
{
	const struct judge_result *result = &check->result;
	char shift[FORMAT_MAX], low[FORMAT_MAX], high[FORMAT_MAX], unit[GATE_CELL_MAX];

	shift_unit(check, ret->unit, unit);
	format_signed(result->shift, check, shift, sizeof(shift));
	format_signed(result->low, check, low, sizeof(low));
	format_signed(result->high, check, high, sizeof(high));
	snprintf(ret->shift, sizeof(ret->shift), "%.35s%.40s", shift, unit);
	if (isinf(result->low) && isinf(result->high)) {
		snprintf(ret->interval, sizeof(ret->interval), "unbounded");
		snprintf(ret->both, sizeof(ret->both), "%s (unbounded)", ret->shift);
	} else {
		snprintf(ret->interval, sizeof(ret->interval), "%.25s to %.25s%.24s", low, high,
			 unit);
		snprintf(ret->both, sizeof(ret->both), "%s (%.30s to %.30s)", ret->shift, low,
			 high);
	}
}

static void format_q(double q, char buf[static GATE_CELL_MAX])
{
	if (isnan(q))
		snprintf(buf, GATE_CELL_MAX, "-");
	else if (q >= 0.00995)
		snprintf(buf, GATE_CELL_MAX, "%.2f", q);
	else
		snprintf(buf, GATE_CELL_MAX, "%.1g", q);
}

static void format_margin(const struct gate_check *check, const char *unit,
			  char buf[static GATE_CELL_MAX])
{
	char digits[FORMAT_MAX];

	if (check->outcome == GATE_INVALID || !check->result.absolute)
		snprintf(buf, GATE_CELL_MAX, "%.3g %%", 100 * check->margin);
	else if (check->absolute > 0)
		snprintf(buf, GATE_CELL_MAX, "%s%s%.30s",
			 value_format(check->absolute, check->unit, digits), *unit ? " " : "",
			 unit);
	else
		snprintf(buf, GATE_CELL_MAX, "none");
}

void gate_cells(const struct gate_check *check, struct gate_cells *ret)
{
	char digits[FORMAT_MAX];

	*ret = (struct gate_cells){
		.base = "-", .fresh = "-", .shift = "-", .interval = "-", .both = "-", .q = "-"
	};
	plain_cut(value_unit(check->unit), 20, ret->unit, sizeof(ret->unit));
	format_margin(check, ret->unit, ret->margin);
	if (check->outcome == GATE_INVALID)
		return;
	format_q(check->result.q, ret->q);
	if (isnan(check->result.base_median) || isnan(check->result.fresh_median))
		return;
	snprintf(ret->base, sizeof(ret->base), "%s",
		 value_format(check->result.base_median, check->unit, digits));
	snprintf(ret->fresh, sizeof(ret->fresh), "%s",
		 value_format(check->result.fresh_median, check->unit, digits));
	format_shift(check, ret);
}

/* ---- names ---- */

enum gate_outcome gate_outcome_of(enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_SAME:
	case VERDICT_BETTER:
		return GATE_PASS;
	case VERDICT_WORSE:
	case VERDICT_MOVED:
		return GATE_REGRESSION;
	case VERDICT_CANT_TELL:
		break;
	}
	return GATE_INCONCLUSIVE;
}

enum gate_group gate_group(const struct gate_check *check)
{
	switch (check->outcome) {
	case GATE_PASS:
		return check->result.verdict == VERDICT_BETTER ? GROUP_BETTER : GROUP_SAME;
	case GATE_INCONCLUSIVE:
		return GROUP_OPEN;
	case GATE_REGRESSION:
		return check->result.verdict == VERDICT_MOVED ? GROUP_MOVED : GROUP_WORSE;
	case GATE_INVALID:
		break;
	}
	return GROUP_INVALID;
}

size_t gate_group_size(const struct gate_report *report, enum gate_group group)
{
	size_t n = 0;

	for (size_t i = 0; i < report->count; i++)
		n += gate_group(&report->checks[i]) == group;
	return n;
}

const char *gate_group_name(enum gate_group group)
{
	static const char *const names[GROUP_COUNT] = {
		[GROUP_INVALID] = "invalid", [GROUP_WORSE] = "worse",	[GROUP_MOVED] = "moved",
		[GROUP_OPEN] = "can't tell", [GROUP_BETTER] = "better", [GROUP_SAME] = "same",
	};

	return names[group];
}

const char *gate_outcome_name(enum gate_outcome outcome)
{
	static const char *const names[] = {
		[GATE_PASS] = "pass",
		[GATE_INCONCLUSIVE] = "inconclusive",
		[GATE_REGRESSION] = "REGRESSION",
		[GATE_INVALID] = "invalid",
	};

	return names[outcome];
}

const char *gate_clock(const struct gate_report *report)
{
	if (streq(report->clock, "insn"))
		return "clock insn: 1 ns is one guest instruction; not hardware time";
	if (streq(report->clock, "wall"))
		return "clock wall: times are by the host's clock";
	return NULL;
}

/* ---- sentences ---- */

const char *gate_seeds_needed(const struct gate_check *check, char buf[static GATE_LINE_MAX])
{
	if (check->seeds)
		snprintf(buf, GATE_LINE_MAX, "%zu seeds a side are needed, there are %zu and %zu",
			 check->seeds, check->base_seeds, check->fresh_seeds);
	else
		snprintf(buf, GATE_LINE_MAX, "no number of seeds would do, there are %zu and %zu",
			 check->base_seeds, check->fresh_seeds);
	return buf;
}

const char *gate_medians(const struct gate_check *check, char buf[static GATE_LINE_MAX])
{
	struct gate_cells cells;
	const char *gap;

	gate_cells(check, &cells);
	gap = *cells.unit ? " " : "";
	snprintf(buf, GATE_LINE_MAX, "base %s%s%s of %zu seeds, fresh %s%s%s of %zu seeds",
		 cells.base, gap, cells.unit, check->base_seeds, cells.fresh, gap, cells.unit,
		 check->fresh_seeds);
	return buf;
}

const char *gate_sentence(const struct gate_check *check, char buf[static GATE_LINE_MAX])
{
	char text[GATE_LINE_MAX / 2];
	struct gate_cells cells;
	const char *name = gate_group_name(gate_group(check));

	if (check->outcome == GATE_INVALID) {
		snprintf(buf, GATE_LINE_MAX, "%s: %s", name,
			 plain_cut(check->why ? check->why : "it can't be judged", sizeof(text),
				   text, sizeof(text)));
		return buf;
	}
	gate_cells(check, &cells);
	snprintf(buf, GATE_LINE_MAX, "%s: %s, q %s, margin %s", name, cells.both, cells.q,
		 cells.margin);
	return buf;
}

/* What else there is beside the outcome, "; 3 can't be told"; each part only where it isn't 0. */
static void format_tail(const struct gate_report *report, char *buf, size_t size)
{
	size_t worse = gate_group_size(report, GROUP_WORSE) + gate_group_size(report, GROUP_MOVED);
	size_t open = gate_group_size(report, GROUP_OPEN);
	int n = 0;

	*buf = '\0';
	if (report->outcome == GATE_INVALID && worse)
		n = snprintf(buf, size, "; %zu regressed", worse);
	if (report->outcome != GATE_INCONCLUSIVE && open)
		snprintf(buf + n, size - (size_t)n, "; %zu can't be told yet", open);
}

static void say_regression(const struct gate_report *report, const char *base, const char *fresh,
			   char buf[static GATE_LINE_MAX])
{
	size_t worse = gate_group_size(report, GROUP_WORSE);
	size_t moved = gate_group_size(report, GROUP_MOVED);
	const char *what = worse ? "is worse than" : "differs from";
	char tail[80];

	format_tail(report, tail, sizeof(tail));
	snprintf(buf, GATE_LINE_MAX, "%zu of %zu check%s: %s %s %s%s", worse + moved, report->count,
		 report->count == 1 ? "" : "s", fresh, what, base, tail);
}

static void say_inconclusive(const struct gate_report *report, char buf[static GATE_LINE_MAX])
{
	size_t open = gate_group_size(report, GROUP_OPEN);
	char what[120];

	if (open)
		snprintf(what, sizeof(what), "%zu of %zu check%s can't be told", open,
			 report->count, report->count == 1 ? "" : "s");
	else
		snprintf(what, sizeof(what), "the verdict can't be told");
	if (report->seeds)
		snprintf(buf, GATE_LINE_MAX, "%s; run %zu seeds a side", what, report->seeds);
	else
		snprintf(buf, GATE_LINE_MAX, "%s, and no number of seeds would do", what);
}

static void say_invalid(const struct gate_report *report, char buf[static GATE_LINE_MAX])
{
	size_t invalid = gate_group_size(report, GROUP_INVALID);
	char tail[80], text[400];

	format_tail(report, tail, sizeof(tail));
	if (invalid)
		snprintf(buf, GATE_LINE_MAX, "%zu of %zu check%s can't be judged%s", invalid,
			 report->count, report->count == 1 ? "" : "s", tail);
	else
		snprintf(buf, GATE_LINE_MAX, "%s%s",
			 report->reason_count
				 ? plain_cut(report->reasons[0], 70, text, sizeof(text))
				 : "the sides can't be judged",
			 tail);
}

const char *gate_headline(const struct gate_report *report, char buf[static GATE_LINE_MAX])
{
	char base[160], fresh[160];

	plain_cut(report->base, 26, base, sizeof(base));
	plain_cut(report->fresh, 26, fresh, sizeof(fresh));
	switch (report->outcome) {
	case GATE_PASS:
		if (!report->count) {
			snprintf(buf, GATE_LINE_MAX, "there are no checks");
			break;
		}
		snprintf(buf, GATE_LINE_MAX, "%zu check%s: %s is no worse than %s", report->count,
			 report->count == 1 ? " holds" : "s hold", fresh, base);
		break;
	case GATE_REGRESSION:
		say_regression(report, base, fresh, buf);
		break;
	case GATE_INCONCLUSIVE:
		say_inconclusive(report, buf);
		break;
	case GATE_INVALID:
		say_invalid(report, buf);
		break;
	}
	return buf;
}

/* ---- the report as points ---- */

bool gate_has_own_point(const struct gate_report *report)
{
	for (size_t i = 0; i < report->count; i++)
		if (report->checks[i].outcome >= report->outcome)
			return false;
	return report->outcome != GATE_PASS || !report->count;
}

const char *gate_own_reason(const struct gate_report *report, char buf[static GATE_LINE_MAX])
{
	if (report->reason_count)
		return plain_cut(report->reasons[0], GATE_LINE_MAX, buf, GATE_LINE_MAX);
	snprintf(buf, GATE_LINE_MAX,
		 report->outcome == GATE_PASS ? "there are no checks"
					      : "the sides can't be judged");
	return buf;
}

size_t gate_next_of(const struct gate_report *report, const char *scenario, size_t index)
{
	while (index < report->count && !streq(report->checks[index].scenario, scenario))
		index++;
	return index;
}

bool gate_begins_scenario(const struct gate_report *report, size_t index)
{
	return gate_next_of(report, report->checks[index].scenario, 0) == index;
}
