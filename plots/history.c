// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plots/history.h"
#include "plots/plot.h"
#include "plots/script.h"
#include "results/history/history-text.h"
#include "results/history/history.h"
#include "results/value.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"

#define TITLE_LETTERS 95
#define APART_LETTERS 150

/* Most of a panel's height is left to what differs; but noise of less than this looks flat. */
#define LEAST_HEIGHT 0.02

/* ---- what is drawn ---- */

static int collect(struct history_picture *p, struct plot_result *result)
{
	for (size_t i = 0; i < p->history->count; i++) {
		const struct history_group *g = &p->history->groups[i];

		for (size_t k = 0; k < g->count; k++) {
			_cleanup_free_ char *text = NULL;

			if (!streq(g->series[k].metric, p->metric))
				continue;
			if (p->count < HISTORY_PANELS_MAX) {
				p->panels[p->count++] = (struct history_panel){ g, &g->series[k] };
				continue;
			}
			text = text_format("%s of %s, %s: a picture has at most %d panels "
					   "(--scenario, --kernel)",
					   p->metric, g->scenario, g->kernel, HISTORY_PANELS_MAX);
			if (!text || strlist_add(&result->skipped, text) < 0)
				return -ENOMEM;
		}
	}
	return 0;
}

/* A run stands at the same place in every panel, so that what happens at once is seen. */
static int place_runs(struct history_picture *p)
{
	p->places = calloc(p->history->runs->count + 1, sizeof(*p->places));
	if (!p->places)
		return -ENOMEM;
	for (size_t i = 0; i < p->count; i++)
		for (size_t k = 0; k < p->panels[i].group->run_count; k++)
			p->places[p->panels[i].group->runs[k]] = 1;
	for (size_t i = 0; i < p->history->runs->count; i++)
		if (p->places[i])
			p->places[i] = ++p->runs;
	return 0;
}

static double top_of(const struct history_picture *p)
{
	double top = 0;

	for (size_t i = 0; i < p->count; i++)
		for (size_t k = 0; k < p->panels[i].series->count; k++)
			top = fmax(top, fabs(p->panels[i].series->points[k].most));
	return top;
}

/* Ticks of few digits, and the unit that they are in. */
static void choose_unit(struct history_picture *p)
{
	static const struct {
		const char *unit;
		double from, scale;
		const char *name;
	} units[] = {
		{ "ns", 2e9, 1e9, "s" },
		{ "ns", 2e6, 1e6, "ms" },
		{ "ns", 2e3, 1e3, "us" },
		{ "bytes", 0x1p31, 0x1p30, "GiB" },
		{ "bytes", 0x1p21, 0x1p20, "MiB" },
		{ "bytes", 0x1p11, 0x1p10, "KiB" },
		{ "B/s", 0x1p31, 0x1p30, "GiB/s" },
		{ "B/s", 0x1p21, 0x1p20, "MiB/s" },
		{ "pages", 2e7, 1e6, "million pages" },
		{ "pages", 2e4, 1e3, "1000 pages" },
		{ "events", 2e7, 1e6, "million events" },
		{ "events", 2e4, 1e3, "1000 events" },
		{ "1/s", 2e7, 1e6, "million/s" },
		{ "1/s", 2e4, 1e3, "1000/s" },
	};
	const char *unit = p->panels[0].series->unit;
	double top = top_of(p);

	p->scale = 1;
	p->unit = streq(unit, "1") ? "" : unit;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (!streq(unit, units[i].unit) || top < units[i].from)
			continue;
		p->scale = units[i].scale;
		p->unit = units[i].name;
		return;
	}
}

/* ---- axes ---- */

static double round_step(double raw)
{
	double power = pow(10, floor(log10(raw))), digit = raw / power;

	return power * (digit < 1.5 ? 1 : digit < 3.5 ? 2 : digit < 7.5 ? 5 : 10);
}

static void write_range(const struct history_picture *p, struct script *script, size_t i)
{
	const struct history_series *s = p->panels[i].series;
	double low = INFINITY, high = -INFINITY, middle, room, step;

	for (size_t k = 0; k < s->count; k++) {
		low = fmin(low, s->points[k].least / p->scale);
		high = fmax(high, s->points[k].most / p->scale);
	}
	middle = (low + high) / 2;
	room = fmax(high - low, LEAST_HEIGHT * fabs(middle));
	if (room <= 0)
		room = 1;
	/* 0 belongs into the picture where it isn't far from what is there. */
	if (low >= 0 && low < 0.4 * high)
		low = 0;
	else
		low = fmin(low, middle - room / 2);
	high = fmax(high, middle + room / 2);
	step = round_step((high - low) / 4);
	script_number_at(script, "panel_low", i + 1, low);
	script_number_at(script, "panel_high", i + 1, high);
	script_number_at(script, "panel_step", i + 1, step);
	script_number_at(script, "panel_from", i + 1, step * ceil(low / step - 1e-9));
}

static bool same_day(const struct dated_run *a, const struct dated_run *b)
{
	return a->started / 86400 == b->started / 86400;
}

