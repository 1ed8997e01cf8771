// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Real workers with the file generator: each engine's accounting, contents that are checked and
 * found changed, what is refused, and requests that are under way when a phase ends.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "tests/lead.h"
#include "tests/tap.h"

#ifndef TMPFS_MAGIC
#define TMPFS_MAGIC 0x01021994
#endif

static const char *const engines[] = { "pread", "mmap", "io_uring" };

static bool begin(struct lead *l, const char *options, unsigned threads)
{
	return tap_ok(lead_init(l, "file", options, threads), "%u threads with %s%s%s", threads,
		      options, *l->err.text ? ": " : "", l->err.text);
}

static bool reaches(struct lead *l, enum worker_go go, enum worker_state state)
{
	return lead_to(l, go, state) || tap_ok(false, "%s", l->err.text);
}

static struct thread_report total(const struct lead *l)
{
	struct thread_report sum;

	lead_total(l, &sum);
	return sum;
}

static uint64_t buckets(const struct histogram *h)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		sum += h->buckets[i];
	return sum;
}

/* A process's descriptors of the generator's files: unlinked, and still there. */
static int open_files(const struct lead *l, char (*ret_paths)[64], int most)
{
	_cleanup_free_ char *path = text_format("/proc/%d/fd", (int)l->pid);
	_cleanup_closedir_ DIR *dir = path ? opendir(path) : NULL;
	int count = 0;

	for (struct dirent *e; dir && (e = readdir(dir));) {
		char link[64], target[512] = "";
		ssize_t n;

		snprintf(link, sizeof(link), "/proc/%d/fd/%.20s", (int)l->pid, e->d_name);
		n = readlink(link, target, sizeof(target) - 1);
		if (n > 0 && strstr(target, "/file-") && strstr(target, "(deleted)") &&
		    count < most)
			memcpy(ret_paths[count++], link, sizeof(link));
	}
	return count;
}

static bool is_empty(const char *path)
{
	_cleanup_closedir_ DIR *dir = opendir(path);
	unsigned count = 0;

	while (dir && readdir(dir))
		count++;
	return count == 2;
}

/* Two passes and one more, after a warm-up: exactly these, of exactly these bytes. */
static void test_accounting(const char *engine, const char *more, unsigned threads)
{
	_cleanup_free_ char *options =
		text_format("size=3M files=3 engine=%s verify=true %s", engine, more);
	char paths[16][64];
	struct thread_report sum;
	struct lead l;

	if (!begin(&l, options, threads))
		goto out;
	l.args.warmup.ops = 17;
	l.args.measured.ops = 2 * l.plan.ops_per_pass + 1;
	if (!lead_start(&l) || !reaches(&l, GO_SETUP, WORKER_READY))
		goto out;
	tap_ok(is_empty(l.args.dir), "the files are unlinked");
	tap_eq_i64(open_files(&l, paths, ARRAY_SIZE(paths)), 3 * (int)threads,
		   "and open: each thread has its own descriptor of each");
	if (!reaches(&l, GO_WARMUP, WORKER_WARM) || !reaches(&l, GO_MEASURE, WORKER_DONE))
		goto out;
	sum = total(&l);
	tap_eq_u64(sum.ops, l.args.measured.ops, "exactly the measured operations");
	tap_eq_u64(sum.bytes * l.plan.ops_per_pass, sum.ops * (3 << 20), "a block each");
	tap_eq_u64(sum.latency.count, sum.ops, "a latency each");
	tap_eq_u64(buckets(&sum.latency), sum.ops, "also by the buckets");
	tap_eq_u64(sum.errors, 0, "no errors");
	for (unsigned i = 0; i < threads; i++)
		tap_eq_u64(l.args.reports[i].ops,
			   sum.ops * (i + 1) / threads - sum.ops * i / threads,
			   "thread %u has its share", i);
	tap_ok(lead_end(&l), "it ends with status 0");
out:
	lead_done(&l);
}

static void test_writes(const char *engine, unsigned fsync_every)
{
	_cleanup_free_ char *options =
		text_format("size=1M write=100%% engine=%s fsync=%u", engine, fsync_every);
	struct lead l;

	if (begin(&l, options, 1) && lead_all(&l)) {
		tap_eq_u64(total(&l).ops, 256, "each block once");
		tap_eq_u64(lead_counter(&l, "writes"), 256, "each is a write");
		tap_eq_u64(lead_counter(&l, "fsyncs"), fsync_every ? 256 / fsync_every : 0,
			   "fsync after each %u of them", fsync_every);
		tap_eq_u64(total(&l).latency.count, 256, "and no latency of its own");
		tap_ok(lead_end(&l), "it ends with status 0");
	}
	lead_done(&l);
}

