// SPDX-License-Identifier: GPL-2.0-or-later
#include "plots/plot.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>

#include "plots/causes.h"
#include "plots/panel.h"
#include "plots/title.h"
#include "results/closure.h"
#include "results/json.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/units.h"

#define MIB		1048576.0
#define CGROUPS_MAX	6 /* as many as the palette has colours for */
#define WORKLOADS_MAX	6
#define MEMORY_LEGEND	14 /* lines of a legend that fit beside the panel */
#define PRESSURE_LEGEND 9
#define LIMIT_REACH	2.0 /* a limit above so many times the peak use is off the scale */
#define INDENT		"   "
#define COLOUR_SYSTEM	COLOUR_BLACK /* and one from COLOUR_BLUE on a cgroup */
#define PICTURE_LETTER	0.0104	     /* width of a letter, as a share of the time axis */

/* What is being drawn: the record, and what was taken from it. */
struct picture {
	const struct record *record;
	const struct samples *samples;
	struct script *script;
	size_t *rows; /* of the intervals; owned */
	size_t row_count;
	const char *cgroups[CGROUPS_MAX]; /* those drawn; borrowed from the record */
	size_t cgroup_count, cgroups_left_out;
};

static bool add_column(struct expr *e, const struct samples *s, const char *prefix, const char *key)
{
	char column[400];

	snprintf(column, sizeof(column), "%s%s", prefix, key);
	return expr_add(e, s, 1, column);
}

static double peak_of(const struct samples *s, const char *cgroup)
{
	struct expr e = {};
	double peak = 0;

	add_column(&e, s, cgroup, ".memory.current");
	for (size_t row = 0; row < s->rows; row++)
		peak = fmax(peak, expr_level(&e, s, row));
	return peak;
}

/* With more cgroups than can be told apart, those that used most memory, in the plan's order. */
static void choose_cgroups(struct picture *p)
{
	const json_t *all = json_object_get(p->record->trial, "cgroups");
	size_t count = json_array_size(all);
	bool taken[4096] = {};

	count = MIN(count, ARRAY_SIZE(taken));
	for (size_t n = 0; n < MIN(count, (size_t)CGROUPS_MAX); n++) {
		double most = -1;
		size_t best = 0;

		for (size_t i = 0; i < count; i++) {
			const char *name = json_string_value(json_array_get(all, i));
			double peak = taken[i] || !name ? -1 : peak_of(p->samples, name);

			if (peak > most) {
				most = peak;
				best = i;
			}
		}
		if (most >= 0)
			taken[best] = true;
	}
	for (size_t i = 0; i < count; i++) {
		if (taken[i])
			p->cgroups[p->cgroup_count++] = json_string_value(json_array_get(all, i));
	}
	p->cgroups_left_out = count - p->cgroup_count;
}

/* The legend names a cgroup once; what else is drawn of it stands indented below it. */
static struct series *add_named(struct panel *panel, enum series_role role, int colour,
				const char *name, const char *what)
{
	char title[96], cut[64];

	snprintf(title, sizeof(title), "%s%s", text_shorten(name, 16, cut, sizeof(cut)), what);
	return panel_add(panel, role, colour, title);
}

static double largest_use(const struct picture *p)
{
	double peak = 0;

	for (size_t i = 0; i < p->cgroup_count; i++)
		peak = fmax(peak, peak_of(p->samples, p->cgroups[i]));
	return peak;
}

/* "48 MiB", "1.5 GiB" */
static const char *limit_text(uint64_t bytes, char buf[static FORMAT_MAX])
{
	if (bytes % (1u << 30) == 0)
		snprintf(buf, FORMAT_MAX, "%llu GiB", (unsigned long long)(bytes >> 30));
	else if (bytes % (1u << 20) == 0 && bytes < (uint64_t)10 << 30)
		snprintf(buf, FORMAT_MAX, "%llu MiB", (unsigned long long)(bytes >> 20));
	else
		format_size_short((double)bytes, buf);
	return buf;
}

