// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How memory is broken. Small pages are taken until hardly any of the node's memory is free. The
 * allocator hands them out in the order of their addresses, more or less, so that pages taken one
 * after another are neighbours. Then, in a seeded order of stretches of twice the block, either
 * single pages of a stretch are given back, which makes free memory that no block can be made of,
 * or all of it, which makes whole blocks: whichever brings the index towards its target.
 *
 * Unmovable pages are those of pipes: a page a write in packet mode, freed when both ends are
 * closed. Two pipes a chunk, one for the pages that stay, one for those that go. They are all made
 * before, so that what the kernel needs for them is not scattered among the pages.
 */
#include <errno.h>
#include <fcntl.h>
#include <numaif.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "src/macro.h"
#include "src/rng.h"
#include "workloads/frag.h"
#include "workloads/pattern.h"

#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif

/* Chunks that are taken between two looks at the node's free blocks. */
#define LOOK_CHUNKS 4
/* Stretches that are given back between two looks. */
#define LOOK_STRETCHES 4

/* Descriptors that the process has besides its pipes. */
#define OTHER_FILES 64

static bool is_hole(const struct frag *f, uint64_t page)
{
	return (double)(rng_mix(f->seed, page) >> 11) * 0x1p-53 < f->options->release;
}

static int node_mask(const struct frag *f, unsigned long mask[static WORKLOAD_NODES_MAX])
{
	memset(mask, 0, WORKLOAD_NODES_MAX * sizeof(*mask));
	mask[0] = 1ul << f->options->node;
	return WORKLOAD_NODES_MAX * 8 * (int)sizeof(*mask);
}

int frag_bind(const struct frag *f, void *memory, size_t bytes, struct error *err)
{
	unsigned long mask[WORKLOAD_NODES_MAX];
	int bits = node_mask(f, mask);

	if (mbind(memory, bytes, MPOL_BIND, mask, (unsigned long)bits, 0) == 0)
		return 0;
	if (errno == ENOSYS && f->options->node == 0)
		return 0; /* a kernel without NUMA has this node alone */
	return error_set(err, -errno, "bind memory to node %llu",
			 (unsigned long long)f->options->node);
}

/* --- memory of the process */

static int map_pages(struct frag *f, struct error *err)
{
	struct frag_hold *h = &f->hold;
	size_t bytes = h->room * FRAG_CHUNK_PAGES * f->page_bytes;
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return error_set(err, -errno, "map %zu bytes", bytes);
	h->memory = p;
	madvise(p, bytes, MADV_NOHUGEPAGE); /* a kernel without huge pages refuses: as well */
	if (f->options->pin == FRAG_PIN_MLOCK && mlock2(p, bytes, MLOCK_ONFAULT) < 0)
		return error_set(err, -errno,
				 "pin: mlock of %zu bytes: run as root, or raise the limit of "
				 "locked memory (ulimit -l)",
				 bytes);
	return frag_bind(f, p, bytes, err);
}

static void fill_pages(struct frag *f, uint64_t chunk)
{
	for (uint64_t i = chunk * FRAG_CHUNK_PAGES; i < (chunk + 1) * FRAG_CHUNK_PAGES; i++)
		content_fill(&f->content, f->hold.memory + i * f->page_bytes, i);
}

static int drop_pages(struct frag *f, uint64_t page, uint64_t count, struct error *err)
{
	int advice = f->options->pin == FRAG_PIN_MLOCK ? MADV_DONTNEED_LOCKED : MADV_DONTNEED;

	if (madvise(f->hold.memory + page * f->page_bytes, count * f->page_bytes, advice) == 0)
		return 0;
	return error_set(err, -errno, "give pages back%s",
			 advice == MADV_DONTNEED ? "" : " (pin: mlock wants Linux 5.18)");
}

static int drop_holes(struct frag *f, uint64_t chunk, struct error *err)
{
	uint64_t page = chunk * FRAG_CHUNK_PAGES, end = page + FRAG_CHUNK_PAGES;
	int r = 0;

	while (page < end && r == 0) {
		uint64_t begin = page;

		while (page < end && is_hole(f, page))
			page++;
		if (page == begin)
			page++;
		else
			r = drop_pages(f, begin, page - begin, err);
	}
	return r;
}

