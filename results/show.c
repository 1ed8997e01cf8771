// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/show.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "results/closure.h"
#include "results/show-causes.h"
#include "results/show-closure.h"
#include "results/show-start.h"
#include "results/table.h"
#include "results/json.h"
#include "src/cleanup.h"
#include "src/command.h"
#include "src/macro.h"

#define FINGERPRINT_SHOWN 12
#define NAMES_SHOWN	  3
#define OUTPUT_LINES	  5
#define OUTPUT_WIDTH	  88

static void print_trial_name(FILE *f, const struct stored_trial *t)
{
	fprintf(f, "%s seed %" PRIu64, t->kernel, t->seed);
}

/* ---- a scenario's trials ---- */

static void scenario_done(struct scenario_trials *s)
{
	free(s->trials);
	free(s->kernels);
}

static int scenario_select(struct scenario_trials *ret, const struct run *run, const char *name)
{
	*ret = (struct scenario_trials){ .name = name };
	ret->trials = calloc(run->trial_count, sizeof(*ret->trials));
	ret->kernels = calloc(run->trial_count, sizeof(*ret->kernels));
	if (!ret->trials || !ret->kernels)
		return -ENOMEM;
	for (size_t i = 0; i < run->trial_count; i++) {
		const struct stored_trial *t = &run->trials[i];
		size_t k = 0;

		if (!streq(t->scenario, name))
			continue;
		ret->trials[ret->count++] = t;
		while (k < ret->kernel_count && !streq(ret->kernels[k], t->kernel))
			k++;
		if (k == ret->kernel_count)
			ret->kernels[ret->kernel_count++] = t->kernel;
	}
	return 0;
}

/* ---- what went wrong, first ---- */

/* A reason may quote a console: its further lines stand below the first. */
static void print_reason(FILE *f, const char *text)
{
	for (; *text; text++) {
		fputc(*text, f);
		if (*text == '\n')
			fputs("      ", f);
	}
	fputc('\n', f);
}

/* Of a line that may be long, whole characters. */
static size_t shown_length(const char *line, size_t len)
{
	if (len <= OUTPUT_WIDTH)
		return len;
	for (len = OUTPUT_WIDTH; len && ((unsigned char)line[len] & 0xc0) == 0x80; len--)
		;
	return len;
}

/* A command that failed: how it ended, and the last lines that were kept of its output. */
static void show_program(FILE *f, const char *workload, const json_t *program)
{
	const char *output = json_text(program, "output", "?"), *line = output + strlen(output);
	long long signal = json_integer_value(json_object_get(program, "exit_signal"));

	fprintf(f, "      %s: its command %s %lld (%lld of %lld runs failed)%s\n", workload,
		signal ? "was killed by signal" : "ended with status",
		signal ? signal
		       : (long long)json_integer_value(json_object_get(program, "exit_code")),
		(long long)json_integer_value(json_object_get(program, "failures")),
		(long long)json_integer_value(json_object_get(program, "runs")),
		*output ? "; it printed:" : " and printed nothing");
	while (line > output && line[-1] == '\n')
		line--;
	for (unsigned lines = 0; line > output; line--)
		if (line[-1] == '\n' && ++lines == OUTPUT_LINES)
			break;
	while (*line) {
		size_t len = strcspn(line, "\n");

		fprintf(f, "      | %.*s%s\n", (int)shown_length(line, len), line,
			len > OUTPUT_WIDTH ? " ..." : "");
		line += len + (line[len] == '\n');
	}
}

static void show_programs(FILE *f, const json_t *trial)
{
	json_t *workload, *program;
	size_t i, k;

	json_array_foreach (json_object_get(trial, "workloads"), i, workload)
		json_array_foreach (json_object_get(workload, "programs"), k, program)
			if (json_integer_value(json_object_get(program, "failures")) > 0)
				show_program(f, json_text(workload, "name", "?"), program);
}

static void show_outcomes(FILE *f, const struct scenario_trials *s)
{
	for (size_t i = 0; i < s->count; i++) {
		const json_t *trial = s->trials[i]->json;
		const char *outcome = json_text(trial, "outcome", "?"),
			   *why = json_text(trial, "why", "?");
		json_t *reason;
		size_t n;

		if (!streq(outcome, "completed")) {
			fprintf(f, "  ! ");
			print_trial_name(f, s->trials[i]);
			fprintf(f, ": %s%s", outcome, *why ? ": " : "");
			print_reason(f, why);
		}
		json_array_foreach (json_object_get(trial, "invalid"), n, reason) {
			const char *text = json_string_value(reason);

			fprintf(f, "  ! ");
			print_trial_name(f, s->trials[i]);
			fputs(": invalid: ", f);
			print_reason(f, text ? text : "?");
		}
		show_programs(f, trial);
		if (!json_object_get(trial, "metrics")) {
			fprintf(f, "  ! ");
			print_trial_name(f, s->trials[i]);
			fprintf(f, ": its metrics were never computed: the run was cut short\n");
		}
	}
}

