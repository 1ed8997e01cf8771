// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/figures.h"

#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "src/macro.h"

/* The upper bound of a counter's per-CPU threshold: calculate_normal_threshold(), mm/vmstat.c. */
#define THRESHOLD_MAX 125
/* Memory by which the threshold grows, 128 MiB: the same. */
#define THRESHOLD_STEP ((double)(1 << 27))
/*
 * By how much the clock of a phase may be slewed against the scheduler's, which CPU time and PSI
 * are told by: 500 ppm, MAXFREQ, include/linux/timex.h.
 */
#define SLEW_MAX 500e-6
/* Swap slots that a CPU keeps to hand out, and as many to give back: SWAP_SLOTS_CACHE_SIZE,
 * include/linux/swap_slots.h. */
#define SWAP_SLOTS (2 * 64)
/* CONFIG_PCP_BATCH_SCALE_MAX, as it is unless someone chose: mm/Kconfig. */
#define PCP_SCALE_MAX 5
/* Cgroups that a CPU charges in advance for, from 6.16 on: NR_MEMCG_STOCK, mm/memcontrol.c. */
#define STOCKS 7
/*
 * The batches that a CPU collects pages in on their way to another LRU list, and what each holds
 * before it is full: struct cpu_fbatches, mm/swap.c; FOLIO_BATCH_SIZE, include/linux/pagevec.h.
 */
#define LRU_BATCHES 7
#define LRU_BATCH   31

/* Callbacks that pile up on a CPU before RCU frees without a pause: qhimark, kernel/rcu/tree.c. */
#define RCU_PILE 10000.0
/* sizeof(struct dentry) on a 64-bit machine. */
#define DENTRY_SIZE 192.0

/* What a figure is worked out from. */
struct query {
	const struct formula_context *context;
	char *missing;
	size_t size;
};

static const json_t *trial_of(const struct query *q)
{
	return q->context->record->trial;
}

static double integer_of(const struct query *q, const char *key)
{
	const json_t *value = json_object_get(trial_of(q), key);

	if (json_is_integer(value) && json_integer_value(value) > 0)
		return (double)json_integer_value(value);
	if (!*q->missing)
		snprintf(q->missing, q->size, "the record does not say its «%s»", key);
	return 0;
}

static double cpus(const struct query *q)
{
	return integer_of(q, "cpus");
}

static double page(const struct query *q)
{
	return integer_of(q, "page_size");
}

static double nodes(const struct query *q)
{
	return (double)json_array_size(json_object_get(trial_of(q), "nodes"));
}

static double time_ns(const struct query *q)
{
	const struct phase *phase = q->context->phase;

	return (double)(phase->end_ns - phase->start_ns);
}

/* Pages of each zone that has any, at the phase's end: how many zones, and the largest. */
static unsigned zones_managed(const struct query *q, const char *pattern, double *ret_largest)
{
	const struct samples *s = &q->context->record->samples;
	unsigned count = 0;

	*ret_largest = 0;
	for (size_t i = 0; s->rows && i < s->columns; i++) {
		uint64_t value;

		if (fnmatch(pattern, s->names[i], 0) != 0)
			continue;
		value = samples_at(s, q->context->phase->last, i);
		if (value == SAMPLE_MISSING || !value)
			continue;
		count++;
		*ret_largest = fmax(*ret_largest, (double)value);
	}
	return count;
}

static double zones(const struct query *q)
{
	const char *node = q->context->name && *q->context->name ? q->context->name : "*";
	char pattern[80];
	double unused;

	snprintf(pattern, sizeof(pattern), "zoneinfo.node%.20s.*.managed", node);
	return zones_managed(q, pattern, &unused);
}

/* Cgroups right below the one at hand, or those at the top. */
static double children(const struct query *q)
{
	const char *parent = q->context->name ? q->context->name : "", *cgroup;
	size_t len = strlen(parent), cursor = 0;
	unsigned count = 0;
	char buf[8];

	while ((cgroup = formula_instance(q->context->record, SCOPE_CGROUP, &cursor, buf,
					  sizeof(buf)))) {
		const char *below = cgroup + len;

		if (len && (!starts_with(cgroup, parent) || *below++ != '/'))
			continue;
		count += !strchr(below, '/');
	}
	return count;
}

static double slew(const struct query *q)
{
	return time_ns(q) * SLEW_MAX;
}

static double slots(const struct query *q)
{
	return SWAP_SLOTS * cpus(q);
}

/* As fls() in the kernel: how many bits the number has. */
static double bits(double number)
{
	return number < 1 ? 0 : floor(log2(number)) + 1;
}

/* A node's counters have the threshold of its largest zone: refresh_zone_stat_thresholds(). */
static double fold(const struct query *q)
{
	double largest, threshold;

	if (!zones_managed(q, "zoneinfo.*.managed", &largest))
		return THRESHOLD_MAX;
	threshold = 2 * bits(cpus(q)) * (1 + bits(floor(largest * page(q) / THRESHOLD_STEP)));
	return fmin(threshold, THRESHOLD_MAX);
}

