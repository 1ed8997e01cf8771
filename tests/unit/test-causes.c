// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Why operations were slow, on records made here: a thread's time cut into pieces, and the
 * latencies of slow operations cut up by them.
 */
#include <fcntl.h>
#include <unistd.h>

#include "results/causes.h"
#include "results/metrics.h"
#include "results/timeline.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "tests/tap.h"

/* ---- timelines ---- */

static struct span a_span(uint64_t start, uint64_t end, enum span_what what, int node)
{
	return (struct span){ .start_ns = start,
			      .end_ns = end,
			      .workload = "w",
			      .thread = "0.0",
			      .what = what,
			      .node = node,
			      .detail = "-" };
}

/* "10-20 compact, 20-30 swap-in@1" */
static void check_pieces(const char *name, const struct span *spans, size_t count, const char *want)
{
	const struct span *sorted[16];
	struct timeline t;
	char got[400] = "";
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		sorted[i] = &spans[i];
	if (timeline_make(&t, sorted, count) < 0)
		exit(1);
	for (size_t i = 0; i < t.count; i++) {
		const struct piece *p = &t.pieces[i];

		n += (size_t)snprintf(got + n, sizeof(got) - n, "%s%llu-%llu %s", n ? ", " : "",
				      (unsigned long long)p->start_ns,
				      (unsigned long long)p->end_ns,
				      span_what_names[p->span->what]);
		if (p->node >= 0)
			n += (size_t)snprintf(got + n, sizeof(got) - n, "@%d", p->node);
	}
	tap_eq_str(got, want, "%s", name);
	timeline_done(&t);
}

static void test_timeline(void)
{
	const struct span nested[] = {
		a_span(10, 100, SPAN_SWAP_IN, -1),   a_span(20, 80, SPAN_MEMCG_RECLAIM, 1),
		a_span(20, 40, SPAN_SHRINKER, 1),    a_span(50, 50, SPAN_LRU, 1),
		a_span(60, 80, SPAN_CPU_WAIT, -1),   a_span(100, 110, SPAN_IO_WAIT, -1),
		a_span(120, 120, SPAN_THROTTLE, -1),
	};
	const struct span nodes[] = {
		a_span(10, 100, SPAN_DIRECT_RECLAIM, -1),
		a_span(30, 30, SPAN_LRU, 0),
		a_span(40, 60, SPAN_CPU_WAIT, -1),
		a_span(70, 70, SPAN_LRU, 1),
		a_span(80, 80, SPAN_LRU, 0),
	};
	const struct span across[] = {
		a_span(10, 50, SPAN_COMPACT, -1),
		a_span(30, 70, SPAN_SHRINKER, -1),
		a_span(35, 40, SPAN_IO_WAIT, -1),
	};

	check_pieces("no span", NULL, 0, "");
	check_pieces("nested: the innermost", nested, ARRAY_SIZE(nested),
		     "10-20 swap-in, 20-40 shrinker@1, 40-50 memcg-reclaim@1, "
		     "50-60 memcg-reclaim@1, 60-80 cpu-wait, "
		     "80-100 swap-in, 100-110 io-wait");
	check_pieces("a reclaim of several nodes: up to each pass its node, then the last one's",
		     nodes, ARRAY_SIZE(nodes),
		     "10-30 direct-reclaim@0, 30-40 direct-reclaim@1, 40-60 cpu-wait, "
		     "60-70 direct-reclaim@1, 70-80 direct-reclaim@0, 80-100 direct-reclaim@0");
	check_pieces("not nested: the later one", across, ARRAY_SIZE(across),
		     "10-30 compact, 30-35 shrinker, 35-40 io-wait, 40-70 shrinker");
}

static void test_after(void)
{
	const struct span spans[] = { a_span(10, 20, SPAN_COMPACT, -1),
				      a_span(30, 40, SPAN_COMPACT, -1) };
	const struct span *sorted[] = { &spans[0], &spans[1] };
	struct timeline t;

	if (timeline_make(&t, sorted, 2) < 0)
		exit(1);
	tap_eq_u64(timeline_after(&t, 0), 0, "before all");
	tap_eq_u64(timeline_after(&t, 19), 0, "within the first");
	tap_eq_u64(timeline_after(&t, 20), 1, "at its end");
	tap_eq_u64(timeline_after(&t, 35), 1, "within the second");
	tap_eq_u64(timeline_after(&t, 40), 2, "behind all");
	timeline_done(&t);
}

/* ---- the join ---- */

#define SLOW_HEAD "workload\tthread\tdue_ns\tbegin_ns\tend_ns\n"
#define SPAN_HEAD                                                                                  \
	"start_ns\tend_ns\tworkload\tthread\twhat\tnode\torder\tpriority\tscanned\treclaimed\t"    \
	"detail\n"
