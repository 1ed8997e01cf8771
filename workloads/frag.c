// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fragmentation: breaks the free memory of a node into small pieces, then asks for large blocks.
 * Breaking is set-up (frag-hold.c), asking is the measured work (frag-blocks.c): an operation is a
 * block asked for, whether it is had or not.
 *
 * What stands between the pieces decides what compaction can do about them: movable pages it
 * gathers elsewhere, unmovable ones it can't.
 */
#include "workloads/frag.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "src/macro.h"
#include "src/units.h"
#include "workloads/pattern.h"

extern const struct workload_ops workload_frag;

static const char *const pin_names[] = { "none", "mlock", "unmovable", NULL };
static const char *const demand_names[] = { "none", "thp", "hugetlb", "pipe", NULL };

static const struct option_spec frag_options[] = {
	OPTION_U64(struct frag_options, node, .name = "node", .fallback = "0",
		   .max = WORKLOAD_NODES_MAX - 1, .help = "whose free memory it breaks"),
	OPTION_U64(struct frag_options, order, .name = "order", .fallback = "9", .min = 1,
		   .max = 10, .help = "of the blocks that there shall be few of: 2^order pages"),
	OPTION_SHARE(struct frag_options, index, .name = "index", .fallback = "90%",
		     .help = "unusable-free index to reach: share of the node's free memory in "
			     "smaller blocks"),
	OPTION_SHARE(struct frag_options, release, .name = "release", .fallback = "50%",
		     .help = "share of the pages taken that is given back, scattered: the pieces"),
	OPTION_SIZE(struct frag_options, size_bytes, .name = "size", .fallback = "0",
		    .max = 1ull << 44,
		    .help = "bytes that it takes at most before it gives some back; 0: all that "
			    "is free, so it belongs in no cgroup with less"),
	OPTION_SIZE(struct frag_options, reserve_bytes, .name = "reserve", .fallback = "1M",
		    .max = 1ull << 40,
		    .help = "free memory that taking leaves, above the node's high watermarks"),
	OPTION_CHOICE(struct frag_options, pin, .name = "pin", .fallback = "none",
		      .choices = pin_names,
		      .help = "what it keeps: pages that can be swapped and moved; moved only; or "
			      "neither (of pipes)"),
	OPTION_CHOICE(struct frag_options, demand, .name = "demand", .fallback = "none",
		      .choices = demand_names,
		      .help = "blocks asked for: a touch in 2M of advised memory; huge pages from "
			      "overcommit; pipe rings of the set order, on any node; none: a "
			      "millisecond passes"),
	OPTION_SIZE(struct frag_options, demand_bytes, .name = "demand_size", .fallback = "32M",
		    .min = 1 << 12, .max = 1ull << 40,
		    .help = "bytes asked for in a pass; a later pass gives a block back first"),
	OPTION_SHARE(struct frag_options, compressibility, .name = "compressibility",
		     .fallback = "50%", .help = "share of a page that a compressor can remove"),
	OPTION_BOOL(struct frag_options, verify, .name = "verify", .fallback = "false",
		    .help = "check the contents of all kept pages after the measured work"),
	{}
};

enum {
	DEMANDED,
	GRANTED,
	SHARE,
	INDEX_BEFORE,
	INDEX_REACHED,
	INDEX_AFTER,
	TAKEN,
	RELEASED,
};
static const struct counter_spec frag_counters[] = {
	[DEMANDED] = { "demanded", "blocks", "Blocks asked for" },
	[GRANTED] = { "granted", "blocks", "Of these, had" },
	[SHARE] = { "share", "1/1000", "Granted of demanded, when the work is over",
		    .level = true },
	[INDEX_BEFORE] = { "index_before", "1/1000",
			   "Unusable-free index of the node before it was broken", .level = true },
	[INDEX_REACHED] = { "index_reached", "1/1000", "The same when that was done",
			    .level = true },
	[INDEX_AFTER] = { "index_after", "1/1000", "The same when the work is over",
			  .level = true },
	[TAKEN] = { "taken", "pages", "Pages taken to break memory", .level = true },
	[RELEASED] = { "released", "pages", "Of these, given back", .level = true },
	{}
};

/* Bytes that it takes at most before it gives some back. */
static uint64_t hold_bytes(const struct frag_options *o, const struct workload_site *site)
{
	uint64_t node = site->node_bytes[o->node];

	return o->size_bytes ? MIN(o->size_bytes, node) : node;
}

