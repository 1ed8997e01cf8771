// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/kernel-needs.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/option.h"

static bool always(const struct suite *suite, const struct scenario *s)
{
	(void)suite;
	(void)s;
	return true;
}

static bool has_swap(const struct suite *suite, const struct scenario *s)
{
	(void)s;
	return suite->machine.swap_count > 0;
}

static bool has_swap_type(const struct suite *suite, int type)
{
	for (size_t i = 0; i < suite->machine.swap_count; i++)
		if (suite->machine.swaps[i].type == type)
			return true;
	return false;
}

static bool has_zram(const struct suite *suite, const struct scenario *s)
{
	(void)s;
	return has_swap_type(suite, SWAP_ZRAM);
}

static bool has_brd(const struct suite *suite, const struct scenario *s)
{
	(void)s;
	return has_swap_type(suite, SWAP_BRD);
}

static bool has_null_blk(const struct suite *suite, const struct scenario *s)
{
	(void)s;
	return has_swap_type(suite, SWAP_NULL_BLK) || suite->machine.disk.type == DISK_NULL_BLK;
}

static bool has_filesystem(const struct suite *suite, int filesystem)
{
	return suite->machine.disk.type == DISK_NULL_BLK &&
	       suite->machine.disk.filesystem == filesystem;
}

static bool has_ext4(const struct suite *suite, const struct scenario *s)
{
	(void)s;
	return has_filesystem(suite, FILESYSTEM_EXT4);
}

static bool has_xfs(const struct suite *suite, const struct scenario *s)
{
	(void)s;
	return has_filesystem(suite, FILESYSTEM_XFS);
}

static bool has_btrfs(const struct suite *suite, const struct scenario *s)
{
	(void)s;
	return has_filesystem(suite, FILESYSTEM_BTRFS);
}

static bool has_sysctls(const struct suite *suite, const struct scenario *s)
{
	(void)s;
	return suite->machine.sysctl_count > 0;
}

static bool has_nodes(const struct suite *suite, const struct scenario *s)
{
	(void)s;
	return suite->machine.node_count > 1;
}

static bool has_cpus(const struct suite *suite, const struct scenario *s)
{
	(void)s;
	return suite->machine.cpus > 1;
}

static bool is_traced(const struct suite *suite, const struct scenario *s)
{
	(void)suite;
	return s->trace;
}

static bool expects_psi(const struct suite *suite, const struct scenario *s)
{
	(void)suite;
	for (size_t i = 0; i < s->expect_count; i++)
		if (starts_with(s->expects[i].metric, "psi."))
			return true;
	return false;
}

static bool has_zswap_limit(const struct suite *suite, const struct scenario *s)
{
	(void)suite;
	for (size_t i = 0; i < s->cgroup_count; i++)
		for (size_t k = 0; k < s->cgroups[i].limit_count; k++)
			if (starts_with(s->cgroups[i].limits[k].name, "memory.zswap."))
				return true;
	return false;
}

/* Options of which one is enough have a «|» between them. */
static const struct need {
	const char *options, *what;
	bool (*when)(const struct suite *suite, const struct scenario *s);
} needs[] = {
	{ "BLK_DEV_INITRD", "for the lab's initramfs", always },
	{ "DEVTMPFS", "for the lab's guest", always },
	{ "TMPFS", "for the lab's guest", always },
	{ "SERIAL_8250_CONSOLE", "for the guest's console", always },
	{ "PCI", "for the window by which a record leaves the guest", always },
	{ "MEMCG", "for cgroups of workloads and their limits", always },
	{ "SWAP", "for machine.swap", has_swap },
	{ "ZRAM", "for machine.swap of type zram", has_zram },
	{ "BLK_DEV_NULL_BLK", "for machine.swap or disk of type null_blk", has_null_blk },
	{ "CONFIGFS_FS", "for machine.swap or disk of type null_blk", has_null_blk },
	{ "BLK_DEV_RAM", "for machine.swap of type brd", has_brd },
	{ "EXT4_FS", "for the filesystem on machine.disk", has_ext4 },
	{ "XFS_FS", "for the filesystem on machine.disk", has_xfs },
	{ "BTRFS_FS", "for the filesystem on machine.disk", has_btrfs },
	{ "SYSCTL", "for machine.sysctl", has_sysctls },
	{ "NUMA", "for several machine.nodes", has_nodes },
	{ "ACPI_NUMA", "for several machine.nodes", has_nodes },
	{ "SMP", "for several machine.cpus", has_cpus },
	{ "FTRACE", "for trace: true", is_traced },
	{ "EVENT_TRACING", "for trace: true", is_traced },
	{ "PSI", "for what is expected of psi", expects_psi },
	{ "ZSWAP", "for limits memory.zswap", has_zswap_limit },
};

