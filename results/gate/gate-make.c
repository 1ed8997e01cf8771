// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "results/gate/gate-make.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "results/compare/differences.h"
#include "results/stats/seeds.h"
#include "results/json.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"

void gate_done(struct gate *gate)
{
	free(gate->checks);
	strlist_done(&gate->reasons);
	strlist_done(&gate->texts);
	*gate = (struct gate){};
}

/* A text that lives as long as the gate; NULL when memory is out. */
static const char *keep(struct gate *gate, char *text)
{
	const char *kept = NULL;

	if (text && strlist_add(&gate->texts, text) == 0)
		kept = gate->texts.items[gate->texts.count - 1];
	free(text);
	return kept;
}

static int reason(struct gate *gate, char *text)
{
	int r = text ? 0 : -ENOMEM;

	if (text && !strlist_contains(&gate->reasons, text))
		r = strlist_add(&gate->reasons, text);
	free(text);
	return r;
}

/* ---- what stands in the way of a check ---- */

/* A record that doesn't say is of a wring that had no other clock. */
static const char *clock_of(const struct comparison *c)
{
	const char *clock = json_text(c->fresh->run, "clock", "");

	return *clock ? clock : "insn";
}

static bool in_real_time(const struct comparison *c)
{
	return !streq(clock_of(c), "insn");
}

/*
 * Another build of wring or another QEMU boots another way: how far that alone moves the metric
 * must be known.
 */
static char *unknown_drift(const struct comparison *c, const struct row *row)
{
	const struct series *a = cell_series(row->base, row->metric);
	const struct series *b = cell_series(row->fresh, row->metric);
	char makers[600];

	if (in_real_time(c) || same_makers(c->base, c->fresh, makers, sizeof(makers)) ||
	    !isnan(a->drift) || !isnan(b->drift))
		return NULL;
	return text_format("the sides were made by different programs (%s), and how far that alone "
			   "moves it was not measured: run the base again%s",
			   makers, c->base->baseline ? ", or save the baseline with --also" : "");
}

static char *unknown_noise(const struct comparison *c, const struct compare_rules *rules,
			   const struct gate_rules *gate_rules, const struct row *row)
{
	const json_t *floor =
		json_object_get(json_object_get(rules->noise, row->base->key), row->metric);

	if (!in_real_time(c) || gate_rules->uncalibrated || json_is_number(floor))
		return NULL;
	return text_format(
		"in real time a machine's own noise must be known first: wring calibrate "
		"%s, or --uncalibrated",
		json_text(json_object_get(c->fresh->run, "suite"), "suite", ""));
}

static char *trouble(const struct side *side, const struct cell *cell)
{
	size_t more = cell->troubles.count - 1;

	return text_format("%s: %s%s", side->label, cell->troubles.items[0],
			   more ? ", and more like it" : "");
}

static char *obstacle(const struct comparison *c, const struct compare_rules *rules,
		      const struct gate_rules *gate_rules, const struct row *row)
{
	char *text;

	if (row->base && row->base->troubles.count)
		return trouble(c->base, row->base);
	if (row->fresh && row->fresh->troubles.count)
		return trouble(c->fresh, row->fresh);
	if (row->state != ROW_JUDGED)
		return strdup(row->why);
	text = unknown_drift(c, row);
	return text ? text : unknown_noise(c, rules, gate_rules, row);
}

/* ---- checks ---- */

static int mind_margin(struct gate *gate, struct gate_check *check, const struct comparison *c,
		       const struct row *row)
{
	if (row->widened <= 0) {
		check->why = row->mind;
		return 0;
	}
	check->why =
		keep(gate, text_format("the margin is wider by %.2g %%: %s%s%s", 100 * row->widened,
				       in_real_time(c) ? "this machine's own noise"
						       : "what another build of wring or "
							 "another QEMU moves it by",
				       row->mind ? "; " : "", row->mind ? row->mind : ""));
	return check->why ? 0 : -ENOMEM;
}

static int fill_check(struct gate *gate, struct gate_check *check, const struct comparison *c,
		      const struct compare_rules *rules, const struct gate_rules *gate_rules,
		      const struct row *row, size_t family)
{
	char scenario[300];
	char *why = obstacle(c, rules, gate_rules, row);
	const struct judge_input input = row_input(row);

	*check = (struct gate_check){
		.scenario = keep(gate, strdup(row_scenario(c, row, scenario, sizeof(scenario)))),
		.metric = keep(gate, strdup(row->metric)),
		.unit = row->unit,
		.better = row_better(row),
		.margin = row_margin_share(row),
		.absolute = row->margin.absolute,
		.base_seeds = row->values.base_count,
		.fresh_seeds = row->values.fresh_count,
		.result = row->result,
	};
	if (!check->scenario || !check->metric) {
		free(why);
		return -ENOMEM;
	}
	if (why) {
		check->outcome = GATE_INVALID;
		check->why = keep(gate, why);
		return check->why ? 0 : -ENOMEM;
	}
	check->outcome = gate_outcome_of(row->result.verdict);
	if (check->outcome == GATE_INCONCLUSIVE)
		check->seeds = seeds_wanted(&input, family, &rules->judge, gate_rules->power, 1);
	return mind_margin(gate, check, c, row);
}

