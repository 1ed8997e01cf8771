// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How blocks are asked for.
 *
 * thp: one touch in an aligned region of 2M. Either a huge page is there afterwards, or a small
 * one: whether the region's last page is there, too, says which (mincore).
 * hugetlb: a page that is not reserved comes from the buddy allocator at its first touch, which
 * MADV_POPULATE_WRITE makes, so that a refusal is an error and no signal.
 * pipe: a pipe's ring is one allocation of the kernel, of physically contiguous memory: 40 bytes
 * for each page that the pipe may hold (struct pipe_buffer), so that a 64th of a block's bytes in
 * pages takes the block and not half of one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "workloads/frag.h"

#define HUGE_BYTES (2u << 20)
#define RING_SHARE 64

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

uint64_t frag_block_bytes(const struct frag_options *o, size_t page_bytes)
{
	return o->demand == FRAG_DEMAND_PIPE ? (uint64_t)page_bytes << o->order : HUGE_BYTES;
}

static int map_regions(struct frag *f, struct error *err)
{
	struct frag_blocks *b = &f->blocks;
	bool hugetlb = f->options->demand == FRAG_DEMAND_HUGETLB;
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (hugetlb ? MAP_HUGETLB : 0);
	void *p;

	b->mapped_bytes = (b->count + !hugetlb) * b->block_bytes;
	p = mmap(NULL, b->mapped_bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (p == MAP_FAILED)
		return error_set(err, -errno, "map %zu bytes%s", b->mapped_bytes,
				 hugetlb ? " of huge pages" : "");
	b->map = p;
	b->memory = (void *)(((uintptr_t)p + HUGE_BYTES - 1) & ~(uintptr_t)(HUGE_BYTES - 1));
	if (!hugetlb && madvise(p, b->mapped_bytes, MADV_HUGEPAGE) < 0)
		return error_set(err, -errno, "demand: thp: this kernel has no huge pages");
	return frag_bind(f, p, b->mapped_bytes, err);
}

static int make_table(struct frag *f, struct error *err)
{
	struct frag_blocks *b = &f->blocks;

	b->pipe_bytes = b->block_bytes / RING_SHARE * f->page_bytes;
	b->pipes = malloc(b->count * sizeof(*b->pipes));
	if (!b->pipes)
		return error_set(err, -ENOMEM, "frag");
	for (uint64_t i = 0; i < b->count; i++)
		b->pipes[i][0] = b->pipes[i][1] = -1;
	return frag_raise_files(2 * b->count + (f->hold.kept ? 4 * f->hold.room : 0),
				"demand: pipe", err);
}

int frag_blocks_init(struct frag *f, struct error *err)
{
	struct frag_blocks *b = &f->blocks;

	if (f->options->demand == FRAG_DEMAND_NONE)
		return 0;
	b->block_bytes = frag_block_bytes(f->options, f->page_bytes);
	b->count = f->options->demand_bytes / b->block_bytes;
	return f->options->demand == FRAG_DEMAND_PIPE ? make_table(f, err) : map_regions(f, err);
}

static int ask_thp(const struct frag *f, unsigned char *region, struct error *err)
{
	unsigned char last;

	*(volatile unsigned char *)region = 1;
	if (mincore(region + HUGE_BYTES - f->page_bytes, f->page_bytes, &last) < 0)
		return error_set(err, -errno, "look for a huge page");
	return last & 1;
}

static int ask_hugetlb(unsigned char *region, struct error *err)
{
	if (madvise(region, HUGE_BYTES, MADV_POPULATE_WRITE) == 0)
		return 1;
	/* What would be a bus error at a touch. */
	if (errno == EFAULT || errno == ENOMEM)
		return 0;
	return error_set(err, -errno, "touch a huge page%s",
			 errno == EINVAL ? " (demand: hugetlb wants Linux 5.18)" : "");
}

static int ask_pipe(struct frag *f, int fds[static 2], struct error *err)
{
	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_set(err, -errno, "make a pipe");
	if (fcntl(fds[1], F_SETPIPE_SZ, (int)f->blocks.pipe_bytes) >= 0)
		return 1;
	if (errno == ENOMEM)
		return 0;
	return error_set(err, -errno,
			 "demand: pipe: a pipe of %llu bytes: run as root, or raise "
			 "fs.pipe-max-size and fs.pipe-user-pages-soft",
			 (unsigned long long)f->blocks.pipe_bytes);
}

int frag_blocks_ask(struct frag *f, uint64_t block, struct error *err)
{
	unsigned char *region = f->blocks.memory + block * f->blocks.block_bytes;

	switch (f->options->demand) {
	case FRAG_DEMAND_THP:
		return ask_thp(f, region, err);
	case FRAG_DEMAND_HUGETLB:
		return ask_hugetlb(region, err);
	default:
		return ask_pipe(f, f->blocks.pipes[block], err);
	}
}

static void close_pipe(int fds[static 2])
{
	for (int i = 0; i < 2; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
		fds[i] = -1;
	}
}

int frag_blocks_drop(struct frag *f, uint64_t block, struct error *err)
{
	struct frag_blocks *b = &f->blocks;

	if (b->pipes)
		close_pipe(b->pipes[block]);
	else if (madvise(b->memory + block * b->block_bytes, b->block_bytes, MADV_DONTNEED) < 0)
		return error_set(err, -errno, "give a block back%s",
				 f->options->demand == FRAG_DEMAND_HUGETLB
					 ? " (demand: hugetlb wants Linux 5.18)"
					 : "");
	return 0;
}

void frag_blocks_done(struct frag *f)
{
	struct frag_blocks *b = &f->blocks;

	if (b->map)
		munmap(b->map, b->mapped_bytes);
	for (uint64_t i = 0; b->pipes && i < b->count; i++)
		close_pipe(b->pipes[i]);
	free(b->pipes);
	*b = (struct frag_blocks){};
}
