// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/regime.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "results/columns.h"
#include "src/cleanup.h"
#include "src/macro.h"

/*
 * What changes its meaning with what. The kernel's sources, of Linux 6.1 to 6.12: for MGLRU
 * scan_folios(), sort_folio() and evict_folios() in mm/vmscan.c and lru_gen_refault() in
 * mm/workingset.c, against shrink_inactive_list(), shrink_active_list() and workingset_refault().
 */
static const struct rule {
	const char *key;     /* of the regime */
	const char *columns; /* patterns as formulas have them, with a blank between them */
	enum comparability verdict;
	const char *why;
} rules[] = {
	{ "reclaim_counters",
	  "vmstat.pgscan_direct vmstat.pgsteal_direct vmstat.pgscan_khugepaged "
	  "vmstat.pgsteal_khugepaged vmstat.pgscan_proactive vmstat.pgsteal_proactive "
	  "vmstat.pgrefill",
	  REGIME_DIFFERENT,
	  "vmstat's counters of direct reclaim leave out reclaim at cgroup limits on one kernel, "
	  "and "
	  "have it on the other" },
	{ "proactive", "*pgscan_direct *pgsteal_direct", REGIME_DIFFERENT,
	  "memory.reclaim has counters of its own on one kernel, and counts as direct reclaim on "
	  "the "
	  "other" },
	{ "khugepaged", "*pgscan_direct *pgsteal_direct", REGIME_NOTED,
	  "khugepaged's reclaim, where there is any, has counters of its own on one kernel and "
	  "counts "
	  "as direct reclaim on the other" },
	{ "zero_pages", "vmstat.pswpout vmstat.pswpin", REGIME_NOTED,
	  "pages of zeros, where there are any, are swapped out on one kernel and only noted down "
	  "on "
	  "the other" },
	{ "swap_io", "vmstat.pgpgin vmstat.pgpgout *io.stat.*", REGIME_DIFFERENT,
	  "what is swapped to a zram or brd makes no block request on one kernel, and does on the "
	  "other" },
	{ "disks", "*io.stat.*", REGIME_NOTED,
	  "io.stat counts what goes to a disk made of others at each layer, where there are such" },
	{ "thp_sizes", "*pgfault", REGIME_NOTED,
	  "a fault may map several pages where huge pages smaller than a page table's are "
	  "allowed" },
	{ "lru", "*pgrefill", REGIME_DIFFERENT,
	  "pgrefill counts the pages of active lists looked at, with MGLRU those that reclaim "
	  "sorts "
	  "into younger generations" },
	{ "lru", "*pgdeactivate *pgactivate *pgrotated", REGIME_DIFFERENT,
	  "MGLRU ages pages by generations, for which these moves between lists are no measure" },
	{ "lru", "*workingset_activate_* *workingset_restore_*", REGIME_DIFFERENT,
	  "MGLRU decides by generations and tiers, not by refault distance, what is of the working "
	  "set" },
	{ "lru",
	  "*nr_active_* *nr_inactive_* *nr_zone_active_* *nr_zone_inactive_* *.active_* "
	  "*.inactive_*",
	  REGIME_DIFFERENT,
	  "MGLRU has no such lists: its two youngest generations are shown as active" },
	{ "lru", "*pgscan_* *pgscan", REGIME_NOTED,
	  "MGLRU counts as scanned what it isolates; what it meets in use and sorts away is in "
	  "pgrefill" },
};

/* What the formula reads against one rule's patterns. */
struct question {
	const struct rule *rule;
	bool met;
};

static bool ask(const struct column_use *use, void *with)
{
	struct question *q = with;
	_cleanup_free_ char *patterns = strdup(q->rule->columns);
	char *rest = patterns, *pattern;

	while ((pattern = strsep(&rest, " ")))
		q->met |= fnmatch(pattern, use->name, 0) == 0;
	return !q->met;
}

enum comparability regime_compare(const struct metric_def *def, const json_t *a, const json_t *b,
				  const char **ret_why)
{
	enum comparability worst = REGIME_SAME;

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		const json_t *x = json_object_get(a, rules[i].key);
		const json_t *y = json_object_get(b, rules[i].key);
		struct question q = { .rule = &rules[i] };

		if (!x || !y || json_equal(x, y) || rules[i].verdict <= worst)
			continue;
		columns_visit(def, ask, &q);
		if (!q.met)
			continue;
		worst = rules[i].verdict;
		*ret_why = rules[i].why;
	}
	return worst;
}

/* Which clock a record's figures are of; the host's own has no accelerator. */
static const char *clock_kind(const json_t *record)
{
	const char *clock = json_string_value(json_object_get(record, "clock"));
	const char *accel = json_string_value(json_object_get(record, "accelerator"));

	if (!clock || streq(clock, "insn"))
		return "insn";
	return accel && streq(accel, "tcg") ? "tcg" : accel && streq(accel, "kvm") ? "kvm" : "none";
}

const char *regime_clocks(const json_t *a, const json_t *b)
{
	const char *x = clock_kind(a), *y = clock_kind(b);

	if (streq(x, y))
		return NULL;
	if (streq(x, "insn") || streq(y, "insn"))
		return "one counts instructions (--clock insn), the other is in real time";
	return "the accelerators differ: real time under one (TCG, KVM, none on a host) says "
	       "nothing about the other";
}
