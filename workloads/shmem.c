// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Shared memory: a memfd, a file on a tmpfs, or a System V segment, mapped and touched page by
 * page; holes punched into it and filled anew, or its end cut off and grown again. The kernel
 * reclaims it as it does anonymous memory, through swap, and can't without.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

#include "src/macro.h"
#include "workloads/content.h"
#include "workloads/pattern.h"
#include "workloads/scratch.h"
#include "workloads/workload.h"

extern const struct workload_ops workload_shmem;

enum { KIND_MEMFD, KIND_TMPFS, KIND_SYSV };
static const char *const kind_names[] = { "memfd", "tmpfs", "sysv", NULL };
enum { MODE_TOUCH, MODE_PUNCH, MODE_TRUNCATE };
static const char *const mode_names[] = { "touch", "punch", "truncate", NULL };
enum { HUGE_SYSTEM, HUGE_NEVER, HUGE_ADVISE, HUGE_ALWAYS };
static const char *const huge_names[] = { "system", "never", "advise", "always", NULL };

enum { COUNT_FILLED, COUNT_FREED };
static const struct counter_spec shmem_counters[] = {
	[COUNT_FILLED] = { "filled", "pages", "pages written for the first time, or anew in a hole",
			   false },
	[COUNT_FREED] = { "freed", "pages", "pages punched out or cut off", false },
	{},
};

#define BATCH 128

struct shmem_options {
	uint64_t size_bytes, hole_bytes;
	int kind, mode, huge;
	struct pattern_options pattern;
	double write, compressibility;
	bool verify;
};

static const struct option_spec shmem_options[] = {
	OPTION_SIZE(struct shmem_options, size_bytes, .name = "size", .required = true,
		    .min = 1 << 16, .max = 1ull << 44, .help = "bytes of it"),
	OPTION_CHOICE(struct shmem_options, kind, .name = "kind", .fallback = "memfd",
		      .choices = kind_names,
		      .help = "a memfd, a file on a tmpfs of its own, or a System V segment"),
	OPTION_CHOICE(
		struct shmem_options, mode, .name = "mode", .fallback = "touch",
		.choices = mode_names,
		.help = "an operation: touch a page; punch a hole and fill it again; truncate: "
			"cut a hole's size off the end until nothing is left, then grow by it "
			"and fill that, until all is there again"),
	OPTION_SIZE(struct shmem_options, hole_bytes, .name = "hole", .fallback = "64K",
		    .min = 4096, .max = 1ull << 40,
		    .help = "punch, truncate: bytes that go at once; they are all there at first"),
	OPTION_CHOICE(
		struct shmem_options, huge, .name = "huge", .fallback = "system",
		.choices = huge_names,
		.help = "huge pages: on tmpfs its mount option, system for none; else madvise "
			"against (never) or for (advise, always), heard when knob thp_shmem is "
			"advise or within_size"),
	PATTERN_OPTIONS(struct shmem_options, pattern),
	OPTION_SHARE(struct shmem_options, write, .name = "write", .fallback = "100%",
		     .help = "share of touches that write; a page's first touch always does"),
	OPTION_SHARE(struct shmem_options, compressibility, .name = "compressibility",
		     .fallback = "50%", .help = "share of a page that a compressor can remove"),
	OPTION_BOOL(struct shmem_options, verify, .name = "verify", .fallback = "false",
		    .help = "check a page's whole contents at each touch but the first"),
	{}
};

struct shmem {
	const struct shmem_options *options;
	int fd; /* -1 for System V */
	unsigned char *memory;
	size_t page_bytes, pages;
	struct content content;
	struct pattern pattern;
	_Atomic uint64_t *filled; /* a bit a page: holds its contents */
};

static int check_mode(const struct shmem_options *o, const struct workload_site *site,
		      struct error *err)
{
	uint64_t holes = o->size_bytes / o->hole_bytes;

	if (o->mode == MODE_TOUCH)
		return pattern_check(&o->pattern, o->size_bytes / site->page_bytes, site->threads,
				     err);
	if (o->hole_bytes % site->page_bytes || o->size_bytes % o->hole_bytes)
		return error_say(err, -EINVAL,
				 "hole: %llu is no multiple of the page size, or no part of size",
				 (unsigned long long)o->hole_bytes);
	if (o->mode == MODE_PUNCH)
		return pattern_check(&o->pattern, holes, site->threads, err);
	if (o->kind == KIND_SYSV)
		return error_say(err, -EINVAL, "mode: a System V segment can't be truncated");
	if (site->threads > 1)
		return error_say(
			err, -EINVAL,
			"threads: they would touch what another has cut off: use processes");
	if (o->pattern.kind != PATTERN_SEQUENTIAL)
		return error_say(err, -EINVAL,
				 "pattern: truncate goes from the end and back to it");
	return 0;
}

static int shmem_plan(const void *options, const struct workload_site *site,
		      struct workload_plan *ret, struct error *err)
{
	const struct shmem_options *o = options;
	uint64_t holes = o->size_bytes / o->hole_bytes;

