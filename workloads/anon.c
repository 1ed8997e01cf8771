// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Anonymous memory: one private mapping, its pages touched in a set order. The first touch of a
 * page fills it whole with its contents; a later one reads or rewrites its header, so that it
 * costs one cache line, and whatever the kernel does to bring the page back.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "src/macro.h"
#include "workloads/content.h"
#include "workloads/pattern.h"
#include "workloads/workload.h"

extern const struct workload_ops workload_anon;

enum { THP_NEVER, THP_ALWAYS, THP_SYSTEM };
static const char *const thp_names[] = { "never", "always", "system", NULL };

struct anon_options {
	uint64_t size_bytes;
	struct pattern_options pattern;
	double write;
	double compressibility;
	bool verify;
	int thp;
};

static const struct option_spec anon_options[] = {
	OPTION_SIZE(struct anon_options, size_bytes, .name = "size", .required = true,
		    .min = 1 << 16, .max = 1ull << 44, .help = "bytes of the mapping"),
	PATTERN_OPTIONS(struct anon_options, pattern),
	OPTION_SHARE(struct anon_options, write, .name = "write", .fallback = "100%",
		     .help = "share of touches that write; a page's first touch always does"),
	OPTION_SHARE(struct anon_options, compressibility, .name = "compressibility",
		     .fallback = "50%", .help = "share of a page that a compressor can remove"),
	OPTION_BOOL(struct anon_options, verify, .name = "verify", .fallback = "false",
		    .help = "check a page's whole contents at each touch but the first"),
	OPTION_CHOICE(
		struct anon_options, thp, .name = "thp", .fallback = "never", .choices = thp_names,
		.help = "transparent huge pages: madvise against, for, or as the system has it"),
	{}
};

struct anon {
	const struct anon_options *options;
	unsigned char *memory;
	size_t page_bytes, pages;
	struct content content;
	struct pattern pattern;
	_Atomic uint64_t *filled; /* a bit a page: touched once */
};

/* Touches between two looks at the stop flag. */
#define BATCH 128

static int anon_plan(const void *options, const struct workload_site *site,
		     struct workload_plan *ret, struct error *err)
{
	const struct anon_options *o = options;
	size_t page = site->page_bytes;

	if (o->size_bytes % page)
		return error_say(err, -EINVAL, "size: %llu is not a multiple of the page size, %zu",
				 (unsigned long long)o->size_bytes, page);
	if (pattern_check(&o->pattern, o->size_bytes / page, site->threads, err) < 0)
		return -EINVAL;
	*ret = (struct workload_plan){
		.footprint_bytes = o->size_bytes,
		.ops_per_pass = o->size_bytes / page,
	};
	return 0;
}

static int anon_advise(struct anon *a, struct error *err)
{
	int advice = a->options->thp == THP_ALWAYS ? MADV_HUGEPAGE : MADV_NOHUGEPAGE;

	if (a->options->thp == THP_SYSTEM ||
	    madvise(a->memory, a->options->size_bytes, advice) == 0)
		return 0;
	if (errno == EINVAL && a->options->thp == THP_NEVER)
		return 0; /* a kernel without huge pages */
	return error_set(err, -errno, "madvise for thp: %s", thp_names[a->options->thp]);
}

static int anon_setup(struct worker *w, struct error *err)
{
	struct anon *a = calloc(1, sizeof(*a));
	void *memory;
	int r;

	if (!a)
		return error_set(err, -ENOMEM, "anon");
	w->state = a;
	a->options = w->options;
	a->page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	a->pages = a->options->size_bytes / a->page_bytes;
	content_init(&a->content, w->seed, a->page_bytes, a->options->compressibility);
	a->filled = calloc(a->pages / 64 + 1, sizeof(*a->filled));
	if (!a->filled)
		return error_set(err, -ENOMEM, "anon");
	r = pattern_init(&a->pattern, &a->options->pattern, a->pages, w, err);
	if (r < 0)
		return r;
	memory = mmap(NULL, a->options->size_bytes, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return error_set(err, -errno, "map %llu bytes",
				 (unsigned long long)a->options->size_bytes);
	a->memory = memory;
	return anon_advise(a, err);
}

static bool is_filled(const struct anon *a, uint64_t page)
{
	return atomic_load_explicit(&a->filled[page / 64], memory_order_acquire) >> (page % 64) & 1;
}

/*
 * Known as filled only after it was: another thread never sees half of it. Two threads may fill
 * the same page at once; they write the same bytes.
 */
static void fill(struct anon *a, uint64_t page)
{
	content_fill(&a->content, a->memory + page * a->page_bytes, page);
	atomic_fetch_or_explicit(&a->filled[page / 64], 1ull << (page % 64), memory_order_release);
}

static void touch(struct anon *a, struct workload_thread *t, uint64_t page)
{
	void *block = a->memory + page * a->page_bytes;

	if (!is_filled(a, page)) {
		fill(a, page);
		return;
	}
	if (a->options->verify && !content_verify(&a->content, block, page))
		t->report->errors++;
	if (a->options->write >= 1 || rng_unit(&t->rng) < a->options->write)
		content_touch(block);
	else
		(void)*(volatile uint64_t *)block;
}

static int64_t anon_step(struct workload_thread *t, uint64_t budget, struct error *err)
{
	struct anon *a = t->worker->state;
	uint64_t count = MIN(budget, (uint64_t)BATCH), start = workload_begin(t);

	(void)err;
	for (uint64_t i = 0; i < count; i++) {
		touch(a, t, pattern_next(&a->pattern, t));
		start = workload_record(t, a->page_bytes, start);
	}
	return (int64_t)count;
}

static void anon_teardown(struct worker *w)
{
	struct anon *a = w->state;

	if (!a)
		return;
	if (a->memory)
		munmap(a->memory, a->options->size_bytes);
	pattern_done(&a->pattern);
	free(a->filled);
	free(a);
	w->state = NULL;
}

const struct workload_ops workload_anon = {
	.name = "anon",
	.summary = "anonymous memory, touched page by page",
	.options = anon_options,
	.options_size = sizeof(struct anon_options),
	.plan = anon_plan,
	.setup = anon_setup,
	.step = anon_step,
	.teardown = anon_teardown,
};
