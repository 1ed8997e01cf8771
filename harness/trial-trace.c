// SPDX-License-Identifier: GPL-2.0-or-later
/* A trial's trace: recorded beside the samples, made into spans.tsv after the last phase. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/kernel-symbols.h"
#include "harness/sources.h"
#include "harness/trace-spans.h"
#include "harness/trial-state.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/kvfile.h"
#include "src/macro.h"

#define ZONES_MAX     64
#define STRANGERS_MAX 64 /* looked up in /proc once, and again only when more come between */
#define NAME_BYTES    80

/* What numbers in events stand for, looked up when the record is written. */
struct names {
	const struct trial_state *t;
	struct stranger {
		int32_t tid;
		char name[NAME_BYTES];
	} strangers[STRANGERS_MAX];
	size_t stranger_count;
	const struct kernel_symbols *symbols;
};

/* ---- before, while, after ---- */

static uint64_t memory_bytes(const struct fsroot *fs)
{
	_cleanup_free_ char *text = NULL;
	uint64_t kib = 0;

	if (file_read(fs->proc, "meminfo", &text, NULL, NULL) == 0)
		kv_get(KV_FLAT, text, "MemTotal", &kib);
	return kib << 10;
}

uint64_t trial_trace_bytes(const struct trial_state *t)
{
	return t->scenario->trace ? trace_arena_bytes(memory_bytes(t->fs)) : 0;
}

int trial_make_trace(struct trial_state *t, struct error *err)
{
	uint64_t threads = 0;
	int r;

	if (!t->scenario->trace)
		return 0;
	for (size_t i = 0; i < t->worker_count; i++)
		threads += t->workers[i].args.threads;
	r = trace_new(&t->trace, t->trial->guard, memory_bytes(t->fs), threads, err);
	for (size_t i = 0; r == 0 && i < t->worker_count; i++)
		r = trace_follow(t->trace, t->workers[i].pid, err);
	return r < 0 ? error_prefix(err, "trace: true") : 0;
}

void trial_judge_trace(struct trial_state *t)
{
	struct trace_recording rec;
	char text[200];

	if (!t->trace)
		return;
	trace_recording(t->trace, &rec);
	/* The decoder's marks are of the same losses, where their number is not told. */
	t->trace_counts.lost = MAX(rec.lost + rec.missed, t->trace_counts.lost);
	if (rec.full)
		snprintf(text, sizeof(text),
			 "the memory for trace events ran out, what came after is missing: give "
			 "the trial less work");
	else if (rec.missed)
		snprintf(text, sizeof(text),
			 "%" PRIu64 " calls were missed by the trace's probes: too many threads "
			 "were in the kernel at a time",
			 rec.missed);
	else if (t->trace_counts.lost)
		snprintf(text, sizeof(text),
			 "%" PRIu64 " trace events were lost: set a shorter sample: interval",
			 t->trace_counts.lost);
	else
		return;
	strlist_add(&t->invalid, text);
}

/* ---- making spans ---- */

static int take_event(void *arg, const struct trace_event *event)
{
	return trace_spans_add(arg, event);
}

/* "Node N, zone NAME" and, further down, "start_pfn: N", of /proc/zoneinfo. */
static size_t read_zones(const struct fsroot *fs, struct trace_zone zones[static ZONES_MAX])
{
	_cleanup_free_ char *text = NULL;
	size_t count = 0;
	int node = -1;

	file_read(fs->proc, "zoneinfo", &text, NULL, NULL);
	for (char *rest = text, *line; rest && (line = strsep(&rest, "\n"));) {
		uint64_t start;

		if (sscanf(line, "Node %d,", &node) == 1 ||
		    sscanf(line, " start_pfn: %" SCNu64, &start) != 1 || count == ZONES_MAX)
			continue;
		zones[count++] = (struct trace_zone){ .start = start, .node = node };
	}
	return count;
}

