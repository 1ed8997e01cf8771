// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/worker.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "src/macro.h"
#include "workloads/pattern.h"

struct job {
	const struct worker_args *args;
	struct worker worker;
};

struct thread_job {
	struct job *job;
	struct workload_thread thread;
	pthread_t id;
	bool started;
};

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

void worker_release(struct worker_barrier *barrier, enum worker_go go)
{
	atomic_store(&barrier->go, go);
	futex(&barrier->go, FUTEX_WAKE, INT32_MAX);
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
	if (atomic_fetch_add(&args->shared->arrived[state], 1) + 1 == args->threads)
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

/* Steps until the operations are done, the time is over, or all are stopped. */
static void work(const struct worker_args *args, struct workload_thread *t, uint64_t total_ops,
		 uint64_t duration_ns)
{
	uint64_t left = share_of(total_ops, args->threads, t->index);
	uint64_t deadline = duration_ns ? workload_clock() + duration_ns : 0;

	if (duration_ns)
		left = UINT64_MAX;
	while (left && !atomic_load_explicit(&args->barrier->stop, memory_order_relaxed)) {
		struct error err = {};
		int64_t done = args->ops->step(t, left, &err);

		if (done < 0)
			fail(args, &err);
		left -= (uint64_t)done;
		t->position += (uint64_t)done;
		if (deadline && workload_clock() >= deadline)
			break;
	}
}

static void begin_phase(struct workload_thread *t, bool measuring)
{
	uint64_t errors = t->report->errors;

	memset(t->report, 0, sizeof(*t->report));
	t->report->errors = errors; /* none is forgotten, also of the warm-up */
	t->measuring = measuring;
}

static void *run_thread(void *arg)
{
	struct thread_job *tj = arg;
	const struct worker_args *args = tj->job->args;
	struct workload_thread *t = &tj->thread;
	struct error err = {};

	if (args->ops->thread_setup && args->ops->thread_setup(t, &err) < 0)
		fail(args, &err);
	arrive(args, WORKER_READY);
	wait_for(args->barrier, GO_WARMUP);
	if (args->warmup_ops || args->warmup_duration_ns)
		work(args, t, args->warmup_ops, args->warmup_duration_ns);
	begin_phase(t, true);
	arrive(args, WORKER_WARM);
	wait_for(args->barrier, GO_MEASURE);
	work(args, t, args->measured_ops, args->measured_duration_ns);
	arrive(args, WORKER_DONE);
	wait_for(args->barrier, GO_EXIT);
	if (args->ops->thread_teardown)
		args->ops->thread_teardown(t);
	return NULL;
}

static void start_threads(struct job *job, struct thread_job *threads)
{
	struct error err = {};

	for (unsigned i = 0; i < job->args->threads; i++) {
		struct thread_job *tj = &threads[i];

		tj->job = job;
		tj->thread = (struct workload_thread){
			.worker = &job->worker,
			.index = i,
			.report = &job->args->shared->reports[i],
		};
		rng_seed(&tj->thread.rng, rng_mix(job->worker.seed, i + 1));
		begin_phase(&tj->thread, false);
		if (i == 0)
			continue; /* the process's own thread, last */
		int r = pthread_create(&tj->id, NULL, run_thread, tj);

		if (r) {
			error_set(&err, -r, "start thread %u of %u", i + 1, job->args->threads);
			fail(job->args, &err);
		}
		tj->started = true;
	}
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
			.stop = (const volatile bool *)&args->barrier->stop,
		},
	};
	struct thread_job *threads;
	struct error err = {};

	wait_for(args->barrier, GO_SETUP);
	threads = calloc(args->threads, sizeof(*threads));
	if (!threads) {
		error_set(&err, -ENOMEM, "start %u threads", args->threads);
		fail(args, &err);
	}
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
