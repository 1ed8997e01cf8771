// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/regime.h"
#include "harness/spawn.h"
#include "harness/trial-state.h"
#include "src/file.h"
#include "src/macro.h"

/* How long a killed worker gets to end. */
#define END_WAIT_MS 10000
/* What the harness keeps of memory whatever the pressure: above all the sampler's rows. */
#define PROTECTED_BYTES ((uint64_t)64 << 20)

int trial_make_cgroups(struct trial_state *t, struct error *err)
{
	const struct scenario *s = t->scenario;
	int r;

	t->limits = json_object();
	t->tree_made = true;
	r = cgroup_tree_make(&t->tree, t->fs, t->trial->guard, PROTECTED_BYTES, err);
	for (size_t i = 0; r == 0 && i < s->cgroup_count; i++) {
		const struct cgroup_spec *group = &s->cgroups[i];

		r = cgroup_add(&t->tree, group->path, err);
		for (size_t k = 0; r == 0 && k < group->limit_count; k++) {
			const struct setting *limit = &group->limits[k];
			char key[300], effective[CGROUP_VALUE_MAX];

			r = cgroup_set(&t->tree, group->path, limit->name, limit->value, effective,
				       err);
			snprintf(key, sizeof(key), "%s/%s", group->path, limit->name);
			if (r == 0 &&
			    json_object_set_new(t->limits, key, json_string(effective)) < 0)
				r = error_set(err, -ENOMEM, "cgroup %s", group->path);
		}
	}
	return r;
}

/* Every knob that this kernel has, as it stands now. */
static json_t *read_all_knobs(const struct fsroot *fs)
{
	json_t *all = json_object();

	for (const struct knob *k = knobs; k->name; k++) {
		char value[KNOB_VALUE_MAX];

		if (knob_read(fs, k->name, value, NULL) == 0)
			json_object_set_new(all, k->name, json_string(value));
	}
	return all;
}

int trial_set_knobs(struct trial_state *t, struct error *err)
{
	const struct scenario *s = t->scenario;
	int r = 0;

	t->changed = calloc(s->knob_count + 1, sizeof(*t->changed));
	if (!t->changed)
		return error_set(err, -ENOMEM, "knobs");
	for (size_t i = 0; r == 0 && i < s->knob_count; i++) {
		struct trial_knob *k = &t->changed[t->changed_count];

		k->name = s->knobs[i].name;
		r = knob_read(t->fs, k->name, k->old, err);
		if (r == 0)
			r = guard_note_knob(t->trial->guard, k->name, k->old, err);
		if (r < 0)
			break;
		t->changed_count++;
		r = knob_write(t->fs, k->name, s->knobs[i].value, NULL, err);
	}
	if (r < 0)
		return r;
	t->knobs = read_all_knobs(t->fs);
	t->regime = regime_detect(t->fs, err);
	return t->regime ? 0 : -EIO;
}

