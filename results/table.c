// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/table.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "results/metrics.h"
#include "results/regime.h"
#include "results/text-table.h"
#include "results/value.h"
#include "src/cleanup.h"
#include "src/macro.h"
#include "src/strlist.h"
#include "src/units.h"

#define TABLE_WIDTH 100
#define CELL_MAX    100

/* What is shown without --all, by the catalog's names. always: even when it is 0. */
static const struct {
	const char *name;
	bool always;
} headlines[] = {
	{ "time.measured", true },
	{ "reclaim.scanned", true },
	{ "reclaim.reclaimed", true },
	{ "reclaim.efficiency", false },
	{ "reclaim.anon_share", false },
	{ "reclaim.kswapd_share", false },
	{ "reclaim.direct_share", false },
	{ "reclaim.memcg_share", false },
	{ "reclaim.scanned_kswapd", false },
	{ "reclaim.allocstall", false },
	{ "refault.anon", true },
	{ "refault.file", false },
	{ "swap.in", true },
	{ "swap.out", true },
	{ "fault.major", true },
	{ "compact.stall", false },
	{ "oom.kills", false },
	{ "psi.memory.full_share", true },
	{ "cgroup.NAME.scanned_direct", false },
	{ "cgroup.NAME.scanned_kswapd", false },
	{ "cgroup.NAME.refault_anon", false },
	{ "cgroup.NAME.refault_file", false },
	{ "cgroup.NAME.current_max", false },
	{ "cgroup.NAME.oom_kills", false },
	{ "cgroup.NAME.psi_full_share", false },
	{ "work.NAME.rate", false },
	{ "work.NAME.errors", false },
	{ "work.NAME.latency.p50", false },
	{ "work.NAME.latency.p99", false },
	{ "work.NAME.latency.p99.9", false },
};

/* A metric's row: its cell for each kernel, cut in value and range so that both can align. */
struct cell {
	char value[CELL_MAX], range[CELL_MAX];
};

struct row {
	const char *name; /* borrowed from a trial */
	const struct metric_def *def;
	const char *unit; /* the record's */
	size_t group;	  /* by first appearance in the catalog's order */
	struct cell *cells;
	enum comparability verdict; /* of the kernels side by side */
};

struct table {
	const struct scenario_trials *s;
	struct row *rows;
	size_t count;
	struct strlist different, noted; /* reasons, each once */
};

bool trial_good(const struct stored_trial *trial)
{
	const char *outcome = json_string_value(json_object_get(trial->json, "outcome"));

	return outcome && streq(outcome, "completed") &&
	       json_array_size(json_object_get(trial->json, "invalid")) == 0;
}

bool table_counts(const struct scenario_trials *s, const struct stored_trial *trial)
{
	if (trial_good(trial))
		return true;
	for (size_t i = 0; i < s->count; i++)
		if (streq(s->trials[i]->kernel, trial->kernel) && trial_good(s->trials[i]))
			return false;
	return true;
}

static void table_done(struct table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free(table->rows[i].cells);
	free(table->rows);
	strlist_done(&table->different);
	strlist_done(&table->noted);
}

/* ---- figures ---- */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void format_cell(struct cell *cell, double *values, size_t count, const char *unit)
{
	char low[FORMAT_MAX], high[FORMAT_MAX];
	double median;

	qsort(values, count, sizeof(*values), by_value);
	median = count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
	value_format(median, unit, cell->value);
	value_format(values[0], unit, low);
	value_format(values[count - 1], unit, high);
	if (streq(low, high))
		return;
	/* "126–127 MiB": a unit that both share is said once. */
	if (strchr(low, ' ') && strchr(high, ' ') && streq(strchr(low, ' '), strchr(high, ' ')))
		*strchr(low, ' ') = '\0';
	snprintf(cell->range, sizeof(cell->range), "%s–%s", low, high);
}

static int fill_cell(struct cell *cell, const struct scenario_trials *s, const char *kernel,
		     const struct row *row)
{
	_cleanup_free_ double *values = calloc(s->count, sizeof(*values));
	size_t count = 0;
	bool invalid = false;

	if (!values)
		return -ENOMEM;
	for (size_t i = 0; i < s->count; i++) {
		const struct stored_trial *t = s->trials[i];
		const json_t *metric;

		if (!streq(t->kernel, kernel) || !table_counts(s, t))
			continue;
		metric = json_object_get(json_object_get(t->json, "metrics"), row->name);
		if (!metric)
			continue;
		if (json_is_true(json_object_get(metric, "valid")))
			values[count++] = json_number_value(json_object_get(metric, "value"));
		else
			invalid = true;
	}
	if (invalid)
		snprintf(cell->value, sizeof(cell->value), "invalid");
	else if (count)
		format_cell(cell, values, count, row->unit);
	else
		snprintf(cell->value, sizeof(cell->value), "-");
	return 0;
}

/* ---- rows ---- */