static void add_limits(const struct picture *p, struct panel *panel, size_t cgroup, double peak)
{
	static const struct {
		const char *file, *what;
		enum series_role role;
	} limits[] = {
		{ "memory.max", "max", ROLE_MAX },
		{ "memory.high", "high", ROLE_HIGH },
		{ "memory.low", "low", ROLE_LOW },
		{ "memory.min", "min", ROLE_MIN },
	};
	const json_t *all = json_object_get(p->record->trial, "limits");

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		char key[400], title[80], size[FORMAT_MAX];
		struct series *series;
		const char *text;
		uint64_t bytes;
		bool off_scale;

		snprintf(key, sizeof(key), "%s/%s", p->cgroups[cgroup], limits[i].file);
		text = json_string_value(json_object_get(all, key));
		if (!text || parse_u64(text, &bytes) < 0 || bytes == 0)
			continue;
		off_scale = (double)bytes > LIMIT_REACH * peak;
		snprintf(title, sizeof(title), INDENT "%s %s%s", limits[i].what,
			 limit_text(bytes, size), off_scale ? ", off scale" : "");
		series = panel_add(panel, limits[i].role, (int)cgroup + 1, title);
		if (series)
			series->constant = off_scale ? NAN : (double)bytes;
	}
}

/* Where the legend would be longer than its panel: the cgroups, and one entry a kind of line. */
static void shorten_legend(struct panel *panel, size_t most)
{
	static const char *const kinds[] = {
		[ROLE_SWAP] = "their swap",	   [ROLE_MAX] = "their memory.max",
		[ROLE_HIGH] = "their memory.high", [ROLE_LOW] = "their memory.low",
		[ROLE_MIN] = "their memory.min",   [ROLE_SOME] = "their some",
	};
	size_t count = panel->count;
	unsigned seen = 0;

	if (count <= most)
		return;
	for (size_t i = 0; i < count; i++) {
		struct series *s = &panel->series[i];

		if (s->role == ROLE_CURRENT || s->colour == COLOUR_SYSTEM)
			continue;
		s->title[0] = '\0';
		if (!(seen & (1u << s->role)))
			panel_add(panel, s->role, COLOUR_GREY, kinds[s->role]);
		seen |= 1u << s->role;
	}
}

/* Without a cgroup the question is the machine's memory: what is free, and what holds the rest. */
static void add_machine_memory(const struct picture *p, struct panel *panel)
{
	static const struct {
		const char *title, *columns[2];
	} levels[] = {
		{ "free", { "vmstat.nr_free_pages" } },
		{ "anonymous", { "vmstat.nr_active_anon", "vmstat.nr_inactive_anon" } },
		{ "file", { "vmstat.nr_active_file", "vmstat.nr_inactive_file" } },
	};
	double page = (double)json_integer_value(json_object_get(p->record->trial, "page_size"));

	panel->scale = (page > 0 ? page : 4096) / MIB;
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		struct series *series = panel_add(panel, ROLE_CURRENT, (int)i + 1, levels[i].title);

		for (size_t k = 0; k < 2 && levels[i].columns[k]; k++)
			expr_add(&series->expr, p->samples, 1, levels[i].columns[k]);
	}
}

static int memory_panel(const struct picture *p, struct panel *panel, struct error *err)
{
	double peak = largest_use(p);

	*panel = (struct panel){ .name = "memory", .unit = "MiB", .scale = 1 / MIB };
	for (size_t i = 0; i < p->cgroup_count; i++) {
		struct series *series =
			add_named(panel, ROLE_CURRENT, (int)i + 1, p->cgroups[i], "");

		if (series)
			add_column(&series->expr, p->samples, p->cgroups[i], ".memory.current");
		add_limits(p, panel, i, peak);
		series = panel_add(panel, ROLE_SWAP, (int)i + 1, INDENT "swap");
		if (series)
			add_column(&series->expr, p->samples, p->cgroups[i],
				   ".memory.swap.current");
	}
	if (p->cgroup_count == 0)
		add_machine_memory(p, panel);
	panel_prepare_levels(panel, p->samples);
	shorten_legend(panel, MEMORY_LEGEND);
	script_text(p->script, "memory_title_text",
		    p->cgroup_count ? "Memory of each cgroup, and its limits"
				    : "Memory of the machine");
	return panel_write_levels(panel, p->script, p->samples, err);
}

/* The reclaimers whose counters are split in /proc/vmstat. */
static const struct {
	const char *name, *title;
	int colour;
} reclaimers[] = {
	{ "kswapd", "kswapd", COLOUR_BLUE },
	{ "direct", "direct", COLOUR_VERMILLION },
	{ "khugepaged", "khugepaged", COLOUR_GREEN },
	{ "proactive", "proactive", COLOUR_PURPLE },
};

/* KIND (pgscan or pgsteal) of one reclaimer; those of later kernels may be absent. */
static void add_reclaimer(struct expr *e, const struct samples *s, int sign, const char *kind,
			  const char *reclaimer)
{
	char column[64];

	snprintf(column, sizeof(column), "vmstat.%s_%s", kind, reclaimer);
	if (streq(reclaimer, "kswapd") || streq(reclaimer, "direct"))
		expr_add(e, s, sign, column);
	else
		expr_add_optional(e, s, sign, column);
}

