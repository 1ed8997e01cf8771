// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Real worker processes with the anon generator, led through their phases as the harness does it.
 * Every wait is a poll with an end.
 */
#include "workloads/worker.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "tests/lead.h"
#include "tests/tap.h"

#define LINGER_MS 50 /* a process that ends too early has ended by then */

static bool begin(struct lead *l, const char *options, unsigned threads)
{
	return tap_ok(lead_init(l, "anon", options, threads), "a worker of %u threads with %s%s%s",
		      threads, options, *l->err.text ? ": " : "", l->err.text);
}

static bool reaches(struct lead *l, enum worker_go go, enum worker_state state)
{
	return lead_to(l, go, state) || tap_ok(false, "%s", l->err.text);
}

static bool goes_through(struct lead *l)
{
	return lead_all(l) || tap_ok(false, "%s", l->err.text);
}

static void lead_out(struct lead *l)
{
	tap_ok(lead_end(l), "it ends with status 0");
}

static uint64_t total_ops(const struct lead *l)
{
	struct thread_report sum;

	lead_total(l, &sum);
	return sum.ops;
}

static uint64_t total_latencies(const struct lead *l)
{
	struct thread_report sum;

	lead_total(l, &sum);
	return sum.latency.count;
}

static uint64_t total_errors(const struct lead *l)
{
	struct thread_report sum;

	lead_total(l, &sum);
	return sum.errors;
}

static uint64_t sum_buckets(const struct histogram *h)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		sum += h->buckets[i];
	return sum;
}

static void check_pages(const struct lead *l, uint64_t before)
{
	uint64_t want = l->plan.footprint_bytes / 1024, now = lead_anonymous(l) / 1024;

	if (before == 0 || now == 0) {
		tap_skip("this kernel has no smaps");
		return;
	}
	/* Stacks and the allocator take some pages of their own. */
	tap_ok(now >= before + want && now <= before + want + want / 8,
	       "a pass touches each page: %" PRIu64 " KiB more, the mapping has %" PRIu64,
	       now - before, want);
}

static void test_phases(unsigned threads)
{
	struct lead l;
	struct thread_report sum;
	uint64_t before = 0;

	if (!begin(&l, "size=8M", threads))
		goto out;
	l.args.warmup.ops = l.plan.ops_per_pass;
	l.args.measured.ops = 2 * l.plan.ops_per_pass + 1;
	if (!lead_start(&l) || !reaches(&l, GO_SETUP, WORKER_READY))
		goto out;
	tap_eq_u64(lead_arrived(&l, WORKER_READY), threads, "all threads are ready");
	tap_eq_u64(lead_arrived(&l, WORKER_WARM), 0, "and wait for the warm-up");
	before = lead_anonymous(&l) / 1024;
	if (!reaches(&l, GO_WARMUP, WORKER_WARM))
		goto out;
	tap_eq_u64(lead_arrived(&l, WORKER_DONE), 0, "warm, they wait for the measured phase");
	check_pages(&l, before);
	lead_total(&l, &sum);
	tap_ok(sum.ops == 0 && sum.bytes == 0 && sum.latency.count == 0 && sum.latency.max == 0 &&
		       sum_buckets(&sum.latency) == 0,
	       "the warm-up is not in the report");
	if (!reaches(&l, GO_MEASURE, WORKER_DONE))
		goto out;
	lead_total(&l, &sum);
	tap_eq_u64(sum.ops, 2 * l.plan.ops_per_pass + 1, "exactly the measured operations");
	tap_eq_u64(sum.bytes, sum.ops * (uint64_t)sysconf(_SC_PAGESIZE), "a page each");
	tap_eq_u64(sum.latency.count, sum.ops, "the histogram has each of them");
	tap_eq_u64(sum_buckets(&sum.latency), sum.ops, "also by its buckets");
	tap_eq_u64(sum.errors, 0, "no errors");
	for (unsigned i = 0; i < threads; i++)
		tap_eq_u64(l.args.reports[i].ops,
			   (sum.ops * (i + 1)) / threads - (sum.ops * i) / threads,
			   "thread %u has its share", i);
	check_pages(&l, before);
	tap_ok(poll(&(struct pollfd){ .fd = l.pidfd, .events = POLLIN }, 1, LINGER_MS) == 0,
	       "it keeps what it owns until it is released");
	lead_out(&l);
	lead_take_told(&l);
	tap_eq_u64(l.told, 3, "each state was told once");
	tap_eq_u64(lead_arrived(&l, WORKER_BORN), 0, "no thread is counted as born");
	tap_eq_u64(atomic_load(&l.args.shared->failed), 0, "nothing failed");
out:
	lead_done(&l);
}

