/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The parts of the frag generator: frag.c, and what it holds (frag-hold.c) and demands. */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "workloads/buddy.h"
#include "workloads/content.h"
#include "workloads/workload.h"

enum frag_pin { FRAG_PIN_NONE, FRAG_PIN_MLOCK, FRAG_PIN_UNMOVABLE };
enum frag_demand { FRAG_DEMAND_NONE, FRAG_DEMAND_THP, FRAG_DEMAND_HUGETLB, FRAG_DEMAND_PIPE };

struct frag_options {
	uint64_t node, order;
	double index;
	uint64_t size_bytes, reserve_bytes;
	double release;
	int pin;
	int demand;
	uint64_t demand_bytes;
	double compressibility;
	bool verify;
};

/*
 * Pages that are taken, and given back, together: as many as a pipe can hold whose ring is less
 * than a page, so that it can be had however memory is broken (struct pipe_buffer: 40 bytes).
 */
#define FRAG_CHUNK_PAGES 64

/* Pages taken in the allocator's order, chunk by chunk: of each, some are to be given back. */
struct frag_hold {
	unsigned char *memory;	     /* one mapping; pin: none and mlock */
	uint64_t room;		     /* chunks that it has room for */
	uint64_t chunks;	     /* that are taken */
	bool *gone;		     /* a chunk: given back whole */
	int (*kept)[2], (*holes)[2]; /* a chunk: pipes of its pages; pin: unmovable; else NULL */
	uint64_t released;	     /* pages given back */
};

/* Blocks that are asked for, and had or not. Each block is one thread's. */
struct frag_blocks {
	unsigned char *memory; /* aligned to a block; thp, hugetlb */
	size_t mapped_bytes;   /* of the mapping, which begins at map */
	void *map;
	int (*pipes)[2];     /* pipe; else NULL */
	uint64_t count;	     /* of blocks */
	size_t block_bytes;  /* of one */
	uint64_t pipe_bytes; /* F_SETPIPE_SZ that takes one */
};

struct frag {
	const struct frag_options *options;
	size_t page_bytes;
	int proc; /* /proc */
	uint64_t seed;
	struct buddy buddy;
	struct content content;
	struct frag_hold hold;
	struct frag_blocks blocks;
	unsigned index_before, index_reached;
	_Atomic uint64_t demanded, granted;
	_Atomic unsigned finished; /* threads */
};

/* Binds a mapping to the node that is set. */
int frag_bind(const struct frag *f, void *memory, size_t bytes, struct error *err);

/* Allows the process so many open files besides the few that it has. */
int frag_raise_files(uint64_t count, const char *why, struct error *err);

/* Takes the node's free memory and gives some back, until the index is reached or all is done. */
int frag_hold_make(struct frag *f, const struct worker *w, struct error *err);
/* Kept pages whose contents have changed, of one thread's share. */
uint64_t frag_hold_verify(const struct frag *f, unsigned threads, unsigned index);
void frag_hold_done(struct frag *f);

/* Bytes of a block that is asked for. */
uint64_t frag_block_bytes(const struct frag_options *o, size_t page_bytes);
int frag_blocks_init(struct frag *f, struct error *err);
/* Gives a block back, or what there is in its place. */
int frag_blocks_drop(struct frag *f, uint64_t block, struct error *err);
/* Asks for one that is not there. 1: had, 0: refused. */
int frag_blocks_ask(struct frag *f, uint64_t block, struct error *err);
void frag_blocks_done(struct frag *f);
