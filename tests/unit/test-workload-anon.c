// SPDX-License-Identifier: GPL-2.0-or-later
/* Real worker processes with the anon generator in each of its modes. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "tests/lead.h"
#include "tests/tap.h"
#include "workloads/pattern.h"

#define MIB UINT64_C(1048576)

static size_t page_bytes(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/* A worker that has done the given passes; its lead is to be ended in any case. */
static bool run_passes(struct lead *l, const char *options, unsigned threads, unsigned passes)
{
	bool ok = lead_init(l, "anon", options, threads);

	l->args.measured.ops = passes * l->plan.ops_per_pass;
	ok = ok && lead_all(l);
	return tap_ok(ok, "%s, %u threads%s%s", options, threads, *l->err.text ? ": " : "",
		      l->err.text);
}

static uint64_t total_errors(const struct lead *l)
{
	struct thread_report sum;

	lead_total(l, &sum);
	return sum.errors;
}

/* Three passes: each operation and byte counted, no error, and what the counters say. */
static void check_mode(const char *options, unsigned threads, bool latency)
{
	struct thread_report sum;
	struct lead l;
	bool ok = lead_init(&l, "anon", options, threads);

	l.args.latency = latency;
	l.args.measured.ops = 3 * l.plan.ops_per_pass;
	if (tap_ok(ok && lead_all(&l), "%s, %u threads, latency: %s %s", options, threads,
		   latency ? "each" : "none", l.err.text)) {
		lead_total(&l, &sum);
		tap_ok(sum.ops == 3 * l.plan.ops_per_pass && sum.bytes == sum.ops * page_bytes() &&
			       sum.errors == 0 && sum.latency.count == (latency ? sum.ops : 0),
		       "%" PRIu64 " operations, a page each, without errors", sum.ops);
		tap_ok(lead_end(&l), "it ends with status 0");
	}
	lead_done(&l);
}

static void test_patterns(void)
{
	for (const char *const *name = pattern_names; *name; name++)
		for (unsigned threads = 1; threads <= 3; threads += 2) {
			_cleanup_free_ char *plain = text_format("size=512K pattern=%s", *name);
			_cleanup_free_ char *mixed = text_format(
				"size=512K pattern=%s verify=true write=50%% touch=page", *name);

			check_mode(plain, threads, false);
			check_mode(mixed, threads, true);
		}
	check_mode("size=512K write=0", 1, false);
	check_mode("size=512K write=0 touch=page", 3, false);
	check_mode("size=512K write=30% pattern=uniform", 1, false);
	check_mode("size=512K write=30% touch=page pattern=zipf", 3, false);
	check_mode("size=512K fill=header touch=page pattern=chase", 3, false);
	check_mode("size=512K fill=header verify=true write=50%", 3, false);
	check_mode("size=512K thp=system", 1, false);
	/* More than eight times any L2 is written past the caches. */
	check_mode("size=32M touch=page", 2, false);
}

/* Pages that patterns in order have filled: each once, in the first pass. */
static void test_filled(void)
{
	static const char *const options[] = {
		"size=1M",
		"size=1M pattern=strided",
		"size=1M pattern=chase",
		"size=1M verify=true",
		"size=1M fill=header",
	};
	struct lead l;

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		for (unsigned latency = 0; latency < 2; latency++) {
			bool ok = lead_init(&l, "anon", options[i], 3);

			l.args.latency = latency;
			l.args.measured.ops = 2 * l.plan.ops_per_pass;
			ok = ok && lead_all(&l);
			tap_eq_u64(ok ? lead_counter(&l, "filled") : 0, MIB / page_bytes(),
				   "%s: each page is filled once", options[i]);
			lead_done(&l);
		}
}

/* What is advised after each window, in the last pass too; what comes back anew. */
static void check_advise(const char *kind, const char *more, unsigned threads, bool drops)
{
	_cleanup_free_ char *options =
		text_format("size=1M verify=true advise=%s advise_size=64K%s", kind, more);
	uint64_t pages = MIB / page_bytes();
	struct lead l;

	if (run_passes(&l, options, threads, 3)) {
		/* A thread's share of a pass may leave a window unfinished. */
		uint64_t least = 3 * pages - threads * (65536 / page_bytes() - 1);

		tap_eq_u64(total_errors(&l), 0, "without errors");
		tap_ok(lead_counter(&l, "advised") >= least &&
			       lead_counter(&l, "advised") <= 3 * pages,
		       "%" PRIu64 " pages are advised", lead_counter(&l, "advised"));
		if (threads == 1 && drops)
			tap_eq_u64(lead_counter(&l, "dropped"), 2 * pages,
				   "each is found dropped in the two later passes");
		if (drops)
			tap_eq_u64(lead_counter(&l, "filled"), pages + lead_counter(&l, "dropped"),
				   "and filled anew as often");
		tap_ok(lead_end(&l), "it ends with status 0");
	}
	lead_done(&l);
}