/*
 * Where vmstat counts global reclaim only (results/metrics.h's formula, kernel-notes' reason),
 * what pgsteal_anon and _file count beyond it was reclaimed under memory cgroup limits.
 */
static int reclaim_panel(const struct picture *p, struct panel *panel, struct error *err)
{
	const json_t *regime = json_object_get(p->record->trial, "regime");
	bool global_only = streq(json_text(regime, "reclaim_counters", ""), "global-only");
	const struct samples *s = p->samples;
	struct series *series;

	*panel = (struct panel){ .name = "reclaim", .unit = "pages/s", .scale = 1 };
	for (size_t i = 0; i < ARRAY_SIZE(reclaimers); i++) {
		bool direct = streq(reclaimers[i].name, "direct");

		series = panel_add(panel, ROLE_STACK, reclaimers[i].colour,
				   direct && !global_only ? "direct, with limits'"
							  : reclaimers[i].title);
		add_reclaimer(&series->expr, s, 1, "pgsteal", reclaimers[i].name);
		if (series->expr.count == 0)
			panel->count--; /* this kernel has no such counter */
	}
	if (global_only) {
		series = panel_add(panel, ROLE_STACK, COLOUR_ORANGE, "cgroup limit");
		expr_add(&series->expr, s, 1, "vmstat.pgsteal_anon");
		expr_add(&series->expr, s, 1, "vmstat.pgsteal_file");
		for (size_t i = 0; i < ARRAY_SIZE(reclaimers); i++)
			add_reclaimer(&series->expr, s, -1, "pgsteal", reclaimers[i].name);
	}
	series = panel_add(panel, ROLE_TOTAL, COLOUR_SYSTEM, "scanned, all");
	expr_add(&series->expr, s, 1, "vmstat.pgscan_anon");
	expr_add(&series->expr, s, 1, "vmstat.pgscan_file");
	panel_prepare_rates(panel, s, p->rows, p->row_count);
	return panel_write_rates(panel, p->script, s, p->rows, p->row_count, err);
}

static int refault_panel(const struct picture *p, struct panel *panel, struct error *err)
{
	static const struct {
		const char *title, *column;
		int colour;
	} flows[] = {
		{ "refaults, anon", "vmstat.workingset_refault_anon", COLOUR_VERMILLION },
		{ "refaults, file", "vmstat.workingset_refault_file", COLOUR_BLUE },
		{ "swap in", "vmstat.pswpin", COLOUR_SKY },
		{ "swap out", "vmstat.pswpout", COLOUR_ORANGE },
	};

	*panel = (struct panel){ .name = "refault", .unit = "pages/s", .scale = 1 };
	for (size_t i = 0; i < ARRAY_SIZE(flows); i++) {
		struct series *series =
			panel_add(panel, ROLE_CURRENT, flows[i].colour, flows[i].title);

		expr_add(&series->expr, p->samples, 1, flows[i].column);
	}
	panel_prepare_rates(panel, p->samples, p->rows, p->row_count);
	return panel_write_rates(panel, p->script, p->samples, p->rows, p->row_count, err);
}

static void add_pressure(const struct picture *p, struct panel *panel, int colour,
			 const char *prefix, const char *name)
{
	struct series *series = add_named(panel, ROLE_CURRENT, colour, name, " full");

	if (series)
		add_column(&series->expr, p->samples, prefix, "psi.memory.full.total");
	series = panel_add(panel, ROLE_SOME, colour, INDENT "some");
	if (series)
		add_column(&series->expr, p->samples, prefix, "psi.memory.some.total");
}

/* Shares of time from PSI's totals: microseconds per second are 1e-4 per cent. */
static int pressure_panel(const struct picture *p, struct panel *panel, struct error *err)
{
	*panel = (struct panel){ .name = "pressure", .unit = "% of time", .scale = 1e-4 };
	for (size_t i = 0; i < p->cgroup_count; i++) {
		char prefix[400];

		snprintf(prefix, sizeof(prefix), "%s.", p->cgroups[i]);
		add_pressure(p, panel, (int)i + 1, prefix, p->cgroups[i]);
	}
	add_pressure(p, panel, COLOUR_SYSTEM, "", "system");
	panel_prepare_rates(panel, p->samples, p->rows, p->row_count);
	shorten_legend(panel, PRESSURE_LEGEND);
	return panel_write_rates(panel, p->script, p->samples, p->rows, p->row_count, err);
}

