// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Anonymous memory: one private mapping, its pages touched in a set order. The first touch of a
 * page fills it with its contents; a later one reads or rewrites its header, so that it costs one
 * cache line (or all of it, as touch says), and whatever the kernel does to bring the page back.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "src/macro.h"
#include "workloads/anon.h"

extern const struct workload_ops workload_anon;

/* In the order of their enums. */
static const char *const thp_names[] = { "never", "always", "system", NULL };
static const char *const touch_names[] = { "line", "page", NULL };
static const char *const fill_names[] = { "page", "header", NULL };
static const char *const advise_names[] = { "none", "free", "pageout", "cold", "dontneed", NULL };
static const char *const fork_names[] = { "none", "hold", NULL };

#define COMPRESSIBILITY 0.5 /* and the table's text of it */

static const struct option_spec anon_options[] = {
	OPTION_SIZE(struct anon_options, size_bytes, .name = "size", .required = true,
		    .min = 1 << 16, .max = 1ull << 44, .help = "bytes of the mapping"),
	PATTERN_OPTIONS(struct anon_options, pattern),
	OPTION_SHARE(struct anon_options, write, .name = "write", .fallback = "100%",
		     .help = "share of touches that write; a page's first touch always does"),
	OPTION_CHOICE(
		struct anon_options, touch, .name = "touch", .fallback = "line",
		.choices = touch_names,
		.help = "how much of a page a touch reads or writes: its first cache line, or "
			"all of it; in bytes and bandwidth a touch counts as a page"),
	OPTION_CHOICE(
		struct anon_options, fill, .name = "fill", .fallback = "page",
		.choices = fill_names,
		.help = "what a page's first touch writes: whole contents, or 24 bytes before "
			"the kernel's zeros, for the bare cost of a fault"),
	OPTION_SHARE(struct anon_options, compressibility, .name = "compressibility",
		     .fallback = "50%",
		     .help = "fill: page: share of a page that a compressor can remove"),
	OPTION_BOOL(struct anon_options, verify, .name = "verify", .fallback = "false",
		    .help = "check a page's whole contents at each touch but the first"),
	OPTION_CHOICE(struct anon_options, thp, .name = "thp", .fallback = "never",
		      .choices = thp_names,
		      .help = "transparent huge pages: madvise against, for (which needs knobs: "
			      "{thp: always} or {thp: madvise}), or as knob thp alone says"),
	OPTION_CHOICE(
		struct anon_options, advise, .name = "advise", .fallback = "none",
		.choices = advise_names,
		.help = "madvise what has been touched: MADV_FREE, PAGEOUT (swap it out now), "
			"COLD (next to be reclaimed) or DONTNEED (drop it)"),
	OPTION_SIZE(struct anon_options, advise_bytes, .name = "advise_size", .fallback = "1M",
		    .min = 1 << 12, .max = 1ull << 40,
		    .help = "advise: a thread advises what it has touched each time it is so much"),
	OPTION_CHOICE(
		struct anon_options, fork, .name = "fork", .fallback = "none",
		.choices = fork_names,
		.help = "hold: a forked child holds the pages, so that each one's first write "
			"in a pass copies it; renewed each pass of the first thread but its first"),
	OPTION_SHARE(struct anon_options, mlock, .name = "mlock", .fallback = "0%",
		     .help = "share of the pages, the first ones, that is locked as it is touched"),
	{}
};

static const struct counter_spec anon_counters[] = {
	[ANON_FILLED] = { "filled", "pages", "Pages filled: first touches, and those anew" },
	[ANON_DROPPED] = { "dropped", "pages",
			   "Pages found dropped by MADV_FREE or MADV_DONTNEED, and filled anew" },
	[ANON_ADVISED] = { "advised", "pages", "Pages that madvise was called for" },
	[ANON_FORKS] = { "forks", "events", "Children forked to hold the pages" },
	{}
};

