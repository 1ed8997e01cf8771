// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/store.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
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

/* Lists a trial that has run, with nothing read yet. */
static int list_trial(struct run *run, const json_t *entry, struct error *err)
{
	struct stored_trial *trial = &run->trials[run->trial_count];
	const char *dir = json_string_value(json_object_get(entry, "dir"));
	_cleanup_free_ char *path = NULL;

	if (!dir)
		return error_say(err, -EBADMSG, "%s/%s: a trial has no «dir»", run->dir, RUN_FILE);
	path = text_format("%s/%s/%s", run->dir, dir, TRIAL_FILE);
	if (!path)
		return error_set(err, -ENOMEM, "read %s", run->dir);
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return 0; /* not run yet */
	trial->dir = path_join(run->dir, dir);
	if (!trial->dir)
		return error_set(err, -ENOMEM, "read %s", path);
	run->trial_count++;
	return 0;
}

static int read_trial(struct stored_trial *trial, struct error *err)
{
	_cleanup_free_ char *path = path_join(trial->dir, TRIAL_FILE);
	const char *scenario, *kernel;
	json_int_t seed;
	int r;

	if (!path)
		return error_set(err, -ENOMEM, "read %s", trial->dir);
	r = json_read(&trial->json, path, RECORD_SCHEMA, err);
	if (r < 0)
		return r;
	if (json_unpack(trial->json, "{s:s, s:s, s:I}", "scenario", &scenario, "kernel", &kernel,
			"seed", &seed) < 0)
		return error_say(err, -EBADMSG, "%s: scenario, kernel or seed is missing", path);
	trial->scenario = strdup(scenario);
	trial->kernel = strdup(kernel);
	trial->seed = (uint64_t)seed;
	if (!trial->scenario || !trial->kernel)
		return error_set(err, -ENOMEM, "read %s", path);
	return 0;
}

/* Nearly all of the time that a comparison takes is in the parser: threads share the trials. */
#define THREADS_MAX	  16
#define TRIALS_PER_THREAD 16

struct reader {
	struct run *run;
	atomic_size_t *next; /* trial that nobody has taken */
	size_t failed;	     /* trial that this one stopped at; the count when at none */
	struct error err;
	pthread_t thread;
	bool runs;
};

static void *read_share(void *job)
{
	struct reader *reader = job;
	size_t count = reader->run->trial_count, i;

	reader->failed = count;
	while ((i = atomic_fetch_add(reader->next, 1)) < count) {
		if (read_trial(&reader->run->trials[i], &reader->err) < 0) {
			reader->failed = i;
			break;
		}
	}
	return NULL;
}

static size_t thread_count(size_t trials)
{
	cpu_set_t cpus;
	size_t count = sched_getaffinity(0, sizeof(cpus), &cpus) < 0 ? 1 : (size_t)CPU_COUNT(&cpus);

	count = MIN(count, (size_t)THREADS_MAX);
	return MAX(MIN(count, trials / TRIALS_PER_THREAD), (size_t)1);
}

/* What is told is the first trial that can't be read, whoever found it. */
static int read_listed(struct run *run, struct error *err)
{
	struct reader readers[THREADS_MAX] = {};
	size_t count = thread_count(run->trial_count), first = 0;
	atomic_size_t next = 0;

	json_object_seed(0); /* before there are threads: jansson's manual, «Thread safety» */
	for (size_t i = 0; i < count; i++)
		readers[i] = (struct reader){ .run = run, .next = &next };
	for (size_t i = 1; i < count; i++)
		readers[i].runs =
			pthread_create(&readers[i].thread, NULL, read_share, &readers[i]) == 0;
	read_share(&readers[0]);
	for (size_t i = 1; i < count; i++) {
		if (!readers[i].runs)
			continue;
		pthread_join(readers[i].thread, NULL);
		if (readers[i].failed < readers[first].failed)
			first = i;
	}
	if (readers[first].failed == run->trial_count)
		return 0;
	return error_say(err, readers[first].err.code, "%s", readers[first].err.text);
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
		int r = list_trial(run, entry, err);

		if (r < 0)
			return r;
	}
	return read_listed(run, err);
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
