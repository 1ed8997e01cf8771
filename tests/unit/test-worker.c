// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Real worker processes with the anon generator, led through their phases as the harness does it.
 * Every wait is a poll with an end.
 */
#include "workloads/worker.h"

#include <errno.h>
#include <fcntl.h>
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
#include "tests/tap.h"
#include "workloads/registry.h"

#define WAIT_NS	  10000000000ull /* no phase here takes a second */
#define LINGER_MS 50		 /* a process that ends too early has ended by then */

struct lead {
	struct worker_args args; /* what a test sets before lead_start() */
	uint64_t address_room;	 /* bytes that the worker may still map; 0: no limit */
	void *options;
	struct workload_plan plan;
	size_t shared_bytes;
	pid_t pid;
	int pidfd;
	uint64_t told; /* sum of what was read from the eventfd */
};

static void *share(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* text: "size=1M pattern=zipf". */
static bool parse_options(struct lead *l, const char *text)
{
	_cleanup_free_ char *copy = strdup(text);
	char *rest = copy, *word;
	const struct workload_ops *ops = l->args.ops;
	struct error err = {};

	if (!copy || !l->options || option_defaults(ops->options, l->options, &err) < 0)
		return false;
	while ((word = strsep(&rest, " "))) {
		char *value = strchr(word, '=');
		const struct option_spec *spec;

		*value++ = '\0';
		spec = option_find(ops->options, word);
		if (!spec || option_parse(spec, l->options, value, &err) < 0) {
			printf("# %s\n", err.text);
			return false;
		}
	}
	return ops->plan(l->options, &l->plan, &err) == 0;
}

static bool lead_init(struct lead *l, const char *options, unsigned threads)
{
	*l = (struct lead){ .pid = -1, .pidfd = -1, .args.event_fd = -1 };
	l->args.ops = workload_find("anon");
	if (!l->args.ops)
		return tap_ok(false, "the anon generator is there");
	l->options = calloc(1, l->args.ops->options_size);
	l->shared_bytes = worker_shared_size(threads);
	l->args.options = l->options;
	l->args.name = "anon";
	l->args.threads = threads;
	l->args.seed = 42;
	l->args.barrier = share(sizeof(*l->args.barrier));
	l->args.shared = share(l->shared_bytes);
	l->args.event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!parse_options(l, options) || !l->args.barrier || !l->args.shared ||
	    l->args.event_fd < 0)
		return tap_ok(false, "a worker with %s", options);
	l->args.ops_per_pass = l->plan.ops_per_pass;
	return true;
}

static void limit_address_space(uint64_t room)
{
	char line[200] = "";
	struct rlimit limit;

	file_read_line(AT_FDCWD, "/proc/self/statm", line, sizeof(line));
	limit.rlim_cur = limit.rlim_max =
		strtoull(line, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE) + room;
	if (setrlimit(RLIMIT_AS, &limit) < 0)
		_exit(77);
}

static bool lead_start(struct lead *l)
{
	l->pid = fork();
	if (l->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* nothing outlives the test */
		if (l->address_room)
			limit_address_space(l->address_room);
		worker_main(&l->args);
	}
	l->pidfd = l->pid < 0 ? -1 : (int)syscall(SYS_pidfd_open, l->pid, 0);
	return tap_ok(l->pidfd >= 0, "a worker process of %u threads", l->args.threads);
}

static void lead_done(struct lead *l)
{
	if (l->pid > 0) {
		kill(l->pid, SIGKILL);
		waitpid(l->pid, NULL, 0);
	}
	if (l->pidfd >= 0)
		close(l->pidfd);
	if (l->args.event_fd >= 0)
		close(l->args.event_fd);
	if (l->args.barrier)
		munmap(l->args.barrier, sizeof(*l->args.barrier));
	if (l->args.shared)
		munmap(l->args.shared, l->shared_bytes);
	free(l->options);
}

static unsigned arrived(const struct lead *l, enum worker_state state)
{
	return atomic_load(&l->args.shared->arrived[state]);
}

/* What was told since the last look; the descriptor doesn't block. */
static bool take_told(struct lead *l)
{
	uint64_t count;

	if (read(l->args.event_fd, &count, sizeof(count)) != sizeof(count))
		return false;
	l->told += count;
	return true;
}

/* Until the worker tells something or ends; false when it does neither. */
static bool await_news(struct lead *l, uint64_t end)
{
	struct pollfd fds[] = {
		{ .fd = l->args.event_fd, .events = POLLIN },
		{ .fd = l->pidfd, .events = POLLIN },
	};
	uint64_t now = workload_clock();

	if (now >= end || poll(fds, 2, (int)((end - now) / 1000000) + 1) <= 0)
		return false;
	return take_told(l) || !fds[1].revents;
}

