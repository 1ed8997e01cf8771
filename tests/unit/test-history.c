// SPDX-License-Identifier: GPL-2.0-or-later
/* Metrics over runs: what is one series, and where it changes. */
#include "results/history/history.h"

#include "results/history/history-changes.h"
#include "results/history/history-names.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "tests/tap.h"

#define RUNS 12

/* Runs as they would have been read, a day apart, each with the trials that a test gives it. */
static struct dated_run *add_run(struct runs *runs, const char *more)
{
	struct dated_run *items = reallocarray(runs->items, runs->count + 1, sizeof(*items));
	_cleanup_free_ char *text = text_format(
		"{\"suite\":{\"suite\":\"s\"},\"wring\":\"1\",\"where\":\"vm\"%s}", more);
	struct dated_run *run = &items[runs->count];

	runs->items = items;
	*run = (struct dated_run){ .run = calloc(1, sizeof(struct run)),
				   .started = (time_t)(86400 * ++runs->count) };
	run->run->dir = text_format("run-%zu", runs->count);
	run->run->json = json_loads(text, 0, NULL);
	if (!runs->metrics)
		runs->metrics = json_pack("{s:n}", "reclaim.refill");
	return run;
}

/* more: further members of trial.json. */
static void add_trial(struct dated_run *run, const char *kernel, unsigned seed, double value,
		      const char *more)
{
	struct run *r = run->run;
	_cleanup_free_ char *text = text_format(
		"{\"outcome\":\"completed\",\"clock\":\"insn\",\"metrics\":{"
		"\"reclaim.refill\":{\"value\":%.17g,\"unit\":\"pages\",\"valid\":true}}%s}",
		value, more);

	r->trials = reallocarray(r->trials, r->trial_count + 1, sizeof(*r->trials));
	r->trials[r->trial_count++] = (struct stored_trial){ .scenario = strdup("box"),
							     .kernel = strdup(kernel),
							     .seed = seed,
							     .dir = strdup("nowhere"),
							     .json = json_loads(text, 0, NULL) };
}

/* No noise that is the same from series to series: a fixed one. */
static double noisy(size_t i)
{
	static const double noise[RUNS] = { 1, -2, 0, 2, -1, 1.5, -0.5, 0.7, -1.6, 0.2, 1.8, -0.9 };

	return 1000 + noise[i % RUNS];
}

static bool make(struct history *h, const struct runs *runs, struct error *err)
{
	const struct history_wish wish = {};

	return history_make(h, runs, &wish, err) == 0 && history_judge(h, 0.05, err) == 0;
}

static void test_shift(void)
{
	_cleanup_history_ struct history h = {};
	_cleanup_runs_ struct runs runs = {};
	const struct history_series *s;
	struct error err = {};

	for (size_t i = 0; i < RUNS; i++) {
		struct dated_run *run = add_run(&runs, "");

		for (unsigned seed = 1; seed <= 3; seed++) {
			add_trial(run, "moved", seed, noisy(i) + seed + (i >= 7 ? 100 : 0), "");
			add_trial(run, "still", seed, noisy(i) + seed, "");
			add_trial(run, "fixed", seed, 7, "");
		}
	}
	if (!tap_ok(make(&h, &runs, &err), "made: %s", err.text))
		return;
	tap_eq_u64(h.count, 3, "a group a kernel");
	s = &h.groups[0].series[0];
	tap_eq_u64(s->count, RUNS, "a point a run");
	tap_near(s->points[0].median, 1003, 1e-9, "the median of the seeds");
	tap_near(s->points[0].most - s->points[0].least, 2, 1e-9, "and their range");
	if (tap_eq_u64(s->change_count, 1, "one change")) {
		tap_eq_u64(s->changes[0].at, 7, "where it is");
		tap_near(s->changes[0].shift, 0.1, 0.005, "its size");
		tap_ok(s->changes[0].p < 0.01, "its p");
		tap_ok(s->changes[0].q >= s->changes[0].p, "q is no less than p");
	}
	s = &h.groups[1].series[0];
	tap_ok(s->state == HISTORY_JUDGED && s->change_count == 0, "the same kernel: no change");
	tap_eq_i64(h.groups[2].series[0].state, HISTORY_STEADY, "the same figure: steady");
}

