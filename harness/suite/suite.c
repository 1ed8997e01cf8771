// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/suite/suite.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/suite/internal.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/nearest.h"

#define TIME_MAX (24ull * 3600 * 1000000000)

static const char *const latency_names[] = { "each", "none", NULL };

const struct option_spec placement_options[] = {
	OPTION_STRING(struct placement, name, .name = "name", .meta = "NAME",
		      .help = "in columns and metrics; the generator's name otherwise"),
	OPTION_STRING(struct placement, in, .name = "in", .meta = "CGROUP",
		      .help = "its cgroup; needed when there are several; / is outside of them"),
	OPTION_STRING(struct placement, cpus, .name = "cpus", .fallback = "all",
		      .meta = "all|nodeN|core:LIST|pu:LIST", .help = "where it may run"),
	OPTION_STRING(struct placement, memory, .name = "memory", .fallback = "default",
		      .meta = "POLICY",
		      .help = "default, local, bind:LIST, preferred:N or interleave:LIST of nodes"),
	OPTION_U64(struct placement, threads, .name = "threads", .fallback = "1", .min = 1,
		   .max = 256, .help = "threads that share a process's work"),
	OPTION_U64(struct placement, processes, .name = "processes", .fallback = "1", .min = 1,
		   .max = SUITE_PROCESSES_MAX,
		   .help = "processes that each do all of it, each with memory of its own"),
	OPTION_NUMBER(struct placement, rate, .name = "rate", .fallback = "0",
		      .help = "open loop: operations a second of a process, each timed from when "
			      "it was due; 0: one after another"),
	OPTION_CHOICE(struct placement, latency, .name = "latency", .fallback = "each",
		      .choices = latency_names,
		      .help = "time each operation, or none: the clock costs some 25 ns"),
	OPTION_TIME(struct placement, slow_ns, .name = "slow", .fallback = "0", .max = TIME_MAX,
		    .help = "rate: note when each operation at least that slow was due, began and "
			    "ended; of each thread the slowest 1024 at most"),
	OPTION_TIME(struct placement, start_ns, .name = "start", .fallback = "0", .max = TIME_MAX,
		    .help = "when in the measured phase it begins"),
	OPTION_TIME(struct placement, stop_ns, .name = "stop", .min = 1000000, .max = TIME_MAX,
		    .help = "when in the measured phase it ends, whatever is left to do"),
	OPTION_U64(struct placement, passes, .name = "passes", .min = 1, .max = 1000000000,
		   .help = "fixed work: passes over the whole; 1 unless ops, duration or stop is "
			   "given"),
	OPTION_U64(struct placement, ops, .name = "ops", .min = 1, .max = 1000000000000000,
		   .help = "fixed work: operations of all threads together"),
	OPTION_TIME(struct placement, duration_ns, .name = "duration", .min = 1000000,
		    .max = TIME_MAX, .help = "timed work"),
	OPTION_U64(struct placement, warmup_passes, .name = "warmup_passes", .min = 1,
		   .max = 1000000000, .help = "passes before measuring"),
	OPTION_TIME(struct placement, warmup_duration_ns, .name = "warmup_duration", .min = 1000000,
		    .max = TIME_MAX, .help = "time before measuring"),
	OPTION_U64(struct placement, seed, .name = "seed", .fallback = "0",
		   .help = "added to the trial's, to share accesses; 0: one for each workload"),
	{}
};

static bool is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* The folders of shipped suites: beside the program in its build tree, then the installed one. */
static int shipped_dirs(struct strlist *ret)
{
	char program[PATH_MAX], *slash;
	ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);

	if (len > 0) {
		_cleanup_free_ char *beside = NULL;

		program[len] = '\0';
		slash = strrchr(program, '/');
		if (slash)
			*slash = '\0';
		beside = path_join(program, "suites");
		if (!beside || strlist_add(ret, beside) < 0)
			return -ENOMEM;
	}
	return strlist_add(ret, WRING_DATADIR "/suites");
}

