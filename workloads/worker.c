// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/worker.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "src/macro.h"
#include "workloads/pattern.h"

/* Of each thread but the first: far below a huge page. */
#define STACK_BYTES ((size_t)512 << 10)

struct job {
	const struct worker_args *args;
	struct worker worker;
};

/*
 * Written at each access (cursors, random numbers): on cache lines of its own, and on other pairs
 * of lines than its neighbour's, since some CPUs fetch pairs.
 */
struct thread_job {
	struct job *job;
	struct workload_thread thread;
	pthread_t id;
	bool started;
} __attribute__((aligned(128)));

uint64_t workload_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void futex(_Atomic uint32_t *word, int op, uint32_t value)
{
	/* Bounded by the harness: it releases, or kills the cgroup. */
	syscall(SYS_futex, word, op, value, NULL, NULL, 0);
}

/* Until that time on CLOCK_MONOTONIC, or all work is stopped. Returns the clock when it is over. */
static uint64_t wait_until(struct worker_barrier *barrier, uint64_t t_ns)
{
	struct timespec until = { (time_t)(t_ns / 1000000000), (long)(t_ns % 1000000000) };
	uint64_t now;

	while ((now = workload_clock()) < t_ns && !atomic_load(&barrier->stop))
		syscall(SYS_futex, &barrier->stop, FUTEX_WAIT_BITSET, 0, &until, NULL,
			FUTEX_BITSET_MATCH_ANY);
	return now;
}

void worker_release(struct worker_barrier *barrier, enum worker_go go)
{
	atomic_store(&barrier->origin_ns, workload_clock());
	atomic_store(&barrier->go, go);
	futex(&barrier->go, FUTEX_WAKE, INT32_MAX);
}

void worker_stop(struct worker_barrier *barrier)
{
	atomic_store(&barrier->stop, 1);
	futex(&barrier->stop, FUTEX_WAKE, INT32_MAX);
}

static void wait_for(struct worker_barrier *barrier, enum worker_go go)
{
	uint32_t now;

	while ((now = atomic_load(&barrier->go)) < (uint32_t)go)
		futex(&barrier->go, FUTEX_WAIT, now);
}

static void tell(const struct worker_args *args)
{
	uint64_t one = 1;

	if (write(args->event_fd, &one, sizeof(one)) < 0)
		_exit(EXIT_FAILURE); /* the harness is gone */
}

static void arrive(const struct worker_args *args, enum worker_state state)
{
	struct worker_shared *shared = args->shared;
	uint64_t now = workload_clock(), last = atomic_load(&shared->arrived_ns[state]);

	while (last < now && !atomic_compare_exchange_weak(&shared->arrived_ns[state], &last, now))
		;
	if (atomic_fetch_add(&shared->arrived[state], 1) + 1 == args->threads)
		tell(args);
}

/* The first failure is told; the process ends, which the harness sees as well. */
static _Noreturn void fail(const struct worker_args *args, const struct error *err)
{
	static _Atomic uint32_t first;

	while (atomic_fetch_add(&first, 1) != 0)
		pause(); /* the first one ends the process when its error is told */
	args->shared->err = *err;
	atomic_store(&args->shared->failed, 1);
	tell(args);
	_exit(EXIT_FAILURE);
}

/* The due time of a thread's operation number n: threads take turns. */
static uint64_t due_ns(const struct worker_args *args, const struct workload_thread *t,
		       uint64_t begin_ns, uint64_t n)
{
	double turn = (double)n * args->threads + t->index;

	return begin_ns + (uint64_t)(turn * 1e9 / args->rate);
}

/*
 * Until the next operation is due; what is under way may finish meanwhile. Returns the clock when
 * it is over.
 */
static uint64_t wait_due(const struct worker_args *args, struct workload_thread *t,
			 uint64_t until_ns)
{
	struct error err = {};

	if (args->ops->thread_wait && args->ops->thread_wait(t, until_ns, &err) < 0)
		fail(args, &err);
	return wait_until(args->barrier, until_ns);
}

/*
 * Steps until the operations are done, the time is over, or all are stopped. With a rate, each
 * operation has a time at which it is due, whatever became of those before it.
 */
static void work(const struct worker_args *args, struct workload_thread *t,
		 const struct worker_work *work)
{
	uint64_t origin = atomic_load(&args->barrier->origin_ns);
	uint64_t begin = origin + work->start_ns, end = origin + work->end_ns, n = 0;
	uint64_t left = work->ops ? share_of(work->ops, args->threads, t->index) : UINT64_MAX;
	struct error err = {};

	if (work->start_ns)
		wait_until(args->barrier, begin);
	while (left && !atomic_load_explicit(&args->barrier->stop, memory_order_relaxed)) {
		uint64_t now = 0;
		int64_t done;

		if (args->rate > 0) {
			t->due_ns = due_ns(args, t, begin, n);
			now = wait_due(args, t, work->end_ns && t->due_ns > end ? end : t->due_ns);
		}
		if (work->end_ns && workload_clock() >= end)
			break;
		if (atomic_load_explicit(&args->barrier->stop, memory_order_relaxed))
			break;
		if (!t->begin_ns)
			t->begin_ns = now;
		done = args->ops->step(t, args->rate > 0 ? 1 : left, &err);
		if (done < 0)
			fail(args, &err);
		if (done)
			t->begin_ns = 0;
		left -= (uint64_t)done;
		n += (uint64_t)done;
		t->position += (uint64_t)done;
	}
	t->due_ns = 0;
	if (args->ops->thread_settle && args->ops->thread_settle(t, &err) < 0)
		fail(args, &err);
}