static bool await_state(struct lead *l, enum worker_state state)
{
	static const char *const names[] = { "born", "ready", "warm", "done" };
	uint64_t end = workload_clock() + WAIT_NS;

	/* The eventfd may still tell what is known already: what is shared decides. */
	while (arrived(l, state) < l->args.threads && !atomic_load(&l->args.shared->failed) &&
	       await_news(l, end))
		;
	if (arrived(l, state) == l->args.threads)
		return true;
	return tap_ok(false, "%s: %u of %u threads arrived, %s", names[state], arrived(l, state),
		      l->args.threads,
		      atomic_load(&l->args.shared->failed) ? l->args.shared->err.text
							   : "nothing told");
}

/* The exit status, or -1 when the process was killed or goes on. */
static int await_exit(struct lead *l)
{
	struct pollfd ended = { .fd = l->pidfd, .events = POLLIN };
	int status;

	if (poll(&ended, 1, (int)(WAIT_NS / 1000000)) != 1 || waitpid(l->pid, &status, 0) < 0)
		return -1;
	l->pid = -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static struct thread_report total(const struct lead *l)
{
	struct thread_report sum = {};

	for (unsigned i = 0; i < l->args.threads; i++) {
		const struct thread_report *r = &l->args.shared->reports[i];

		sum.ops += r->ops;
		sum.bytes += r->bytes;
		sum.errors += r->errors;
		histogram_merge(&sum.latency, &r->latency);
	}
	return sum;
}

static uint64_t sum_buckets(const struct histogram *h)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		sum += h->buckets[i];
	return sum;
}

static bool lead_to(struct lead *l, enum worker_go go, enum worker_state state)
{
	worker_release(l->args.barrier, go);
	return await_state(l, state);
}

static bool lead_all(struct lead *l)
{
	return lead_start(l) && lead_to(l, GO_SETUP, WORKER_READY) &&
	       lead_to(l, GO_WARMUP, WORKER_WARM) && lead_to(l, GO_MEASURE, WORKER_DONE);
}

static void lead_out(struct lead *l)
{
	worker_release(l->args.barrier, GO_EXIT);
	tap_eq_i64(await_exit(l), 0, "it ends with status 0");
}

/* KiB of anonymous memory, in core or swapped out; 0 where the kernel doesn't say. */
static uint64_t anonymous_kib(const struct lead *l)
{
	static const char *const keys[] = { "\nAnonymous:", "\nSwap:" };
	_cleanup_free_ char *path = text_format("/proc/%d/smaps_rollup", (int)l->pid), *text = NULL;
	uint64_t sum = 0;

	if (!path || file_read(AT_FDCWD, path, &text, NULL, NULL) < 0)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *at = strstr(text, keys[i]);

		sum += at ? strtoull(at + strlen(keys[i]), NULL, 10) : 0;
	}
	return sum;
}

