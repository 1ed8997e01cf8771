// SPDX-License-Identifier: GPL-2.0-or-later
#include "plots/panel.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"

/* A picture of 1000 px has about 800 for the curves: more points cost time and show nothing. */
#define INTERVALS_MAX 600
#define LEVELS_MAX    1200

static bool add_term(struct expr *e, const struct samples *s, int sign, const char *column)
{
	int c = samples_column(s, column);

	if (c < 0 || e->count == EXPR_TERMS_MAX)
		return false;
	e->terms[e->count].column = (size_t)c;
	e->terms[e->count++].sign = sign;
	return true;
}

bool expr_add(struct expr *e, const struct samples *s, int sign, const char *column)
{
	bool there = add_term(e, s, sign, column);

	if (!there)
		e->missing = true;
	return there;
}

void expr_add_optional(struct expr *e, const struct samples *s, int sign, const char *column)
{
	add_term(e, s, sign, column);
}

double expr_level(const struct expr *e, const struct samples *s, size_t row)
{
	double sum = 0;

	if (e->missing)
		return NAN;
	for (size_t i = 0; i < e->count; i++) {
		uint64_t v = samples_at(s, row, e->terms[i].column);

		if (v == SAMPLE_MISSING)
			return NAN;
		sum += e->terms[i].sign * (double)v;
	}
	return sum;
}

double expr_growth(const struct expr *e, const struct samples *s, size_t from, size_t to)
{
	double sum = 0;

	if (e->missing)
		return NAN;
	for (size_t i = 0; i < e->count; i++) {
		uint64_t a = samples_at(s, from, e->terms[i].column);
		uint64_t b = samples_at(s, to, e->terms[i].column);

		if (a == SAMPLE_MISSING || b == SAMPLE_MISSING || b < a)
			return NAN;
		sum += e->terms[i].sign * (double)(b - a);
	}
	return sum > 0 ? sum : 0;
}

struct series *panel_add(struct panel *panel, enum series_role role, int colour, const char *title)
{
	struct series *new;

	if (panel->count == PANEL_SERIES_MAX)
		return NULL;
	new = &panel->series[panel->count++];
	*new = (struct series){ .role = role, .colour = colour, .constant = NAN };
	snprintf(new->title, sizeof(new->title), "%s", title);
	return new;
}

static double seconds(const struct samples *s, size_t row)
{
	return (double)samples_at(s, row, 0) / 1e9;
}

int panel_intervals(const struct samples *s, uint64_t interval_ns, size_t **ret, size_t *ret_count,
		    struct error *err)
{
	size_t *rows = calloc(s->rows + 1, sizeof(*rows));
	uint64_t span = samples_at(s, s->rows - 1, 0) - samples_at(s, 0, 0);
	uint64_t least = MAX(interval_ns / 4, span / INTERVALS_MAX);
	size_t n = 1;

	if (!rows)
		return error_set(err, -ENOMEM, "plot");
	for (size_t i = 1; i < s->rows; i++) {
		if (samples_at(s, i, 0) - samples_at(s, rows[n - 1], 0) >= least)
			rows[n++] = i;
	}
	/* a short rest joins the interval before it */
	if (rows[n - 1] != s->rows - 1) {
		if (n == 1)
			n++;
		rows[n - 1] = s->rows - 1;
	}
	*ret = rows;
	*ret_count = n;
	return 0;
}

static double rate(const struct series *series, const struct samples *s, size_t from, size_t to)
{
	double span = seconds(s, to) - seconds(s, from);

	return span > 0 && series->expr.count ? expr_growth(&series->expr, s, from, to) / span
					      : NAN;
}

static bool is_constant(const struct series *series)
{
	return !series->expr.count && !series->expr.missing;
}

static double level(const struct series *series, const struct samples *s, size_t row)
{
	return is_constant(series) ? series->constant : expr_level(&series->expr, s, row);
}

static bool all_zero(const struct series *series, const struct samples *s, const size_t *rows,
		     size_t count)
{
	for (size_t i = 1; i < count; i++) {
		if (rate(series, s, rows[i - 1], rows[i]) > 0)
			return false;
	}
	return true;
}

