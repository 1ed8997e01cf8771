// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/knobs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/file.h"
#include "src/macro.h"
#include "src/nearest.h"
#include "src/units.h"

#define VM(n, lo, hi, text, ...)                                                                   \
	{                                                                                          \
		.name = "vm." #n, .path = "sys/vm/" #n, .min = lo, .max = hi, .help = text,        \
		__VA_ARGS__                                                                        \
	}

static const char *const lru_words[] = { "classic", "mglru", NULL };
static const char *const thp_words[] = { "always", "madvise", "never", NULL };
static const char *const thp_defrag_words[] = { "always",  "defer", "defer+madvise",
						"madvise", "never", NULL };
static const char *const shmem_words[] = { "always", "within_size", "advise", "never", NULL };
static const char *const bool_words[] = { "false", "true", NULL };

const struct knob knobs[] = {
	{ .name = "lru_gen",
	  .path = "kernel/mm/lru_gen/enabled",
	  .in_sys = true,
	  .words = lru_words,
	  .help = "the reclaimer: active and inactive lists, or the multi-generational LRU" },
	{ .name = "lru_gen_min_ttl_ms",
	  .path = "kernel/mm/lru_gen/min_ttl_ms",
	  .in_sys = true,
	  .max = 3600000,
	  .help = "MGLRU: a working set of this age is not evicted" },
	{ .name = "numa_demotion",
	  .path = "kernel/mm/numa/demotion_enabled",
	  .in_sys = true,
	  .words = bool_words,
	  .help = "reclaim moves pages to a slower node instead of swapping" },
	{ .name = "thp",
	  .path = "kernel/mm/transparent_hugepage/enabled",
	  .in_sys = true,
	  .words = thp_words,
	  .help = "transparent huge pages for anonymous memory" },
	{ .name = "thp_defrag",
	  .path = "kernel/mm/transparent_hugepage/defrag",
	  .in_sys = true,
	  .words = thp_defrag_words,
	  .help = "how hard a fault tries to get a huge page" },
	{ .name = "thp_shmem",
	  .path = "kernel/mm/transparent_hugepage/shmem_enabled",
	  .in_sys = true,
	  .words = shmem_words,
	  .help = "transparent huge pages for shmem" },
	{ .name = "zswap",
	  .path = "module/zswap/parameters/enabled",
	  .in_sys = true,
	  .words = bool_words,
	  .help = "compress in memory what is swapped, before the swap device" },
	{ .name = "zswap_max_pool_percent",
	  .path = "module/zswap/parameters/max_pool_percent",
	  .in_sys = true,
	  .min = 1,
	  .max = 100,
	  .help = "the most of memory that zswap takes" },
	VM(swappiness, 0, 200, "anonymous against file pages in reclaim"),
	VM(vfs_cache_pressure, 0, 10000, "how eagerly dentries and inodes are reclaimed"),
	VM(watermark_scale_factor, 1, 3000, "distance of the watermarks, 1/10000 of a node"),
	VM(watermark_boost_factor, 0, 100000, "watermark boost after fragmentation, 1/10000"),
	VM(min_free_kbytes, 1, 67108864, "the min watermark's base, in KiB"),
	VM(compaction_proactiveness, 0, 100, "background compaction's effort"),
	VM(extfrag_threshold, 0, 1000, "compact or reclaim for a high order"),
	VM(zone_reclaim_mode, 0, 7, "reclaim in the local node before going to another"),
	VM(dirty_ratio, 0, 100, "share of memory at which writers are throttled",
	   .instead_of = "vm.dirty_bytes"),
	VM(dirty_background_ratio, 0, 100, "share of memory at which writeback begins",
	   .instead_of = "vm.dirty_background_bytes"),
	VM(dirty_bytes, 8192, INT64_MAX, "the same as dirty_ratio, in bytes",
	   .instead_of = "vm.dirty_ratio"),
	VM(dirty_background_bytes, 1, INT64_MAX, "the same as dirty_background_ratio, in bytes",
	   .instead_of = "vm.dirty_background_ratio"),
	VM(dirty_expire_centisecs, 0, 360000, "age at which dirty pages are written"),
	VM(dirty_writeback_centisecs, 0, 360000, "how often writeback looks"),
	VM(nr_hugepages, 0, 1048576, "huge pages of 2 MiB that are reserved"),
	VM(nr_overcommit_hugepages, 0, 1048576, "huge pages that a process may get beyond those"),
	VM(overcommit_memory, 0, 2, "how address space is promised"),
	{ .name = "vm.page_cluster",
	  .path = "sys/vm/page-cluster",
	  .max = 10,
	  .help = "swap read-ahead, as a power of two of pages" },
	{}
};

const struct knob *knob_find(const char *name)
{
	for (const struct knob *k = knobs; k->name; k++)
		if (streq(k->name, name))
			return k;
	return NULL;
}

static bool is_word(const struct knob *k, const char *value)
{
	for (const char *const *w = k->words; *w; w++)
		if (streq(*w, value))
			return true;
	return false;
}