static int check_advise(const struct anon_options *o, const struct workload_site *site,
			struct error *err)
{
	bool drops = o->advise == ADVISE_FREE || o->advise == ADVISE_DONTNEED;

	if (o->advise == ADVISE_NONE)
		return 0;
	if (o->advise_bytes % site->page_bytes)
		return error_say(err, -EINVAL,
				 "advise_size: %llu is not a multiple of the page size, %zu",
				 (unsigned long long)o->advise_bytes, site->page_bytes);
	if (o->advise_bytes > o->size_bytes)
		return error_say(err, -EINVAL, "advise_size: %llu is more than the size, %llu",
				 (unsigned long long)o->advise_bytes,
				 (unsigned long long)o->size_bytes);
	if (o->advise == ADVISE_PAGEOUT && !site->swap_bytes)
		return error_say(err, -EINVAL,
				 "advise: pageout has nowhere to write to: give the machine swap");
	if (drops && site->threads > 1 && !pattern_is_sliced((enum pattern_kind)o->pattern.kind))
		return error_say(err, -EINVAL,
				 "advise: %s would drop what another thread writes under pattern: "
				 "%s; take sequential, strided or chase, or one thread",
				 advise_names[o->advise], pattern_names[o->pattern.kind]);
	if (o->mlock >= 1)
		return error_say(err, -EINVAL,
				 "advise: nothing is left to advise with mlock: 100%%");
	return 0;
}

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
	if (o->fill == FILL_HEADER && o->compressibility != COMPRESSIBILITY)
		return error_say(
			err, -EINVAL,
			"compressibility: with fill: header all but 24 bytes of a page are "
			"zeros; leave it out, or take fill: page");
	if (o->fill == FILL_HEADER && o->touch == SPAN_PAGE && o->verify)
		return error_say(
			err, -EINVAL,
			"verify: with fill: header and touch: page no contents are kept that "
			"could be checked; take fill: page");
	if (check_advise(o, site, err) < 0)
		return -EINVAL;
	*ret = (struct workload_plan){
		.footprint_bytes = o->size_bytes * (o->fork == FORK_HOLD ? 2 : 1),
		.pinned_bytes = (uint64_t)(o->mlock * (double)(o->size_bytes / page)) * page,
		.ops_per_pass = o->size_bytes / page,
	};
	return 0;
}

/*
 * Whether memory of that size, written again and again, is written past the caches. L3's size is
 * not asked for: a VM may be told that of a whole machine. A core's share of it is seldom more
 * than eight times its L2.
 */
static bool outgrows_caches(uint64_t bytes)
{
	long cache = sysconf(_SC_LEVEL2_CACHE_SIZE);

	return cache > 0 && bytes > 8 * (uint64_t)cache;
}

static void init_content(struct anon *a, uint64_t seed)
{
	if (a->options->fill == FILL_HEADER)
		content_init_header(&a->content, seed, a->page_bytes);
	else
		content_init(&a->content, seed, a->page_bytes, a->options->compressibility);
	a->content.past_cache = outgrows_caches(a->options->size_bytes);
}

static int anon_setup(struct worker *w, struct error *err)
{
	const struct anon_options *o = w->options;
	struct anon *a = aligned_alloc(_Alignof(struct anon), sizeof(*a));
	int r;

	if (!a)
		return error_set(err, -ENOMEM, "anon");
	*a = (struct anon){ .options = o, .page_bytes = (size_t)sysconf(_SC_PAGESIZE) };
	w->state = a;
	a->pages = o->size_bytes / a->page_bytes;
	a->locked = (uint64_t)(o->mlock * (double)a->pages);
	a->unfilled = a->pages;
	a->sliced = pattern_is_sliced((enum pattern_kind)o->pattern.kind);
	a->plain = !o->verify && o->advise == ADVISE_NONE;
	init_content(a, w->seed);
	a->state = calloc(a->pages, sizeof(*a->state));
	if (!a->state)
		return error_set(err, -ENOMEM, "anon");
	r = pattern_init(&a->pattern, &o->pattern, a->pages, w, err);
	return r < 0 ? r : anon_map(a, err);
}