/* ---- the gate ---- */

/* The worst of the checks and of what the reasons are. */
static void sum_up(struct gate *gate)
{
	struct gate_report *report = &gate->report;

	report->outcome = gate->own;
	report->seeds = 0;
	for (size_t i = 0; i < report->count; i++) {
		report->outcome = MAX(report->outcome, gate->checks[i].outcome);
		if (gate->checks[i].outcome == GATE_INCONCLUSIVE)
			report->seeds = MAX(report->seeds, gate->checks[i].seeds);
	}
}

static const struct gate_check *check_of(const struct gate *gate, const struct gate_check *like)
{
	for (size_t i = 0; i < gate->report.count; i++)
		if (streq(gate->checks[i].scenario, like->scenario) &&
		    streq(gate->checks[i].metric, like->metric))
			return &gate->checks[i];
	return NULL;
}

void gate_keep(struct gate *gate, const struct gate *earlier)
{
	for (size_t i = 0; i < gate->report.count; i++) {
		struct gate_check *check = &gate->checks[i];
		const struct gate_check *stood = check_of(earlier, check);

		if (!stood || (stood->outcome != GATE_PASS && stood->outcome != GATE_REGRESSION))
			continue;
		check->outcome = stood->outcome;
		check->result = stood->result;
		check->base_seeds = stood->base_seeds;
		check->fresh_seeds = stood->fresh_seeds;
		check->seeds = 0;
	}
	sum_up(gate);
}

/* An expectation that the base holds and the new side doesn't is a regression by itself. */
static int claims(struct gate *gate, const struct comparison *c)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->fresh->cell_count; i++) {
		const struct cell *cell = &c->fresh->cells[i];

		if (!cell->failures.count)
			continue;
		gate->own = MAX(gate->own, GATE_REGRESSION);
		r = reason(gate, text_format("%s, %s: expectation not met: %s%s", c->fresh->label,
					     cell->scenario, cell->failures.items[0],
					     cell->failures.count > 1 ? ", and more" : ""));
	}
	return r;
}

static int judge_checks(struct gate *gate, const struct comparison *c,
			const struct compare_rules *rules, const struct gate_rules *gate_rules)
{
	size_t family = 0;

	for (size_t i = 0; i < c->count; i++)
		family += c->rows[i].state == ROW_JUDGED;
	for (size_t i = 0; i < c->count; i++) {
		struct gate_check *check = &gate->checks[i];
		int r = fill_check(gate, check, c, rules, gate_rules, &c->rows[i], family);

		if (r < 0)
			return r;
	}
	gate->report.checks = gate->checks;
	gate->report.count = c->count;
	return 0;
}

static int fill_gate(struct gate *gate, const struct comparison *c,
		     const struct compare_rules *rules, const struct gate_rules *gate_rules)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->refusals.count; i++) {
		gate->own = GATE_INVALID;
		r = reason(gate, strdup(c->refusals.items[i]));
	}
	for (size_t i = 0; r == 0 && i < c->differences.count; i++)
		r = reason(gate, text_format("what differs: %s", c->differences.items[i]));
	if (r == 0)
		r = claims(gate, c);
	if (r == 0)
		r = judge_checks(gate, c, rules, gate_rules);
	gate->report.reasons = (const char *const *)gate->reasons.items;
	gate->report.reason_count = gate->reasons.count;
	sum_up(gate);
	return r;
}

int gate_make(struct gate *ret, const struct comparison *c, const struct compare_rules *rules,
	      const struct gate_rules *gate_rules, struct error *err)
{
	struct gate gate = {
		.report = {
			.suite = json_text(json_object_get(c->fresh->run, "suite"), "suite", ""),
			.base = c->base->label,
			.fresh = c->fresh->label,
			.clock = clock_of(c),
			.version = PACKAGE_VERSION,
		},
		.checks = calloc(c->count + 1, sizeof(*gate.checks)),
	};
	int r = gate.checks ? fill_gate(&gate, c, rules, gate_rules) : -ENOMEM;

	if (r < 0)
		error_set(err, r, "gate");
	else if (!c->count && !c->refusals.count)
		r = error_say(
			err, -EINVAL,
			"there is nothing to be held to: neither the suite nor a --policy has "
			"margins; «gate:» in the suite says them (man wring-suite)");
	if (r < 0) {
		gate_done(&gate);
		return r;
	}
	*ret = gate;
	return 0;
}
