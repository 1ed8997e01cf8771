// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The identities between the kernel's counters. A row of samples is not read at one instant: its
 * files are read one after the other. The rows that begin and end a phase are taken while the
 * workloads stand still and the sampler has the CPU to itself; what may still move between two
 * reads is what another CPU does (kworkers fold their counts, interrupts end I/O, kswapd goes on),
 * and each tolerance is a bound of that.
 */
#include "results/closure.h"

#include <string.h>

#include "src/macro.h"

/* Nothing is held back inside one file unless another CPU counts while it is being read. */
#define ONE_FILE "2 * batch * (cpus - 1)"
/*
 * A count reaches a node's counter and the sum of all nodes at once, when a CPU folds what it has
 * held back (mod_node_state(), fold_diff() in mm/vmstat.c). Where the two are read apart, at both
 * ends of a phase, each other CPU may have folded in between.
 */
#define NODE_FOLD "2 * fold * (cpus - 1) * nodes + 2 * kswapd"
/* The same of a level at the phase's end. */
#define LEVEL_FOLD "fold * (cpus - 1) * nodes + kswapd"
/*
 * The interrupt that ends a write of the page cache or swap may come between two reads, on the
 * sampler's CPU, too: what was under writeback may be so no more.
 */
#define IN_FLIGHT "last(vmstat.nr_writeback)"
/*
 * Reading allocates, and what was freed meanwhile is given back: for each file between the two
 * reads a slab, of at most 8 pages (2^PAGE_ALLOC_COSTLY_ORDER, mm/slub.c).
 */
#define READ_PAGES "8 * (nodes + 2)"
/*
 * What is allocated or freed comes from a CPU's list of free pages, which is filled from the zone
 * by many pages at once. Once a CPU: nothing allocates much while the workloads stand still.
 */
#define FREE_PAGES READ_PAGES " + refill * cpus + kswapd"
#define NUMA_FOLD  NODE_FOLD " + 2 * " READ_PAGES

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

