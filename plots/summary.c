// SPDX-License-Identifier: GPL-2.0-or-later
#include "plots/plot.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "plots/panel.h"
#include "plots/script.h"
#include "results/regime.h"
#include "results/json.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/units.h"

#define SEEDS_MAX      256
#define KERNEL_LETTERS 26 /* what fits left of the bars */

/* Median and range of a metric over seeds. */
struct spread {
	double values[SEEDS_MAX];
	size_t count;
	double median, least, most;
};

/* A bar of the picture: what the seeds of one scenario on one kernel gave. */
struct bar {
	const char *scenario, *kernel, *release, *lru; /* borrowed from the runs' records */
	const struct run *run;
	const char *outcome; /* of a trial that is not completed, or "invalid"; NULL: none is */
	char work[64];	     /* the workload whose latency or rate it shows */
	struct spread scanned, reclaimed, speed;
	size_t trials;
};

struct summary {
	struct bar *bars; /* scenario by scenario, as the runs give them */
	size_t count;
	const char *speed_suffix; /* of the work metric in the second panel */
	bool is_latency;
};

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void spread_finish(struct spread *s)
{
	size_t n = s->count;

	if (n == 0)
		return;
	qsort(s->values, n, sizeof(s->values[0]), compare_doubles);
	s->least = s->values[0];
	s->most = s->values[n - 1];
	s->median = n % 2 ? s->values[n / 2] : (s->values[n / 2 - 1] + s->values[n / 2]) / 2;
}

/* A metric that the record calls invalid has no place in a picture. */
static bool spread_add(struct spread *s, const json_t *metric)
{
	const json_t *value = json_object_get(metric, "value");

	if (!json_is_number(value) || !json_is_true(json_object_get(metric, "valid")) ||
	    s->count == SEEDS_MAX)
		return false;
	s->values[s->count++] = json_number_value(value);
	return true;
}

static const json_t *work_metric(const json_t *trial, const char *work, const char *suffix)
{
	char name[200];

	snprintf(name, sizeof(name), "work.%s.%s", work, suffix);
	return json_object_get(json_object_get(trial, "metrics"), name);
}

static bool completed(const json_t *trial)
{
	return streq(json_text(trial, "outcome", ""), "completed");
}

/* The first workload that has the metric stands for the scenario; its name is printed. */
static void bar_add(struct bar *bar, const json_t *trial, const char *suffix)
{
	const json_t *metrics = json_object_get(trial, "metrics");
	const json_t *works = json_object_get(trial, "workloads"), *work;
	size_t i;

	bar->trials++;
	if (!completed(trial)) {
		bar->outcome = json_text(trial, "outcome", "");
		return;
	}
	if (json_array_size(json_object_get(trial, "invalid"))) {
		bar->outcome = "invalid";
		return;
	}
	/* both or none: a bar's two lengths are of the same trials */
	if (bar->scanned.count < SEEDS_MAX &&
	    spread_add(&bar->scanned, json_object_get(metrics, "reclaim.scanned")) &&
	    !spread_add(&bar->reclaimed, json_object_get(metrics, "reclaim.reclaimed")))
		bar->scanned.count--;
	json_array_foreach (works, i, work) {
		const char *name = json_text(work, "name", "");

		if (*bar->work && !streq(bar->work, name))
			continue;
		if (spread_add(&bar->speed, work_metric(trial, name, suffix))) {
			snprintf(bar->work, sizeof(bar->work), "%s", name);
			break;
		}
	}
}

static bool has_latency(const struct run *const runs[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < runs[i]->trial_count; j++) {
			const json_t *trial = runs[i]->trials[j].json, *work;
			size_t k;

			json_array_foreach (json_object_get(trial, "workloads"), k, work) {
				if (work_metric(trial, json_text(work, "name", ""), "latency.p99"))
					return true;
			}
		}
	}
	return false;
}

static struct bar *bar_of(struct summary *s, const struct run *run, const json_t *trial)
{
	const char *scenario = json_text(trial, "scenario", ""),
		   *kernel = json_text(trial, "kernel", "");
	const char *lru = json_text(json_object_get(trial, "regime"), "lru", "");

