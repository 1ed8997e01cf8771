// SPDX-License-Identifier: GPL-2.0-or-later
/* run.json says when the run began, and goes on saying it when it is written again. */
#include <fcntl.h>

#include "harness/run-record.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "tests/tap.h"

#define OLD "2001-02-03T04:05:06Z"

static json_t *read_run(const char *dir)
{
	_cleanup_free_ char *path = path_join(dir, "run.json");

	return json_load_file(path, 0, NULL);
}

/* started as run.json has it now; the caller compares it. */
static void started(const char *dir, char *buf, size_t size)
{
	json_t *json = read_run(dir);
	const char *text = json_string_value(json_object_get(json, "started"));

	snprintf(buf, size, "%s", text ? text : "");
	json_decref(json);
}

static void test_started(const struct run_args *args)
{
	_cleanup_free_ char *path = path_join(args->out_dir, "run.json"), *text = NULL;
	struct error err = {};
	char first[64], second[64];
	json_t *json;

	tap_eq_i64(run_record_write(args, "running", &err), 0, "written: %s", err.text);
	started(args->out_dir, first, sizeof(first));
	tap_ok(strlen(first) == strlen(OLD) && first[10] == 'T', "it says when: %s", first);
	json = read_run(args->out_dir);
	json_object_set_new(json, "started", json_string(OLD));
	text = json_dumps(json, 0);
	json_decref(json);
	tap_eq_i64(file_write_atomic(AT_FDCWD, path, text, strlen(text), &err), 0,
		   "as of long ago");
	tap_eq_i64(run_record_write(args, "done", &err), 0, "written again");
	started(args->out_dir, second, sizeof(second));
	tap_eq_str(second, OLD, "it has begun when it began");
}

int main(void)
{
	char dir[] = "/tmp/wring-test-run-XXXXXX";
	const char *srcdir = getenv("srcdir");
	_cleanup_free_ char *path = path_join(srcdir ? srcdir : ".", "suites/tour.yaml");
	struct error err = {};
	struct suite *suite;
	struct plan plan;

	if (!tap_ok(mkdtemp(dir) != NULL, "a directory"))
		return tap_done();
	if (tap_eq_i64(suite_load(&suite, path, NULL, NULL, NULL, &err), 0, "a suite: %s",
		       err.text)) {
		if (tap_eq_i64(plan_make(&plan, suite, 1, &err), 0, "a plan: %s", err.text)) {
			const struct run_args args = {
				.suite = suite, .plan = &plan, .kernel_count = 1, .out_dir = dir
			};

			test_started(&args);
			plan_done(&plan);
		}
		suite_free(suite);
	}
	dir_remove(AT_FDCWD, dir, NULL);
	return tap_done();
}