/* Knobs that are files of a part of the kernel; value NULL: whatever is written. */
static const struct {
	const char *knob, *value, *options;
} knob_needs[] = {
	/* classic is what a kernel without it has anyway; but the file is written all the same */
	{ "lru_gen", NULL, "LRU_GEN" },
	{ "lru_gen_min_ttl_ms", NULL, "LRU_GEN" },
	{ "numa_demotion", NULL, "NUMA" },
	{ "numa_demotion", NULL, "MIGRATION" },
	{ "thp", NULL, "TRANSPARENT_HUGEPAGE" },
	{ "thp_defrag", NULL, "TRANSPARENT_HUGEPAGE" },
	{ "thp_shmem", NULL, "TRANSPARENT_HUGEPAGE" },
	{ "thp_shmem", NULL, "SHMEM" },
	{ "zswap", NULL, "ZSWAP" },
	{ "zswap_max_pool_percent", NULL, "ZSWAP" },
	{ "vm.swappiness", NULL, "SWAP|MEMCG" },
	{ "vm.page_cluster", NULL, "SWAP" },
	{ "vm.compaction_proactiveness", NULL, "COMPACTION" },
	{ "vm.extfrag_threshold", NULL, "COMPACTION" },
	{ "vm.zone_reclaim_mode", NULL, "NUMA" },
	{ "vm.nr_hugepages", NULL, "HUGETLBFS" },
	{ "vm.nr_overcommit_hugepages", NULL, "HUGETLBFS" },
};

/* Options of generators by their value; key NULL: the generator itself. */
static const struct {
	const char *generator, *key, *value, *options;
} workload_needs[] = {
	{ "anon", "thp", "always", "TRANSPARENT_HUGEPAGE" },
	{ "anon", "advise", "pageout", "SWAP" },
	{ "file", "engine", "io_uring", "IO_URING" },
	{ "frag", "demand", "thp", "TRANSPARENT_HUGEPAGE" },
	{ "frag", "demand", "thp", "COMPACTION" },
	{ "frag", "demand", "hugetlb", "HUGETLBFS" },
	{ "kmem", "kind", "socket", "UNIX" },
	{ "kmem", "kind", "epoll", "EPOLL" },
	{ "kmem", "kind", "epoll", "EVENTFD" },
	{ "shmem", NULL, NULL, "SHMEM" },
	{ "shmem", "huge", "advise", "TRANSPARENT_HUGEPAGE" },
	{ "shmem", "huge", "always", "TRANSPARENT_HUGEPAGE" },
	{ "shmem", "kind", "sysv", "SYSVIPC" },
};

/* What is needed, each once, for the first thing that needs it. */
struct list {
	struct kernel_need *items;
	size_t count;
	bool failed; /* out of memory */
};

static bool has_need(const struct list *list, const char *options)
{
	for (size_t i = 0; i < list->count; i++)
		if (streq(list->items[i].options, options))
			return true;
	return false;
}