static void test_advise(void)
{
	for (unsigned threads = 1; threads <= 3; threads += 2) {
		check_advise("dontneed", "", threads, true);
		check_advise("dontneed", " pattern=chase", threads, true);
		check_advise("dontneed", " pattern=strided fill=header write=0", threads, true);
		check_advise("free", "", threads, false);
		check_advise("free", " pattern=chase write=0", threads, false);
		check_advise("free", " write=50% touch=page", threads, false);
		check_advise("cold", " pattern=zipf", threads, false);
		check_advise("pageout", " pattern=uniform", threads, false);
	}
	check_advise("dontneed", " pattern=moving", 1, false);
	check_advise("free", " pattern=hotcold", 1, false);
}

/* Advice under a rate: a step that has nothing but advice to give is no operation. */
static void test_advise_rate(void)
{
	struct thread_report sum;
	struct lead l;

	if (tap_ok(lead_init(&l, "anon", "size=4M advise=dontneed advise_size=2M", 1), "a rate")) {
		l.args.rate = 100000;
		l.args.measured.ops = l.plan.ops_per_pass;
		if (tap_ok(lead_all(&l), "advice in parts: %s", l.err.text)) {
			lead_total(&l, &sum);
			tap_eq_u64(sum.ops, l.plan.ops_per_pass, "all operations");
			tap_eq_u64(lead_counter(&l, "advised"), l.plan.ops_per_pass,
				   "and all advice, the last of it at the end");
		}
	}
	lead_done(&l);
}

/* The first child of a process, as /proc has it; 0 for none. */
static pid_t child_of(pid_t pid)
{
	_cleanup_free_ char *path = text_format("/proc/%d/task/%d/children", (int)pid, (int)pid);
	_cleanup_free_ char *text = NULL;

	if (!path || file_read(AT_FDCWD, path, &text, NULL, NULL) < 0)
		return -1;
	return (pid_t)strtol(text, NULL, 10);
}

/* Gone, or a zombie that nobody has reaped. */
static bool has_ended(pid_t pid)
{
	_cleanup_free_ char *path = text_format("/proc/%d/stat", (int)pid);
	_cleanup_free_ char *text = NULL;
	const char *state;

	if (!path || file_read(AT_FDCWD, path, &text, NULL, NULL) < 0)
		return true;
	state = strrchr(text, ')');
	return state && strlen(state) > 2 && state[2] == 'Z';
}

static void test_fork(unsigned threads)
{
	struct lead l;
	pid_t child;

	if (run_passes(&l, "size=768K fork=hold verify=true", threads, 4)) {
		tap_eq_u64(lead_counter(&l, "forks"), 3, "a child each pass but the first");
		tap_eq_u64(total_errors(&l), 0, "without errors");
		tap_eq_u64(l.plan.footprint_bytes, 2 * 768 * 1024, "planned at twice the size");
		child = child_of(l.pid);
		if (child < 0)
			tap_skip("this kernel lists no children");
		else
			tap_ok(child > 0, "the last child holds the pages until the end");
		tap_ok(lead_end(&l), "it ends with status 0");
		tap_ok(child <= 0 || has_ended(child), "and its child with it");
	}
	lead_done(&l);
}

/* A worker that is killed leaves no child. */
static void test_fork_killed(void)
{
	struct timespec wait = { .tv_nsec = 1000000 };
	pid_t child = 0;
	struct lead l;

	if (run_passes(&l, "size=1M fork=hold", 1, 2) && (child = child_of(l.pid)) > 0) {
		kill(l.pid, SIGKILL);
		lead_await_exit(&l);
		for (unsigned i = 0; i < 5000 && !has_ended(child); i++)
			nanosleep(&wait, NULL);
		tap_ok(has_ended(child), "the child of a killed worker is killed");
	} else if (child < 0) {
		tap_skip("this kernel lists no children");
	}
	lead_done(&l);
}