/* Whether any trial has something to say of it. */
static bool interesting(const struct scenario_trials *s, const char *name)
{
	for (size_t i = 0; i < s->count; i++) {
		const json_t *metric =
			json_object_get(json_object_get(s->trials[i]->json, "metrics"), name);

		if (metric && table_counts(s, s->trials[i]) &&
		    (!json_is_true(json_object_get(metric, "valid")) ||
		     json_number_value(json_object_get(metric, "value")) != 0))
			return true;
	}
	return false;
}

static bool is_shown(const struct scenario_trials *s, const char *name, const char *catalog_name)
{
	if (streq(catalog_name, metric_counter.name))
		return interesting(s, name);
	for (size_t i = 0; i < ARRAY_SIZE(headlines); i++)
		if (streq(catalog_name, headlines[i].name))
			return headlines[i].always || interesting(s, name);
	return false;
}

/* "reclaim", "cgroup.box/a", "work.anon": the part that stays while the row's own name changes. */
static size_t group_length(const struct row *row)
{
	const char *tail = strstr(row->def->name, "NAME");
	size_t len = strlen(row->name);

	if (row->def == &metric_counter)
		return (size_t)(strrchr(row->name, '.') - row->name);
	if (tail)
		return len - strlen(tail + strlen("NAME"));
	if (starts_with(row->def->name, "node.N"))
		return len - strlen(row->def->name + strlen("node.N"));
	return strcspn(row->name, ".");
}

static bool same_group(const struct row *a, const struct row *b)
{
	size_t len = group_length(a);

	return len == group_length(b) && strncmp(a->name, b->name, len) == 0;
}

static int by_catalog(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->def != y->def)
		return (x->def > y->def) - (x->def < y->def);
	return strcmp(x->name, y->name);
}

static int by_group(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->group != y->group)
		return (x->group > y->group) - (x->group < y->group);
	return by_catalog(a, b);
}

/* Rows of one cgroup, workload or node stand together, in the catalog's order within. */
static void sort_rows(struct table *table)
{
	qsort(table->rows, table->count, sizeof(*table->rows), by_catalog);
	for (size_t i = 0; i < table->count; i++) {
		size_t j = 0;

		while (j < i && !same_group(&table->rows[j], &table->rows[i]))
			j++;
		table->rows[i].group = j < i ? table->rows[j].group : i;
	}
	qsort(table->rows, table->count, sizeof(*table->rows), by_group);
}

/* The kernel's first trial. */
static const json_t *first_of(const struct scenario_trials *s, const char *kernel)
{
	for (size_t i = 0; i < s->count; i++)
		if (streq(s->trials[i]->kernel, kernel))
			return s->trials[i]->json;
	return NULL;
}

/* A row whose kernels don't tell the same thing is marked, and the reason kept to be said once. */
static int judge_row(struct table *table, struct row *row)
{
	const struct scenario_trials *s = table->s;
	int r = 0;

	for (size_t k = 1; r == 0 && k < s->kernel_count; k++) {
		const json_t *a = first_of(s, s->kernels[0]), *b = first_of(s, s->kernels[k]);
		const char *why = regime_clocks(a, b);
		enum comparability verdict =
			why ? REGIME_DIFFERENT
			    : regime_compare(row->def, json_object_get(a, "regime"),
					     json_object_get(b, "regime"), &why);
		struct strlist *whys =
			verdict == REGIME_DIFFERENT ? &table->different : &table->noted;

		row->verdict = MAX(row->verdict, verdict);
		if (verdict != REGIME_SAME && !strlist_contains(whys, why))
			r = strlist_add(whys, why);
	}
	return r;
}

static int add_row(struct table *table, const char *name, const struct metric_def *def,
		   const char *unit)
{
	struct row *more = reallocarray(table->rows, table->count + 1, sizeof(*more));
	struct row *row;

	if (!more)
		return -ENOMEM;
	table->rows = more;
	row = &more[table->count];
	*row = (struct row){ .name = name, .def = def, .unit = unit ? unit : def->unit };
	row->cells = calloc(table->s->kernel_count, sizeof(*row->cells));
	if (!row->cells)
		return -ENOMEM;
	table->count++;
	for (size_t k = 0; k < table->s->kernel_count; k++)
		if (fill_cell(&row->cells[k], table->s, table->s->kernels[k], row) < 0)
			return -ENOMEM;
	return interesting(table->s, name) ? judge_row(table, row) : 0;
}

/* A record of another wring may have metrics that this catalog lacks: they stay in --json. */
static int collect(struct table *table, bool all)
{
	_cleanup_strlist_ struct strlist seen = {};
	int r = 0;

	for (size_t i = 0; i < table->s->count && r == 0; i++) {
		json_t *metrics = json_object_get(table->s->trials[i]->json, "metrics"), *value;
		const char *name;

		json_object_foreach (metrics, name, value) {
			const struct metric_def *def = metric_find(name);
			const char *unit = json_string_value(json_object_get(value, "unit"));

			if (!def && starts_with(name, "work."))
				def = &metric_counter;
			if (!def || strlist_contains(&seen, name) ||
			    (!all && !is_shown(table->s, name, def->name)))
				continue;
			r = strlist_add(&seen, name);
			if (r == 0)
				r = add_row(table, name, def, unit);
			if (r < 0)
				break;
		}
	}
	sort_rows(table);
	return r;
}

