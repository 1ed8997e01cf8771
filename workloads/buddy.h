/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "src/error.h"

/*
 * The free blocks of the buddy allocator, from /proc/buddyinfo and /proc/zoneinfo.
 *
 * The unusable-free index of an order (src/extfrag.h) is here over all zones of a node. Pages on
 * the per-CPU lists are in no free block, as in the kernel's.
 */
#define BUDDY_ORDERS_MAX 16
#define BUDDY_ZONES_MAX	 64

struct buddy_zone {
	unsigned node;
	unsigned orders;		 /* that this kernel has: 11 on most */
	uint64_t free[BUDDY_ORDERS_MAX]; /* blocks of each */
	/*
	 * Pages that are not for the taking: the high watermark, below which kswapd works, and
	 * what lower zones keep for requests that only they can serve (mm/page_alloc.c:
	 * calculate_totalreserve_pages()).
	 */
	uint64_t kept_pages;
	char name[16];
};

struct buddy {
	size_t zone_count;
	struct buddy_zone zones[BUDDY_ZONES_MAX];
};

/* Both files; proc: the directory descriptor of /proc, or of a recorded one. */
int buddy_read(struct buddy *ret, int proc, struct error *err);

/* The free blocks anew; what was read of zoneinfo stays. */
int buddy_update(struct buddy *b, int proc, struct error *err);

/*
 * The same, once the per-CPU lists are as short as the kernel lets them be: it keeps pages that
 * were freed last, thousands of them since Linux 6.7, which would make blocks whole. Only root may
 * ask for it (vm.stat_refresh); for others it is an update.
 */
int buddy_settle(struct buddy *b, int proc, unsigned node, struct error *err);

uint64_t buddy_free_pages(const struct buddy *b, unsigned node);

/* Of these, in blocks of that order or above. */
uint64_t buddy_whole_pages(const struct buddy *b, unsigned node, unsigned order);

/* Free pages above what is kept, of each zone by itself. */
uint64_t buddy_spare_pages(const struct buddy *b, unsigned node);

/* The unusable-free index, 0 to 1000. */
unsigned buddy_unusable(const struct buddy *b, unsigned node, unsigned order);
