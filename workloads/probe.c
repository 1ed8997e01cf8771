// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a bystander feels: small operations at a set rate, each timed from when it was due. It
 * wants little for itself; put it beside something that makes pressure, in the same cgroup or
 * another, and read its latencies.
 *
 * fault: first touch of fresh pages. alloc: a mapping made, touched and unmapped, as a program
 * does it for a large buffer. read: blocks of a file of its own, through the page cache. touch:
 * pages that it filled long ago: one that reclaim has taken is slow.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "workloads/content.h"
#include "workloads/pattern.h"
#include "workloads/scratch.h"
#include "workloads/workload.h"

extern const struct workload_ops workload_probe;

enum { PROBE_FAULT, PROBE_ALLOC, PROBE_READ, PROBE_TOUCH };
static const char *const kind_names[] = { "fault", "alloc", "read", "touch", NULL };

struct probe_options {
	int kind;
	uint64_t size_bytes, block_bytes;
	double compressibility;
	bool verify;
	char *dir;
};

static const struct option_spec probe_options[] = {
	OPTION_CHOICE(struct probe_options, kind, .name = "kind", .fallback = "fault",
		      .choices = kind_names,
		      .help = "first touch of fresh pages; map, touch and unmap; read of a file; "
			      "touch of pages filled before"),
	OPTION_SIZE(struct probe_options, size_bytes, .name = "size", .fallback = "4M",
		    .min = 1 << 12, .max = 1ull << 40,
		    .help = "its working set: what a pass goes through; read: its file"),
	OPTION_SIZE(struct probe_options, block_bytes, .name = "block", .fallback = "4K",
		    .min = 1 << 12, .max = 1 << 20, .help = "bytes of one operation"),
	OPTION_SHARE(struct probe_options, compressibility, .name = "compressibility",
		     .fallback = "50%", .help = "share of a page that a compressor can remove"),
	OPTION_BOOL(struct probe_options, verify, .name = "verify", .fallback = "false",
		    .help = "read, touch: check the whole contents after each operation, untimed"),
	SCRATCH_OPTION(struct probe_options, dir),
	{}
};

struct probe {
	const struct probe_options *options;
	size_t page_bytes, blocks;
	struct content content;
	unsigned char *memory; /* fault, touch: the working set */
	int fd;		       /* read: its file; else -1 */
};

/* Page cache isn't owned, a tmpfs's pages are. */
static uint64_t owned_bytes(const struct probe_options *o, uint64_t threads)
{
	if (o->kind == PROBE_ALLOC)
		return o->block_bytes * threads;
	if (o->kind == PROBE_READ)
		return scratch_is_tmpfs(o->dir) ? o->size_bytes : 0;
	return o->size_bytes;
}

static int probe_plan(const void *options, const struct workload_site *site,
		      struct workload_plan *ret, struct error *err)
{
	const struct probe_options *o = options;
	uint64_t blocks = o->size_bytes / o->block_bytes;
	bool remembers = o->kind == PROBE_READ || o->kind == PROBE_TOUCH;

	if (!site->rated)
		return error_say(err, -EINVAL,
				 "it measures how late operations are, so they need times at which "
				 "they are due: add rate, as rate: 1000");
	if (o->block_bytes % site->page_bytes)
		return error_say(err, -EINVAL,
				 "block: %llu is not a multiple of the page size, %zu",
				 (unsigned long long)o->block_bytes, site->page_bytes);
	if (o->size_bytes % o->block_bytes)
		return error_say(err, -EINVAL, "size: %llu is not a multiple of block, %llu",
				 (unsigned long long)o->size_bytes,
				 (unsigned long long)o->block_bytes);
	if (blocks < site->threads)
		return error_say(err, -EINVAL, "%llu threads can't share %llu blocks",
				 (unsigned long long)site->threads, (unsigned long long)blocks);
	if (o->verify && !remembers)
		return error_say(err, -EINVAL,
				 "verify: kind: %s keeps no contents; it is for read and touch",
				 kind_names[o->kind]);
	*ret = (struct workload_plan){
		.footprint_bytes = owned_bytes(o, site->threads),
		.disk_bytes = o->kind == PROBE_READ ? o->size_bytes : 0,
		.ops_per_pass = blocks,
		.dir = o->kind == PROBE_READ ? o->dir : NULL,
	};
	return 0;
}

/* Private memory in small pages: what a huge one costs or saves is another question. */
static void *map(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	madvise(p, bytes, MADV_NOHUGEPAGE); /* a kernel without huge pages refuses: as well */
	return p;
}

static int map_set(struct probe *p, struct error *err)
{
	p->memory = map(p->options->size_bytes);
	if (!p->memory)
		return error_set(err, -errno, "map %llu bytes",
				 (unsigned long long)p->options->size_bytes);
	if (p->options->kind == PROBE_TOUCH)
		for (size_t i = 0; i < p->options->size_bytes / p->page_bytes; i++)
			content_fill(&p->content, p->memory + i * p->page_bytes, i);
	return 0;
}

static int make_file(struct probe *p, struct worker *w, struct error *err)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_free_ void *page = aligned_alloc(p->page_bytes, p->page_bytes);
	int r = scratch_setup(w, p->options->dir, NULL, err);

	if (r < 0)
		return r;
	path = path_join(w->dir, "probe");
	if (!path || !page)
		return error_set(err, -ENOMEM, "probe");
	p->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (p->fd < 0)
		return error_set(err, -errno, "create %s", path);
	for (size_t i = 0; i < p->options->size_bytes / p->page_bytes; i++) {
		content_fill(&p->content, page, i);
		r = file_write_all(p->fd, page, p->page_bytes);
		if (r < 0)
			return error_set(err, r, "write %s", path);
	}
	/* Clean pages can be reclaimed; and a read is of its block, without read-ahead. */
	if (fdatasync(p->fd) < 0)
		return error_set(err, -errno, "write %s", path);
	posix_fadvise(p->fd, 0, 0, POSIX_FADV_RANDOM);
	return 0;
}