/* Fewer operations than threads, and no warm-up. */
static void test_few(void)
{
	struct lead l;

	if (begin(&l, "size=64K", 3)) {
		l.args.measured.ops = 2;
		if (goes_through(&l)) {
			tap_eq_u64(total_ops(&l), 2, "3 threads do 2 operations together");
			lead_out(&l);
		}
	}
	lead_done(&l);
}

static void test_duration(unsigned threads)
{
	const uint64_t duration = 20000000;
	struct thread_report sum;
	uint64_t began, took;
	struct lead l;

	if (!begin(&l, "size=1M pattern=uniform", threads))
		goto out;
	l.args.warmup.end_ns = duration;
	l.args.measured = (struct worker_work){ .end_ns = duration };
	if (!lead_start(&l) || !reaches(&l, GO_SETUP, WORKER_READY) ||
	    !reaches(&l, GO_WARMUP, WORKER_WARM))
		goto out;
	began = workload_clock();
	if (!reaches(&l, GO_MEASURE, WORKER_DONE))
		goto out;
	took = workload_clock() - began;
	lead_total(&l, &sum);
	tap_ok(took >= duration, "20 ms of work last as long: %.1f ms", (double)took / 1e6);
	tap_ok(sum.ops > 0 && sum.latency.count == sum.ops,
	       "%" PRIu64 " operations, each in the histogram", sum.ops);
	for (unsigned i = 0; i < threads; i++)
		tap_ok(l.args.reports[i].ops > 0, "thread %u worked", i);
	lead_out(&l);
out:
	lead_done(&l);
}

/* Work without an end; the flag comes when some of it is seen done. */
static void test_stop(bool early)
{
	struct lead l;
	uint64_t end, ops;

	if (!begin(&l, "size=1M", 2))
		goto out;
	l.args.measured.ops = UINT64_MAX;
	if (!lead_start(&l) || !reaches(&l, GO_SETUP, WORKER_READY) ||
	    !reaches(&l, GO_WARMUP, WORKER_WARM))
		goto out;
	if (early)
		worker_stop(l.args.barrier);
	worker_release(l.args.barrier, GO_MEASURE);
	end = workload_clock() + LEAD_WAIT_NS;
	while (!early && workload_clock() < end &&
	       !__atomic_load_n(&l.args.reports[0].ops, __ATOMIC_RELAXED))
		sched_yield();
	worker_stop(l.args.barrier);
	if (!lead_await(&l, WORKER_DONE))
		goto out;
	ops = total_ops(&l);
	if (early)
		tap_eq_u64(ops, 0, "a flag that is set before the work leaves nothing to do");
	else
		tap_ok(ops > 0, "the stop flag ends endless work after %" PRIu64 " operations",
		       ops);
	tap_eq_u64(total_latencies(&l), ops, "the histogram has each of them");
	lead_out(&l);
out:
	lead_done(&l);
}

static void test_verify(const char *pattern, unsigned threads)
{
	_cleanup_free_ char *options = text_format("size=1M verify=true pattern=%s", pattern);
	struct lead l;

	if (begin(&l, options, threads)) {
		l.args.warmup.ops = l.plan.ops_per_pass;
		l.args.measured.ops = 4 * l.plan.ops_per_pass;
		if (goes_through(&l)) {
			tap_eq_u64(total_errors(&l), 0, "%s, %u threads: verify finds no errors",
				   pattern, threads);
			lead_out(&l);
		}
	}
	lead_done(&l);
}

/* A set-up that fails tells it once, sets the error and ends the process. */
static void check_failure(struct lead *l, const char *text, int code)
{
	struct worker_shared *s = l->args.shared;
	uint64_t end = workload_clock() + LEAD_WAIT_NS;

	l->args.measured.ops = 1;
	if (!lead_start(l))
		return;
	worker_release(l->args.barrier, GO_SETUP);
	while (!atomic_load(&s->failed) && lead_await_news(l, end))
		;
	tap_eq_i64(lead_await_exit(l), EXIT_FAILURE, "it ends with status 1");
	lead_take_told(l);
	tap_eq_u64(atomic_load(&s->failed), 1, "and is marked as failed");
	tap_eq_i64(s->err.code, code, "the error's code");
	tap_eq_str(s->err.text, text, "the error's text");
	tap_eq_u64(l->told, 1, "the failure is told once");
	tap_eq_u64(lead_arrived(l, WORKER_READY), 0, "no thread has arrived");
}

static void test_no_memory(void)
{
	struct lead l;

	if (begin(&l, "size=4G", 2)) {
		l.address_room = 1 << 28;
		check_failure(&l, "map 4294967296 bytes: Cannot allocate memory", -ENOMEM);
	}
	lead_done(&l);
}