/* --- pages of pipes */

static int make_pipe(const struct frag *f, int fds[static 2], struct error *err)
{
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK | O_DIRECT) < 0)
		return error_set(err, -errno, "pin: unmovable: make a pipe%s",
				 errno == EMFILE ? ": raise the limit of open files (ulimit -n)"
						 : "");
	if (fcntl(fds[1], F_SETPIPE_SZ, (int)(FRAG_CHUNK_PAGES * f->page_bytes)) >= 0)
		return 0;
	error_set(err, -errno,
		  "pin: unmovable: a pipe of %zu bytes: run as root, or raise "
		  "fs.pipe-user-pages-soft",
		  FRAG_CHUNK_PAGES * f->page_bytes);
	return err->code;
}

/* The pages of a chunk in their order, each in the pipe of those that stay or go. */
static int fill_pipes(struct frag *f, uint64_t chunk, struct error *err)
{
	const int *kept = f->hold.kept[chunk], *holes = f->hold.holes[chunk];

	for (uint64_t i = chunk * FRAG_CHUNK_PAGES; i < (chunk + 1) * FRAG_CHUNK_PAGES; i++)
		if (write(is_hole(f, i) ? holes[1] : kept[1], "", 1) != 1)
			return error_set(err, -errno, "write to a pipe");
	return 0;
}

static void drop_pipe(int fds[static 2])
{
	for (int i = 0; i < 2; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
		fds[i] = -1;
	}
}

int frag_raise_files(uint64_t count, const char *why, struct error *err)
{
	struct rlimit limit;

	count += OTHER_FILES;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return error_set(err, -errno, "the limit of open files");
	if (limit.rlim_cur >= count)
		return 0;
	limit.rlim_cur = count;
	limit.rlim_max = MAX(limit.rlim_max, (rlim_t)count);
	if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
		return 0;
	return error_set(err, -errno,
			 "%s needs %llu open files: run as root, or raise their limit (ulimit -n, "
			 "fs.nr_open)",
			 why, (unsigned long long)count);
}

static int make_pipes(struct frag *f, struct error *err)
{
	struct frag_hold *h = &f->hold;
	int r = frag_raise_files(4 * h->room, "pin: unmovable", err);

	h->kept = malloc(h->room * sizeof(*h->kept));
	h->holes = malloc(h->room * sizeof(*h->holes));
	if (!h->kept || !h->holes)
		return error_set(err, -ENOMEM, "frag");
	memset(h->kept, -1, h->room * sizeof(*h->kept));
	memset(h->holes, -1, h->room * sizeof(*h->holes));
	for (uint64_t i = 0; i < h->room && r == 0; i++) {
		r = make_pipe(f, h->kept[i], err);
		if (r == 0)
			r = make_pipe(f, h->holes[i], err);
	}
	return r;
}

/* --- both */

static int take_chunk(struct frag *f, uint64_t chunk, struct error *err)
{
	if (f->options->pin == FRAG_PIN_UNMOVABLE)
		return fill_pipes(f, chunk, err);
	fill_pages(f, chunk);
	return 0;
}

/* Single pages of it, or all. */
static int release_chunk(struct frag *f, uint64_t chunk, bool whole, struct error *err)
{
	struct frag_hold *h = &f->hold;
	uint64_t first = chunk * FRAG_CHUNK_PAGES, count = 0;
	int r = 0;

	for (uint64_t i = first; i < first + FRAG_CHUNK_PAGES; i++)
		count += whole || is_hole(f, i);
	if (f->options->pin == FRAG_PIN_UNMOVABLE) {
		drop_pipe(h->holes[chunk]);
		if (whole)
			drop_pipe(h->kept[chunk]);
	} else {
		r = whole ? drop_pages(f, first, FRAG_CHUNK_PAGES, err) : drop_holes(f, chunk, err);
	}
	h->gone[chunk] = whole;
	h->released += count;
	return r;
}