static int anon_thread_setup(struct workload_thread *t, struct error *err)
{
	const struct anon *a = t->worker->state;
	struct anon_thread *ts = aligned_alloc(64, (sizeof(*ts) + 63) / 64 * 64);

	if (!ts)
		return error_set(err, -ENOMEM, "anon");
	*ts = (struct anon_thread){};
	t->state = ts;
	rng_seed(&ts->coin, rng_mix(t->worker->seed, UINT64_MAX - t->index));
	ts->fresh = a->sliced ? pattern_slice(&a->pattern, t) : 0;
	if (a->pattern.kind == PATTERN_CHASE)
		ts->next = pattern_chase_next(&a->pattern, t);
	if (a->options->advise == ADVISE_NONE)
		return 0;
	ts->window = a->options->advise_bytes / a->page_bytes;
	ts->runs = calloc(ts->window, sizeof(*ts->runs));
	return ts->runs ? 0 : error_set(err, -ENOMEM, "anon: pages to advise");
}

/*
 * fork: hold: how many touches the first thread has to its next pass, having renewed the child if
 * it stands at its beginning. In its first pass there is nothing yet to hold. Other threads go on
 * meanwhile: what they have copied in their pass, they copy again.
 */
static int64_t begin_pass(struct anon *a, struct workload_thread *t, struct error *err)
{
	uint64_t pass = share_of(a->pages, t->worker->threads, 0), at = t->position % pass;

	if (at == 0 && t->position > a->forked_at) {
		int r = anon_renew_child(a, t, err);

		if (r < 0)
			return r;
	}
	return (int64_t)(pass - at);
}

static int64_t anon_step(struct workload_thread *t, uint64_t budget, struct error *err)
{
	struct anon *a = t->worker->state;
	struct anon_thread *ts = t->state;
	uint64_t count = MIN(budget, anon_batch(a, t));
	int r;

	if (a->options->fork == FORK_HOLD && t->index == 0) {
		int64_t left = begin_pass(a, t, err);

		if (left < 0)
			return left;
		count = MIN(count, (uint64_t)left);
	}
	if (ts->runs)
		count = MIN(count, ts->window - ts->touched);
	if (count)
		anon_touch(a, t, count);
	if (anon_advice_is_due(ts)) {
		r = anon_advise_some(a, t, err);
		if (r < 0)
			return r;
	}
	return (int64_t)count;
}

/* The last touches' advice, where it is due and was not given in one step. */
static int anon_thread_finish(struct workload_thread *t, struct error *err)
{
	int r = 0;

	while (r == 0 && anon_advice_is_due(t->state) && !*t->worker->stop)
		r = anon_advise_some(t->worker->state, t, err);
	return r;
}

static void anon_thread_teardown(struct workload_thread *t)
{
	struct anon_thread *ts = t->state;

	if (ts)
		free(ts->runs);
	free(ts);
	t->state = NULL;
}

static void anon_teardown(struct worker *w)
{
	struct anon *a = w->state;

	if (!a)
		return;
	anon_end_child(a);
	if (a->memory)
		munmap(a->memory, a->options->size_bytes);
	pattern_done(&a->pattern);
	free(a->state);
	free(a);
	w->state = NULL;
}

const struct workload_ops workload_anon = {
	.name = "anon",
	.summary = "anonymous memory, touched page by page",
	.options = anon_options,
	.options_size = sizeof(struct anon_options),
	.counters = anon_counters,
	.plan = anon_plan,
	.setup = anon_setup,
	.thread_setup = anon_thread_setup,
	.step = anon_step,
	.thread_finish = anon_thread_finish,
	.thread_teardown = anon_thread_teardown,
	.teardown = anon_teardown,
};
