// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The anon generator's touches. As long as pages are to be filled, or anything is to be looked
 * at, each is done by touch(); once all are filled and nothing else is wanted, by loops that do
 * nothing but access them.
 */
#include <string.h>

#include "src/macro.h"
#include "workloads/anon.h"

#define DRAW 128 /* pages drawn together, then touched */

static bool flip_write(const struct anon_options *o, struct anon_thread *ts)
{
	return o->write >= 1 || rng_unit(&ts->coin) < o->write;
}

static void access_block(const struct anon *a, struct anon_thread *ts, uint64_t page, bool write)
{
	void *block = anon_block(a, page);

	if (a->options->touch == SPAN_LINE && write)
		content_touch(block);
	else if (a->options->touch == SPAN_LINE)
		(void)*(volatile uint64_t *)block;
	else if (write)
		content_rewrite(&a->content, block, page);
	else
		ts->sink += content_read(&a->content, block);
}

static void check_block(const struct anon *a, struct workload_thread *t, uint64_t page)
{
	if (a->options->verify && !content_verify(&a->content, anon_block(a, page), page))
		t->report->errors++;
}

/*
 * Known as filled only after it was: another thread never sees half of it. Two threads may fill
 * the same page at once; they write the same bytes, and one of them counts it.
 */
static bool set_filled(struct anon *a, struct anon_thread *ts, uint64_t page)
{
	uint8_t old = PAGE_NEW;

	ts->fresh -= ts->fresh > 0;
	if (a->sliced)
		atomic_store_explicit(&a->state[page], PAGE_FILLED, memory_order_release);
	else
		old = atomic_exchange_explicit(&a->state[page], PAGE_FILLED, memory_order_acq_rel);
	ts->gained += old != PAGE_FILLED;
	return old != PAGE_FILLED;
}

/* A first touch, or the first after the kernel has dropped the page, which then is all zero. */
static void fill(struct anon *a, struct workload_thread *t, uint64_t page, bool dropped)
{
	struct content_header *block = anon_block(a, page);

	if (dropped && a->options->verify) {
		/* To write first, and no more, spares a fault that maps the zero page. */
		*(volatile uint64_t *)&block->version = 1;
		if (!content_is_zero(&a->content, block))
			t->report->errors++;
	}
	content_fill(&a->content, block, page);
	if (a->pattern.kind == PATTERN_CHASE)
		content_link(block, pattern_chase_next(&a->pattern, t));
	t->report->counters[ANON_FILLED] += set_filled(a, t->state, page);
	t->report->counters[ANON_DROPPED] += dropped;
}

/*
 * The kernel may drop the page at any time until it is written. So a write comes first and then
 * the look; a read is trusted when the page is still there behind it.
 */
static void touch_freed(struct anon *a, struct workload_thread *t, uint64_t page, bool write)
{
	struct anon_thread *ts = t->state;
	void *block = anon_block(a, page);
	bool whole = true;

	if (write) {
		content_touch(block);
		if (!content_is_gone(block)) {
			set_filled(a, ts, page);
			check_block(a, t, page);
			access_block(a, ts, page, write);
			return;
		}
	} else if (!content_is_gone(block)) {
		if (a->options->verify)
			whole = content_verify(&a->content, block, page);
		access_block(a, ts, page, write);
		if (!content_is_gone(block)) {
			t->report->errors += !whole;
			return;
		}
	}
	fill(a, t, page, true);
}

static void touch(struct anon *a, struct workload_thread *t, uint64_t page)
{
	struct anon_thread *ts = t->state;
	bool write = flip_write(a->options, ts);
	uint8_t state = atomic_load_explicit(&a->state[page], memory_order_acquire);

	if (state == PAGE_FILLED) {
		check_block(a, t, page);
		access_block(a, ts, page, write);
	} else if (state == PAGE_FREED) {
		touch_freed(a, t, page, write);
	} else {
		fill(a, t, page, state == PAGE_DROPPED);
	}
	if (ts->runs)
		anon_note(a, ts, page);
}

/* The next page's number, as the page says. It must have been there behind the look as well. */
static uint64_t read_next(struct anon *a, struct workload_thread *t, uint64_t page)
{
	const struct content_header *header = anon_block(a, page);
	uint64_t next = *(const volatile uint64_t *)&header->next;

	if (next < a->pages && (a->plain || !content_is_gone(header)))
		return next;
	if (content_is_gone(header))
		fill(a, t, page, true);
	else
		t->report->errors++;
	return pattern_chase_next(&a->pattern, t);
}

static void touch_chase(struct anon *a, struct workload_thread *t)
{
	struct anon_thread *ts = t->state;
	uint64_t page = ts->next;

	pattern_chase_on(&a->pattern, t);
	touch(a, t, page);
	ts->next = read_next(a, t, page);
}

/* ---- many at once ---- */

static bool only_writes_lines(const struct anon *a)
{
	return a->options->touch == SPAN_LINE && a->options->write >= 1;
}

static void access_list(const struct anon *a, struct anon_thread *ts, const uint64_t *pages,
			unsigned count)
{
	if (only_writes_lines(a)) {
		unsigned char *memory = a->memory;
		size_t page_bytes = a->page_bytes;

		for (unsigned i = 0; i < count; i++)
			content_touch(memory + pages[i] * page_bytes);
	} else {
		for (unsigned i = 0; i < count; i++)
			access_block(a, ts, pages[i], flip_write(a->options, ts));
	}
}

