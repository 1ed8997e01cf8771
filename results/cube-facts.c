// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/cube-facts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "results/formula.h"
#include "src/macro.h"

/*
 * In the names of columns here, @ is pgscan or pgsteal, # a node's number, and NAME a cgroup's
 * path.
 */
#define COLUMN_MAX 300
/*
 * Pages that a pass of reclaim takes off a list at a time (SWAP_CLUSTER_MAX,
 * include/linux/swap.h): a list on which pages come and go grows longer than that.
 */
#define BATCH	  32
#define ALL_KINDS CUBE_KINDS /* the place of their sum */

enum bound { EXACTLY, AT_LEAST, AT_MOST };

/* A column is the count of the cells of a reclaimer and a kind. */
static const struct counter_rule {
	const char *column;
	enum formula_scope scope; /* of its node, of its cgroup with children; SYSTEM: of all */
	unsigned who, kind;
	const char *regime; /* where it holds; NULL: in both */
	enum bound bound;
	bool outside; /* of the pages of no cgroup of the suite's */
} counter_rules[] = {
	/*
	 * Each pass over a list counts its pages by their kind, whoever makes it, and kswapd's by
	 * that: shrink_inactive_list() and evict_folios(), mm/vmscan.c.
	 */
	{ "vmstat.@_anon", SCOPE_SYSTEM, CUBE_ANYONE, CUBE_ANON, NULL, EXACTLY, false },
	{ "vmstat.@_file", SCOPE_SYSTEM, CUBE_ANYONE, CUBE_FILE, NULL, EXACTLY, false },
	{ "vmstat.@_kswapd", SCOPE_SYSTEM, CUBE_KSWAPD, ALL_KINDS, NULL, EXACTLY, false },
	/* The other reclaimers' leave out what has a cgroup as its target (cgroup_reclaim()) ... */
	{ "vmstat.@_direct", SCOPE_SYSTEM, CUBE_GLOBAL, ALL_KINDS, "global-only", EXACTLY, false },
	/* ... which only memory.stat has; beyond the suite's cgroups it is taken to be none. */
	{ "vmstat.@_khugepaged", SCOPE_SYSTEM, CUBE_KHUGEPAGED, ALL_KINDS, "global-only", AT_LEAST,
	  false },
	{ "vmstat.@_khugepaged", SCOPE_SYSTEM, CUBE_KHUGEPAGED, ALL_KINDS, "global-only", AT_MOST,
	  true },
	{ "vmstat.@_proactive", SCOPE_SYSTEM, CUBE_PROACTIVE, ALL_KINDS, "global-only", AT_LEAST,
	  false },
	{ "vmstat.@_proactive", SCOPE_SYSTEM, CUBE_PROACTIVE, ALL_KINDS, "global-only", AT_MOST,
	  true },
	/* Later kernels count all of it, as counters of the node whose list it is. */
	{ "vmstat.@_direct", SCOPE_SYSTEM, CUBE_FOREGROUND, ALL_KINDS, "all", EXACTLY, false },
	{ "vmstat.@_khugepaged", SCOPE_SYSTEM, CUBE_KHUGEPAGED, ALL_KINDS, "all", EXACTLY, false },
	{ "vmstat.@_proactive", SCOPE_SYSTEM, CUBE_PROACTIVE, ALL_KINDS, "all", EXACTLY, false },
	{ "node#.@_anon", SCOPE_NODE, CUBE_ANYONE, CUBE_ANON, "all", EXACTLY, false },
	{ "node#.@_file", SCOPE_NODE, CUBE_ANYONE, CUBE_FILE, "all", EXACTLY, false },
	{ "node#.@_kswapd", SCOPE_NODE, CUBE_KSWAPD, ALL_KINDS, "all", EXACTLY, false },
	{ "node#.@_direct", SCOPE_NODE, CUBE_FOREGROUND, ALL_KINDS, "all", EXACTLY, false },
	{ "node#.@_khugepaged", SCOPE_NODE, CUBE_KHUGEPAGED, ALL_KINDS, "all", EXACTLY, false },
	{ "node#.@_proactive", SCOPE_NODE, CUBE_PROACTIVE, ALL_KINDS, "all", EXACTLY, false },
	/*
	 * A pass counts for the cgroup that its list belongs to and for all above that one, whoever
	 * is the target: __count_memcg_events(), mm/memcontrol.c.
	 */
	{ "NAME.memory.stat.@", SCOPE_CGROUP, CUBE_ANYONE, ALL_KINDS, NULL, EXACTLY, false },
	{ "NAME.memory.stat.@_kswapd", SCOPE_CGROUP, CUBE_KSWAPD, ALL_KINDS, NULL, EXACTLY, false },
	{ "NAME.memory.stat.@_direct", SCOPE_CGROUP, CUBE_FOREGROUND, ALL_KINDS, NULL, EXACTLY,
	  false },
	{ "NAME.memory.stat.@_khugepaged", SCOPE_CGROUP, CUBE_KHUGEPAGED, ALL_KINDS, NULL, EXACTLY,
	  false },
	{ "NAME.memory.stat.@_proactive", SCOPE_CGROUP, CUBE_PROACTIVE, ALL_KINDS, NULL, EXACTLY,
	  false },
};