void panel_prepare_rates(struct panel *panel, const struct samples *s, const size_t *rows,
			 size_t count)
{
	size_t kept = 0;

	panel->absent = true;
	for (size_t i = 0; i < panel->count; i++) {
		panel->absent = panel->absent && panel->series[i].expr.missing;
		if (!all_zero(&panel->series[i], s, rows, count))
			panel->series[kept++] = panel->series[i];
	}
	panel->count = kept;
	panel->top = 0;
	for (size_t i = 1; i < count; i++) {
		double stack = 0;

		for (size_t j = 0; j < kept; j++) {
			double v = rate(&panel->series[j], s, rows[i - 1], rows[i]);

			if (panel->series[j].role == ROLE_STACK)
				v = stack += v;
			panel->top = fmax(panel->top, v * panel->scale);
		}
	}
}

void panel_prepare_levels(struct panel *panel, const struct samples *s)
{
	size_t kept = 0;

	panel->top = 0;
	panel->absent = true;
	for (size_t i = 0; i < panel->count; i++) {
		double most = NAN;

		for (size_t row = 0; row < s->rows; row++)
			most = fmax(most, level(&panel->series[i], s, row));
		panel->absent = panel->absent && panel->series[i].expr.missing;
		if (most > 0 || is_constant(&panel->series[i]))
			panel->series[kept++] = panel->series[i];
		panel->top = fmax(panel->top, most * panel->scale);
	}
	panel->count = kept;
}

static void write_variables(const struct panel *panel, struct script *script)
{
	char name[64];

	snprintf(name, sizeof(name), "%s_count", panel->name);
	script_number(script, name, (double)panel->count);
	snprintf(name, sizeof(name), "%s_top", panel->name);
	script_number(script, name, panel->top);
	snprintf(name, sizeof(name), "%s_absent", panel->name);
	script_number(script, name, panel->absent);
	snprintf(name, sizeof(name), "%s_unit", panel->name);
	script_text(script, name, panel->unit);
	for (size_t k = 0; k < 3; k++) {
		static const char *const parts[] = { "title", "role", "colour" };

		snprintf(name, sizeof(name), "%s_%s", panel->name, parts[k]);
		script_array(script, name, panel->count);
		for (size_t i = 0; i < panel->count; i++) {
			const struct series *series = &panel->series[i];

			if (k == 0)
				script_text_at(script, name, i + 1, series->title);
			else
				script_number_at(script, name, i + 1,
						 k == 1 ? (int)series->role : series->colour);
		}
	}
}

int panel_write_rates(const struct panel *panel, struct script *script, const struct samples *s,
		      const size_t *rows, size_t count, struct error *err)
{
	FILE *f;
	int r = script_table(script, panel->name, &f, err);

	if (r < 0)
		return r;
	write_variables(panel, script);
	for (size_t i = 1; i < count; i++) {
		for (size_t end = 0; end < 2; end++) {
			double stack = 0;

			script_cell(f, seconds(s, rows[i - 1 + end]));
			for (size_t j = 0; j < panel->count; j++) {
				double v = rate(&panel->series[j], s, rows[i - 1], rows[i]);

				if (panel->series[j].role == ROLE_STACK)
					v = stack += v;
				script_cell(f, v * panel->scale);
			}
			script_row_end(f);
		}
	}
	return file_close(&f, "a table for gnuplot", err);
}

/* Rows first to last - 1 as one point: each series' least, or largest, value among them. */
static void write_extreme(const struct panel *panel, FILE *f, const struct samples *s, size_t first,
			  size_t last, bool largest)
{
	script_cell(f, seconds(s, largest ? last - 1 : first));
	for (size_t j = 0; j < panel->count; j++) {
		double v = NAN;

		for (size_t row = first; row < last; row++) {
			double x = level(&panel->series[j], s, row);

			v = largest ? fmax(v, x) : fmin(v, x);
		}
		script_cell(f, v * panel->scale);
	}
	script_row_end(f);
}

int panel_write_levels(const struct panel *panel, struct script *script, const struct samples *s,
		       struct error *err)
{
	size_t step = (s->rows + LEVELS_MAX - 1) / LEVELS_MAX;
	FILE *f;
	int r = script_table(script, panel->name, &f, err);

	if (r < 0)
		return r;
	write_variables(panel, script);
	/* two points a bin keep what would be lost by dropping rows: the peaks against a limit */
	step = step > 1 ? 2 * step : 1;
	for (size_t row = 0; row < s->rows; row += step) {
		size_t last = MIN(row + step, s->rows);

		write_extreme(panel, f, s, row, last, false);
		if (step > 1 && last - row > 1)
			write_extreme(panel, f, s, row, last, true);
	}
	return file_close(&f, "a table for gnuplot", err);
}