/* Errors and counters go on: none is forgotten, also of the warm-up. */
static void begin_phase(struct workload_thread *t, bool timing)
{
	t->slow_over_ns = timing && t->slow ? t->slow->over_ns : UINT64_MAX;
	t->report->ops = t->report->bytes = 0;
	memset(&t->report->latency, 0, sizeof(t->report->latency));
	t->timing = timing;
}

static void *run_thread(void *arg)
{
	struct thread_job *tj = arg;
	const struct worker_args *args = tj->job->args;
	struct workload_thread *t = &tj->thread;
	struct error err = {};

	t->report->tid = gettid();
	if (args->ops->thread_setup && args->ops->thread_setup(t, &err) < 0)
		fail(args, &err);
	arrive(args, WORKER_READY);
	wait_for(args->barrier, GO_WARMUP);
	if (worker_has_work(&args->warmup))
		work(args, t, &args->warmup);
	begin_phase(t, args->latency);
	arrive(args, WORKER_WARM);
	wait_for(args->barrier, GO_MEASURE);
	if (worker_has_work(&args->measured))
		work(args, t, &args->measured);
	if (args->ops->thread_finish && args->ops->thread_finish(t, &err) < 0)
		fail(args, &err);
	arrive(args, WORKER_DONE);
	wait_for(args->barrier, GO_EXIT);
	if (args->ops->thread_teardown)
		args->ops->thread_teardown(t);
	return NULL;
}

/* Where huge pages are always given, the default of 8 MiB is charged one for its first touch. */
static pthread_attr_t *small_stacks(pthread_attr_t *attr)
{
	if (pthread_attr_init(attr) != 0)
		return NULL;
	pthread_attr_setstacksize(attr, STACK_BYTES);
	return attr;
}

static void start_threads(struct job *job, struct thread_job *threads)
{
	pthread_attr_t attr, *stacks = small_stacks(&attr);
	struct error err = {};

	for (unsigned i = 0; i < job->args->threads; i++) {
		struct thread_job *tj = &threads[i];

		tj->job = job;
		tj->thread = (struct workload_thread){
			.worker = &job->worker,
			.index = i,
			.report = &job->args->reports[i],
			.slow = job->args->slow ? &job->args->slow[i] : NULL,
		};
		/* Now, so that the first slow operations don't fault on it. */
		if (tj->thread.slow)
			memset(tj->thread.slow->ops, 0, sizeof(tj->thread.slow->ops));
		rng_seed(&tj->thread.rng, rng_mix(job->worker.seed, i + 1));
		begin_phase(&tj->thread, false);
		if (i == 0)
			continue; /* the process's own thread, last */
		int r = pthread_create(&tj->id, stacks, run_thread, tj);

		if (r) {
			error_set(&err, -r, "start thread %u of %u", i + 1, job->args->threads);
			fail(job->args, &err);
		}
		tj->started = true;
	}
	if (stacks)
		pthread_attr_destroy(stacks);
}

_Noreturn void worker_main(const struct worker_args *args)
{
	struct job job = {
		.args = args,
		.worker = {
			.name = args->name,
			.options = args->options,
			.threads = args->threads,
			.seed = args->seed,
			.ops_per_pass = args->ops_per_pass,
			.dir = args->dir,
			.open_loop = args->rate > 0,
			.stop = &args->barrier->stop,
			.program = args->program,
		},
	};
	struct thread_job *threads;
	struct error err = {};

	/* The kernel would add 50 us to each wait for an operation's time. */
	if (args->rate > 0)
		prctl(PR_SET_TIMERSLACK, 1);
	wait_for(args->barrier, GO_SETUP);
	threads = aligned_alloc(_Alignof(struct thread_job), args->threads * sizeof(*threads));
	if (!threads) {
		error_set(&err, -ENOMEM, "start %u threads", args->threads);
		fail(args, &err);
	}
	memset(threads, 0, args->threads * sizeof(*threads));
	if (args->ops->setup(&job.worker, &err) < 0)
		fail(args, &err);
	start_threads(&job, threads);
	run_thread(&threads[0]);
	for (unsigned i = 1; i < args->threads; i++)
		if (threads[i].started)
			pthread_join(threads[i].id, NULL);
	if (args->ops->teardown)
		args->ops->teardown(&job.worker);
	free(threads);
	_exit(EXIT_SUCCESS);
}