/* A thread that reclaims, and the counter of what all threads of that name did. */
static const struct thread_rule {
	const char *cpu, *slices, *counter;
	enum formula_scope scope;
	enum cube_reclaimer who;
} thread_rules[] = {
	/* It balances the node that it was started for: kswapd() and balance_pgdat(), mm/vmscan.c.
	 */
	{ "kswapd#.cpu_ns", "kswapd#.slices", "vmstat.@_kswapd", SCOPE_NODE, CUBE_KSWAPD },
	/* For where it is counted as direct (6.1); not started while huge pages are off. */
	{ "khugepaged.cpu_ns", "khugepaged.slices", "vmstat.@_direct", SCOPE_SYSTEM,
	  CUBE_KHUGEPAGED },
};

/* LRU lists of one kind, of a cgroup with its children, in bytes; by_node: on a node. */
static const struct level_rule {
	const char *inactive, *active, *refaults;
	bool by_node;
	enum cube_kind kind;
} level_rules[] = {
	{ "NAME.memory.numa_stat.inactive_anon.N#", "NAME.memory.numa_stat.active_anon.N#",
	  "NAME.memory.numa_stat.workingset_refault_anon.N#", true, CUBE_ANON },
	{ "NAME.memory.numa_stat.inactive_file.N#", "NAME.memory.numa_stat.active_file.N#",
	  "NAME.memory.numa_stat.workingset_refault_file.N#", true, CUBE_FILE },
	{ "NAME.memory.stat.inactive_anon", "NAME.memory.stat.active_anon",
	  "NAME.memory.stat.workingset_refault_anon", false, CUBE_ANON },
	{ "NAME.memory.stat.inactive_file", "NAME.memory.stat.active_file",
	  "NAME.memory.stat.workingset_refault_file", false, CUBE_FILE },
};

/* The rules with the columns of a record; a column that it lacks is -1. */
struct counter_fact {
	enum bound bound;
	enum cube_measure measure;
	size_t column;
	struct grid_place place;
};

struct thread_fact {
	int cpu, slices;
	int counters[CUBE_MEASURES];
	struct grid_place place;
};

struct level_fact {
	int inactive, active, refaults;
	int totals[CUBE_MEASURES];
	struct grid_place place;
};

struct cube_facts {
	const struct samples *samples;
	uint64_t page_size;
	bool no_huge_pages;
	int slabs_scanned;
	struct counter_fact *counters;
	struct thread_fact *threads;
	struct level_fact *levels;
	size_t counter_count, thread_count, level_count;
};

/* ---- columns ---- */