static uint64_t kib_of(const struct lead *l, const char *file, const char *key)
{
	_cleanup_free_ char *path = text_format("/proc/%d/%s", (int)l->pid, file), *text = NULL;
	const char *at;

	if (!path || file_read(AT_FDCWD, path, &text, NULL, NULL) < 0)
		return 0;
	at = strstr(text, key);
	return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

static void test_mlock(void)
{
	struct rlimit limit;
	struct lead l;

	getrlimit(RLIMIT_MEMLOCK, &limit);
	if (geteuid() != 0 && limit.rlim_cur < MIB) {
		tap_skip("RLIMIT_MEMLOCK is below 1 MiB");
		return;
	}
	if (run_passes(&l, "size=4M mlock=25% verify=true advise=dontneed advise_size=64K", 1, 2)) {
		tap_eq_u64(l.plan.pinned_bytes, MIB, "a quarter is planned as pinned");
		tap_eq_u64(kib_of(&l, "status", "VmLck:"), 1024, "and is locked");
		tap_eq_u64(total_errors(&l), 0, "without errors");
		tap_eq_u64(lead_counter(&l, "dropped"), 3 * MIB / page_bytes(),
			   "what is locked is not advised");
		tap_ok(lead_end(&l), "it ends with status 0");
	}
	lead_done(&l);
}

/*
 * The same seed touches and fills the same, whether each is timed or not; another does not. One
 * thread: two may find the same page unfilled, and both fill it.
 */
static void test_seeded(void)
{
	static const uint64_t seeds[] = { 42, 42, 43 };
	uint64_t filled[3] = {};

	for (unsigned i = 0; i < 3; i++) {
		struct lead l;

		if (lead_init(&l, "anon", "size=4M pattern=zipf write=50%", 1)) {
			l.args.seed = seeds[i];
			l.args.latency = i == 1;
			if (lead_all(&l))
				filled[i] = lead_counter(&l, "filled");
		}
		lead_done(&l);
	}
	tap_ok(filled[0] > 0, "a pass of zipf fills %" PRIu64 " pages", filled[0]);
	tap_eq_u64(filled[1], filled[0], "the same seed fills as many, timed or not");
	tap_ok(filled[2] != filled[0], "another fills %" PRIu64, filled[2]);
}

static void check_refused(const char *options, unsigned threads, const char *text)
{
	struct workload_site site = { .page_bytes = 4096,
				      .node_count = 1,
				      .node_bytes = { 1ull << 40 } };
	struct lead l;

	tap_ok(!lead_init_at(&l, &site, "anon", options, threads), "%s is refused", options);
	tap_eq_str(l.err.text, text, "with its reason");
	lead_done(&l);
}

static void test_refused(void)
{
	check_refused("size=65537", 1, "size: 65537 is not a multiple of the page size, 4096");
	check_refused("size=1M fill=header compressibility=75%", 1,
		      "compressibility: with fill: header all but 24 bytes of a page are zeros; "
		      "leave it out, or take fill: page");
	check_refused("size=1M fill=header touch=page verify=true", 1,
		      "verify: with fill: header and touch: page no contents are kept that could "
		      "be checked; take fill: page");
	check_refused("size=1M advise=cold advise_size=5000", 1,
		      "advise_size: 5000 is not a multiple of the page size, 4096");
	check_refused("size=64K advise=cold", 1,
		      "advise_size: 1048576 is more than the size, 65536");
	check_refused("size=1M advise=pageout", 1,
		      "advise: pageout has nowhere to write to: give the machine swap");
	check_refused("size=1M advise=dontneed pattern=uniform", 3,
		      "advise: dontneed would drop what another thread writes under pattern: "
		      "uniform; take sequential, strided or chase, or one thread");
	check_refused("size=1M advise=free mlock=100%", 1,
		      "advise: nothing is left to advise with mlock: 100%");
	check_refused("size=1M pattern=zipf theta=9", 1, "theta: 9 is out of range: 0 to 8");
	check_refused("size=1M pattern=strided stride=300", 1,
		      "stride: 300 is more than the 256 blocks of a thread");
	check_refused("size=1M pattern=scan hot_set=100%", 1, "hot_set: nothing is left to scan");
}

int main(void)
{
	test_patterns();
	test_filled();
	test_advise();
	test_advise_rate();
	test_fork(1);
	test_fork(3);
	test_fork_killed();
	test_mlock();
	test_seeded();
	test_refused();
	return tap_done();
}