static void test_no_share(void)
{
	unsigned threads = (1 << 16) / (unsigned)sysconf(_SC_PAGESIZE) + 1;
	_cleanup_free_ char *text =
		text_format("%u threads can't share %u blocks", threads, threads - 1);
	struct lead l;

	tap_ok(!lead_init(&l, "anon", "size=64K", threads), "more threads than pages are refused");
	tap_eq_i64(l.err.code, -EINVAL, "the error's code");
	tap_eq_str(l.err.text, text, "the error's text");
	lead_done(&l);
}

/* Open loop: a rate keeps its times, late or not; start delays, end cuts. */
static void test_rate(unsigned threads)
{
	struct thread_report sum;
	uint64_t began, took;
	struct lead l;

	if (!begin(&l, "size=1M", threads))
		goto out;
	l.args.rate = 2000;
	l.args.measured = (struct worker_work){ .start_ns = 20000000, .ops = 200 };
	if (!lead_start(&l) || !reaches(&l, GO_SETUP, WORKER_READY) ||
	    !reaches(&l, GO_WARMUP, WORKER_WARM))
		goto out;
	began = workload_clock();
	if (!reaches(&l, GO_MEASURE, WORKER_DONE))
		goto out;
	took = workload_clock() - began;
	lead_total(&l, &sum);
	tap_eq_u64(sum.ops, 200, "all operations");
	/* The last one is due 199 intervals behind the first; a busy machine may be later. */
	tap_ok(took >= 119500000, "2,000 a second, begun after 20 ms: %.1f ms", (double)took / 1e6);
	tap_eq_u64(sum.latency.count, sum.ops, "each is timed");
	lead_out(&l);
out:
	lead_done(&l);
}

/* An end cuts a rate off: nothing that is due later is begun. */
static void test_rate_end(void)
{
	struct lead l;

	if (begin(&l, "size=1M", 2)) {
		l.args.rate = 2000;
		l.args.measured = (struct worker_work){ .end_ns = 50000000 };
		if (goes_through(&l)) {
			tap_ok(total_ops(&l) > 0 && total_ops(&l) <= 100,
			       "2,000 a second end after 50 ms: %" PRIu64 " of 100", total_ops(&l));
			lead_out(&l);
		}
	}
	lead_done(&l);
}

/* A stalled worker's operations are late by what they waited, not only slow. */
static void test_stall(void)
{
	struct thread_report sum;
	struct lead l;

	if (!begin(&l, "size=1M", 1))
		goto out;
	l.args.rate = 1000;
	l.args.measured = (struct worker_work){ .end_ns = 200000000 };
	if (!lead_start(&l) || !reaches(&l, GO_SETUP, WORKER_READY) ||
	    !reaches(&l, GO_WARMUP, WORKER_WARM))
		goto out;
	kill(l.pid, SIGSTOP);
	worker_release(l.args.barrier, GO_MEASURE);
	tap_ok(poll(&(struct pollfd){ .fd = l.pidfd, .events = POLLIN }, 1, 100) == 0,
	       "it stands still for 100 ms");
	kill(l.pid, SIGCONT);
	if (!lead_await(&l, WORKER_DONE))
		goto out;
	lead_total(&l, &sum);
	tap_ok(sum.latency.max >= 80000000, "after 100 ms of standstill the slowest took %.1f ms",
	       (double)sum.latency.max / 1e6);
	tap_ok(histogram_quantile(&sum.latency, 0.7) >= 10000000,
	       "and not it alone: the 70th percentile is %.1f ms",
	       (double)histogram_quantile(&sum.latency, 0.7) / 1e6);
	lead_out(&l);
out:
	lead_done(&l);
}

static void test_untimed(void)
{
	struct lead l;

	if (begin(&l, "size=1M", 1)) {
		l.args.latency = false;
		if (goes_through(&l)) {
			tap_eq_u64(total_ops(&l), l.plan.ops_per_pass, "untimed: all operations");
			tap_eq_u64(total_latencies(&l), 0, "and no latency");
			lead_out(&l);
		}
	}
	lead_done(&l);
}

int main(void)
{
	test_rate(1);
	test_rate(3);
	test_rate_end();
	test_stall();
	test_untimed();
	test_phases(1);
	test_phases(3);
	test_few();
	test_duration(1);
	test_duration(2);
	test_stop(false);
	test_stop(true);
	test_verify("sequential", 1);
	test_verify("sequential", 3);
	test_verify("zipf", 1);
	test_verify("zipf", 3);
	test_no_memory();
	test_no_share();
	return tap_done();
}
