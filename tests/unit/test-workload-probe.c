// SPDX-License-Identifier: GPL-2.0-or-later
/* The probe generator in real workers: each kind, its operations and contents, what it refuses. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "tests/lead.h"
#include "tests/tap.h"

#define MUCH (1ull << 40)

static struct workload_site a_site(bool rated)
{
	return (struct workload_site){
		.page_bytes = (size_t)sysconf(_SC_PAGESIZE),
		.node_count = 1,
		.node_bytes = { MUCH },
		.disk_bytes = MUCH,
		.rated = rated,
	};
}

static bool begin(struct lead *l, const char *options, unsigned threads)
{
	struct workload_site site = a_site(true);

	if (!tap_ok(lead_init_at(l, &site, "probe", options, threads),
		    "a worker of %u threads with %s%s%s", threads, options,
		    *l->err.text ? ": " : "", l->err.text))
		return false;
	l->args.rate = 20000;
	return true;
}

static void test_kind(const char *kind, const char *more, unsigned threads)
{
	_cleanup_free_ char *options = text_format("kind=%s size=1M block=16K %s", kind, more);
	struct thread_report sum;
	struct lead l;

	if (!begin(&l, options, threads))
		goto out;
	tap_eq_u64(l.plan.ops_per_pass, 64, "%s: a pass is 64 blocks", kind);
	l.args.measured.ops = 100; /* more than a pass */
	if (!tap_ok(lead_all(&l), "%s: it works%s%s", kind, *l.err.text ? ": " : "", l.err.text))
		goto out;
	lead_total(&l, &sum);
	tap_eq_u64(sum.ops, 100, "%s, %u threads: exactly the operations", kind, threads);
	tap_eq_u64(sum.bytes, 100 * 16384, "%s: a block each", kind);
	tap_eq_u64(sum.latency.count, 100, "%s: each is timed", kind);
	tap_eq_u64(sum.errors, 0, "%s: no errors", kind);
	tap_ok(lead_end(&l), "%s: it ends with status 0", kind);
out:
	lead_done(&l);
}

/* Minor faults of the worker so far; also without smaps. */
static uint64_t faults(const struct lead *l)
{
	_cleanup_free_ char *path = text_format("/proc/%d/stat", (int)l->pid), *text = NULL;
	char *at;
	uint64_t n = 0;

	if (!path || file_read(AT_FDCWD, path, &text, NULL, NULL) < 0)
		return 0;
	at = strrchr(text, ')'); /* state ppid pgrp session tty tpgid flags minflt */
	if (at)
		sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %" SCNu64, &n);
	return n;
}

/* Each operation of fault and alloc finds its pages absent; touch finds them there. */
static void test_faults(const char *kind, uint64_t want)
{
	_cleanup_free_ char *options = text_format("kind=%s size=1M block=16K", kind);
	uint64_t before, made, pages = 16384 / (uint64_t)sysconf(_SC_PAGESIZE);
	struct lead l;

	if (!begin(&l, options, 1))
		goto out;
	l.args.measured.ops = 200; /* three times over the set */
	if (!lead_start(&l) || !lead_to(&l, GO_SETUP, WORKER_READY) ||
	    !lead_to(&l, GO_WARMUP, WORKER_WARM))
		goto out;
	before = faults(&l);
	if (!lead_to(&l, GO_MEASURE, WORKER_DONE))
		goto out;
	made = faults(&l) - before;
	/* The histogram, the stack and the code take some: far fewer than a page an operation. */
	tap_ok(made >= want * pages && made < want * pages + 150,
	       "%s: %" PRIu64 " faults for 200 operations of %" PRIu64 " pages", kind, made, pages);
	lead_end(&l);
out:
	lead_done(&l);
}