static int own_threads(const struct trial_state *t, struct trace_spans *spans)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < t->worker_count; i++) {
		const struct trial_worker *w = &t->workers[i];

		r = trace_spans_own(spans, w->pid, (int)i, 0);
		for (unsigned k = 1; r == 0 && k < w->args.threads; k++)
			if (w->args.reports[k].tid)
				r = trace_spans_own(spans, w->args.reports[k].tid, (int)i, (int)k);
	}
	return r;
}

/* ---- names ---- */

/* A name of the kernel's may be anything that a process chose: it must not break the table. */
static void make_plain(char *name)
{
	for (char *p = name; *p; p++)
		if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f)
			*p = '?';
}

/*
 * Kernel threads, children of kthreadd, process 2, that reclaim or compact are known by their names
 * alone. Others share theirs (nfsd, those of ZFS), and a thread's spans must be one thread's.
 */
static void name_stranger(const struct fsroot *fs, int32_t tid, char name[static NAME_BYTES])
{
	char path[40], comm[40] = "?", line[400];
	const char *behind = NULL;

	snprintf(path, sizeof(path), "%d/comm", (int)tid);
	file_read_line(fs->proc, path, comm, sizeof(comm));
	make_plain(comm);
	snprintf(path, sizeof(path), "%d/stat", (int)tid);
	if (file_read_line(fs->proc, path, line, sizeof(line)) == 0)
		behind = strrchr(line, ')');
	if (sources_is_reclaimer(comm) && behind && strlen(behind) > 4 &&
	    strtol(behind + 4, NULL, 10) == 2)
		snprintf(name, NAME_BYTES, "%s", comm);
	else
		snprintf(name, NAME_BYTES, "%s/%d", comm, (int)tid);
}

static const char *stranger(struct names *n, int32_t tid)
{
	struct stranger *s;

	for (size_t i = 0; i < n->stranger_count; i++)
		if (n->strangers[i].tid == tid)
			return n->strangers[i].name;
	s = &n->strangers[n->stranger_count < STRANGERS_MAX ? n->stranger_count++
							    : STRANGERS_MAX - 1];
	s->tid = tid;
	name_stranger(n->t->fs, tid, s->name);
	return s->name;
}

static const char *function(const struct names *n, uint64_t address)
{
	const char *name = kernel_symbols_find(n->symbols, address);

	return name ? name : "-";
}

/* enum vmscan_throttle_state, include/linux/mmzone.h: the event has a bit for each. */
static const char *throttle_reason(int64_t bits)
{
	static const char *const reasons[] = { "writeback", "isolated", "noprogress", "congested" };

	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (bits == INT64_C(1) << i)
			return reasons[i];
	return "-";
}

static const char *detail(struct names *n, const struct trace_span *span)
{
	if (span->detail == TRACE_NOTHING)
		return "-";
	switch (span->what) {
	case SPAN_SHRINKER:
	case SPAN_IO_WAIT:
		return function(n, (uint64_t)span->detail);
	case SPAN_THROTTLE:
		return throttle_reason(span->detail);
	case SPAN_LRU:
		/* RECLAIM_WB_ANON, include/trace/events/vmscan.h */
		return span->detail & 1 ? "anon" : "file";
	case SPAN_COMPACT:
		return span->detail ? "sync" : "async";
	default:
		return "-";
	}
}

/* ---- the file ---- */

static void put_small(FILE *f, int value)
{
	if (value < 0)
		fputs("\t-", f);
	else
		fprintf(f, "\t%d", value);
}

static void put_count(FILE *f, int64_t value)
{
	if (value == TRACE_NOTHING)
		fputs("\t-", f);
	else
		fprintf(f, "\t%" PRId64, value);
}

static void put_thread(FILE *f, struct names *n, const struct trace_span *span)
{
	const struct trial_worker *w = span->worker < 0 ? NULL : &n->t->workers[span->worker];

	if (!w)
		fprintf(f, "\t-\t%s", stranger(n, span->tid));
	else if (span->thread < 0)
		fprintf(f, "\t%s\tchild", w->args.name);
	else
		fprintf(f, "\t%s\t%u.%d", w->args.name, w->process, span->thread);
}

