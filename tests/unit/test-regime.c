// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What two recorded kernels tell of themselves (tests/record-fixtures.sh made the trees), and
 * what they would with the counters of later ones. The recorded trees are only read.
 */
#include "harness/regime.h"

#include <errno.h>
#include <fcntl.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/kvfile.h"
#include "src/macro.h"
#include "tests/tap.h"

#define NODE0 "sys/devices/system/node/node0/vmstat"
#define LRU   "sys/kernel/mm/lru_gen/enabled"

struct recorded {
	const char *name, *lru;
	bool khugepaged; /* whether it counts pgscan_khugepaged */
};

static const struct recorded trees[] = { { "linux-6.1", "classic", false },
					 { "linux-6.12", "mglru", true } };

static char *tree_path(const struct recorded *tree)
{
	const char *srcdir = getenv("srcdir");

	return text_format("%s/tests/fixtures/%s", srcdir ? srcdir : ".", tree->name);
}

static char *read_at(int dirfd, const char *path)
{
	struct error err = {};
	char *text = NULL;

	if (file_read(dirfd, path, &text, NULL, &err) < 0) {
		tap_ok(false, "a recorded file: %s", err.text);
		exit(tap_done());
	}
	return text;
}

/* --- the recorded files themselves */

static uint64_t lines(const char *text)
{
	uint64_t count = 0;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

/* Every line holds a number, under a key that kv_get() finds. */
static void check_keyed(int dirfd, const char *name, const char *path)
{
	_cleanup_free_ char *text = read_at(dirfd, path);
	const char *cursor = text, *end = text + strlen(text);
	uint64_t count = 0, wrong = 0;
	struct kv_pair pair;

	while (kv_next(KV_FLAT, &cursor, end, &pair)) {
		_cleanup_free_ char *key = strndup(pair.key, pair.key_len);
		uint64_t value = pair.value + 1;

		wrong += kv_get(KV_FLAT, text, key, &value) < 0 || value != pair.value;
		count++;
	}
	tap_ok(count > 40 && count == lines(text), "%s: %s has a key a line: %" PRIu64, name, path,
	       count);
	tap_eq_u64(wrong, 0, "%s: each is found by its name", name);
}

static void check_value(const char *name, enum kv_format format, const char *text, const char *key,
			uint64_t min, uint64_t max)
{
	uint64_t value = 0;
	int r = kv_get(format, text, key, &value);

	tap_ok(r == 0 && value >= min && value <= max, "%s: %s: %" PRIu64, name, key, value);
}

static void test_files(const struct recorded *tree, const struct fsroot *fs)
{
	_cleanup_free_ char *vmstat = read_at(fs->proc, "vmstat");
	_cleanup_free_ char *meminfo = read_at(fs->proc, "meminfo");
	_cleanup_free_ char *node = read_at(fs->sys, "devices/system/node/node1/vmstat");
	static const char *const pressure[] = { "pressure/cpu", "pressure/memory", "pressure/io" };
	uint64_t unused;

	check_keyed(fs->proc, tree->name, "vmstat");
	check_keyed(fs->proc, tree->name, "meminfo");
	check_keyed(fs->sys, tree->name, "devices/system/node/node0/vmstat");
	check_keyed(fs->sys, tree->name, "devices/system/node/node1/vmstat");
	check_value(tree->name, KV_FLAT, meminfo, "SwapTotal", 524284, 524284);
	check_value(tree->name, KV_FLAT, meminfo, "MemTotal", 900000, 1048576);
	check_value(tree->name, KV_FLAT, vmstat, "pgscan_kswapd", 0, 0);
	check_value(tree->name, KV_FLAT, vmstat, "pgfault", 1000, UINT64_MAX);
	check_value(tree->name, KV_FLAT, node, "nr_free_pages", 10000, 65536);
	tap_eq_i64(kv_get(KV_FLAT, vmstat, "pgscan_khugepaged", &unused),
		   tree->khugepaged ? 0 : -ENOENT, "%s: pgscan_khugepaged is %s", tree->name,
		   tree->khugepaged ? "there" : "missing, not 0");
	tap_eq_i64(kv_get(KV_FLAT, node, "pgscan_kswapd", &unused), -ENOENT,
		   "%s: a node does not count pgscan_kswapd", tree->name);
	for (size_t i = 0; i < ARRAY_SIZE(pressure); i++) {
		_cleanup_free_ char *text = read_at(fs->proc, pressure[i]);

		tap_ok(kv_get(KV_PSI, text, "some", &unused) == 0 &&
			       kv_get(KV_PSI, text, "full", &unused) == 0,
		       "%s: %s has some and full", tree->name, pressure[i]);
	}
}

/* --- the regime */

static void expect(const struct fsroot *fs, const char *who, const char *want)
{
	_cleanup_free_ char *text = NULL;
	struct error err = {};
	json_t *regime = regime_detect(fs, &err);

	if (regime)
		text = json_dumps(regime, JSON_COMPACT | JSON_SORT_KEYS);
	tap_eq_str(text, want, "the regime of %s%s", who, err.text);
	json_decref(regime);
}

static void test_recorded(const struct recorded *tree)
{
	_cleanup_free_ char *path = tree_path(tree), *want = NULL;
	struct error err = {};
	struct fsroot fs;

	if (!tap_eq_i64(fsroot_open(&fs, path, &err), 0, "%s opens%s", tree->name, err.text))
		return;
	tap_ok(fs.proc >= 0 && fs.sys >= 0 && fs.cgroup >= 0, "%s has cgroup v2", tree->name);
	test_files(tree, &fs);
	want = text_format("{\"khugepaged\":\"%s\",\"lru\":\"%s\",\"per_node_reclaim\":false,"
			   "\"proactive\":\"in direct\",\"reclaim_counters\":\"global-only\","
			   "\"zero_pages\":\"%s\"}",
			   tree->khugepaged ? "split" : "in direct", tree->lru,
			   tree->khugepaged ? "noted" : "swapped");
	expect(&fs, tree->name, want);
	fsroot_close(&fs);
}

/* --- scratch trees: 6.1's files with something added */

struct scratch {
	char *top;
	struct fsroot recorded;
};

static void put(const struct scratch *s, const char *path, const char *text, const char *more)
{
	_cleanup_free_ char *whole = path_join(s->top, path), *dir = strdup(whole);
	struct error err = {};
	FILE *f;

	*strrchr(dir, '/') = '\0';
	if (dir_make(dir, &err) < 0)
		tap_ok(false, "a directory to test with: %s", err.text);
	f = fopen(whole, "w");
	if (!f || fprintf(f, "%s%s", text, more) < 0 || file_close(&f, path, &err) < 0)
		tap_ok(false, "a file to test with: %s", path);
}

/* Fresh, with what is added to vmstat and to node0's. */
static bool make(const struct scratch *s, const char *vmstat_more, const char *node_more,
		 struct fsroot *ret)
{
	_cleanup_free_ char *vmstat = read_at(s->recorded.proc, "vmstat");
	_cleanup_free_ char *node = read_at(s->recorded.sys, "devices/system/node/node0/vmstat");
	struct error err = {};

	dir_remove(AT_FDCWD, s->top, NULL);
	put(s, "proc/vmstat", vmstat, vmstat_more);
	put(s, NODE0, node, node_more);
	put(s, LRU, "0x0000\n", "");
	return tap_eq_i64(fsroot_open(ret, s->top, &err), 0, "a scratch tree%s", err.text);
}

static void test_later(const struct scratch *s)
{
	struct fsroot fs;

	if (make(s, "", "pgscan_kswapd 7\n", &fs)) {
		tap_eq_i64(fs.cgroup, -1, "a tree without cgroup v2 has none, which is no error");
		expect(&fs, "a kernel with pgscan_kswapd in a node",
		       "{\"khugepaged\":\"in "
		       "direct\",\"lru\":\"classic\",\"per_node_reclaim\":true,"
		       "\"proactive\":\"in "
		       "direct\",\"reclaim_counters\":\"all\",\"zero_pages\":\"swapped\"}");
		fsroot_close(&fs);
	}
	if (make(s, "pgscan_proactive 0\n", "", &fs)) {
		expect(&fs, "one with pgscan_proactive in vmstat",
		       "{\"khugepaged\":\"in "
		       "direct\",\"lru\":\"classic\",\"per_node_reclaim\":false,"
		       "\"proactive\":\"split\",\"reclaim_counters\":\"global-only\",\"zero_"
		       "pages\":\"swapped\"}");
		fsroot_close(&fs);
	}
	if (make(s, "pgscan_proactive 0\n", "pgscan_kswapd 0\n", &fs)) {
		put(s, LRU, "0x0003\n", "");
		expect(&fs, "one with both, and the MGLRU",
		       "{\"khugepaged\":\"in direct\",\"lru\":\"mglru\",\"per_node_reclaim\":true,"
		       "\"proactive\":\"split\",\"reclaim_counters\":\"all\",\"zero_pages\":"
		       "\"swapped\"}");
		fsroot_close(&fs);
	}
	if (make(s, "pgscan_khugepaged 0\nswpout_zero 0\n", "", &fs)) {
		expect(&fs, "one with khugepaged's counters and pages of zeros",
		       "{\"khugepaged\":\"split\",\"lru\":\"classic\",\"per_node_reclaim\":false,"
		       "\"proactive\":\"in direct\",\"reclaim_counters\":\"global-only\","
		       "\"zero_pages\":\"noted\"}");
		fsroot_close(&fs);
	}
	if (make(s, "pgscan_proactive_x 0\n", "pgscan_kswapd_x 0\n", &fs)) {
		expect(&fs, "one with keys that only begin so",
		       "{\"khugepaged\":\"in "
		       "direct\",\"lru\":\"classic\",\"per_node_reclaim\":false,"
		       "\"proactive\":\"in "
		       "direct\",\"reclaim_counters\":\"global-only\",\"zero_pages\":\"swapped\"}");
		fsroot_close(&fs);
	}
}

static void test_less(const struct scratch *s)
{
	struct error err = {};
	struct fsroot fs;

	if (!make(s, "", "", &fs))
		return;
	unlinkat(fs.sys, "kernel/mm/lru_gen/enabled", 0);
	unlinkat(fs.sys, "devices/system/node/node0/vmstat", 0);
	expect(&fs, "a kernel without NUMA and without the MGLRU",
	       "{\"khugepaged\":\"in direct\",\"lru\":\"classic\",\"per_node_reclaim\":false,"
	       "\"proactive\":\"in "
	       "direct\",\"reclaim_counters\":\"global-only\",\"zero_pages\":\"swapped\"}");
	unlinkat(fs.proc, "vmstat", 0);
	tap_ok(!regime_detect(&fs, &err), "a tree without vmstat has no regime");
	tap_eq_str(err.text, "open vmstat: No such file or directory", "and the error says why");
	fsroot_close(&fs);
}

static void test_fsroot(const struct scratch *s)
{
	_cleanup_free_ char *want =
		text_format("open sys of %s: No such file or directory", s->top);
	struct fsroot fs = { 77, 77, 77 };
	struct error err = {};

	dir_remove(AT_FDCWD, s->top, NULL);
	tap_eq_i64(fsroot_open(&fs, s->top, &err), -ENOENT, "no tree: %s", err.text);
	put(s, "proc/vmstat", "", "");
	tap_eq_i64(fsroot_open(&fs, s->top, &err), -ENOENT, "half a tree");
	tap_eq_str(err.text, want, "which half is said");
	tap_ok(fs.proc == 77 && fs.sys == 77 && fs.cgroup == 77, "and nothing is written");
	put(s, "sys/fs/cgroup/memory/tasks", "", "");
	if (tap_eq_i64(fsroot_open(&fs, s->top, &err), 0, "a machine of cgroup v1 alone")) {
		tap_eq_i64(fs.cgroup, -1, "has no cgroup v2");
		fsroot_close(&fs);
	}
	put(s, "sys/fs/cgroup/unified/cgroup.controllers", "", "");
	if (tap_eq_i64(fsroot_open(&fs, s->top, &err), 0, "a machine of both")) {
		tap_ok(faccessat(fs.cgroup, "cgroup.controllers", R_OK, 0) == 0,
		       "has cgroup v2 below v1's mounts");
		fsroot_close(&fs);
	}
	tap_ok(fs.proc == -1 && fs.sys == -1 && fs.cgroup == -1, "a closed one has no descriptors");
	fsroot_close(&fs); /* nothing is closed twice */
}

int main(void)
{
	const char *tmp = getenv("TMPDIR");
	_cleanup_free_ char *top = text_format("%s/wring-test-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	_cleanup_free_ char *path = tree_path(&trees[0]);
	struct scratch scratch = { .top = top };

	for (size_t i = 0; i < ARRAY_SIZE(trees); i++)
		test_recorded(&trees[i]);
	if (!mkdtemp(top) || fsroot_open(&scratch.recorded, path, NULL) < 0) {
		tap_ok(false, "a scratch directory in %s", top);
		return tap_done();
	}
	test_later(&scratch);
	test_less(&scratch);
	test_fsroot(&scratch);
	fsroot_close(&scratch.recorded);
	dir_remove(AT_FDCWD, top, NULL);
	return tap_done();
}