/* Index of the column that a rule's name stands for, or -1. */
static int find(const struct samples *s, const char *name, enum cube_measure measure, int node,
		const char *cgroup)
{
	static const char *const events[CUBE_MEASURES] = { "pgscan", "pgsteal" };
	char column[COLUMN_MAX];
	size_t n = 0;

	if (starts_with(name, "NAME.")) {
		n = (size_t)snprintf(column, sizeof(column), "%.180s", cgroup);
		name += strlen("NAME");
	}
	for (; *name; name++) {
		if (*name == '@')
			n += (size_t)snprintf(column + n, sizeof(column) - n, "%s",
					      events[measure]);
		else if (*name == '#')
			n += (size_t)snprintf(column + n, sizeof(column) - n, "%d", node);
		else
			n += (size_t)snprintf(column + n, sizeof(column) - n, "%c", *name);
	}
	return samples_column(s, column);
}

/* How many instances a scope has, and the cells that one of them is about. */
static size_t instances(const struct cube *cube, enum formula_scope scope)
{
	return scope == SCOPE_NODE     ? cube->node_count
	       : scope == SCOPE_CGROUP ? cube->cgroup_count
				       : 1;
}

static struct grid_place place_of(const struct cube *cube, enum formula_scope scope, size_t i,
				  size_t who, size_t kind)
{
	struct grid_place place = { .at = { cube_all(cube, CUBE_NODE), cube_all(cube, CUBE_CGROUP),
					    who, kind } };

	if (scope == SCOPE_NODE)
		place.at[CUBE_NODE] = i;
	if (scope == SCOPE_CGROUP)
		place.at[CUBE_CGROUP] = cube->subtrees[i];
	return place;
}

static int node_number(const struct cube *cube, enum formula_scope scope, size_t i)
{
	return scope == SCOPE_NODE ? cube->nodes[i] : -1;
}

static const char *cgroup_path(const struct cube *cube, enum formula_scope scope, size_t i)
{
	return scope == SCOPE_CGROUP ? cube->cgroups[i] : "";
}

static void find_counters(struct cube_facts *f, const struct cube *cube,
			  const struct counter_rule *rule)
{
	const json_t *regime = json_object_get(cube->record->trial, "regime");
	const char *have = json_string_value(json_object_get(regime, "reclaim_counters"));

	if (rule->regime && !streq(rule->regime, have ? have : ""))
		return;
	for (size_t i = 0; i < instances(cube, rule->scope); i++) {
		for (int m = 0; m < CUBE_MEASURES; m++) {
			struct counter_fact *fact = &f->counters[f->counter_count];
			int column = find(f->samples, rule->column, (enum cube_measure)m,
					  node_number(cube, rule->scope, i),
					  cgroup_path(cube, rule->scope, i));

			if (column < 0)
				continue;
			*fact = (struct counter_fact){
				.bound = rule->bound,
				.measure = (enum cube_measure)m,
				.column = (size_t)column,
				.place = place_of(cube, rule->scope, i, rule->who, rule->kind),
			};
			if (rule->outside)
				fact->place.at[CUBE_CGROUP] = cube_outside(cube);
			f->counter_count++;
		}
	}
}

static void find_threads(struct cube_facts *f, const struct cube *cube,
			 const struct thread_rule *rule)
{
	if (rule->who == CUBE_KHUGEPAGED && cube->khugepaged)
		return;
	for (size_t i = 0; i < instances(cube, rule->scope); i++) {
		struct thread_fact *fact = &f->threads[f->thread_count++];
		int node = node_number(cube, rule->scope, i);

		fact->cpu = find(f->samples, rule->cpu, CUBE_SCANNED, node, "");
		fact->slices = find(f->samples, rule->slices, CUBE_SCANNED, node, "");
		for (int m = 0; m < CUBE_MEASURES; m++)
			fact->counters[m] =
				find(f->samples, rule->counter, (enum cube_measure)m, node, "");
		fact->place = place_of(cube, rule->scope, i, rule->who, ALL_KINDS);
	}
}