static int check_hugetlb(const struct workload_site *site, uint64_t blocks, struct error *err)
{
	if (site->hugepages >= blocks)
		return 0;
	return error_say(err, -EINVAL,
			 "demand: hugetlb: %llu huge pages are asked for, the knobs allow %llu: "
			 "add knobs: {vm.nr_overcommit_hugepages: %llu}",
			 (unsigned long long)blocks, (unsigned long long)site->hugepages,
			 (unsigned long long)blocks);
}

static int check_demand(const struct frag_options *o, const struct workload_site *site,
			struct error *err)
{
	uint64_t block = frag_block_bytes(o, site->page_bytes), blocks = o->demand_bytes / block;
	char size[FORMAT_MAX], most[FORMAT_MAX];

	if (o->demand == FRAG_DEMAND_NONE)
		return 0;
	/* Below, the kernel would rather kill than refuse. */
	if (o->demand == FRAG_DEMAND_PIPE && o->order < 4)
		return error_say(err, -EINVAL,
				 "demand: pipe: orders below 4 are never refused: set order to 4 "
				 "to 10");
	if (o->demand != FRAG_DEMAND_PIPE && site->page_bytes != 4096)
		return error_say(err, -EINVAL, "demand: %s: only where pages have 4K, not %zu",
				 demand_names[o->demand], site->page_bytes);
	if (o->demand_bytes % block)
		return error_say(err, -EINVAL, "demand_size: %llu is not a multiple of a block, %s",
				 (unsigned long long)o->demand_bytes, format_size(block, size));
	if (blocks < site->threads)
		return error_say(err, -EINVAL, "%llu threads can't share %llu blocks",
				 (unsigned long long)site->threads, (unsigned long long)blocks);
	if ((double)o->demand_bytes > (double)hold_bytes(o, site) * o->release / 2)
		return error_say(err, -EINVAL,
				 "demand_size: %s is more than half of what is given back, %g%% of "
				 "%s (release): the node would run out of memory; make it smaller",
				 format_size(o->demand_bytes, size), o->release * 100,
				 format_size(hold_bytes(o, site), most));
	return o->demand == FRAG_DEMAND_HUGETLB ? check_hugetlb(site, blocks, err) : 0;
}

static int frag_plan(const void *options, const struct workload_site *site,
		     struct workload_plan *ret, struct error *err)
{
	const struct frag_options *o = options;
	bool demands = o->demand != FRAG_DEMAND_NONE;
	uint64_t kept, huge;

	if (o->node >= site->node_count)
		return error_say(err, -EINVAL,
				 "node: there is no node %llu: the machine has %zu, "
				 "numbered from 0",
				 (unsigned long long)o->node, site->node_count);
	if (o->release <= 0 || o->release >= 1)
		return error_say(err, -EINVAL,
				 "release: some pages must go and some stay: above 0%% and below "
				 "100%%");
	if (o->size_bytes && o->size_bytes < FRAG_CHUNK_PAGES * site->page_bytes)
		return error_say(err, -EINVAL, "size: at least %zu bytes, or 0",
				 FRAG_CHUNK_PAGES * site->page_bytes);
	if (o->verify && o->pin == FRAG_PIN_UNMOVABLE)
		return error_say(err, -EINVAL,
				 "verify: pages of pipes have no contents: it is for pin: none and "
				 "pin: mlock");
	if (check_demand(o, site, err) < 0)
		return -EINVAL;
	kept = (uint64_t)((double)hold_bytes(o, site) * (1 - o->release));
	huge = demands ? o->demand_bytes : 0;
	*ret = (struct workload_plan){
		.footprint_bytes = kept + huge,
		.pinned_bytes = (o->pin == FRAG_PIN_NONE ? 0 : kept) +
				(o->demand == FRAG_DEMAND_THP ? 0 : huge),
		.ops_per_pass = demands ? huge / frag_block_bytes(o, site->page_bytes) : 1,
	};
	return 0;
}

/* What is asked for fits into what is free, were it in one piece: nobody is killed for it. */
static int check_room(struct frag *f, struct error *err)
{
	uint64_t spare = buddy_spare_pages(&f->buddy, (unsigned)f->options->node) * f->page_bytes;
	char have[FORMAT_MAX], want[FORMAT_MAX];

	if (f->options->demand == FRAG_DEMAND_NONE || spare >= f->options->demand_bytes)
		return 0;
	return error_say(
		err, -ENOMEM,
		"node %llu has %s free once it is broken, and %s are to be asked for: make "
		"demand_size smaller or release larger",
		(unsigned long long)f->options->node, format_size_short((double)spare, have),
		format_size_short((double)f->options->demand_bytes, want));
}