static void test_shares(const char *engine)
{
	_cleanup_free_ char *options =
		text_format("size=2M write=25%% verify=true pattern=uniform engine=%s", engine);
	uint64_t writes[2] = {};

	for (int i = 0; i < 2; i++) {
		struct lead l;

		if (begin(&l, options, 2)) {
			l.args.measured.ops = 4000;
			tap_ok(lead_all(&l), "a quarter of the accesses writes");
			writes[i] = lead_counter(&l, "writes");
			tap_eq_u64(total(&l).errors, 0, "blocks are as they were written");
		}
		lead_done(&l);
	}
	/* Four standard deviations of 4000 draws of 1/4. */
	tap_near((double)writes[0], 1000, 110, "a quarter of them");
	tap_eq_u64(writes[0], writes[1], "the same seed, the same accesses");
}

/* One byte at the end of a page of block 5 (of 8), behind the generator's back. */
static bool corrupt(const struct lead *l, uint64_t block_bytes)
{
	char paths[1][64];
	_cleanup_close_ int fd = open_files(l, paths, 1) == 1 ? open(paths[0], O_WRONLY) : -1;

	return fd >= 0 && pwrite(fd, "!", 1, (off_t)(6 * block_bytes - 1)) == 1;
}

static void test_corruption(const char *engine, uint64_t block_bytes)
{
	_cleanup_free_ char *options =
		text_format("size=%" PRIu64 " block=%" PRIu64 " engine=%s verify=true",
			    8 * block_bytes, block_bytes, engine);
	struct lead l;

	if (begin(&l, options, 1) && lead_start(&l) && reaches(&l, GO_SETUP, WORKER_READY)) {
		l.args.measured.ops = 16;
		tap_ok(corrupt(&l, block_bytes), "one byte of the file is changed");
		if (reaches(&l, GO_WARMUP, WORKER_WARM) && reaches(&l, GO_MEASURE, WORKER_DONE))
			tap_eq_u64(total(&l).errors, 1, "a pass finds the one block");
	}
	lead_done(&l);
}

/* The file is cut short: reads behind its end fail, are counted, and move nothing. */
static void test_failures(const char *engine)
{
	_cleanup_free_ char *options = text_format("size=1M engine=%s", engine);
	char paths[1][64];
	struct lead l;

	if (begin(&l, options, 1) && lead_start(&l) && reaches(&l, GO_SETUP, WORKER_READY)) {
		tap_ok(open_files(&l, paths, 1) == 1 && truncate(paths[0], 1 << 19) == 0,
		       "half of the file is cut off");
		if (reaches(&l, GO_WARMUP, WORKER_WARM) && reaches(&l, GO_MEASURE, WORKER_DONE)) {
			tap_eq_u64(total(&l).ops, 256, "all accesses are counted");
			tap_eq_u64(total(&l).errors, 128, "half of them as failed");
			tap_eq_u64(total(&l).bytes, 1 << 19, "which moved nothing");
		}
	}
	lead_done(&l);
}

/* A phase that a time limit ends, with requests under way: none is lost or counted later. */
static void test_time_limits(void)
{
	struct thread_report sum;
	struct lead l;

	if (begin(&l, "size=4M pattern=uniform engine=io_uring depth=64 verify=true", 3)) {
		l.args.warmup.end_ns = 5000000;
		l.args.measured.ops = 3000;
		tap_ok(lead_all(&l), "a warm-up by time, then measured operations");
		sum = total(&l);
		tap_eq_u64(sum.ops, 3000, "exactly these");
		tap_eq_u64(sum.latency.count, 3000, "each with its latency");
		tap_eq_u64(sum.errors, 0, "no errors");
		tap_ok(lead_end(&l), "it ends with status 0");
	}
	lead_done(&l);
}

static void test_rate(const char *engine)
{
	_cleanup_free_ char *options = text_format("size=1M pattern=uniform engine=%s", engine);
	struct thread_report sum;
	struct lead l;

	if (begin(&l, options, 2)) {
		l.args.rate = 4000;
		l.args.measured.ops = 401;
		tap_ok(lead_all(&l), "4000 operations a second");
		sum = total(&l);
		tap_eq_u64(sum.ops, 401, "exactly the operations");
		tap_eq_u64(sum.latency.count, 401, "each is timed");
		/*
		 * A thread's are 500 us apart: if an end were only seen at the next due time, all
		 * would take that. A busy machine makes some of them late.
		 */
		tap_ok(histogram_quantile(&sum.latency, 0.05) < 400000,
		       "a cached read ends before the next one is due: %" PRIu64 " ns",
		       histogram_quantile(&sum.latency, 0.5));
		tap_ok(lead_end(&l), "it ends with status 0");
	}
	lead_done(&l);
}

static void test_untimed(const char *engine)
{
	_cleanup_free_ char *options = text_format("size=1M engine=%s", engine);
	struct lead l;

	if (begin(&l, options, 1)) {
		l.args.latency = false;
		tap_ok(lead_all(&l), "without latencies");
		tap_eq_u64(total(&l).ops, 256, "all operations");
		tap_eq_u64(total(&l).latency.count, 0, "no latency");
	}
	lead_done(&l);
}

static void test_direct(void)
{
	const char *tmp = getenv("TMPDIR");
	struct statfs fs;

	if (statfs(tmp && *tmp ? tmp : "/tmp", &fs) < 0 || fs.f_type == TMPFS_MAGIC) {
		tap_skip("O_DIRECT: the temporary directory is a tmpfs");
		return;
	}
	test_accounting("pread", "direct=true", 1);
	test_accounting("io_uring", "direct=true depth=4", 3);
	test_corruption("io_uring", 65536);
}