static void access_drawn(const struct anon *a, struct workload_thread *t, uint64_t count)
{
	uint64_t pages[DRAW];

	for (uint64_t done = 0; done < count; done += DRAW) {
		unsigned part = (unsigned)MIN(count - done, (uint64_t)DRAW);

		pattern_draw(&a->pattern, t, pages, part);
		access_list(a, t->state, pages, part);
	}
}

/* Drawing the next page overlaps with waiting for the last ones. */
static void write_uniform_lines(const struct anon *a, struct workload_thread *t, uint64_t count)
{
	unsigned char *memory = a->memory;
	size_t page_bytes = a->page_bytes;
	uint64_t pages = a->pages;
	struct rng rng = t->rng;

	for (uint64_t i = 0; i < count; i++)
		content_touch(memory + rng_below(&rng, pages) * page_bytes);
	t->rng = rng;
}

static void access_runs(const struct anon *a, struct workload_thread *t, uint64_t count)
{
	size_t page_bytes = a->page_bytes;
	uint64_t first, run;

	for (; count; count -= run) {
		unsigned char *block;

		run = pattern_run(&a->pattern, t, count, &first);
		block = anon_block(a, first);
		if (only_writes_lines(a)) {
			for (uint64_t i = 0; i < run; i++, block += page_bytes)
				content_touch(block);
			continue;
		}
		for (uint64_t i = 0; i < run; i++)
			access_block(a, t->state, first + i, flip_write(a->options, t->state));
	}
}

/* Depends on what each page says; the place moves on in one go. */
static void access_chase(struct anon *a, struct workload_thread *t, uint64_t count)
{
	struct anon_thread *ts = t->state;

	for (uint64_t i = 0; i < count; i++) {
		uint64_t page = ts->next;

		pattern_chase_on(&a->pattern, t);
		access_block(a, ts, page, flip_write(a->options, ts));
		ts->next = read_next(a, t, page);
	}
}

static void access_plain(struct anon *a, struct workload_thread *t, uint64_t count)
{
	if (a->pattern.kind == PATTERN_SEQUENTIAL)
		access_runs(a, t, count);
	else if (a->pattern.kind == PATTERN_CHASE)
		access_chase(a, t, count);
	else if (a->pattern.kind == PATTERN_UNIFORM && only_writes_lines(a))
		write_uniform_lines(a, t, count);
	else
		access_drawn(a, t, count);
}

/* The first pass of a thread that goes in order: what others may not see until all are done. */
static void fill_run(struct anon *a, struct workload_thread *t, uint64_t count)
{
	struct anon_thread *ts = t->state;
	size_t page_bytes = a->page_bytes;
	uint64_t first, run = pattern_run(&a->pattern, t, count, &first);
	unsigned char *block = anon_block(a, first);

	if (a->options->fill == FILL_HEADER)
		for (uint64_t i = 0; i < run; i++, block += page_bytes)
			content_fill_header(&a->content, block, first + i);
	else
		for (uint64_t i = 0; i < run; i++, block += page_bytes)
			content_fill(&a->content, block, first + i);
	memset((void *)(a->state + first), PAGE_FILLED, run);
	t->report->counters[ANON_FILLED] += run;
	ts->gained += run;
	ts->fresh -= run;
}

/* One by one, with a clock reading each where latencies are wanted. */
static void touch_each(struct anon *a, struct workload_thread *t, uint64_t count)
{
	uint64_t pages[DRAW], start = 0;
	bool chase = a->pattern.kind == PATTERN_CHASE;

	for (uint64_t done = 0; done < count; done += DRAW) {
		unsigned part = (unsigned)MIN(count - done, (uint64_t)DRAW);

		if (!chase)
			pattern_draw(&a->pattern, t, pages, part);
		if (t->timing && !start)
			start = workload_begin(t);
		for (unsigned i = 0; i < part; i++) {
			if (chase)
				touch_chase(a, t);
			else
				touch(a, t, pages[i]);
			if (t->timing)
				start = workload_record(t, a->page_bytes, start);
		}
	}
}

static bool is_full(const struct anon *a)
{
	return a->plain && atomic_load_explicit(&a->unfilled, memory_order_acquire) == 0;
}

uint64_t anon_batch(const struct anon *a, const struct workload_thread *t)
{
	if (t->timing)
		return DRAW;
	if (is_full(a))
		return a->options->touch == SPAN_LINE ? 16384 : 1024;
	return a->options->fill == FILL_HEADER ? 1024 : 512;
}

/* Whether the thread's next count touches are the first of pages in order, and no more. */
static bool is_first_run(const struct anon *a, const struct workload_thread *t, uint64_t count)
{
	const struct anon_thread *ts = t->state;

	return a->plain && a->pattern.kind == PATTERN_SEQUENTIAL && count <= ts->fresh;
}

void anon_touch(struct anon *a, struct workload_thread *t, uint64_t count)
{
	struct anon_thread *ts = t->state;

	if (t->timing)
		touch_each(a, t, count);
	else if (is_full(a))
		access_plain(a, t, count);
	else if (is_first_run(a, t, count))
		fill_run(a, t, count);
	else
		touch_each(a, t, count);
	if (!t->timing)
		workload_record_untimed(t, count, count * a->page_bytes);
	if (ts->gained)
		atomic_fetch_sub_explicit(&a->unfilled, ts->gained, memory_order_release);
	ts->gained = 0;
}
