/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

#include "src/rng.h"
#include "workloads/workload.h"

/*
 * In which order a workload visits its blocks (pages, file blocks): shared by the generators.
 * Each thread of one that goes in order has a slice of the blocks; the random ones draw from all.
 */
enum pattern_kind {
	PATTERN_SEQUENTIAL, /* in order, again and again */
	PATTERN_STRIDED,    /* every stride-th block, then those beside them: each once a pass */
	PATTERN_UNIFORM,    /* any block, all equally likely */
	PATTERN_ZIPF,	    /* few hot blocks, scattered over the whole range */
	PATTERN_HOTCOLD,    /* hot_access of the accesses to hot_set of the blocks, scattered */
	PATTERN_SCAN,  /* the first blocks are hot, the others are read in order, again and again */
	PATTERN_CHASE, /* a random cycle through all blocks; where a block can hold the next
			  one's number, it is read from there */
	PATTERN_MOVING, /* uniform in a window of hot_set of the blocks that moves on */
};
extern const char *const pattern_names[]; /* for an option's choices */

/* Embedded in a generator's options; PATTERN_OPTIONS() are its table entries. */
struct pattern_options {
	int kind;
	double theta;
	uint64_t stride_blocks;
	double hot_set, hot_access, drift;
};

#define PATTERN_OPTIONS(S, f)                                                                      \
	OPTION_CHOICE(S, f.kind, .name = "pattern", .fallback = "sequential",                      \
		      .choices = pattern_names, .help = "order of the accesses"),                  \
		OPTION_NUMBER(S, f.theta, .name = "theta", .fallback = "0.99",                     \
			      .help = "zipf: skew, 0 (uniform) to 8"),                             \
		OPTION_U64(S, f.stride_blocks, .name = "stride", .fallback = "8", .min = 1,        \
			   .max = 1 << 30,                                                         \
			   .help = "strided: pages or blocks from one to the next"),               \
		OPTION_SHARE(S, f.hot_set, .name = "hot_set", .fallback = "10%",                   \
			     .help = "hotcold, scan, moving: share of the blocks that is hot"),    \
		OPTION_SHARE(S, f.hot_access, .name = "hot_access", .fallback = "90%",             \
			     .help = "hotcold, scan: share of the accesses that goes there"),      \
		OPTION_SHARE(S, f.drift, .name = "drift", .fallback = "10%",                       \
			     .help = "moving: blocks that the window moves on in an access")

/* Immutable while threads use it. */
struct pattern {
	enum pattern_kind kind;
	uint64_t blocks;
	uint64_t seed;
	unsigned threads;
	uint64_t hot; /* blocks of the hot set, or of the window; at least 1 */
	uint64_t stride;
	double hot_access, drift;
	struct zipf *zipf; /* owned; NULL unless kind is PATTERN_ZIPF */
	uint64_t *slices;  /* owned; where each thread's begins, then the end of the last; scan: of
			      the blocks that aren't hot */
};

/* Refuses, before anything runs, what can't be: for a generator's plan(). */
int pattern_check(const struct pattern_options *o, uint64_t blocks, uint64_t threads,
		  struct error *err);

int pattern_init(struct pattern *p, const struct pattern_options *o, uint64_t blocks,
		 const struct worker *w, struct error *err);
void pattern_done(struct pattern *p);

/* Part number index of total cut into parts as equal as can be, and where it begins. */
static inline uint64_t share_begin(uint64_t total, unsigned parts, unsigned index)
{
	return (uint64_t)((unsigned __int128)total * index / parts);
}

static inline uint64_t share_of(uint64_t total, unsigned parts, unsigned index)
{
	return share_begin(total, parts, index + 1) - share_begin(total, parts, index);
}

/* Whether no two threads ever visit the same block. */
static inline bool pattern_is_sliced(enum pattern_kind kind)
{
	return kind == PATTERN_SEQUENTIAL || kind == PATTERN_STRIDED || kind == PATTERN_CHASE;
}

static inline uint64_t pattern_slice(const struct pattern *p, const struct workload_thread *t)
{
	return p->slices[t->index + 1] - p->slices[t->index];
}

/* The kinds that pattern_next() does not answer by itself. */
uint64_t pattern_next_other(const struct pattern *p, struct workload_thread *t);

/* The block of this thread's next access. Each call is one access: it moves the thread on. */
static inline uint64_t pattern_next(const struct pattern *p, struct workload_thread *t)
{
	uint64_t at;

	switch (p->kind) {
	case PATTERN_SEQUENTIAL:
		at = t->cursor[0];
		t->cursor[0] = at + 1 < pattern_slice(p, t) ? at + 1 : 0;
		return p->slices[t->index] + at;
	case PATTERN_UNIFORM:
		return rng_below(&t->rng, p->blocks);
	case PATTERN_ZIPF:
		return rng_scatter(zipf_draw(p->zipf, &t->rng), p->blocks, p->seed);
	default:
		return pattern_next_other(p, t);
	}
}

/* The blocks of this thread's next count accesses: as many calls of pattern_next(), but faster. */
void pattern_draw(const struct pattern *p, struct workload_thread *t, uint64_t *ret_blocks,
		  unsigned count);

/*
 * Sequential: the same without a list. Returns how many of count accesses lie side by side, the
 * first of them in *ret_first; ≥ 1 for a count ≥ 1.
 */
static inline uint64_t pattern_run(const struct pattern *p, struct workload_thread *t,
				   uint64_t count, uint64_t *ret_first)
{
	uint64_t slice = pattern_slice(p, t), left = slice - t->cursor[0];
	uint64_t run = count < left ? count : left;

	*ret_first = p->slices[t->index] + t->cursor[0];
	t->cursor[0] = run < left ? t->cursor[0] + run : 0;
	return run;
}

/*
 * For a generator whose blocks hold the next one's number: the block at a chase's place, which is
 * the first to visit, or after pattern_chase_on() what the block just visited should hold; and to
 * move on without asking.
 */
uint64_t pattern_chase_next(const struct pattern *p, const struct workload_thread *t);

static inline void pattern_chase_on(const struct pattern *p, struct workload_thread *t)
{
	t->cursor[0] = t->cursor[0] + 1 < pattern_slice(p, t) ? t->cursor[0] + 1 : 0;
}