/* As under the instruction clock, where runs of one build are the same to the last digit. */
static void test_exact(void)
{
	_cleanup_history_ struct history h = {};
	_cleanup_runs_ struct runs runs = {};
	const struct history_series *s;
	struct error err = {};

	for (size_t i = 0; i < RUNS; i++)
		add_trial(add_run(&runs, ""), "k", 1, i < 7 ? 1000 : 1001, "");
	tap_ok(make(&h, &runs, &err), "made");
	s = &h.groups[0].series[0];
	if (tap_eq_u64(s->change_count, 1, "one change, however small")) {
		tap_eq_u64(s->changes[0].at, 7, "where it is");
		tap_near(s->changes[0].shift, 0.001, 1e-12, "its size");
	}
}

static void test_few(void)
{
	_cleanup_history_ struct history h = {};
	_cleanup_runs_ struct runs runs = {};
	struct error err = {};

	for (size_t i = 0; i < 7; i++)
		add_trial(add_run(&runs, ""), "k", 1, i < 4 ? 1 : 2, "");
	tap_ok(make(&h, &runs, &err), "made");
	tap_eq_i64(h.groups[0].series[0].state, HISTORY_FEW, "7 runs are too few");
	tap_eq_u64(history_runs_least(0.05), 8, "8 can tell at 5 %%");
	tap_eq_u64(history_runs_least(0.01), 10, "10 at 1 %%");
	tap_near(history_p_least(8), 2. / 70, 1e-12, "the least p of 8 runs");
	tap_near(history_p_least(9), 2. / 126, 1e-12, "and of 9");
}

/* A median of other seeds is not compared. */
static void test_seeds(void)
{
	_cleanup_history_ struct history h = {};
	_cleanup_runs_ struct runs runs = {};
	const struct history_series *s;
	struct error err = {};

	for (size_t i = 0; i < RUNS; i++) {
		struct dated_run *run = add_run(&runs, "");

		for (unsigned seed = i < 6 ? 1 : 2; seed <= 4; seed++)
			add_trial(run, "k", seed, noisy(i) + 50 * seed * seed, "");
	}
	tap_ok(make(&h, &runs, &err), "made");
	s = &h.groups[0].series[0];
	tap_eq_u64(s->points[0].count, 3, "the seed that half of the runs lack is left out");
	tap_eq_u64(s->seeds_dropped, 1, "and counted");
	tap_eq_u64(s->change_count, 0, "so it makes no change");
}

/* Where the runs have none in common, it is said. */
static void test_other_seeds(void)
{
	_cleanup_history_ struct history h = {};
	_cleanup_runs_ struct runs runs = {};
	struct error err = {};

	add_trial(add_run(&runs, ""), "k", 1, 1, "");
	add_trial(add_run(&runs, ""), "k", 2, 1, "");
	tap_ok(make(&h, &runs, &err), "made");
	tap_ok(h.groups[0].series[0].seeds_differ, "no seed in common");
}

static void test_invalid(void)
{
	_cleanup_history_ struct history h = {};
	_cleanup_runs_ struct runs runs = {};
	struct error err = {};
	char why[200];

	add_trial(add_run(&runs, ""), "k", 1, 1, "");
	add_trial(add_run(&runs, ""), "k", 1, 900, ",\"invalid\":[\"a gap of 9 s\"]");
	tap_ok(make(&h, &runs, &err), "made");
	tap_eq_u64(h.groups[0].series[0].count, 1, "an invalid trial has no point");
	tap_eq_u64(h.groups[0].run_count, 2, "its run is known");
	tap_eq_str(history_gap(&h, &h.groups[0], 1, "reclaim.refill", why, sizeof(why)),
		   "seed 1 is invalid: a gap of 9 s", "and why");
}

