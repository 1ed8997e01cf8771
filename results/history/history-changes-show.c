// SPDX-License-Identifier: GPL-2.0-or-later
/* The changes of many series, the largest first. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "results/history/history-changes.h"
#include "results/history/history-show.h"
#include "results/history/history-text.h"
#include "results/regime.h"
#include "results/show.h"
#include "results/text-table.h"
#include "results/value.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"

/* A change and what it is of. */
struct found {
	const struct history_group *group;
	const struct history_series *series;
	const struct history_change *change;
	double group_size; /* of the largest of its group */
};

struct counts {
	size_t series, judged, steady, few, changed;
	size_t runs; /* most runs of a judged one */
};

static const struct history_point *point_of(const struct found *f)
{
	return &f->series->points[f->change->at];
}

/* From a level of 0 is more than any share. */
static double size_of(const struct found *f)
{
	return isfinite(f->change->shift) ? fabs(f->change->shift) : INFINITY;
}

/* Scenario and kernel by the largest change of theirs, then each change. */
static int by_size(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	if (x->group_size != y->group_size)
		return (x->group_size < y->group_size) - (x->group_size > y->group_size);
	if (x->group != y->group)
		return (x->group > y->group) - (x->group < y->group);
	if (size_of(x) != size_of(y))
		return (size_of(x) < size_of(y)) - (size_of(x) > size_of(y));
	return strcmp(x->series->metric, y->series->metric);
}

static void count_series(struct counts *n, const struct history_series *s)
{
	n->series++;
	n->judged += s->state == HISTORY_JUDGED;
	n->steady += s->state == HISTORY_STEADY;
	n->few += s->state == HISTORY_FEW;
	n->changed += s->change_count > 0;
	if (s->state == HISTORY_JUDGED)
		n->runs = MAX(n->runs, s->count);
}

static int collect(const struct history *history, struct found **ret, size_t *ret_count,
		   struct counts *n)
{
	size_t count = 0, all = 0;
	struct found *found;

	for (size_t i = 0; i < history->count; i++)
		for (size_t k = 0; k < history->groups[i].count; k++)
			all += history->groups[i].series[k].change_count;
	found = calloc(all + 1, sizeof(*found));
	if (!found)
		return -ENOMEM;
	for (size_t i = 0; i < history->count; i++) {
		const struct history_group *g = &history->groups[i];
		size_t first = count;
		double largest = 0;

		for (size_t k = 0; k < g->count; k++) {
			count_series(n, &g->series[k]);
			for (size_t c = 0; c < g->series[k].change_count; c++)
				found[count++] =
					(struct found){ .group = g,
							.series = &g->series[k],
							.change = &g->series[k].changes[c] };
		}
		for (size_t k = first; k < count; k++)
			largest = fmax(largest, size_of(&found[k]));
		for (size_t k = first; k < count; k++)
			found[k].group_size = largest;
	}
	qsort(found, count, sizeof(*found), by_size);
	*ret = found;
	*ret_count = count;
	return 0;
}

/* The changes of one scenario and kernel. */
static int print_group(FILE *f, const struct found *found, size_t count)
{
	static const char *const heads[] = { "shift", "from", "to", "", "q", "with the run of" };
	_cleanup_text_table_ struct text_table table = {};

	fprintf(f, "\n%s, %s\n", found->group->scenario, found->group->kernel);
	text_table_row(&table);
	text_table_cell(&table, "%s", "");
	for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
		text_table_cell(&table, "%s", heads[i]);
	for (size_t i = 0; i < count; i++) {
		const struct history_series *s = found[i].series;
		const struct history_change *c = found[i].change;
		char shift[FORMAT_MAX], from[FORMAT_MAX], to[FORMAT_MAX], date[RUN_DATE_MAX];
		const char *unit = value_unit(s->unit), *side = history_direction(c, s);

		text_table_row(&table);
		text_table_cell(&table, "%s", s->metric);
		text_table_cell(&table, "%s", history_shift(c, s, shift));
		text_table_cell(&table, "%s", value_format(c->before, s->unit, from));
		text_table_cell(&table, "%s%s%s", value_format(c->after, s->unit, to),
				*unit ? " " : "", unit);
		text_table_cell(&table, "%s", *side ? side + strlen(", ") : "");
		text_table_cell(&table, "%.2g", c->q);
		text_table_cell(&table, "%s", dated_run_date(point_of(&found[i])->of.run, date));
	}
	return text_table_print(&table, f, 2);
}

/* Each pair of runs between which something changed, once, and what differs between them. */
static int print_causes(FILE *f, const struct history *history, const struct found *found,
			size_t count)
{
	_cleanup_strlist_ struct strlist said = {};

	for (size_t run = 0; run < history->runs->count; run++) {
		for (size_t i = 0; i < count; i++) {
			const struct history_point *p = point_of(&found[i]);
			_cleanup_free_ char *causes = NULL, *text = NULL;
			char date[RUN_DATE_MAX];

			if (p->run != run)
				continue;
			causes = history_causes(p - 1, p);
			text = causes ? text_format("%s, %s: %s", dated_run_date(p->of.run, date),
						    p->of.run->run->dir, causes)
				      : NULL;
			if (!text)
				return -ENOMEM;
			if (strlist_contains(&said, text))
				continue;
			if (strlist_add(&said, text) < 0)
				return -ENOMEM;
			if (said.count == 1)
				fputc('\n', f);
			text_wrap(f, text, 0, 2);
		}
	}
	return 0;
}

static void print_counts(FILE *f, const struct counts *n, double alpha)
{
	fprintf(f, "%zu of %zu series changed", n->changed, n->series);
	if (n->changed)
		fprintf(f, " (false ones among them: at most %g %%)", 100 * alpha);
	fputc('\n', f);
	fprintf(f, "%zu were judged, %zu are the same in every run", n->judged, n->steady);
	if (n->few)
		fprintf(f, ", %zu have fewer than the %zu runs that it takes", n->few,
			history_runs_least(alpha));
	fputc('\n', f);
}

/* What a family of that size can't show, however clear it is. */
static void print_limit(FILE *f, const struct counts *n, double alpha)
{
	double least = history_p_least(n->runs);
	double together = ceil((double)n->judged * least / alpha);
	char text[400];

	if (n->judged == 0 || together <= 1)
		return;
	snprintf(text, sizeof(text),
		 "%zu runs give no p below %.2g: among %zu series only changes that at least %.0f "
		 "of them have can be told from chance. More runs see more, or fewer series "
		 "(--metric, --scenario).",
		 n->runs, least, n->judged, together);
	fputc('\n', f);
	text_wrap(f, text, 0, 0);
}

int history_show_changes(FILE *f, const struct history *history, double alpha)
{
	_cleanup_free_ struct found *found = NULL;
	struct counts n = {};
	size_t count = 0, first = 0;
	int r = collect(history, &found, &count, &n);

	if (r < 0)
		return r;
	print_counts(f, &n, alpha);
	for (size_t i = 0; i < history->count; i++) {
		if (i == 0 || regime_clocks(history->groups[i - 1].first.trial->json,
					    history->groups[i].first.trial->json))
			show_clock(f, history->groups[i].first.run->run);
	}
	for (size_t i = 1; r == 0 && i <= count; i++) {
		if (i < count && found[i].group == found[first].group)
			continue;
		r = print_group(f, &found[first], i - first);
		first = i;
	}
	if (r == 0)
		r = print_causes(f, history, found, count);
	if (r == 0 && n.changed == 0)
		print_limit(f, &n, alpha);
	return r;
}