static bool stopped(const struct worker *w)
{
	return atomic_load_explicit(w->stop, memory_order_relaxed);
}

/* Until the reserve is all that is free above the watermarks, or size is taken. */
static int take_all(struct frag *f, const struct worker *w, struct error *err)
{
	struct frag_hold *h = &f->hold;
	uint64_t reserve = f->options->reserve_bytes / f->page_bytes;
	unsigned node = (unsigned)f->options->node;
	int r = 0;

	while (r == 0 && h->chunks < h->room && !stopped(w) &&
	       buddy_spare_pages(&f->buddy, node) >= reserve + LOOK_CHUNKS * FRAG_CHUNK_PAGES) {
		for (int i = 0; i < LOOK_CHUNKS && h->chunks < h->room && r == 0; i++)
			r = take_chunk(f, h->chunks++, err);
		if (r == 0)
			r = buddy_update(&f->buddy, f->proc, err);
	}
	return r;
}

/* Pages of pipes follow the policy of the thread that writes. */
static int take_bound(struct frag *f, const struct worker *w, struct error *err)
{
	unsigned long mask[WORKLOAD_NODES_MAX], old[1024 / 8 / sizeof(long)] = {};
	int bits = node_mask(f, mask), mode = MPOL_DEFAULT, r;
	bool bound = get_mempolicy(&mode, old, 1024, NULL, 0) == 0;

	if (bound && set_mempolicy(MPOL_BIND, mask, (unsigned long)bits) < 0)
		return error_set(err, -errno, "bind pipes to node %llu",
				 (unsigned long long)f->options->node);
	r = take_all(f, w, err);
	if (bound && set_mempolicy(mode, mode == MPOL_DEFAULT ? NULL : old, 1024) < 0 && r == 0)
		r = error_set(err, -errno, "restore the memory policy");
	return r;
}

/* Pages in a row that hold a whole block wherever it begins, in chunks. */
static uint64_t stretch_chunks(const struct frag *f)
{
	return MAX((2ull << f->options->order) / FRAG_CHUNK_PAGES, 1ull);
}

/* The index is off by more than one stretch of free memory makes out. */
static bool is_off(const struct frag *f, unsigned target)
{
	unsigned node = (unsigned)f->options->node;
	unsigned now = buddy_unusable(&f->buddy, node, (unsigned)f->options->order);
	uint64_t off = now > target ? now - target : target - now;

	return off * buddy_free_pages(&f->buddy, node) >
	       1000 * stretch_chunks(f) * FRAG_CHUNK_PAGES;
}

static int release_stretch(struct frag *f, uint64_t number, bool whole, struct error *err)
{
	uint64_t stretches = (f->hold.chunks + stretch_chunks(f) - 1) / stretch_chunks(f);
	uint64_t first = rng_scatter(number, stretches, f->seed) * stretch_chunks(f);
	int r = 0;

	for (uint64_t c = first; c < MIN(first + stretch_chunks(f), f->hold.chunks) && r == 0; c++)
		r = release_chunk(f, c, whole, err);
	return r;
}

/* What a part of the release begins with, and has done. */
struct part {
	uint64_t free, whole;		   /* pages of the node, and of these in whole blocks */
	uint64_t released, released_whole; /* since */
};

static int begin_part(struct frag *f, struct part *part, struct error *err)
{
	unsigned node = (unsigned)f->options->node;
	int r = buddy_settle(&f->buddy, f->proc, node, err);

	*part = (struct part){
		.free = buddy_free_pages(&f->buddy, node),
		.whole = buddy_whole_pages(&f->buddy, node, (unsigned)f->options->order),
	};
	return r;
}

/*
 * As much as release says. Between two looks at the node, the index is reckoned: pages that were
 * given back last are on the per-CPU lists, and what the kernel tells is late by as many. Returns
 * the number of stretches that it took.
 */
