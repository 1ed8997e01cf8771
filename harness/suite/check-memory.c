// SPDX-License-Identifier: GPL-2.0-or-later
/* Whether the machine can hold what a scenario's workloads own: found out before anything runs. */
#include <inttypes.h>
#include <stdlib.h>

#include "harness/suite/internal.h"
#include "src/macro.h"
#include "src/units.h"

/* Memory and swap together hold all workloads, or no limit is ever tested. */
static int check_footprint(const struct scenario *s, const struct machine_spec *machine,
			   const struct yaml_node *at, struct error *err)
{
	char need[FORMAT_MAX], memory[FORMAT_MAX], swap[FORMAT_MAX];
	uint64_t bytes = machine_bytes(machine), footprint = scenario_footprint(s);

	if (footprint <= bytes + machine_swap_bytes(machine))
		return 0;
	return yaml_complain(at, err,
			     "the workloads own up to %s, the machine has %s of memory and %s of "
			     "swap: make machine.nodes or machine.swap larger, or the workloads "
			     "smaller",
			     format_size_short((double)footprint, need),
			     format_size_short((double)bytes, memory),
			     format_size_short((double)machine_swap_bytes(machine), swap));
}

/* What reclaim can't take must be in memory whole. */
static int check_pinned(const struct scenario *s, const struct machine_spec *machine,
			const struct yaml_node *at, struct error *err)
{
	char need[FORMAT_MAX], memory[FORMAT_MAX];
	uint64_t bytes = machine_bytes(machine), pinned = 0;

	for (size_t i = 0; i < s->workload_count; i++)
		pinned += s->workloads[i].plan.pinned_bytes * s->workloads[i].placement.processes;
	if (pinned <= bytes)
		return 0;
	return yaml_complain(at, err,
			     "the workloads own %s that can't be reclaimed, the machine has %s of "
			     "memory",
			     format_size_short((double)pinned, need),
			     format_size_short((double)bytes, memory));
}

/* Bytes of the nodes of a list as "0,2-3", which has been checked; each node once. */
static uint64_t nodes_bytes(const struct machine_spec *machine, const char *list)
{
	bool in[SUITE_NODES_MAX] = {};
	uint64_t bytes = 0;

	for (char *end; *list; list = *end ? end + 1 : end) {
		unsigned long first = strtoul(list, &end, 10), last = first;

		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		for (unsigned long n = first; n <= last && n < machine->node_count; n++)
			in[n] = true;
	}
	for (size_t n = 0; n < machine->node_count; n++)
		bytes += in[n] ? machine->nodes[n].size_bytes : 0;
	return bytes;
}

/* memory: bind: the nodes hold it, with the help of swap as far as it can be swapped. */
static int check_bound(const struct workload_spec *w, const struct machine_spec *machine,
		       const struct yaml_node *at, struct error *err)
{
	const struct placement *p = &w->placement;
	char need[FORMAT_MAX], pinned[FORMAT_MAX], memory[FORMAT_MAX], swap[FORMAT_MAX];
	uint64_t bytes;

	if (!starts_with(p->memory, "bind:"))
		return 0;
	bytes = nodes_bytes(machine, p->memory + strlen("bind:"));
	if (w->plan.pinned_bytes * p->processes <= bytes &&
	    w->plan.footprint_bytes * p->processes <= bytes + machine_swap_bytes(machine))
		return 0;
	return yaml_complain(
		at, err,
		"memory: %s: «%s» owns up to %s%s, of which %s can't be swapped; these "
		"nodes have %s, and there is %s of swap",
		p->memory, p->name,
		format_size_short((double)(w->plan.footprint_bytes * p->processes), need),
		p->processes > 1 ? " in its processes" : "",
		format_size_short((double)(w->plan.pinned_bytes * p->processes), pinned),
		format_size_short((double)bytes, memory),
		format_size_short((double)machine_swap_bytes(machine), swap));
}

int suite_check_memory(const struct scenario *s, const struct machine_spec *machine,
		       const struct yaml_node *name, const struct yaml_node *workloads,
		       struct error *err)
{
	int r = check_footprint(s, machine, name, err);

	if (r == 0)
		r = check_pinned(s, machine, name, err);
	for (size_t i = 0; r == 0 && i < s->workload_count; i++)
		r = check_bound(&s->workloads[i], machine, workloads->items[i], err);
	return r;
}