__attribute__((format(printf, 3, 4))) static struct kernel_need *
want(struct list *list, const char *options, const char *fmt, ...)
{
	struct kernel_need need = {}, *items;
	va_list ap;

	if (has_need(list, options))
		return NULL;
	va_start(ap, fmt);
	if (vasprintf(&need.why, fmt, ap) < 0)
		need.why = NULL;
	va_end(ap);
	need.options = strdup(options);
	items = reallocarray(list->items, list->count + 1, sizeof(*items));
	if (items)
		list->items = items;
	if (!items || !need.options || !need.why) {
		list->failed = true;
		free(need.options);
		free(need.why);
		return NULL;
	}
	items[list->count] = need;
	return &items[list->count++];
}

/*
 * zram's compressors: its own since Linux 6.12, of which it always has one; else the crypto API's.
 * "lzo-rle" is a kind of lzo.
 */
static void want_compressor(struct list *list, const char *algorithm)
{
	const char *name = starts_with(algorithm, "lzo") ? "lzo" : algorithm;
	_cleanup_free_ char *options = text_format("ZRAM_BACKEND_%s|CRYPTO_%s", name, name);
	struct kernel_need *need;

	if (!options) {
		list->failed = true;
		return;
	}
	for (char *p = options; *p; p++)
		*p = *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p == '-' ? '_' : *p;
	need = want(list, options, "for machine.swap.algorithm %s", algorithm);
	if (need)
		need->compressor = true;
}

static void want_knobs(struct list *list, const struct scenario *s)
{
	for (size_t i = 0; i < s->knob_count; i++)
		for (size_t k = 0; k < ARRAY_SIZE(knob_needs); k++)
			if (streq(s->knobs[i].name, knob_needs[k].knob) &&
			    (!knob_needs[k].value || streq(s->knobs[i].value, knob_needs[k].value)))
				want(list, knob_needs[k].options, "for knobs.%s (scenario %s)",
				     knob_needs[k].knob, s->name);
}

static void want_workload(struct list *list, const struct scenario *s,
			  const struct workload_spec *w)
{
	for (size_t i = 0; i < ARRAY_SIZE(workload_needs); i++) {
		const char *key = workload_needs[i].key;
		const struct option_spec *spec;
		char value[100] = "";

		if (!streq(w->ops->name, workload_needs[i].generator))
			continue;
		spec = key ? option_find(w->ops->options, key) : NULL;
		if (spec)
			option_format(spec, w->options, value, sizeof(value));
		if (!key || streq(value, workload_needs[i].value))
			want(list, workload_needs[i].options,
			     "for workload %s%s%s%s%s (scenario %s)", w->placement.name,
			     key ? ", " : "", key ? key : "", key ? ": " : "", key ? value : "",
			     s->name);
	}
}

static void find(struct list *list, const struct suite *suite)
{
	for (size_t i = 0; i < suite->machine.swap_count; i++)
		if (suite->machine.swaps[i].type == SWAP_ZRAM && suite->machine.swaps[i].algorithm)
			want_compressor(list, suite->machine.swaps[i].algorithm);
	for (size_t i = 0; i < suite->scenario_count; i++) {
		const struct scenario *s = &suite->scenarios[i];

		for (size_t k = 0; k < ARRAY_SIZE(needs); k++)
			if (needs[k].when(suite, s))
				want(list, needs[k].options, "%s", needs[k].what);
		want_knobs(list, s);
		for (size_t k = 0; k < s->workload_count; k++)
			want_workload(list, s, &s->workloads[k]);
	}
}

