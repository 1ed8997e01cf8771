// SPDX-License-Identifier: GPL-2.0-or-later
/* trial.json's "workloads": what each did, counted and, if it ran a program, what became of that.
 */
#include "harness/trial-state.h"
#include "src/cleanup.h"
#include "src/macro.h"

struct totals {
	uint64_t ops, bytes, errors;
	uint64_t counters[WORKLOAD_COUNTERS_MAX];
};

static struct totals add_up(const struct thread_report *reports, size_t count)
{
	struct totals sum = {};

	for (size_t i = 0; i < count; i++) {
		sum.ops += reports[i].ops;
		sum.bytes += reports[i].bytes;
		sum.errors += reports[i].errors;
		for (size_t k = 0; k < WORKLOAD_COUNTERS_MAX; k++)
			sum.counters[k] += reports[i].counters[k];
	}
	return sum;
}

/* {"granted": {"value": 12, "unit": "blocks", "level": false}}: results/ makes metrics of them. */
static json_t *counters_json(const struct workload_ops *ops, const struct totals *sum)
{
	json_t *object = json_object();

	for (size_t i = 0; ops->counters && ops->counters[i].name; i++)
		json_object_set_new(
			object, ops->counters[i].name,
			json_pack("{s:I, s:s, s:b}", "value", (json_int_t)sum->counters[i], "unit",
				  ops->counters[i].unit, "level", ops->counters[i].level));
	return object;
}

/* What a program printed may be anything, also NUL: JSON takes text. */
static json_t *output_json(const struct workload_program *p)
{
	size_t len = (size_t)MIN(p->output_bytes, (uint64_t)WORKLOAD_OUTPUT_BYTES);
	_cleanup_free_ char *text = calloc(1, len + 1);

	if (!text)
		return NULL;
	for (size_t i = 0; i < len; i++)
		text[i] = p->output[i] == '\t' ? ' ' : p->output[i] ? p->output[i] : '?';
	error_plain(text);
	return json_string(text);
}

static json_t *program_json(const struct workload_program *p)
{
	json_t *object = json_pack(
		"{s:I, s:I, s:i, s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}",
		"runs", (json_int_t)p->runs, "failures", (json_int_t)p->failures, "exit_code",
		(int)p->exit_code, "exit_signal", (int)p->exit_signal, "user_ns",
		(json_int_t)p->user_ns, "system_ns", (json_int_t)p->system_ns, "max_rss_bytes",
		(json_int_t)p->max_rss_bytes, "minor_faults", (json_int_t)p->minor_faults,
		"major_faults", (json_int_t)p->major_faults, "blocks_read",
		(json_int_t)p->blocks_read, "blocks_written", (json_int_t)p->blocks_written,
		"voluntary_switches", (json_int_t)p->voluntary_switches, "involuntary_switches",
		(json_int_t)p->involuntary_switches, "output_bytes", (json_int_t)p->output_bytes,
		"output", output_json(p));

	return object;
}

/* The worker that ended badly, else the first one; and their programs, one a process. */
static const struct trial_worker *find_worker(const struct trial_state *t,
					      const struct workload_spec *spec, json_t *programs)
{
	const struct trial_worker *found = NULL;

	for (size_t i = 0; i < t->worker_count; i++) {
		const struct trial_worker *w = &t->workers[i];

		if (w->spec != spec)
			continue;
		if (!found || (!found->exit_code && !found->exit_signal))
			found = w;
		if (w->args.program)
			json_array_append_new(programs, program_json(w->args.program));
	}
	return found;
}

json_t *trial_workloads_json(const struct trial_state *t)
{
	json_t *list = json_array();

	for (size_t i = 0; i < t->scenario->workload_count; i++) {
		const struct workload_spec *spec = &t->scenario->workloads[i];
		const struct placement *place = &spec->placement;
		struct totals sum = add_up(t->reports[i], place->threads * place->processes);
		json_t *programs = json_array(), *item;
		const struct trial_worker *w = find_worker(t, spec, programs);

		item = json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:i, s:i, s:o}", "name",
				 place->name, "workload", spec->ops->name, "cgroup",
				 place->in ? place->in : "", "threads", (json_int_t)place->threads,
				 "processes", (json_int_t)place->processes, "ops",
				 (json_int_t)sum.ops, "bytes", (json_int_t)sum.bytes, "errors",
				 (json_int_t)sum.errors, "exit_code", w ? w->exit_code : 0,
				 "exit_signal", w ? w->exit_signal : 0, "counters",
				 counters_json(spec->ops, &sum));
		if (t->slow[i])
			json_object_set_new(item, "slow", trial_slow_json(t, i));
		if (json_array_size(programs))
			json_object_set(item, "programs", programs);
		json_decref(programs);
		json_array_append_new(list, item);
	}
	return list;
}
