// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knobs on a scratch tree of plain files. A plain file keeps what it is given, byte by byte, where
 * the kernel would show its own words: so a knob of words that is written here never reads back.
 */
#include "harness/knobs.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "tests/tap.h"

static void check(const char *name, const char *value, int want, const char *text)
{
	struct error err = {};
	int r = knob_check(name, value, &err);

	tap_ok(r == want && streq(err.text, text), "%s: %s is %s", name, value,
	       want ? text : "allowed");
	if (r != want || !streq(err.text, text))
		printf("# got %d, «%s»\n", r, err.text);
}

static void test_table(void)
{
	for (const struct knob *k = knobs; k->name; k++) {
		bool number = !k->words && k->min < k->max;

		tap_ok(knob_find(k->name) == k && k->help && *k->path != '/' &&
			       (number || (k->words && *k->words)),
		       "%s is found, and has a help and either a range or words", k->name);
	}
	tap_ok(!knob_find("vm.swappy") && !knob_find("") && !knob_find("vm.swap"),
	       "no other is found");
}

static void test_words(void)
{
	check("lru_gen", "mglru", 0, "");
	check("lru_gen", "classic", 0, "");
	check("lru_gen", "y", -EINVAL, "lru_gen: «y» is none of classic, mglru");
	check("lru_gen", "", -EINVAL, "lru_gen: «» is none of classic, mglru");
	check("lru_gen", "mglru ", -EINVAL, "lru_gen: «mglru » is none of classic, mglru");
	check("thp", "madvise", 0, "");
	check("thp", "[madvise]", -EINVAL, "thp: «[madvise]» is none of always, madvise, never");
	check("thp", "alway", -EINVAL, "thp: «alway» is none of always, madvise, never");
	check("thp_defrag", "defer+madvise", 0, "");
	check("numa_demotion", "true", 0, "");
	check("numa_demotion", "1", -EINVAL, "numa_demotion: «1» is none of false, true");
}

static void test_ranges(void)
{
	check("vm.swappiness", "0", 0, "");
	check("vm.swappiness", "200", 0, "");
	check("vm.swappiness", "201", -ERANGE, "vm.swappiness: 201 is out of range: 0 to 200");
	check("vm.swappiness", "-1", -EINVAL, "vm.swappiness: «-1» is not a whole number");
	check("vm.swappiness", "6x", -EINVAL, "vm.swappiness: «6x» is not a whole number");
	check("vm.swappiness", "6.5", -EINVAL, "vm.swappiness: «6.5» is not a whole number");
	check("vm.swappiness", "", -EINVAL, "vm.swappiness: «» is not a whole number");
	check("vm.watermark_scale_factor", "1", 0, "");
	check("vm.watermark_scale_factor", "0", -ERANGE,
	      "vm.watermark_scale_factor: 0 is out of range: 1 to 3000");
	check("vm.dirty_bytes", "9223372036854775807", 0, "");
	check("vm.dirty_bytes", "9223372036854775808", -ERANGE,
	      "vm.dirty_bytes: 9223372036854775808 is out of range: 8192 to 9223372036854775807");
}

static void test_names(void)
{
	check("vm.swapiness", "60", -EINVAL,
	      "unknown knob «vm.swapiness» (did you mean «vm.swappiness»?)");
	check("lru-gen", "mglru", -EINVAL, "unknown knob «lru-gen» (did you mean «lru_gen»?)");
	check("vm.page-cluster", "0", -EINVAL,
	      "unknown knob «vm.page-cluster» (did you mean «vm.page_cluster»?)");
	check("kernel.panic", "0", -EINVAL, "unknown knob «kernel.panic»");
	check("", "0", -EINVAL, "unknown knob «»");
}

/* A scratch tree of plain files. */
struct tree {
	char *top;
	struct fsroot fs;
};