#define SPAN(start, end, workload, thread, what, node, detail)                                     \
#start "\t" #end "\t" workload "\t" thread "\t" what "\t" node "\t-\t-\t-\t-\t" detail "\n"
#define OP(thread, due, begin, end) "w\t" thread "\t" #due "\t" #begin "\t" #end "\n"
#define LATENCY_HEAD		    "workload\tlow_ns\thigh_ns\tcount\n"

struct made {
	struct record *record;
	json_t *causes;
};

/* trace: what stands behind "trace":; NULL: the trial was not traced. */
static void make(struct made *ret, const char *slow, const char *kept, const char *spans,
		 const char *trace, const char *latency)
{
	_cleanup_free_ char *trial =
		text_format("{\"schema\":1,\"suite\":\"s\",\"scenario\":\"c\",\"kernel\":\"k\","
			    "\"clock\":\"insn\",\"seed\":1,\"outcome\":\"completed\",\"phases\":["
			    "{\"name\":\"measured\",\"start_ns\":0,\"end_ns\":1000000}],"
			    "\"workloads\":[{\"name\":\"w\"%s},{\"name\":\"v\"}]%s%s}",
			    kept, trace ? ",\"trace\":" : "", trace ? trace : "");
	char dir[] = "test-causes.XXXXXX";
	_cleanup_close_ int fd = -1;
	struct error err = {};
	const struct {
		const char *name, *text;
	} files[] = { { "trial.json", trial },
		      { "samples.tsv", "t_ns\n0\n1000000\n" },
		      { "latency.tsv", latency },
		      { "slow.tsv", slow },
		      { "spans.tsv", spans } };

	if (!mkdtemp(dir) || (fd = open(dir, O_RDONLY | O_DIRECTORY)) < 0)
		exit(1);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		file_write_atomic(fd, files[i].name, files[i].text, strlen(files[i].text), NULL);
	*ret = (struct made){};
	if (!tap_ok(record_read(&ret->record, fd, &err) == 0, "the record is read %s", err.text))
		exit(1);
	dir_remove(AT_FDCWD, dir, NULL);
	ret->causes = causes_compute(ret->record);
}

static void made_done(struct made *m)
{
	json_decref(m->causes);
	record_free(m->record);
}

static const json_t *quantile(const struct made *m, const char *name)
{
	json_t *item;
	size_t i;

	json_array_foreach (json_object_get(m->causes, "w"), i, item)
		if (streq(json_string_value(json_object_get(item, "quantile")), name))
			return item;
	return NULL;
}

static uint64_t number(const json_t *object, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(object, key));
}

/* "memcg-reclaim@1 60, swap-in 10; 30": cause@node(detail)while thread ns; unexplained. */
static void check_shares(const struct made *m, const char *name, const char *want)
{
	const json_t *item = quantile(m, name);
	uint64_t ns = number(item, "unexplained_ns");
	double shares = json_number_value(json_object_get(item, "unexplained"));
	char got[600] = "";
	json_t *share;
	size_t n = 0, i;

	json_array_foreach (json_object_get(item, "shares"), i, share) {
		const json_t *node = json_object_get(share, "node");
		const char *detail = json_string_value(json_object_get(share, "detail"));
		const char *thread = json_string_value(json_object_get(share, "while"));

		ns += number(share, "ns");
		shares += json_number_value(json_object_get(share, "share"));
		n += (size_t)snprintf(got + n, sizeof(got) - n, "%s%s", n ? ", " : "",
				      json_string_value(json_object_get(share, "cause")));
		if (node)
			n += (size_t)snprintf(got + n, sizeof(got) - n, "@%lld",
					      json_integer_value(node));
		if (detail)
			n += (size_t)snprintf(got + n, sizeof(got) - n, "(%s)", detail);
		if (thread)
			n += (size_t)snprintf(got + n, sizeof(got) - n, " while %s", thread);
		n += (size_t)snprintf(got + n, sizeof(got) - n, " %llu",
				      (unsigned long long)number(share, "ns"));
	}
	snprintf(got + n, sizeof(got) - n, "; %llu",
		 (unsigned long long)number(item, "unexplained_ns"));
	tap_eq_str(got, want, "%s", name);
	tap_eq_u64(ns, number(item, "total_ns"), "%s: to the ns", name);
	/* A few roundings of 2^-53 each. */
	tap_near(shares, 1, 1e-12, "%s: shares add up to 1", name);
}

#define KEPT2	",\"slow\":{\"kept\":2,\"over_ns\":0}"
#define KEPT4	",\"slow\":{\"kept\":4,\"over_ns\":0}"
#define TRACE	"{\"unavailable\":[\"swap-in\"]}"
#define BUCKETS "w\t64\t66\t1\nw\t100\t102\t1\n"

