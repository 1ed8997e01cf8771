// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "harness/suite/limits.h"
#include "harness/plan.h"
#include "harness/suite/suite.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "tests/tap.h"
#include "workloads/registry.h"

#define MIB (1ull << 20)

static char *good_path(void)
{
	const char *srcdir = getenv("srcdir");

	return path_join(srcdir ? srcdir : ".", "tests/fixtures/suites/good.yaml");
}

static struct suite *load(const char *path, const char *set, const char *seeds, const char *only)
{
	_cleanup_strlist_ struct strlist overrides = {}, patterns = {};
	struct suite *suite = NULL;
	struct error err = {};

	if (set)
		strlist_add(&overrides, set);
	if (only)
		strlist_add(&patterns, only);
	tap_eq_i64(suite_load(&suite, path, &overrides, seeds, &patterns, &err), 0,
		   "%s loads%s%s%s", strrchr(path, '/') + 1, err.text[0] ? ": " : "", err.text,
		   set ? set : "");
	if (!suite)
		exit(tap_done());
	return suite;
}

static void test_machine(const struct suite *suite)
{
	const struct machine_spec *m = &suite->machine;

	tap_eq_str(suite->name, "good", "the suite's name");
	tap_eq_u64(m->cpus, 2, "cpus");
	tap_eq_u64(m->node_count, 2, "nodes");
	tap_eq_u64(m->nodes[1].size_bytes, 512 * MIB, "a node's size");
	tap_eq_i64(m->swaps[0].type, SWAP_NULL_BLK, "swap's type");
	tap_eq_u64(m->swaps[0].size_bytes, 512 * MIB, "swap's size");
	tap_eq_u64(m->swaps[0].latency_ns, 80000, "swap's latency");
	tap_eq_u64(m->disk.size_bytes, 256 * MIB, "the disk's size");
}

static void test_plain(const struct scenario *s)
{
	const struct workload_spec *w = &s->workloads[0];

	tap_eq_str(s->name, "plain", "the first scenario");
	tap_ok(strstr(s->about, "\"quote\"") && strchr(s->about, '\n'), "about keeps its lines");
	tap_eq_u64(s->sample_ns, 50000000, "sample: the suite's");
	tap_eq_u64(s->timeout_ns, 60000000000, "timeout: the suite's");
	tap_ok(!s->trace, "trace: off unless given");
	tap_eq_u64(s->seed_count, 4, "seeds: the suite's");
	tap_eq_u64(s->seeds[3], 7, "the last seed");
	tap_eq_u64(s->knob_count, 2, "knobs");
	tap_eq_str(s->knobs[1].value, "classic", "a knob's word");
	tap_eq_str(w->placement.in, "box", "in: the only cgroup");
	tap_eq_str(w->placement.name, "anon", "a workload is called as its generator");
	tap_eq_str(w->placement.cpus, "all", "cpus: the default");
	tap_eq_u64(w->placement.passes, 3, "passes");
	tap_eq_u64(w->plan.footprint_bytes, 96 * MIB, "what the generator plans");
	tap_eq_u64(s->expect_count, 2, "expectations");
	tap_near(s->expects[0].value, 0.95, 1e-12, "95%% is 0.95");
	tap_eq_i64(s->expects[0].op, EXPECT_GT, "its operator");
	tap_eq_str(s->expects[0].metric, "reclaim.anon_share", "its metric");
	tap_eq_str(s->expects[1].word, "oom_killed", "an outcome's word");
	tap_eq_u64(s->gate_count, 2, "gate: its own, and the defaults' that it doesn't drop");
	tap_eq_str(s->gates[0].name, "refault.anon", "its own comes first");
	tap_eq_str(s->gates[0].value, "5% or 50", "with its margin as it is written");
	tap_eq_str(s->gates[1].name, "work.*.rate", "a glob of the defaults");
}

