// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/buddy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cleanup.h"
#include "src/extfrag.h"
#include "src/file.h"
#include "src/macro.h"

static struct buddy_zone *find_zone(struct buddy *b, unsigned node, const char *name)
{
	for (size_t i = 0; i < b->zone_count; i++)
		if (b->zones[i].node == node && streq(b->zones[i].name, name))
			return &b->zones[i];
	return NULL;
}

static struct buddy_zone *add_zone(struct buddy *b, unsigned node, const char *name)
{
	struct buddy_zone *zone;

	if (b->zone_count == BUDDY_ZONES_MAX)
		return NULL;
	zone = &b->zones[b->zone_count++];
	*zone = (struct buddy_zone){ .node = node };
	snprintf(zone->name, sizeof(zone->name), "%s", name);
	return zone;
}

/* "Node 0, zone   Normal ...": the bytes that this takes of the line; 0: it is another one. */
static int read_head(const char *line, unsigned *ret_node, char name[static 16])
{
	int taken = 0;

	if (sscanf(line, "Node %u, zone %15s%n", ret_node, name, &taken) != 2)
		return 0;
	return taken;
}

static int parse_blocks(struct buddy *b, char *text, struct error *err)
{
	char *rest = text, *line, *at, name[16];
	unsigned node;
	int taken;

	while ((line = strsep(&rest, "\n"))) {
		struct buddy_zone *zone;

		taken = read_head(line, &node, name);
		if (!taken)
			continue;
		zone = find_zone(b, node, name);
		if (!zone)
			zone = add_zone(b, node, name);
		if (!zone)
			return error_say(err, -E2BIG, "buddyinfo has more than %d zones",
					 BUDDY_ZONES_MAX);
		zone->orders = 0;
		for (at = line + taken; zone->orders < BUDDY_ORDERS_MAX; zone->orders++) {
			char *end;
			uint64_t blocks = strtoull(at, &end, 10);

			if (end == at)
				break;
			zone->free[zone->orders] = blocks;
			at = end;
		}
	}
	if (b->zone_count == 0)
		return error_say(err, -EINVAL, "buddyinfo names no zone");
	return 0;
}

/* "(0, 447, 447)": the largest. */
static uint64_t largest(const char *list)
{
	uint64_t most = 0;

	while (*list && *list != ')') {
		char *end;
		uint64_t n;

		list += strspn(list, "(, ");
		n = strtoull(list, &end, 10);
		if (end == list)
			break;
		most = MAX(most, n);
		list = end;
	}
	return most;
}

/* A zone's "high  79" and "protection: (0, 447)"; the per-CPU lists have a "high:" of their own. */
static void parse_kept(struct buddy *b, char *text)
{
	char *rest = text, *line, name[16];
	struct buddy_zone *zone = NULL;
	unsigned node;

	while ((line = strsep(&rest, "\n"))) {
		if (read_head(line, &node, name)) {
			zone = find_zone(b, node, name);
			continue;
		}
		line += strspn(line, " ");
		if (!zone)
			continue;
		if (starts_with(line, "high "))
			zone->kept_pages += strtoull(line + strlen("high "), NULL, 10);
		else if (starts_with(line, "protection: "))
			zone->kept_pages += largest(line + strlen("protection: "));
	}
}

int buddy_update(struct buddy *b, int proc, struct error *err)
{
	_cleanup_free_ char *blocks = NULL;
	int r = file_read(proc, "buddyinfo", &blocks, NULL, err);

	return r < 0 ? r : parse_blocks(b, blocks, err);
}

int buddy_read(struct buddy *ret, int proc, struct error *err)
{
	_cleanup_free_ char *zones = NULL;
	struct buddy b = {};
	int r = buddy_update(&b, proc, err);

	if (r == 0)
		r = file_read(proc, "zoneinfo", &zones, NULL, err);
	if (r < 0)
		return r;
	parse_kept(&b, zones);
	*ret = b;
	return 0;
}

/* Each time that its counters are folded, a CPU's list may lose an eighth of its length. */
#define SETTLE_MAX 64

int buddy_settle(struct buddy *b, int proc, unsigned node, struct error *err)
{
	int r = buddy_update(b, proc, err);

	for (int i = 0; i < SETTLE_MAX && r == 0; i++) {
		uint64_t before = buddy_free_pages(b, node);
		char line[8];

		if (file_read_line(proc, "sys/vm/stat_refresh", line, sizeof(line)) == -EACCES)
			break;
		r = buddy_update(b, proc, err);
		if (r == 0 && buddy_free_pages(b, node) <= before)
			break;
	}
	return r;
}

static uint64_t zone_pages(const struct buddy_zone *zone, unsigned from_order)
{
	uint64_t pages = 0;

	for (unsigned o = from_order; o < zone->orders; o++)
		pages += zone->free[o] << o;
	return pages;
}

uint64_t buddy_whole_pages(const struct buddy *b, unsigned node, unsigned order)
{
	uint64_t pages = 0;

	for (size_t i = 0; i < b->zone_count; i++)
		if (b->zones[i].node == node)
			pages += zone_pages(&b->zones[i], order);
	return pages;
}

uint64_t buddy_free_pages(const struct buddy *b, unsigned node)
{
	return buddy_whole_pages(b, node, 0);
}

uint64_t buddy_spare_pages(const struct buddy *b, unsigned node)
{
	uint64_t spare = 0;

	for (size_t i = 0; i < b->zone_count; i++) {
		const struct buddy_zone *zone = &b->zones[i];
		uint64_t pages = zone->node == node ? zone_pages(zone, 0) : 0;

		spare += pages > zone->kept_pages ? pages - zone->kept_pages : 0;
	}
	return spare;
}

unsigned buddy_unusable(const struct buddy *b, unsigned node, unsigned order)
{
	return extfrag_unusable(buddy_free_pages(b, node), buddy_whole_pages(b, node, order));
}