static void check_pages(const struct lead *l, uint64_t before)
{
	uint64_t want = l->plan.footprint_bytes / 1024, now = anonymous_kib(l);

	if (before == 0 || now == 0) {
		tap_skip("this kernel has no smaps_rollup");
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

	if (!lead_init(&l, "size=8M", threads))
		goto out;
	l.args.warmup_ops = l.plan.ops_per_pass;
	l.args.measured_ops = 2 * l.plan.ops_per_pass + 1;
	if (!lead_start(&l) || !lead_to(&l, GO_SETUP, WORKER_READY))
		goto out;
	tap_eq_u64(arrived(&l, WORKER_READY), threads, "all threads are ready");
	tap_eq_u64(arrived(&l, WORKER_WARM), 0, "and wait for the warm-up");
	before = anonymous_kib(&l);
	if (!lead_to(&l, GO_WARMUP, WORKER_WARM))
		goto out;
	tap_eq_u64(arrived(&l, WORKER_DONE), 0, "warm, they wait for the measured phase");
	check_pages(&l, before);
	sum = total(&l);
	tap_ok(sum.ops == 0 && sum.bytes == 0 && sum.latency.count == 0 && sum.latency.max == 0 &&
		       sum_buckets(&sum.latency) == 0,
	       "the warm-up is not in the report");
	if (!lead_to(&l, GO_MEASURE, WORKER_DONE))
		goto out;
	sum = total(&l);
	tap_eq_u64(sum.ops, 2 * l.plan.ops_per_pass + 1, "exactly the measured operations");
	tap_eq_u64(sum.bytes, sum.ops * (uint64_t)sysconf(_SC_PAGESIZE), "a page each");
	tap_eq_u64(sum.latency.count, sum.ops, "the histogram has each of them");
	tap_eq_u64(sum_buckets(&sum.latency), sum.ops, "also by its buckets");
	tap_eq_u64(sum.errors, 0, "no errors");
	for (unsigned i = 0; i < threads; i++)
		tap_eq_u64(l.args.shared->reports[i].ops,
			   (sum.ops * (i + 1)) / threads - (sum.ops * i) / threads,
			   "thread %u has its share", i);
	check_pages(&l, before);
	tap_ok(poll(&(struct pollfd){ .fd = l.pidfd, .events = POLLIN }, 1, LINGER_MS) == 0,
	       "it keeps what it owns until it is released");
	lead_out(&l);
	take_told(&l);
	tap_eq_u64(l.told, 3, "each state was told once");
	tap_eq_u64(arrived(&l, WORKER_BORN), 0, "no thread is counted as born");
	tap_eq_u64(atomic_load(&l.args.shared->failed), 0, "nothing failed");
out:
	lead_done(&l);
}

/* Fewer operations than threads, and no warm-up. */
static void test_few(void)
{
	struct lead l;

	if (lead_init(&l, "size=64K", 3)) {
		l.args.measured_ops = 2;
		if (lead_all(&l)) {
			tap_eq_u64(total(&l).ops, 2, "3 threads do 2 operations together");
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

	if (!lead_init(&l, "size=1M pattern=uniform", threads))
		goto out;
	l.args.warmup_duration_ns = duration;
	l.args.measured_duration_ns = duration;
	if (!lead_start(&l) || !lead_to(&l, GO_SETUP, WORKER_READY) ||
	    !lead_to(&l, GO_WARMUP, WORKER_WARM))
		goto out;
	began = workload_clock();
	if (!lead_to(&l, GO_MEASURE, WORKER_DONE))
		goto out;
	took = workload_clock() - began;
	sum = total(&l);
	tap_ok(took >= duration, "20 ms of work last as long: %.1f ms", (double)took / 1e6);
	tap_ok(sum.ops > 0 && sum.latency.count == sum.ops,
	       "%" PRIu64 " operations, each in the histogram", sum.ops);
	for (unsigned i = 0; i < threads; i++)
		tap_ok(l.args.shared->reports[i].ops > 0, "thread %u worked", i);
	lead_out(&l);
out:
	lead_done(&l);
}

/* Work without an end; the flag comes when some of it is seen done. */
static void test_stop(bool early)
{
	struct lead l;
	uint64_t end, ops;

	if (!lead_init(&l, "size=1M", 2))
		goto out;
	l.args.measured_ops = UINT64_MAX;
	if (!lead_start(&l) || !lead_to(&l, GO_SETUP, WORKER_READY) ||
	    !lead_to(&l, GO_WARMUP, WORKER_WARM))
		goto out;
	if (early)
		atomic_store(&l.args.barrier->stop, true);
	worker_release(l.args.barrier, GO_MEASURE);
	end = workload_clock() + WAIT_NS;
	while (!early && workload_clock() < end &&
	       !__atomic_load_n(&l.args.shared->reports[0].ops, __ATOMIC_RELAXED))
		sched_yield();
	atomic_store(&l.args.barrier->stop, true);
	if (!await_state(&l, WORKER_DONE))
		goto out;
	ops = total(&l).ops;
	if (early)
		tap_eq_u64(ops, 0, "a flag that is set before the work leaves nothing to do");
	else
		tap_ok(ops > 0, "the stop flag ends endless work after %" PRIu64 " operations",
		       ops);
	tap_eq_u64(total(&l).latency.count, ops, "the histogram has each of them");
	lead_out(&l);
out:
	lead_done(&l);
}

static void test_verify(const char *pattern, unsigned threads)
{
	_cleanup_free_ char *options = text_format("size=1M verify=true pattern=%s", pattern);
	struct lead l;

	if (lead_init(&l, options, threads)) {
		l.args.warmup_ops = l.plan.ops_per_pass;
		l.args.measured_ops = 4 * l.plan.ops_per_pass;
		if (lead_all(&l)) {
			tap_eq_u64(total(&l).errors, 0, "%s, %u threads: verify finds no errors",
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
	uint64_t end = workload_clock() + WAIT_NS;

	l->args.measured_ops = 1;
	if (!lead_start(l))
		return;
	worker_release(l->args.barrier, GO_SETUP);
	while (!atomic_load(&s->failed) && await_news(l, end))
		;
	tap_eq_i64(await_exit(l), EXIT_FAILURE, "it ends with status 1");
	take_told(l);
	tap_eq_u64(atomic_load(&s->failed), 1, "and is marked as failed");
	tap_eq_i64(s->err.code, code, "the error's code");
	tap_eq_str(s->err.text, text, "the error's text");
	tap_eq_u64(l->told, 1, "the failure is told once");
	tap_eq_u64(arrived(l, WORKER_READY), 0, "no thread has arrived");
}

static void test_no_memory(void)
{
	struct lead l;

	if (lead_init(&l, "size=4G", 2)) {
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

	if (lead_init(&l, "size=64K", threads))
		check_failure(&l, text, -EINVAL);
	lead_done(&l);
}

int main(void)
{
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
