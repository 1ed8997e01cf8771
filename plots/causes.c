// SPDX-License-Identifier: GPL-2.0-or-later
#include "plots/causes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "plots/title.h"
#include "results/causes.h"
#include "results/show-causes.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/units.h"

#define BARS_MAX	   8 /* quantiles of a workload */
#define LAYERS_MAX	   64
#define LAYERS_TOLD	   10 /* as many as a legend has lines; those that are less stand together */
#define WORKLOADS_MAX	   6  /* panels */
#define TEXT_MAX	   96
#define LEGEND_MAX	   42	/* letters */
#define LABEL_SHARE	   0.05 /* a layer that thin has no room for its figure */
#define LIGHTER		   0.4	/* each further layer of a kind of cause */
#define COLOUR_OTHERS	   0x808080u
#define COLOUR_UNEXPLAINED 0xC8C8C8u
#define COLOUR_FLOOR	   0xE8E8E8u

/* One colour a kind, whatever the trial, so that pictures can be laid side by side. */
static const struct {
	const char *cause;
	unsigned colour;
} kinds[] = {
	{ "memcg-reclaim", 0xD55E00 }, { "direct-reclaim", 0xE69F00 }, { "node-reclaim", 0xE69F00 },
	{ "compact", 0xCC79A7 },       { "shrinker", 0xF0E442 },       { "swap-in", 0x0072B2 },
	{ "file-fault", 0x56B4E9 },    { "file-read", 0x56B4E9 },      { "throttle", 0x009E73 },
	{ "throttle-high", 0x009E73 }, { "throttle-dirty", 0x009E73 }, { "cpu-wait", 0x5B4B8A },
	{ "io-wait", 0x000000 },       { CAUSE_TURN, 0x7F5539 },
};

/* A cause, in all bars of a workload. */
struct layer {
	char title[TEXT_MAX];
	unsigned colour;
	double shares[BARS_MAX];
	double sum; /* of shares */
};

struct stack {
	struct layer layers[LAYERS_MAX + 3]; /* causes, then others, unexplained and floor */
	size_t count, bars;
};