static int frag_setup(struct worker *w, struct error *err)
{
	struct frag *f = calloc(1, sizeof(*f));
	unsigned node, order;
	int r;

	if (!f)
		return error_set(err, -ENOMEM, "frag");
	w->state = f;
	f->options = w->options;
	f->page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	f->seed = w->seed;
	node = (unsigned)f->options->node;
	order = (unsigned)f->options->order;
	content_init(&f->content, w->seed, f->page_bytes, f->options->compressibility);
	f->proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->proc < 0)
		return error_set(err, -errno, "open /proc");
	r = buddy_read(&f->buddy, f->proc, err);
	if (r < 0)
		return r;
	f->index_before = buddy_unusable(&f->buddy, node, order);
	r = frag_hold_make(f, w, err);
	if (r == 0)
		r = check_room(f, err);
	if (r == 0)
		r = frag_blocks_init(f, err);
	f->index_reached = buddy_unusable(&f->buddy, node, order);
	return r;
}

static int frag_thread_setup(struct workload_thread *t, struct error *err)
{
	const struct frag *f = t->worker->state;
	uint64_t *counters = t->report->counters;

	(void)err;
	if (t->index > 0)
		return 0;
	counters[INDEX_BEFORE] = f->index_before;
	counters[INDEX_REACHED] = f->index_reached;
	counters[TAKEN] = f->hold.chunks * FRAG_CHUNK_PAGES;
	counters[RELEASED] = f->hold.released;
	return 0;
}

/* Holds what it has; wakes when all work is stopped. At a rate, the pace is the harness's. */
static void pass_time(const struct worker *w)
{
	struct timespec while_ns = { .tv_nsec = 1000000 };

	if (!w->open_loop)
		syscall(SYS_futex, w->stop, FUTEX_WAIT, 0, &while_ns, NULL, 0);
}

static int64_t frag_step(struct workload_thread *t, uint64_t budget, struct error *err)
{
	struct frag *f = t->worker->state;
	uint64_t begin, slice, block, start;
	int r;

	(void)budget; /* a block may take compaction, which takes long */
	if (f->options->demand == FRAG_DEMAND_NONE) {
		start = workload_begin(t);
		pass_time(t->worker);
		workload_record(t, 0, start);
		return 1;
	}
	begin = share_begin(f->blocks.count, t->worker->threads, t->index);
	slice = share_of(f->blocks.count, t->worker->threads, t->index);
	block = begin + t->cursor[0];
	t->cursor[0] = (t->cursor[0] + 1) % slice;
	r = frag_blocks_drop(f, block, err);
	if (r < 0)
		return r;
	start = workload_begin(t);
	r = frag_blocks_ask(f, block, err);
	if (r < 0)
		return r;
	workload_record(t, r ? f->blocks.block_bytes : 0, start);
	t->report->counters[DEMANDED]++;
	t->report->counters[GRANTED] += (uint64_t)r;
	f->demanded++;
	f->granted += (uint64_t)r;
	return 1;
}

/* What is of all threads is told by the last one that ends. */
static int report_whole(struct frag *f, struct workload_thread *t, struct error *err)
{
	uint64_t *counters = t->report->counters;
	int r = buddy_update(&f->buddy, f->proc, err);

	if (r < 0)
		return r;
	counters[INDEX_AFTER] =
		buddy_unusable(&f->buddy, (unsigned)f->options->node, (unsigned)f->options->order);
	counters[SHARE] = f->demanded ? f->granted * 1000 / f->demanded : 0;
	return 0;
}

static int frag_thread_finish(struct workload_thread *t, struct error *err)
{
	struct frag *f = t->worker->state;
	int r = 0;

	if (atomic_fetch_add(&f->finished, 1) + 1 == t->worker->threads)
		r = report_whole(f, t, err);
	/* Last, because it brings back what was swapped out. */
	if (f->options->verify)
		t->report->errors += frag_hold_verify(f, t->worker->threads, t->index);
	return r;
}

static void frag_teardown(struct worker *w)
{
	struct frag *f = w->state;

	if (!f)
		return;
	frag_blocks_done(f);
	frag_hold_done(f);
	if (f->proc >= 0)
		close(f->proc);
	free(f);
	w->state = NULL;
}

const struct workload_ops workload_frag = {
	.name = "frag",
	.summary = "breaks a node's free memory into small pieces, then asks for large blocks",
	.options = frag_options,
	.options_size = sizeof(struct frag_options),
	.counters = frag_counters,
	.plan = frag_plan,
	.setup = frag_setup,
	.thread_setup = frag_thread_setup,
	.step = frag_step,
	.thread_finish = frag_thread_finish,
	.teardown = frag_teardown,
};