static void find_level(struct cube_facts *f, const struct cube *cube, const struct level_rule *rule,
		       size_t cgroup, size_t node)
{
	struct level_fact *fact = &f->levels[f->level_count];
	const char *path = cube->cgroups[cgroup];
	int number = rule->by_node ? cube->nodes[node] : -1;

	fact->inactive = find(f->samples, rule->inactive, CUBE_SCANNED, number, path);
	fact->active = find(f->samples, rule->active, CUBE_SCANNED, number, path);
	fact->refaults = find(f->samples, rule->refaults, CUBE_SCANNED, number, path);
	for (int m = 0; m < CUBE_MEASURES; m++)
		fact->totals[m] =
			find(f->samples, "NAME.memory.stat.@", (enum cube_measure)m, -1, path);
	fact->place = place_of(cube, SCOPE_CGROUP, cgroup, CUBE_ANYONE, rule->kind);
	if (rule->by_node)
		fact->place.at[CUBE_NODE] = node;
	if (fact->inactive >= 0 && fact->active >= 0)
		f->level_count++;
}

static void find_levels(struct cube_facts *f, const struct cube *cube,
			const struct level_rule *rule)
{
	for (size_t c = 0; c < cube->cgroup_count; c++)
		for (size_t n = 0; n < (rule->by_node ? cube->node_count : 1); n++)
			find_level(f, cube, rule, c, n);
}

int cube_facts_new(struct cube_facts **ret, const struct cube *cube)
{
	const json_t *trial = cube->record->trial;
	const char *thp =
		json_string_value(json_object_get(json_object_get(trial, "knobs"), "thp"));
	json_int_t page = json_integer_value(json_object_get(trial, "page_size"));
	size_t most = cube->node_count + cube->cgroup_count + 1;
	struct cube_facts *f = calloc(1, sizeof(*f));

	if (!f)
		return -ENOMEM;
	f->samples = &cube->record->samples;
	f->page_size = page > 0 ? (uint64_t)page : 1;
	f->no_huge_pages = thp && streq(thp, "never");
	f->slabs_scanned = samples_column(f->samples, "vmstat.slabs_scanned");
	f->counters =
		calloc(ARRAY_SIZE(counter_rules) * most * CUBE_MEASURES, sizeof(*f->counters));
	f->threads = calloc(ARRAY_SIZE(thread_rules) * most, sizeof(*f->threads));
	f->levels = calloc(ARRAY_SIZE(level_rules) * most * most, sizeof(*f->levels));
	if (!f->counters || !f->threads || !f->levels) {
		cube_facts_free(f);
		return -ENOMEM;
	}
	for (size_t i = 0; i < ARRAY_SIZE(counter_rules); i++)
		find_counters(f, cube, &counter_rules[i]);
	for (size_t i = 0; i < ARRAY_SIZE(thread_rules); i++)
		find_threads(f, cube, &thread_rules[i]);
	for (size_t i = 0; i < ARRAY_SIZE(level_rules); i++)
		find_levels(f, cube, &level_rules[i]);
	*ret = f;
	return 0;
}

void cube_facts_free(struct cube_facts *facts)
{
	if (!facts)
		return;
	free(facts->counters);
	free(facts->threads);
	free(facts->levels);
	free(facts);
}

void cube_facts_columns(const struct cube_facts *facts, bool *used)
{
	for (size_t i = 0; i < facts->counter_count; i++)
		used[facts->counters[i].column] = true;
}

/* ---- telling ---- */

/* False: the column is not there, was not read, or went backwards. */
static bool growth(const struct samples *s, int column, size_t from, size_t to, uint64_t *ret)
{
	uint64_t a, b;

	if (column < 0)
		return false;
	a = samples_at(s, from, (size_t)column);
	b = samples_at(s, to, (size_t)column);
	if (a == SAMPLE_MISSING || b == SAMPLE_MISSING || b < a)
		return false;
	*ret = b - a;
	return true;
}

static void tell_counters(const struct cube_facts *f, struct cube *cube)
{
	for (size_t i = 0; i < f->counter_count; i++) {
		const struct counter_fact *fact = &f->counters[i];
		uint64_t n;

		if (growth(f->samples, (int)fact->column, cube->first, cube->last, &n))
			grid_tell(&cube->pages[fact->measure], fact->place,
				  fact->bound == AT_MOST ? 0 : n,
				  fact->bound == AT_LEAST ? GRID_OPEN : n);
	}
}

/*
 * Whether a thread can have run between two rows. Of a tick, the threads' figures are read after
 * the counters: what is counted behind a tick may be of a run that the tick saw the end of.
 */