static double number(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

static const char *string(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static unsigned kind_colour(const char *cause)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (streq(kinds[i].cause, cause))
			return kinds[i].colour;
	return COLOUR_OTHERS;
}

static unsigned lighten(unsigned colour)
{
	unsigned result = 0;

	for (unsigned shift = 0; shift < 24; shift += 8) {
		unsigned part = colour >> shift & 0xff;

		result |= (part + (unsigned)((0xff - part) * LIGHTER)) << shift;
	}
	return result;
}

/* The layer of that title, made where there is none; NULL: there are too many. */
static struct layer *find_layer(struct stack *s, const char *title, unsigned colour)
{
	for (size_t i = 0; i < s->count; i++)
		if (streq(s->layers[i].title, title))
			return &s->layers[i];
	if (s->count == LAYERS_MAX)
		return NULL;
	s->layers[s->count] = (struct layer){ .colour = colour };
	snprintf(s->layers[s->count].title, TEXT_MAX, "%s", title);
	return &s->layers[s->count++];
}

static void add_share(struct layer *layer, size_t bar, double share)
{
	layer->shares[bar] += share;
	layer->sum += share;
}

static int by_sum(const void *a, const void *b)
{
	const struct layer *x = a, *y = b;

	if (x->sum != y->sum)
		return x->sum < y->sum ? 1 : -1;
	return strcmp(x->title, y->title);
}

/* The largest causes first; of one kind the smaller ones are lighter. */
static void order_layers(struct stack *s)
{
	qsort(s->layers, s->count, sizeof(s->layers[0]), by_sum);
	for (size_t i = 0; i < s->count; i++)
		for (size_t k = 0; k < i; k++)
			if (s->layers[k].colour == s->layers[i].colour)
				s->layers[i].colour = lighten(s->layers[i].colour);
}

/* What is not told by itself, and the rest of each bar. */
static void end_layers(struct stack *s, const struct layer *lost, const json_t *list)
{
	struct layer others = *lost;
	struct layer unexplained = { "unexplained", COLOUR_UNEXPLAINED, {}, 0 };
	struct layer floor = { "unexplained, in every operation", COLOUR_FLOOR, {}, 0 };

	for (; s->count > LAYERS_TOLD; s->count--)
		for (size_t bar = 0; bar < s->bars; bar++)
			add_share(&others, bar, s->layers[s->count - 1].shares[bar]);
	for (size_t bar = 0; bar < s->bars; bar++) {
		const json_t *item = json_array_get(list, bar);
		double total = number(item, "total_ns"), alike = number(item, "floor_ns");

		if (total <= 0)
			continue;
		add_share(&unexplained, bar, (number(item, "unexplained_ns") - alike) / total);
		add_share(&floor, bar, alike / total);
	}
	if (others.sum > 0)
		s->layers[s->count++] = others;
	s->layers[s->count++] = unexplained;
	s->layers[s->count++] = floor;
}

static void make_stack(struct stack *s, const json_t *list)
{
	struct layer lost = { "other causes", COLOUR_OTHERS, {}, 0 };

	*s = (struct stack){ .bars = MIN(json_array_size(list), (size_t)BARS_MAX) };
	for (size_t bar = 0; bar < s->bars; bar++) {
		json_t *share;
		size_t i;

		json_array_foreach (json_object_get(json_array_get(list, bar), "shares"), i,
				    share) {
			char title[TEXT_MAX];
			struct layer *layer = find_layer(s, cause_text(share, title, sizeof(title)),
							 kind_colour(string(share, "cause")));

			add_share(layer ? layer : &lost, bar, number(share, "share"));
		}
	}
	order_layers(s);
	end_layers(s, &lost, list);
}

/* "causes_1_title": variables and tables are counted from 1. */
static const char *variable(size_t panel, const char *what, char buf[static TEXT_MAX])
{
	snprintf(buf, TEXT_MAX, "causes_%zu_%s", panel, what);
	return buf;
}

/* A row a bar: its number, and the top of each layer, on those below it. */
static int write_bars(struct script *script, const struct stack *s, const char *name,
		      struct error *err)
{
	FILE *table;
	int r = script_table(script, name, &table, err);

	if (r < 0)
		return r;
	for (size_t bar = 0; bar < s->bars; bar++) {
		double top = 0;

		script_cell(table, (double)bar + 1);
		for (size_t i = 0; i < s->count; i++) {
			top += s->layers[i].shares[bar];
			script_cell(table, top);
		}
		script_row_end(table);
	}
	return file_close(&table, name, err);
}

/* Where figures stand: bar, middle of the layer, share, and whether the ground is dark. */
static int write_figures(struct script *script, const struct stack *s, const char *name,
			 struct error *err)
{
	FILE *table;
	int r = script_table(script, name, &table, err);

	if (r < 0)
		return r;
	for (size_t bar = 0; bar < s->bars; bar++) {
		double top = 0;

		for (size_t i = 0; i < s->count; i++) {
			const struct layer *layer = &s->layers[i];
			unsigned green = layer->colour >> 8 & 0xff;

			top += layer->shares[bar];
			if (layer->shares[bar] < LABEL_SHARE)
				continue;
			script_cell(table, (double)bar + 1);
			script_cell(table, top - layer->shares[bar] / 2);
			script_cell(table, layer->shares[bar]);
			script_cell(table, green < 0x78); /* most of what the eye sees is green */
			script_row_end(table);
		}
	}
	return file_close(&table, name, err);
}

/* "p99", "2.52 ms" and how many operations; one that has not all of them says so. */
static void write_bar_names(struct script *script, const struct stack *s, size_t panel,
			    const json_t *list)
{
	char name[TEXT_MAX], latency[FORMAT_MAX], have[FORMAT_MAX], want[FORMAT_MAX];

	script_array(script, variable(panel, "quantile", name), s->bars);
	script_array(script, variable(panel, "latency", name), s->bars);
	script_array(script, variable(panel, "operations", name), s->bars);
	for (size_t bar = 0; bar < s->bars; bar++) {
		const json_t *item = json_array_get(list, bar);
		bool whole = json_is_true(json_object_get(item, "complete"));
		char text[TEXT_MAX];

		format_time_short(number(item, "latency_ns"), latency);
		snprintf(text, sizeof(text), "%s%s%s",
			 format_count((uint64_t)number(item, "operations"), have),
			 whole ? "" : " of ",
			 whole ? "" : format_count((uint64_t)number(item, "of"), want));
		script_text_at(script, variable(panel, "quantile", name), bar + 1,
			       string(item, "quantile"));
		script_text_at(script, variable(panel, "latency", name), bar + 1, latency);
		script_text_at(script, variable(panel, "operations", name), bar + 1, text);
	}
}

static int write_panel(struct script *script, size_t panel, const char *workload,
		       const json_t *list, struct error *err)
{
	_cleanup_free_ struct stack *s = calloc(1, sizeof(*s));
	char name[TEXT_MAX], cut[TEXT_MAX];
	int r;

	if (!s)
		return error_set(err, -ENOMEM, "plot");
	make_stack(s, list);
	script_text(script, variable(panel, "workload", name),
		    text_shorten(workload, LEGEND_MAX, cut, sizeof(cut)));
	script_number(script, variable(panel, "bars", name), (double)s->bars);
	script_number(script, variable(panel, "layers", name), (double)s->count);
	script_array(script, variable(panel, "title", name), s->count);
	script_array(script, variable(panel, "colour", name), s->count);
	for (size_t i = 0; i < s->count; i++) {
		script_text_at(script, variable(panel, "title", name), i + 1,
			       text_shorten(s->layers[i].title, LEGEND_MAX, cut, sizeof(cut)));
		script_number_at(script, variable(panel, "colour", name), i + 1,
				 s->layers[i].colour);
	}
	write_bar_names(script, s, panel, list);
	r = write_bars(script, s, variable(panel, "shares", name), err);
	return r < 0 ? r : write_figures(script, s, variable(panel, "figures", name), err);
}

int plot_causes(const struct record *record, const char *name, const char *out_dir,
		unsigned formats, struct plot_result *result, struct error *err)
{
	json_t *causes = json_object_get(record->trial, "causes"), *list;
	_cleanup_script_ struct script script = {};
	_cleanup_free_ char *file = text_format("%s.causes", name);
	const char *workload;
	char more[TEXT_MAX] = "";
	size_t panels = 0, all = json_object_size(causes);
	int r;

	if (!all)
		return 0;
	r = file ? script_begin(&script, err) : error_set(err, -ENOMEM, "plot");
	json_object_foreach (causes, workload, list)
		if (r == 0 && panels < WORKLOADS_MAX)
			r = write_panel(&script, ++panels, workload, list, err);
	if (r < 0)
		return r;
	if (panels < all)
		snprintf(more, sizeof(more), "; %zu of %zu workloads", panels, all);
	title_write(&script, record->trial, more);
	script_number(&script, "panels", (double)panels);
	return script_draw(&script, "plots/causes.gp", out_dir, file, formats, result, err);
}
