// SPDX-License-Identifier: GPL-2.0-or-later
/* The raw record: what the trial saw. Metrics are computed from it, by results/. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "harness/trial-state.h"
#include "src/cleanup.h"
#include "src/macro.h"
#include "src/file.h"
#include "src/kvfile.h"

#define RECORD_SCHEMA 1

static int open_file(int dirfd, const char *name, FILE **ret, struct error *err)
{
	int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	*ret = fd < 0 ? NULL : fdopen(fd, "w");
	return *ret ? 0 : error_set(err, -errno, "create %s", name);
}

static int write_samples(const struct trial_state *t, int dirfd, struct error *err)
{
	_cleanup_fclose_ FILE *f = NULL;
	int r = open_file(dirfd, "samples.tsv", &f, err);

	if (r < 0)
		return r;
	sampler_write(t->sampler, f);
	return file_close(&f, "samples.tsv", err);
}

static int write_latency(const struct trial_state *t, int dirfd, struct error *err)
{
	_cleanup_free_ struct histogram *all = malloc(sizeof(*all));
	_cleanup_fclose_ FILE *f = NULL;
	int r = open_file(dirfd, "latency.tsv", &f, err);

	if (r < 0)
		return r;
	if (!all)
		return error_set(err, -ENOMEM, "latency.tsv");
	fprintf(f, "workload\tlow_ns\thigh_ns\tcount\n");
	for (size_t i = 0; i < t->scenario->workload_count; i++) {
		const struct placement *place = &t->scenario->workloads[i].placement;

		*all = (struct histogram){};
		for (size_t k = 0; k < place->threads * place->processes; k++)
			histogram_merge(all, &t->reports[i][k].latency);
		for (unsigned b = 0; b < HISTOGRAM_BUCKETS; b++)
			if (all->buckets[b])
				fprintf(f, "%s\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n",
					place->name, histogram_low(b), histogram_low(b + 1),
					all->buckets[b]);
	}
	return file_close(&f, "latency.tsv", err);
}

static int write_events(const struct trial_state *t, int dirfd, struct error *err)
{
	_cleanup_fclose_ FILE *f = NULL;
	int r = open_file(dirfd, "events.tsv", &f, err);

	if (r < 0)
		return r;
	fprintf(f, "t_ns\tevent\tdetail\n");
	for (size_t i = 0; i < t->event_count; i++)
		fprintf(f, "%" PRIu64 "\t%s\t%s\n", t->events[i].t_ns, t->events[i].name,
			t->events[i].detail);
	return file_close(&f, "events.tsv", err);
}

static int write_topology(const struct trial_state *t, int dirfd, struct error *err)
{
	char *xml = NULL;
	int len = 0, r = topology_xml(t->topology, &xml, &len, err);

	if (r == 0)
		r = file_write_atomic(dirfd, "topology.xml", xml, (size_t)MAX(len - 1, 0), err);
	if (xml)
		hwloc_free_xmlbuffer(t->topology, xml);
	return r;
}

static int write_slow(const struct trial_state *t, int dirfd, struct error *err)
{
	_cleanup_fclose_ FILE *f = NULL;
	int r = open_file(dirfd, "slow.tsv", &f, err);

	if (r < 0)
		return r;
	if (trial_write_slow(t, f) < 0)
		return error_set(err, -ENOMEM, "slow.tsv");
	return file_close(&f, "slow.tsv", err);
}

/* Losses are known only when the trace has been decoded. */
static int write_spans(struct trial_state *t, int dirfd, struct error *err)
{
	_cleanup_fclose_ FILE *f = NULL;
	int r = open_file(dirfd, "spans.tsv", &f, err);

	if (r == 0)
		r = trial_write_trace(t, f, err);
	if (r < 0)
		return r;
	trial_judge_trace(t);
	return file_close(&f, "spans.tsv", err);
}

static json_t *phases_json(const struct trial_state *t)
{
	json_t *list = json_array();

	for (size_t i = 0; i < t->phase_count; i++)
		json_array_append_new(list, json_pack("{s:s, s:I, s:I}", "name", t->phases[i].name,
						      "start_ns", (json_int_t)t->phases[i].start_ns,
						      "end_ns", (json_int_t)t->phases[i].end_ns));
	return list;
}

static json_t *strings_json(const struct strlist *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->count; i++)
		json_array_append_new(array, json_string(list->items[i]));
	return array;
}