/* One operation of 100 ns in all that can be; and one of 64 in the other thread, in nothing. */
static void test_shares(void)
{
	static const char slow[] = SLOW_HEAD OP("0.1", 900, 900, 964) OP("0.0", 1000, 1030, 1100);
	static const char spans[] = SPAN_HEAD
		/* before it was due, and over that; its begin at 1030 */
		SPAN(980, 1010, "w", "0.0", "memcg-reclaim", "1", "-")
		/* of others */
		SPAN(980, 1100, "w", "0.2", "compact", "0",
		     "-") SPAN(980, 1100, "v", "0.0", "compact", "0",
			       "-") SPAN(980, 1100, "-", "stranger/7", "compact", "0",
					 "-") SPAN(1020, 1035, "w", "0.0", "cpu-wait", "-", "-")
			SPAN(1025, 1026, "-", "kswapd1", "shrinker", "1",
			     "a_scan") SPAN(1040, 1080, "w", "0.0", "swap-in", "-", "-")
				SPAN(1045, 1075, "w", "0.0", "memcg-reclaim", "0", "-") SPAN(
					1050, 1055, "w", "0.0", "shrinker", "0", "super_cache_scan")
					SPAN(1055, 1057, "w", "0.0", "throttle", "0", "writeback")
						SPAN(1060, 1065, "w", "0.0", "cpu-wait", "-", "-")
		/* over its end, and behind it */
		SPAN(1090, 2000, "w", "0.0", "io-wait", "-", "some_function")
			SPAN(2000, 3000, "w", "0.0", "compact", "-", "sync");
	struct made m;

	make(&m, slow, KEPT2, spans, TRACE, LATENCY_HEAD BUCKETS);
	tap_eq_u64(json_array_size(json_object_get(m.causes, "w")), 5, "five quantiles");
	/*
	 * 1000 reclaim 1010 turn 1020 wait 1035 - 1040 swap-in 1045 reclaim 1050 shrinker 1055
	 * throttle 1057 reclaim 1060 wait 1065 reclaim 1075 swap-in 1080 - 1090 io 1100
	 */
	check_shares(&m, "max",
		     "memcg-reclaim@0 18, cpu-wait while kswapd1 15, io-wait(some_function) 10, "
		     "memcg-reclaim@1 10, swap-in 10, turn 10, cpu-wait 5, "
		     "shrinker@0(super_cache_scan) 5, throttle@0(writeback) 2; 15");
	tap_eq_u64(number(quantile(&m, "max"), "operations"), 1, "the slowest one");
	check_shares(&m, "p50",
		     "memcg-reclaim@0 18, cpu-wait while kswapd1 15, io-wait(some_function) 10, "
		     "memcg-reclaim@1 10, swap-in 10, turn 10, cpu-wait 5, "
		     "shrinker@0(super_cache_scan) 5, throttle@0(writeback) 2; 79");
	tap_eq_u64(number(quantile(&m, "p50"), "operations"), 2, "half of two is both");
	tap_eq_u64(number(quantile(&m, "p50"), "latency_ns"), 65, "the histogram's median");
	tap_eq_u64(number(quantile(&m, "max"), "floor_ns"), 15,
		   "the floor: the least of 15 and 64");
	tap_eq_u64(number(quantile(&m, "p50"), "floor_ns"), 30, "the floor of two");
	tap_ok(json_is_true(json_object_get(quantile(&m, "p50"), "complete")), "complete");
	made_done(&m);
}

/* Two of one thread that overlap: the second waits for the first, in what that is in. */
static void test_queued(void)
{
	static const char slow[] = SLOW_HEAD OP("0.0", 100, 100, 164) OP("0.0", 110, 170, 210);
	static const char spans[] = SPAN_HEAD SPAN(120, 150, "w", "0.0", "compact", "0", "sync");
	struct made m;

	make(&m, slow, KEPT2, spans, TRACE, LATENCY_HEAD BUCKETS);
	check_shares(&m, "max", "compact@0 30, turn 30; 40");
	check_shares(&m, "p50", "compact@0 60, turn 30; 74");
	tap_eq_u64(number(quantile(&m, "max"), "floor_ns"), 34,
		   "the floor: of an operation that is not at the quantile, too");
	made_done(&m);
}