static int64_t release_share(struct frag *f, const struct worker *w, unsigned target,
			     struct error *err)
{
	struct frag_hold *h = &f->hold;
	uint64_t pages = h->chunks * FRAG_CHUNK_PAGES, i = 0;
	uint64_t enough = (uint64_t)((double)pages * f->options->release);
	uint64_t stretches = (h->chunks + stretch_chunks(f) - 1) / stretch_chunks(f);
	struct part part = {};

	for (; i < stretches && h->released < enough && !stopped(w); i++) {
		uint64_t before = h->released, now, whole;
		bool all;
		int r = i % LOOK_STRETCHES ? 0 : begin_part(f, &part, err);

		now = part.free + part.released;
		whole = part.whole + part.released_whole;
		all = (now - whole) * 1000 > target * now;
		if (r == 0)
			r = release_stretch(f, i, all, err);
		if (r < 0)
			return r;
		part.released += h->released - before;
		part.released_whole += all ? h->released - before : 0;
	}
	return (int64_t)i;
}

/* More than that, as long as what the kernel tells is not near the target. */
static int release_all(struct frag *f, const struct worker *w, struct error *err)
{
	unsigned node = (unsigned)f->options->node, order = (unsigned)f->options->order;
	unsigned target = (unsigned)(f->options->index * 1000 + 0.5);
	uint64_t stretches = (f->hold.chunks + stretch_chunks(f) - 1) / stretch_chunks(f);
	int64_t done = release_share(f, w, target, err);
	int r = done < 0 ? (int)done : buddy_settle(&f->buddy, f->proc, node, err);

	for (uint64_t i = (uint64_t)done; r == 0 && i < stretches && !stopped(w); i++) {
		if (!is_off(f, target))
			break;
		r = release_stretch(f, i, buddy_unusable(&f->buddy, node, order) > target, err);
		if (r == 0)
			r = buddy_settle(&f->buddy, f->proc, node, err);
	}
	return r;
}

int frag_hold_make(struct frag *f, const struct worker *w, struct error *err)
{
	struct frag_hold *h = &f->hold;
	uint64_t pages = buddy_spare_pages(&f->buddy, (unsigned)f->options->node);
	int r;

	if (f->options->size_bytes)
		pages = MIN(pages, f->options->size_bytes / f->page_bytes);
	h->room = pages / FRAG_CHUNK_PAGES;
	if (h->room == 0)
		return error_say(err, -ENOMEM, "node %llu has no memory free to break",
				 (unsigned long long)f->options->node);
	h->gone = calloc(h->room, sizeof(*h->gone));
	if (!h->gone)
		return error_set(err, -ENOMEM, "frag");
	if (f->options->pin == FRAG_PIN_UNMOVABLE)
		r = make_pipes(f, err);
	else
		r = map_pages(f, err);
	if (r == 0)
		r = f->options->pin == FRAG_PIN_UNMOVABLE ? take_bound(f, w, err)
							  : take_all(f, w, err);
	return r < 0 ? r : release_all(f, w, err);
}

/* Pages that went back read as zeroes, which no content is: they are passed over. */
uint64_t frag_hold_verify(const struct frag *f, unsigned threads, unsigned index)
{
	const struct frag_hold *h = &f->hold;
	uint64_t begin = share_begin(h->chunks, threads, index), changed = 0;
	uint64_t end = begin + share_of(h->chunks, threads, index);

	for (uint64_t i = begin * FRAG_CHUNK_PAGES; i < end * FRAG_CHUNK_PAGES; i++) {
		if (h->gone[i / FRAG_CHUNK_PAGES] || is_hole(f, i))
			continue;
		changed += !content_verify(&f->content, h->memory + i * f->page_bytes, i);
	}
	return changed;
}

void frag_hold_done(struct frag *f)
{
	struct frag_hold *h = &f->hold;

	if (h->memory)
		munmap(h->memory, h->room * FRAG_CHUNK_PAGES * f->page_bytes);
	for (uint64_t i = 0; i < h->room && h->kept && h->holes; i++) {
		drop_pipe(h->kept[i]);
		drop_pipe(h->holes[i]);
	}
	free(h->kept);
	free(h->holes);
	free(h->gone);
	*h = (struct frag_hold){};
}