static json_t *names_json(const struct trial_state *t)
{
	json_t *cgroups = json_array();

	for (size_t i = 0; i < t->scenario->cgroup_count; i++)
		json_array_append_new(cgroups, json_string(t->scenario->cgroups[i].path));
	return cgroups;
}

static json_t *nodes_json(const struct trial_state *t)
{
	json_t *nodes = json_array();
	hwloc_obj_t node = NULL;

	while ((node = hwloc_get_next_obj_by_type(t->topology, HWLOC_OBJ_NUMANODE, node)))
		json_array_append_new(nodes, json_integer(node->os_index));
	return nodes;
}

static json_t *expects_json(const struct trial_state *t)
{
	json_t *list = json_array();

	for (size_t i = 0; i < t->scenario->expect_count; i++)
		json_array_append_new(list, json_string(t->scenario->expects[i].text));
	return list;
}

static json_t *sampler_json(const struct trial_state *t)
{
	const struct sampler_stats *s = sampler_stats(t->sampler);

	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "interval_ns",
			 (json_int_t)t->scenario->sample_ns, "ticks", (json_int_t)s->ticks,
			 "missed", (json_int_t)s->missed, "late_max_ns", (json_int_t)s->late_max_ns,
			 "gap_max_ns", (json_int_t)s->gap_max_ns, "cpu_ns", (json_int_t)s->cpu_ns,
			 "relearned", (json_int_t)s->relearned);
}

static uint64_t meminfo(const struct fsroot *fs, const char *key)
{
	_cleanup_free_ char *text = NULL;
	uint64_t kib = 0;

	if (file_read(fs->proc, "meminfo", &text, NULL, NULL) == 0)
		kv_get(KV_FLAT, text, key, &kib);
	return kib;
}

static json_t *machine_json(const struct trial_state *t)
{
	char source[64] = "";

	file_read_line(t->fs->sys, "devices/system/clocksource/clocksource0/current_clocksource",
		       source, sizeof(source));
	return json_pack("{s:I, s:I, s:s, s:I}", "mem_total_kib",
			 (json_int_t)meminfo(t->fs, "MemTotal"), "swap_total_kib",
			 (json_int_t)meminfo(t->fs, "SwapTotal"), "clocksource", source,
			 "clock_origin_ns", (json_int_t)t->origin_ns);
}

static json_t *trial_json(const struct trial_state *t)
{
	struct utsname uts;

	uname(&uts);
	return json_pack("{s:i, s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:o, s:O, s:s, s:I, s:i, s:o, "
			 "s:o, s:o, s:O, "
			 "s:O, s:o, s:o, s:o, s:o}",
			 "schema", RECORD_SCHEMA, "suite", t->trial->suite->name, "scenario",
			 t->scenario->name, "kernel", t->trial->kernel, "clock", t->trial->clock,
			 "seed", (json_int_t)t->trial->seed, "outcome", t->outcome, "why", t->why,
			 "invalid", strings_json(&t->invalid), "regime", t->regime, "release",
			 uts.release, "page_size", (json_int_t)sysconf(_SC_PAGESIZE), "cpus",
			 (int)sysconf(_SC_NPROCESSORS_ONLN), "nodes", nodes_json(t), "machine",
			 machine_json(t), "phases", phases_json(t), "limits", t->limits, "knobs",
			 t->knobs, "cgroups", names_json(t), "workloads", trial_workloads_json(t),
			 "sampler", sampler_json(t), "expect", expects_json(t));
}

int trial_write_record(struct trial_state *t, int out_dirfd, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	json_t *json;
	int r = write_samples(t, out_dirfd, err);

	if (r == 0)
		r = write_latency(t, out_dirfd, err);
	if (r == 0)
		r = write_events(t, out_dirfd, err);
	if (r == 0)
		r = write_topology(t, out_dirfd, err);
	if (r == 0 && trial_keeps_slow(t))
		r = write_slow(t, out_dirfd, err);
	if (r == 0 && t->trace)
		r = write_spans(t, out_dirfd, err);
	if (r < 0)
		return r;
	json = trial_json(t);
	if (json && t->trace)
		json_object_set_new(json, "trace", trial_trace_json(t));
	text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;
	json_decref(json);
	if (!text)
		return error_set(err, -ENOMEM, "trial.json");
	/* Last: a directory with a trial.json is a whole record. */
	return file_write_atomic(out_dirfd, "trial.json", text, strlen(text), err);
}