static void *shared_memory(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static uint64_t worker_seed(const struct trial *trial, const struct workload_spec *spec,
			    size_t index)
{
	uint64_t own = spec->placement.seed ? spec->placement.seed : (1ull << 32) + index;

	return rng_mix(trial->seed, own);
}

static int make_worker(struct trial_state *t, size_t index, struct error *err)
{
	const struct workload_spec *spec = &t->scenario->workloads[index];
	const struct placement *place = &spec->placement;
	struct trial_worker *w = &t->workers[index];
	uint64_t pass = spec->plan.ops_per_pass;
	int r;

	w->spec = spec;
	w->pidfd = -1;
	w->shared_bytes = worker_shared_size((unsigned)place->threads);
	w->args = (struct worker_args){
		.ops = spec->ops,
		.options = spec->options,
		.name = place->name,
		.threads = (unsigned)place->threads,
		.seed = worker_seed(t->trial, spec, index),
		.ops_per_pass = pass,
		.warmup_ops = place->warmup_passes * pass,
		.warmup_duration_ns = place->warmup_duration_ns,
		.measured_ops = place->passes ? place->passes * pass : place->ops,
		.measured_duration_ns = place->duration_ns,
		.barrier = t->barrier,
		.shared = shared_memory(w->shared_bytes),
		.event_fd = t->event_fd,
	};
	t->worker_count = index + 1;
	if (!w->args.shared)
		return error_set(err, -ENOMEM, "worker %s", place->name);
	for (const struct requirement *need = spec->ops->needs; need && need->name; need++)
		if (!need->met())
			return error_say(err, -EOPNOTSUPP, "workload %s needs %s: %s",
					 spec->ops->name, need->name, need->cure);
	r = topology_memory_check(place->memory, err);
	if (r == 0 && !streq(place->cpus, "all"))
		r = topology_cpus(t->topology, place->cpus, &w->cpus, err);
	return r < 0 ? error_prefix(err, "workload %s", place->name) : 0;
}

static int start_worker(struct trial_state *t, struct trial_worker *w, struct error *err)
{
	const struct placement *place = &w->spec->placement;
	struct spawn_place where = {
		.cgroup_fd = place->in ? cgroup_fd(&t->tree, place->in) : t->tree.fs->cgroup,
		.topology = t->topology,
		.cpus = w->cpus,
		.memory = place->memory,
		.fs = t->fs,
	};
	int r = spawn_worker(&w->args, &where, &w->pid, &w->pidfd, err);

	if (r == 0 && t->trial->status)
		atomic_store(&t->trial->status->workers[w - t->workers], w->pid);
	return r;
}

int trial_make_workers(struct trial_state *t, struct error *err)
{
	size_t count = t->scenario->workload_count;
	int r;

	if (count > TRIAL_WORKERS_MAX)
		return error_say(err, -E2BIG, "at most %d workloads in a scenario",
				 TRIAL_WORKERS_MAX);
	t->barrier = shared_memory(sizeof(*t->barrier));
	t->workers = calloc(count + 1, sizeof(*t->workers));
	if (!t->barrier || !t->workers)
		return error_set(err, -ENOMEM, "workers");
	/* All are checked before the first is born. */
	for (size_t i = 0; i < count; i++) {
		r = make_worker(t, i, err);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < count; i++) {
		r = start_worker(t, &t->workers[i], err);
		if (r < 0)
			return r;
	}
	return 0;
}

struct source_def {
	const char *path, *prefix;
	enum kv_format format;
};

/* Read from /proc. */
static const struct source_def system_sources[] = {
	{ "vmstat", "vmstat", KV_FLAT },
	{ "pressure/cpu", "psi.cpu", KV_PSI },
	{ "pressure/memory", "psi.memory", KV_PSI },
	{ "pressure/io", "psi.io", KV_PSI },
};

/* Read from each cgroup's directory; the prefix stands behind the cgroup's path. */
static const struct source_def cgroup_sources[] = {
	{ "memory.stat", "memory.stat", KV_FLAT },
	{ "memory.current", "memory.current", KV_SINGLE },
	{ "memory.swap.current", "memory.swap.current", KV_SINGLE },
	{ "memory.events", "memory.events", KV_FLAT },
	{ "memory.pressure", "psi.memory", KV_PSI },
	{ "io.pressure", "psi.io", KV_PSI },
};

static int add_sources(struct sampler *s, int dirfd, const struct source_def *defs, size_t count,
		       const char *before, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		char prefix[400];
		int r;

		snprintf(prefix, sizeof(prefix), "%s%s%s", before, *before ? "." : "",
			 defs[i].prefix);
		r = sampler_add_file(s, dirfd, defs[i].path, defs[i].format, prefix, err);
		if (r < 0 && r != -ENOENT)
			return r;
	}
	return 0;
}

static int add_nodes(struct trial_state *t, struct error *err)
{
	hwloc_obj_t node = NULL;

	while ((node = hwloc_get_next_obj_by_type(t->topology, HWLOC_OBJ_NUMANODE, node))) {
		char path[80], prefix[20];
		int r;

		snprintf(path, sizeof(path), "devices/system/node/node%u/vmstat", node->os_index);
		snprintf(prefix, sizeof(prefix), "node%u", node->os_index);
		r = sampler_add_file(t->sampler, t->fs->sys, path, KV_FLAT, prefix, err);
		if (r < 0 && r != -ENOENT)
			return r;
	}
	return 0;
}