	for (size_t i = 0; i < s->count; i++) {
		struct bar *b = &s->bars[i];

		if (b->run == run && streq(b->scenario, scenario) && streq(b->kernel, kernel) &&
		    streq(b->lru, lru))
			return b;
	}
	s->bars[s->count] = (struct bar){ .scenario = scenario,
					  .kernel = kernel,
					  .release = json_text(trial, "release", ""),
					  .lru = lru,
					  .run = run };
	return &s->bars[s->count++];
}

/* Bars of one scenario side by side, in the order in which scenarios and kernels first came. */
static void group_bars(struct summary *s)
{
	for (size_t i = 0; i + 1 < s->count; i++) {
		size_t to = i + 1;

		for (size_t j = i + 1; j < s->count; j++) {
			struct bar moved = s->bars[j];

			if (!streq(moved.scenario, s->bars[i].scenario))
				continue;
			memmove(&s->bars[to + 1], &s->bars[to], (j - to) * sizeof(moved));
			s->bars[to++] = moved;
		}
	}
}

static int collect(struct summary *s, const struct run *const runs[], size_t count,
		   struct error *err)
{
	size_t trials = 0;

	for (size_t i = 0; i < count; i++)
		trials += runs[i]->trial_count;
	s->bars = calloc(trials + 1, sizeof(*s->bars));
	if (!s->bars)
		return error_set(err, -ENOMEM, "plot");
	s->is_latency = has_latency(runs, count);
	s->speed_suffix = s->is_latency ? "latency.p99" : "rate";
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < runs[i]->trial_count; j++) {
			const json_t *trial = runs[i]->trials[j].json;

			bar_add(bar_of(s, runs[i], trial), trial, s->speed_suffix);
		}
	}
	group_bars(s);
	for (size_t i = 0; i < s->count; i++) {
		spread_finish(&s->bars[i].scanned);
		spread_finish(&s->bars[i].reclaimed);
		spread_finish(&s->bars[i].speed);
	}
	return 0;
}

/* Two builds of one release, or two runs of one kernel: then the release alone does not tell. */
static void bar_label(const struct summary *s, const struct bar *bar, char *buf, size_t size)
{
	const char *slash = strrchr(bar->run->dir, '/');
	const char *name = *bar->release ? bar->release : bar->kernel, *run = "";
	char text[300], cut[120];

	for (size_t i = 0; i < s->count; i++) {
		const struct bar *other = &s->bars[i];

		if (other == bar || !streq(other->lru, bar->lru))
			continue;
		if (streq(other->release, bar->release) && !streq(other->kernel, bar->kernel))
			name = bar->kernel;
		if (streq(other->kernel, bar->kernel) && other->run != bar->run)
			run = slash ? slash + 1 : bar->run->dir;
	}
	snprintf(text, sizeof(text), "%s%s%s", text_shorten(name, KERNEL_LETTERS, cut, sizeof(cut)),
		 *run ? " " : "", run);
	text_shorten(text, KERNEL_LETTERS, buf, size);
	snprintf(buf + strlen(buf), size - strlen(buf), "%s",
		 streq(bar->lru, "mglru")     ? ", MGLRU"
		 : streq(bar->lru, "classic") ? ", classic"
					      : "");
}

/* Exact while it is short enough to stand behind its bar. */
static const char *pages_text(double pages, char buf[static FORMAT_MAX])
{
	if (pages >= 1e7)
		snprintf(buf, FORMAT_MAX, "%.2f million", pages / 1e6);
	else
		format_count((uint64_t)fmax(pages + 0.5, 0), buf);
	return buf;
}

/* How many of the trials a bar is made of, where some can't be trusted or did not complete. */
static void say_left_out(const struct bar *bar, const struct spread *made_of, char *buf,
			 size_t size)
{
	size_t n = strlen(buf);

	if (made_of->count && made_of->count < bar->trials)
		snprintf(buf + n, size - n, "; %zu/%zu valid", made_of->count, bar->trials);
}

