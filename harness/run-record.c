// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "harness/run-record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <time.h>

#include "harness/job.h"
#include "harness/vm/kernel-internal.h"
#include "src/cleanup.h"
#include "src/datafile.h"
#include "src/file.h"
#include "src/macro.h"

#define RUN_SCHEMA 1

/* Where columns come from and what they count: the key of samples.tsv for its readers. */
static const struct {
	const char *columns, *source, *unit;
} column_sources[] = {
	{ "t_ns", "CLOCK_MONOTONIC", "ns since the trial began" },
	{ "sampler.late_ns", "CLOCK_MONOTONIC", "ns behind the tick's intended time" },
	{ "vmstat.*", "/proc/vmstat", "events or pages, as the kernel names them" },
	{ "psi.{cpu,memory,io}.{some,full}.total", "/proc/pressure/*", "us" },
	{ "nodeN.*", "/sys/devices/system/node/nodeN/vmstat", "events or pages" },
	{ "CGROUP.memory.stat.*", "memory.stat", "bytes; events for pg*, workingset_*, thp_*" },
	{ "CGROUP.memory.current", "memory.current", "bytes" },
	{ "CGROUP.memory.swap.current", "memory.swap.current", "bytes" },
	{ "CGROUP.memory.events.*", "memory.events", "events" },
	{ "CGROUP.psi.{memory,io}.{some,full}.total", "memory.pressure, io.pressure", "us" },
	{ "zramN.*", "/sys/block/zramN/mm_stat", "bytes; pages for same, compacted and huge" },
	{ "work.NAME.ops", "the worker", "operations since the phase began" },
	{ "work.NAME.bytes", "the worker", "bytes since the phase began" },
	{ "work.NAME.errors", "the worker", "failed operations since the trial began" },
	{ "work.NAME.*", "the worker", "as trial.json's workloads say, since the trial began" },
};

static json_t *sources_json(void)
{
	json_t *list = json_array();

	for (size_t i = 0; i < ARRAY_SIZE(column_sources); i++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "columns",
						      column_sources[i].columns, "source",
						      column_sources[i].source, "unit",
						      column_sources[i].unit));
	return list;
}

static json_t *trials_json(const struct run_args *args)
{
	json_t *list = json_array();

	for (size_t i = 0; i < args->plan->count; i++) {
		const struct plan_trial *trial = &args->plan->trials[i];
		_cleanup_free_ char *dir = job_dir(args, trial);

		if (dir)
			json_array_append_new(list, json_pack("{s:s, s:s, s:I, s:s}", "scenario",
							      trial->scenario->name, "kernel",
							      job_kernel_name(args, trial), "seed",
							      (json_int_t)trial->seed, "dir",
							      dir + strlen(args->out_dir) + 1));
	}
	return list;
}

static json_t *kernels_json(const struct run_args *args)
{
	json_t *list = json_array();

	for (size_t i = 0; args->kernels && i < args->kernel_count; i++) {
		const struct kernel *k = args->kernels[i];

		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:s, s:s}", "name", k->name, "release",
						k->release, "package", k->package ? k->package : "",
						"sha256", k->sha256));
	}
	return list;
}

/* What a VM's figures follow from, besides kernel and suite: by hash. */
static json_t *files_json(const struct run_args *args)
{
	static const char *const ours[] = { "wring-guest", "wring-steady-qemu.so" };
	_cleanup_free_ char *qemu = NULL;
	json_t *files = json_object();
	char hex[KERNEL_HASH_MAX];

	if (!args->kernels)
		return files;
	if (machine_program(&qemu, NULL) == 0 && kernel_hash(qemu, hex, NULL) == 0)
		json_object_set_new(files, "qemu", json_string(hex));
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++) {
		_cleanup_free_ char *path = NULL;

		if (datafile_find(ours[i], &path, NULL) == 0 && kernel_hash(path, hex, NULL) == 0)
			json_object_set_new(files, ours[i], json_string(hex));
	}
	return files;
}

static json_t *environment_json(const struct run_args *args)
{
	_cleanup_free_ char *qemu = NULL;
	struct utsname uts;

	if (args->kernels && machine_version(&qemu, NULL) < 0)
		qemu = NULL;
	uname(&uts);
	return json_pack("{s:s, s:s, s:s, s:o}", "host_release", uts.release, "host_machine",
			 uts.machine, "qemu", qemu ? qemu : "", "files", files_json(args));
}

