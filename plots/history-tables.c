// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>

#include "plots/history.h"
#include "results/history/history-changes.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"

enum table { TABLE_POINTS, TABLE_SEEDS, TABLE_GAPS, TABLE_LEVELS };

static bool has_run(const struct history_series *s, size_t run)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->points[i].run == run)
			return true;
	return false;
}

static void write_points(const struct history_picture *p, FILE *f, size_t i)
{
	const struct history_series *s = p->panels[i].series;

	for (size_t k = 0; k < s->count; k++) {
		script_cell(f, (double)(i + 1));
		script_cell(f, (double)p->places[s->points[k].run]);
		script_cell(f, s->points[k].median / p->scale);
		script_cell(f, s->points[k].least / p->scale);
		script_cell(f, s->points[k].most / p->scale);
		script_row_end(f);
	}
}

static void write_seeds(const struct history_picture *p, FILE *f, size_t i)
{
	const struct history_series *s = p->panels[i].series;

	for (size_t k = 0; k < s->count; k++) {
		for (size_t j = 0; j < s->points[k].count; j++) {
			script_cell(f, (double)(i + 1));
			script_cell(f, (double)p->places[s->points[k].run]);
			script_cell(f, s->points[k].values[j] / p->scale);
			script_row_end(f);
		}
	}
}

/* A run whose figure is in another panel, as not of the same thing, is missing in none. */
static void write_gaps(const struct history_picture *p, FILE *f, size_t i)
{
	const struct history_group *g = p->panels[i].group;

	/* Told once, in the first panel of a metric's. */
	if (p->panels[i].series->apart)
		return;
	for (size_t k = 0; k < g->run_count; k++) {
		bool found = false;

		for (size_t j = 0; j < g->count && !found; j++)
			found = streq(g->series[j].metric, p->metric) &&
				has_run(&g->series[j], g->runs[k]);
		if (found)
			continue;
		script_cell(f, (double)(i + 1));
		script_cell(f, (double)p->places[g->runs[k]]);
		script_row_end(f);
	}
}

/* A series without a change has one level; one that could not be judged has none. */
static int write_levels(const struct history_picture *p, FILE *f, size_t i)
{
	const struct history_series *s = p->panels[i].series;

	for (size_t k = 0; k <= s->change_count && s->state != HISTORY_FEW; k++) {
		size_t first = k ? s->changes[k - 1].at : 0;
		size_t last = k < s->change_count ? s->changes[k].at : s->count;
		double level;

		if (history_level(s, first, last, &level) < 0)
			return -ENOMEM;
		script_cell(f, (double)(i + 1));
		script_cell(f, (double)p->places[s->points[first].run]);
		script_cell(f, (double)p->places[s->points[last - 1].run]);
		script_cell(f, level / p->scale);
		script_row_end(f);
	}
	return 0;
}

static int write_table(const struct history_picture *p, struct script *script, const char *name,
		       enum table table, struct error *err)
{
	FILE *f;
	int r = script_table(script, name, &f, err), failed = 0;

	if (r < 0)
		return r;
	/* gnuplot refuses a table without a row; there is no panel 0. */
	fputs("0\t0\t0\t0\t0\n", f);
	for (size_t i = 0; i < p->count && failed == 0; i++) {
		if (table == TABLE_POINTS)
			write_points(p, f, i);
		else if (table == TABLE_SEEDS)
			write_seeds(p, f, i);
		else if (table == TABLE_GAPS)
			write_gaps(p, f, i);
		else
			failed = write_levels(p, f, i);
	}
	r = file_close(&f, "a table for gnuplot", err);
	return failed < 0 ? error_set(err, failed, "plot") : r;
}

int history_write_tables(const struct history_picture *p, struct script *script, struct error *err)
{
	static const char *const names[] = { [TABLE_POINTS] = "points",
					     [TABLE_SEEDS] = "seeds",
					     [TABLE_GAPS] = "gaps",
					     [TABLE_LEVELS] = "levels" };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(names); i++)
		r = write_table(p, script, names[i], (enum table)i, err);
	return r;
}
