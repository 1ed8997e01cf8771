// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Decoding ring buffers that real kernels wrote (tests/record-traces.sh): what comes out must agree
 * with what the kernel's own counters said while it was recorded.
 */
#include <errno.h>
#include <fcntl.h>

#include "harness/trace-decode.h"
#include "harness/trace-spans.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "tests/tap.h"

#define TRACES	      "tests/fixtures/traces"
#define MISSED_EVENTS (UINT32_C(1) << 31) /* RB_MISSED_EVENTS, kernel/trace/ring_buffer.c */

/* A recording, and what was noted beside it. */
struct recording {
	char *text; /* the file */
	struct trace_decoder *decoder;
	unsigned char *chunks;
	size_t bytes;
	uint64_t tid, pgsteal, sources, start, end;
	size_t formats;
};

static const struct trace_spec *find_spec(const char *name)
{
	for (size_t i = 0; i < trace_spec_count; i++)
		if (streq(trace_specs[i].name, name))
			return &trace_specs[i];
	return NULL;
}

/* The lines behind a heading: "|TEXT" each. */
static char *body(char **rest)
{
	char *text = strdup("");

	while (*rest && **rest == '|') {
		char *line = strsep(rest, "\n"), *more = text_format("%s%s\n", text, line + 1);

		free(text);
		text = more;
	}
	return text;
}

static void add_format(struct recording *r, const char *name, char **rest)
{
	_cleanup_free_ char *format = body(rest);
	const struct trace_spec *spec = find_spec(name);
	struct error err = {};

	if (spec && trace_decoder_add_format(r->decoder, spec, format, strlen(format), &err) == 0)
		r->formats++;
	else
		printf("# %s: %s\n", name, err.text);
}

static void add_chunk(struct recording *r, uint32_t source, uint32_t bytes, char **rest)
{
	_cleanup_free_ char *hex = body(rest);
	struct trace_chunk *chunk;
	uint32_t n = 0;

	r->chunks = realloc(r->chunks, r->bytes + trace_chunk_size(bytes));
	chunk = (void *)(r->chunks + r->bytes);
	*chunk = (struct trace_chunk){ .source = source, .bytes = bytes };
	for (const char *p = hex; n < bytes && sscanf(p, "%2hhx", &chunk->data[n]) == 1; n++) {
		p += 2;
		p += *p == '\n';
	}
	r->bytes += trace_chunk_size(bytes);
}

static void open_recording(struct recording *r, const char *kernel)
{
	const char *top = getenv("srcdir");
	_cleanup_free_ char *path = text_format("%s/" TRACES "/%s", top ? top : ".", kernel);
	const struct {
		const char *name;
		uint64_t *where;
	} numbers[] = { { "tid", &r->tid },
			{ "pgsteal", &r->pgsteal },
			{ "sources", &r->sources },
			{ "start", &r->start },
			{ "end", &r->end } };
	struct error err = {};

	*r = (struct recording){};
	if (file_read(AT_FDCWD, path, &r->text, NULL, &err) < 0 ||
	    trace_decoder_new(&r->decoder, &err) < 0) {
		printf("Bail out! %s\n", err.text);
		exit(1);
	}
	for (char *rest = r->text, *line; rest && (line = strsep(&rest, "\n"));) {
		uint32_t source, bytes;
		uint64_t number;
		char name[64];

		if (sscanf(line, "number %63s %" SCNu64, name, &number) == 2)
			for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
				if (streq(name, numbers[i].name))
					*numbers[i].where = number;
		if (sscanf(line, "event %63s", name) == 1)
			add_format(r, name, &rest);
		if (sscanf(line, "chunk %u %u", &source, &bytes) == 2)
			add_chunk(r, source, bytes, &rest);
	}
}

static void close_recording(struct recording *r)
{
	trace_decoder_free(r->decoder);
	free(r->chunks);
	free(r->text);
}

struct taken {
	struct trace_spans *spans;
	uint64_t last_ns;
	bool in_order;
	uint64_t swapped_in;
	int limit; /* events until take() says stop; -1: none */
};

static int take(void *arg, const struct trace_event *e)
{
	struct taken *t = arg;

	if (t->limit >= 0 && t->limit-- == 0)
		return -ECANCELED;
	t->in_order = t->in_order && e->t_ns >= t->last_ns;
	t->last_ns = e->t_ns;
	t->swapped_in += streq(e->spec->name, "do_swap_page_return");
	return t->spans ? trace_spans_add(t->spans, e) : 0;
}

/* Spans nest: each one that begins within another ends within it. */
static bool nests(const struct trace_span *spans, size_t count, int32_t tid)
{
	uint64_t open[64];
	size_t depth = 0;

	for (size_t i = 0; i < count; i++) {
		if (spans[i].tid != tid)
			continue;
		while (depth && open[depth - 1] <= spans[i].start_ns)
			depth--;
		if (depth == ARRAY_SIZE(open) || (depth && spans[i].end_ns > open[depth - 1]))
			return false;
		open[depth++] = spans[i].end_ns;
	}
	return true;
}

