// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/pattern.h"

#include <errno.h>

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
	if (r < 0 || p->kind != PATTERN_ZIPF)
		return r;
	return zipf_new(&p->zipf, blocks, o->theta, err);
}

void pattern_done(struct pattern *p)
{
	zipf_free(p->zipf);
	p->zipf = NULL;
}

/* cursor[0] is the place in the slice, cursor[1] the lane: the place's remainder by the stride. */
static uint64_t next_strided(const struct pattern *p, struct workload_thread *t)
{
	uint64_t slice = share_of(p->blocks, p->threads, t->index), at = t->cursor[0];

	t->cursor[0] += p->stride;
	if (t->cursor[0] >= slice) {
		t->cursor[1] = (t->cursor[1] + 1) % MIN(p->stride, slice);
		t->cursor[0] = t->cursor[1];
	}
	return share_begin(p->blocks, p->threads, t->index) + at;
}

/* hotcold scatters its hot blocks; scan's are the first ones, so that it reads the rest in order.
 */
static uint64_t next_hot(const struct pattern *p, struct workload_thread *t)
{
	uint64_t cold = p->blocks - p->hot, slice, at;

	if (!cold || rng_unit(&t->rng) < p->hot_access) {
		at = rng_below(&t->rng, p->hot);
		return p->kind == PATTERN_SCAN ? at : rng_scatter(at, p->blocks, p->seed);
	}
	if (p->kind == PATTERN_HOTCOLD)
		return rng_scatter(p->hot + rng_below(&t->rng, cold), p->blocks, p->seed);
	slice = share_of(cold, p->threads, t->index);
	at = t->cursor[0];
	t->cursor[0] = at + 1 < slice ? at + 1 : 0;
	return p->hot + share_begin(cold, p->threads, t->index) + at;
}

/* A thread's slice of the cycle's places, in turn. */
static uint64_t chase_block(const struct pattern *p, const struct workload_thread *t, uint64_t at)
{
	return rng_scatter(share_begin(p->blocks, p->threads, t->index) + at, p->blocks, p->seed);
}

static uint64_t next_chase(const struct pattern *p, struct workload_thread *t)
{
	uint64_t slice = share_of(p->blocks, p->threads, t->index), at = t->cursor[0];

	t->cursor[0] = at + 1 < slice ? at + 1 : 0;
	return chase_block(p, t, at);
}

uint64_t pattern_chase_next(const struct pattern *p, const struct workload_thread *t)
{
	return chase_block(p, t, t->cursor[0]);
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
