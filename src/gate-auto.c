// SPDX-License-Identifier: GPL-2.0-or-later
#include "src/gate-auto.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "src/cleanup.h"
#include "src/command.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/noise-file.h"
#include "src/run-suite.h"

/* Seeds a side at each look. At the first one a lone metric can already be told in a large family.
 */
static const uint64_t looks[] = { 16, 24, 40, 64, 96, 144, 216, 324, 486, 729 };

struct state {
	const struct auto_gate *a;
	struct auto_result *result;
	struct compare_rules rules; /* a look's */
	struct noise noise;	    /* this machine's, in real time */
	struct strlist open; /* scenarios that have a check which doesn't stand; empty: all */
};

void auto_result_done(struct auto_result *result)
{
	gate_done(&result->gate);
	comparison_free(result->comparison);
	side_close(result->base);
	side_close(result->fresh);
	free(result->dir);
	*result = (struct auto_result){};
}

/* How often is looked: each time costs a part of the error rate. */
static size_t look_count(uint64_t max_seeds)
{
	size_t n = 1;

	while (n < ARRAY_SIZE(looks) && looks[n - 1] < max_seeds)
		n++;
	return n;
}

static uint64_t seeds_at(size_t look, uint64_t max_seeds)
{
	return MIN(looks[look], max_seeds);
}

/* ---- runs ---- */

static char *look_dir(const struct state *s, size_t look)
{
	return text_format("%s/look-%zu", s->result->dir, look + 1);
}

static int run_look(struct state *s, size_t look, int *ret_exit, struct error *err)
{
	const struct auto_gate *a = s->a;
	uint64_t first = look ? seeds_at(look - 1, a->max_seeds) + 1 : 1;
	uint64_t last = seeds_at(look, a->max_seeds);
	_cleanup_free_ char *seeds =
		text_format("%llu..%llu", (unsigned long long)first, (unsigned long long)last);
	_cleanup_free_ char *dir = look_dir(s, look);
	struct run_outcome outcome;
	struct run_options o = *a->run;
	int r;

	if (!seeds || !dir)
		return error_set(err, -ENOMEM, "gate");
	o.vm = true;
	o.seeds = seeds;
	o.out = dir;
	if (s->open.count)
		o.only = s->open;
	if (!o.quiet)
		fprintf(stderr, "gate: look %zu of %zu, seeds %s%s\n", look + 1,
			look_count(a->max_seeds), seeds,
			s->open.count ? ", of the scenarios that are still open" : "");
	r = run_suite(&o, a->suite, &outcome, err);
	*ret_exit = outcome.exit_code;
	if (r == 0 && outcome.summary.interrupted) {
		*ret_exit = EXIT_INVALID;
		r = error_say(err, -EINTR, "interrupted: what was run is in %s", s->result->dir);
	}
	free(outcome.dir);
	return r;
}

/* ---- sides ---- */

static int open_kernel(struct side **ret, const char *dir, size_t kernel, const char *label,
		       struct error *err)
{
	struct side *side;
	int r = side_open(&side, dir, err);

	if (r < 0)
		return r;
	if (side->kernel_count <= kernel)
		r = error_say(err, -ENODATA, "%s has no trial of %s", dir, label);
	else
		r = side_narrow(side, side->kernels[kernel], err);
	if (r == 0) {
		char *text = strdup(label);

		free(side->label);
		side->label = text;
		r = text ? 0 : error_set(err, -ENOMEM, "gate");
	}
	if (r < 0) {
		side_close(side);
		return r;
	}
	*ret = side;
	return 0;
}

static int add_look(struct state *s, struct side **side, size_t kernel, const char *dir,
		    struct error *err)
{
	struct side *more;
	int r = open_kernel(&more, dir, kernel, s->a->run->kernels.items[kernel], err);

	if (r < 0)
		return r;
	if (!*side) {
		*side = more;
		return 0;
	}
	r = side_append(*side, more, err);
	side_close(more);
	return r;
}

/* ---- verdicts ---- */

/* The scenarios to go on with, by the names that --only takes. */
static int list_open(struct state *s)
{
	const struct gate_report *report = &s->result->gate.report;

	strlist_done(&s->open);
	for (size_t i = 0; i < report->count; i++) {
		const struct gate_check *check = &report->checks[i];

		if (check->outcome == GATE_INCONCLUSIVE &&
		    !strlist_contains(&s->open, check->scenario) &&
		    strlist_add(&s->open, check->scenario) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int judge_look(struct state *s, size_t look, struct error *err)
{
	struct auto_result *result = s->result;
	_cleanup_free_ char *dir = look_dir(s, look);
	struct gate gate;
	int r = dir ? 0 : error_set(err, -ENOMEM, "gate");

	if (r == 0)
		r = add_look(s, &result->base, 0, dir, err);
	if (r == 0)
		r = add_look(s, &result->fresh, 1, dir, err);
	if (r < 0)
		return r;
	if (!s->noise.floor)
		r = noise_of_side(&s->noise, result->fresh, err);
	if (r < 0)
		return r;
	s->rules.noise = s->noise.floor;
	comparison_free(result->comparison);
	result->comparison = NULL;
	r = compare_sides(&result->comparison, result->base, result->fresh, &s->rules, err);
	if (r == 0)
		r = gate_make(&gate, result->comparison, &s->rules, &s->a->gate_rules, err);
	if (r < 0)
		return r;
	gate_keep(&gate, &result->gate);
	gate_done(&result->gate);
	result->gate = gate;
	return list_open(s) < 0 ? error_set(err, -ENOMEM, "gate") : 0;
}

/* ---- all of it ---- */

/* wring-results/gate-auto/UTC-TIME unless --out says another. */
static int make_dir(struct state *s, struct error *err)
{
	time_t now = time(NULL);
	char stamp[40];
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm);
	s->result->dir = s->a->run->out ? strdup(s->a->run->out)
					: text_format("wring-results/gate-auto/%s", stamp);
	return s->result->dir ? dir_make(s->result->dir, err) : error_set(err, -ENOMEM, "gate");
}

int gate_auto(const struct auto_gate *a, struct auto_result *ret, int *ret_exit, struct error *err)
{
	size_t count = look_count(a->max_seeds);
	struct state s = { .a = a, .result = ret, .rules = a->rules };
	int r;

	*ret = (struct auto_result){};
	*ret_exit = EXIT_ENVIRONMENT;
	s.rules.judge.alpha /= (double)count;
	s.rules.judge.decision = 1 - (1 - s.rules.judge.decision) / (double)count;
	r = make_dir(&s, err);
	for (size_t look = 0; r == 0 && look < count; look++) {
		r = run_look(&s, look, ret_exit, err);
		if (r == 0) {
			*ret_exit = EXIT_BAD_INPUT;
			r = judge_look(&s, look, err);
		}
		if (r == 0 && ret->gate.report.outcome == GATE_INVALID)
			break; /* more of it would not be better */
		if (r == 0 && !s.open.count)
			break;
	}
	strlist_done(&s.open);
	noise_done(&s.noise);
	return r;
}