/* A hundred operations of which four, or three, were kept. */
static void test_incomplete(void)
{
#define FOUR                                                                                       \
	SLOW_HEAD OP("0.0", 100, 100, 164) OP("0.0", 200, 200, 300) OP("0.0", 400, 400, 470)       \
		OP("0.1", 500, 500, 580)
	static const char many[] =
		LATENCY_HEAD "w\t10\t11\t96\nw\t64\t66\t1\nw\t70\t72\t1\nw\t80\t82\t1\n"
			     "w\t100\t102\t1\n";
	struct made m;

	make(&m, FOUR, KEPT4, SPAN_HEAD, TRACE, many);
	tap_eq_u64(number(quantile(&m, "p90"), "of"), 11, "p90: eleven at or above it");
	tap_eq_u64(number(quantile(&m, "p90"), "operations"), 4, "p90: four are there");
	tap_ok(json_is_false(json_object_get(quantile(&m, "p90"), "complete")),
	       "p90: which is told");
	check_shares(&m, "p90", "; 314");
	tap_eq_u64(number(quantile(&m, "p99"), "of"), 2, "p99: two");
	tap_ok(json_is_true(json_object_get(quantile(&m, "p99"), "complete")),
	       "p99: both are there");
	check_shares(&m, "p99", "; 180");
	tap_eq_u64(number(quantile(&m, "p99"), "floor_ns"), 128,
		   "the floor: of one below every quantile, too");
	made_done(&m);

	/* A thread kept only what took over 75: of the others, one as fast may be missing. */
	make(&m, FOUR, ",\"slow\":{\"kept\":4,\"over_ns\":75}", SPAN_HEAD, TRACE, many);
	tap_eq_u64(number(quantile(&m, "p90"), "operations"), 2, "p90: two are surely the slowest");
	check_shares(&m, "p90", "; 180");
	tap_ok(json_is_true(json_object_get(quantile(&m, "p99"), "complete")),
	       "p99: both are there");
	made_done(&m);
}

static void test_none(void)
{
	struct made m;

	make(&m, FOUR, KEPT4, SPAN_HEAD, NULL, LATENCY_HEAD BUCKETS);
	tap_eq_u64(json_object_size(m.causes), 0, "untraced: no causes");
	made_done(&m);
	make(&m, SLOW_HEAD, ",\"slow\":{\"kept\":0,\"over_ns\":999}", SPAN_HEAD, TRACE,
	     LATENCY_HEAD BUCKETS);
	tap_eq_u64(json_object_size(m.causes), 0, "none was slow: no causes");
	made_done(&m);
}

/* ---- metrics ---- */

static double metric(const struct made *m, const char *name)
{
	json_t *metrics = metrics_compute(m->record, NULL);
	const json_t *found = json_object_get(metrics, name);
	double value = found ? json_number_value(json_object_get(found, "value")) : NAN;

	json_decref(metrics);
	return value;
}

static void check_absence(const struct made *m, const char *name, const char *want)
{
	char text[200];

	metric_absence(m->record, name, text, sizeof(text));
	tap_eq_str(text, want, "%s", name);
}

static void test_metrics(void)
{
	static const char slow[] = SLOW_HEAD OP("0.0", 100, 140, 200) OP("0.1", 500, 500, 564);
	static const char spans[] = SPAN_HEAD SPAN(150, 160, "w", "0.0", "memcg-reclaim", "0", "-")
		SPAN(160, 175, "w", "0.0", "memcg-reclaim", "1", "-");
	static const char many[] = LATENCY_HEAD "w\t10\t11\t98\nw\t64\t66\t1\nw\t100\t102\t1\n";
	static const char more[] = LATENCY_HEAD "w\t10\t11\t998\nw\t64\t66\t1\nw\t100\t102\t1\n";
	struct made m;

	make(&m, slow, KEPT2, spans, TRACE, many);
	json_object_set(m.record->trial, "causes", m.causes);
	tap_near(metric(&m, "work.w.cause.memcg_reclaim"), 25 / 164., 1e-12, "nodes together");
	tap_near(metric(&m, "work.w.cause.turn"), 40 / 164., 1e-12, "its turn");
	tap_near(metric(&m, "work.w.cause.unexplained"), 99 / 164., 1e-12, "unexplained");
	tap_near(metric(&m, "work.w.cause.compact"), 0, 0, "what was not there is 0");
	tap_ok(isnan(metric(&m, "work.w.cause.swap_in")), "what the kernel can't tell isn't");
	check_absence(&m, "work.w.cause.swap_in", "this kernel's trace does not tell it");
	check_absence(&m, "work.v.cause.compact",
		      "no slow operations were kept: they are of workloads with rate");
	made_done(&m);

	make(&m, slow, KEPT2, spans, TRACE, more);
	json_object_set(m.record->trial, "causes", m.causes);
	tap_ok(isnan(metric(&m, "work.w.cause.turn")), "of eleven operations, two are not all");
	check_absence(&m, "work.w.cause.turn",
		      "of the operations at or above p99 only 2 of 11 were kept");
	made_done(&m);
	make(&m, slow, KEPT2, spans, NULL, many);
	check_absence(&m, "work.w.cause.turn", "the trial was not traced: trace: true");
	made_done(&m);
}

int main(void)
{
	test_timeline();
	test_after();
	test_shares();
	test_queued();
	test_incomplete();
	test_none();
	test_metrics();
	return tap_done();
}