/*
 * What a CPU's list of free pages takes from a zone at once: zone_batchsize(), mm/page_alloc.c, and
 * up to 2^5 times that where it takes some again and again: nr_pcp_alloc(), from 6.7 on.
 */
static double refill(const struct query *q)
{
	double largest, quarter;

	zones_managed(q, "zoneinfo.*.managed", &largest);
	quarter = fmax(1, floor(fmin(floor(largest / 1024), (1 << 20) / fmax(1, page(q))) / 4));
	return fmax(1, exp2(bits(quarter + floor(quarter / 2)) - 1) - 1) * (1 << PCP_SCALE_MAX);
}

static double batch(const struct query *q)
{
	(void)q;
	return FORMULA_MEMCG_BATCH;
}

static bool is_shared(const struct query *q)
{
	const json_t *regime = json_object_get(trial_of(q), "regime");
	const char *rstat = json_string_value(json_object_get(regime, "rstat"));

	return rstat && streq(rstat, "shared");
}

/*
 * What kswapd may have taken off LRU lists between two reads of a row. On one CPU it can't run
 * then; on another CPU it goes on also while the workloads stand still. The kernel sets no bound
 * to that; it is taken for no more than it did between the two rows of the phase where it did most.
 */
static double kswapd(const struct query *q)
{
	const struct samples *s = &q->context->record->samples;
	const struct phase *phase = q->context->phase;
	int column = samples_column(s, "vmstat.pgscan_kswapd");
	uint64_t most = 0;

	if (column < 0 || cpus(q) < 2)
		return 0;
	for (size_t row = phase->first; row < phase->last; row++) {
		uint64_t before = samples_at(s, row, (size_t)column);
		uint64_t after = samples_at(s, row + 1, (size_t)column);

		if (before != SAMPLE_MISSING && after != SAMPLE_MISSING && after > before)
			most = MAX(most, after - before);
	}
	return (double)most;
}

/* A column's value in a row; 0 where it is missing. */
static double level(const struct query *q, const char *name, size_t row)
{
	const struct samples *s = &q->context->record->samples;
	int column = samples_column(s, name);
	uint64_t value = column < 0 ? SAMPLE_MISSING : samples_at(s, row, (size_t)column);

	return value == SAMPLE_MISSING ? 0 : (double)value;
}

/* By how much a column has changed since the row before. */
static double step(const struct query *q, const char *name, size_t row)
{
	return row ? fabs(level(q, name, row) - level(q, name, row - 1)) : 0;
}

/*
 * Pages of slab that may go between two reads of the phase's last row, on the sampler's CPU, too:
 * dentries that wait for RCU are freed by its softirq. No more than slab changed since the row
 * before: where nothing frees dentries there are none.
 */
static double pending(const struct query *q)
{
	return fmin(step(q, "vmstat.nr_slab_reclaimable", q->context->phase->last),
		    ceil(RCU_PILE * DENTRY_SIZE / page(q)));
}

/*
 * Pages whose write may begin and end between two reads of a row: the flusher, which is seen at
 * work by what has been written since the row before, may take the CPU. No more than are dirty.
 */
static double written_at(const struct query *q, size_t row)
{
	return fmin(step(q, "vmstat.nr_written", row), level(q, "vmstat.nr_dirty", row));
}

static double written(const struct query *q)
{
	return written_at(q, q->context->phase->first) + written_at(q, q->context->phase->last);
}

/*
 * A read of memory.stat folds the CPUs' counts in only when more than a batch per CPU is due, and
 * each CPU may have two in hand besides: mem_cgroup_flush_stats(), memcg_rstat_updated(),
 * mm/memcontrol.c. Where the read of cpu.stat, which the sampler does just before, has folded them,
 * it is what the other CPUs have counted since, kswapd's work with it.
 */
static double lag(const struct query *q)
{
	return 3 * batch(q) * (is_shared(q) ? cpus(q) - 1 : cpus(q)) + kswapd(q);
}

/* The release that gave each controller a tree of its own gave a CPU several stocks, too. */
static double stock(const struct query *q)
{
	return batch(q) * cpus(q) * (is_shared(q) ? 1 : STOCKS);
}

static double in_batches(const struct query *q)
{
	return LRU_BATCHES * LRU_BATCH * cpus(q);
}

bool figure_value(const struct formula_context *context, const char *token, double *ret,
		  char *missing, size_t size)
{
	static const struct {
		const char *name;
		double (*figure)(const struct query *q);
	} figures[] = {
		{ "time", time_ns },	   { "cpus", cpus },	   { "nodes", nodes },
		{ "zones", zones },	   { "page", page },	   { "batch", batch },
		{ "fold", fold },	   { "lag", lag },	   { "stock", stock },
		{ "pagevec", in_batches }, { "slew", slew },	   { "slots", slots },
		{ "children", children },  { "refill", refill },   { "kswapd", kswapd },
		{ "pending", pending },	   { "written", written },
	};
	struct query q = { .context = context, .missing = missing, .size = size };

	*missing = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(figures); i++) {
		if (!streq(token, figures[i].name))
			continue;
		*ret = figures[i].figure(&q);
		return true;
	}
	return false;
}