/* Two runs that differ in one thing: how many groups and series that makes, and why. */
static const struct {
	const char *run_a, *run_b, *trial_a, *trial_b, *want, *name;
	size_t groups, series;
} pairs[] = {
	{ "", "", ",\"release\":\"6.1\"", ",\"release\":\"6.2\"", NULL, "another release", 1, 1 },
	{ "", "", "", ",\"cpus\":1", NULL, "what only one says is no difference", 1, 1 },
	{ "", "", ",\"cpus\":2", ",\"cpus\":1",
	  "the machine was changed: cpus is 2 in one run and 1 in the other", "another machine", 2,
	  1 },
	{ "", "", ",\"machine\":{\"mem_total_kib\":4000000}",
	  ",\"machine\":{\"mem_total_kib\":3990000}", NULL, "a kernel that keeps more memory", 1,
	  1 },
	{ "", "", ",\"regime\":{\"lru\":\"classic\"}", ",\"regime\":{\"lru\":\"mglru\"}",
	  "pgrefill counts the pages of active lists looked at, with MGLRU those that reclaim "
	  "sorts into younger generations",
	  "another meaning", 1, 2 },
	{ ",\"suite\":{\"suite\":\"s\",\"scenarios\":[{\"name\":\"box\",\"about\":\"a\","
	  "\"workloads\":[{\"anon\":{\"size\":\"96M\"}}]}]}",
	  ",\"suite\":{\"suite\":\"s\",\"scenarios\":[{\"name\":\"box\",\"about\":\"b\","
	  "\"workloads\":[{\"anon\":{\"size\":\"128M\"}}]}]}",
	  "", "",
	  "the scenario was changed: workloads.anon.size is 96M in one run and 128M in the other",
	  "another scenario of that name", 2, 1 },
};

static void test_apart(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		_cleanup_history_ struct history h = {};
		_cleanup_runs_ struct runs runs = {};
		const struct history_group *last;
		struct error err = {};
		const char *why;

		add_trial(add_run(&runs, pairs[i].run_a), "k", 1, 1, pairs[i].trial_a);
		add_trial(add_run(&runs, pairs[i].run_b), "k", 1, 2, pairs[i].trial_b);
		tap_ok(make(&h, &runs, &err), "%s: made", pairs[i].name);
		last = &h.groups[h.count - 1];
		tap_eq_u64(h.count, pairs[i].groups, "%s: groups", pairs[i].name);
		tap_eq_u64(last->count, pairs[i].series, "%s: series", pairs[i].name);
		why = last->apart ? last->apart : last->series[last->count - 1].apart;
		tap_eq_str(why, pairs[i].want, "%s: why", pairs[i].name);
	}
}

/* Figures of two clocks are never in one series; those before and after go on in theirs. */
static void test_clocks(void)
{
	_cleanup_history_ struct history h = {};
	_cleanup_runs_ struct runs runs = {};
	struct error err = {};

	for (size_t i = 0; i < 6; i++) {
		struct dated_run *run = add_run(&runs, "");

		add_trial(run, "k", 1, 1, "");
		if (i % 2)
			json_object_set_new(run->run->trials[0].json, "clock", json_string("wall"));
	}
	tap_ok(make(&h, &runs, &err), "made");
	tap_eq_u64(h.count, 2, "a group a clock");
	tap_eq_u64(h.groups[0].series[0].count, 3, "each goes on");
}