	if (o->size_bytes % site->page_bytes)
		return error_say(err, -EINVAL, "size: %llu is not a multiple of the page size, %zu",
				 (unsigned long long)o->size_bytes, site->page_bytes);
	if (check_mode(o, site, err) < 0)
		return -EINVAL;
	*ret = (struct workload_plan){
		.footprint_bytes = o->size_bytes,
		.pinned_bytes = site->swap_bytes ? 0 : o->size_bytes,
		.ops_per_pass = o->mode == MODE_TOUCH	? o->size_bytes / site->page_bytes
				: o->mode == MODE_PUNCH ? holes
							: 2 * holes,
		.dir = o->kind == KIND_TMPFS ? "tmpfs" : NULL,
	};
	return 0;
}

/* ---- the memory ---- */

static int open_tmpfs(struct shmem *s, struct worker *w, struct error *err)
{
	char huge[24];
	int r;

	snprintf(huge, sizeof(huge), "huge=%s", huge_names[s->options->huge]);
	r = scratch_setup(w, "tmpfs", s->options->huge == HUGE_SYSTEM ? NULL : huge, err);
	if (r < 0)
		return r;
	s->fd = open(w->dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	return s->fd < 0 ? error_set(err, -errno, "create a file on a tmpfs") : 0;
}

static int attach_sysv(struct shmem *s, struct error *err)
{
	int id = shmget(IPC_PRIVATE, s->options->size_bytes, IPC_CREAT | 0600);
	void *memory;

	if (id < 0)
		return error_set(
			err, -errno,
			"a System V segment of %llu bytes (kernel.shmmax and kernel.shmall "
			"limit them)",
			(unsigned long long)s->options->size_bytes);
	memory = shmat(id, NULL, 0);
	if (memory == (void *)-1)
		error_set(err, -errno, "attach a System V segment");
	else
		s->memory = memory;
	shmctl(id, IPC_RMID, NULL); /* it goes when the process does */
	return s->memory ? 0 : err ? err->code : -EIO;
}

static int map_memory(struct shmem *s, struct worker *w, struct error *err)
{
	void *memory;
	int r = 0;

	if (s->options->kind == KIND_SYSV)
		return attach_sysv(s, err);
	if (s->options->kind == KIND_TMPFS)
		r = open_tmpfs(s, w, err);
	else if ((s->fd = memfd_create("wring", MFD_CLOEXEC)) < 0)
		r = error_set(err, -errno, "a memfd");
	if (r == 0 && ftruncate(s->fd, (off_t)s->options->size_bytes) < 0)
		r = error_set(err, -errno, "make it %llu bytes large",
			      (unsigned long long)s->options->size_bytes);
	if (r < 0)
		return r;
	memory = mmap(NULL, s->options->size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, 0);
	if (memory == MAP_FAILED)
		return error_set(err, -errno, "map %llu bytes",
				 (unsigned long long)s->options->size_bytes);
	s->memory = memory;
	return 0;
}

static int advise_huge(const struct shmem *s, struct error *err)
{
	int advice = s->options->huge == HUGE_NEVER ? MADV_NOHUGEPAGE : MADV_HUGEPAGE;

	if (s->options->huge == HUGE_SYSTEM ||
	    madvise(s->memory, s->options->size_bytes, advice) == 0)
		return 0;
	if (errno == EINVAL && s->options->huge == HUGE_NEVER)
		return 0; /* a kernel without huge pages */
	return error_set(err, -errno, "madvise for huge: %s", huge_names[s->options->huge]);
}

static int shmem_setup(struct worker *w, struct error *err)
{
	struct shmem *s = calloc(1, sizeof(*s));
	const struct shmem_options *o = w->options;
	uint64_t blocks;
	int r;

	if (!s)
		return error_set(err, -ENOMEM, "shmem");
	w->state = s;
	s->fd = -1;
	s->options = o;
	s->page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	s->pages = o->size_bytes / s->page_bytes;
	content_init(&s->content, w->seed, s->page_bytes, o->compressibility);
	s->filled = calloc(s->pages / 64 + 1, sizeof(*s->filled));
	if (!s->filled)
		return error_set(err, -ENOMEM, "shmem");
	blocks = o->mode == MODE_TOUCH ? s->pages : o->size_bytes / o->hole_bytes;
	r = pattern_init(&s->pattern, &o->pattern, blocks, w, err);
	if (r == 0)
		r = map_memory(s, w, err);
	return r < 0 ? r : advise_huge(s, err);
}

/* ---- pages ---- */

static void *page_at(const struct shmem *s, uint64_t page)
{
	return s->memory + page * s->page_bytes;
}

static bool is_filled(const struct shmem *s, uint64_t page)
{
	return atomic_load_explicit(&s->filled[page / 64], memory_order_acquire) >> (page % 64) & 1;
}

/* Threads that fill the same page at once write the same bytes. */
static void fill(struct shmem *s, struct workload_thread *t, uint64_t page)
{
	content_fill(&s->content, page_at(s, page), page);
	atomic_fetch_or_explicit(&s->filled[page / 64], 1ull << (page % 64), memory_order_release);
	t->report->counters[COUNT_FILLED]++;
}

static void verify(struct shmem *s, struct workload_thread *t, uint64_t page)
{
	if (s->options->verify && !content_verify(&s->content, page_at(s, page), page))
		t->report->errors++;
}

static void touch(struct shmem *s, struct workload_thread *t, uint64_t page)
{
	if (!is_filled(s, page)) {
		fill(s, t, page);
		return;
	}
	verify(s, t, page);
	if (s->options->write >= 1 || rng_unit(&t->rng) < s->options->write)
		content_touch(page_at(s, page));
	else
		(void)*(volatile uint64_t *)page_at(s, page);
}

static void fill_hole(struct shmem *s, struct workload_thread *t, uint64_t hole)
{
	uint64_t pages = s->options->hole_bytes / s->page_bytes;

	for (uint64_t i = 0; i < pages; i++)
		fill(s, t, hole * pages + i);
}

/* Before its pages go, they are what they should be. */
static void verify_hole(struct shmem *s, struct workload_thread *t, uint64_t hole)
{
	uint64_t pages = s->options->hole_bytes / s->page_bytes;

	for (uint64_t i = 0; i < pages; i++)
		verify(s, t, hole * pages + i);
	t->report->counters[COUNT_FREED] += pages;
}

/* punch and truncate begin with all of it there. */
static int shmem_thread_setup(struct workload_thread *t, struct error *err)
{
	struct shmem *s = t->worker->state;
	uint64_t begin, count;

	(void)err;
	if (s->options->mode == MODE_TOUCH)
		return 0;
	begin = share_begin(s->pattern.blocks, t->worker->threads, t->index);
	count = share_of(s->pattern.blocks, t->worker->threads, t->index);
	for (uint64_t i = 0; i < count; i++)
		fill_hole(s, t, begin + i);
	return 0;
}

/* ---- operations ---- */

/* A hole of the thread's own, so that no other one looks into it meanwhile. */
static int punch(struct shmem *s, struct workload_thread *t, struct error *err)
{
	uint64_t begin = share_begin(s->pattern.blocks, t->worker->threads, t->index);
	uint64_t count = share_of(s->pattern.blocks, t->worker->threads, t->index);
	uint64_t hole = begin + pattern_next(&s->pattern, t) % count;

	verify_hole(s, t, hole);
	/* As fallocate(FALLOC_FL_PUNCH_HOLE), and for System V segments, too. */
	if (madvise(s->memory + hole * s->options->hole_bytes, s->options->hole_bytes,
		    MADV_REMOVE) < 0)
		return error_set(err, -errno, "punch a hole");
	fill_hole(s, t, hole);
	return 0;
}

/* position counts through a pass: down to nothing, and up again. */
static int truncate_step(struct shmem *s, struct workload_thread *t, uint64_t position,
			 struct error *err)
{
	uint64_t holes = s->pattern.blocks, place = position % (2 * holes);
	bool down = place < holes;
	uint64_t left = down ? holes - place - 1 : place - holes + 1;

	if (down)
		verify_hole(s, t, left);
	if (ftruncate(s->fd, (off_t)(left * s->options->hole_bytes)) < 0)
		return error_set(err, -errno, "truncate");
	if (!down)
		fill_hole(s, t, left - 1);
	return 0;
}

static int64_t step_touch(struct shmem *s, struct workload_thread *t, uint64_t budget)
{
	uint64_t count = MIN(budget, (uint64_t)BATCH), start = workload_begin(t);

	for (uint64_t i = 0; i < count; i++) {
		touch(s, t, pattern_next(&s->pattern, t));
		start = workload_record(t, s->page_bytes, start);
	}
	return (int64_t)count;
}

static int64_t shmem_step(struct workload_thread *t, uint64_t budget, struct error *err)
{
	struct shmem *s = t->worker->state;
	uint64_t start;
	int r;

	if (s->options->mode == MODE_TOUCH)
		return step_touch(s, t, budget);
	start = workload_begin(t);
	r = s->options->mode == MODE_PUNCH ? punch(s, t, err)
					   : truncate_step(s, t, t->position, err);
	if (r < 0)
		return r;
	workload_record(t, s->options->hole_bytes, start);
	return 1;
}

static void shmem_teardown(struct worker *w)
{
	struct shmem *s = w->state;

	if (!s)
		return;
	if (s->memory && s->options->kind == KIND_SYSV)
		shmdt(s->memory);
	else if (s->memory)
		munmap(s->memory, s->options->size_bytes);
	if (s->fd >= 0)
		close(s->fd);
	pattern_done(&s->pattern);
	free(s->filled);
	free(s);
	w->state = NULL;
}

const struct workload_ops workload_shmem = {
	.name = "shmem",
	.summary = "shared memory: memfd, tmpfs or System V; touched, punched, truncated",
	.options = shmem_options,
	.options_size = sizeof(struct shmem_options),
	.counters = shmem_counters,
	.plan = shmem_plan,
	.setup = shmem_setup,
	.thread_setup = shmem_thread_setup,
	.step = shmem_step,
	.teardown = shmem_teardown,
};
