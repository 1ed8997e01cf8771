// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/plan.h"
#include "harness/speeds.h"
#include "harness/suite/suite.h"
#include "harness/vm/kernel.h"
#include "src/cleanup.h"
#include "src/command.h"
#include "src/macro.h"
#include "src/run-options.h"
#include "src/units.h"

/* More of them are shown by the first and the last ones. */
#define SEEDS_SHOWN 6

/* The first line of what it is about. */
static void print_title(const char *name, const char *about)
{
	printf("%s", name);
	if (about)
		printf(": %.*s", (int)strcspn(about, "\n"), about);
	printf("\n");
}

static void print_settings(const char *title, const struct setting *settings, size_t count)
{
	printf("  %-10s", title);
	for (size_t i = 0; i < count; i++)
		printf("%s %s %s", i ? "," : "", settings[i].name, settings[i].value);
	printf("%s\n", count ? "" : " no limit of its own");
}

/* How a device's options are told; the others stand as they are. */
static const struct {
	const char *name, *before, *behind;
} told[] = {
	{ "latency", " at ", "" },
	{ "priority", " of priority ", "" },
	{ "bandwidth", " at ", " a second" },
};

static void print_option(const struct option_spec *option, const void *base)
{
	const char *before = " ", *behind = "";
	char text[200];

	for (size_t i = 0; i < ARRAY_SIZE(told); i++)
		if (streq(told[i].name, option->name)) {
			before = told[i].before;
			behind = told[i].behind;
		}
	option_format(option, base, text, sizeof(text));
	if (*text)
		printf("%s%s%s", before, text, behind);
}

static void print_swap(const struct swap_spec *swap)
{
	for (const struct option_spec *s = swap_options; s->name; s++)
		if (device_option_applies(s, swap->type) &&
		    (!streq(s->name, "priority") || swap->has_priority) &&
		    (!streq(s->name, "latency") || swap->latency_ns))
			print_option(s, swap);
}

static void print_disk(const struct disk_spec *disk)
{
	for (const struct option_spec *s = disk_options; s->name; s++)
		if (device_option_applies(s, disk->type) &&
		    (!streq(s->name, "bandwidth") || disk->bandwidth_bytes) &&
		    (!streq(s->name, "latency") || disk->latency_ns) &&
		    (!streq(s->name, "size") || disk->size_bytes))
			print_option(s, disk);
}

static void print_distances(const struct machine_spec *machine)
{
	printf("  distances ");
	for (size_t from = 0; from < machine->node_count; from++)
		for (size_t to = 0; to < machine->node_count; to++)
			printf("%s %u", from && !to ? "," : "", machine->distances[from][to]);
	printf("\n");
}

static void print_machine(const struct machine_spec *machine)
{
	char text[FORMAT_MAX];

	printf("Machine: %" PRIu64 " CPU%s, node%s of", machine->cpus,
	       machine->cpus == 1 ? "" : "s", machine->node_count == 1 ? "" : "s");
	for (size_t i = 0; i < machine->node_count; i++) {
		const struct node_spec *node = &machine->nodes[i];

		printf("%s %s", i ? "," : "", format_size(node->size_bytes, text));
		if (node->cpus && !node->cpu_set)
			printf(" (no CPU)");
		else if (node->cpus)
			printf(" (CPU%s %s)", strpbrk(node->cpus, ",-") ? "s" : "", node->cpus);
	}
	for (size_t i = 0; i < machine->swap_count; i++) {
		printf(i ? " and" : ", swap");
		print_swap(&machine->swaps[i]);
	}
	printf("%s, disk", machine->swap_count ? "" : ", swap none");
	print_disk(&machine->disk);
	printf("\n");
	if (machine->has_distances)
		print_distances(machine);
	if (machine->args)
		printf("  args       %s\n", machine->args);
	if (machine->sysctl_count)
		print_settings("sysctl", machine->sysctls, machine->sysctl_count);
}

