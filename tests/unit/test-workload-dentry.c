// SPDX-License-Identifier: GPL-2.0-or-later
/* The dentry generator in every mode: what it leaves on the filesystem, and what it counts. */
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/rng.h"
#include "tests/lead.h"
#include "tests/tap.h"

/* Of the tree that nftw() walks; it offers no context of the caller's. */
static struct {
	unsigned files, dirs, depth, other_names;
	size_t name_length;
	uint64_t names; /* of all of them, whatever their order */
} seen;

static uint64_t hash(const char *text)
{
	uint64_t sum = 0;

	for (; *text; text++)
		sum = rng_mix(sum, (unsigned char)*text);
	return sum;
}

static int note(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	if (type == FTW_D) {
		seen.dirs++;
	} else {
		seen.files++;
		seen.depth = (unsigned)ftw->level;
		seen.name_length = strlen(path + ftw->base);
		seen.other_names += path[ftw->base] == 'f';
		seen.names += hash(path + ftw->base);
	}
	return 0;
}

static void look(const struct lead *l)
{
	memset(&seen, 0, sizeof(seen));
	nftw(l->args.dir, note, 16, FTW_PHYS);
}

static bool work(struct lead *l, const char *options, unsigned threads, uint64_t ops)
{
	bool ok = lead_init(l, "dentry", options, threads);

	if (ok && ops)
		l->args.measured.ops = ops;
	if (ok && lead_all(l)) {
		look(l);
		return tap_ok(true, "dentry %s, %u threads", options, threads);
	}
	return tap_ok(false, "dentry %s, %u threads: %s", options, threads, l->err.text);
}

static void end(struct lead *l)
{
	struct thread_report sum;

	lead_total(l, &sum);
	tap_eq_u64(sum.errors, 0, "no errors");
	tap_ok(lead_end(l), "it ends %s", l->err.text);
}

static void test_churn(unsigned threads)
{
	struct lead l;

	if (work(&l, "entries=500", threads, 0)) {
		tap_eq_u64(seen.files, 0, "churn leaves nothing");
		tap_eq_u64(lead_counter(&l, "created"), 500, "500 were created");
		tap_eq_u64(lead_counter(&l, "removed"), 500, "500 were removed");
		end(&l);
	}
	lead_done(&l);
	if (work(&l, "entries=500 live=100 width=3 depth=4 name_length=40", threads, 0)) {
		tap_eq_u64(seen.files, 100, "churn keeps as many alive as it is told");
		tap_eq_u64(lead_counter(&l, "live"), 100, "and says so");
		tap_eq_u64(lead_counter(&l, "created"), 600, "each operation makes one");
		tap_eq_u64(lead_counter(&l, "removed"), 500, "and unlinks the oldest");
		tap_eq_u64(seen.depth, 1 + 2 + 4, "below so many directories");
		tap_eq_u64(seen.name_length, 40, "with names of that length");
		tap_eq_u64(seen.dirs, 1 + threads * (1 + 3 * (1 + 4)), "in trees of their own");
		end(&l);
	}
	lead_done(&l);
	if (work(&l, "entries=500 live=100 width=3 shared=true", threads, 0)) {
		tap_eq_u64(seen.dirs, 1 + 1 + 3, "shared directories are there once");
		tap_eq_u64(seen.files, 100, "and hold all of it");
		end(&l);
	}
	lead_done(&l);
}

static void test_kept(unsigned threads)
{
	struct lead l;

	if (work(&l, "mode=stat entries=300 pattern=zipf width=2", threads, 1000)) {
		tap_eq_u64(seen.files, 300, "stat leaves the files");
		end(&l);
	}
	lead_done(&l);
	if (work(&l, "mode=rename entries=300", threads, 300)) {
		tap_eq_u64(seen.files, 300, "rename leaves as many");
		tap_eq_u64(seen.other_names, 300, "a pass gives each its other name");
		end(&l);
	}
	lead_done(&l);
	if (work(&l, "mode=rename entries=300", threads, 600)) {
		tap_eq_u64(seen.other_names, 0, "the next pass gives it back");
		end(&l);
	}
	lead_done(&l);
	if (work(&l, "mode=rename entries=300 pattern=uniform shared=true", threads, 5000)) {
		tap_eq_u64(seen.files, 300, "in a shared directory, too");
		end(&l);
	}
	lead_done(&l);
	if (work(&l, "mode=stat entries=300 pattern=scan shared=true", threads, 1000)) {
		tap_eq_u64(seen.files, 300, "shared, threads look at each other's");
		end(&l);
	}
	lead_done(&l);
	if (work(&l, "mode=inode entries=300 pattern=chase", threads, 0)) {
		tap_eq_u64(seen.files, 300, "inode leaves the files");
		end(&l);
	}
	lead_done(&l);
}

static void test_readdir(unsigned threads)
{
	struct lead l;

	if (work(&l, "mode=readdir entries=900 width=7", threads, 0)) {
		tap_eq_u64(lead_counter(&l, "listed"), 900, "a pass lists each entry once");
		end(&l);
	}
	lead_done(&l);
	if (work(&l, "mode=readdir entries=900 width=7 shared=true", threads, 0)) {
		tap_eq_u64(lead_counter(&l, "listed"), (uint64_t)900 * threads,
			   "shared: each thread lists all");
		end(&l);
	}
	lead_done(&l);
}

/* A pattern's blocks are the directories. */
static void test_readdir_order(unsigned threads)
{
	static const char *const patterns[] = { "chase", "strided stride=3" };

	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		_cleanup_free_ char *options =
			text_format("mode=readdir entries=900 width=7 pattern=%s", patterns[i]);
		struct lead l;

		if (work(&l, options, threads, 0)) {
			tap_eq_u64(lead_counter(&l, "listed"), 900, "in another order, too");
			end(&l);
		}
		lead_done(&l);
	}
}

