// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "harness/run-record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <time.h>

#include "harness/job.h"
#include "src/cleanup.h"
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

static json_t *environment_json(const struct run_args *args)
{
	_cleanup_free_ char *qemu = NULL;
	struct utsname uts;

	if (args->kernels && machine_version(&qemu, NULL) < 0)
		qemu = NULL;
	uname(&uts);
	return json_pack("{s:s, s:s, s:s}", "host_release", uts.release, "host_machine",
			 uts.machine, "qemu", qemu ? qemu : "");
}

static json_t *run_json(const struct run_args *args, const char *status)
{
	const char *clock = lab_clock_names[args->kernels ? args->clock : MACHINE_CLOCK_WALL];

	return json_pack("{s:i, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "schema", RUN_SCHEMA,
			 "wring", PACKAGE_VERSION, "status", status, "where",
			 args->kernels ? "vm" : "host", "clock", clock, "suite",
			 suite_json(args->suite, NULL), "kernels", kernels_json(args),
			 "environment", environment_json(args), "trials", trials_json(args),
			 "sources", sources_json());
}

int run_record_write(const struct run_args *args, const char *status, struct error *err)
{
	_cleanup_free_ char *path = path_join(args->out_dir, "run.json"), *text = NULL;
	json_t *json = run_json(args, status);

	text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;
	json_decref(json);
	if (!path || !text)
		return error_set(err, -ENOMEM, "run.json");
	return file_write_atomic(AT_FDCWD, path, text, strlen(text), err);
}

/* Why a run with these arguments can't go on with that one; NULL when it can. */
static const char *difference(const json_t *old, const struct run_args *args)
{
	json_t *now = run_json(args, "");
	const char *why = NULL;

	if (!json_equal(json_object_get(old, "suite"), json_object_get(now, "suite")))
		why = "another suite (or --set, --seeds, --only)";
	else if (!json_equal(json_object_get(old, "where"), json_object_get(now, "where")) ||
		 !json_equal(json_object_get(old, "clock"), json_object_get(now, "clock")))
		why = "another clock, or not on this kind of machine (--vm)";
	else if (!json_equal(json_object_get(old, "kernels"), json_object_get(now, "kernels")))
		why = "other kernels";
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
