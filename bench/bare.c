// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bare loops: what a generator's work costs without a generator. They stand behind a generator's
 * hooks, so that they run in the same kind of process, on the same kind of mapping, with the same
 * random draws, but count a whole batch at once, check nothing and offer nothing.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench/bench.h"
#include "src/macro.h"
#include "workloads/pattern.h"

#define BATCH	   16384 /* touches between two looks at the stop flag; about a millisecond */
#define POOL_PAGES 32	 /* that copies come from: they fit into any L2 */

struct bare_options {
	uint64_t size_bytes;
	bool uniform;
	uint64_t idle;
};

static const struct option_spec bare_options[] = {
	OPTION_SIZE(struct bare_options, size_bytes, .name = "size", .required = true,
		    .help = "bytes of the mapping"),
	OPTION_BOOL(struct bare_options, uniform, .name = "uniform", .fallback = "false",
		    .help = "any page next, not in order"),
	OPTION_U64(struct bare_options, idle, .name = "idle", .fallback = "0", .max = 1000,
		   .help = "cycles between touches"),
	{}
};

struct bare {
	unsigned char *memory;
	size_t pages, page_bytes;
	unsigned char pool[POOL_PAGES][4096];
};

static int bare_plan(const void *options, const struct workload_site *site,
		     struct workload_plan *ret, struct error *err)
{
	const struct bare_options *o = options;

	(void)err;
	*ret = (struct workload_plan){ .ops_per_pass = o->size_bytes / site->page_bytes };
	return 0;
}

static int bare_setup(struct worker *w, struct error *err)
{
	const struct bare_options *o = w->options;
	struct bare *b = calloc(1, sizeof(*b));
	void *memory;

	if (!b)
		return error_set(err, -ENOMEM, "bare loop");
	w->state = b;
	b->page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	b->pages = o->size_bytes / b->page_bytes;
	for (size_t i = 0; i < sizeof(b->pool); i++)
		b->pool[i / 4096][i % 4096] = (unsigned char)(i * 7);
	memory = mmap(NULL, o->size_bytes, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return error_set(err, -errno, "map memory");
	b->memory = memory;
	madvise(memory, o->size_bytes, MADV_NOHUGEPAGE); /* fails where there are none */
	return 0;
}

static void bare_teardown(struct worker *w)
{
	struct bare *b = w->state;

	if (b && b->memory)
		munmap(b->memory, b->pages * b->page_bytes);
	free(b);
}

/* The thread's next pages in order: how many of count, from which on. */
static uint64_t next_run(struct workload_thread *t, uint64_t count, uint64_t *ret_first)
{
	const struct bare *b = t->worker->state;
	unsigned threads = t->worker->threads;
	uint64_t slice = share_of(b->pages, threads, t->index);
	uint64_t run = MIN(count, slice - t->cursor[0]);

	*ret_first = share_begin(b->pages, threads, t->index) + t->cursor[0];
	t->cursor[0] = (t->cursor[0] + run) % slice;
	return run;
}

/*
 * The tightest loop isn't the fastest: the lines that it touches, one at the same place of each
 * page, fall into one set of the first cache, and too many under way at once push each other out
 * before they are written. With a few idle cycles after each, fewer are.
 */
static inline void idle(uint64_t cycles)
{
	for (; cycles; cycles--)
		__asm__ volatile("" : "+r"(cycles));
}

/*
 * A touch rewrites the second word of a page, as the anon generator's does. What the loops need is
 * in locals: a store might change it anywhere else, for all that the compiler knows.
 */
static void touch_any(const struct bare *b, uint64_t count, uint64_t cycles, struct rng *rng)
{
	unsigned char *memory = b->memory;
	size_t page = b->page_bytes;
	uint64_t pages = b->pages;
	struct rng draws = *rng;

	for (uint64_t i = 0; i < count; i++) {
		((uint64_t *)(memory + rng_below(&draws, pages) * page))[1]++;
		idle(cycles);
	}
	*rng = draws;
}

static void touch_run(unsigned char *memory, size_t page, uint64_t count, uint64_t cycles)
{
	for (uint64_t i = 0; i < count; i++, memory += page) {
		((uint64_t *)memory)[1]++;
		idle(cycles);
	}
}

static int64_t touch_step(struct workload_thread *t, uint64_t budget, struct error *err)
{
	const struct bare *b = t->worker->state;
	const struct bare_options *o = t->worker->options;
	uint64_t count = MIN(budget, (uint64_t)BATCH), first;
	size_t page = b->page_bytes;

	(void)err;
	if (o->uniform) {
		touch_any(b, count, o->idle, &t->rng);
	} else {
		count = next_run(t, count, &first);
		touch_run(b->memory + first * page, page, count, o->idle);
	}
	workload_record_untimed(t, count, count * page);
	return (int64_t)count;
}

static int64_t fault_step(struct workload_thread *t, uint64_t budget, struct error *err)
{
	const struct bare *b = t->worker->state;
	uint64_t first, count = next_run(t, MIN(budget, (uint64_t)BATCH), &first);

	(void)err;
	for (uint64_t i = 0; i < count; i++)
		*(volatile uint64_t *)(b->memory + (first + i) * b->page_bytes) = first + i;
	workload_record_untimed(t, count, count * b->page_bytes);
	return (int64_t)count;
}

static int64_t copy_step(struct workload_thread *t, uint64_t budget, struct error *err)
{
	const struct bare *b = t->worker->state;
	uint64_t first, count = next_run(t, MIN(budget, (uint64_t)BATCH), &first);

	(void)err;
	for (uint64_t i = 0; i < count; i++)
		for (size_t at = 0; at < b->page_bytes; at += sizeof(b->pool[0]))
			memcpy(b->memory + (first + i) * b->page_bytes + at,
			       b->pool[(first + i) % POOL_PAGES], sizeof(b->pool[0]));
	workload_record_untimed(t, count, count * b->page_bytes);
	return (int64_t)count;
}

/* One memset() over all that is left of the thread's share, as who wants it fastest would. */
static int64_t set_step(struct workload_thread *t, uint64_t budget, struct error *err)
{
	const struct bare *b = t->worker->state;
	uint64_t first, count = next_run(t, budget, &first);

	(void)err;
	memset(b->memory + first * b->page_bytes, (int)(t->position / b->pages) | 1,
	       count * b->page_bytes);
	workload_record_untimed(t, count, count * b->page_bytes);
	return (int64_t)count;
}

/* Reads the clock, and no more: what recording a latency can't do without. */
static int64_t clock_step(struct workload_thread *t, uint64_t budget, struct error *err)
{
	uint64_t count = MIN(budget, (uint64_t)BATCH), last = 0;

	(void)err;
	for (uint64_t i = 0; i < count; i++)
		last |= workload_clock();
	workload_record_untimed(t, count, last & 1);
	return (int64_t)count;
}

#define BARE_LOOP(NAME, STEP)                                                                      \
	{                                                                                          \
		.name = (NAME), .options = bare_options,                                           \
		.options_size = sizeof(struct bare_options), .plan = bare_plan,                    \
		.setup = bare_setup, .step = (STEP), .teardown = bare_teardown,                    \
	}

const struct workload_ops bare_touch = BARE_LOOP("bare touch", touch_step);
const struct workload_ops bare_fault = BARE_LOOP("bare fault", fault_step);
const struct workload_ops bare_copy = BARE_LOOP("bare copy", copy_step);
const struct workload_ops bare_set = BARE_LOOP("bare memset", set_step);
const struct workload_ops bare_clock = BARE_LOOP("bare clock", clock_step);