/* ---- print ---- */

struct layout {
	int name, unit;
	int *value, *range; /* of each kernel's column */
};

static int column_width(const struct layout *layout, const struct table *table, size_t k)
{
	int cells = layout->value[k] + (layout->range[k] ? 2 + layout->range[k] : 0);

	return MAX(cells, text_width(table->s->kernels[k]));
}

static const char *mark(const struct row *row)
{
	static const char *const marks[] = {
		[REGIME_SAME] = "", [REGIME_NOTED] = " ~", [REGIME_DIFFERENT] = " ≠"
	};

	return marks[row->verdict];
}

static int mark_width(const struct row *row)
{
	return text_width(mark(row));
}

static int measure(struct layout *layout, const struct table *table)
{
	layout->value = calloc(table->s->kernel_count, sizeof(*layout->value));
	layout->range = calloc(table->s->kernel_count, sizeof(*layout->range));
	if (!layout->value || !layout->range)
		return -ENOMEM;
	for (size_t i = 0; i < table->count; i++) {
		const struct row *row = &table->rows[i];

		layout->name = MAX(layout->name, text_width(row->name) + mark_width(row));
		layout->unit = MAX(layout->unit, text_width(value_unit(row->unit)));
		for (size_t k = 0; k < table->s->kernel_count; k++) {
			layout->value[k] = MAX(layout->value[k], text_width(row->cells[k].value));
			layout->range[k] = MAX(layout->range[k], text_width(row->cells[k].range));
		}
	}
	return 0;
}

static void print_row(FILE *f, const struct layout *layout, const struct table *table,
		      const struct row *row, size_t from, size_t to)
{
	int gap = 0;

	fprintf(f, "  %s%s%*s  %-*s", row->name, mark(row),
		layout->name - text_width(row->name) - mark_width(row), "", layout->unit,
		value_unit(row->unit));
	for (size_t k = from; k < to; k++) {
		const struct cell *cell = &row->cells[k];

		fprintf(f, "%*s  %*s", gap, "", layout->value[k], cell->value);
		gap = column_width(layout, table, k) - layout->value[k];
		if (*cell->range) {
			fprintf(f, "  %s", cell->range);
			gap -= 2 + text_width(cell->range);
		}
	}
	fputc('\n', f);
}

/* As many kernels side by side as the width allows, and at least one. */
static size_t fit(const struct layout *layout, const struct table *table, size_t from)
{
	int used = 2 + layout->name + 2 + layout->unit;
	size_t to = from;

	while (to < table->s->kernel_count) {
		used += 2 + column_width(layout, table, to);
		if (used > TABLE_WIDTH && to > from)
			break;
		to++;
	}
	return to;
}

static void print_block(FILE *f, const struct layout *layout, const struct table *table,
			size_t from, size_t to)
{
	fprintf(f, "\n  %-*s  %-*s", layout->name, "", layout->unit, "");
	for (size_t k = from; k < to; k++) {
		const char *kernel = table->s->kernels[k];
		int room = k + 1 < to ? column_width(layout, table, k) - text_width(kernel) : 0;

		fprintf(f, "  %s%*s", kernel, room, "");
	}
	fputc('\n', f);
	for (size_t i = 0; i < table->count; i++) {
		if (i && table->rows[i].group != table->rows[i - 1].group)
			fputc('\n', f);
		print_row(f, layout, table, &table->rows[i], from, to);
	}
}

static void print_reasons(FILE *f, const char *sign, const char *about, const struct strlist *whys)
{
	for (size_t i = 0; i < whys->count; i++) {
		char line[400];

		snprintf(line, sizeof(line), "%s %s: %s", sign, about, whys->items[i]);
		text_wrap(f, line, 2, 4);
	}
}

int table_print(FILE *f, const struct scenario_trials *s, bool all)
{
	_cleanup_(table_done) struct table table = { .s = s };
	struct layout layout = {};
	int r = collect(&table, all);

	if (r == 0)
		r = measure(&layout, &table);
	for (size_t from = 0, to; r == 0 && table.count && from < s->kernel_count; from = to) {
		to = fit(&layout, &table, from);
		print_block(f, &layout, &table, from, to);
	}
	if (r == 0 && (table.different.count || table.noted.count)) {
		fputc('\n', f);
		print_reasons(f, "≠", "not to be compared", &table.different);
		print_reasons(f, "~", "mind", &table.noted);
	}
	free(layout.value);
	free(layout.range);
	return r;
}
