// SPDX-License-Identifier: GPL-2.0-or-later
/* Series of metrics over runs, with their changes. */
#include "results/history/history-show.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "results/history/history-changes.h"
#include "results/history/history-text.h"
#include "results/regime.h"
#include "results/show.h"
#include "results/text-table.h"
#include "results/value.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"

#define GAPS_SHOWN 3
#define INDENT	   2

struct widths {
	int release, value, range;
};

static void format_range(const struct history_point *p, const char *unit, char *buf, size_t size)
{
	char low[FORMAT_MAX], high[FORMAT_MAX];

	value_format(p->least, unit, low);
	value_format(p->most, unit, high);
	if (streq(low, high))
		*buf = '\0';
	else
		snprintf(buf, size, "%s–%s", low, high);
}

static void measure(struct widths *w, const struct history_series *s)
{
	*w = (struct widths){};
	for (size_t i = 0; i < s->count; i++) {
		const struct history_point *p = &s->points[i];
		char text[2 * FORMAT_MAX + 8];

		w->release = MAX(w->release, text_width(history_release(p)));
		w->value = MAX(w->value, text_width(value_format(p->median, s->unit, text)));
		format_range(p, s->unit, text, sizeof(text));
		w->range = MAX(w->range, text_width(text));
	}
}

static void print_point(FILE *f, const struct history_series *s, const struct history_point *p,
			const struct widths *w)
{
	const char *release = history_release(p);
	char date[RUN_DATE_MAX], value[FORMAT_MAX], range[2 * FORMAT_MAX + 8];

	value_format(p->median, s->unit, value);
	format_range(p, s->unit, range, sizeof(range));
	fprintf(f, "  %s  %s%*s  %*s%s  %s%*s%s%s\n", dated_run_date(p->of.run, date), release,
		w->release - text_width(release), "", w->value - text_width(value), "", value,
		range, w->range - text_width(range), "", w->range ? "  " : "", p->of.run->run->dir);
}

static void print_change(FILE *f, const struct history_series *s, const struct history_change *c)
{
	char shift[FORMAT_MAX], before[FORMAT_MAX], after[FORMAT_MAX];

	fprintf(f, "  ── %s: %s → %s", history_shift(c, s, shift),
		value_format(c->before, s->unit, before), value_format(c->after, s->unit, after));
	if (*value_unit(s->unit))
		fprintf(f, " %s", value_unit(s->unit));
	fprintf(f, "%s; p %.2g, q %.2g ──\n", history_direction(c, s), c->p, c->q);
}

static void print_points(FILE *f, const struct history_series *s)
{
	struct widths w;
	size_t k = 0;

	measure(&w, s);
	for (size_t i = 0; i < s->count; i++) {
		if (k < s->change_count && s->changes[k].at == i)
			print_change(f, s, &s->changes[k++]);
		print_point(f, s, &s->points[i], &w);
	}
}

/* ---- what there is to say below ---- */

static void print_state(FILE *f, const struct history_series *s)
{
	if (s->state == HISTORY_STEADY)
		fprintf(f, "  the same in all of the %zu runs\n", s->count);
	else if (s->state == HISTORY_JUDGED && s->change_count == 0)
		fprintf(f, "  no change among the %zu runs\n", s->count);
}

/* What is between a change's two runs. */
static int print_causes(FILE *f, const struct history_series *s)
{
	for (size_t k = 0; k < s->change_count; k++) {
		const struct history_change *c = &s->changes[k];
		_cleanup_free_ char *text = NULL, *causes = NULL;
		char date[RUN_DATE_MAX];

		causes = history_causes(&s->points[c->at - 1], &s->points[c->at]);
		text = causes ? text_format("%s: %s", dated_run_date(s->points[c->at].of.run, date),
					    causes)
			      : NULL;
		if (!text)
			return -ENOMEM;
		text_wrap(f, text, INDENT, 2 * INDENT);
	}
	return 0;
}

static bool has_point(const struct history_group *g, const char *metric, size_t run)
{
	for (size_t i = 0; i < g->count; i++) {
		if (!streq(g->series[i].metric, metric))
			continue;
		for (size_t k = 0; k < g->series[i].count; k++)
			if (g->series[i].points[k].run == run)
				return true;
	}
	return false;
}

