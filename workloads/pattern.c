// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/pattern.h"

#include <errno.h>
#include <stdlib.h>

#include "src/macro.h"

const char *const pattern_names[] = { "sequential", "strided", "uniform", "zipf", "hotcold",
				      "scan",	    "chase",   "moving",  NULL };

static uint64_t hot_blocks(const struct pattern_options *o, uint64_t blocks)
{
	return MAX((uint64_t)(o->hot_set * (double)blocks), (uint64_t)1);
}

int pattern_check(const struct pattern_options *o, uint64_t blocks, uint64_t threads,
		  struct error *err)
{
	if (o->kind == PATTERN_ZIPF && !(o->theta >= 0 && o->theta <= 8))
		return error_say(err, -ERANGE, "theta: %g is out of range: 0 to 8", o->theta);
	if (blocks < threads)
		return error_say(err, -EINVAL, "%llu threads can't share %llu blocks",
				 (unsigned long long)threads, (unsigned long long)blocks);
	if (o->kind == PATTERN_STRIDED && o->stride_blocks > blocks / threads)
		return error_say(err, -ERANGE,
				 "stride: %llu is more than the %llu blocks of a thread",
				 (unsigned long long)o->stride_blocks,
				 (unsigned long long)(blocks / threads));
	if (o->kind == PATTERN_SCAN && blocks - hot_blocks(o, blocks) < threads)
		return error_say(err, -EINVAL, "hot_set: nothing is left to scan");
	return 0;
}

static int cut_slices(struct pattern *p, struct error *err)
{
	uint64_t first = p->kind == PATTERN_SCAN ? p->hot : 0;

	p->slices = calloc(p->threads + 1, sizeof(*p->slices));
	if (!p->slices)
		return error_set(err, -ENOMEM, "pattern");
	for (unsigned i = 0; i <= p->threads; i++)
		p->slices[i] = first + share_begin(p->blocks - first, p->threads, i);
	return 0;
}

int pattern_init(struct pattern *p, const struct pattern_options *o, uint64_t blocks,
		 const struct worker *w, struct error *err)
{
	int r = pattern_check(o, blocks, w->threads, err);

	*p = (struct pattern){
		.kind = (enum pattern_kind)o->kind,
		.blocks = blocks,
		.seed = w->seed,
		.threads = w->threads,
		.hot = hot_blocks(o, blocks),
		.stride = o->stride_blocks,
		.hot_access = o->hot_access,
		.drift = o->drift,
	};
	if (r == 0)
		r = cut_slices(p, err);
	if (r == 0 && p->kind == PATTERN_ZIPF)
		r = zipf_new(&p->zipf, blocks, o->theta, err);
	if (r < 0)
		pattern_done(p);
	return r;
}

void pattern_done(struct pattern *p)
{
	zipf_free(p->zipf);
	free(p->slices);
	p->zipf = NULL;
	p->slices = NULL;
}

/* cursor[0] is the place in the slice, cursor[1] the lane: the place's remainder by the stride. */
static uint64_t next_strided(const struct pattern *p, struct workload_thread *t)
{
	uint64_t slice = pattern_slice(p, t), at = t->cursor[0];

	t->cursor[0] += p->stride;
	if (t->cursor[0] >= slice) {
		t->cursor[1] = t->cursor[1] + 1 < MIN(p->stride, slice) ? t->cursor[1] + 1 : 0;
		t->cursor[0] = t->cursor[1];
	}
	return p->slices[t->index] + at;
}

/* hotcold scatters its hot blocks; scan's are the first ones, so that it reads the rest in order.
 */
static uint64_t next_hot(const struct pattern *p, struct workload_thread *t)
{
	uint64_t cold = p->blocks - p->hot, at;

	if (!cold || rng_unit(&t->rng) < p->hot_access) {
		at = rng_below(&t->rng, p->hot);
		return p->kind == PATTERN_SCAN ? at : rng_scatter(at, p->blocks, p->seed);
	}
	if (p->kind == PATTERN_HOTCOLD)
		return rng_scatter(p->hot + rng_below(&t->rng, cold), p->blocks, p->seed);
	at = t->cursor[0];
	t->cursor[0] = at + 1 < pattern_slice(p, t) ? at + 1 : 0;
	return p->slices[t->index] + at;
}

/* A thread's slice of the cycle's places, in turn. */
uint64_t pattern_chase_next(const struct pattern *p, const struct workload_thread *t)
{
	return rng_scatter(p->slices[t->index] + t->cursor[0], p->blocks, p->seed);
}

static uint64_t next_chase(const struct pattern *p, struct workload_thread *t)
{
	uint64_t block = pattern_chase_next(p, t);

	pattern_chase_on(p, t);
	return block;
}

/* The window's first block moves on by drift in each access of any thread. */
static uint64_t next_moving(const struct pattern *p, struct workload_thread *t)
{
	uint64_t moved = (uint64_t)((double)t->cursor[0]++ * p->threads * p->drift);

	return (moved + rng_below(&t->rng, p->hot)) % p->blocks;
}

uint64_t pattern_next_other(const struct pattern *p, struct workload_thread *t)
{
	switch (p->kind) {
	case PATTERN_STRIDED:
		return next_strided(p, t);
	case PATTERN_HOTCOLD:
	case PATTERN_SCAN:
		return next_hot(p, t);
	case PATTERN_CHASE:
		return next_chase(p, t);
	case PATTERN_MOVING:
		return next_moving(p, t);
	default:
		__builtin_unreachable();
	}
}

void pattern_draw(const struct pattern *p, struct workload_thread *t, uint64_t *ret_blocks,
		  unsigned count)
{
	struct rng rng = t->rng; /* kept in registers: the list might lie over the thread's */

	if (p->kind != PATTERN_UNIFORM) {
		for (unsigned i = 0; i < count; i++)
			ret_blocks[i] = pattern_next(p, t);
		return;
	}
	for (unsigned i = 0; i < count; i++)
		ret_blocks[i] = rng_below(&rng, p->blocks);
	t->rng = rng;
}
