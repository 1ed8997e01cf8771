/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

#include "src/rng.h"
#include "workloads/workload.h"

/* In which order a workload visits its blocks (pages, file blocks): shared by the generators. */
enum pattern_kind {
	PATTERN_SEQUENTIAL, /* each thread its own slice, in order, again and again */
	PATTERN_UNIFORM,    /* any block, all equally likely */
	PATTERN_ZIPF,	    /* few hot blocks, scattered over the whole range */
};
extern const char *const pattern_names[]; /* for an option's choices */

/* Immutable while threads use it. */
struct pattern {
	enum pattern_kind kind;
	uint64_t blocks;
	uint64_t seed;
	unsigned threads;
	struct zipf *zipf; /* owned; NULL unless kind is PATTERN_ZIPF */
};

int pattern_init(struct pattern *p, enum pattern_kind kind, uint64_t blocks, double theta,
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

/* The block that comes after ahead more operations of this thread. */
static inline uint64_t pattern_next(const struct pattern *p, struct workload_thread *t,
				    uint64_t ahead)
{
	uint64_t slice;

	switch (p->kind) {
	case PATTERN_SEQUENTIAL:
		slice = share_of(p->blocks, p->threads, t->index);
		return share_begin(p->blocks, p->threads, t->index) + (t->position + ahead) % slice;
	case PATTERN_UNIFORM:
		return rng_below(&t->rng, p->blocks);
	case PATTERN_ZIPF:
		return rng_scatter(zipf_draw(p->zipf, &t->rng), p->blocks, p->seed);
	}
	__builtin_unreachable();
}
