// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/regime.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/knobs.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/kvfile.h"
#include "src/macro.h"

#define THP_DIR "kernel/mm/transparent_hugepage"

/* Of the kernel's types and functions by their names; NULL: this kernel doesn't tell them. */
static char *read_names(const struct fsroot *fs, size_t *ret_len)
{
	char *btf = NULL;

	return file_read(fs->sys, "kernel/btf/vmlinux", &btf, ret_len, NULL) == 0 ? btf : NULL;
}

/* The names in BTF are strings one behind the other. */
static bool has_name(const char *btf, size_t len, const char *name)
{
	size_t size = strlen(name) + 1;
	const char *at = btf, *end = btf + len;

	while ((at = memmem(at, (size_t)(end - at), name, size)) && at > btf && at[-1])
		at += size;
	return at && at > btf;
}

/* One function notes down what is held back: for a cgroup, or for a cgroup's controller. */
static const char *detect_rstat(const struct fsroot *fs)
{
	size_t len = 0;
	_cleanup_free_ char *btf = read_names(fs, &len);

	if (!btf)
		return "unknown";
	if (has_name(btf, len, "css_rstat_updated"))
		return "own";
	return has_name(btf, len, "cgroup_rstat_updated") ? "shared" : "unknown";
}

/* Whether some entry of the directory passes. */
static bool any_entry(int dirfd, const char *path, bool (*test)(int dirfd, const char *name))
{
	int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	bool any = false;

	while (dir && !any && (entry = readdir(dir)))
		any = *entry->d_name != '.' && test(fd, entry->d_name);
	return any;
}

static bool is_there(int dirfd, const char *name)
{
	(void)dirfd;
	(void)name;
	return true;
}

static bool is_made_of_others(int dirfd, const char *disk)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/slaves", disk);
	return any_entry(dirfd, path, is_there);
}

/* "hugepages-64kB/enabled" says "always inherit madvise [never]". */
static bool is_size_between(int dirfd, const char *name)
{
	char path[300], line[100];
	uint64_t pmd_bytes = 0;
	unsigned long kib;

	if (sscanf(name, "hugepages-%lukB", &kib) != 1)
		return false;
	if (file_read_line(dirfd, "hpage_pmd_size", line, sizeof(line)) == 0)
		pmd_bytes = strtoull(line, NULL, 10);
	snprintf(path, sizeof(path), "%s/enabled", name);
	return (uint64_t)kib << 10 != pmd_bytes &&
	       file_read_line(dirfd, path, line, sizeof(line)) == 0 && !strstr(line, "[never]");
}

json_t *regime_detect(const struct fsroot *fs, struct error *err)
{
	_cleanup_free_ char *vmstat = NULL, *node = NULL;
	char lru[KNOB_VALUE_MAX] = "classic";
	bool per_node, split, khugepaged, zero_pages;
	uint64_t unused;
	json_t *regime;

	if (file_read(fs->proc, "vmstat", &vmstat, NULL, err) < 0)
		return NULL;
	per_node = file_read(fs->sys, "devices/system/node/node0/vmstat", &node, NULL, NULL) == 0 &&
		   kv_get(KV_FLAT, node, "pgscan_kswapd", &unused) == 0;
	split = kv_get(KV_FLAT, vmstat, "pgscan_proactive", &unused) == 0;
	khugepaged = kv_get(KV_FLAT, vmstat, "pgscan_khugepaged", &unused) == 0;
	zero_pages = kv_get(KV_FLAT, vmstat, "swpout_zero", &unused) == 0;
	knob_read(fs, "lru_gen", lru, NULL); /* a kernel without it is classic */
	regime = json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:s}", "reclaim_counters",
		per_node ? "all" : "global-only", "proactive", split ? "split" : "in direct",
		"khugepaged", khugepaged ? "split" : "in direct", "zero_pages",
		zero_pages ? "noted" : "swapped", "rstat", detect_rstat(fs), "disks",
		any_entry(fs->sys, "block", is_made_of_others) ? "stacked" : "plain", "thp_sizes",
		any_entry(fs->sys, THP_DIR, is_size_between) ? "several" : "pmd",
		"per_node_reclaim", per_node, "lru", lru);
	if (!regime)
		error_set(err, -ENOMEM, "detect the regime");
	return regime;
}