static int print_gaps(FILE *f, const struct history *history, const struct history_group *g,
		      const struct history_series *s)
{
	size_t gaps = 0;

	for (size_t i = 0; i < g->run_count; i++) {
		const struct dated_run *run = &history->runs->items[g->runs[i]];
		_cleanup_free_ char *text = NULL;
		char why[400];

		if (has_point(g, s->metric, g->runs[i]) || ++gaps > GAPS_SHOWN)
			continue;
		history_gap(history, g, g->runs[i], s->metric, why, sizeof(why));
		text = text_format("no figure in %s: %s", run->run->dir, why);
		if (!text)
			return -ENOMEM;
		text_wrap(f, text, INDENT, 2 * INDENT);
	}
	if (gaps > GAPS_SHOWN)
		fprintf(f, "  and in %zu more runs\n", gaps - GAPS_SHOWN);
	return 0;
}

/* What is the same thing in most runs, but a case that is named. */
static int print_notes(FILE *f, const struct history_series *s)
{
	const json_t *first = json_object_get(s->points[0].of.trial->json, "regime");
	_cleanup_strlist_ struct strlist said = {};

	for (size_t i = 1; i < s->count; i++) {
		const json_t *regime = json_object_get(s->points[i].of.trial->json, "regime");
		_cleanup_free_ char *text = NULL;
		const char *why;

		if (regime_compare(s->def, first, regime, &why) != REGIME_NOTED ||
		    strlist_contains(&said, why))
			continue;
		text = text_format("~ mind: %s", why);
		if (!text || strlist_add(&said, why) < 0)
			return -ENOMEM;
		text_wrap(f, text, INDENT, 2 * INDENT);
	}
	return 0;
}

/* ---- a series ---- */

static int print_apart(FILE *f, const char *why)
{
	_cleanup_free_ char *text = text_format("apart from the one above: %s", why);

	if (!text)
		return -ENOMEM;
	text_wrap(f, text, INDENT, INDENT);
	return 0;
}

static int print_series(FILE *f, const struct history *history, const struct history_group *g,
			const struct history_series *s)
{
	const char *unit = value_unit(s->unit), *apart = s->apart ? s->apart : g->apart;
	int r = 0;

	fprintf(f, "\n%s, %s: %s%s%s%s\n", g->scenario, g->kernel, s->metric, *unit ? " (" : "",
		unit, *unit ? ")" : "");
	if (apart)
		r = print_apart(f, apart);
	print_points(f, s);
	if (s->seeds_dropped)
		fprintf(f, "  of the seeds that all runs have; up to %zu of a run are left out\n",
			s->seeds_dropped);
	if (s->seeds_differ)
		text_wrap(f,
			  "~ mind: no seed is in all of the runs, so that all were taken: other "
			  "seeds are other figures, and may look like a change",
			  INDENT, 2 * INDENT);
	print_state(f, s);
	if (r == 0)
		r = print_causes(f, s);
	if (r == 0)
		r = print_notes(f, s);
	/* The runs of a group without a figure are said once, below the first of its series. */
	if (r == 0 && (s == g->series || !streq(s[-1].metric, s->metric)))
		r = print_gaps(f, history, g, s);
	return r;
}

/* A line on the suite and its clock, where these are others than before. */
static void print_head(FILE *f, const struct history_group *g, const struct history_group *before)
{
	if (before && streq(before->suite, g->suite) &&
	    !regime_clocks(before->first.trial->json, g->first.trial->json))
		return;
	fprintf(f, "%s%s: medians of the seeds, lowest–highest where they differ; times in UTC\n",
		before ? "\n" : "", *g->suite ? g->suite : "?");
	show_clock(f, g->first.run->run);
}

/* Said once, and not of each. */
static void print_few(FILE *f, size_t few, size_t all, double alpha)
{
	char text[400];

	if (few == 0)
		return;
	snprintf(text, sizeof(text),
		 "%zu of %zu series %s fewer than %zu runs: too few to tell a change from chance "
		 "(p at most %g). «wring compare» compares two runs by their seeds.",
		 few, all, few == 1 ? "has" : "have", history_runs_least(alpha), alpha);
	fputc('\n', f);
	text_wrap(f, text, 0, 0);
}

int history_show_series(FILE *f, const struct history *history, double alpha)
{
	const struct history_group *before = NULL;
	size_t few = 0, all = 0;

	for (size_t i = 0; i < history->count; i++) {
		const struct history_group *g = &history->groups[i];

		if (g->count == 0)
			continue;
		print_head(f, g, before);
		before = g;
		all += g->count;
		for (size_t k = 0; k < g->count; k++)
			few += g->series[k].state == HISTORY_FEW;
		for (size_t k = 0; k < g->count; k++)
			if (print_series(f, history, g, &g->series[k]) < 0)
				return -ENOMEM;
	}
	print_few(f, few, all, alpha);
	return 0;
}
