// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Metrics, closure and expectations on small records made here, and on the fixtures of a 6.1-like
 * (classic LRU) and a 6.12-like (MGLRU) kernel.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "results/closure.h"
#include "results/expect.h"
#include "results/metrics.h"
#include "results/record.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "tests/tap.h"

#define FIXTURES "tests/fixtures/records/tour/anon-over-limit"

/* A trial of two CPUs on two nodes: 1 s of set-up, 2 s measured; the regime and more are given. */
#define TRIAL(counters, outcome, expect)                                                           \
	"{\"schema\":1,\"suite\":\"s\",\"scenario\":\"c\",\"kernel\":\"k\",\"clock\":\"insn\","    \
	"\"seed\":1,\"outcome\":\"" outcome "\",\"why\":\"\",\"invalid\":[],"                      \
	"\"regime\":{\"reclaim_counters\":\"" counters "\"},"                                      \
	"\"page_size\":4096,\"cpus\":2,\"nodes\":[0,1],\"cgroups\":[\"box\",\"box/a\",\"two\"],"   \
	"\"workloads\":[{\"name\":\"w\"},{\"name\":\"w-2\"}],\"phases\":["                         \
	"{\"name\":\"setup\",\"start_ns\":0,\"end_ns\":1000000000},"                               \
	"{\"name\":\"measured\",\"start_ns\":1000000000,\"end_ns\":3000000000}],"                  \
	"\"expect\":[" expect "]}"
#define SPAN_SAMPLES "t_ns\n0\n1000000000\n3000000000\n"
#define NO_LATENCY   "workload\tlow_ns\thigh_ns\tcount\n"

struct computed {
	struct record *record;
	json_t *closure, *metrics, *expect;
};

static void computed_done(struct computed *c)
{
	json_decref(c->closure);
	json_decref(c->metrics);
	json_decref(c->expect);
	record_free(c->record);
	*c = (struct computed){};
}

static void compute_at(struct computed *ret, int dirfd)
{
	struct error err = {};

	*ret = (struct computed){};
	if (!tap_ok(record_read(&ret->record, dirfd, &err) == 0, "the record is read %s", err.text))
		exit(1);
	ret->closure = closure_compute(ret->record);
	ret->metrics = metrics_compute(ret->record, ret->closure);
	ret->expect = expect_evaluate(ret->record, ret->metrics);
}

static void compute(struct computed *ret, const char *trial, const char *samples,
		    const char *latency)
{
	char dir[] = "test-metrics.XXXXXX";
	_cleanup_close_ int fd = -1;

	if (!mkdtemp(dir) || (fd = open(dir, O_RDONLY | O_DIRECTORY)) < 0)
		exit(1);
	file_write_atomic(fd, "trial.json", trial, strlen(trial), NULL);
	file_write_atomic(fd, "samples.tsv", samples, strlen(samples), NULL);
	file_write_atomic(fd, "latency.tsv", latency, strlen(latency), NULL);
	compute_at(ret, fd);
	dir_remove(AT_FDCWD, dir, NULL);
}

static void compute_fixture(struct computed *ret, const char *trial)
{
	const char *top = getenv("srcdir");
	_cleanup_free_ char *path = text_format("%s/" FIXTURES "/%s", top ? top : ".", trial);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY);

	compute_at(ret, fd);
}

static double value(const struct computed *c, const char *name)
{
	const json_t *metric = json_object_get(c->metrics, name);

	return metric ? json_number_value(json_object_get(metric, "value")) : NAN;
}

static bool valid(const struct computed *c, const char *name)
{
	return json_is_true(json_object_get(json_object_get(c->metrics, name), "valid"));
}

static const char *why(const struct computed *c, const char *name)
{
	const char *text =
		json_string_value(json_object_get(json_object_get(c->metrics, name), "why"));

	return text ? text : "";
}

static const json_t *identity(const struct computed *c, const char *name, const char *scope)
{
	json_t *entry;
	size_t i;

	json_array_foreach (c->closure, i, entry) {
		if (streq(json_string_value(json_object_get(entry, "phase")), "measured") &&
		    streq(json_string_value(json_object_get(entry, "identity")), name) &&
		    streq(json_string_value(json_object_get(entry, "scope")), scope))
			return entry;
	}
	return NULL;
}