static void test_tree(const struct scenario *s)
{
	static const char *const paths[] = { "slice", "slice/a", "slice/b.c" };

	tap_ok(s->trace, "trace: its own");
	tap_eq_u64(s->cgroup_count, ARRAY_SIZE(paths), "a parent is implied, and there once");
	for (size_t i = 0; i < ARRAY_SIZE(paths) && i < s->cgroup_count; i++)
		tap_eq_str(s->cgroups[i].path, paths[i], "cgroup %zu: parents first", i);
	tap_eq_str(s->cgroups[0].limits[0].value, "max", "a limit of max");
	tap_eq_str(s->cgroups[1].limits[0].value, "1536M", "a size as the kernel reads it");
	tap_eq_str(s->cgroups[2].limits[0].value, "64M", "an alias");
	tap_ok(scenario_cgroup(s, "slice/a") == &s->cgroups[1], "a cgroup by its path");
	tap_ok(!scenario_cgroup(s, "slice/"), "no cgroup of half a path");
	tap_eq_u64(s->workloads[0].placement.passes, 0, "no passes beside a duration");
	tap_eq_u64(s->workloads[0].placement.warmup_duration_ns, 1000000000,
		   "a dash is an underscore");
	tap_eq_str(s->workloads[1].placement.name, "anon-2", "the second of a generator");
	tap_ok(!s->workloads[2].placement.in, "in: / is outside");
	tap_eq_str(s->workloads[2].placement.name, "outside", "a given name");
	tap_eq_u64(s->workloads[2].placement.passes, 1, "one pass when nothing is said");
	tap_eq_u64(scenario_footprint(s), 72 * MIB, "footprints add up");
}

static void test_matrix(const struct suite *suite)
{
	tap_eq_u64(suite->scenario_count, 2 + 8, "the matrix has 2 x 2 x 2 variants");
	tap_eq_str(suite->scenarios[2].name, "sweep@vm.swappiness=0,memory.max=32M,write=50pct",
		   "the first variant's name");
	tap_eq_str(suite->scenarios[9].name, "sweep@vm.swappiness=200,memory.max=64M,write=100pct",
		   "the last variant's name");
	tap_eq_str(suite->scenarios[9].knobs[0].value, "200", "its knob");
	tap_eq_str(suite->scenarios[9].cgroups[0].limits[0].value, "64M", "its limit");
	tap_eq_str(suite->scenarios[2].cgroups[0].limits[0].value, "32M", "the other's limit");
}

/* Writes the JSON to a file of its own and loads that. */
static struct suite *reload(const struct suite *suite, const struct scenario *only, char **ret_text)
{
	char path[] = "/tmp/wring-test-suite.XXXXXX";
	json_t *json = suite_json(suite, only);
	struct suite *again;
	int fd = mkstemp(path);

	*ret_text = json ? json_dumps(json, JSON_INDENT(1)) : NULL;
	json_decref(json);
	if (fd < 0 || !*ret_text || write(fd, *ret_text, strlen(*ret_text)) < 0) {
		tap_ok(false, "write %s", path);
		exit(tap_done());
	}
	close(fd);
	again = load(path, NULL, NULL, NULL);
	unlink(path);
	return again;
}

static void test_round_trip(const struct suite *suite)
{
	_cleanup_free_ char *text = NULL, *text_again = NULL, *one = NULL;
	struct suite *again = reload(suite, NULL, &text), *third, *single;

	third = reload(again, NULL, &text_again);
	tap_eq_str(text_again, text, "the suite as JSON loads as the same suite");
	tap_eq_u64(again->scenario_count, suite->scenario_count, "with all scenarios");
	test_machine(again);
	test_plain(&again->scenarios[0]);
	test_tree(&again->scenarios[1]);
	single = reload(suite, &suite->scenarios[4], &one);
	tap_eq_u64(single->scenario_count, 1, "one scenario alone");
	tap_eq_str(single->scenarios[0].name, suite->scenarios[4].name, "a variant keeps its name");
	suite_free(again);
	suite_free(third);
	suite_free(single);
}

static void test_choice(const char *path)
{
	struct suite *suite = load(path, "knobs.lru_gen=mglru", "2,9", "sweep*200*");

	tap_eq_u64(suite->scenario_count, 4, "--only keeps what matches");
	tap_eq_u64(suite->scenarios[3].seed_count, 2, "--seeds replaces the seeds");
	tap_eq_u64(suite->scenarios[3].knob_count, 2, "--set adds a knob");
	tap_eq_str(suite->scenarios[3].knobs[0].value, "mglru", "with its value");
	suite_free(suite);

	suite = load(path, "cgroups.slice/b.c.memory.max=48M", NULL, "tree");
	tap_eq_str(suite->scenarios[0].cgroups[2].limits[0].value, "48M",
		   "--set finds a cgroup whose name has a dot");
	tap_eq_str(suite->scenarios[0].cgroups[1].limits[0].value, "1536M", "and no other");
	suite_free(suite);

	suite = load(path, "workloads.outside.warmup-passes=2", NULL, "tree");
	tap_eq_u64(suite->scenarios[0].workloads[2].placement.warmup_passes, 2,
		   "--set finds a workload by its name");
	tap_eq_u64(suite->scenarios[0].workloads[1].placement.warmup_passes, 1, "and no other");
	suite_free(suite);

	suite = load(path, "knobs.vm.swappiness=100", NULL, "sweep");
	tap_eq_u64(suite->scenario_count, 4, "--set of a matrix's key narrows it");
	tap_eq_str(suite->scenarios[0].knobs[0].value, "100", "to its value");
	suite_free(suite);
}

