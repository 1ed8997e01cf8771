// SPDX-License-Identifier: GPL-2.0-or-later
/* The anon generator: the mapping, advice about it, and the child that holds its pages. */
#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/macro.h"
#include "workloads/anon.h"

#define HUGE_BYTES   (UINT64_C(2) << 20)
#define ADVISE_PAGES 256 /* in a step: even to swap them out takes about a millisecond */

/* At a huge page's boundary, which older kernels don't see to by themselves. */
static int map_aligned(struct anon *a, struct error *err)
{
	uint64_t size = a->options->size_bytes, room = size < HUGE_BYTES ? 0 : HUGE_BYTES, before;
	unsigned char *memory;

	memory = mmap(NULL, size + room, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return error_set(err, -errno, "map %llu bytes", (unsigned long long)size);
	before = room ? -(uintptr_t)memory % HUGE_BYTES : 0;
	if (before)
		munmap(memory, before);
	if (room > before)
		munmap(memory + before + size, room - before);
	a->memory = memory + before;
	return 0;
}

static int advise_thp(struct anon *a, struct error *err)
{
	int thp = a->options->thp, advice = thp == THP_ALWAYS ? MADV_HUGEPAGE : MADV_NOHUGEPAGE;

	if (thp == THP_SYSTEM || madvise(a->memory, a->options->size_bytes, advice) == 0)
		return 0;
	if (errno == EINVAL && thp == THP_NEVER)
		return 0; /* a kernel without huge pages */
	return error_set(err, -errno, "thp: always: madvise for huge pages");
}

int anon_map(struct anon *a, struct error *err)
{
	int r = map_aligned(a, err);

	if (r == 0)
		r = advise_thp(a, err);
	if (r < 0 || !a->locked)
		return r;
	/* As they are touched: first touches stay what they are. */
	if (mlock2(a->memory, a->locked * a->page_bytes, MLOCK_ONFAULT) == 0)
		return 0;
	if (errno == ENOMEM || errno == EPERM)
		return error_say(err, -errno,
				 "mlock: %llu bytes are more than RLIMIT_MEMLOCK allows: raise it "
				 "(ulimit -l), or run as root",
				 (unsigned long long)(a->locked * a->page_bytes));
	return error_set(err, -errno, "mlock %llu bytes",
			 (unsigned long long)(a->locked * a->page_bytes));
}

void anon_note(struct anon *a, struct anon_thread *ts, uint64_t page)
{
	struct anon_run *last = ts->run_count ? &ts->runs[ts->run_count - 1] : NULL;

	ts->touched++;
	if (page < a->locked)
		return; /* the kernel refuses advice about locked pages */
	if (last && last->first + last->count == page)
		last->count++;
	else
		ts->runs[ts->run_count++] = (struct anon_run){ .first = page, .count = 1 };
}

bool anon_advice_is_due(const struct anon_thread *ts)
{
	return ts->runs && ts->touched == ts->window;
}

static void mark(struct anon *a, const struct anon_run *run, enum anon_page state)
{
	uint64_t lost = 0;

	for (uint64_t page = run->first; page < run->first + run->count; page++) {
		lost += atomic_load_explicit(&a->state[page], memory_order_relaxed) == PAGE_FILLED;
		atomic_store_explicit(&a->state[page], (uint8_t)state, memory_order_relaxed);
	}
	atomic_fetch_add(&a->unfilled, lost);
}

static int advise_run(struct anon *a, const struct anon_run *run, struct error *err)
{
	static const int advices[] = {
		[ADVISE_FREE] = MADV_FREE,
		[ADVISE_PAGEOUT] = MADV_PAGEOUT,
		[ADVISE_COLD] = MADV_COLD,
		[ADVISE_DONTNEED] = MADV_DONTNEED,
	};
	int kind = a->options->advise;

	if (madvise(anon_block(a, run->first), run->count * a->page_bytes, advices[kind]) < 0)
		return error_set(err, -errno, "madvise %llu pages", (unsigned long long)run->count);
	if (kind == ADVISE_FREE)
		mark(a, run, PAGE_FREED);
	if (kind == ADVISE_DONTNEED)
		mark(a, run, PAGE_DROPPED);
	return 0;
}

int anon_advise_some(struct anon *a, struct workload_thread *t, struct error *err)
{
	struct anon_thread *ts = t->state;
	uint64_t left = ADVISE_PAGES;

	while (left && ts->runs_advised < ts->run_count) {
		struct anon_run *run = &ts->runs[ts->runs_advised];
		struct anon_run part = { run->first, MIN(run->count, left) };
		int r = advise_run(a, &part, err);

		if (r < 0)
			return r;
		t->report->counters[ANON_ADVISED] += part.count;
		left -= part.count;
		run->first += part.count;
		run->count -= part.count;
		ts->runs_advised += run->count == 0;
	}
	if (ts->runs_advised == ts->run_count)
		ts->touched = ts->run_count = ts->runs_advised = 0;
	return 0;
}

/* By system calls alone: other threads may have held any lock when it was made. */
static _Noreturn void hold(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (getppid() == parent)
		pause();
	_exit(EXIT_SUCCESS);
}

/*
 * The signal of a parent's death comes when the thread ends that made the child: thread 0, which
 * lives as long as the process.
 */
int anon_renew_child(struct anon *a, struct workload_thread *t, struct error *err)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	pid_t parent = getpid();
	long pid;

	anon_end_child(a);
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0)
		hold(parent);
	if (pid < 0)
		return error_set(err, -errno, "fork a child that holds the pages");
	a->child = (pid_t)pid;
	a->forked_at = t->position;
	t->report->counters[ANON_FORKS]++;
	return 0;
}

void anon_end_child(struct anon *a)
{
	if (!a->child)
		return;
	kill(a->child, SIGKILL);
	while (waitpid(a->child, NULL, 0) < 0 && errno == EINTR)
		;
	a->child = 0;
}
