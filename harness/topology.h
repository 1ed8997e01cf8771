/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <hwloc.h>

#include "src/error.h"

/*
 * Where workers run and where their memory comes from. CPU sets are hwloc's; memory policies are
 * libnuma's (set_mempolicy(2)).
 */

/* Loads the machine's topology; the caller destroys it by hwloc_topology_destroy(). */
int topology_load(hwloc_topology_t *ret, struct error *err);

/* topology.xml's text; freed by hwloc_free_xmlbuffer(). */
int topology_xml(hwloc_topology_t topology, char **ret, int *ret_len, struct error *err);

/*
 * The CPUs of "all", "node0", "core:0-3" or "pu:2", the caller's to free by hwloc_bitmap_free().
 * -ENODEV names what this machine lacks.
 */
int topology_cpus(hwloc_topology_t topology, const char *text, hwloc_bitmap_t *ret,
		  struct error *err);

/* Whether the nodes of "bind:0", "preferred:1", "interleave:0-1" are there. */
int topology_memory_check(const char *text, struct error *err);

/* Pins the calling process, reads back and compares. */
int topology_pin(hwloc_topology_t topology, hwloc_const_bitmap_t cpus, struct error *err);

/* Sets the calling process's memory policy, reads back and compares. */
int topology_memory_apply(const char *text, struct error *err);