/* Day above time; the time where two runs are of one day, the day where it is another one. */
static void write_ticks(const struct history_picture *p, struct script *script)
{
	const struct runs *runs = p->history->runs;
	const struct dated_run *last = NULL;
	bool times = false;
	int year = -1;
	size_t every;

	for (size_t i = 0; i < runs->count; i++) {
		if (!p->places[i])
			continue;
		times |= last && same_day(last, &runs->items[i]);
		last = &runs->items[i];
	}
	every = (p->runs * 48 + HISTORY_PLOT_PX - 1) / HISTORY_PLOT_PX;
	script_array(script, "tick_text", p->runs);
	script_array(script, "tick_more", p->runs);
	for (size_t i = 0; i < runs->count; i++) {
		const struct dated_run *run = &runs->items[i];
		char day[40] = "", time[40] = "";
		struct tm tm;

		if (!p->places[i])
			continue;
		gmtime_r(&run->started, &tm);
		if ((p->places[i] - 1) % every == 0) {
			strftime(day, sizeof(day), "%b %e", &tm);
			if (times)
				strftime(time, sizeof(time), "%H:%M", &tm);
			else if (tm.tm_year != year)
				strftime(time, sizeof(time), "%Y", &tm);
			year = tm.tm_year;
		}
		script_text_at(script, "tick_text", p->places[i], day);
		script_text_at(script, "tick_more", p->places[i], time);
	}
}

/* ---- heads ---- */

static void write_note(const struct history_series *s, char *buf, size_t size)
{
	if (s->state == HISTORY_FEW)
		snprintf(buf, size, "%zu run%s: too few to tell a change", s->count,
			 s->count == 1 ? "" : "s");
	else if (s->state == HISTORY_STEADY)
		snprintf(buf, size, "the same in all %zu runs", s->count);
	else if (s->change_count == 0)
		snprintf(buf, size, "no change");
	else
		snprintf(buf, size, "%zu change%s", s->change_count,
			 s->change_count == 1 ? "" : "s");
}

static void write_panels(const struct history_picture *p, struct script *script)
{
	static const char *const arrays[] = { "panel_title", "panel_note", "panel_low",
					      "panel_high",  "panel_step", "panel_from",
					      "panel_apart" };

	script_number(script, "panel_count", (double)p->count);
	for (size_t i = 0; i < ARRAY_SIZE(arrays); i++)
		script_array(script, arrays[i], p->count);
	for (size_t i = 0; i < p->count; i++) {
		const struct history_panel *panel = &p->panels[i];
		const char *apart =
			panel->series->apart ? panel->series->apart : panel->group->apart;
		char text[500], cut[500];

		snprintf(text, sizeof(text), "%s, %s%s", panel->group->scenario,
			 panel->group->kernel, apart ? "; apart from the panel above" : "");
		script_text_at(script, "panel_title", i + 1,
			       text_shorten(text, TITLE_LETTERS, cut, sizeof(cut)));
		/* Where the changes' labels stand otherwise. */
		script_text_at(script, "panel_apart", i + 1,
			       apart && !panel->series->change_count
				       ? text_shorten(apart, APART_LETTERS, cut, sizeof(cut))
				       : "");
		write_note(panel->series, text, sizeof(text));
		script_text_at(script, "panel_note", i + 1, text);
		write_range(p, script, i);
	}
}

static bool all_insn(const struct history_picture *p)
{
	for (size_t i = 0; i < p->count; i++) {
		const json_t *trial = p->panels[i].group->first.trial->json;
		const char *clock = json_string_value(json_object_get(trial, "clock"));

		if (!clock || !streq(clock, "insn"))
			return false;
	}
	return true;
}

static void write_heads(const struct history_picture *p, struct script *script)
{
	const struct history_series *s = p->panels[0].series;
	char text[500], cut[500];
	bool insn = all_insn(p);

	snprintf(text, sizeof(text), "%s: %s",
		 *p->panels[0].group->suite ? p->panels[0].group->suite : "history", p->metric);
	script_text(script, "title_text", text_shorten(text, TITLE_LETTERS, cut, sizeof(cut)));
	snprintf(text, sizeof(text), "%s%s%s", s->def->meaning ? s->def->meaning : "",
		 s->def->meaning && insn ? "; " : "",
		 insn ? "insn clock: 1 ns is one guest instruction" : "");
	script_text(script, "subtitle_text", text_shorten(text, 150, cut, sizeof(cut)));
	snprintf(text, sizeof(text), "%s%s", p->unit,
		 streq(s->unit, "ns") && insn ? ", insn clock" : "");
	script_text(script, "unit_text", text);
	script_text(script, "axis_text",
		    "Light: seeds; dark: their median; orange: levels; dashed: a change "
		    "(E-divisive means); x: no valid figure. Runs by when they began (UTC)");
	script_number(script, "run_count", (double)p->runs);
}

static int draw(const struct history_picture *p, const char *out_dir, unsigned formats,
		struct plot_result *result, struct error *err)
{
	_cleanup_script_ struct script script = {};
	_cleanup_free_ char *name = text_format("history.%s", p->metric);
	int r = script_begin(&script, err);

	if (r == 0 && !name)
		r = error_set(err, -ENOMEM, "plot");
	if (r == 0)
		r = history_write_tables(p, &script, err);
	if (r < 0)
		return r;
	write_heads(p, &script);
	write_panels(p, &script);
	write_ticks(p, &script);
	history_write_marks(p, &script);
	for (char *c = name; *c; c++)
		if (*c == '/')
			*c = '-'; /* a cgroup's name may have one */
	return script_draw(&script, "plots/history.gp", out_dir, name, formats, result, err);
}

int plot_history(const struct history *history, const char *metric, const char *out_dir,
		 unsigned formats, struct plot_result *result, struct error *err)
{
	struct history_picture p = { .history = history, .metric = metric };
	int r = collect(&p, result);

	if (r == 0)
		r = place_runs(&p);
	if (r < 0)
		error_set(err, r, "plot");
	if (r == 0 && p.count > 0) {
		choose_unit(&p);
		r = draw(&p, out_dir, formats, result, err);
	}
	free(p.places);
	return r;
}
