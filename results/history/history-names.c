// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/history/history-names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "results/metrics.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/nearest.h"

/* A pattern matches names, a name is one. */
static bool is_pattern(const char *text)
{
	return strpbrk(text, "*?[") != NULL;
}

/* ---- runs ---- */

static bool wanted(const struct dated_run *run, const struct strlist *suites,
		   const struct strlist *scenarios, const struct strlist *kernels)
{
	if (!history_matches(suites, dated_run_suite(run)))
		return false;
	for (size_t i = 0; i < run->run->trial_count; i++)
		if (history_matches_scenario(scenarios, run->run->trials[i].scenario) &&
		    history_matches(kernels, run->run->trials[i].kernel))
			return true;
	return scenarios->count + kernels->count == 0;
}

enum name_kind { NAME_SUITE, NAME_SCENARIO, NAME_KERNEL };

/* Offers the runs' names; true when one of them matches already. */
static bool offer(struct nearest *search, const struct runs *runs, enum name_kind kind)
{
	const struct strlist word = { .items = (char *[]){ (char *)search->word }, .count = 1 };
	bool met = false;

	for (size_t i = 0; i < runs->count; i++) {
		const struct dated_run *run = &runs->items[i];

		if (kind == NAME_SUITE) {
			nearest_offer(search, dated_run_suite(run));
			met |= history_matches(&word, dated_run_suite(run));
		}
		for (size_t k = 0; kind != NAME_SUITE && k < run->run->trial_count; k++) {
			const struct stored_trial *t = &run->run->trials[k];

			nearest_offer(search, kind == NAME_KERNEL ? t->kernel : t->scenario);
			met |= kind == NAME_KERNEL ? history_matches(&word, t->kernel)
						   : history_matches_scenario(&word, t->scenario);
		}
	}
	return met;
}

static int check_names(const struct runs *runs, const struct strlist *words, enum name_kind kind,
		       struct error *err)
{
	static const char *const kinds[] = { "suite", "scenario", "kernel" };

	for (size_t i = 0; i < words->count; i++) {
		struct nearest search = { .word = words->items[i] };
		char hint[300];

		if (!offer(&search, runs, kind))
			return error_say(err, -EINVAL, "no run has a %s «%s»%s", kinds[kind],
					 words->items[i],
					 nearest_hint(&search, hint, sizeof(hint)));
	}
	return 0;
}

int history_select(struct runs *runs, const struct strlist *suites, const struct strlist *scenarios,
		   const struct strlist *kernels, struct error *err)
{
	size_t kept = 0;
	int r = check_names(runs, suites, NAME_SUITE, err);

	if (r == 0)
		r = check_names(runs, scenarios, NAME_SCENARIO, err);
	if (r == 0)
		r = check_names(runs, kernels, NAME_KERNEL, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < runs->count; i++) {
		if (wanted(&runs->items[i], suites, scenarios, kernels))
			runs->items[kept++] = runs->items[i];
		else
			run_close(runs->items[i].run);
	}
	runs->count = kept;
	return kept ? 0
		    : error_say(err, -EINVAL,
				"no run has a trial of that suite, scenario and "
				"kernel together");
}

/* ---- metrics ---- */

int history_expand_metrics(struct strlist *metrics)
{
	static const char *const places[] = { ".NAME", "node.N." };

	for (size_t i = 0; i < metrics->count; i++) {
		char **item = &metrics->items[i];

		for (size_t k = 0; k < ARRAY_SIZE(places); k++) {
			char *at = strstr(*item, places[k]), *expanded;
			const char *rest;

			if (!at)
				continue;
			/* what the N of either begins with stays */
			at += strcspn(at, "N");
			rest = at + (k == 0 ? strlen("NAME") : strlen("N"));
			expanded = text_format("%.*s*%s", (int)(at - *item), *item, rest);
			if (!expanded)
				return -ENOMEM;
			free(*item);
			*item = expanded;
		}
	}
	return 0;
}

/* Offers the names in the records; true when one of them matches. */
static bool offer_metrics(struct nearest *search, const struct runs *runs)
{
	const struct strlist word = { .items = (char *[]){ (char *)search->word }, .count = 1 };
	const char *name;
	json_t *unused;

	json_object_foreach (runs->metrics, name, unused) {
		if (history_matches(&word, name))
			return true;
		nearest_offer(search, name);
	}
	return false;
}

int history_check_metrics(const struct runs *runs, const struct strlist *metrics, struct error *err)
{
	for (size_t i = 0; i < metrics->count; i++) {
		const char *word = metrics->items[i];
		struct nearest search = { .word = word };
		char hint[300];

		if (offer_metrics(&search, runs) || metric_find(word))
			continue;
		if (is_pattern(word))
			return error_say(err, -EINVAL, "no metric of these runs is like «%s»",
					 word);
		for (const struct metric_def *d = metric_next(NULL); d; d = metric_next(d))
			nearest_offer(&search, d->name);
		return error_say(err, -EINVAL, "no metric «%s»%s: wring list metrics has all", word,
				 nearest_hint(&search, hint, sizeof(hint)));
	}
	return 0;
}

static bool has_series(const struct history *history, const char *pattern)
{
	const struct strlist word = { .items = (char *[]){ (char *)pattern }, .count = 1 };

	for (size_t i = 0; i < history->count; i++)
		for (size_t k = 0; k < history->groups[i].count; k++)
			if (history_matches(&word, history->groups[i].series[k].metric))
				return true;
	return false;
}

int history_check_found(const struct history *history, const struct strlist *metrics,
			struct error *err)
{
	const struct history_group *newest = NULL;
	char why[500];

	for (size_t i = 0; i < history->count; i++) {
		const struct history_group *g = &history->groups[i];

		if (!newest || g->runs[g->run_count - 1] >= newest->runs[newest->run_count - 1])
			newest = g;
	}
	if (!newest)
		return error_say(err, -EINVAL, "no trial of these runs has a record yet");
	for (size_t i = 0; i < metrics->count; i++) {
		size_t run = newest->runs[newest->run_count - 1];

		if (has_series(history, metrics->items[i]))
			continue;
		history_gap(history, newest, run, metrics->items[i], why, sizeof(why));
		return error_say(err, -EINVAL,
				 "%s has no figure in any of these runs; in the newest, %s, %s",
				 metrics->items[i], history->runs->items[run].run->dir, why);
	}
	return 0;
}

int history_metric_names(struct strlist *ret, const struct history *history)
{
	for (size_t i = 0; i < history->count; i++) {
		for (size_t k = 0; k < history->groups[i].count; k++) {
			const char *name = history->groups[i].series[k].metric;

			if (!strlist_contains(ret, name) && strlist_add(ret, name) < 0)
				return -ENOMEM;
		}
	}
	return 0;
}
