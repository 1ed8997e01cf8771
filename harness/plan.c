// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/plan.h"

#include <errno.h>
#include <stdlib.h>

#include "src/macro.h"

#define SECOND_NS 1e9

/*
 * Rough: see plan.h. An operation that faults and swaps takes some 2,000 guest instructions, of
 * which TCG does about 200 million a second; a host is an order faster. A VM by the clock of
 * instructions goes on from a state.
 */
static const struct {
	double start_ns;     /* boot or what stands for it, or making cgroups */
	double op_ns;	     /* one operation */
	double timed_factor; /* real time of timed work: guest time passes five times slower */
} speeds[] = {
	[PLAN_HOST] = { 0.2 * SECOND_NS, 1000, 1 },
	[PLAN_VM_WALL] = { 5 * SECOND_NS, 5000, 1 },
	[PLAN_VM_INSN] = { 1 * SECOND_NS, 10000, 5 },
};

int plan_make(struct plan *ret, const struct suite *suite, size_t kernel_count, struct error *err)
{
	struct plan plan = {};
	size_t count = 0;

	for (size_t i = 0; i < suite->scenario_count; i++)
		count += suite->scenarios[i].seed_count * kernel_count;
	plan.trials = calloc(MAX(count, (size_t)1), sizeof(*plan.trials));
	if (!plan.trials)
		return error_set(err, -ENOMEM, "plan of %zu trials", count);
	for (size_t i = 0; i < suite->scenario_count; i++) {
		const struct scenario *s = &suite->scenarios[i];

		for (size_t j = 0; j < s->seed_count; j++)
			for (size_t k = 0; k < kernel_count; k++)
				plan.trials[plan.count++] = (struct plan_trial){
					.scenario = s, .kernel = k, .seed = s->seeds[j]
				};
	}
	*ret = plan;
	return 0;
}

void plan_done(struct plan *plan)
{
	free(plan->trials);
	*plan = (struct plan){};
}

uint64_t plan_workload_ops(const struct workload_spec *w)
{
	const struct placement *p = &w->placement;

	return (p->ops ? p->ops : p->passes * w->plan.ops_per_pass) * p->processes;
}

/*
 * Fixed work shares the CPUs, so its times add up; timed work runs side by side. Both are bounded
 * by the scenario's timeout.
 */
static double scenario_ns(const struct scenario *s, enum plan_place place)
{
	double fixed = 0, timed = 0;

	for (size_t i = 0; i < s->workload_count; i++) {
		const struct workload_spec *w = &s->workloads[i];
		const struct placement *p = &w->placement;
		double ops = (double)plan_workload_ops(w) +
			     (double)p->warmup_passes * (double)w->plan.ops_per_pass;

		fixed += ops * speeds[place].op_ns;
		timed = MAX(timed, (double)(MAX(placement_end_ns(p), p->start_ns) +
					    p->warmup_duration_ns));
	}
	return speeds[place].start_ns + fixed + timed * speeds[place].timed_factor;
}

uint64_t plan_guess_ns(const struct scenario *s, enum plan_place place)
{
	return (uint64_t)MIN(scenario_ns(s, place), 1e18);
}

uint64_t plan_total_ns(const uint64_t *trial_ns, size_t count, uint64_t jobs)
{
	double sum = 0, longest = 0;

	for (size_t i = 0; i < count; i++) {
		sum += (double)trial_ns[i];
		longest = MAX(longest, (double)trial_ns[i]);
	}
	return (uint64_t)MIN(MAX(sum / (double)MAX(jobs, (uint64_t)1), longest), 1e18);
}
