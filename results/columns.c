// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/columns.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "src/macro.h"

#define ZSWAP	  "those with CONFIG_ZSWAP"
#define PROACTIVE "those that count memory.reclaim apart from direct reclaim"
#define BY_NODE	  "those that count reclaim by node"

const struct column_kernels column_kernels[] = {
	{ "vmstat.pgscan_khugepaged", false, true, NULL },
	{ "vmstat.pgsteal_khugepaged", false, true, NULL },
	{ "vmstat.pgdemote_khugepaged", false, true, NULL },
	{ "vmstat.swpin_zero", false, true, NULL },
	{ "vmstat.swpout_zero", false, true, NULL },
	{ "vmstat.thp_underused_split_page", false, true, NULL },
	{ "vmstat.zone_reclaim_success", false, true, NULL },
	{ "vmstat.pgscan_proactive", false, false, PROACTIVE },
	{ "vmstat.pgsteal_proactive", false, false, PROACTIVE },
	{ "vmstat.pgdemote_proactive", false, false, PROACTIVE },
	{ "vmstat.zswp*", false, false, ZSWAP },
	{ "NAME.memory.stat.pgscan_khugepaged", false, true, NULL },
	{ "NAME.memory.stat.pgsteal_khugepaged", false, true, NULL },
	{ "NAME.memory.stat.pgdemote_kswapd", false, true, NULL },
	{ "NAME.memory.stat.pgdemote_direct", false, true, NULL },
	{ "NAME.memory.stat.pgdemote_khugepaged", false, true, NULL },
	{ "NAME.memory.stat.pgpromote_success", false, true, NULL },
	{ "NAME.memory.stat.numa_*", false, true, NULL },
	{ "NAME.memory.stat.swpin_zero", false, true, NULL },
	{ "NAME.memory.stat.swpout_zero", false, true, NULL },
	{ "NAME.memory.stat.thp_swpout*", false, true, NULL },
	{ "NAME.memory.stat.pg*_proactive", false, false, PROACTIVE },
	{ "NAME.memory.stat.zsw*", false, false, ZSWAP },
	{ "nodeN.pgdemote_kswapd", false, true, NULL },
	{ "nodeN.pgdemote_direct", false, true, NULL },
	{ "nodeN.pgdemote_khugepaged", false, true, NULL },
	{ "nodeN.pgdemote_proactive", false, false, PROACTIVE },
	{ "nodeN.pgscan_*", false, false, BY_NODE },
	{ "nodeN.pgsteal_*", false, false, BY_NODE },
	{},
};

const struct column_kernels *column_kernels_find(const char *column)
{
	for (const struct column_kernels *k = column_kernels; k->column; k++)
		if (fnmatch(k->column, column, 0) == 0)
			return k;
	return NULL;
}

/* ---- the words of a formula ---- */

/* The next name of a formula and where it ended, by the grammar of formula.c; 0 at its end. */
static size_t next_name(const char **cursor, bool *in_brackets, const char **ret)
{
	for (const char *p = *cursor; *p;) {
		size_t len = 0;

		if (starts_with(p, "if "))
			break;
		*in_brackets = *p == '[' || (*in_brackets && *p != ']');
		if (!isalnum((unsigned char)*p)) {
			p++;
			continue;
		}
		while (isalnum((unsigned char)p[len]) || (p[len] && strchr("._*", p[len])))
			len++;
		*ret = p;
		*cursor = p + len;
		return len;
	}
	*cursor = "";
	return 0;
}

/* NULL unless it is a metric that stands before def. */
static const struct metric_def *earlier(const struct metric_def *def, const char *name)
{
	for (const struct metric_def *d = NULL; (d = metric_next(d)) && d != def;)
		if (streq(d->name, name))
			return d;
	return NULL;
}

/* A metric's formula names earlier metrics alone: the recursion ends. */
static bool visit_formula(const struct metric_def *def, column_visitor visit, void *with)
{
	const char *cursor = def->formula, *at;
	struct column_use use = {};
	size_t len;

	while ((len = next_name(&cursor, &use.optional, &at))) {
		const struct metric_def *other;
		bool go_on;

		if (isdigit((unsigned char)*at) || *cursor == '(' || len >= sizeof(use.name))
			continue;
		memcpy(use.name, at, len);
		use.name[len] = '\0';
		if (!strchr(use.name, '.'))
			continue;
		other = earlier(def, use.name);
		go_on = other ? visit_formula(other, visit, with) : visit(&use, with);
		if (!go_on)
			return false;
	}
	return true;
}

void columns_visit(const struct metric_def *def, column_visitor visit, void *with)
{
	visit_formula(def, visit, with);
}

/* ---- kernels ---- */

struct scarcest {
	const struct column_kernels *kernels;
	char column[COLUMN_NAME_MAX];
};

/* The column that the fewest kernels have decides. */
static bool look_at(const struct column_use *use, void *with)
{
	const struct column_kernels *k = use->optional ? NULL : column_kernels_find(use->name);
	struct scarcest *s = with;

	if (k && (!s->kernels || (s->kernels->on_6_12 && !k->on_6_12))) {
		s->kernels = k;
		memcpy(s->column, use->name, sizeof(s->column));
	}
	return true;
}

/* What the metric, or one that it is made of, says behind its "if": "global-only", "all"; or NULL.
 */
static const char *regime_of(const struct metric_def *def)
{
	const char *cursor = def->formula, *at, *regime = strstr(def->formula, " if ");
	char name[COLUMN_NAME_MAX];
	bool unused = false;
	size_t len;

	if (regime)
		return regime + strlen(" if ");
	while (!regime && (len = next_name(&cursor, &unused, &at))) {
		const struct metric_def *other;

		snprintf(name, sizeof(name), "%.*s", (int)len, at);
		other = earlier(def, name);
		regime = other ? regime_of(other) : NULL;
	}
	return regime;
}

void metric_kernels(const struct metric_def *def, char *buf, size_t size)
{
	const char *regime = regime_of(def);
	struct scarcest s = {};
	char where[200];

	columns_visit(def, look_at, &s);
	if (!s.kernels)
		snprintf(where, sizeof(where), "from 6.1 on");
	else if (s.kernels->needs)
		snprintf(where, sizeof(where), "%s (%s)", s.kernels->needs, s.column);
	else
		snprintf(where, sizeof(where), "6.12, not 6.1 (%s)", s.column);
	snprintf(buf, size, "%s%s%s%s", where, regime ? "; reclaim counters must be " : "",
		 regime ? regime : "",
		 regime && streq(regime, "global-only") ? ", as up to 6.12" : "");
}