static void check_spans(const char *kernel, const struct recording *r, const struct taken *t,
			const struct trace_span *spans, size_t count)
{
	uint64_t passes = 0, calls = 0, scanned = 0, call_scanned = 0, swap_ins = 0;
	bool own = true;

	for (size_t i = 0; i < count; i++) {
		const struct trace_span *s = &spans[i];

		if (s->what == SPAN_LRU) {
			passes += (uint64_t)s->reclaimed;
			scanned += (uint64_t)s->scanned;
		}
		if (s->what == SPAN_MEMCG_RECLAIM) {
			calls += (uint64_t)s->reclaimed;
			call_scanned += s->scanned == TRACE_NOTHING ? 0 : (uint64_t)s->scanned;
		}
		swap_ins += s->what == SPAN_SWAP_IN;
		own = own && (s->worker == 7) == ((uint64_t)s->tid == r->tid);
	}
	tap_eq_u64(passes, r->pgsteal, "%s: the passes reclaimed what vmstat counted", kernel);
	tap_ok(calls >= passes, "%s: the calls, which count slab too, no less", kernel);
	tap_eq_u64(call_scanned, scanned, "%s: what calls scanned, their passes did", kernel);
	tap_eq_u64(swap_ins, t->swapped_in, "%s: a span for each return from a swap-in", kernel);
	tap_ok(swap_ins > 100 && own, "%s: the thread's, and it alone is the suite's", kernel);
	tap_ok(nests(spans, count, (int32_t)r->tid), "%s: its spans nest", kernel);
}

static void test_kernel(const char *kernel)
{
	const struct trace_kernel known = {};
	const struct trace_span *spans;
	struct taken t = { .in_order = true, .limit = -1 };
	struct trace_counts counts = {}, some = { .events = 77 };
	struct recording r;
	struct error err = {};
	size_t count;

	open_recording(&r, kernel);
	tap_eq_u64(r.formats, trace_spec_count, "%s: the format of every event is understood",
		   kernel);
	if (trace_spans_new(&t.spans, r.start, &known) < 0 ||
	    trace_spans_own(t.spans, (int32_t)r.tid, 7, 0) < 0)
		exit(1);
	tap_eq_i64(trace_decode(r.decoder, r.chunks, r.bytes, r.sources, take, &t, &counts, &err),
		   0, "%s: is decoded %s", kernel, err.text);
	tap_ok(counts.events > 500 && counts.lost == 0, "%s: %" PRIu64 " events, none lost", kernel,
	       counts.events);
	tap_ok(t.in_order, "%s: in the order of time, over two buffers", kernel);
	if (trace_spans_end(t.spans, r.end, &spans, &count) < 0)
		exit(1);
	check_spans(kernel, &r, &t, spans, count);
	trace_spans_free(t.spans);

	t = (struct taken){ .in_order = true, .limit = 10 };
	tap_ok(trace_decode(r.decoder, r.chunks, r.bytes, r.sources, take, &t, &some, &err) ==
			       -ECANCELED &&
		       some.events == 77,
	       "%s: a refusal ends it: %s", kernel, err.text);
	tap_eq_i64(trace_decode(r.decoder, r.chunks, r.bytes, 1, take, &t, &some, &err), -EBADMSG,
		   "%s: more sources than there are: %s", kernel, err.text);
	tap_eq_i64(trace_decode(r.decoder, r.chunks, r.bytes - 8, 2, take, &t, &some, &err),
		   -EBADMSG, "%s: cut off: %s", kernel, err.text);

	/* The kernel marks a page before which it had to drop events. */
	((struct trace_chunk *)r.chunks)->data[sizeof(uint64_t) + 3] |= MISSED_EVENTS >> 24;
	t = (struct taken){ .in_order = true, .limit = -1 };
	tap_ok(trace_decode(r.decoder, r.chunks, r.bytes, r.sources, take, &t, &some, &err) == 0 &&
		       some.lost == 1 && some.events == counts.events,
	       "%s: lost events are seen", kernel);
	close_recording(&r);
}

static void test_formats(void)
{
	static const char head[] =
		"name: mm_vmscan_kswapd_sleep\nID: 12\nformat:\n"
		"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
		"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n";
	static const char tail[] = "\nprint fmt: \"\"\n";
	_cleanup_free_ char *whole =
		text_format("%s\tfield:int nid;\toffset:8;\tsize:4;\tsigned:1;\n%s", head, tail);
	_cleanup_free_ char *without =
		text_format("%s\tfield:int node;\toffset:8;\tsize:4;\tsigned:1;\n%s", head, tail);
	_cleanup_free_ char *text = text_format(
		"%s\tfield:char nid[16];\toffset:8;\tsize:16;\tsigned:1;\n%s", head, tail);
	const struct {
		const char *format;
		int r;
	} tries[] = {
		{ whole, 0 }, { without, -ENOENT }, { text, -ENOENT }, { "no format", -EBADMSG }
	};
	const struct trace_spec *spec = find_spec("mm_vmscan_kswapd_sleep");

	for (size_t i = 0; i < ARRAY_SIZE(tries); i++) {
		struct trace_decoder *d;
		struct error err = {};

		if (trace_decoder_new(&d, &err) < 0)
			exit(1);
		tap_eq_i64(trace_decoder_add_format(d, spec, tries[i].format,
						    strlen(tries[i].format), &err),
			   tries[i].r, "a format: %s", err.text);
		trace_decoder_free(d);
	}
}

int main(void)
{
	test_kernel("linux-6.1");
	test_kernel("linux-6.12");
	test_formats();
	return tap_done();
}
