// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "results/json.h"
#include "results/record.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"

#define RUN_FILE   "run.json"
#define TRIAL_FILE "trial.json"

static void cleanup_runp(struct run **run)
{
	run_close(*run);
}

/* A directory of runs is a likely slip: it has the newest one's link. */
static int no_run(const char *dir, struct error *err)
{
	_cleanup_free_ char *latest = text_format("%s/latest/%s", dir, RUN_FILE);

	if (latest && access(latest, R_OK) == 0)
		return error_say(err, -ENOENT, "%s holds runs but is none: did you mean %s/latest?",
				 dir, dir);
	return error_say(err, -ENOENT,
			 "%s is no run: it has no %s. A run is a directory that «wring run» made, "
			 "as wring-results/SUITE/TIME or wring-results/SUITE/latest",
			 dir, RUN_FILE);
}

static int read_trial(struct run *run, const json_t *entry, struct error *err)
{
	struct stored_trial *trial = &run->trials[run->trial_count];
	const char *dir = json_string_value(json_object_get(entry, "dir"));
	_cleanup_free_ char *path = NULL;
	const char *scenario, *kernel;
	json_int_t seed;
	int r;

	if (!dir)
		return error_say(err, -EBADMSG, "%s/%s: a trial has no «dir»", run->dir, RUN_FILE);
	path = text_format("%s/%s/%s", run->dir, dir, TRIAL_FILE);
	if (!path)
		return error_set(err, -ENOMEM, "read %s", run->dir);
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return 0; /* not run yet */
	/* Counted at once, so that run_close() frees it whatever comes. */
	run->trial_count++;
	r = json_read(&trial->json, path, RECORD_SCHEMA, err);
	if (r < 0)
		return r;
	if (json_unpack(trial->json, "{s:s, s:s, s:I}", "scenario", &scenario, "kernel", &kernel,
			"seed", &seed) < 0)
		return error_say(err, -EBADMSG, "%s: scenario, kernel or seed is missing", path);
	trial->scenario = strdup(scenario);
	trial->kernel = strdup(kernel);
	trial->seed = (uint64_t)seed;
	trial->dir = path_join(run->dir, dir);
	if (!trial->scenario || !trial->kernel || !trial->dir)
		return error_set(err, -ENOMEM, "read %s", path);
	return 0;
}

static int read_trials(struct run *run, struct error *err)
{
	json_t *list = json_object_get(run->json, "trials"), *entry;
	size_t i;

	if (!json_is_array(list))
		return error_say(err, -EBADMSG, "%s/%s has no list of trials", run->dir, RUN_FILE);
	run->trials = calloc(json_array_size(list) + 1, sizeof(*run->trials));
	if (!run->trials)
		return error_set(err, -ENOMEM, "read %s", run->dir);
	json_array_foreach (list, i, entry) {
		int r = read_trial(run, entry, err);

		if (r < 0)
			return r;
	}
	return 0;
}

int run_open(struct run **ret, const char *dir, struct error *err)
{
	_cleanup_(cleanup_runp) struct run *run = calloc(1, sizeof(*run));
	_cleanup_free_ char *path = path_join(dir, RUN_FILE);
	int r;

	if (!run || !path)
		return error_set(err, -ENOMEM, "read %s", dir);
	run->dir = strdup(dir);
	if (!run->dir)
		return error_set(err, -ENOMEM, "read %s", dir);
	r = json_read(&run->json, path, RECORD_SCHEMA, err);
	if (r == -ENOENT || r == -ENOTDIR)
		return no_run(dir, err);
	if (r == 0)
		r = read_trials(run, err);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(run);
	return 0;
}

void run_close(struct run *run)
{
	if (!run)
		return;
	for (size_t i = 0; i < run->trial_count; i++) {
		struct stored_trial *trial = &run->trials[i];

		free(trial->scenario);
		free(trial->kernel);
		free(trial->dir);
		json_decref(trial->json);
	}
	free(run->trials);
	json_decref(run->json);
	free(run->dir);
	free(run);
}
