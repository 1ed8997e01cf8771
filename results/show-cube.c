// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/show-cube.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "results/cube.h"
#include "results/record.h"
#include "results/show.h"
#include "results/table.h"
#include "results/text-table.h"
#include "results/zones.h"
#include "results/json.h"
#include "src/cleanup.h"
#include "src/macro.h"
#include "src/units.h"

#define UNTOLD	       "–"
#define NAME_MAX_SHOWN 26
#define CELL_MAX       96
#define PER_CENT       100.0

/* The trial that is being shown. */
struct view {
	FILE *f;
	const struct stored_trial *trial;
	const struct record *record;
	const struct cube *cube;
	const struct zones *zones;
	double time_ns;
};

/* ---- cells ---- */

struct place {
	size_t node, cgroup, who, kind;
};

static struct grid_range ask(const struct view *v, bool objects, int measure, struct place p)
{
	return objects ? cube_objects(v->cube, (enum cube_measure)measure, p.node, p.cgroup, p.who)
		       : cube_pages(v->cube, (enum cube_measure)measure, p.node, p.cgroup, p.who,
				    p.kind);
}

/* The least upper bound of the sums around it: what says nothing of the cell itself. */
static uint64_t bound_around(const struct view *v, bool objects, int measure, struct place p)
{
	uint64_t high = GRID_OPEN;

	for (int axis = 0; axis < GRID_AXES; axis++) {
		struct place sum = p;

		if (axis == CUBE_NODE)
			sum.node = cube_all(v->cube, CUBE_NODE);
		else if (axis == CUBE_CGROUP)
			sum.cgroup = cube_all(v->cube, CUBE_CGROUP);
		else if (axis == CUBE_RECLAIMER)
			sum.who = CUBE_ANYONE;
		else if (!objects)
			sum.kind = CUBE_KINDS;
		if (memcmp(&sum, &p, sizeof(p)) != 0)
			high = MIN(high, ask(v, objects, measure, sum).high);
	}
	return high;
}

static void format_range(const struct view *v, bool objects, int measure, struct place p,
			 char buf[static CELL_MAX])
{
	struct grid_range range = ask(v, objects, measure, p);
	char low[FORMAT_MAX], high[FORMAT_MAX];

	format_count(range.low, low);
	format_count(range.high, high);
	if (range_known(range))
		snprintf(buf, CELL_MAX, "%s", low);
	else if (range.high == GRID_OPEN ||
		 (range.low == 0 && range.high >= bound_around(v, objects, measure, p)))
		snprintf(buf, CELL_MAX, UNTOLD);
	else if (range.low == 0)
		snprintf(buf, CELL_MAX, "≤%s", high);
	else
		snprintf(buf, CELL_MAX, "%s–%s", low, high);
}

/* "12,213 / 8,257", scanned and freed; where both are the same, once. */
static void add_cell(struct text_table *table, const struct view *v, bool objects, struct place p)
{
	char scanned[CELL_MAX], reclaimed[CELL_MAX];

	format_range(v, objects, CUBE_SCANNED, p, scanned);
	format_range(v, objects, CUBE_RECLAIMED, p, reclaimed);
	if (streq(scanned, reclaimed) && (streq(scanned, "0") || streq(scanned, UNTOLD)))
		text_table_cell(table, "%s", scanned);
	else
		text_table_cell(table, "%s / %s", scanned, reclaimed);
}

/* Known to be nothing, scanned or freed. */
static bool is_nothing(const struct view *v, bool objects, struct place p)
{
	return ask(v, objects, CUBE_SCANNED, p).high == 0 &&
	       ask(v, objects, CUBE_RECLAIMED, p).high == 0;
}

/* ---- names ---- */

static const char *node_text(const struct view *v, size_t node, char buf[static CELL_MAX])
{
	if (node < v->cube->node_count)
		snprintf(buf, CELL_MAX, "node %d", v->cube->nodes[node]);
	else
		snprintf(buf, CELL_MAX, "all nodes");
	return buf;
}

static const char *cgroup_text(const struct view *v, size_t cgroup, char buf[static CELL_MAX])
{
	const char *name = cgroup < v->cube->cgroup_count    ? v->cube->cgroups[cgroup]
			   : cgroup == cube_outside(v->cube) ? "(elsewhere)"
							     : "all";
	int width = text_width(name), left_out = width - NAME_MAX_SHOWN;

	if (left_out <= 0) {
		snprintf(buf, CELL_MAX, "%s", name);
		return buf;
	}
	/* the end tells cgroups of one tree apart */
	for (left_out++; left_out > 0 || ((unsigned char)*name & 0xc0) == 0x80; name++)
		left_out -= ((unsigned char)*name & 0xc0) != 0x80;
	snprintf(buf, CELL_MAX, "…%.*s", CELL_MAX - 8, name);
	return buf;
}

