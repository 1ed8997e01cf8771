// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/zones.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "results/formula.h"
#include "src/extfrag.h"
#include "src/macro.h"

#define COLUMN_MAX 100

const char *const zone_mark_names[ZONE_MARKS] = {
	[ZONE_MIN] = "min", [ZONE_LOW] = "low", [ZONE_HIGH] = "high"
};

/* Rows of the samples. */
struct rows_of {
	const struct samples *samples;
	size_t first, last;
};

/* "zoneinfo.node0.DMA32.free": its node and its zone's name. */
static bool is_free_of_zone(const char *column, struct zone *ret)
{
	int end = 0;

	*ret = (struct zone){};
	return sscanf(column, "zoneinfo.node%d.%15[A-Za-z0-9].free%n", &ret->node, ret->name,
		      &end) == 2 &&
	       end && !column[end];
}

static int column_of(const struct samples *s, const struct zone *zone, const char *what)
{
	char column[COLUMN_MAX];

	snprintf(column, sizeof(column), "zoneinfo.node%d.%s.%s", zone->node, zone->name, what);
	return samples_column(s, column);
}

/* False: there is no such column, or a row of it was not read. */
static bool is_read(const struct rows_of *r, int column)
{
	for (size_t row = r->first; column >= 0 && row <= r->last; row++)
		if (samples_at(r->samples, row, (size_t)column) == SAMPLE_MISSING)
			return false;
	return column >= 0;
}

/* Half of each of the intervals beside a row. */
static double share_of_row(const struct rows_of *r, size_t row)
{
	size_t before = row > r->first ? row - 1 : row, after = row < r->last ? row + 1 : row;

	return (double)(samples_at(r->samples, after, 0) - samples_at(r->samples, before, 0)) / 2;
}

static void read_level(struct zone_level *level, const struct rows_of *r, size_t free, size_t mark)
{
	bool was_below = true; /* where it begins there is no fall */

	*level = (struct zone_level){ .margin = INT64_MAX };
	for (size_t row = r->first; row <= r->last; row++) {
		int64_t margin = (int64_t)(samples_at(r->samples, row, free) -
					   samples_at(r->samples, row, mark));
		bool below = margin < 0;

		level->margin = MIN(level->margin, margin);
		level->ticks += below;
		level->falls += below && !was_below;
		level->below_ns += below ? share_of_row(r, row) : 0;
		was_below = below;
	}
	level->mark = samples_at(r->samples, r->last, mark);
}

/* False: it has no pages, or not all that there is to tell. */
static bool read_zone(struct zone *zone, const struct rows_of *r)
{
	int free = column_of(r->samples, zone, "free");
	int managed = column_of(r->samples, zone, "managed");
	int boost = column_of(r->samples, zone, "boost");

	if (!is_read(r, free) || !is_read(r, managed))
		return false;
	zone->managed = samples_at(r->samples, r->last, (size_t)managed);
	zone->free_first = samples_at(r->samples, r->first, (size_t)free);
	zone->free_last = samples_at(r->samples, r->last, (size_t)free);
	zone->free_least = UINT64_MAX;
	for (size_t row = r->first; row <= r->last; row++) {
		uint64_t now = samples_at(r->samples, row, (size_t)free);

		zone->free_least = MIN(zone->free_least, now);
		if (boost >= 0 && samples_at(r->samples, row, (size_t)boost) != SAMPLE_MISSING)
			zone->boost_most =
				MAX(zone->boost_most, samples_at(r->samples, row, (size_t)boost));
	}
	for (int m = 0; m < ZONE_MARKS; m++) {
		int mark = column_of(r->samples, zone, zone_mark_names[m]);

		if (!is_read(r, mark))
			return false;
		read_level(&zone->levels[m], r, (size_t)free, (size_t)mark);
	}
	return zone->managed > 0;
}

static int read_zones(struct zones *zones, const struct rows_of *r)
{
	const struct samples *s = r->samples;
	struct zone zone;

	for (size_t i = 1; i < s->columns; i++) {
		struct zone *more;

		if (!is_free_of_zone(s->names[i], &zone) || !read_zone(&zone, r))
			continue;
		more = reallocarray(zones->items, zones->count + 1, sizeof(*more));
		if (!more)
			return -ENOMEM;
		zones->items = more;
		more[zones->count++] = zone;
	}
	return 0;
}