static bool may_have_run(const struct cube_facts *f, const struct thread_fact *fact, size_t from,
			 size_t to)
{
	uint64_t cpu, slices;

	if (fact->cpu < 0)
		return fact->place.at[CUBE_RECLAIMER] != CUBE_KHUGEPAGED || !f->no_huge_pages;
	from -= from > 0;
	return !growth(f->samples, fact->cpu, from, to, &cpu) ||
	       !growth(f->samples, fact->slices, from, to, &slices) || cpu || slices;
}

static void tell_thread(const struct cube_facts *f, struct cube *cube,
			const struct thread_fact *fact, enum cube_measure measure)
{
	uint64_t most = 0, n;

	for (size_t row = cube->first; row < cube->last; row++) {
		if (!may_have_run(f, fact, row, row + 1))
			continue;
		if (!growth(f->samples, fact->counters[measure], row, row + 1, &n))
			return;
		most += n;
	}
	grid_tell(&cube->pages[measure], fact->place, 0, most);
}

/* Pages on the lists at a row; false: not read. */
static bool level(const struct cube_facts *f, const struct level_fact *fact, size_t row,
		  uint64_t *ret)
{
	uint64_t inactive = samples_at(f->samples, row, (size_t)fact->inactive);
	uint64_t active = samples_at(f->samples, row, (size_t)fact->active);

	*ret = (inactive + active) / f->page_size;
	return inactive != SAMPLE_MISSING && active != SAMPLE_MISSING;
}

/* The most that can have been reclaimed off the lists between a row and the next one. */
static uint64_t most_of(const struct cube_facts *f, const struct level_fact *fact, size_t row,
			uint64_t total)
{
	uint64_t before, after, refaults;

	if (!level(f, fact, row, &before) || !level(f, fact, row + 1, &after))
		return total;
	if (before == 0 && after == 0)
		return 0;
	if (before >= BATCH || after > before ||
	    !growth(f->samples, fact->refaults, row, row + 1, &refaults) || refaults)
		return total;
	return MIN(before, total);
}

static void tell_level(const struct cube_facts *f, struct cube *cube, const struct level_fact *fact,
		       enum cube_measure measure)
{
	uint64_t most = 0, total;

	for (size_t row = cube->first; row < cube->last; row++) {
		if (!growth(f->samples, fact->totals[measure], row, row + 1, &total))
			return;
		most += most_of(f, fact, row, total);
	}
	grid_tell(&cube->pages[measure], fact->place, 0, most);
}

void cube_facts_tell(const struct cube_facts *facts, struct cube *cube)
{
	struct grid_place all = place_of(cube, SCOPE_SYSTEM, 0, CUBE_PROACTIVE, ALL_KINDS);
	uint64_t n;

	/* Not apart from limit: there is nothing left for it. */
	for (int m = 0; m < CUBE_MEASURES && !cube->proactive; m++) {
		grid_tell(&cube->pages[m], all, 0, 0);
		all.at[CUBE_KIND] = grid_axis_all(&cube->objects[m].axes[CUBE_KIND]);
		grid_tell(&cube->objects[m], all, 0, 0);
		all.at[CUBE_KIND] = ALL_KINDS;
	}
	tell_counters(facts, cube);
	for (int m = 0; m < CUBE_MEASURES; m++) {
		for (size_t i = 0; i < facts->thread_count; i++)
			tell_thread(facts, cube, &facts->threads[i], (enum cube_measure)m);
		for (size_t i = 0; i < facts->level_count; i++)
			tell_level(facts, cube, &facts->levels[i], (enum cube_measure)m);
	}
	/* do_shrink_slab(), mm/shrinker.c (6.1: mm/vmscan.c), counts whoever it shrinks for. */
	all = place_of(cube, SCOPE_SYSTEM, 0, CUBE_ANYONE, 0);
	all.at[CUBE_KIND] = grid_axis_all(&cube->objects[0].axes[CUBE_KIND]);
	if (growth(facts->samples, facts->slabs_scanned, cube->first, cube->last, &n))
		grid_tell(&cube->objects[CUBE_SCANNED], all, n, n);
}
