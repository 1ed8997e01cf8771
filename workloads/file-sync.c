// SPDX-License-Identifier: GPL-2.0-or-later
/* The file generator's engines that finish an access before they begin the next: pread, mmap. */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "src/macro.h"
#include "workloads/file-engine.h"

static uint64_t one_buffer(const struct file_options *o)
{
	(void)o;
	return 1;
}

static uint64_t no_buffer(const struct file_options *o)
{
	(void)o;
	return 0;
}

static void sync_file(struct workload_thread *t, int fd)
{
	t->report->counters[FILE_FSYNCS]++;
	if (fsync(fd) < 0)
		t->report->errors++;
}

/* Bytes moved: all of a block, or none and an error. */
static uint64_t transfer(struct file_thread *ft, struct workload_thread *t,
			 const struct file_access *a)
{
	const struct file *f = ft->file;
	int fd = ft->fds[a->file];
	ssize_t n;

	if (a->write) {
		file_prepare(f, ft->buffer, a);
		n = pwrite(fd, ft->buffer, f->block_bytes, (off_t)a->offset);
	} else {
		n = pread(fd, ft->buffer, f->block_bytes, (off_t)a->offset);
	}
	if (n != (ssize_t)f->block_bytes) {
		t->report->errors++;
		return 0;
	}
	if (a->sync)
		sync_file(t, fd);
	else if (!a->write)
		file_check(t, ft->buffer, a);
	return f->block_bytes;
}

static int64_t pread_step(struct workload_thread *t, uint64_t budget, struct error *err)
{
	struct file_thread *ft = t->state;
	uint64_t count = file_batch(ft->file, budget), start = workload_begin(t);

	(void)err;
	for (uint64_t i = 0; i < count; i++) {
		struct file_access a;
		uint64_t moved;

		file_next(ft, t, &a);
		file_advise_before(ft, &a);
		moved = transfer(ft, t, &a);
		file_advise_after(ft, &a);
		start = workload_record(t, moved, start);
	}
	return (int64_t)count;
}

/* One cache line of each page: what it costs is what the kernel does to have the page there. */
static void touch(struct file_thread *ft, struct workload_thread *t, const struct file_access *a)
{
	const struct file *f = ft->file;
	unsigned char *block = f->map + a->block * f->block_bytes;

	if (!a->write)
		file_check(t, block, a);
	for (size_t i = 0; i < f->contents; i++) {
		void *page = block + i * f->content.block_bytes;

		if (a->write)
			content_touch(page);
		else
			(void)*(volatile uint64_t *)page;
	}
	if (a->sync)
		sync_file(t, ft->fds[a->file]);
}

/* A page that is mapped stays in the page cache whatever fadvise says. */
static void unmap_unneeded(const struct file *f, const struct file_access *a)
{
	if (f->options->advice == FILE_ADVICE_DONTNEED)
		madvise(f->map + a->block * f->block_bytes, f->block_bytes, MADV_DONTNEED);
}

static int64_t mmap_step(struct workload_thread *t, uint64_t budget, struct error *err)
{
	struct file_thread *ft = t->state;
	uint64_t count = file_batch(ft->file, budget), start = workload_begin(t);

	(void)err;
	for (uint64_t i = 0; i < count; i++) {
		struct file_access a;

		file_next(ft, t, &a);
		file_advise_before(ft, &a);
		touch(ft, t, &a);
		unmap_unneeded(ft->file, &a);
		file_advise_after(ft, &a);
		start = workload_record(t, ft->file->block_bytes, start);
	}
	return (int64_t)count;
}

const struct file_engine file_pread = {
	.buffers = one_buffer,
	.step = pread_step,
};

const struct file_engine file_mmap = {
	.buffers = no_buffer,
	.step = mmap_step,
};