static void put(const struct tree *tree, const char *path, const char *text)
{
	_cleanup_free_ char *whole = path_join(tree->top, path), *dir = strdup(whole);
	struct error err = {};
	int fd;

	*strrchr(dir, '/') = '\0';
	if (dir_make(dir, &err) < 0)
		tap_ok(false, "a directory to test with: %s", err.text);
	fd = open(whole, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		tap_ok(false, "a file to test with: %s", path);
	if (fd >= 0)
		close(fd);
}

static void reads(const struct tree *tree, const char *name, const char *want, const char *why)
{
	char value[KNOB_VALUE_MAX] = "before";
	struct error err = {};
	int r = knob_read(&tree->fs, name, value, &err);

	tap_ok(r == 0 && streq(value, want), "%s is %s: %s", name, want, why);
	if (r < 0 || !streq(value, want))
		printf("# got %d, «%s», %s\n", r, value, err.text);
}

static void test_read(const struct tree *tree)
{
	static const char lru_gen[] = "sys/kernel/mm/lru_gen/enabled";
	static const char thp[] = "sys/kernel/mm/transparent_hugepage/enabled";
	static const char demotion[] = "sys/kernel/mm/numa/demotion_enabled";

	put(tree, "proc/sys/vm/swappiness", "60\n");
	reads(tree, "vm.swappiness", "60", "a number");
	put(tree, "proc/sys/vm/page-cluster", "3\n");
	reads(tree, "vm.page_cluster", "3", "its file has another name");
	put(tree, thp, "always [madvise] never\n");
	reads(tree, "thp", "madvise", "the word in brackets");
	put(tree, thp, "[always] madvise never\n");
	reads(tree, "thp", "always", "the first one");
	put(tree, thp, "always madvise [never]\n");
	reads(tree, "thp", "never", "the last one");
	put(tree, "sys/kernel/mm/transparent_hugepage/defrag",
	    "always defer [defer+madvise] madvise never\n");
	reads(tree, "thp_defrag", "defer+madvise", "a word with a plus");
	put(tree, "sys/kernel/mm/transparent_hugepage/shmem_enabled",
	    "always within_size advise never deny [force]\n");
	reads(tree, "thp_shmem", "force", "a word that only the kernel knows");
	put(tree, lru_gen, "0x0007\n");
	reads(tree, "lru_gen", "mglru", "all of its bits");
	put(tree, lru_gen, "0x0001\n");
	reads(tree, "lru_gen", "mglru", "its main switch alone");
	put(tree, lru_gen, "0x0006\n");
	reads(tree, "lru_gen", "classic", "all but the main switch");
	put(tree, lru_gen, "0x0000\n");
	reads(tree, "lru_gen", "classic", "no bit");
	put(tree, demotion, "false\n");
	reads(tree, "numa_demotion", "false", "as this kernel says it");
	put(tree, demotion, "1\n");
	reads(tree, "numa_demotion", "true", "a kernel that says it by a number");
	put(tree, demotion, "0\n");
	reads(tree, "numa_demotion", "false", "and its other one");
}

static void saves(const struct tree *tree, const char *name, const char *want_name,
		  const char *want_value)
{
	char value[KNOB_VALUE_MAX] = "";
	const char *saved = "";
	struct error err = {};
	int r = knob_save(&tree->fs, name, &saved, value, &err);

	tap_ok(r == 0 && streq(saved, want_name) && streq(value, want_value),
	       "to undo a write to %s, %s is %s", name, want_name, want_value);
	if (r < 0 || !streq(saved, want_name) || !streq(value, want_value))
		printf("# got %d, %s, «%s», %s\n", r, saved, value, err.text);
}

/* Of each pair the one that is not 0 is written back: the kernel refuses 0 bytes. */
static void test_save(const struct tree *tree)
{
	put(tree, "proc/sys/vm/swappiness", "0\n");
	saves(tree, "vm.swappiness", "vm.swappiness", "0");
	put(tree, "proc/sys/vm/dirty_background_ratio", "10\n");
	put(tree, "proc/sys/vm/dirty_background_bytes", "0\n");
	saves(tree, "vm.dirty_background_bytes", "vm.dirty_background_ratio", "10");
	saves(tree, "vm.dirty_background_ratio", "vm.dirty_background_ratio", "10");
	put(tree, "proc/sys/vm/dirty_background_ratio", "0\n");
	put(tree, "proc/sys/vm/dirty_background_bytes", "4096\n");
	saves(tree, "vm.dirty_background_bytes", "vm.dirty_background_bytes", "4096");
	saves(tree, "vm.dirty_background_ratio", "vm.dirty_background_bytes", "4096");
}

static void writes(const struct tree *tree, const char *name, const char *value, int want,
		   const char *text)
{
	char effective[KNOB_VALUE_MAX] = "before";
	struct error err = {};
	int r = knob_write(&tree->fs, name, value, effective, &err);

	tap_ok(r == want && streq(err.text, text) && streq(effective, want ? "before" : value),
	       "write %s to %s: %s", value, name, want ? text : "it is in force");
	if (r != want || !streq(err.text, text))
		printf("# got %d, «%s», effective «%s»\n", r, err.text, effective);
}

static void test_write(const struct tree *tree)
{
	struct error err = {};

	put(tree, "proc/sys/vm/swappiness", "60\n");
	writes(tree, "vm.swappiness", "77", 0, "");
	reads(tree, "vm.swappiness", "77", "what was written");
	tap_eq_i64(knob_write(&tree->fs, "vm.swappiness", "78", NULL, &err), 0,
		   "the effective value need not be asked for");
	/* Two digits under one: the file is now 58, as a kernel might round. */
	writes(tree, "vm.swappiness", "5", -EIO, "knob vm.swappiness: wrote 5, the kernel kept 58");
	put(tree, "sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
	writes(tree, "thp", "never", -EIO, "knob thp: wrote never, the kernel kept madvise");
	put(tree, "sys/kernel/mm/lru_gen/enabled", "0x0000\n");
	writes(tree, "lru_gen", "mglru", -EIO,
	       "knob lru_gen: wrote mglru, the kernel kept classic");
	reads(tree, "lru_gen", "classic", "and the file says so");
}

/* What the kernel is told of lru_gen, which it would show as a mask. */
static void test_lru_gen(const struct tree *tree)
{
	char line[20];

	put(tree, "sys/kernel/mm/lru_gen/enabled", "");
	knob_write(&tree->fs, "lru_gen", "mglru", NULL, NULL);
	file_read_line(tree->fs.sys, "kernel/mm/lru_gen/enabled", line, sizeof(line));
	tap_eq_str(line, "y", "mglru is written as y");
	put(tree, "sys/kernel/mm/lru_gen/enabled", "");
	writes(tree, "lru_gen", "classic", 0, "");
	file_read_line(tree->fs.sys, "kernel/mm/lru_gen/enabled", line, sizeof(line));
	tap_eq_str(line, "n", "classic is written as n");
}

static void fails_to_read(const struct tree *tree, const char *name, int want, const char *text)
{
	char value[KNOB_VALUE_MAX] = "before";
	struct error err = {};

	tap_eq_i64(knob_read(&tree->fs, name, value, &err), want, "%s can't be read", name);
	tap_eq_str(err.text, text, "which says why");
	tap_eq_str(value, "before", "and nothing is written");
}

static void test_failures(const struct tree *tree)
{
	static const char no_knob[] = "this kernel has no vm.zone_reclaim_mode "
				      "(/proc/sys/vm/zone_reclaim_mode)";
	_cleanup_free_ char *link = path_join(tree->top, "proc/sys/vm/dirty_ratio");
	_cleanup_free_ char *dir = path_join(tree->top, "proc/sys/vm/min_free_kbytes");
	struct stat st;

	fails_to_read(tree, "vm.zone_reclaim_mode", -ENOENT, no_knob);
	writes(tree, "vm.zone_reclaim_mode", "1", -ENOENT, no_knob);
	tap_ok(fstatat(tree->fs.proc, "sys/vm/zone_reclaim_mode", &st, 0) < 0,
	       "a missing knob's file is not made");
	fails_to_read(tree, "lru_gen_min_ttl_ms", -ENOENT,
		      "this kernel has no lru_gen_min_ttl_ms "
		      "(/sys/kernel/mm/lru_gen/min_ttl_ms)");
	fails_to_read(tree, "vm.swappy", -EINVAL, "unknown knob vm.swappy");
	writes(tree, "vm.swappy", "1", -EINVAL, "unknown knob vm.swappy");
	tap_ok(symlink("/dev/full", link) == 0, "a file that refuses what is written");
	writes(tree, "vm.dirty_ratio", "5", -ENOSPC,
	       "write 5 to knob vm.dirty_ratio (/proc/sys/vm/dirty_ratio): "
	       "No space left on device");
	tap_ok(mkdir(dir, 0755) == 0, "a file that can't be read");
	fails_to_read(tree, "vm.min_free_kbytes", -EISDIR,
		      "read knob vm.min_free_kbytes (/proc/sys/vm/min_free_kbytes): "
		      "Is a directory");
}

int main(void)
{
	const char *tmp = getenv("TMPDIR");
	_cleanup_free_ char *top = text_format("%s/wring-test-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	struct tree tree = { .top = top };
	struct error err = {};

	test_table();
	test_words();
	test_ranges();
	test_names();
	if (!mkdtemp(top)) {
		tap_ok(false, "a scratch directory in %s", top);
		return tap_done();
	}
	put(&tree, "proc/vmstat", "");
	put(&tree, "sys/none", "");
	if (tap_eq_i64(fsroot_open(&tree.fs, top, &err), 0, "a scratch tree%s", err.text)) {
		test_read(&tree);
		test_save(&tree);
		test_write(&tree);
		test_lru_gen(&tree);
		test_failures(&tree);
		fsroot_close(&tree.fs);
	}
	dir_remove(AT_FDCWD, top, NULL);
	return tap_done();
}