/* What a generator counts: the increase over the phase, or the last value where it is a level. */
static void test_counters(void)
{
	static const char trial[] =
		"{\"schema\":1,\"suite\":\"s\",\"scenario\":\"c\",\"kernel\":\"k\",\"clock\":"
		"\"insn\",\"seed\":1,\"outcome\":\"completed\",\"why\":\"\",\"invalid\":[],"
		"\"regime\":{\"reclaim_counters\":\"global-only\"},\"page_size\":4096,\"cpus\":1,"
		"\"nodes\":[0],\"cgroups\":[],\"workloads\":[{\"name\":\"f\",\"counters\":{"
		"\"granted\":{\"value\":9,\"unit\":\"blocks\",\"level\":false},"
		"\"index\":{\"value\":7,\"unit\":\"1/1000\",\"level\":true},"
		"\"absent\":{\"value\":0,\"unit\":\"1\",\"level\":false}}}],\"phases\":["
		"{\"name\":\"setup\",\"start_ns\":0,\"end_ns\":10},"
		"{\"name\":\"measured\",\"start_ns\":10,\"end_ns\":30}],"
		"\"expect\":[\"work.f.granted == 5\", \"work.f.index <= 7\"]}";
	static const char samples[] = "t_ns\twork.f.granted\twork.f.index\n"
				      "0\t0\t0\n10\t4\t12\n20\t8\t20\n30\t9\t7\n";
	struct computed c;

	compute(&c, trial, samples, NO_LATENCY);
	tap_near(value(&c, "work.f.granted"), 5, 0, "a generator's counter: its increase");
	tap_ok(valid(&c, "work.f.granted"), "it is valid");
	tap_eq_str(json_string_value(
			   json_object_get(json_object_get(c.metrics, "work.f.granted"), "unit")),
		   "blocks", "with its unit");
	tap_near(value(&c, "work.f.index"), 7, 0, "a level: its last value");
	tap_ok(valid(&c, "work.f.index"), "which may go down");
	tap_ok(isnan(value(&c, "work.f.absent")), "without a column there is none");
	tap_ok(json_is_true(json_object_get(json_array_get(c.expect, 0), "holds")) &&
		       json_is_true(json_object_get(json_array_get(c.expect, 1), "holds")),
	       "expectations may name them");
	computed_done(&c);
}

static const json_t *claim(const struct computed *c, size_t i, const char *key)
{
	return json_object_get(json_array_get(c->expect, i), key);
}

static void test_catalog(void)
{
	struct computed c;
	bool sound = true, unique = true;

	compute(&c, TRIAL("global-only", "completed", ""), "t_ns\n0\n1000000000\n3000000000\n",
		NO_LATENCY);
	for (const struct metric_def *d = NULL; (d = metric_next(d));) {
		struct formula_context context = { .record = c.record,
						   .phase = record_phase(c.record, "measured"),
						   .self = d,
						   .name = "box" };
		struct formula_result result;

		formula_evaluate(&context, d->formula, NULL, &result);
		sound &= !result.malformed && d->unit && d->meaning;
		unique &= metric_find(d->name) == d;
	}
	for (const struct identity *id = identities; id->name; id++) {
		const char *const formulas[] = { id->value, id->low, id->high ? id->high : "0",
						 id->tolerance };
		struct formula_context context = { .record = c.record,
						   .phase = record_phase(c.record, "measured"),
						   .name = "box" };
		struct formula_result result;

		for (size_t i = 0; i < ARRAY_SIZE(formulas); i++) {
			formula_evaluate(&context, formulas[i], NULL, &result);
			sound &= !result.malformed;
		}
		unique &= identity_find(id->name) == id;
	}
	tap_ok(sound, "every formula of the catalog and of the identities can be parsed");
	tap_ok(unique, "every name is there once");
	tap_eq_u64(json_object_size(c.metrics), 1, "without columns only the time is known");
	tap_eq_str(metric_find("work.w-2.rate")->name, "work.NAME.rate", "a workload's metric");
	tap_eq_str(metric_find("work.w.latency.p99.9")->name, "work.NAME.latency.p99.9",
		   "the longest tail is the metric's");
	tap_eq_str(metric_find("cgroup.box/a.max_events")->name, "cgroup.NAME.max_events",
		   "a nested cgroup's metric");
	tap_ok(!metric_find("work..rate") && !metric_find("reclaim.scaned"), "no such metric");
	computed_done(&c);
}