/* ---- reclaimers, by node and cgroup ---- */

/* The reclaimers that did anything, or may have. */
static size_t choose_reclaimers(const struct view *v, bool objects,
				size_t ret[static CUBE_RECLAIMERS])
{
	struct place p = { cube_all(v->cube, CUBE_NODE), cube_all(v->cube, CUBE_CGROUP), 0,
			   CUBE_KINDS };
	size_t count = 0;

	for (p.who = 0; p.who < CUBE_RECLAIMERS; p.who++)
		if ((p.who != CUBE_PROACTIVE || v->cube->proactive) && !is_nothing(v, objects, p))
			ret[count++] = p.who;
	return count;
}

static void add_head(struct text_table *table, const char *first, const size_t *who, size_t count)
{
	text_table_row(table);
	text_table_cell(table, "%s", first);
	for (size_t i = 0; i < count; i++)
		text_table_cell(table, "%s", cube_reclaimer_names[who[i]]);
	if (count != 1)
		text_table_cell(table, "anyone");
}

static void add_row(struct text_table *table, const struct view *v, bool objects, struct place p,
		    const char *name, const size_t *who, size_t count)
{
	text_table_row(table);
	text_table_cell(table, "%s", name);
	for (size_t i = 0; i < count; i++) {
		p.who = who[i];
		add_cell(table, v, objects, p);
	}
	p.who = CUBE_ANYONE;
	if (count != 1)
		add_cell(table, v, objects, p);
}

/* A node's cgroups, those with nothing left out; the sum comes last. */
static void add_node(struct text_table *table, const struct view *v, size_t node, const size_t *who,
		     size_t count)
{
	struct place p = { node, 0, CUBE_ANYONE, CUBE_KINDS };
	char name[CELL_MAX], row[CELL_MAX + 4];

	if (node == cube_all(v->cube, CUBE_NODE) && v->cube->node_count == 1)
		return;
	add_head(table, node_text(v, node, name), who, count);
	for (size_t c = 0; c <= v->cube->cgroup_count + 1; c++) {
		bool all = c == v->cube->cgroup_count + 1;

		p.cgroup = all ? cube_all(v->cube, CUBE_CGROUP) : c;
		if (!all && is_nothing(v, false, p))
			continue;
		snprintf(row, sizeof(row), "  %s", cgroup_text(v, p.cgroup, name));
		add_row(table, v, false, p, row, who, count);
	}
}

static void say_nothing_by(const struct view *v, const size_t *who, size_t count)
{
	bool first = true;

	for (size_t i = 0; i < CUBE_RECLAIMERS; i++) {
		bool there = i == CUBE_PROACTIVE && !v->cube->proactive;

		for (size_t k = 0; k < count; k++)
			there = there || who[k] == i;
		if (there)
			continue;
		fprintf(v->f, "%s%s", first ? "  nothing by " : ", ", cube_reclaimer_names[i]);
		first = false;
	}
	if (!first)
		fputc('\n', v->f);
	if (!v->cube->proactive)
		fprintf(v->f,
			"  proactive: " UNTOLD ", this kernel counts memory.reclaim as it does "
			"reclaim at limits\n");
}

static int show_reclaimers(const struct view *v)
{
	_cleanup_text_table_ struct text_table table = {};
	size_t who[CUBE_RECLAIMERS], count = choose_reclaimers(v, false, who);
	int r;

	fprintf(v->f, "\n  pages scanned / freed, by reclaimer\n");
	for (size_t node = 0; node <= v->cube->node_count; node++)
		add_node(&table, v, node, who, count);
	r = text_table_print(&table, v->f, 4);
	say_nothing_by(v, who, count);
	return r;
}

/* ---- kinds ---- */

