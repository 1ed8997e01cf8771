// SPDX-License-Identifier: GPL-2.0-or-later
/* The slowest operations: which are kept, what workers tell of them, how slow.tsv is read. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "results/slow.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/rng.h"
#include "tests/lead.h"
#include "tests/tap.h"
#include "workloads/slow.h"

#define MS UINT64_C(1000000)

/* ---- keeping ---- */

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint64_t latency(const struct slow_op *op)
{
	return op->end_ns - op->due_ns;
}

/* As a worker does it: what is not slower than over_ns is not offered. */
static void offer(struct slow_list *list, const uint64_t *latencies, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (latencies[i] > list->over_ns)
			slow_keep(list, &(struct slow_op){ .due_ns = i,
							   .begin_ns = i,
							   .end_ns = i + latencies[i] });
}

/* The kept ones are the slowest of all, whatever the order they came in. */
static void check_kept(const char *name, uint64_t *latencies, size_t count, uint64_t floor)
{
	struct slow_list *list = calloc(1, sizeof(*list));
	uint64_t kept[SLOW_MAX];
	size_t want = 0, slower = 0;

	if (!list)
		exit(1);
	list->over_ns = floor ? floor - 1 : 0;
	offer(list, latencies, count);
	qsort(latencies, count, sizeof(*latencies), by_number);
	for (size_t i = 0; i < count; i++)
		want += latencies[i] >= MAX(floor, UINT64_C(1));
	want = MIN(want, (size_t)SLOW_MAX);
	for (size_t i = 0; i < list->count; i++)
		kept[i] = latency(&list->ops[i]);
	qsort(kept, list->count, sizeof(*kept), by_number);
	if (tap_eq_u64(list->count, want, "%s: as many as there are", name))
		tap_ok(memcmp(kept, latencies + count - want, want * sizeof(*kept)) == 0,
		       "%s: the slowest", name);
	for (size_t i = 0; i < count; i++)
		slower += latencies[i] > list->over_ns;
	tap_ok(slower <= list->count, "%s: all that are slower than %" PRIu64 " ns are there", name,
	       list->over_ns);
	tap_ok(list->count < SLOW_MAX || list->over_ns == kept[0],
	       "%s: a full list is left out of by its fastest", name);
	free(list);
}

static void test_keeping(void)
{
	uint64_t latencies[5000];
	struct rng rng;

	rng_seed(&rng, 7);
	for (size_t i = 0; i < ARRAY_SIZE(latencies); i++)
		latencies[i] = 1 + rng_below(&rng, 1000000);
	check_kept("drawn", latencies, ARRAY_SIZE(latencies), 0);
	check_kept("ascending", latencies, ARRAY_SIZE(latencies), 0);
	for (size_t i = 0; i < ARRAY_SIZE(latencies); i++)
		latencies[i] = ARRAY_SIZE(latencies) - i;
	check_kept("descending", latencies, ARRAY_SIZE(latencies), 0);
	for (size_t i = 0; i < ARRAY_SIZE(latencies); i++)
		latencies[i] = 1 + rng_below(&rng, 3);
	check_kept("many alike", latencies, ARRAY_SIZE(latencies), 0);
	for (size_t i = 0; i < ARRAY_SIZE(latencies); i++)
		latencies[i] = 1 + rng_below(&rng, 1000000);
	check_kept("few", latencies, 100, 0);
	for (size_t i = 0; i < ARRAY_SIZE(latencies); i++)
		latencies[i] = 1 + rng_below(&rng, 1000000);
	check_kept("at least 900 us", latencies, ARRAY_SIZE(latencies), 900000);
}

/* ---- workers ---- */

static struct slow_list *share_lists(unsigned threads)
{
	void *p = mmap(NULL, threads * sizeof(struct slow_list), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		exit(1);
	return p;
}

/* Due at their times, begun and ended in order; the slowest is the histogram's. */
static void check_list(const struct lead *l, unsigned thread, uint64_t step_ns)
{
	const struct slow_list *list = &l->args.slow[thread];
	uint64_t begin = atomic_load(&l->args.barrier->origin_ns), max = 0;
	bool ordered = true, due = true;

	for (size_t i = 0; i < list->count; i++) {
		const struct slow_op *op = &list->ops[i];

		ordered &= op->due_ns <= op->begin_ns && op->begin_ns <= op->end_ns;
		due &= (op->due_ns - begin) % step_ns == 0;
		max = MAX(max, latency(op));
	}
	tap_eq_u64(list->count, l->args.reports[thread].latency.count,
		   "thread %u: each operation is kept", thread);
	tap_ok(ordered, "thread %u: due, begun, ended", thread);
	tap_ok(due, "thread %u: due at whole steps of the rate", thread);
	tap_eq_u64(max, l->args.reports[thread].latency.max, "thread %u: the slowest", thread);
}

static void test_workers(const char *generator, const char *options, unsigned threads)
{
	struct workload_site site = { .page_bytes = (size_t)sysconf(_SC_PAGESIZE),
				      .node_count = 1,
				      .node_bytes = { 1ull << 40 },
				      .disk_bytes = 1ull << 40,
				      .rated = true };
	struct slow_list *lists = share_lists(threads);
	struct lead l;

	if (!tap_ok(lead_init_at(&l, &site, generator, options, threads), "%s %s: %s", generator,
		    options, l.err.text))
		goto out;
	l.args.rate = 2000;
	l.args.slow = lists;
	l.args.warmup.ops = 20;
	l.args.measured.ops = 200;
	if (!tap_ok(lead_all(&l), "%s: it works %s", generator, l.err.text))
		goto out;
	for (unsigned i = 0; i < threads; i++)
		check_list(&l, i, MS / 2);
	lead_end(&l);
out:
	lead_done(&l);
	munmap(lists, threads * sizeof(*lists));
}

/*
 * What was due while the worker stood still began late, by as much as it was due before the end of
 * that: to begin late is told apart from to take long.
 */
static void test_late(void)
{
	struct slow_list *list = share_lists(1);
	size_t late = 0, long_ones = 0;
	struct lead l;

	if (!tap_ok(lead_init(&l, "anon", "size=64K", 1), "anon %s", l.err.text))
		goto out;
	l.args.rate = 1000;
	l.args.slow = list;
	list->over_ns = 10 * MS - 1;
	l.args.measured = (struct worker_work){ .end_ns = 200 * MS };
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
	for (size_t i = 0; i < list->count; i++) {
		late += list->ops[i].begin_ns >= list->ops[i].due_ns + 10 * MS;
		long_ones += list->ops[i].end_ns >= list->ops[i].begin_ns + 10 * MS;
	}
	/* 90 were due 10 ms or more before it went on; a busy machine can only add to these. */
	tap_ok(list->count >= 80, "%u operations of 10 ms and more", list->count);
	tap_ok(late >= 80 && late + long_ones >= list->count, "%zu began late, %zu took long", late,
	       long_ones);
	lead_end(&l);
out:
	lead_done(&l);
	munmap(list, sizeof(*list));
}

/* ---- reading ---- */

#define HEAD "workload\tthread\tdue_ns\tbegin_ns\tend_ns\n"

static int read_slows(int fd, const char *text, const char *trial, struct slows *ret,
		      struct error *err)
{
	json_t *json = json_loads(trial, 0, NULL);
	int r;