/* "46 %   61,586 of 134,897", or why there is no bar. */
static void reclaim_label(const struct bar *bar, char *buf, size_t size)
{
	char scanned[FORMAT_MAX], reclaimed[FORMAT_MAX];

	if (bar->scanned.count == 0)
		snprintf(buf, size, "%s", bar->outcome ? bar->outcome : "no valid figure");
	else if (bar->scanned.median < 0.5)
		snprintf(buf, size, "nothing scanned");
	else
		snprintf(buf, size, "%.0f %%   %s of %s",
			 100 * bar->reclaimed.median / bar->scanned.median,
			 pages_text(bar->reclaimed.median, reclaimed),
			 pages_text(bar->scanned.median, scanned));
	say_left_out(bar, &bar->scanned, buf, size);
}

static void speed_label(const struct summary *s, const struct bar *bar, char *buf, size_t size)
{
	char text[FORMAT_MAX], cut[64];

	if (bar->speed.count == 0) {
		snprintf(buf, size, "%s", bar->outcome ? bar->outcome : "no valid figure");
		return;
	}
	if (s->is_latency)
		format_time_short(bar->speed.median, text);
	else if (bar->speed.median < 1e9)
		format_count((uint64_t)fmax(bar->speed.median + 0.5, 0), text);
	else
		snprintf(text, sizeof(text), "%.3g", bar->speed.median);
	snprintf(buf, size, "%s, %s", text, text_shorten(bar->work, 10, cut, sizeof(cut)));
	say_left_out(bar, &bar->speed, buf, size);
}

static double colour_index(const struct summary *s, const struct bar *bar)
{
	char label[200], other[200];
	size_t n = 0;

	bar_label(s, bar, label, sizeof(label));
	for (size_t i = 0; i < s->count; i++) {
		bool seen = false;

		bar_label(s, &s->bars[i], other, sizeof(other));
		if (streq(label, other))
			break;
		for (size_t j = 0; j < i && !seen; j++) {
			char earlier[200];

			bar_label(s, &s->bars[j], earlier, sizeof(earlier));
			seen = streq(earlier, other);
		}
		n += !seen;
	}
	return (double)(n % 6 + 1);
}

static void write_labels(const struct summary *s, struct script *script)
{
	char text[300], cut[300];

	script_array(script, "bar_name", s->count);
	script_array(script, "bar_reclaim", s->count);
	script_array(script, "bar_speed", s->count);
	script_array(script, "bar_colour", s->count);
	script_array(script, "bar_group", s->count);
	for (size_t i = 0; i < s->count; i++) {
		const struct bar *b = &s->bars[i];
		bool first = i == 0 || !streq(b->scenario, s->bars[i - 1].scenario);

		bar_label(s, b, text, sizeof(text));
		script_text_at(script, "bar_name", i + 1, text);
		reclaim_label(b, text, sizeof(text));
		script_text_at(script, "bar_reclaim", i + 1, text);
		speed_label(s, b, text, sizeof(text));
		script_text_at(script, "bar_speed", i + 1, text);
		script_number_at(script, "bar_colour", i + 1, colour_index(s, b));
		script_text_at(script, "bar_group", i + 1,
			       first ? text_shorten(b->scenario, 100, cut, sizeof(cut)) : "");
	}
}

static void write_spread(FILE *f, const struct spread *s)
{
	script_cell(f, s->count ? s->median : NAN);
	script_cell(f, s->count ? s->least : NAN);
	script_cell(f, s->count ? s->most : NAN);
}

/* A row a bar: its number, then median, least and most of scanned, reclaimed and speed. */
static int write_table(const struct summary *s, struct script *script, struct error *err)
{
	FILE *f;
	int r = script_table(script, "bars", &f, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < s->count; i++) {
		script_cell(f, (double)(i + 1));
		write_spread(f, &s->bars[i].scanned);
		write_spread(f, &s->bars[i].reclaimed);
		write_spread(f, &s->bars[i].speed);
		script_row_end(f);
	}
	return file_close(&f, "a table for gnuplot", err);
}