/* Metrics that fell for the same reason share a line. */
static void show_invalid_metrics(FILE *f, const struct stored_trial *t)
{
	json_t *metrics = json_object_get(t->json, "metrics");

	for (void *it = json_object_iter(metrics); it; it = json_object_iter_next(metrics, it)) {
		const char *why =
			json_string_value(json_object_get(json_object_iter_value(it), "why"));
		const char *name;
		json_t *metric;
		size_t count = 0;
		bool said = false;

		if (!why)
			continue;
		json_object_foreach (metrics, name, metric) {
			const char *other = json_string_value(json_object_get(metric, "why"));

			if (!other || !streq(other, why))
				continue;
			if (!count && metric != json_object_iter_value(it)) {
				said = true; /* an earlier metric has said it */
				break;
			}
			if (!count) {
				fprintf(f, "  ! ");
				print_trial_name(f, t);
				fprintf(f, ": invalid: %s:\n      ", why);
			}
			if (count < NAMES_SHOWN)
				fprintf(f, "%s%s", count ? ", " : "", name);
			count++;
		}
		if (!said && count > NAMES_SHOWN)
			fprintf(f, " and %zu more", count - NAMES_SHOWN);
		if (!said)
			fputc('\n', f);
	}
}

/* ---- the rest of a scenario ---- */

/* What is so on few machines, as yet. */
static void show_rarities(FILE *f, const json_t *regime)
{
	static const struct {
		const char *key, *value, *said;
	} rarities[] = {
		{ "proactive", "split", "proactive split" },
		{ "rstat", "own", "memory.stat may lag" },
		{ "disks", "stacked", "disks made of others" },
		{ "thp_sizes", "several", "huge pages of several sizes" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rarities); i++)
		if (streq(json_text(regime, rarities[i].key, "?"), rarities[i].value))
			fprintf(f, ", %s", rarities[i].said);
	fprintf(f, "%s\n",
		json_is_true(json_object_get(regime, "per_node_reclaim")) ? ", per node" : "");
}

static void show_regimes(FILE *f, const struct scenario_trials *s)
{
	for (size_t k = 0; k < s->kernel_count; k++) {
		const char *last = NULL;

		for (size_t i = 0; i < s->count; i++) {
			const json_t *trial = s->trials[i]->json;
			const json_t *regime = json_object_get(trial, "regime");
			const char *lru = json_text(regime, "lru", "?");

			/* The LRU may be a knob of the matrix; the rest is the kernel's. */
			if (!streq(s->trials[i]->kernel, s->kernels[k]) ||
			    !json_object_size(regime) || (last && streq(last, lru)))
				continue;
			fprintf(f, "  %s (%s): LRU %s, reclaim counters %s", s->kernels[k],
				json_text(trial, "release", "?"), lru,
				json_text(regime, "reclaim_counters", "?"));
			show_rarities(f, regime);
			last = lru;
		}
	}
}

static void show_expectations(FILE *f, const struct scenario_trials *s)
{
	size_t held = 0, total = 0, i, n;
	json_t *claim;

	for (i = 0; i < s->count; i++) {
		json_array_foreach (json_object_get(s->trials[i]->json, "expect"), n, claim) {
			total++;
			held += json_is_true(json_object_get(claim, "holds"));
		}
	}
	if (total)
		fprintf(f, "\n  expectations: %zu of %zu hold\n", held, total);
	for (i = 0; i < s->count; i++) {
		json_array_foreach (json_object_get(s->trials[i]->json, "expect"), n, claim) {
			const json_t *holds = json_object_get(claim, "holds");
			const json_t *value = json_object_get(claim, "value");
			const char *word = json_string_value(value);

			if (json_is_true(holds))
				continue;
			fprintf(f, "  ! ");
			print_trial_name(f, s->trials[i]);
			fprintf(f, ": %s: ", json_text(claim, "text", "?"));
			if (json_is_false(holds) && word)
				fprintf(f, "fails, it is %s\n", word);
			else if (json_is_false(holds))
				fprintf(f, "fails at %.6g\n", json_number_value(value));
			else
				fprintf(f, "can't be told: %s\n", json_text(claim, "why", "?"));
		}
	}
}

static bool all_verified(const struct scenario_trials *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (!json_is_true(json_object_get(json_object_get(s->trials[i]->json, "verified"),
						  "equal")))
			return false;
	return s->count > 0;
}

static void show_fingerprints(FILE *f, const struct scenario_trials *s)
{
	int width = 0;

	for (size_t k = 0; k < s->kernel_count; k++)
		width = MAX(width, (int)strlen(s->kernels[k]));
	fprintf(f, "\n  fingerprints (seed:hash)%s\n",
		all_verified(s) ? "; each trial ran twice, and was the same" : "");
	for (size_t k = 0; k < s->kernel_count; k++) {
		int column = fprintf(f, "    %-*s", width, s->kernels[k]);

		for (size_t i = 0; i < s->count; i++) {
			const struct stored_trial *t = s->trials[i];

			if (!streq(t->kernel, s->kernels[k]))
				continue;
			if (column > 80)
				column = fprintf(f, "\n    %*s", width, "") - 1;
			column += fprintf(f, "  %" PRIu64 ":%.*s", t->seed, FINGERPRINT_SHOWN,
					  json_text(t->json, "fingerprint", "?"));
		}
		fputc('\n', f);
	}
}

