// SPDX-License-Identifier: GPL-2.0-or-later
/* The dentry generator in every mode: what it leaves on the filesystem, and what it counts. */
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <sys/stat.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "tests/lead.h"
#include "tests/tap.h"

/* Of the tree that nftw() walks; it offers no context of the caller's. */
static struct {
	unsigned files, dirs, depth, other_names;
	size_t name_length;
} seen;

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
	refused("mode=stat entries=2", 3, "3 threads can't share 2 blocks");
	refused("name_length=16", 1, "name_length: 16 is out of range: 17 to 255");
	refused("mode=create", 1,
		"mode: «create» is none of churn|stat|rename|negative|readdir|inode");
}

int main(void)
{
	for (unsigned threads = 1; threads <= 3; threads += 2) {
		test_churn(threads);
		test_kept(threads);
		test_readdir(threads);
		test_negative(threads);
	}
	test_refused();
	return tap_done();
}