static void add_kinds(struct text_table *table, const struct view *v, size_t node)
{
	struct place p = { .node = node, .who = CUBE_ANYONE };
	char name[CELL_MAX];

	if (node == cube_all(v->cube, CUBE_NODE) && v->cube->node_count == 1)
		return;
	text_table_row(table);
	text_table_cell(table, "%s", node_text(v, node, name));
	for (size_t kind = 0; kind < CUBE_KINDS; kind++)
		text_table_cell(table, "%s", cube_kind_names[kind]);
	for (size_t c = 0; c <= v->cube->cgroup_count + 1; c++) {
		bool all = c == v->cube->cgroup_count + 1;

		p.cgroup = all ? cube_all(v->cube, CUBE_CGROUP) : c;
		p.kind = CUBE_KINDS;
		if (!all && is_nothing(v, false, p))
			continue;
		text_table_row(table);
		text_table_cell(table, "  %s", cgroup_text(v, p.cgroup, name));
		for (p.kind = 0; p.kind < CUBE_KINDS; p.kind++)
			add_cell(table, v, false, p);
	}
}

static int show_kinds(const struct view *v)
{
	_cleanup_text_table_ struct text_table table = {};

	fprintf(v->f, "\n  pages scanned / freed, by kind\n");
	for (size_t node = 0; node <= v->cube->node_count; node++)
		add_kinds(&table, v, node);
	return text_table_print(&table, v->f, 4);
}

/* Without a trace there is no more than their sum. */
static int show_objects(const struct view *v)
{
	_cleanup_text_table_ struct text_table table = {};
	size_t who[CUBE_RECLAIMERS], count = choose_reclaimers(v, true, who);
	struct place p = { cube_all(v->cube, CUBE_NODE), cube_all(v->cube, CUBE_CGROUP),
			   CUBE_ANYONE, 0 };
	char name[CELL_MAX];

	if (ask(v, true, CUBE_SCANNED, p).high == 0) {
		fprintf(v->f, "\n  slab: shrinkers looked at no object\n");
		return 0;
	}
	fprintf(v->f, "\n  slab: objects that shrinkers looked at / freed, by reclaimer\n");
	add_head(&table, "", who, count);
	for (size_t node = 0; node <= v->cube->node_count; node++) {
		if (node == v->cube->node_count && v->cube->node_count == 1)
			break;
		p.node = node;
		add_row(&table, v, true, p, node_text(v, node, name), who, count);
	}
	return text_table_print(&table, v->f, 4);
}

/* ---- what the record's metrics say ---- */

static const json_t *metric(const struct view *v, const char *name)
{
	return json_object_get(json_object_get(v->trial->json, "metrics"), name);
}

static void add_metric(struct text_table *table, const struct view *v, const char *family,
		       const char *instance, const char *key)
{
	char name[300], value[FORMAT_MAX];
	const json_t *m;
	double number;

	snprintf(name, sizeof(name), "%s.%.200s.%s", family, instance, key);
	m = metric(v, name);
	number = json_number_value(json_object_get(m, "value"));
	if (!m)
		text_table_cell(table, UNTOLD);
	else if (!json_is_true(json_object_get(m, "valid")))
		text_table_cell(table, "invalid");
	else if (!streq(json_text(m, "unit", "?"), "ns"))
		text_table_cell(table, "%s", format_count((uint64_t)number, value));
	else if (number == 0)
		text_table_cell(table, "0");
	else
		text_table_cell(table, "%s, %.1f %%", format_time_short(number, value),
				number / v->time_ns * PER_CENT);
}

static int show_flows(const struct view *v)
{
	static const char *const keys[] = { "refault_anon", "refault_file", "demoted", "kswapd_cpu",
					    "kcompactd_cpu" };
	static const char *const titles[] = { "refaults anon", "refaults file", "demoted",
					      "kswapd ran", "kcompactd ran" };
	static const char *const cgroup_keys[] = { "refault_anon", "refault_file" };
	_cleanup_text_table_ struct text_table table = {};
	char name[CELL_MAX], number[16];

	text_table_row(&table);
	text_table_cell(&table, "%s", "");
	for (size_t i = 0; i < ARRAY_SIZE(titles); i++)
		text_table_cell(&table, "%s", titles[i]);
	for (size_t node = 0; node < v->cube->node_count; node++) {
		text_table_row(&table);
		text_table_cell(&table, "%s", node_text(v, node, name));
		snprintf(number, sizeof(number), "%d", v->cube->nodes[node]);
		for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
			add_metric(&table, v, "node", number, keys[i]);
	}
	for (size_t c = 0; c < v->cube->cgroup_count; c++) {
		bool parent = v->cube->subtrees[c] != c;

		text_table_row(&table);
		text_table_cell(&table, "%s%s", cgroup_text(v, c, name),
				parent ? ", with its children" : "");
		for (size_t i = 0; i < ARRAY_SIZE(cgroup_keys); i++)
			add_metric(&table, v, "cgroup", v->cube->cgroups[c], cgroup_keys[i]);
	}
	fprintf(v->f, "\n  pages that came back, and the kernel's threads by CPU time\n");
	return text_table_print(&table, v->f, 4);
}