/* The same counts; only what the kernel counts as global reclaim differs. */
#define RECLAIM_HEAD                                                                               \
	"t_ns\tvmstat.pgscan_anon\tvmstat.pgscan_file\tvmstat.pgsteal_anon\tvmstat.pgsteal_file\t" \
	"vmstat.pgscan_kswapd\tvmstat.pgscan_direct\tvmstat.pgsteal_kswapd\t"                      \
	"vmstat.pgsteal_direct\t"                                                                  \
	"box.memory.stat.pgscan_kswapd\tbox.memory.stat.pgscan_direct\t"                           \
	"box.memory.stat.pgsteal_kswapd\tbox.memory.stat.pgsteal_direct\t"                         \
	"box/a.memory.stat.pgscan_kswapd\tbox/a.memory.stat.pgscan_direct\t"                       \
	"box/a.memory.stat.pgsteal_kswapd\tbox/a.memory.stat.pgsteal_direct\t"                     \
	"two.memory.stat.pgscan_kswapd\ttwo.memory.stat.pgscan_direct\t"                           \
	"two.memory.stat.pgsteal_kswapd\ttwo.memory.stat.pgsteal_direct\n"
#define RECLAIM_ZERO(t) t "\t7\t7\t7\t7\t7\t7\t7\t7\t7\t7\t7\t7\t7\t7\t7\t7\t7\t7\t7\t7\n"

static void test_global_only(void)
{
	/* 9,000 + 1,000 scanned; 500 + 300 of it global; the limits' 9,200 in box and two. */
	const char *samples = RECLAIM_HEAD RECLAIM_ZERO("0") RECLAIM_ZERO(
		"1000000000") "3000000000\t9007\t1007\t4507\t507\t507\t307\t207\t107\t"
			      "207\t8007\t107\t4007\t207\t8007\t107\t4007\t7\t1207\t7\t707\n";
	struct computed c;

	compute(&c, TRIAL("global-only", "completed", ""), samples, NO_LATENCY);
	tap_near(value(&c, "reclaim.scanned"), 10000, 0, "scanned by type: all reclaim");
	tap_near(value(&c, "reclaim.cost_per_page"), 2, 0, "two scanned for one freed");
	tap_near(value(&c, "reclaim.anon_share"), 0.9, 1e-12, "share of anonymous pages");
	tap_near(value(&c, "reclaim.scanned_memcg"), 9200, 0, "limits: all but the global");
	tap_near(value(&c, "reclaim.scanned_direct"), 300, 0, "direct: vmstat's own");
	tap_near(value(&c, "reclaim.reclaimed_memcg"), 4700, 0, "freed at limits");
	tap_near(value(&c, "reclaim.rate"), 2500, 0, "a rate by the phase's length");
	tap_near(value(&c, "cgroup.box/a.scanned_direct"), 8000, 0, "a nested cgroup's own");
	tap_ok(json_is_true(json_object_get(identity(&c, "pgscan-at-limits", "vmstat"), "closed")),
	       "the limits' scanning closes; a child is not counted beside its parent");
	tap_ok(!identity(&c, "pgscan-reclaimers", "vmstat"), "the other regime's is not asked");
	tap_ok(valid(&c, "reclaim.scanned_memcg"), "a metric whose identity closes is valid");
	computed_done(&c);
}