static int add_worker_counters(struct sampler *s, const struct trial_worker *w, struct error *err)
{
	const struct thread_report *first = w->args.shared->reports;
	const struct {
		const char *name;
		const uint64_t *counter;
	} counters[] = { { "ops", &first->ops },
			 { "bytes", &first->bytes },
			 { "errors", &first->errors } };

	for (size_t i = 0; i < ARRAY_SIZE(counters); i++) {
		char name[200];
		int r;

		snprintf(name, sizeof(name), "work.%s.%s", w->args.name, counters[i].name);
		r = sampler_add_counter(s, name, counters[i].counter, w->args.threads,
					sizeof(*first), err);
		if (r < 0)
			return r;
	}
	return 0;
}

int trial_make_sampler(struct trial_state *t, struct error *err)
{
	int r = sampler_new(&t->sampler, err);

	if (r == 0)
		r = add_sources(t->sampler, t->fs->proc, system_sources, ARRAY_SIZE(system_sources),
				"", err);
	if (r == 0)
		r = add_nodes(t, err);
	for (size_t i = 0; r == 0 && i < t->tree.count; i++)
		r = add_sources(t->sampler, t->tree.groups[i].fd, cgroup_sources,
				ARRAY_SIZE(cgroup_sources), t->tree.groups[i].path, err);
	for (size_t i = 0; r == 0 && i < t->worker_count; i++)
		r = add_worker_counters(t->sampler, &t->workers[i], err);
	return r < 0 ? r : sampler_prepare(t->sampler, err);
}

/* Keeps the first failure's text and goes on with the rest. */
static void undo_failed(struct error *all, const struct error *one)
{
	if (!all->code)
		*all = *one;
}

static void restore_knobs(struct trial_state *t, struct error *all)
{
	for (size_t i = t->changed_count; i > 0; i--) {
		struct error err = {};

		if (knob_write(t->fs, t->changed[i - 1].name, t->changed[i - 1].old, NULL, &err) <
		    0)
			undo_failed(all, &err);
	}
	free(t->changed);
}

static void end_workers(struct trial_state *t)
{
	for (size_t i = 0; i < t->worker_count; i++) {
		struct trial_worker *w = &t->workers[i];

		if (w->pidfd >= 0 && !w->ended) {
			struct pollfd ended = { .fd = w->pidfd, .events = POLLIN };
			siginfo_t info;

			/* One that the kernel can't end keeps its cgroup, which is then said. */
			kill(w->pid, SIGKILL);
			if (poll(&ended, 1, END_WAIT_MS) > 0)
				waitid(P_PIDFD, (id_t)w->pidfd, &info, WEXITED);
		}
		if (w->pidfd >= 0)
			close(w->pidfd);
		if (w->args.shared)
			munmap(w->args.shared, w->shared_bytes);
		if (w->cpus)
			hwloc_bitmap_free(w->cpus);
		if (t->trial->status)
			atomic_store(&t->trial->status->workers[i], 0);
	}
	free(t->workers);
	if (t->barrier)
		munmap(t->barrier, sizeof(*t->barrier));
}

int trial_undo(struct trial_state *t, struct error *err)
{
	int fds[] = { t->event_fd, t->signal_fd, t->timer_fd };
	struct error all = {}, one = {};

	sampler_free(t->sampler);
	munlockall();
	end_workers(t);
	restore_knobs(t, &all);
	if (t->tree_made && cgroup_tree_done(&t->tree, &one) < 0)
		undo_failed(&all, &one);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	if (t->masked)
		sigprocmask(SIG_SETMASK, &t->old_mask, NULL);
	if (t->topology)
		hwloc_topology_destroy(t->topology);
	json_decref(t->limits);
	json_decref(t->knobs);
	json_decref(t->regime);
	strlist_done(&t->invalid);
	if (!all.code)
		return 0;
	return error_say(err, -EUCLEAN, "not all could be undone, «wring clean» tries again: %s",
			 all.text);
}