static json_t *run_json(const struct run_args *args, const char *status)
{
	const char *clock = lab_clock_names[args->kernels ? args->clock : MACHINE_CLOCK_WALL];

	return json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "schema",
			 RUN_SCHEMA, "wring", PACKAGE_VERSION, "status", status, "where",
			 args->kernels ? "vm" : "host", "clock", clock, "accelerator",
			 args->kernels ? machine_accel_names[args->accel] : "none", "suite",
			 suite_json(args->suite, NULL), "kernels", kernels_json(args),
			 "environment", environment_json(args), "trials", trials_json(args),
			 "sources", sources_json());
}

/* When the run began: what its record says already, else now. */
static json_t *started_json(const char *path)
{
	json_t *old = json_load_file(path, 0, NULL);
	json_t *started = json_incref(json_object_get(old, "started"));
	time_t now = time(NULL);
	char stamp[40];
	struct tm tm;

	json_decref(old);
	if (json_is_string(started))
		return started;
	json_decref(started);
	gmtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return json_string(stamp);
}

int run_record_write(const struct run_args *args, const char *status, struct error *err)
{
	_cleanup_free_ char *path = path_join(args->out_dir, "run.json"), *text = NULL;
	json_t *json = run_json(args, status);

	if (json && path)
		json_object_set_new(json, "started", started_json(path));
	text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;
	json_decref(json);
	if (!path || !text)
		return error_set(err, -ENOMEM, "run.json");
	return file_write_atomic(AT_FDCWD, path, text, strlen(text), err);
}

/*
 * The suite without its margins, which say what comes of the figures and change none, and without
 * its seeds, of which there may be more.
 */
static json_t *bare_suite(const json_t *run)
{
	json_t *suite = json_deep_copy(json_object_get(run, "suite")), *scenario;
	size_t i;

	json_array_foreach (json_object_get(suite, "scenarios"), i, scenario) {
		json_object_del(scenario, "gate");
		json_object_del(scenario, "seeds");
	}
	return suite;
}

/* A trial that was planned is planned still: no record is left behind that belongs to nothing. */
static bool has_all_trials(const json_t *now, const json_t *old)
{
	json_t *known = json_object(), *entry;
	bool all = known != NULL;
	size_t i;

	json_array_foreach (json_object_get(now, "trials"), i, entry)
		json_object_set_new(known, json_string_value(json_object_get(entry, "dir")),
				    json_true());
	json_array_foreach (json_object_get(old, "trials"), i, entry) {
		const char *dir = json_string_value(json_object_get(entry, "dir"));

		all &= dir && json_object_get(known, dir);
	}
	json_decref(known);
	return all;
}

static const json_t *programs_of(const json_t *run)
{
	return json_object_get(json_object_get(run, "environment"), "files");
}

/* Why a run with these arguments can't go on with that one; NULL when it can. */
static const char *difference(const json_t *old, const struct run_args *args)
{
	json_t *now = run_json(args, "");
	json_t *old_suite = bare_suite(old), *suite = bare_suite(now);
	const char *why = NULL;

	if (!json_equal(old_suite, suite))
		why = "another suite (or --set, --only)";
	else if (!json_equal(json_object_get(old, "where"), json_object_get(now, "where")) ||
		 !json_equal(json_object_get(old, "clock"), json_object_get(now, "clock")))
		why = "another clock, or not on this kind of machine (--vm)";
	else if (!json_equal(json_object_get(old, "accelerator"),
			     json_object_get(now, "accelerator")))
		why = "another accelerator (--accel)";
	else if (!json_equal(json_object_get(old, "kernels"), json_object_get(now, "kernels")))
		why = "other kernels";
	else if (programs_of(old) && !json_equal(programs_of(old), programs_of(now)))
		why = "another build of wring, or another QEMU";
	else if (!has_all_trials(now, old))
		why = "seeds that are missing now (there may be more)";
	json_decref(old_suite);
	json_decref(suite);
	json_decref(now);
	return why;
}

int run_record_same(const struct run_args *args, struct error *err)
{
	_cleanup_free_ char *path = path_join(args->out_dir, "run.json");
	json_t *json = path ? json_load_file(path, 0, NULL) : NULL;
	const char *why;

	if (!json)
		return error_say(err, -EINVAL,
				 "%s is no run that could be resumed: it has no run.json",
				 args->out_dir);
	why = difference(json, args);
	json_decref(json);
	if (!why)
		return 0;
	return error_say(err, -EINVAL,
			 "%s was run with %s: resume with the same, or choose another --out",
			 args->out_dir, why);
}
