// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/closure.h"

#include <math.h>
#include <string.h>

#include "src/macro.h"

/* Nothing is held back inside one file unless another CPU counts while it is being read. */
#define ONE_FILE "2 * batch * (cpus - 1)"
/*
 * memory.stat against another file. A read folds the CPUs' counts in only when more than a batch
 * per CPU is due, each CPU having up to two batches in hand besides: mem_cgroup_flush_stats() and
 * memcg_rstat_updated(), mm/memcontrol.c.
 */
#define MEMORY_STAT_LAG "3 * batch * cpus"
/* A node's counters and their sum are read apart, at both ends of the phase. */
#define NODE_FOLD "2 * fold * cpus * nodes"

#define GLOBAL_SCAN                                                                                \
	"vmstat.pgscan_kswapd + vmstat.pgscan_direct + [vmstat.pgscan_khugepaged] "                \
	"+ [vmstat.pgscan_proactive]"
#define GLOBAL_STEAL                                                                               \
	"vmstat.pgsteal_kswapd + vmstat.pgsteal_direct + [vmstat.pgsteal_khugepaged] "             \
	"+ [vmstat.pgsteal_proactive]"
#define TOP_SCAN                                                                                   \
	"TOP.memory.stat.pgscan_kswapd + TOP.memory.stat.pgscan_direct "                           \
	"+ [TOP.memory.stat.pgscan_khugepaged] + [TOP.memory.stat.pgscan_proactive]"
#define TOP_STEAL                                                                                  \
	"TOP.memory.stat.pgsteal_kswapd + TOP.memory.stat.pgsteal_direct "                         \
	"+ [TOP.memory.stat.pgsteal_khugepaged] + [TOP.memory.stat.pgsteal_proactive]"

#define NODES_COUNT(key)                                                                           \
	{                                                                                          \
		"nodes-" key, "pages", "The nodes' " key " add up to vmstat's", SCOPE_SYSTEM,      \
			"vmstat." key, "node*." key, NULL, NODE_FOLD                               \
	}
#define NODES_LEVEL(key)                                                                           \
	{                                                                                          \
		"nodes-" key, "pages", "The nodes' " key " at the phase's end add up to vmstat's", \
			SCOPE_SYSTEM, "last(vmstat." key ")", "last(node*." key ")", NULL,         \
			NODE_FOLD                                                                  \
	}

const struct identity identities[] = {
	/*
	 * Let A be all reclaim (vmstat's _anon + _file), G the global reclaim (vmstat's
	 * reclaimers), S all reclaim of the pages of wring's cgroups (memory.stat). Reclaim at
	 * limits, A - G, is done to them alone, thus A - G <= S; and S is a part of A. So A - G
	 * lies between S - G and S; without global reclaim it is S. Limits outside of wring's
	 * cgroups, or a counter that the regime is wrong about, break it.
	 */
	{ "pgscan-at-limits", "pages",
	  "Scanning at limits by vmstat (all - global) is what memory.stat has beyond global",
	  SCOPE_SYSTEM,
	  "vmstat.pgscan_anon + vmstat.pgscan_file - (" GLOBAL_SCAN ") if global-only",
	  TOP_SCAN " - (" GLOBAL_SCAN ")", TOP_SCAN, MEMORY_STAT_LAG },
	{ "pgsteal-at-limits", "pages",
	  "Freeing at limits by vmstat (all - global) is what memory.stat has beyond global",
	  SCOPE_SYSTEM,
	  "vmstat.pgsteal_anon + vmstat.pgsteal_file - (" GLOBAL_STEAL ") if global-only",
	  TOP_STEAL " - (" GLOBAL_STEAL ")", TOP_STEAL, MEMORY_STAT_LAG },
	/* Where vmstat's reclaimers have everything, both ways of cutting A must agree. */
	{ "pgscan-reclaimers", "pages", "Scanned by type is scanned by reclaimer", SCOPE_SYSTEM,
	  "vmstat.pgscan_anon + vmstat.pgscan_file if all", GLOBAL_SCAN, NULL, ONE_FILE },
	{ "pgsteal-reclaimers", "pages", "Freed by type is freed by reclaimer", SCOPE_SYSTEM,
	  "vmstat.pgsteal_anon + vmstat.pgsteal_file if all", GLOBAL_STEAL, NULL, ONE_FILE },
	{ "pgscan-cgroups", "pages", "memory.stat's scanning is a part of all scanning",
	  SCOPE_SYSTEM, TOP_SCAN " if all", "0", "vmstat.pgscan_anon + vmstat.pgscan_file",
	  MEMORY_STAT_LAG },
	{ "pgsteal-cgroups", "pages", "memory.stat's freeing is a part of all freeing",
	  SCOPE_SYSTEM, TOP_STEAL " if all", "0", "vmstat.pgsteal_anon + vmstat.pgsteal_file",
	  MEMORY_STAT_LAG },

	{ "pgscan-parts", "pages", "A cgroup's pgscan is the sum of its reclaimers'", SCOPE_CGROUP,
	  "NAME.memory.stat.pgscan",
	  "NAME.memory.stat.pgscan_kswapd + NAME.memory.stat.pgscan_direct "
	  "+ [NAME.memory.stat.pgscan_khugepaged] + [NAME.memory.stat.pgscan_proactive]",
	  NULL, ONE_FILE },
	{ "pgsteal-parts", "pages", "A cgroup's pgsteal is the sum of its reclaimers'",
	  SCOPE_CGROUP, "NAME.memory.stat.pgsteal",
	  "NAME.memory.stat.pgsteal_kswapd + NAME.memory.stat.pgsteal_direct "
	  "+ [NAME.memory.stat.pgsteal_khugepaged] + [NAME.memory.stat.pgsteal_proactive]",
	  NULL, ONE_FILE },
	{ "slab-parts", "bytes", "A cgroup's slab is its reclaimable and unreclaimable slab",
	  SCOPE_CGROUP, "last(NAME.memory.stat.slab)",
	  "last(NAME.memory.stat.slab_reclaimable) + last(NAME.memory.stat.slab_unreclaimable)",
	  NULL, ONE_FILE " * page" },
	/*
	 * A page in the swap cache is not in file; it is in anon while it is mapped, too, and only
	 * in swapcached when it isn't. memory.current also has what each CPU has charged in
	 * advance: a batch.
	 */
	{ "memory-current", "bytes", "memory.current is what memory.stat says it is made of",
	  SCOPE_CGROUP, "last(NAME.memory.current)",
	  "last(NAME.memory.stat.anon) + last(NAME.memory.stat.file) "
	  "+ last(NAME.memory.stat.kernel) + [last(NAME.memory.stat.sock)]",
	  "last(NAME.memory.stat.anon) + last(NAME.memory.stat.file) "
	  "+ last(NAME.memory.stat.kernel) + [last(NAME.memory.stat.sock)] "
	  "+ [last(NAME.memory.stat.swapcached)]",
	  "(" MEMORY_STAT_LAG " + batch * cpus) * page" },

	NODES_LEVEL("nr_inactive_anon"),
	NODES_LEVEL("nr_active_anon"),
	NODES_LEVEL("nr_inactive_file"),
	NODES_LEVEL("nr_active_file"),
	NODES_LEVEL("nr_unevictable"),
	NODES_LEVEL("nr_slab_reclaimable"),
	NODES_LEVEL("nr_slab_unreclaimable"),
	NODES_COUNT("workingset_refault_anon"),
	NODES_COUNT("workingset_refault_file"),
	NODES_COUNT("workingset_activate_anon"),
	NODES_COUNT("workingset_activate_file"),
	NODES_COUNT("workingset_restore_anon"),
	NODES_COUNT("workingset_restore_file"),
	NODES_COUNT("workingset_nodereclaim"),
	NODES_COUNT("nr_dirtied"),
	NODES_COUNT("nr_written"),
	{}
};