static int work_panel(const struct picture *p, struct panel *panel, struct error *err)
{
	const json_t *all = json_object_get(p->record->trial, "workloads");
	size_t count = json_array_size(all);
	struct series *sum = NULL;

	*panel = (struct panel){ .name = "work", .unit = "ops/s", .scale = 1 };
	if (count > WORKLOADS_MAX) {
		char title[64];

		snprintf(title, sizeof(title), "all %zu workloads", count);
		sum = panel_add(panel, ROLE_CURRENT, COLOUR_SYSTEM, title);
	}
	for (size_t i = 0; i < count; i++) {
		const char *name = json_text(json_array_get(all, i), "name", "");
		struct series *series = sum;
		char column[400];

		snprintf(column, sizeof(column), "work.%s.ops", name);
		if (!sum)
			series = add_named(panel, ROLE_CURRENT, (int)i + 1, name, "");
		expr_add(&series->expr, p->samples, 1, column);
	}
	panel_prepare_rates(panel, p->samples, p->rows, p->row_count);
	return panel_write_rates(panel, p->script, p->samples, p->rows, p->row_count, err);
}

/* Where each phase's name goes: in its middle, or on the next line where neighbours are near. */
static void write_phases(const struct picture *p, double start, double end)
{
	double taken[3] = { -1, -1, -1 };
	size_t lines = 1;

	script_number(p->script, "phase_count", (double)p->record->phase_count);
	script_array(p->script, "phase_name", p->record->phase_count);
	script_array(p->script, "phase_start", p->record->phase_count);
	script_array(p->script, "phase_end", p->record->phase_count);
	script_array(p->script, "phase_at", p->record->phase_count);
	script_array(p->script, "phase_line", p->record->phase_count);
	for (size_t i = 0; i < p->record->phase_count; i++) {
		const struct phase *phase = &p->record->phases[i];
		double from = (double)phase->start_ns / 1e9, to = (double)phase->end_ns / 1e9;
		double half = PICTURE_LETTER * (double)(strlen(phase->name) + 1) / 2, middle;
		size_t line = 0;

		to = to < from ? end : to;
		middle = ((from + to) / 2 - start) / (end - start);
		middle = fmin(fmax(middle, half), 1 - half);
		while (line < ARRAY_SIZE(taken) - 1 && middle - half < taken[line])
			line++;
		taken[line] = middle + half;
		lines = MAX(lines, line + 1);
		script_text_at(p->script, "phase_name", i + 1, phase->name);
		script_number_at(p->script, "phase_start", i + 1, from);
		script_number_at(p->script, "phase_end", i + 1, to);
		script_number_at(p->script, "phase_at", i + 1, start + middle * (end - start));
		script_number_at(p->script, "phase_line", i + 1, (double)line);
	}
	script_number(p->script, "phase_lines", (double)lines);
}

/* One of them is enough for a picture. */
static void append_open(const json_t *trial, char *text, size_t size)
{
	size_t cursor = 0, n = strlen(text);
	const json_t *entry = closure_open(json_object_get(trial, "closure"), "measured", &cursor);
	char what[300];

	if (!entry)
		return;
	closure_say(entry, what, sizeof(what));
	snprintf(text + n, size - n, "%sinvalid: %s", n ? "; " : "", what);
}

static void write_outcome(const struct picture *p)
{
	const json_t *trial = p->record->trial, *reason;
	const char *outcome = json_text(trial, "outcome", ""), *why = json_text(trial, "why", "");
	char text[600] = "", cut[600];
	size_t n = 0, i;

	if (!streq(outcome, "completed"))
		n += (size_t)snprintf(text, sizeof(text), "outcome: %s%s%s", outcome,
				      *why ? ", " : "", why);
	n = MIN(n, sizeof(text) - 1);
	json_array_foreach (json_object_get(trial, "invalid"), i, reason) {
		if (!json_is_string(reason) || n >= sizeof(text) - 1)
			continue;
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s",
				      i == 0 ? (n ? "; invalid: " : "invalid: ") : ", ",
				      json_string_value(reason));
		n = MIN(n, sizeof(text) - 1);
	}
	append_open(trial, text, sizeof(text));
	script_text(p->script, "outcome", text_shorten(text, 125, cut, sizeof(cut)));
}

static void write_titles(const struct picture *p)
{
	const json_t *trial = p->record->trial;
	char more[128] = "";

	if (p->cgroups_left_out)
		snprintf(more, sizeof(more), "; the %zu cgroups that used most, of %zu",
			 p->cgroup_count, p->cgroup_count + p->cgroups_left_out);
	title_write(p->script, trial, more);
	script_text(p->script, "time_text",
		    streq(json_text(trial, "clock", ""), "insn")
			    ? "Time, s of the insn clock (1 s is 10⁹ guest instructions)"
			    : "Time, s");
}