static void test_not_closing(void)
{
	/* 9,200 at limits by vmstat, but wring's cgroups saw 6,000 at most: somebody else's. */
	const char *samples = RECLAIM_HEAD RECLAIM_ZERO("0") RECLAIM_ZERO(
		"1000000000") "3000000000\t9007\t1007\t4507\t507\t507\t307\t207\t107\t"
			      "7\t5007\t107\t4007\t7\t5007\t107\t4007\t7\t1007\t7\t707\n";
	struct computed c;
	const json_t *entry;

	compute(&c, TRIAL("global-only", "completed", "\"reclaim.scanned > 0\""), samples,
		NO_LATENCY);
	entry = identity(&c, "pgscan-at-limits", "vmstat");
	tap_ok(json_is_false(json_object_get(entry, "closed")), "reclaim of others is seen");
	tap_eq_i64(json_integer_value(json_object_get(entry, "residual")), 3200, "its residual");
	/* And with what kswapd scanned between the two rows. */
	tap_eq_i64(json_integer_value(json_object_get(entry, "tolerance")), 3 * 64 * 2 + 500,
		   "its tolerance grows with the CPUs");
	tap_ok(!valid(&c, "reclaim.scanned") && !valid(&c, "reclaim.scanned_memcg"),
	       "metrics of its columns are invalid");
	tap_ok(strstr(why(&c, "reclaim.scanned"), "pgscan-at-limits"), "and name the identity");
	tap_ok(valid(&c, "reclaim.reclaimed"), "others are not");
	tap_ok(json_is_null(claim(&c, 0, "holds")), "an invalid metric's claim can't be told");
	computed_done(&c);
}

static void test_all_counted(void)
{
	const char *samples = RECLAIM_HEAD RECLAIM_ZERO("0") RECLAIM_ZERO(
		"1000000000") "3000000000\t9007\t1007\t4507\t507\t507\t9507\t207\t4807\t"
			      "207\t8007\t107\t4007\t207\t8007\t107\t4007\t7\t1207\t7\t707\n";
	struct computed c;

	compute(&c, TRIAL("all", "completed", "\"reclaim.scanned_memcg > 0\""), samples,
		NO_LATENCY);
	tap_ok(json_is_true(json_object_get(identity(&c, "pgscan-reclaimers", "vmstat"), "closed")),
	       "reclaimers add up to the types");
	tap_ok(isnan(value(&c, "reclaim.scanned_direct")),
	       "vmstat's direct reclaim means another thing here: left out");
	tap_near(value(&c, "reclaim.scanned_foreground"), 9500, 0, "all but kswapd: both regimes");
	tap_ok(strstr(json_string_value(claim(&c, 0, "why")), "global-only"),
	       "an expectation on it says why it can't be told");
	computed_done(&c);
}

static void test_missing(void)
{
	const char *samples = "t_ns\tvmstat.pgfault\tvmstat.pgmajfault\tvmstat.pswpin\t"
			      "vmstat.allocstall_dma\tvmstat.allocstall_normal\t"
			      "vmstat.nr_free_pages\twork.w.ops\twork.w-2.ops\n"
			      "0\t0\t0\t-\t0\t0\t50\t0\t0\n"
			      "1000000000\t10\t1\t-\t5\t7\t90\t0\t0\n"
			      "2000000000\t500\t-\t3\t5\t8\t40\t5\t9\n"
			      "3000000000\t110\t21\t5\t6\t9\t70\t10\t30\n";
	const char *latency = NO_LATENCY "w\t10\t11\t98\nw\t64\t66\t1\nw\t1024\t1056\t1\n";
	struct computed c;

	compute(&c,
		TRIAL("global-only", "oom_killed",
		      "\"outcome == oom_killed\",\"swap.in > 1\",\"work.w.ops >= 1000%\","
		      "\"reclaim.allocstall!=3\",\"nonsense\",\"reclaim.scand < 1\""),
		samples, latency);
	tap_ok(!valid(&c, "fault.minor") && strstr(why(&c, "fault.minor"), "backwards"),
	       "a counter that went backwards on the way is invalid");
	tap_near(value(&c, "fault.major"), 20, 0, "a gap on the way doesn't matter");
	tap_ok(isnan(value(&c, "swap.in")), "missing at the start is missing, not 0");
	tap_ok(isnan(value(&c, "reclaim.scanned")), "no column, no metric");
	tap_near(value(&c, "reclaim.allocstall"), 3, 0, "zones are added up");
	tap_near(value(&c, "reclaim.free_min"), 40, 0, "the least of the phase, not of set-up");
	tap_near(value(&c, "work.w-2.rate"), 15, 0, "a workload's rate");
	tap_near(value(&c, "work.w.latency.p50"), 10, 0, "median latency");
	tap_near(value(&c, "work.w.latency.max"), 1055, 0, "the highest bucket's end");
	tap_near(value(&c, "work.w.latency.mean"), (98 * 10 + 65 + 1040) / 100.0, 1e-9,
		 "mean of bucket middles");
	tap_ok(isnan(value(&c, "work.w-2.latency.p50")), "no latencies, no quantile");
	tap_eq_u64(json_array_size(c.expect), 6, "an outcome that is expected adds no other");
	tap_ok(json_is_true(claim(&c, 0, "holds")), "the outcome that was expected");
	tap_ok(json_is_null(claim(&c, 1, "holds")), "a missing metric's claim can't be told");
	tap_ok(json_is_true(claim(&c, 2, "holds")), "percent");
	tap_ok(json_is_false(claim(&c, 3, "holds")), "without spaces; fails");
	tap_ok(json_is_null(claim(&c, 4, "holds")), "no claim at all");
	tap_ok(strstr(json_string_value(claim(&c, 5, "why")), "no such metric"), "a slip is said");
	computed_done(&c);
}