static const char *count_text(const struct view *v, const char *name, char buf[static FORMAT_MAX])
{
	const json_t *m = metric(v, name);

	if (!m)
		snprintf(buf, FORMAT_MAX, UNTOLD);
	else
		format_count((uint64_t)json_number_value(json_object_get(m, "value")), buf);
	return buf;
}

static void show_compaction(const struct view *v)
{
	char a[FORMAT_MAX], b[FORMAT_MAX], c[FORMAT_MAX], d[FORMAT_MAX];

	fprintf(v->f,
		"\n  compaction: %s stalls, %s gave a page, %s in vain; kcompactd woke %s times\n",
		count_text(v, "compact.stall", a), count_text(v, "compact.success", b),
		count_text(v, "compact.fail", c), count_text(v, "compact.daemon_wakes", d));
	fprintf(v->f, "    pages looked at: %s to move, %s as room for them; %s moved\n",
		count_text(v, "compact.migrate_scanned", a),
		count_text(v, "compact.free_scanned", b), count_text(v, "migrate.succeeded", c));
}

/* ---- free memory ---- */

static const char *signed_text(int64_t n, char buf[static CELL_MAX])
{
	char digits[FORMAT_MAX];

	snprintf(buf, CELL_MAX, "%s%s", n < 0 ? "−" : "+",
		 format_count((uint64_t)(n < 0 ? -n : n), digits));
	return buf;
}

static void add_zone(struct text_table *table, const struct view *v, const struct zone *zone)
{
	char a[FORMAT_MAX], text[CELL_MAX];

	text_table_row(table);
	text_table_cell(table, "node %d %s", zone->node, zone->name);
	text_table_cell(table, "%s", format_count(zone->free_least, a));
	text_table_cell(table, "%s", format_count(zone->free_last, a));
	for (int m = 0; m < ZONE_MARKS; m++)
		text_table_cell(table, "%s", signed_text(zone->levels[m].margin, text));
	for (int m = 0; m < ZONE_MARKS; m++)
		text_table_cell(table, "%.1f",
				zone->levels[m].below_ns / v->zones->time_ns * PER_CENT);
	text_table_cell(table, "%zu", zone->levels[ZONE_LOW].falls);
	text_table_cell(table, "%s", format_count(zone->boost_most, a));
}

static int show_zones(const struct view *v)
{
	static const char *const heads[] = { "",     "least", "at end",	     "over min",
					     "low",  "high",  "% under min", "low",
					     "high", "falls", "boost" };
	_cleanup_text_table_ struct text_table table = {};

	if (!v->zones->count)
		return 0;
	text_table_row(&table);
	for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
		text_table_cell(&table, "%s", heads[i]);
	for (size_t i = 0; i < v->zones->count; i++)
		add_zone(&table, v, &v->zones->items[i]);
	fprintf(v->f,
		"\n  free pages at %zu ticks: the least of all, and over each watermark; the share "
		"of "
		"time under it;\n  falls below low from one tick to the next; the most that the "
		"watermarks were boosted\n",
		v->zones->ticks);
	return text_table_print(&table, v->f, 4);
}

static void add_orders(struct text_table *table, const struct node_blocks *node, const char *name,
		       size_t offset)
{
	text_table_row(table);
	text_table_cell(table, "%s", name);
	for (unsigned o = 0; o < node->orders; o++) {
		uint64_t n = *(const uint64_t *)((const char *)&node->orders_of[o] + offset);
		char text[FORMAT_MAX];

		text_table_cell(table, "%s", format_count(n, text));
	}
}

static void add_blocks(struct text_table *table, const struct node_blocks *node)
{
	char name[CELL_MAX];

	snprintf(name, sizeof(name), "node %d at start", node->node);
	add_orders(table, node, name, offsetof(struct order_blocks, first));
	add_orders(table, node, "  least", offsetof(struct order_blocks, least));
	add_orders(table, node, "  at end", offsetof(struct order_blocks, last));
	text_table_row(table);
	text_table_cell(table, "  unusable, %%");
	for (unsigned o = 0; o < node->orders; o++)
		text_table_cell(table, "%.1f", node->orders_of[o].unusable_last / 10.0);
}