static void print_workload(const struct workload_spec *w)
{
	const struct placement *p = &w->placement;
	char size[FORMAT_MAX], text[FORMAT_MAX];

	printf("  %-10s %s", p->name, w->ops->name);
	if (p->in)
		printf(" in %s", p->in);
	printf(", footprint %s", format_size_short((double)w->plan.footprint_bytes, size));
	if (p->processes > 1)
		printf(" in each of %" PRIu64 " processes", p->processes);
	if (p->start_ns)
		printf(", from %s on", format_time(p->start_ns, text));
	if (p->stop_ns)
		printf(", until %s", format_time(p->stop_ns, text));
	if (p->rate > 0)
		printf(", %g operations a second", p->rate);
	if (p->duration_ns)
		printf(", for %s", format_time(p->duration_ns, text));
	else if (p->ops)
		printf(", %s operations", format_count(p->ops, text));
	else if (p->passes)
		printf(", %" PRIu64 " pass%s of %s operations", p->passes,
		       p->passes == 1 ? "" : "es", format_count(w->plan.ops_per_pass, text));
	if (p->warmup_passes)
		printf(" after %" PRIu64 " to warm up", p->warmup_passes);
	if (p->warmup_duration_ns)
		printf(" after %s to warm up", format_time(p->warmup_duration_ns, text));
	if (p->threads > 1)
		printf(", %" PRIu64 " threads", p->threads);
	if (!streq(p->cpus, "all"))
		printf(", on %s", p->cpus);
	if (!streq(p->memory, "default"))
		printf(", memory %s", p->memory);
	printf("\n");
}

/* Of its options those that ask for something. */
static void print_start(const struct start_spec *start)
{
	printf("  start      node %llu:", (unsigned long long)start->node);
	for (const struct option_spec *o = start_options; o->name; o++) {
		char text[100];

		option_format(o, start, text, sizeof(text));
		if (!streq(o->name, "node") && (!o->fallback || !streq(text, o->fallback)) &&
		    (!streq(o->name, "order") || start->index > 0))
			printf(" %s=%s", o->name, text);
	}
	printf("\n");
}

static void print_scenario(const struct scenario *s)
{
	char sample[FORMAT_MAX], timeout[FORMAT_MAX];

	printf("\n");
	print_title(s->name, s->about);
	if (s->knob_count)
		print_settings("knobs", s->knobs, s->knob_count);
	for (size_t i = 0; i < s->start_count; i++)
		print_start(&s->starts[i]);
	for (size_t i = 0; i < s->cgroup_count; i++) {
		char title[400];

		snprintf(title, sizeof(title), "cgroup %s:", s->cgroups[i].path);
		print_settings(title, s->cgroups[i].limits, s->cgroups[i].limit_count);
	}
	for (size_t i = 0; i < s->workload_count; i++)
		print_workload(&s->workloads[i]);
	for (size_t i = 0; i < s->expect_count; i++)
		printf("  expect     %s\n", s->expects[i].text);
	printf("  sampled every %s%s, timeout %s\n", format_time(s->sample_ns, sample),
	       s->trace ? ", traced" : "", format_time(s->timeout_ns, timeout));
}

static void print_kernels(const struct run_options *o)
{
	for (size_t i = 0; i < o->kernels.count; i++)
		printf("%s%s", i ? ", " : "", o->kernels.items[i]);
	if (!o->kernels.count)
		printf("%s", run_options_kernel(o, 0));
	printf("\n");
}

/* "  1-6", the numbers of a line's trials. */
static void print_numbers(size_t first, size_t last)
{
	char text[50];

	snprintf(text, sizeof(text), first == last ? "%zu" : "%zu-%zu", first, last);
	printf("  trial %-9s ", text);
}

/* The trials of scenario s, numbered over the whole plan, in their order. */
static void print_trials(const struct scenario *s, const struct run_options *o, size_t *next)
{
	size_t each = MAX(o->kernels.count, (size_t)1), all = each * s->seed_count;

	if (each > 1 && s->seed_count <= SEEDS_SHOWN) {
		for (size_t i = 0; i < s->seed_count; i++) {
			print_numbers(*next + each * i, *next + each * (i + 1) - 1);
			printf("seed %" PRIu64 " on ", s->seeds[i]);
			print_kernels(o);
		}
		*next += all;
		return;
	}
	print_numbers(*next, *next + all - 1);
	printf("seed%s", s->seed_count == 1 ? "" : "s");
	for (size_t i = 0; i < s->seed_count; i++) {
		if (i == SEEDS_SHOWN - 1 && s->seed_count > SEEDS_SHOWN) {
			i = s->seed_count - 1;
			printf(", ...");
		}
		printf("%s %" PRIu64, i ? "," : "", s->seeds[i]);
	}
	printf(each > 1 ? ", each on " : " on ");
	print_kernels(o);
	*next += all;
}