static void write_scales(const struct summary *s, struct script *script)
{
	double top = 0, least = INFINITY, most = 0;

	for (size_t i = 0; i < s->count; i++) {
		const struct bar *b = &s->bars[i];

		if (b->scanned.count)
			top = fmax(top, fmax(b->scanned.most, b->reclaimed.most));
		if (b->speed.count && b->speed.least > 0) {
			least = fmin(least, b->speed.least);
			most = fmax(most, b->speed.most);
		}
	}
	script_number(script, "bar_count", (double)s->count);
	script_number(script, "pages_top", top);
	script_number(script, "speed_least", most > 0 ? least : 1);
	script_number(script, "speed_most", most > 0 ? most : 1);
	script_number(script, "is_latency", s->is_latency);
}

static void write_heads(const struct summary *s, const struct run *const runs[], size_t count,
			struct script *script)
{
	size_t least = SIZE_MAX, most = 0;
	char seeds[64], text[300], cut[300];
	bool insn = true;

	for (size_t i = 0; i < s->count; i++) {
		least = MIN(least, s->bars[i].trials);
		most = MAX(most, s->bars[i].trials);
	}
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < runs[i]->trial_count; j++)
			insn = insn &&
			       streq(json_text(runs[i]->trials[j].json, "clock", ""), "insn");
	}
	snprintf(text, sizeof(text), "%s: what it cost to reclaim memory",
		 json_text(runs[0]->trials[0].json, "suite", ""));
	script_text(script, "title_text", text_shorten(text, 100, cut, sizeof(cut)));
	if (least == most)
		snprintf(seeds, sizeof(seeds), "%zu seed%s", most, most == 1 ? "" : "s");
	else
		snprintf(seeds, sizeof(seeds), "%zu to %zu seeds", least, most);
	snprintf(text, sizeof(text), "%s%s%s%s", most > 1 ? "Median of " : "", seeds,
		 most > 1 ? "; whiskers from the least to the most" : "",
		 insn ? "; insn clock: 1 ns is one guest instruction" : "");
	script_text(script, "subtitle_text", text);
	script_text(script, "speed_text",
		    !s->is_latency ? "Work rate, ops/s"
		    : insn	   ? "Latency p99 of work, insn clock"
				   : "Latency p99 of work");
}

static int draw(const struct summary *s, const struct run *const runs[], size_t count,
		const char *out_dir, unsigned formats, struct plot_result *result,
		struct error *err)
{
	_cleanup_script_ struct script script = {};
	int r = script_begin(&script, err);

	if (r < 0)
		return r;
	write_heads(s, runs, count, &script);
	write_labels(s, &script);
	write_scales(s, &script);
	r = write_table(s, &script, err);
	if (r < 0)
		return r;
	return script_draw(&script, "plots/summary.gp", out_dir, "summary", formats, result, err);
}

/* Why bars of these runs may not stand in one picture; NULL: they may. */
static const char *contradiction(const struct run *const runs[], size_t count)
{
	const json_t *first = NULL;
	const char *why = NULL;

	for (size_t i = 0; i < count && !why; i++) {
		for (size_t j = 0; j < runs[i]->trial_count && !why; j++) {
			if (!first)
				first = runs[i]->trials[j].json;
			why = regime_clocks(first, runs[i]->trials[j].json);
		}
	}
	return why;
}

int plot_summary(const struct run *const runs[], size_t count, const char *out_dir,
		 unsigned formats, struct plot_result *result, struct error *err)
{
	const char *why = contradiction(runs, count);
	struct summary s = {};
	int r;

	if (why) {
		_cleanup_free_ char *text = text_format("summary of these runs together: %s", why);

		if (!text || strlist_add(&result->skipped, text) < 0)
			return error_set(err, -ENOMEM, "plot");
		return 0;
	}
	r = collect(&s, runs, count, err);
	if (r == 0 && s.count > 0)
		r = draw(&s, runs, count, out_dir, formats, result, err);
	else if (r == 0 && strlist_add(&result->skipped, "summary: the run has no trial yet") < 0)
		r = error_set(err, -ENOMEM, "plot");
	free(s.bars);
	return r;
}