/* The spans of a trace, cut to the measured phase (1 to 3 s): how many, for how long, on which
 * node. */
static void test_spans(void)
{
#define SPAN(start, end, thread, what, node, priority)                                             \
#start "\t" #end "\t-\t" thread "\t" what "\t" node "\t-\t" priority "\t-\t-\t-\n"
	static const char spans[] =
		"start_ns\tend_ns\tworkload\tthread\twhat\tnode\torder\tpriority\tscanned\t"
		"reclaimed\tdetail\n"
		/* kswapd0 and kswapd1, awake over both edges; four compactions, one of them before
		 */
		SPAN(500000000, 600000000, "a/1", "compact", "-",
		     "-") SPAN(900000000, 1100000000, "kswapd0", "kswapd", "0",
			       "11") SPAN(1000000000, 1000000100, "a/1", "compact", "-", "-")
			SPAN(1500000000, 1500000000, "kswapd0", "lru", "0",
			     "7") SPAN(1600000000, 1600000000, "kswapd0", "lru", "0",
				       "9") SPAN(2000000000, 2000000300, "a/1", "compact", "-", "-")
				SPAN(2500000000, 2500000200, "a/1", "compact", "-", "-") SPAN(
					2900000000, 4000000000, "kswapd1", "kswapd", "1", "-")
					SPAN(3500000000, 3500000000, "kswapd1", "lru", "1", "0");
	static const char trial[] = TRIAL("global-only", "completed", "");
	_cleanup_free_ char *traced = text_format(
		"{\"trace\":{\"events\":9,\"lost\":0,\"unavailable\":[\"swap-in\"]},%s", trial + 1);
	char dir[] = "test-metrics.XXXXXX", text[200];
	_cleanup_close_ int fd = -1;
	struct computed c;

	if (!mkdtemp(dir) || (fd = open(dir, O_RDONLY | O_DIRECTORY)) < 0)
		exit(1);
	file_write_atomic(fd, "trial.json", traced, strlen(traced), NULL);
	file_write_atomic(fd, "spans.tsv", spans, strlen(spans), NULL);
	file_write_atomic(fd, "samples.tsv", SPAN_SAMPLES, strlen(SPAN_SAMPLES), NULL);
	file_write_atomic(fd, "latency.tsv", NO_LATENCY, strlen(NO_LATENCY), NULL);
	compute_at(&c, fd);
	tap_near(value(&c, "trace.compact.count"), 3, 0, "three compactions in the phase");
	tap_near(value(&c, "trace.compact.time"), 600, 0, "their time");
	tap_near(value(&c, "trace.compact.p50"), 200, 0, "half took no longer");
	tap_near(value(&c, "trace.compact.p99"), 300, 0, "99 in 100");
	tap_near(value(&c, "trace.compact.max"), 300, 0, "the longest");
	tap_near(value(&c, "node.0.kswapd_awake"), 100000000, 0, "kswapd0, cut at the begin");
	tap_near(value(&c, "node.1.kswapd_awake"), 100000000, 0, "kswapd1, cut at the end");
	tap_near(value(&c, "trace.priority_min"), 7, 0, "the lowest priority in the phase");
	tap_near(value(&c, "trace.memcg_reclaim.count"), 0, 0, "none is told as none");
	tap_ok(isnan(value(&c, "trace.memcg_reclaim.p99")), "and has no quantile");
	metric_absence(c.record, "trace.memcg_reclaim.p99", text, sizeof(text));
	tap_eq_str(text, "there was none in the phase", "which is said");
	metric_absence(c.record, "trace.swap_in.count", text, sizeof(text));
	tap_eq_str(text, "this kernel's trace does not tell it", "what is unavailable is not 0");
	computed_done(&c);
	dir_remove(AT_FDCWD, dir, NULL);

	compute(&c, trial, SPAN_SAMPLES, NO_LATENCY);
	tap_ok(isnan(value(&c, "trace.compact.count")), "without a trace there is no such metric");
	metric_absence(c.record, "trace.compact.count", text, sizeof(text));
	tap_eq_str(text, "the trial was not traced: trace: true", "which is said");
	computed_done(&c);
}