static int probe_setup(struct worker *w, struct error *err)
{
	struct probe *p = calloc(1, sizeof(*p));

	if (!p)
		return error_set(err, -ENOMEM, "probe");
	w->state = p;
	p->fd = -1;
	p->options = w->options;
	p->page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	p->blocks = p->options->size_bytes / p->options->block_bytes;
	content_init(&p->content, w->seed, p->page_bytes, p->options->compressibility);
	if (p->options->kind == PROBE_READ)
		return make_file(p, w, err);
	return p->options->kind == PROBE_ALLOC ? 0 : map_set(p, err);
}

/* A buffer for reads, which is in memory before the first one is timed. */
static int probe_thread_setup(struct workload_thread *t, struct error *err)
{
	const struct probe *p = t->worker->state;
	size_t bytes = p->options->block_bytes;

	if (p->options->kind != PROBE_READ)
		return 0;
	t->state = aligned_alloc(p->page_bytes, bytes);
	if (!t->state)
		return error_set(err, -ENOMEM, "probe");
	memset(t->state, 0, bytes);
	return 0;
}

static void write_pages(const struct probe *p, unsigned char *block)
{
	for (size_t at = 0; at < p->options->block_bytes; at += p->page_bytes)
		*(volatile unsigned char *)(block + at) = 1;
}

static void check_block(const struct probe *p, struct workload_thread *t,
			const unsigned char *block, uint64_t number)
{
	size_t pages = p->options->block_bytes / p->page_bytes;
	bool good = true;

	for (size_t i = 0; i < pages && good; i++)
		good = content_verify(&p->content, block + i * p->page_bytes, number * pages + i);
	t->report->errors += !good;
}

/* In order through the thread's slice; what comes next is given back first, so that it is fresh. */
static int fault(const struct probe *p, struct workload_thread *t, struct error *err)
{
	uint64_t begin = share_begin(p->blocks, t->worker->threads, t->index);
	uint64_t slice = share_of(p->blocks, t->worker->threads, t->index);
	uint64_t start = workload_begin(t);

	write_pages(p, p->memory + (begin + t->cursor[0]) * p->options->block_bytes);
	workload_record(t, p->options->block_bytes, start);
	t->cursor[0] = (t->cursor[0] + 1) % slice;
	if (madvise(p->memory + (begin + t->cursor[0]) * p->options->block_bytes,
		    p->options->block_bytes, MADV_DONTNEED) < 0)
		return error_set(err, -errno, "give pages back");
	return 0;
}

static int alloc(const struct probe *p, struct workload_thread *t, struct error *err)
{
	uint64_t start = workload_begin(t);
	unsigned char *block = map(p->options->block_bytes);

	if (!block)
		return error_set(err, -errno, "map %llu bytes",
				 (unsigned long long)p->options->block_bytes);
	write_pages(p, block);
	munmap(block, p->options->block_bytes);
	workload_record(t, p->options->block_bytes, start);
	return 0;
}

static int read_block(const struct probe *p, struct workload_thread *t, struct error *err)
{
	uint64_t start = workload_begin(t), block = rng_below(&t->rng, p->blocks);
	size_t bytes = p->options->block_bytes;
	ssize_t got = pread(p->fd, t->state, bytes, (off_t)(block * bytes));

	if (got < 0)
		return error_set(err, -errno, "read its file");
	workload_record(t, bytes, start);
	if ((size_t)got < bytes)
		t->report->errors++;
	else if (p->options->verify)
		check_block(p, t, t->state, block);
	return 0;
}

static void touch(const struct probe *p, struct workload_thread *t)
{
	uint64_t start = workload_begin(t), number = rng_below(&t->rng, p->blocks);
	const unsigned char *block = p->memory + number * p->options->block_bytes;

	for (size_t at = 0; at < p->options->block_bytes; at += p->page_bytes)
		(void)*(const volatile unsigned char *)(block + at);
	workload_record(t, p->options->block_bytes, start);
	if (p->options->verify)
		check_block(p, t, block, number);
}

static int64_t probe_step(struct workload_thread *t, uint64_t budget, struct error *err)
{
	const struct probe *p = t->worker->state;
	int r = 0;

	(void)budget; /* at a rate it is 1 */
	switch (p->options->kind) {
	case PROBE_FAULT:
		r = fault(p, t, err);
		break;
	case PROBE_ALLOC:
		r = alloc(p, t, err);
		break;
	case PROBE_READ:
		r = read_block(p, t, err);
		break;
	default:
		touch(p, t);
	}
	return r < 0 ? r : 1;
}

static void probe_thread_teardown(struct workload_thread *t)
{
	free(t->state);
	t->state = NULL;
}

static void probe_teardown(struct worker *w)
{
	struct probe *p = w->state;

	if (!p)
		return;
	if (p->memory)
		munmap(p->memory, p->options->size_bytes);
	if (p->fd >= 0)
		close(p->fd);
	free(p);
	w->state = NULL;
}

const struct workload_ops workload_probe = {
	.name = "probe",
	.summary = "what a bystander feels: small operations at a set rate, timed from when due",
	.options = probe_options,
	.options_size = sizeof(struct probe_options),
	.plan = probe_plan,
	.setup = probe_setup,
	.thread_setup = probe_thread_setup,
	.step = probe_step,
	.thread_teardown = probe_thread_teardown,
	.teardown = probe_teardown,
};