const struct identity *identity_find(const char *name)
{
	for (const struct identity *id = identities; id->name; id++)
		if (streq(id->name, name))
			return id;
	return NULL;
}

struct closure {
	double residual, tolerance;
	const char *why; /* a counter that can't be trusted; NULL: none. In text. */
	char text[200];
};

/* False when this kernel has not all of the identity's columns. */
static bool close_identity(const struct formula_context *context, const struct identity *id,
			   bool *used, struct closure *ret)
{
	const char *const formulas[] = { id->value, id->low, id->high ? id->high : id->low,
					 id->tolerance };
	struct formula_result results[ARRAY_SIZE(formulas)];

	*ret = (struct closure){};
	for (size_t i = 0; i < ARRAY_SIZE(formulas); i++) {
		formula_evaluate(context, formulas[i], used, &results[i]);
		if (!results[i].present)
			return false;
		if (*results[i].invalid && !ret->why) {
			memcpy(ret->text, results[i].invalid, sizeof(ret->text));
			ret->why = ret->text;
		}
	}
	if (results[0].value < results[1].value)
		ret->residual = results[0].value - results[1].value;
	else if (results[0].value > results[2].value)
		ret->residual = results[0].value - results[2].value;
	ret->tolerance = results[3].value;
	return true;
}

static int append(json_t *list, const struct identity *id, const char *scope,
		  const struct closure *closure)
{
	bool closed = !closure->why && fabs(closure->residual) <= closure->tolerance;
	json_t *entry = json_pack(
		"{s:s, s:s, s:I, s:I, s:b, s:s}", "identity", id->name, "scope",
		*scope ? scope : "vmstat", "residual", (json_int_t)closure->residual, "tolerance",
		(json_int_t)closure->tolerance, "closed", closed, "unit", id->unit);

	if (entry && closure->why)
		json_object_set_new(entry, "why", json_string(closure->why));
	return json_array_append_new(list, entry);
}

json_t *closure_compute(const struct record *record)
{
	struct formula_context context = { .record = record,
					   .phase = record_phase(record, "measured") };
	json_t *list = json_array();

	if (!context.phase || !list)
		return list;
	for (const struct identity *id = identities; id->name; id++) {
		size_t cursor = 0;
		char buf[24];

		while ((context.name =
				formula_instance(record, id->scope, &cursor, buf, sizeof(buf)))) {
			struct closure closure;

			if (close_identity(&context, id, NULL, &closure) &&
			    append(list, id, context.name, &closure) < 0) {
				json_decref(list);
				return NULL;
			}
		}
	}
	return list;
}

void closure_columns(const struct record *record, const json_t *entry, bool *used)
{
	const char *name = json_string_value(json_object_get(entry, "identity"));
	const struct identity *id = name ? identity_find(name) : NULL;
	struct formula_context context = {
		.record = record,
		.phase = record_phase(record, "measured"),
		.name = json_string_value(json_object_get(entry, "scope")),
	};
	struct closure closure;

	if (id && context.phase)
		close_identity(&context, id, used, &closure);
}
