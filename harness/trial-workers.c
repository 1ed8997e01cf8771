// SPDX-License-Identifier: GPL-2.0-or-later
/* The worker processes of a trial: what they share with it, where they work, their birth and end.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/spawn.h"
#include "harness/trial-state.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"

void *trial_share_memory(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static uint64_t worker_seed(const struct trial *trial, const struct workload_spec *spec,
			    size_t workload, unsigned process)
{
	uint64_t own = spec->placement.seed ? spec->placement.seed : (1ull << 32) + workload;
	uint64_t seed = rng_mix(trial->seed, own);

	return process ? rng_mix(seed, process) : seed;
}

static size_t reports_bytes(const struct placement *place)
{
	return place->threads * place->processes * sizeof(struct thread_report);
}

static size_t slow_bytes(const struct placement *place)
{
	return place->threads * place->processes * sizeof(struct slow_list);
}

static bool keeps_slow(const struct placement *place)
{
	return place->rate > 0 && place->latency == LATENCY_EACH;
}

/*
 * A directory of the worker's own. «disk» is the VM's disk; «tmpfs» is an empty directory on which
 * the worker mounts one of its own; else it is made in the directory that the suite names.
 */
static int make_dir(struct trial_state *t, struct trial_worker *w, struct error *err)
{
	const char *where = w->spec->plan.dir, *base = where;
	_cleanup_free_ char *path = NULL;
	int r;

	if (!where)
		return 0;
	if (streq(where, "disk"))
		base = DISK_MOUNT;
	else if (streq(where, "tmpfs"))
		base = "/tmp";
	path = text_format("%s/wring-%d-%s-%u", base, (int)getpid(), w->args.name, w->process);
	if (!path)
		return error_set(err, -ENOMEM, "dir: %s", where);
	r = guard_note_dir(t->trial->guard, path, err);
	if (r < 0)
		return r;
	if (mkdir(path, 0700) < 0)
		return error_set(err, -errno, "dir: %s: create %s", where, path);
	w->dir = TAKE_PTR(path);
	w->args.dir = w->dir;
	return 0;
}