/* "; shipped are: reclaim, tour", or the near one. */
static void list_shipped(const struct strlist *dirs, const char *name, char *buf, size_t size)
{
	_cleanup_strlist_ struct strlist names = {};
	struct nearest search = { .word = name };
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < dirs->count; i++) {
		_cleanup_closedir_ DIR *dir = opendir(dirs->items[i]);
		struct dirent *entry;

		while (dir && (entry = readdir(dir))) {
			char *dot = strrchr(entry->d_name, '.');

			if (!dot || dot == entry->d_name || !streq(dot, ".yaml"))
				continue;
			*dot = '\0';
			if (!strlist_contains(&names, entry->d_name))
				strlist_add(&names, entry->d_name);
		}
	}
	strlist_sort(&names);
	for (size_t i = 0; i < names.count && n < size; i++) {
		nearest_offer(&search, names.items[i]);
		n += (size_t)snprintf(buf + n, size - n, "%s%s",
				      i ? ", " : "; shipped are: ", names.items[i]);
	}
	if (search.best)
		nearest_hint(&search, buf, size);
}

int suite_find(const char *name, char **ret_path, struct error *err)
{
	_cleanup_strlist_ struct strlist dirs = {};
	char others[400];

	if (is_file(name))
		return suite_text(ret_path, name, err);
	if (strchr(name, '/'))
		return error_say(err, -ENOENT, "%s: there is no such suite file", name);
	if (shipped_dirs(&dirs) < 0)
		return error_set(err, -ENOMEM, "suite %s", name);
	for (size_t i = 0; i < dirs.count; i++) {
		char *path = text_format("%s/%s.yaml", dirs.items[i], name);

		if (!path)
			return error_set(err, -ENOMEM, "suite %s", name);
		if (is_file(path)) {
			*ret_path = path;
			return 0;
		}
		free(path);
	}
	list_shipped(&dirs, name, others, sizeof(others));
	return error_say(err, -ENOENT, "«%s» is neither a file nor a shipped suite%s", name,
			 others);
}

void settings_free(struct setting *settings, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(settings[i].name);
		free(settings[i].value);
	}
	free(settings);
}

void scenario_done(struct scenario *s)
{
	settings_free(s->knobs, s->knob_count);
	settings_free(s->gates, s->gate_count);
	for (size_t i = 0; i < s->cgroup_count; i++) {
		settings_free(s->cgroups[i].limits, s->cgroups[i].limit_count);
		free(s->cgroups[i].path);
	}
	for (size_t i = 0; i < s->workload_count; i++) {
		struct workload_spec *w = &s->workloads[i];

		if (w->options)
			option_free(w->ops->options, w->options);
		free(w->options);
		option_free(placement_options, &w->placement);
	}
	for (size_t i = 0; i < s->expect_count; i++) {
		free(s->expects[i].text);
		free(s->expects[i].metric);
		free(s->expects[i].word);
	}
	free(s->starts);
	free(s->cgroups);
	free(s->workloads);
	free(s->expects);
	free(s->seeds);
	free(s->about);
	free(s->name);
	*s = (struct scenario){};
}

void suite_free(struct suite *suite)
{
	if (!suite)
		return;
	for (size_t i = 0; i < suite->scenario_count; i++)
		scenario_done(&suite->scenarios[i]);
	suite_machine_done(&suite->machine);
	free(suite->scenarios);
	free(suite->about);
	free(suite->name);
	free(suite->path);
	free(suite);
}

const struct cgroup_spec *scenario_cgroup(const struct scenario *scenario, const char *path)
{
	for (size_t i = 0; i < scenario->cgroup_count; i++)
		if (streq(scenario->cgroups[i].path, path))
			return &scenario->cgroups[i];
	return NULL;
}

uint64_t scenario_footprint(const struct scenario *scenario)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < scenario->workload_count; i++) {
		const struct workload_spec *w = &scenario->workloads[i];
		uint64_t all;

		if (__builtin_mul_overflow(w->plan.footprint_bytes, w->placement.processes, &all) ||
		    __builtin_add_overflow(sum, all, &sum))
			return UINT64_MAX;
	}
	return sum;
}

size_t scenario_processes(const struct scenario *scenario)
{
	size_t sum = 0;

	for (size_t i = 0; i < scenario->workload_count; i++)
		sum += scenario->workloads[i].placement.processes;
	return sum;
}

uint64_t placement_end_ns(const struct placement *p)
{
	uint64_t end = p->duration_ns ? p->start_ns + p->duration_ns : 0;

	if (p->stop_ns && (!end || p->stop_ns < end))
		end = p->stop_ns;
	return end;
}
