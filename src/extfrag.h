/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

/*
 * The unusable-free index of an order: the share of free memory that lies in blocks of lower
 * orders, in thousandths, rounded down; without free memory it is 1000. It is what the kernel
 * shows a zone in /sys/kernel/debug/extfrag/unusable_index (mm/vmstat.c: unusable_free_index() and
 * fill_contig_page_info()). whole_pages: those in blocks of that order or above.
 */
static inline unsigned extfrag_unusable(uint64_t free_pages, uint64_t whole_pages)
{
	return free_pages ? (unsigned)((free_pages - whole_pages) * 1000 / free_pages) : 1000;
}