	*err = (struct error){};
	if (!json || file_write_atomic(fd, SLOW_FILE, text, strlen(text), err) < 0)
		exit(1);
	r = slows_read(ret, fd, json, err);
	json_decref(json);
	return r;
}

#define TWO                                                                                        \
	"{\"workloads\":[{\"name\":\"a\",\"slow\":{\"kept\":2,\"over_ns\":0}},{\"name\":\"b\"}]}"

static void test_reading(int fd)
{
	struct slows s = {};
	struct error err;
	json_t *none = json_loads("{\"workloads\":[{\"name\":\"b\"}]}", 0, NULL);

	tap_ok(!slows_expected(none), "a trial without open loops has no such file");
	json_decref(none);
	tap_eq_i64(read_slows(fd, HEAD "a\t0.0\t10\t10\t30\na\t0.1\t10\t15\t16\n", TWO, &s, &err),
		   0, "a good file (%s)", err.text);
	if (!tap_eq_u64(s.count, 2, "two operations"))
		return;
	tap_eq_str(s.items[1].workload, "a", "workload");
	tap_eq_str(s.items[1].thread, "0.1", "thread");
	tap_ok(s.items[1].due_ns == 10 && s.items[1].begin_ns == 15 && s.items[1].end_ns == 16,
	       "times");
	slows_done(&s);
	tap_ok(!s.items && !s.count && !s.text, "slows_done leaves nothing");
}

static void test_bad(int fd)
{
	static const struct {
		const char *text, *say;
	} bad[] = {
		{ "", "must name the columns" },
		{ "workload\n", "must name the columns" },
		{ HEAD "a\t0.0\t1\t2\n", "slow.tsv:2: fewer" },
		{ HEAD "a\t0.0\t1\t2\t3\t4\n", "slow.tsv:2: more" },
		{ HEAD "\t0.0\t1\t2\t3\n", "empty" },
		{ HEAD "a\t\t1\t2\t3\n", "empty" },
		{ HEAD "a\t0.0\t1\t2\t-\n", "times in order" },
		{ HEAD "a\t0.0\t3\t2\t4\n", "times in order" },
		{ HEAD "a\t0.0\t1\t4\t3\n", "times in order" },
		{ HEAD "a\t0.0\t5\t5\t6\na\t0.0\t4\t5\t6\n",
		  "slow.tsv:3: operations must be sorted" },
		{ HEAD "a\t0.0\t5\t5\t6\na\t0.0\t5\t5\t6", "cut short" },
		{ HEAD "a\t0.0\t5\t5\t6\n", "1 operations of a, trial.json speaks of 2" },
		{ HEAD "a\t0.0\t5\t5\t6\na\t0.0\t5\t5\t6\nb\t0.0\t5\t5\t6\n", "keep none" },
	};
	struct slows s = {};
	struct error err;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		int r = read_slows(fd, bad[i].text, TWO, &s, &err);

		tap_ok(r == -EBADMSG && strstr(err.text, bad[i].say), "refused: %s", err.text);
	}
	tap_ok(!s.items, "nothing was given");
}

int main(void)
{
	char dir[] = "test-slow.XXXXXX";
	_cleanup_close_ int fd = -1;

	if (!mkdtemp(dir) || (fd = open(dir, O_RDONLY | O_DIRECTORY)) < 0)
		return 1;
	test_keeping();
	test_workers("anon", "size=64K", 1);
	test_workers("probe", "kind=touch size=64K", 2);
	test_workers("file", "size=1M engine=pread", 1);
	test_workers("file", "size=1M engine=io_uring depth=4", 2);
	test_workers("dentry", "entries=1000 mode=readdir", 1);
	test_workers("exec", "command=true", 1);
	test_late();
	test_reading(fd);
	test_bad(fd);
	dir_remove(AT_FDCWD, dir, NULL);
	return tap_done();
}