static void test_differences(void)
{
	_cleanup_strlist_ struct strlist list = {};
	_cleanup_runs_ struct runs runs = {};
	struct run_trial a, b;

	add_trial(add_run(&runs, ",\"environment\":{\"qemu\":\"QEMU 7\"}"), "k", 1, 1,
		  ",\"release\":\"6.1\",\"knobs\":{\"vm.swappiness\":\"60\",\"thp\":\"never\"}");
	add_trial(add_run(&runs, ",\"environment\":{\"qemu\":\"QEMU 8\"}"), "k", 1, 1,
		  ",\"release\":\"6.2\",\"knobs\":{\"vm.swappiness\":\"10\",\"thp\":\"never\"}");
	a = (struct run_trial){ &runs.items[0], &runs.items[0].run->trials[0] };
	b = (struct run_trial){ &runs.items[1], &runs.items[1].run->trials[0] };
	tap_eq_i64(run_differences(&list, &a, &b), 0, "what differs");
	if (!tap_eq_u64(list.count, 3, "three things"))
		return;
	tap_eq_str(list.items[0], "Linux 6.1 → 6.2", "the kernel");
	tap_eq_str(list.items[1], "QEMU 7 → QEMU 8", "QEMU");
	tap_eq_str(list.items[2], "vm.swappiness 60 → 10", "a knob");
}

static void test_kernels(void)
{
	const struct history_wish wish = { .join_kernels = true };
	_cleanup_history_ struct history h = {};
	_cleanup_runs_ struct runs runs = {};
	struct error err = {};

	add_trial(add_run(&runs, ""), "a", 1, 1, "");
	add_trial(add_run(&runs, ""), "b", 1, 1, "");
	tap_eq_i64(history_make(&h, &runs, &wish, &err), 0, "kernels of two names");
	tap_eq_u64(h.count, 1, "are one series if asked for");
	history_done(&h);
	add_trial(&runs.items[1], "c", 1, 1, "");
	tap_eq_i64(history_make(&h, &runs, &wish, &err), -EINVAL, "two kernels in a run: refused");
	tap_ok(strstr(err.text, "run-2 has both b and c"), "with the reason: %s", err.text);
}

static void test_names(void)
{
	struct strlist metrics = { .items = (char *[]){ "reclaim.refil" }, .count = 1 };
	_cleanup_strlist_ struct strlist several = {};
	struct strlist none = {}, kernels = { .items = (char *[]){ "k*" }, .count = 1 };
	_cleanup_runs_ struct runs runs = {};
	struct error err = {};

	add_trial(add_run(&runs, ""), "k1", 1, 1, "");
	add_trial(add_run(&runs, ""), "other", 1, 1, "");
	tap_eq_i64(history_check_metrics(&runs, &metrics, &err), -EINVAL, "no such metric");
	tap_ok(strstr(err.text, "did you mean «reclaim.refill»"), "the nearest: %s", err.text);
	tap_eq_i64(history_select(&runs, &none, &none, &kernels, &err), 0, "kernels of a pattern");
	tap_eq_u64(runs.count, 1, "the run that has one");
	kernels.items[0] = "k2";
	tap_eq_i64(history_select(&runs, &none, &none, &kernels, &err), -EINVAL, "no such kernel");
	tap_ok(strstr(err.text, "did you mean «k1»"), "the nearest: %s", err.text);
	strlist_add(&several, "work.NAME.rate");
	strlist_add(&several, "node.N.kswapd");
	strlist_add(&several, "cgroup.box/NAME");
	strlist_add(&several, "reclaim.scanned");
	tap_eq_i64(history_expand_metrics(&several), 0, "names of the catalog");
	tap_eq_str(several.items[0], "work.*.rate", "for each workload");
	tap_eq_str(several.items[1], "node.*.kswapd", "for each node");
	tap_eq_str(several.items[2], "cgroup.box/NAME", "a name of a cgroup's own");
	tap_eq_str(several.items[3], "reclaim.scanned", "one that stands for itself");
	tap_ok(history_matches_scenario(&(struct strlist){ .items = (char *[]){ "a" }, .count = 1 },
					"a@k=1"),
	       "a name without its @ part");
}

int main(void)
{
	test_shift();
	test_exact();
	test_few();
	test_seeds();
	test_other_seeds();
	test_invalid();
	test_apart();
	test_clocks();
	test_differences();
	test_kernels();
	test_names();
	return tap_done();
}