/* 1,000 a second for a second; and what a standstill in between does to those that were due. */
static void test_stall(void)
{
	struct thread_report sum;
	struct lead l;

	if (!begin(&l, "kind=touch size=64K", 1))
		goto out;
	l.args.rate = 1000;
	l.args.measured = (struct worker_work){ .end_ns = 300000000 };
	if (!lead_start(&l) || !lead_to(&l, GO_SETUP, WORKER_READY) ||
	    !lead_to(&l, GO_WARMUP, WORKER_WARM))
		goto out;
	kill(l.pid, SIGSTOP);
	worker_release(l.args.barrier, GO_MEASURE);
	tap_ok(poll(&(struct pollfd){ .fd = l.pidfd, .events = POLLIN }, 1, 100) == 0,
	       "it stands still for 100 ms");
	kill(l.pid, SIGCONT);
	if (!lead_await(&l, WORKER_DONE))
		goto out;
	lead_total(&l, &sum);
	tap_ok(sum.ops <= 300 && sum.ops >= 285, "none is left out: %" PRIu64 " of 300", sum.ops);
	/* One in three was due meanwhile: the later half of these waited less than 50 ms. */
	tap_ok(histogram_quantile(&sum.latency, 0.9) >= 40000000,
	       "one in ten was late by 40 ms and more: %.1f ms",
	       (double)histogram_quantile(&sum.latency, 0.9) / 1e6);
	lead_end(&l);
out:
	lead_done(&l);
}

static void refuses(bool rated, const char *options, unsigned threads, const char *text)
{
	struct workload_site site = a_site(rated);
	struct lead l;

	tap_ok(!lead_init_at(&l, &site, "probe", options, threads), "refused: %s", options);
	tap_eq_str(l.err.text, text, "which says why");
	lead_done(&l);
}

static void test_refusals(void)
{
	refuses(false, "kind=fault", 1,
		"it measures how late operations are, so they need times at which they are due: "
		"add rate, as rate: 1000");
	refuses(true, "block=6K", 1, "block: 6144 is not a multiple of the page size, 4096");
	refuses(true, "block=8K size=12K", 1, "size: 12288 is not a multiple of block, 8192");
	refuses(true, "size=8K", 3, "3 threads can't share 2 blocks");
	refuses(true, "kind=alloc verify=true", 1,
		"verify: kind: alloc keeps no contents; it is for read and touch");
}

static void test_plans(void)
{
	static const struct {
		const char *options;
		uint64_t footprint, disk;
		const char *dir;
	} cases[] = {
		{ "kind=fault size=1M", 1 << 20, 0, NULL },
		{ "kind=alloc size=1M block=64K", 2 << 16, 0, NULL },
		{ "kind=read size=1M", 0, 1 << 20, "disk" },
		{ "kind=read size=1M dir=tmpfs", 1 << 20, 1 << 20, "tmpfs" },
		{ "kind=touch size=1M", 1 << 20, 0, NULL },
	};
	struct workload_site site = a_site(true);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct lead l;

		lead_init_at(&l, &site, "probe", cases[i].options, 2);
		tap_ok(l.plan.footprint_bytes == cases[i].footprint &&
			       l.plan.disk_bytes == cases[i].disk && l.plan.pinned_bytes == 0,
		       "%s: owns %" PRIu64 ", its files take %" PRIu64, cases[i].options,
		       l.plan.footprint_bytes, l.plan.disk_bytes);
		tap_eq_str(l.plan.dir, cases[i].dir, "and its directory is where it should");
		lead_done(&l);
	}
}

int main(void)
{
	test_refusals();
	test_plans();
	test_kind("fault", "", 1);
	test_kind("fault", "", 3);
	test_kind("alloc", "", 1);
	test_kind("alloc", "", 3);
	test_kind("read", "verify=true", 1);
	test_kind("read", "verify=true", 3);
	test_kind("touch", "verify=true compressibility=25%", 1);
	test_kind("touch", "verify=true", 3);
	test_faults("fault", 200);
	test_faults("alloc", 200);
	test_faults("touch", 0);
	test_stall();
	return tap_done();
}