static void find_all(struct list *list)
{
	static const char *const compressors[] = { "lz4", "zstd", "lzo" };

	for (size_t i = 0; i < ARRAY_SIZE(needs); i++)
		want(list, needs[i].options, "%s", needs[i].what);
	for (size_t i = 0; i < ARRAY_SIZE(compressors); i++)
		want_compressor(list, compressors[i]);
	for (size_t i = 0; i < ARRAY_SIZE(knob_needs); i++)
		want(list, knob_needs[i].options, "for knobs.%s", knob_needs[i].knob);
	for (size_t i = 0; i < ARRAY_SIZE(workload_needs); i++) {
		const char *key = workload_needs[i].key;

		want(list, workload_needs[i].options, "for workloads %s%s%s%s%s",
		     workload_needs[i].generator, key ? ", " : "", key ? key : "", key ? ": " : "",
		     key ? workload_needs[i].value : "");
	}
}

int kernel_needs(const struct suite *suite, struct kernel_need **ret, size_t *ret_count)
{
	struct list list = {};

	if (suite)
		find(&list, suite);
	else
		find_all(&list);
	if (list.failed) {
		kernel_needs_free(list.items, list.count);
		return -ENOMEM;
	}
	*ret = list.items;
	*ret_count = list.count;
	return 0;
}

void kernel_needs_free(struct kernel_need *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(list[i].options);
		free(list[i].why);
	}
	free(list);
}

/* ---- held to a kernel's config ---- */

static bool has_one_of(const struct kernel *kernel, const char *options)
{
	_cleanup_free_ char *copy = strdup(options);
	char *rest = copy, *option;

	while ((option = strsep(&rest, "|")))
		if (kernel_config(kernel, option) != 'n')
			return true;
	return false;
}

/* The options of which the kernel should have one: of a compressor's, those of its zram. */
static const char *options_for(const struct kernel *kernel, const struct kernel_need *need,
			       char *buf, size_t size)
{
	static const char backends[] =
		"ZRAM_BACKEND_LZO|ZRAM_BACKEND_LZ4|ZRAM_BACKEND_LZ4HC|ZRAM_BACKEND_ZSTD|"
		"ZRAM_BACKEND_DEFLATE|ZRAM_BACKEND_842";
	const char *bar = strchr(need->options, '|');

	if (!need->compressor || !bar)
		return need->options;
	if (!has_one_of(kernel, backends))
		return bar + 1;
	snprintf(buf, size, "%.*s", (int)(bar - need->options), need->options);
	return buf;
}

/* Whole lines only, as many as there is room for. */
static void add_line(char *text, size_t size, const char *indent, const char *line)
{
	size_t at = strlen(text);

	if (at + strlen(indent) + strlen(line) + 2 <= size)
		snprintf(text + at, size - at, "%s%s\n", indent, line);
}

static void add_lacking(char *text, size_t size, const struct kernel *kernel,
			const struct kernel_need *list, size_t count, const char *suite)
{
	char line[400], option[100];
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		const char *options = options_for(kernel, &list[i], option, sizeof(option));

		if (has_one_of(kernel, options))
			continue;
		snprintf(line, sizeof(line),
			 "kernel %s (%s) lacks what suite %s needs:", kernel->name, kernel->release,
			 suite);
		if (!any)
			add_line(text, size, "", line);
		any = true;
		snprintf(line, sizeof(line), "CONFIG_%s %s", options, list[i].why);
		add_line(text, size, "  ", line);
	}
}

int kernel_needs_check(struct kernel *const *kernels, size_t count, const struct suite *suite,
		       struct error *err)
{
	struct kernel_need *list;
	size_t list_count;
	char text[1000] = "";
	int r = kernel_needs(suite, &list, &list_count);

	if (r < 0)
		return error_set(err, r, "kernels");
	for (size_t i = 0; i < count; i++)
		if (kernels[i]->config) /* without its config: boot, and see */
			add_lacking(text, sizeof(text), kernels[i], list, list_count, suite->name);
	kernel_needs_free(list, list_count);
	if (!*text)
		return 0;
	return error_say(err, -EOPNOTSUPP,
			 "%sTake a kernel that has it (wring kernel list), build it in (wring "
			 "kernel config %s), or leave those scenarios out (--only)",
			 text, suite->name);
}