static int make_worker(struct trial_state *t, size_t workload, unsigned process, struct error *err)
{
	const struct workload_spec *spec = &t->scenario->workloads[workload];
	const struct placement *place = &spec->placement;
	struct trial_worker *w = &t->workers[t->worker_count++];
	uint64_t pass = spec->plan.ops_per_pass;
	int r;

	w->spec = spec;
	w->process = process;
	w->pidfd = -1;
	w->args = (struct worker_args){
		.ops = spec->ops,
		.options = spec->options,
		.name = place->name,
		.threads = (unsigned)place->threads,
		.seed = worker_seed(t->trial, spec, workload, process),
		.ops_per_pass = pass,
		.rate = place->rate,
		.latency = place->latency == LATENCY_EACH,
		.warmup = { .ops = place->warmup_passes * pass,
			    .end_ns = place->warmup_duration_ns },
		.measured = { .ops = place->passes ? place->passes * pass : place->ops,
			      .start_ns = place->start_ns,
			      .end_ns = placement_end_ns(place) },
		.barrier = t->barrier,
		.shared = trial_share_memory(sizeof(*w->args.shared)),
		.reports = t->reports[workload] + process * place->threads,
		.slow = keeps_slow(place) ? t->slow[workload] + process * place->threads : NULL,
		.program = spec->plan.program ? trial_share_memory(sizeof(*w->args.program)) : NULL,
		.event_fd = t->event_fd,
	};
	if (!w->args.shared || (spec->plan.program && !w->args.program))
		return error_set(err, -ENOMEM, "worker %s", place->name);
	for (const struct requirement *need = spec->ops->needs; need && need->name; need++)
		if (!need->met())
			return error_say(err, -EOPNOTSUPP, "workload %s needs %s: %s",
					 spec->ops->name, need->name, need->cure);
	r = topology_memory_check(place->memory, err);
	if (r == 0 && !streq(place->cpus, "all"))
		r = topology_cpus(t->topology, place->cpus, &w->cpus, err);
	if (r == 0)
		r = make_dir(t, w, err);
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

static struct slow_list *make_slow(const struct placement *place)
{
	struct slow_list *slow = trial_share_memory(slow_bytes(place));

	for (size_t i = 0; slow && i < place->threads * place->processes; i++)
		slow[i].over_ns = place->slow_ns ? place->slow_ns - 1 : 0;
	return slow;
}

static int make_shared(struct trial_state *t, struct error *err)
{
	const struct scenario *s = t->scenario;

	t->barrier = trial_share_memory(sizeof(*t->barrier));
	t->workers = calloc(scenario_processes(s) + 1, sizeof(*t->workers));
	t->reports = calloc(s->workload_count + 1, sizeof(*t->reports));
	t->slow = calloc(s->workload_count + 1, sizeof(*t->slow));
	if (!t->barrier || !t->workers || !t->reports || !t->slow)
		return error_set(err, -ENOMEM, "workers");
	for (size_t i = 0; i < s->workload_count; i++) {
		const struct placement *place = &s->workloads[i].placement;

		t->reports[i] = trial_share_memory(reports_bytes(place));
		if (keeps_slow(place))
			t->slow[i] = make_slow(place);
		if (!t->reports[i] || (keeps_slow(place) && !t->slow[i]))
			return error_set(err, -ENOMEM, "workers");
	}
	return 0;
}

int trial_make_workers(struct trial_state *t, struct error *err)
{
	const struct scenario *s = t->scenario;
	int r;

	if (scenario_processes(s) > TRIAL_WORKERS_MAX)
		return error_say(err, -E2BIG, "at most %d worker processes in a scenario",
				 TRIAL_WORKERS_MAX);
	r = make_shared(t, err);
	/* All are checked before the first is born. */
	for (size_t i = 0; r == 0 && i < s->workload_count; i++)
		for (unsigned k = 0; r == 0 && k < s->workloads[i].placement.processes; k++)
			r = make_worker(t, i, k, err);
	for (size_t i = 0; r == 0 && i < t->worker_count; i++)
		r = start_worker(t, &t->workers[i], err);
	return r;
}

static void end_worker(struct trial_worker *w)
{
	struct pollfd ended = { .fd = w->pidfd, .events = POLLIN };
	siginfo_t info;

	if (w->pidfd < 0)
		return;
	if (!w->ended) {
		/* One that the kernel can't end keeps its cgroup, which is then said. */
		kill(w->pid, SIGKILL);
		if (poll(&ended, 1, TRIAL_END_WAIT_MS) > 0)
			waitid(P_PIDFD, (id_t)w->pidfd, &info, WEXITED);
	}
	close(w->pidfd);
}

int trial_end_workers(struct trial_state *t, struct error *err)
{
	int r = 0;

	for (size_t i = 0; i < t->worker_count; i++) {
		struct trial_worker *w = &t->workers[i];

		end_worker(w);
		if (w->dir && dir_remove(AT_FDCWD, w->dir, err) < 0)
			r = -EUCLEAN;
		free(w->dir);
		if (w->args.shared)
			munmap(w->args.shared, sizeof(*w->args.shared));
		if (w->args.program)
			munmap(w->args.program, sizeof(*w->args.program));
		if (w->cpus)
			hwloc_bitmap_free(w->cpus);
		if (t->trial->status)
			atomic_store(&t->trial->status->workers[i], 0);
	}
	for (size_t i = 0; t->reports && i < t->scenario->workload_count; i++)
		if (t->reports[i])
			munmap(t->reports[i], reports_bytes(&t->scenario->workloads[i].placement));
	for (size_t i = 0; t->slow && i < t->scenario->workload_count; i++)
		if (t->slow[i])
			munmap(t->slow[i], slow_bytes(&t->scenario->workloads[i].placement));
	free(t->reports);
	free(t->slow);
	free(t->workers);
	if (t->barrier)
		munmap(t->barrier, sizeof(*t->barrier));
	return r;
}