static void test_advice(void)
{
	static const char *const advice[] = { "random", "sequential", "noreuse", "willneed",
					      "dontneed" };

	for (size_t e = 0; e < ARRAY_SIZE(engines); e++)
		for (size_t i = 0; i < ARRAY_SIZE(advice); i++) {
			_cleanup_free_ char *options =
				text_format("size=256K engine=%s fadvise=%s verify=true",
					    engines[e], advice[i]);
			struct lead l;

			if (begin(&l, options, 1)) {
				tap_ok(lead_all(&l) && total(&l).ops == 64, "a pass");
				tap_eq_u64(total(&l).errors, 0, "as it was written");
			}
			lead_done(&l);
		}
}

static void test_refusals(void)
{
	static const struct {
		const char *options, *text;
	} cases[] = {
		{ "size=6000",
		  "size: 6000 is not a multiple of 1 files of whole blocks of 4096 bytes" },
		{ "size=1M files=3",
		  "size: 1048576 is not a multiple of 3 files of whole blocks of 4096 bytes" },
		{ "size=1M block=1000", "block: 1000 is not a multiple of 512" },
		{ "size=9K block=4608",
		  "block: 4608 is more than a page of 4096, and not whole pages" },
		{ "size=1M block=512 engine=mmap",
		  "engine: mmap needs blocks of whole pages of 4096" },
		{ "size=1M block=512 fadvise=dontneed",
		  "fadvise: dontneed needs blocks of whole pages of 4096" },
		{ "size=1M engine=mmap direct=true",
		  "direct: a mapping is page cache: use engine: pread or io_uring" },
		{ "size=1M block=512 direct=true", "direct: block: 512 is not a multiple of 4096" },
		{ "size=1M direct=true dir=tmpfs",
		  "direct: a tmpfs is page cache: use another dir" },
		{ "size=1M direct=true fadvise=random",
		  "fadvise: random is for the page cache, which direct: passes by" },
		{ "size=1M direct=true cold=false",
		  "cold: false would leave a page cache that direct: passes by" },
		{ "size=1M fadvise=noreuse dir=tmpfs", "fadvise: a tmpfs takes no advice" },
		{ "size=1M fsync=1", "fsync: nothing is written: set write:" },
		{ "size=16M block=16M engine=io_uring depth=65",
		  "depth: 65 blocks of 16777216 bytes are more than 1G, which io_uring takes for a "
		  "ring" },
		{ "size=4K", "3 threads can't share 1 blocks" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct lead l;

		tap_ok(!lead_init(&l, "file", cases[i].options, 3), "refused: %s",
		       cases[i].options);
		tap_eq_str(l.err.text, cases[i].text, "and why");
		lead_done(&l);
	}
}

static void test_plan(void)
{
	struct lead l;

	if (begin(&l, "size=8M block=64K engine=io_uring depth=4", 2)) {
		tap_eq_u64(l.plan.ops_per_pass, 128, "a pass reads each block");
		tap_eq_u64(l.plan.disk_bytes, 8 << 20, "room for the file");
		tap_eq_u64(l.plan.footprint_bytes, 2 * 4 << 16, "it owns its buffers");
		tap_eq_u64(l.plan.pinned_bytes, 2 * 4 << 16, "which io_uring pins");
	}
	lead_done(&l);
	if (begin(&l, "size=8M engine=mmap dir=tmpfs", 1)) {
		tap_eq_u64(l.plan.disk_bytes, 0, "a tmpfs takes no disk");
		tap_eq_u64(l.plan.footprint_bytes, 8 << 20, "but memory");
	}
	lead_done(&l);
}

/* The last test: the filter stays. */
static void test_forbidden(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { ARRAY_SIZE(filter), filter };
	struct lead l;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) {
		tap_skip("no seccomp filter can be set here");
		return;
	}
	if (begin(&l, "size=1M engine=io_uring", 1)) {
		tap_ok(!lead_all(&l), "io_uring is forbidden");
		tap_ok(strstr(l.err.text, "io_uring is not allowed here: set sysctl"),
		       "the error says what to do: %s", l.err.text);
	}
	lead_done(&l);
}

int main(void)
{
	test_plan();
	test_refusals();
	for (size_t i = 0; i < ARRAY_SIZE(engines); i++) {
		test_accounting(engines[i], "", 1);
		test_accounting(engines[i], "block=64K", 3);
		test_writes(engines[i], 0);
		test_writes(engines[i], 8);
		test_shares(engines[i]);
		test_corruption(engines[i], 4096);
		test_corruption(engines[i], 16384);
		test_rate(engines[i]);
		test_untimed(engines[i]);
	}
	test_accounting("pread", "block=512", 1);
	test_accounting("io_uring", "depth=1", 1);
	test_failures("pread");
	test_failures("io_uring");
	test_time_limits();
	test_advice();
	test_direct();
	test_forbidden();
	return tap_done();
}