/* One directory takes several calls and several steps. */
static void test_readdir_long(void)
{
	struct thread_report sum;
	struct lead l;

	if (work(&l, "mode=readdir entries=3000", 1, 3)) {
		tap_eq_u64(lead_counter(&l, "listed"), 9000, "a long directory is listed whole");
		end(&l);
	}
	lead_done(&l);
	if (!tap_ok(lead_init(&l, "dentry", "mode=readdir entries=3000", 1), "a timed one %s",
		    l.err.text))
		goto out;
	l.args.warmup.end_ns = 5000000;
	l.args.measured = (struct worker_work){ .end_ns = 20000000 };
	if (!tap_ok(lead_all(&l), "it is cut by the end of the warm-up %s", l.err.text))
		goto out;
	lead_total(&l, &sum);
	tap_eq_u64(sum.latency.count, sum.ops, "each finished list is timed");
	tap_eq_u64(lead_counter(&l, "listed") % 3000, 0, "one that was cut is not counted");
	tap_ok(sum.latency.max < LEAD_WAIT_NS, "nor does any begin at the clock's 0");
	end(&l);
out:
	lead_done(&l);
}

static uint64_t names_of_seed(uint64_t seed)
{
	struct lead l;
	uint64_t names = 0;

	if (lead_init(&l, "dentry", "entries=50 live=100 width=2", 2)) {
		l.args.seed = seed;
		if (lead_all(&l) && lead_end(&l)) {
			look(&l);
			names = seen.names;
		}
	}
	lead_done(&l);
	return names;
}

static void test_seed(void)
{
	uint64_t names = names_of_seed(7);

	tap_ok(names, "there are names");
	tap_eq_u64(names_of_seed(7), names, "the same seed gives the same names");
	tap_ok(names_of_seed(8) != names, "another gives others");
}

static void test_plan(void)
{
	const struct workload_site small = { .page_bytes = 4096, .disk_bytes = 256 << 20 };
	struct lead l;

	if (tap_ok(lead_init(&l, "dentry", "mode=inode entries=1000 dir=tmpfs", 1), "plan")) {
		tap_ok(l.plan.pinned_bytes >= 1000 * (760 + 192) &&
			       l.plan.pinned_bytes < 1500 * (760 + 192),
		       "files on a tmpfs are pinned, an inode and a dentry each");
		tap_eq_u64(l.plan.footprint_bytes, l.plan.pinned_bytes, "and owned");
		tap_eq_u64(l.plan.disk_bytes, 0, "and take no disk");
	}
	lead_done(&l);
	if (tap_ok(lead_init_at(&l, &small, "dentry", "mode=inode entries=1000", 1), "plan")) {
		tap_eq_u64(l.plan.footprint_bytes, 0, "files on a disk are caches");
		tap_eq_u64(l.plan.disk_bytes, 1002 * 4096, "with their share of its inodes");
	}
	lead_done(&l);
}

static void test_negative(unsigned threads)
{
	struct lead l;

	if (work(&l, "mode=negative entries=100", threads, 1000)) {
		tap_eq_u64(seen.files, 0, "negative makes no file");
		tap_eq_u64(lead_counter(&l, "absent"), 1000, "each look-up was in vain");
		end(&l);
	}
	lead_done(&l);
	if (work(&l, "mode=negative fresh=true depth=2", threads, 1000)) {
		tap_eq_u64(lead_counter(&l, "absent"), 1000, "fresh names, too");
		end(&l);
	}
	lead_done(&l);
}

static void refused(const char *options, unsigned threads, const char *why)
{
	struct lead l;

	tap_ok(!lead_init(&l, "dentry", options, threads), "%s is refused", options);
	tap_eq_str(l.err.text, why, "and why");
	lead_done(&l);
}

static void test_refused(void)
{
	refused("mode=stat live=5", 1, "live: mode stat keeps entries, not live");
	refused("fresh=true", 1, "fresh: mode churn has no new names");
	refused("live=2", 3, "live: 3 threads can't share 2 files");
	refused("mode=stat entries=10 width=6", 2,
		"width: 6 directories are more than the 5 files of a thread");
	refused("mode=stat entries=2", 3, "entries: 3 threads can't share 2");
	refused("mode=stat entries=9 pattern=strided stride=4", 3,
		"stride: 4 is more than the 3 blocks of a thread");
	refused("pattern=zipf", 1, "pattern: mode churn takes its names in order");
	refused("mode=negative fresh=true pattern=uniform", 1,
		"pattern: fresh takes its names in order");
	refused("name_length=16", 1, "name_length: 16 is out of range: 17 to 255");
	refused("mode=create", 1,
		"mode: «create» is none of churn|stat|rename|negative|readdir|inode");
}

/* On whatever /tmp is: a disk, mostly. */
static void test_disk(void)
{
	struct lead l;

	if (work(&l, "mode=stat entries=100 width=2 dir=/tmp", 2, 0)) {
		tap_eq_u64(seen.files, 100, "in a directory that is named");
		end(&l);
	}
	lead_done(&l);
}

int main(void)
{
	/*
	 * ext4 looks past each inode that was freed within the last seconds: on a disk the tests
	 * would take as long as what was removed before them says.
	 */
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
	for (unsigned threads = 1; threads <= 3; threads += 2) {
		test_churn(threads);
		test_kept(threads);
		test_readdir(threads);
		test_readdir_order(threads);
		test_negative(threads);
	}
	test_readdir_long();
	test_disk();
	test_seed();
	test_plan();
	test_refused();
	return tap_done();
}