static void test_plan(const struct suite *suite)
{
	struct plan plan = {}, twice = {};
	struct error err = {};

	tap_eq_i64(plan_make(&plan, suite, 1, &err), 0, "a plan for one kernel");
	tap_eq_i64(plan_make(&twice, suite, 2, &err), 0, "a plan for two kernels");
	tap_eq_u64(plan.count, 4 + 1 + 8 * 4, "a trial for each seed");
	tap_eq_u64(twice.count, 2 * plan.count, "and kernel");
	tap_ok(twice.trials[0].seed == 1 && twice.trials[1].seed == 1 &&
		       twice.trials[0].kernel == 0 && twice.trials[1].kernel == 1 &&
		       twice.trials[2].seed == 2 && twice.trials[2].kernel == 0,
	       "kernels alternate and pair by seed");
	tap_ok(twice.trials[8].scenario == &suite->scenarios[1], "then the next scenario");
	tap_ok(plan_guess_ns(twice.trials[0].scenario, PLAN_VM_INSN) >
		       plan_guess_ns(twice.trials[0].scenario, PLAN_HOST),
	       "counted instructions take longer than a host");
	tap_eq_u64(plan_total_ns((const uint64_t[]){ 5, 7, 9 }, 3, 1), 21, "trials add up");
	tap_eq_u64(plan_total_ns((const uint64_t[]){ 5, 7, 9 }, 3, 2), 10, "two at a time: half");
	tap_eq_u64(plan_total_ns((const uint64_t[]){ 5, 7, 9 }, 3, 9), 9,
		   "never less than the longest");
	plan_done(&plan);
	plan_done(&twice);
}

/* A key of a workload is either every workload's or its generator's. */
static void test_option_names(void)
{
	for (const struct workload_ops *const *w = workloads; *w; w++)
		for (const struct option_spec *s = (*w)->options; s && s->name; s++)
			if (option_find(placement_options, s->name))
				tap_ok(false, "%s: option %s is also a placement option",
				       (*w)->name, s->name);
	tap_ok(true, "no generator's option hides a placement option");
}

static void test_limits(void)
{
	char value[LIMIT_VALUE_MAX] = "unset";
	struct error err = {};

	tap_eq_i64(limit_check("memory.max", "1M", value, &err), 0, "memory.max: the minimum");
	tap_eq_str(value, "1M", "as it is written");
	tap_eq_i64(limit_check("memory.low", "0", value, &err), 0, "memory.low: 0");
	tap_eq_str(value, "0", "0 stays 0");
	tap_eq_i64(limit_check("memory.max", "1020K", value, &err), -EINVAL, "below the minimum");
	tap_eq_i64(limit_check("memory.high", "2000001", value, &err), -EINVAL, "no whole page");
	tap_eq_i64(limit_check("memory.oom.group", "yes", value, &err), -EINVAL, "no switch");
	tap_eq_i64(limit_check("memory.maximum", "1M", value, &err), -EINVAL, "no such limit");
	tap_eq_str(value, "0", "nothing is written on failure");
}

static void test_find(const char *good)
{
	_cleanup_free_ char *path = NULL;
	struct error err = {};

	tap_eq_i64(suite_find(good, &path, &err), 0, "a suite by its path");
	tap_eq_str(path, good, "the path is kept");
	tap_eq_i64(suite_find("./no/such.yaml", &path, &err), -ENOENT, "no such path");
	tap_eq_i64(suite_find("no-such-suite", &path, &err), -ENOENT, "no such name");
}

int main(void)
{
	_cleanup_free_ char *path = good_path();
	struct suite *suite = load(path, NULL, NULL, NULL);

	test_machine(suite);
	test_plain(&suite->scenarios[0]);
	test_tree(&suite->scenarios[1]);
	test_matrix(suite);
	test_round_trip(suite);
	test_plan(suite);
	suite_free(suite);
	test_choice(path);
	test_option_names();
	test_limits();
	test_find(path);
	return tap_done();
}