static const char *about(const struct run *run, const char *name)
{
	const json_t *suite = json_object_get(run->json, "suite");
	json_t *scenario;
	size_t i;

	json_array_foreach (json_object_get(suite, "scenarios"), i, scenario) {
		if (streq(json_text(scenario, "name", "?"), name))
			return json_string_value(json_object_get(scenario, "about"));
	}
	return NULL;
}

static int show_scenario(FILE *f, const struct run *run, const char *name, bool all)
{
	_cleanup_(scenario_done) struct scenario_trials s = {};
	int r = scenario_select(&s, run, name);
	const char *text = about(run, name);

	if (r < 0)
		return r;
	fprintf(f, "\n%s\n", name);
	if (text)
		fprintf(f, "  %s\n", text);
	show_outcomes(f, &s);
	for (size_t i = 0; i < s.count; i++) {
		show_open(f, s.trials[i]);
		show_invalid_metrics(f, s.trials[i]);
	}
	show_regimes(f, &s);
	show_start(f, &s);
	r = table_print(f, &s, all);
	if (r == 0)
		r = show_causes(f, &s);
	if (r < 0)
		return r;
	show_expectations(f, &s);
	show_fingerprints(f, &s);
	return 0;
}

/* ---- the run ---- */

/* What was measured contradicts itself, or a counter went backwards. */
static bool has_invalid_figures(const json_t *trial)
{
	size_t cursor = 0;
	const char *name;
	json_t *metric;

	if (closure_open(json_object_get(trial, "closure"), "measured", &cursor))
		return true;
	json_object_foreach (json_object_get(trial, "metrics"), name, metric)
		if (json_is_false(json_object_get(metric, "valid")))
			return true;
	return false;
}

static int trial_verdict(const struct stored_trial *t)
{
	json_t *claim;
	size_t i;
	int verdict = EXIT_DONE;

	if (streq(json_text(t->json, "outcome", "?"), "failed") ||
	    json_array_size(json_object_get(t->json, "invalid")) ||
	    !json_object_get(t->json, "metrics") || has_invalid_figures(t->json))
		return EXIT_INVALID;
	json_array_foreach (json_object_get(t->json, "expect"), i, claim) {
		const json_t *holds = json_object_get(claim, "holds");

		if (json_is_null(holds))
			return EXIT_INVALID;
		/* Work that was cut off has no figures to compare, unless that was the point. */
		if (json_is_false(holds) && streq(json_text(t->json, "outcome", "?"), "timed_out"))
			return EXIT_INVALID;
		if (json_is_false(holds))
			verdict = EXIT_REGRESSION;
	}
	return verdict;
}

int show_verdict(const struct run *run)
{
	int verdict = EXIT_DONE;

	for (size_t i = 0; i < run->trial_count; i++)
		verdict = MAX(verdict, trial_verdict(&run->trials[i]));
	return verdict;
}

void show_clock(FILE *f, const struct run *run)
{
	const json_t *trial = run->trial_count ? run->trials[0].json : NULL;

	if (streq(json_text(trial, "clock", "?"), "insn"))
		fprintf(f, "clock insn: 1 ns is one guest instruction; not hardware time\n");
	else if (streq(json_text(trial, "accelerator", "?"), "tcg"))
		fprintf(f, "clock wall, of an emulated CPU (TCG): not hardware time\n");
	else if (streq(json_text(trial, "accelerator", "?"), "kvm"))
		fprintf(f, "clock wall, by KVM\n");
}

static void show_head(FILE *f, const struct run *run, bool all)
{
	size_t planned = json_array_size(json_object_get(run->json, "trials"));
	const json_t *suite = json_object_get(run->json, "suite");
	const char *name = json_string_value(json_object_get(suite, "suite"));

	if (!name && run->trial_count)
		name = json_text(run->trials[0].json, "suite", "?");
	fprintf(f, "%s: %zu of %zu trials, %s\n", name ? name : "run", run->trial_count, planned,
		json_text(run->json, "status", "?"));
	show_clock(f, run);
	fprintf(f, "medians of the seeds, lowest–highest where they differ%s\n",
		all ? "" : "; more: wring show RUN --all");
}

static bool seen_before(const struct run *run, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (streq(run->trials[i].scenario, run->trials[index].scenario))
			return true;
	return false;
}

int show_run(FILE *f, const struct run *run, bool all)
{
	show_head(f, run, all);
	for (size_t i = 0; i < run->trial_count; i++) {
		int r = seen_before(run, i) ? 0
					    : show_scenario(f, run, run->trials[i].scenario, all);

		if (r < 0)
			return r;
	}
	return show_verdict(run);
}
