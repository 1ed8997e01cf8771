// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/cube-formula.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "results/cube-facts.h"
#include "results/cube.h"
#include "results/metrics.h"
#include "results/zones.h"
#include "src/macro.h"

struct question {
	const struct formula_context *context;
	const char *argument;
	bool *used;
	bool malformed;
	const char *missing;
};

/* The index of a word in a list, or its length. */
static size_t find(const char *const *list, size_t count, const char *word, size_t len)
{
	size_t i = 0;

	while (i < count && (strlen(list[i]) != len || strncmp(list[i], word, len) != 0))
		i++;
	return i;
}

static bool is_about(const struct formula_context *context, const char *family)
{
	return context->self && starts_with(context->self->name, family);
}

static bool place_of(const struct formula_context *context, const struct cube *cube, size_t *node,
		     size_t *cgroup)
{
	*node = cube_all(cube, CUBE_NODE);
	*cgroup = cube_all(cube, CUBE_CGROUP);
	if (is_about(context, "node.")) {
		for (*node = 0; *node < cube->node_count; (*node)++)
			if (cube->nodes[*node] == atoi(context->name))
				return true;
		return false;
	}
	if (is_about(context, "cgroup.")) {
		for (size_t i = 0; i < cube->cgroup_count; i++)
			if (streq(cube->cgroups[i], context->name)) {
				*cgroup = cube->subtrees[i];
				return true;
			}
		return false;
	}
	return true;
}

/* "limit_anon_reclaimed": a reclaimer and a kind, either of which may be left out, and a measure.
 */
static bool ask_cube(struct question *q, double *ret)
{
	struct cube *cube = q->context->record->cube;
	size_t measure = CUBE_MEASURES, who = CUBE_ANYONE, kind = CUBE_KINDS, node, cgroup, len;
	struct grid_range range;

	for (const char *word = q->argument; *word; word += len + (word[len] == '_')) {
		len = strcspn(word, "_");
		if (find(cube_reclaimer_names, CUBE_RECLAIMERS, word, len) < CUBE_RECLAIMERS)
			who = find(cube_reclaimer_names, CUBE_RECLAIMERS, word, len);
		else if (find(cube_kind_names, CUBE_KINDS, word, len) < CUBE_KINDS)
			kind = find(cube_kind_names, CUBE_KINDS, word, len);
		else
			measure = find(cube_measure_names, CUBE_MEASURES, word, len);
	}
	q->malformed = measure == CUBE_MEASURES;
	q->missing = "the record has no cube";
	if (q->malformed || !cube || !place_of(q->context, cube, &node, &cgroup))
		return false;
	range = cube_pages(cube, (enum cube_measure)measure, node, cgroup, who, kind);
	q->missing = "neither this kernel's counters nor the trace, if there is one, tell it";
	if (!range_known(range) || (who == CUBE_PROACTIVE && !cube->proactive))
		return false;
	if (q->used)
		cube_facts_columns(cube->facts, q->used);
	*ret = (double)range.low;
	return true;
}

/* The share of time, by the ticks, that the node's largest zone had less free memory. */
static bool ask_below(struct question *q, double *ret)
{
	const struct zones *zones = q->context->record->zones;
	size_t mark = find(zone_mark_names, ZONE_MARKS, q->argument, strlen(q->argument));
	const struct zone *zone = zones ? zones_main(zones, atoi(q->context->name)) : NULL;

	q->malformed = mark == ZONE_MARKS;
	q->missing = "the record has no zone of that node";
	if (q->malformed || !zone || zones->time_ns <= 0)
		return false;
	*ret = zone->levels[mark].below_ns / zones->time_ns;
	return true;
}

/* At the phase's end, of the node's free memory. */
static bool ask_unusable(struct question *q, double *ret)
{
	const struct zones *zones = q->context->record->zones;
	const struct node_blocks *node = zones ? zones_blocks(zones, atoi(q->context->name)) : NULL;
	char *end;
	unsigned long order = strtoul(q->argument, &end, 10);

	q->malformed = *end || end == q->argument;
	q->missing = "the record has no free blocks of that node and order";
	if (q->malformed || !node || order >= node->orders)
		return false;
	*ret = node->orders_of[order].unusable_last / 1000.0;
	return true;
}

static const struct {
	const char *name;
	bool (*ask)(struct question *q, double *ret);
} functions[] = {
	{ "cube", ask_cube },
	{ "below", ask_below },
	{ "unusable", ask_unusable },
};

bool cube_function(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
		if (streq(functions[i].name, name))
			return true;
	return false;
}

bool cube_value(const struct formula_context *context, const char *function, const char *argument,
		bool *used, double *ret, bool *ret_malformed, char *ret_missing, size_t size)
{
	struct question q = { .context = context, .argument = argument, .used = used };
	bool there = false;

	for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
		if (streq(functions[i].name, function))
			there = functions[i].ask(&q, ret);
	*ret_malformed = q.malformed;
	if (!there && q.missing)
		snprintf(ret_missing, size, "%s", q.missing);
	return there;
}