static void list_words(const struct knob *k, char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = '\0';
	for (const char *const *w = k->words; *w && n < size; w++)
		n += (size_t)snprintf(buf + n, size - n, "%s%s", n ? ", " : "", *w);
}

int knob_check(const char *name, const char *value, struct error *err)
{
	const struct knob *k = knob_find(name);
	struct nearest search = { .word = name };
	char text[200];
	uint64_t n;

	if (!k) {
		for (const struct knob *known = knobs; known->name; known++)
			nearest_offer(&search, known->name);
		return error_say(err, -EINVAL, "unknown knob «%s»%s", name,
				 nearest_hint(&search, text, sizeof(text)));
	}
	if (k->words) {
		list_words(k, text, sizeof(text));
		if (!is_word(k, value))
			return error_say(err, -EINVAL, "%s: «%s» is none of %s", name, value, text);
		return 0;
	}
	if (parse_u64(value, &n) < 0)
		return error_say(err, -EINVAL, "%s: «%s» is not a whole number", name, value);
	if (n < k->min || n > k->max)
		return error_say(err, -ERANGE, "%s: %s is out of range: %" PRIu64 " to %" PRIu64,
				 name, value, k->min, k->max);
	return 0;
}

/* What the file says, in the words that a suite uses. */
static void normalise(const struct knob *k, char *value)
{
	char *open = strchr(value, '['), *close = open ? strchr(open, ']') : NULL;

	if (k->words == lru_words) {
		/* A bit mask; bit 0 is the main switch. */
		bool on = strtoul(value, NULL, 16) & 1;

		snprintf(value, KNOB_VALUE_MAX, "%s", lru_words[on]);
	} else if (close) {
		*close = '\0';
		memmove(value, open + 1, strlen(open + 1) + 1);
	} else if (k->words == bool_words && strlen(value) == 1) {
		snprintf(value, KNOB_VALUE_MAX, "%s",
			 bool_words[value[0] == '1' || value[0] == 'Y']);
	}
}

static int missing(const struct knob *k, int code, struct error *err)
{
	if (code == -ENOENT)
		return error_say(err, code, "this kernel has no %s (%s/%s)", k->name,
				 k->in_sys ? "/sys" : "/proc", k->path);
	return error_set(err, code, "read knob %s (%s/%s)", k->name, k->in_sys ? "/sys" : "/proc",
			 k->path);
}

int knob_read(const struct fsroot *fs, const char *name, char value[static KNOB_VALUE_MAX],
	      struct error *err)
{
	const struct knob *k = knob_find(name);
	int r;

	if (!k)
		return error_say(err, -EINVAL, "unknown knob %s", name);
	r = file_read_line(k->in_sys ? fs->sys : fs->proc, k->path, value, KNOB_VALUE_MAX);
	if (r < 0)
		return missing(k, r, err);
	normalise(k, value);
	return 0;
}

int knob_save(const struct fsroot *fs, const char *name, const char **ret_name,
	      char value[static KNOB_VALUE_MAX], struct error *err)
{
	const struct knob *k = knob_find(name);
	char other[KNOB_VALUE_MAX];
	int r = knob_read(fs, name, value, err);

	if (r < 0)
		return r;
	*ret_name = k->name;
	if (!k->instead_of || !streq(value, "0"))
		return 0;
	r = knob_read(fs, k->instead_of, other, err);
	if (r < 0)
		return r;
	*ret_name = k->instead_of;
	memcpy(value, other, sizeof(other));
	return 0;
}

/* "060" is what the kernel shows as "60". */
static bool same_value(const struct knob *k, const char *a, const char *b)
{
	uint64_t x, y;

	if (k->words || parse_u64(a, &x) < 0 || parse_u64(b, &y) < 0)
		return streq(a, b);
	return x == y;
}

int knob_write(const struct fsroot *fs, const char *name, const char *value,
	       char effective[KNOB_VALUE_MAX], struct error *err)
{
	const struct knob *k = knob_find(name);
	const char *text = value;
	char now[KNOB_VALUE_MAX];
	int r;

	if (!k)
		return error_say(err, -EINVAL, "unknown knob %s", name);
	if (k->words == lru_words)
		text = streq(value, "mglru") ? "y" : "n";
	else if (k->words == bool_words) /* which older kernels don't take as words */
		text = streq(value, "true") ? "1" : "0";
	r = file_write_kernel(k->in_sys ? fs->sys : fs->proc, k->path, text);
	if (r == -ENOENT)
		return missing(k, r, err);
	if (r < 0)
		return error_set(err, r, "write %s to knob %s (%s/%s)", text, name,
				 k->in_sys ? "/sys" : "/proc", k->path);
	r = knob_read(fs, name, now, err);
	if (r < 0)
		return r;
	if (!same_value(k, now, value))
		return error_say(err, -EIO, "knob %s: wrote %s, the kernel kept %s", name, value,
				 now);
	if (effective)
		memcpy(effective, now, sizeof(now));
	return 0;
}