/* What lies in the phases, on the trial's clock, cut to them. */
static void put_spans(FILE *f, struct names *n, const struct trace_span *spans, size_t count)
{
	const struct trial_state *t = n->t;
	uint64_t from = t->phases[0].start_ns, to = t->phases[t->phase_count - 1].end_ns;

	for (size_t i = 0; i < count; i++) {
		const struct trace_span *span = &spans[i];
		uint64_t start = MAX(span->start_ns, t->origin_ns + from) - t->origin_ns;
		uint64_t end = MAX(span->end_ns, t->origin_ns + from) - t->origin_ns;

		if (span->end_ns < t->origin_ns + from || start > to)
			continue;
		fprintf(f, "%" PRIu64 "\t%" PRIu64, start, MIN(end, to));
		put_thread(f, n, span);
		fprintf(f, "\t%s", span_what_names[span->what]);
		put_small(f, span->node);
		put_small(f, span->order);
		put_small(f, span->priority);
		put_count(f, span->scanned);
		put_count(f, span->reclaimed);
		fprintf(f, "\t%s\n", detail(n, span));
	}
}

static int write_spans(const struct trial_state *t, const struct kernel_symbols *symbols, FILE *f,
		       const struct trace_span *spans, size_t count)
{
	struct names *names = calloc(1, sizeof(*names));

	if (!names)
		return -ENOMEM;
	names->t = t;
	names->symbols = symbols;
	fputs("start_ns\tend_"
	      "ns\tworkload\tthread\twhat\tnode\torder\tpriority\tscanned\treclaimed\t"
	      "detail\n",
	      f);
	if (t->phase_count)
		put_spans(f, names, spans, count);
	free(names);
	return 0;
}

static const char *function_at(const void *symbols, uint64_t address)
{
	return kernel_symbols_find(symbols, address);
}

int trial_write_trace(struct trial_state *t, FILE *f, struct error *err)
{
	struct trace_zone zones[ZONES_MAX];
	struct kernel_symbols *symbols = NULL;
	struct trace_kernel kernel = { .zones = zones,
				       .zone_count = read_zones(t->fs, zones),
				       .function_at = function_at };
	size_t count = 0;
	const struct trace_span *items = NULL;
	struct trace_spans *spans = NULL;
	struct trace_recording rec;
	int r;

	trace_recording(t->trace, &rec);
	r = kernel_symbols_load(&symbols, t->fs, err);
	kernel.arg = symbols;
	if (r == 0)
		r = trace_spans_new(&spans, rec.start_ns, &kernel);
	if (r == 0)
		r = own_threads(t, spans);
	if (r == 0)
		r = trace_decode(rec.decoder, rec.chunks, rec.bytes, rec.sources, take_event, spans,
				 &t->trace_counts, err);
	if (r == 0)
		t->trace_counts.lost = MAX(t->trace_counts.lost, trace_spans_unended(spans));
	if (r == 0)
		r = trace_spans_end(spans, rec.end_ns, &items, &count);
	if (r == 0)
		r = write_spans(t, symbols, f, items, count);
	trace_spans_free(spans);
	kernel_symbols_free(symbols);
	if (r < 0 && !(err && err->code))
		error_set(err, r, "make spans of the trace");
	return r;
}

json_t *trial_trace_json(const struct trial_state *t)
{
	json_t *unavailable = json_array();
	struct trace_recording rec;

	trace_recording(t->trace, &rec);
	for (size_t i = 0; i < rec.unavailable->count; i++)
		json_array_append_new(unavailable, json_string(rec.unavailable->items[i]));
	return json_pack("{s:I, s:I, s:I, s:o}", "events", (json_int_t)t->trace_counts.events,
			 "lost", (json_int_t)t->trace_counts.lost, "buffer_bytes",
			 (json_int_t)rec.buffer_bytes, "unavailable", unavailable);
}