static void write_axis(const struct picture *p)
{
	const struct samples *s = p->samples;
	double start = (double)samples_at(s, 0, 0) / 1e9;
	double end = (double)samples_at(s, s->rows - 1, 0) / 1e9;

	for (size_t i = 0; i < p->record->phase_count; i++) {
		start = fmin(start, (double)p->record->phases[i].start_ns / 1e9);
		end = fmax(end, (double)p->record->phases[i].end_ns / 1e9);
	}
	if (end <= start)
		end = start + 1e-3;
	script_number(p->script, "time_start", start);
	script_number(p->script, "time_end", end);
	write_phases(p, start, end);
}

static int write_picture(struct picture *p, struct error *err)
{
	static int (*const panels[])(const struct picture *p, struct panel *panel,
				     struct error *err) = {
		memory_panel, reclaim_panel, refault_panel, pressure_panel, work_panel,
	};
	_cleanup_free_ struct panel *panel = calloc(1, sizeof(*panel));
	const json_t *sampler = json_object_get(p->record->trial, "sampler");
	json_int_t interval = json_integer_value(json_object_get(sampler, "interval_ns"));
	const struct samples *s = p->samples;
	int r;

	if (!panel)
		return error_set(err, -ENOMEM, "plot");
	if (interval <= 0)
		interval = (json_int_t)((samples_at(s, s->rows - 1, 0) - samples_at(s, 0, 0)) /
					(s->rows - 1));
	r = panel_intervals(s, (uint64_t)interval, &p->rows, &p->row_count, err);
	if (r < 0)
		return r;
	choose_cgroups(p);
	write_titles(p);
	write_outcome(p);
	write_axis(p);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(panels); i++)
		r = panels[i](p, panel, err);
	return r;
}

/* SCENARIO.KERNEL.seed-N of RUN/SCENARIO/KERNEL/seed-N: a picture has its record's name. */
static char *picture_name(const char *trial_dir)
{
	const char *from = trial_dir + strlen(trial_dir);
	char *name;

	for (int parts = 0; from > trial_dir; from--) {
		if (from[-1] == '/' && ++parts == 3)
			break;
	}
	name = strdup(from);
	for (char *c = name; c && *c; c++) {
		if (*c == '/')
			*c = '.';
	}
	return name;
}

static int draw_record(const struct record *record, const char *name, const char *out_dir,
		       unsigned formats, struct plot_result *result, struct error *err)
{
	_cleanup_script_ struct script script = {};
	struct picture p = { .record = record, .samples = &record->samples, .script = &script };
	int r = script_begin(&script, err);

	if (r == 0)
		r = write_picture(&p, err);
	if (r == 0)
		r = script_draw(&script, "plots/trial.gp", out_dir, name, formats, result, err);
	free(p.rows);
	return r;
}

/* A record without samples is what a trial that could not begin leaves: no reason to stop. */
static int read_record(const struct stored_trial *trial, struct record **ret, struct error *err)
{
	int r = record_open(ret, trial->dir, err);

	if (r < 0)
		return r;
	if ((*ret)->samples.rows >= 2)
		return 0;
	record_free(*ret);
	*ret = NULL;
	return error_say(err, -ENODATA, "%s: fewer than two samples", trial->dir);
}

static int draw_trial(const struct stored_trial *trial, const char *out_dir, unsigned formats,
		      struct plot_result *result, struct error *err)
{
	_cleanup_free_ char *name = picture_name(trial->dir);
	struct record *record = NULL;
	struct error why = {};
	int r;

	if (!name)
		return error_set(err, -ENOMEM, "plot");
	if (read_record(trial, &record, &why) < 0)
		return strlist_add(&result->skipped, why.text) < 0 ? error_set(err, -ENOMEM, "plot")
								   : 0;
	r = draw_record(record, name, out_dir, formats, result, err);
	if (r == 0)
		r = plot_causes(record, name, out_dir, formats, result, err);
	record_free(record);
	return r;
}

int plot_trials(const struct run *run, const char *out_dir, unsigned formats,
		struct plot_result *result, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < run->trial_count; i++)
		r = draw_trial(&run->trials[i], out_dir, formats, result, err);
	return r;
}

void plot_result_done(struct plot_result *result)
{
	strlist_done(&result->files);
	strlist_done(&result->skipped);
}