static void print_time(uint64_t ns)
{
	double seconds = (double)ns / 1e9;

	if (seconds < 90)
		printf("%.0f s", MAX(seconds, 1.0));
	else if (seconds < 90 * 60)
		printf("%.0f min", seconds / 60);
	else
		printf("%.1f h", seconds / 3600);
}

static enum plan_place place_of(const struct run_options *o)
{
	return !o->vm ? PLAN_HOST : o->clock == RUN_CLOCK_WALL ? PLAN_VM_WALL : PLAN_VM_INSN;
}

/* What trials like these took here before, where there were such; else a guess. */
static uint64_t estimate(const struct suite *suite, const struct plan *plan,
			 const struct run_options *o, uint64_t jobs, size_t *ret_measured)
{
	enum plan_place place = place_of(o);
	_cleanup_free_ uint64_t *each = calloc(plan->count + 1, sizeof(*each));
	_cleanup_free_ char *cache = NULL;
	struct speeds *speeds = NULL;
	double factor = 1;

	*ret_measured = 0;
	if (!each)
		return 0;
	if (cache_path(&cache, NULL) == 0 && speeds_read(&speeds, cache, NULL) == 0)
		factor = speeds_factor(speeds, place);
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_trial *t = &plan->trials[i];
		char key[SPEEDS_KEY_SIZE];

		if (speeds && speeds_key(key, suite, t->scenario, run_options_kernel(o, t->kernel),
					 place, NULL) == 0)
			each[i] = speeds_ns(speeds, key);
		if (each[i])
			++*ret_measured;
		else
			each[i] = (uint64_t)(factor * (double)plan_guess_ns(t->scenario, place));
	}
	speeds_free(speeds);
	return plan_total_ns(each, plan->count, jobs);
}

static void print_total(const struct suite *suite, const struct plan *plan,
			const struct run_options *o)
{
	uint64_t footprint = 0, jobs = run_options_jobs(o, machine_bytes(&suite->machine)), ns;
	char text[FORMAT_MAX];
	size_t measured;

	for (size_t i = 0; i < suite->scenario_count; i++)
		footprint = MAX(footprint, scenario_footprint(&suite->scenarios[i]));
	printf("\n%zu trial%s %s, the largest footprint %s, roughly ", plan->count,
	       plan->count == 1 ? "" : "s", o->vm ? "in virtual machines" : "on this machine",
	       format_size_short((double)footprint, text));
	ns = estimate(suite, plan, o, jobs, &measured);
	print_time(ns);
	if (jobs > 1)
		printf(" with %" PRIu64 " at a time", jobs);
	if (measured == plan->count)
		printf(" (as they took before)\n");
	else if (measured)
		printf(" (%zu as they took before, the others guessed)\n", measured);
	else
		printf(" (a guess, to a factor of a few)\n");
}

static int run_plan(void *options, int argc, char **argv)
{
	const struct run_options *o = options;
	_cleanup_free_ char *path = NULL;
	struct suite *suite = NULL;
	struct plan plan = {};
	struct error err = {};
	size_t next = 1;
	int r = run_options_check(o, &err);

	(void)argc;
	if (r == 0)
		r = suite_find(argv[0], &path, &err);
	if (r == 0)
		r = suite_load(&suite, path, &o->set, o->seeds, &o->only, &err);
	if (r == 0)
		r = plan_make(&plan, suite, MAX(o->kernels.count, (size_t)1), &err);
	if (r < 0) {
		suite_free(suite);
		return command_fail(r == -ENOMEM ? EXIT_ENVIRONMENT : EXIT_BAD_INPUT, &err);
	}
	printf("Suite ");
	print_title(suite->name, suite->about);
	print_machine(&suite->machine);
	for (size_t i = 0; i < suite->scenario_count; i++) {
		print_scenario(&suite->scenarios[i]);
		print_trials(&suite->scenarios[i], o, &next);
	}
	print_total(suite, &plan, o);
	plan_done(&plan);
	suite_free(suite);
	return EXIT_DONE;
}

const struct command cmd_plan = {
	.name = "plan",
	.arguments =
		"SUITE [--vm] [--kernel K]... [--seeds LIST] [--only GLOB]... [--set KEY=VALUE]...",
	.summary = "Shows the trials of a suite, their order, footprint and time; touches nothing",
	.details = "SUITE is a file, or a shipped suite's name.",
	.options = plan_options,
	.options_size = sizeof(struct run_options),
	.arguments_min = 1,
	.arguments_max = 1,
	.run = run_plan,
};