static void test_memory_current(void)
{
	const char *head = "t_ns\tbox.memory.current\tbox.memory.stat.anon\tbox.memory.stat.file\t"
			   "box.memory.stat.kernel\tbox.memory.stat.swapcached\t"
			   "vmstat.workingset_refault_anon\tnode0.workingset_refault_anon\t"
			   "node1.workingset_refault_anon\n"
			   "0\t0\t0\t0\t0\t0\t0\t0\t0\n1000000000\t0\t0\t0\t0\t0\t0\t0\t0\n";
	/*
	 * At least 100 MiB, of which three batches of 64 pages a CPU may be missing: 1.5 MiB. At
	 * most 104, as 4 in the swap cache may be mapped, and what is charged but in no list.
	 */
	_cleanup_free_ char *good = text_format("%s3000000000\t%u\t%u\t%u\t0\t%u\t99\t90\t9\n",
						head, 99u << 20, 90u << 20, 10u << 20, 4u << 20);
	_cleanup_free_ char *bad = text_format("%s3000000000\t%u\t%u\t%u\t0\t%u\t9999\t90\t9\n",
					       head, 97u << 20, 90u << 20, 10u << 20, 4u << 20);
	struct computed c;

	compute(&c, TRIAL("global-only", "completed", ""), good, NO_LATENCY);
	tap_eq_i64(json_integer_value(
			   json_object_get(identity(&c, "memory-current", "box"), "residual")),
		   -(1 << 20), "the swap cache may be in anon or not; the rest is residual");
	tap_ok(valid(&c, "cgroup.box.current_max"), "within the tolerance");
	tap_ok(valid(&c, "refault.anon"), "nodes add up");
	computed_done(&c);
	compute(&c, TRIAL("global-only", "completed", ""), bad, NO_LATENCY);
	tap_ok(!valid(&c, "cgroup.box.current_max"), "beyond the tolerance");
	tap_ok(!valid(&c, "refault.anon"), "nodes don't add up");
	computed_done(&c);
}

static void test_fixtures(void)
{
	struct computed old, new;

	compute_fixture(&old, "debian-6.1/seed-1");
	compute_fixture(&new, "debian-6.12/seed-1");
	tap_near(value(&old, "reclaim.scanned"), 135008, 0, "6.1: scanned");
	tap_near(value(&old, "reclaim.scanned_memcg"), 135008, 0, "6.1: all of it at the limit");
	tap_near(value(&old, "reclaim.scanned_direct"), 0, 0, "6.1: none of it direct in vmstat");
	tap_ok(isnan(value(&old, "swap.zero_out")), "6.1 has no swpout_zero: left out, not 0");
	tap_near(value(&new, "swap.zero_out"), 244, 0, "6.12 has it");
	tap_near(value(&new, "reclaim.scanned_memcg"), 61727 - 512, 0, "6.12: less kswapd's");
	tap_near(value(&new, "reclaim.efficiency"), 1, 0, "6.12: MGLRU counts what it isolates");
	computed_done(&old);
	computed_done(&new);
}

int main(void)
{
	test_counters();
	test_catalog();
	test_global_only();
	test_not_closing();
	test_all_counted();
	test_missing();
	test_spans();
	test_memory_current();
	test_fixtures();
	return tap_done();
}