/* Names that share an identity, in the place of KEY. */
#define KEYS(...)                                                                                  \
	(const char *const[])                                                                      \
	{                                                                                          \
		__VA_ARGS__, NULL                                                                  \
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
	  TOP_SCAN " - (" GLOBAL_SCAN ")", TOP_SCAN, "lag" },
	{ "pgsteal-at-limits", "pages",
	  "Freeing at limits by vmstat (all - global) is what memory.stat has beyond global",
	  SCOPE_SYSTEM,
	  "vmstat.pgsteal_anon + vmstat.pgsteal_file - (" GLOBAL_STEAL ") if global-only",
	  TOP_STEAL " - (" GLOBAL_STEAL ")", TOP_STEAL, "lag" },
	/* Where vmstat's reclaimers have everything, both ways of cutting A must agree. */
	{ "pgscan-reclaimers", "pages", "Scanned by type is scanned by reclaimer", SCOPE_SYSTEM,
	  "vmstat.pgscan_anon + vmstat.pgscan_file if all", GLOBAL_SCAN, NULL, ONE_FILE },
	{ "pgsteal-reclaimers", "pages", "Freed by type is freed by reclaimer", SCOPE_SYSTEM,
	  "vmstat.pgsteal_anon + vmstat.pgsteal_file if all", GLOBAL_STEAL, NULL, ONE_FILE },
	{ "pgscan-cgroups", "pages", "memory.stat's scanning is a part of all scanning",
	  SCOPE_SYSTEM, TOP_SCAN " if all", "0", "vmstat.pgscan_anon + vmstat.pgscan_file", "lag" },
	{ "pgsteal-cgroups", "pages", "memory.stat's freeing is a part of all freeing",
	  SCOPE_SYSTEM, TOP_STEAL " if all", "0", "vmstat.pgsteal_anon + vmstat.pgsteal_file",
	  "lag" },

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
	 * advance, and pages that only a batch on the way to an LRU list still holds.
	 */
	{ "memory-current", "bytes", "memory.current is what memory.stat says it is made of",
	  SCOPE_CGROUP, "last(NAME.memory.current)",
	  "last(NAME.memory.stat.anon) + last(NAME.memory.stat.file) "
	  "+ last(NAME.memory.stat.kernel) + [last(NAME.memory.stat.sock)]",
	  "last(NAME.memory.stat.anon) + last(NAME.memory.stat.file) "
	  "+ last(NAME.memory.stat.kernel) + [last(NAME.memory.stat.sock)] "
	  "+ [last(NAME.memory.stat.swapcached)] + (stock + pagevec) * page",
	  "(lag + pending) * page" },

	{ "nodes-level", "pages", "The nodes' KEY at the phase's end adds up to vmstat's",
	  SCOPE_SYSTEM, "last(vmstat.KEY)", "last(node*.KEY)", NULL, LEVEL_FOLD,
	  KEYS("nr_inactive_anon", "nr_active_anon", "nr_unevictable", "nr_anon_pages", "nr_mapped",
	       "nr_file_pages", "nr_shmem", "nr_page_table_pages") },
	/* When its write has ended a page of the page cache is put to another end or list. */
	{ "nodes-file-lists", "pages", "The nodes' KEY at the phase's end adds up to vmstat's",
	  SCOPE_SYSTEM, "last(vmstat.KEY)", "last(node*.KEY)", NULL,
	  LEVEL_FOLD " + " IN_FLIGHT " + written", KEYS("nr_inactive_file", "nr_active_file") },
	{ "nodes-slab", "pages", "The nodes' KEY at the phase's end adds up to vmstat's",
	  SCOPE_SYSTEM, "last(vmstat.KEY)", "last(node*.KEY)", NULL,
	  LEVEL_FOLD " + " READ_PAGES " + pending", KEYS("nr_slab_reclaimable") },
	{ "nodes-unreclaimable", "pages", "The nodes' KEY at the phase's end adds up to vmstat's",
	  SCOPE_SYSTEM, "last(vmstat.KEY)", "last(node*.KEY)", NULL, LEVEL_FOLD " + " READ_PAGES,
	  KEYS("nr_slab_unreclaimable") },
	{ "nodes-count", "pages", "The nodes' KEY adds up to vmstat's", SCOPE_SYSTEM, "vmstat.KEY",
	  "node*.KEY", NULL, NODE_FOLD,
	  KEYS("workingset_refault_anon", "workingset_refault_file", "workingset_activate_anon",
	       "workingset_activate_file", "workingset_restore_anon", "workingset_restore_file",
	       "workingset_nodereclaim", "nr_dirtied", "nr_vmscan_write",
	       "nr_vmscan_immediate_reclaim", "pgdemote_kswapd", "pgdemote_direct",
	       "pgdemote_khugepaged", "pgdemote_proactive", "pgpromote_success", "pgscan_kswapd",
	       "pgscan_direct", "pgscan_khugepaged", "pgscan_proactive", "pgscan_anon",
	       "pgscan_file", "pgsteal_kswapd", "pgsteal_direct", "pgsteal_khugepaged",
	       "pgsteal_proactive", "pgsteal_anon", "pgsteal_file", "pgrefill") },
	/* Counted when a write ends. */
	{ "nodes-written", "pages", "The nodes' nr_written adds up to vmstat's", SCOPE_SYSTEM,
	  "vmstat.nr_written", "node*.nr_written", NULL,
	  NODE_FOLD " + first(vmstat.nr_writeback) + " IN_FLIGHT " + written" },
	{ "nodes-numastat", "pages", "The nodes' KEY adds up to vmstat's", SCOPE_SYSTEM,
	  "vmstat.KEY", "node*.numastat.KEY", NULL, NUMA_FOLD,
	  KEYS("numa_hit", "numa_miss", "numa_foreign") },
	{ "nodes-numa-local", "pages", "The nodes' local_node adds up to vmstat's numa_local",
	  SCOPE_SYSTEM, "vmstat.numa_local", "node*.numastat.local_node", NULL, NUMA_FOLD },
	{ "nodes-numa-other", "pages", "The nodes' other_node adds up to vmstat's numa_other",
	  SCOPE_SYSTEM, "vmstat.numa_other", "node*.numastat.other_node", NULL, NUMA_FOLD },

	/* A zone's free pages and their sum move at once, too. */
	{ "zones-free", "pages", "The zones' free pages add up to vmstat's", SCOPE_SYSTEM,
	  "last(zoneinfo.*.free)", "last(vmstat.nr_free_pages)", NULL,
	  "fold * (cpus - 1) * zones + " FREE_PAGES },
	/*
	 * The free lists are what they are; of the count of free pages each CPU may hold back a
	 * part.
	 */
	{ "buddy-free", "pages", "The free blocks of all orders hold the node's free pages",
	  SCOPE_NODE,
	  "last(buddyinfo.nodeN.*.order0) + 2 * last(buddyinfo.nodeN.*.order1) "
	  "+ 4 * last(buddyinfo.nodeN.*.order2) + 8 * last(buddyinfo.nodeN.*.order3) "
	  "+ 16 * last(buddyinfo.nodeN.*.order4) + 32 * last(buddyinfo.nodeN.*.order5) "
	  "+ 64 * last(buddyinfo.nodeN.*.order6) + 128 * last(buddyinfo.nodeN.*.order7) "
	  "+ 256 * last(buddyinfo.nodeN.*.order8) + 512 * last(buddyinfo.nodeN.*.order9) "
	  "+ 1024 * [last(buddyinfo.nodeN.*.order10)]",
	  "last(zoneinfo.nodeN.*.free)", NULL, "fold * cpus * zones + " FREE_PAGES },

	{ "meminfo-MemFree", "pages", "meminfo's MemFree is vmstat's nr_free_pages", SCOPE_SYSTEM,
	  "last(meminfo.MemFree) * 1024 / page", "last(vmstat.nr_free_pages)", NULL,
	  LEVEL_FOLD " + " FREE_PAGES },
	{ "meminfo-AnonPages", "pages", "meminfo's AnonPages is vmstat's nr_anon_pages",
	  SCOPE_SYSTEM, "last(meminfo.AnonPages) * 1024 / page", "last(vmstat.nr_anon_pages)", NULL,
	  LEVEL_FOLD },
	{ "meminfo-Mapped", "pages", "meminfo's Mapped is vmstat's nr_mapped", SCOPE_SYSTEM,
	  "last(meminfo.Mapped) * 1024 / page", "last(vmstat.nr_mapped)", NULL, LEVEL_FOLD },
	{ "meminfo-Shmem", "pages", "meminfo's Shmem is vmstat's nr_shmem", SCOPE_SYSTEM,
	  "last(meminfo.Shmem) * 1024 / page", "last(vmstat.nr_shmem)", NULL, LEVEL_FOLD },
	{ "meminfo-SReclaimable", "pages", "meminfo's SReclaimable is vmstat's nr_slab_reclaimable",
	  SCOPE_SYSTEM, "last(meminfo.SReclaimable) * 1024 / page",
	  "last(vmstat.nr_slab_reclaimable)", NULL, LEVEL_FOLD " + " READ_PAGES },
	{ "meminfo-SUnreclaim", "pages", "meminfo's SUnreclaim is vmstat's nr_slab_unreclaimable",
	  SCOPE_SYSTEM, "last(meminfo.SUnreclaim) * 1024 / page",
	  "last(vmstat.nr_slab_unreclaimable)", NULL, LEVEL_FOLD " + " READ_PAGES },
	{ "meminfo-Unevictable", "pages", "meminfo's Unevictable is vmstat's nr_unevictable",
	  SCOPE_SYSTEM, "last(meminfo.Unevictable) * 1024 / page", "last(vmstat.nr_unevictable)",
	  NULL, LEVEL_FOLD },
	{ "meminfo-Mlocked", "pages", "meminfo's Mlocked is vmstat's nr_mlock", SCOPE_SYSTEM,
	  "last(meminfo.Mlocked) * 1024 / page", "last(vmstat.nr_mlock)", NULL, LEVEL_FOLD },
	{ "meminfo-PageTables", "pages", "meminfo's PageTables is vmstat's nr_page_table_pages",
	  SCOPE_SYSTEM, "last(meminfo.PageTables) * 1024 / page",
	  "last(vmstat.nr_page_table_pages)", NULL, LEVEL_FOLD },
	{ "meminfo-Dirty", "pages", "meminfo's Dirty is vmstat's nr_dirty", SCOPE_SYSTEM,
	  "last(meminfo.Dirty) * 1024 / page", "last(vmstat.nr_dirty)", NULL,
	  LEVEL_FOLD " + " IN_FLIGHT },
	{ "meminfo-Writeback", "pages", "meminfo's Writeback is vmstat's nr_writeback",
	  SCOPE_SYSTEM, "last(meminfo.Writeback) * 1024 / page", "last(vmstat.nr_writeback)", NULL,
	  LEVEL_FOLD " + " IN_FLIGHT },
	{ "meminfo-nodes", "pages", "The nodes' KEY adds up to meminfo's", SCOPE_SYSTEM,
	  "last(meminfo.KEY) * 1024 / page", "last(node*.meminfo.KEY) * 1024 / page", NULL,
	  LEVEL_FOLD " + " READ_PAGES,
	  KEYS("AnonPages", "Mapped", "Shmem", "SUnreclaim", "Unevictable", "PageTables") },
	{ "meminfo-nodes-slab", "pages", "The nodes' KEY adds up to meminfo's", SCOPE_SYSTEM,
	  "last(meminfo.KEY) * 1024 / page", "last(node*.meminfo.KEY) * 1024 / page", NULL,
	  LEVEL_FOLD " + " READ_PAGES " + pending", KEYS("SReclaimable") },
	{ "meminfo-nodes-free", "pages", "The nodes' MemFree adds up to meminfo's", SCOPE_SYSTEM,
	  "last(meminfo.MemFree) * 1024 / page", "last(node*.meminfo.MemFree) * 1024 / page", NULL,
	  LEVEL_FOLD " + " FREE_PAGES },
	{ "meminfo-nodes-io", "pages", "The nodes' KEY adds up to meminfo's", SCOPE_SYSTEM,
	  "last(meminfo.KEY) * 1024 / page", "last(node*.meminfo.KEY) * 1024 / page", NULL,
	  LEVEL_FOLD " + " IN_FLIGHT, KEYS("Dirty", "Writeback") },

	{ "cgroups-count", "events", "The cgroups' KEY is a part of vmstat's", SCOPE_SYSTEM,
	  "TOP.memory.stat.KEY", "0", "vmstat.KEY", "lag",
	  KEYS("pgfault", "pgmajfault", "pgactivate", "pgdeactivate", "pglazyfree", "pglazyfreed",
	       "thp_fault_alloc", "thp_collapse_alloc", "thp_swpout", "pswpin", "pswpout", "zswpin",
	       "zswpout", "swpin_zero", "swpout_zero", "pgdemote_kswapd", "pgdemote_direct",
	       "pgdemote_khugepaged", "pgdemote_proactive", "pgpromote_success") },
	{ "cgroups-oom_kill", "events", "The cgroups' OOM kills are a part of vmstat's",
	  SCOPE_SYSTEM, "TOP.memory.events.oom_kill", "0", "vmstat.oom_kill", "0" },

	/*
	 * An anonymous or shmem page that is read back and is still known was read from swap, from
	 * zswap, or is one of zeros, which is not read at all. What the CPUs held back of the
	 * nodes' counts when the phase began is in the increase.
	 */
	{ "refault-swapin", "pages", "What refaults of anonymous pages was swapped in",
	  SCOPE_SYSTEM, "vmstat.workingset_refault_anon", "0",
	  "vmstat.pswpin + [vmstat.zswpin] + [vmstat.swpin_zero]", "fold * cpus * nodes" },
	/*
	 * A page that has a slot was swapped out, or waits for it in the swap cache. A CPU keeps
	 * slots that nobody uses.
	 */
	{ "swap-filled", "pages", "Swap in use was in use before, or was swapped out since",
	  SCOPE_SYSTEM, "(last(meminfo.SwapTotal) - last(meminfo.SwapFree)) * 1024 / page", "0",
	  "(first(meminfo.SwapTotal) - first(meminfo.SwapFree)) * 1024 / page + vmstat.pswpout "
	  "+ [vmstat.zswpout] + [vmstat.swpout_zero] + last(vmstat.nr_swapcached)",
	  "slots" },
	/* A slot that is charged is in use; CPUs keep some that are not charged yet, or no more. */
	{ "swap-charged", "bytes", "Swap that is charged to the cgroups is in use", SCOPE_SYSTEM,
	  "last(TOP.memory.swap.current)", "0",
	  "(last(meminfo.SwapTotal) - last(meminfo.SwapFree)) * 1024",
	  "(batch * cpus + kswapd) * page" },
	/*
	 * The block layer counts both where a bio is submitted; vmstat shows whole KiB. A disk that
	 * is made of others passes a bio on, which io.stat counts once more:
	 * blk_cgroup_bio_start(), block/blk-cgroup.c. Of writes io.stat has more than vmstat:
	 * flushes, zeroes that a disk makes itself.
	 */
	{ "io-read", "bytes", "The cgroups' reads are a part of all that the machine read",
	  SCOPE_SYSTEM, "TOP.io.stat.rbytes if plain", "0", "vmstat.pgpgin * 1024", "1024" },

	{ "numa-stat-level", "bytes", "The nodes' KEY in memory.numa_stat adds up", SCOPE_CGROUP,
	  "last(NAME.memory.stat.KEY)", "last(NAME.memory.numa_stat.KEY.N*)", NULL, "lag * page",
	  KEYS("anon", "file", "kernel_stack", "pagetables", "shmem", "file_mapped", "file_dirty",
	       "file_writeback", "swapcached", "anon_thp", "file_thp", "shmem_thp", "inactive_anon",
	       "active_anon", "inactive_file", "active_file", "unevictable") },
	/* What a program leaves that has just ended (its task, its files) is freed after RCU, too.
	 */
	{ "numa-stat-slab", "bytes", "The nodes' KEY in memory.numa_stat adds up", SCOPE_CGROUP,
	  "last(NAME.memory.stat.KEY)", "last(NAME.memory.numa_stat.KEY.N*)", NULL,
	  "(lag + pending + 4) * page", KEYS("slab_reclaimable", "slab_unreclaimable") },
	{ "numa-stat-count", "pages", "The nodes' KEY in memory.numa_stat adds up", SCOPE_CGROUP,
	  "NAME.memory.stat.KEY", "NAME.memory.numa_stat.KEY.N*", NULL, "lag",
	  KEYS("workingset_refault_anon", "workingset_refault_file", "workingset_activate_anon",
	       "workingset_activate_file", "workingset_restore_anon", "workingset_restore_file",
	       "workingset_nodereclaim", "pgdemote_kswapd", "pgdemote_direct",
	       "pgdemote_khugepaged", "pgdemote_proactive", "pgpromote_success") },

	{ "children-count", "events", "A cgroup's KEY has that of those below it", SCOPE_CGROUP,
	  "CHILD.memory.stat.KEY", "0", "NAME.memory.stat.KEY", "lag",
	  KEYS("pgscan", "pgsteal", "pgfault", "pgmajfault", "workingset_refault_anon",
	       "workingset_refault_file") },
	/* Exact where it is charged; other CPUs may charge between the two reads. */
	{ "children-level", "bytes", "A cgroup's KEY has that of those below it", SCOPE_CGROUP,
	  "last(CHILD.KEY)", "0", "last(NAME.KEY)", "stock * page * (cpus - 1)",
	  KEYS("memory.current", "memory.swap.current") },
	{ "children-oom-kill", "events", "A cgroup's OOM kills have those of those below it",
	  SCOPE_CGROUP, "CHILD.memory.events.oom_kill", "0", "NAME.memory.events.oom_kill", "0" },
	/* Each is told in whole us, at both ends of the phase. */
	{ "children-cpu", "us", "A cgroup's CPU time has that of those below it", SCOPE_CGROUP,
	  "CHILD.cpu.stat.usage_usec", "0", "NAME.cpu.stat.usage_usec", "children + 1" },
	{ "events-local", "events",
	  "A cgroup's own max events are a part of those with its children", SCOPE_CGROUP,
	  "NAME.memory.events.local.max", "0", "NAME.memory.events.max", "0" },

	/* Each of the two is told in whole us, at both ends of the phase. */
	{ "psi-full", "us", "When all tasks wait for memory, some do", SCOPE_CGROUP,
	  "NAME.psi.memory.full.total", "0", "NAME.psi.memory.some.total", "2" },
	{ "psi-some", "us", "No wait for memory is longer than the phase", SCOPE_CGROUP,
	  "NAME.psi.memory.some.total", "0", "time / 1000", "2" },
	{ "cpu-time", "us", "The cgroups' CPU time is no more than the CPUs have", SCOPE_SYSTEM,
	  "TOP.cpu.stat.usage_usec", "0", "time * cpus / 1000", "children + slew * cpus / 1000" },

	/*
	 * A page that is touched for the first time is a fault; the fault of a huge page fills all
	 * that a page of page table maps, and khugepaged fills holes without any.
	 */
	{ "touched-pages", "pages", "Each page that anon workloads filled has had its fault",
	  SCOPE_CGROUP, "work(anon.filled) if pmd", "0",
	  "last(NAME.memory.stat.pgfault) + last(NAME.memory.stat.thp_fault_alloc) * (page / 8 - "
	  "1) "
	  "+ last(NAME.memory.stat.thp_collapse_alloc) * page / 8",
	  "lag" },

	/* Each pass over an inactive list says what it freed; MGLRU's passes are not all traced. */
	{ "traced-pgsteal", "pages", "The traced passes over inactive lists freed what was freed",
	  SCOPE_SYSTEM, "span_reclaimed(lru) if classic",
	  "vmstat.pgsteal_anon + vmstat.pgsteal_file", NULL, ONE_FILE },
	{}
};

const struct identity *identity_find(const char *name)
{
	for (const struct identity *id = identities; id->name; id++)
		if (streq(id->name, name))
			return id;
	return NULL;
}