/* ---- blocks ---- */

/* Blocks of each order at a row, all zones of the node together. */
struct free_blocks {
	unsigned orders;
	uint64_t of[ZONE_ORDERS_MAX];
};

static void read_blocks(struct free_blocks *ret, const struct samples *s, int node, size_t row)
{
	*ret = (struct free_blocks){};
	for (size_t i = 1; i < s->columns; i++) {
		uint64_t blocks = samples_at(s, row, i);
		unsigned order;
		int number, end = 0;

		if (!starts_with(s->names[i], "buddyinfo.node") ||
		    sscanf(s->names[i], "buddyinfo.node%d.%*[A-Za-z0-9].order%u%n", &number, &order,
			   &end) != 2 ||
		    !end || s->names[i][end] || number != node || order >= ZONE_ORDERS_MAX ||
		    blocks == SAMPLE_MISSING)
			continue;
		ret->of[order] += blocks;
		ret->orders = MAX(ret->orders, order + 1);
	}
}

static unsigned unusable(const struct free_blocks *blocks, unsigned order)
{
	uint64_t pages = 0, whole = 0;

	for (unsigned o = 0; o < blocks->orders; o++) {
		pages += blocks->of[o] << o;
		whole += o >= order ? blocks->of[o] << o : 0;
	}
	return extfrag_unusable(pages, whole);
}

static void read_node(struct node_blocks *node, const struct rows_of *r)
{
	struct free_blocks now;

	for (size_t row = r->first; row <= r->last; row++) {
		read_blocks(&now, r->samples, node->node, row);
		node->orders = MAX(node->orders, now.orders);
		for (unsigned o = 0; o < now.orders; o++) {
			struct order_blocks *order = &node->orders_of[o];
			unsigned index = unusable(&now, o);

			if (row == r->first)
				*order = (struct order_blocks){ .first = now.of[o],
								.least = now.of[o],
								.unusable_first = index };
			order->last = now.of[o];
			order->least = MIN(order->least, now.of[o]);
			order->unusable_last = index;
			order->unusable_most = MAX(order->unusable_most, index);
		}
	}
}

static int read_nodes(struct zones *zones, const struct record *record, const struct rows_of *r)
{
	const char *name;
	size_t cursor = 0;
	char buf[24];

	zones->nodes = calloc(json_array_size(json_object_get(record->trial, "nodes")) + 1,
			      sizeof(*zones->nodes));
	if (!zones->nodes)
		return -ENOMEM;
	while ((name = formula_instance(record, SCOPE_NODE, &cursor, buf, sizeof(buf)))) {
		struct node_blocks *node = &zones->nodes[zones->node_count];

		node->node = atoi(name);
		read_node(node, r);
		zones->node_count += node->orders > 0;
	}
	return 0;
}

int zones_read(struct zones *ret, const struct record *record, size_t first, size_t last)
{
	const struct rows_of r = { .samples = &record->samples, .first = first, .last = last };
	struct zones zones = { .ticks = last - first + 1 };
	int error;

	zones.time_ns = (double)(samples_at(r.samples, last, 0) - samples_at(r.samples, first, 0));
	error = read_zones(&zones, &r);
	if (error == 0)
		error = read_nodes(&zones, record, &r);
	if (error < 0) {
		zones_done(&zones);
		return error;
	}
	*ret = zones;
	return 0;
}

void zones_done(struct zones *zones)
{
	free(zones->items);
	free(zones->nodes);
	*zones = (struct zones){};
}

const struct zone *zones_main(const struct zones *zones, int node)
{
	const struct zone *best = NULL;

	for (size_t i = 0; i < zones->count; i++) {
		const struct zone *zone = &zones->items[i];

		if (zone->node == node && (!best || zone->managed > best->managed))
			best = zone;
	}
	return best;
}

const struct node_blocks *zones_blocks(const struct zones *zones, int node)
{
	for (size_t i = 0; i < zones->node_count; i++)
		if (zones->nodes[i].node == node)
			return &zones->nodes[i];
	return NULL;
}
