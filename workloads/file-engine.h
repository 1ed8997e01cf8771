/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "workloads/content.h"
#include "workloads/pattern.h"
#include "workloads/workload.h"

/*
 * The file generator's inside: which block is next (file.c), and the engines that access it
 * (file-sync.c: pread, mmap; file-uring.c: io_uring).
 */
enum file_engine_kind { FILE_PREAD, FILE_MMAP, FILE_URING };

enum file_advice {
	FILE_ADVICE_NONE,
	FILE_ADVICE_RANDOM,
	FILE_ADVICE_SEQUENTIAL,
	FILE_ADVICE_NOREUSE,
	FILE_ADVICE_WILLNEED, /* before each access */
	FILE_ADVICE_DONTNEED, /* after each access */
};

/* Indices of the generator's counters. */
enum { FILE_WRITES, FILE_FSYNCS };

struct file_options {
	uint64_t size_bytes, files, block_bytes;
	struct pattern_options pattern;
	double write;
	int engine;
	uint64_t depth;
	bool direct;
	uint64_t fsync_every;
	int advice;
	bool cold;
	bool verify;
	double compressibility;
	char *dir;
};

/* A worker's files; immutable while its threads run. */
struct file {
	const struct file_options *options;
	const struct file_engine *engine;
	size_t block_bytes;
	uint64_t blocks, file_blocks; /* of all files, of one */
	struct content content;	      /* of a page of the files; of a block where that is less */
	size_t contents;	      /* in a block */
	struct pattern pattern;
	unsigned files, threads;
	int *fds;	    /* of each thread's own, so that each has its own read-ahead */
	unsigned char *map; /* all files, one behind the other; NULL but for mmap */
};

/* A thread's. */
struct file_thread {
	struct file *file;
	const int *fds;	       /* one a file */
	unsigned char *buffer; /* file_engine.buffers blocks; page-aligned */
	size_t buffer_bytes;
	uint64_t unsynced; /* writes since the last fsync was due */
	void *engine;	   /* the engine's own */
};

struct file_access {
	uint64_t block;
	unsigned file; /* that it is in */
	uint64_t offset;
	bool write, sync; /* sync: fsync after it */
};

/* The hooks of struct workload_ops; those that are NULL have nothing to do. */
struct file_engine {
	uint64_t (*buffers)(const struct file_options *o); /* blocks that a thread needs */
	int (*thread_setup)(struct workload_thread *t, struct error *err);
	int64_t (*step)(struct workload_thread *t, uint64_t budget, struct error *err);
	int (*thread_wait)(struct workload_thread *t, uint64_t until_ns, struct error *err);
	int (*thread_settle)(struct workload_thread *t, struct error *err);
	void (*thread_teardown)(struct file_thread *ft); /* of a half-made one, too */
};
extern const struct file_engine file_pread, file_mmap, file_uring;

/* Accesses that take about a millisecond at most when the page cache has them: 32, or a MiB. */
uint64_t file_batch(const struct file *f, uint64_t budget);

/* The thread's next access. */
static inline void file_next(struct file_thread *ft, struct workload_thread *t,
			     struct file_access *a)
{
	const struct file *f = ft->file;
	const struct file_options *o = f->options;
	uint64_t within = a->block = pattern_next(&f->pattern, t);

	a->file = 0;
	if (f->files > 1) {
		a->file = (unsigned)(within / f->file_blocks);
		within %= f->file_blocks;
	}
	a->offset = within * f->block_bytes;
	a->write = o->write > 0 && (o->write >= 1 || rng_unit(&t->rng) < o->write);
	a->sync = false;
	if (!a->write)
		return;
	t->report->counters[FILE_WRITES]++;
	if (o->fsync_every && ++ft->unsynced == o->fsync_every) {
		ft->unsynced = 0;
		a->sync = true;
	}
}

/* Makes a block of a buffer ready to be written: checkable where that is asked for. */
void file_prepare(const struct file *f, void *block, const struct file_access *a);

/* Counts it as an error when a block's contents are not what they were. */
void file_check(struct workload_thread *t, const void *block, const struct file_access *a);

/* fadvise: willneed and dontneed, before and after an access. */
void file_advise_before(const struct file_thread *ft, const struct file_access *a);
void file_advise_after(const struct file_thread *ft, const struct file_access *a);