static int show_blocks(const struct view *v)
{
	_cleanup_text_table_ struct text_table table = {};
	unsigned orders = 0;

	for (size_t i = 0; i < v->zones->node_count; i++)
		orders = MAX(orders, v->zones->nodes[i].orders);
	if (!orders)
		return 0;
	text_table_row(&table);
	text_table_cell(&table, "order");
	for (unsigned o = 0; o < orders; o++)
		text_table_cell(&table, "%u", o);
	for (size_t i = 0; i < v->zones->node_count; i++)
		add_blocks(&table, &v->zones->nodes[i]);
	fprintf(v->f,
		"\n  free blocks of each order (unusable: share of free memory at the end that is "
		"in smaller ones)\n");
	return text_table_print(&table, v->f, 4);
}

/* ---- a trial ---- */

static void show_head(const struct view *v)
{
	const json_t *trial = v->trial->json, *regime = json_object_get(trial, "regime");
	const char *why = !json_object_get(trial, "trace") ? "not traced: trace: true tells more"
			  : v->cube->trace		   ? "and the trace"
					   : "a trace that lacks events, left aside";
	uint64_t off = cube_off(v->cube), tolerance = cube_tolerance(v->cube);
	char time[FORMAT_MAX], a[FORMAT_MAX], b[FORMAT_MAX];

	fprintf(v->f, "\n%s, %s seed %" PRIu64 ": LRU %s, %s measured\n", v->trial->scenario,
		v->trial->kernel, v->trial->seed, json_text(regime, "lru", "?"),
		format_time_short(v->time_ns, time));
	fprintf(v->f, "  told by counters, by what threads ran and where pages were; %s\n", why);
	if (off > tolerance)
		fprintf(v->f, "  ! the facts contradict each other by %s pages, %s are allowed\n",
			format_count(off, a), format_count(tolerance, b));
	else
		fprintf(v->f, "  closes: %s sums agree with their parts%s\n",
			format_count(v->cube->pages[0].sums + v->cube->pages[1].sums, a),
			off ? ", but for what CPUs hold back" : "");
}

static int show_view(const struct view *v)
{
	int (*const parts[])(const struct view *v) = { show_reclaimers, show_kinds, show_objects,
						       show_flows };
	int r = 0;

	show_head(v);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(parts); i++)
		r = parts[i](v);
	if (r < 0)
		return r;
	show_compaction(v);
	r = show_zones(v);
	return r == 0 ? show_blocks(v) : r;
}

static int show_trial(FILE *f, const struct stored_trial *trial, struct error *err)
{
	struct record *record = NULL;
	int r = record_open(&record, trial->dir, err);

	if (r == 0 && record_measure(record) < 0) {
		r = error_set(err, -ENOMEM, "compute the reclaim cube");
	} else if (r == 0 && !record->cube) {
		fprintf(f, "\n%s, %s seed %" PRIu64 ": no measured phase\n", trial->scenario,
			trial->kernel, trial->seed);
	} else if (r == 0) {
		const struct view v = { .f = f,
					.trial = trial,
					.record = record,
					.cube = record->cube,
					.zones = record->zones,
					.time_ns = record->zones->time_ns };

		r = show_view(&v);
		if (r < 0)
			error_set(err, r, "show the reclaim cube");
	}
	record_free(record);
	return r;
}

/* The first good one of its scenario and kernel; the first, where none is good. */
static bool is_chosen(const struct run *run, size_t index)
{
	const struct stored_trial *trial = &run->trials[index];
	bool before = false, good = false;

	for (size_t i = 0; i < run->trial_count; i++) {
		const struct stored_trial *other = &run->trials[i];

		if (!streq(other->scenario, trial->scenario) ||
		    !streq(other->kernel, trial->kernel) || i == index)
			continue;
		before |= i < index && trial_good(other) >= trial_good(trial);
		good |= trial_good(other);
	}
	return !before && (trial_good(trial) || !good);
}

int show_cube(FILE *f, const struct run *run, struct error *err)
{
	int r = 0;

	fprintf(f, "reclaim cube, a trial of each scenario and kernel; " UNTOLD
		   " can't be told, ≤ and a–b are bounds\n"
		   "(elsewhere): pages of no cgroup of the suite's; limit: max, high\n");
	show_clock(f, run);
	for (size_t i = 0; r == 0 && i < run->trial_count; i++)
		if (is_chosen(run, i))
			r = show_trial(f, &run->trials[i], err);
	return r;
}
