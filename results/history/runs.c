// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/history/runs.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "results/show.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"

#define DEPTH_MAX 32

struct search {
	struct runs *runs;
	const struct strlist *keep;
	struct strlist seen; /* the real paths of those that are there */
	size_t met;	     /* directories of runs, readable or not, known or not */
	struct error *err;
};

const char *dated_run_text(const struct dated_run *run, const char *key)
{
	const char *text = json_string_value(json_object_get(run->run->json, key));

	return text ? text : "";
}

const char *dated_run_suite(const struct dated_run *run)
{
	const json_t *suite = json_object_get(run->run->json, "suite");
	const char *name = json_string_value(json_object_get(suite, "suite"));

	return name ? name : "";
}

const char *dated_run_date(const struct dated_run *run, char buf[static RUN_DATE_MAX])
{
	struct tm tm;

	gmtime_r(&run->started, &tm);
	strftime(buf, RUN_DATE_MAX, "%Y-%m-%d %H:%M", &tm);
	return buf;
}

static int out_of_memory(struct search *s)
{
	return error_set(s->err, -ENOMEM, "look for runs");
}

static int add_problem(struct search *s, const char *text)
{
	return strlist_add(&s->runs->problems, text) < 0 ? out_of_memory(s) : 0;
}

/* ---- when it began ---- */

static bool parse_date(const char *text, const char *format, time_t *ret)
{
	struct tm tm = {};
	const char *end = text ? strptime(text, format, &tm) : NULL;

	/* Two runs of the same second: the later one's name goes on with "-2". */
	if (!end || (*end && *end != '-'))
		return false;
	*ret = timegm(&tm);
	return true;
}

static void find_date(struct dated_run *run, const char *real_path)
{
	_cleanup_free_ char *file = path_join(real_path, "run.json");
	const char *name = strrchr(real_path, '/');
	struct stat st;

	run->dated = DATED_RECORD;
	if (parse_date(dated_run_text(run, "started"), "%Y-%m-%dT%H:%M:%SZ", &run->started))
		return;
	run->dated = DATED_NAME;
	if (name && parse_date(name + 1, "%Y%m%dT%H%M%SZ", &run->started))
		return;
	run->dated = DATED_FILE;
	if (file && stat(file, &st) == 0)
		run->started = st.st_mtime;
}

static int by_time(const void *a, const void *b)
{
	const struct dated_run *x = a, *y = b;

	if (x->started != y->started)
		return (x->started > y->started) - (x->started < y->started);
	return strverscmp(x->run->dir, y->run->dir);
}

/* ---- the walk ---- */

static bool is_kept(const struct strlist *keep, const char *metric)
{
	for (size_t i = 0; keep && i < keep->count; i++)
		if (fnmatch(keep->items[i], metric, 0) == 0)
			return true;
	return !keep;
}

static int drop_metrics(struct search *s, json_t *metrics)
{
	json_t *metric;
	const char *name;
	void *next;

	json_object_foreach_safe(metrics, next, name, metric)
	{
		if (json_object_set_new(s->runs->metrics, name, json_null()) < 0)
			return out_of_memory(s);
		if (!is_kept(s->keep, name))
			json_object_del(metrics, name);
	}
	return 0;
}

/* Hundreds of runs are in memory at once, and most of a trial.json is not asked for again. */
static int drop_bulk(struct search *s, struct run *run)
{
	static const char *const bulk[] = { "closure", "cube",	 "causes",    "start",
					    "phases",  "expect", "workloads", "sampler" };
	int r = 0;

	for (size_t i = 0; r == 0 && i < run->trial_count; i++) {
		json_t *trial = run->trials[i].json;

		for (size_t k = 0; k < ARRAY_SIZE(bulk); k++)
			json_object_del(trial, bulk[k]);
		r = drop_metrics(s, json_object_get(trial, "metrics"));
	}
	json_object_del(run->json, "sources");
	return r;
}

static int add_run(struct search *s, const char *dir)
{
	_cleanup_free_ char *real = realpath(dir, NULL);
	struct dated_run *more;
	struct dated_run run = {};
	struct error err = {};

	s->met++;
	if (!real || strlist_contains(&s->seen, real))
		return 0;
	if (run_open(&run.run, dir, &err) < 0)
		return add_problem(s, err.text);
	run.verdict = show_verdict(run.run);
	if (drop_bulk(s, run.run) < 0) {
		run_close(run.run);
		return -ENOMEM;
	}
	find_date(&run, real);
	more = reallocarray(s->runs->items, s->runs->count + 1, sizeof(*more));
	if (!more) {
		run_close(run.run);
		return out_of_memory(s);
	}
	s->runs->items = more;
	more[s->runs->count++] = run;
	return strlist_add(&s->seen, real) < 0 ? out_of_memory(s) : 0;
}

static bool holds(const char *dir, const char *file)
{
	_cleanup_free_ char *path = path_join(dir, file);

	return path && access(path, F_OK) == 0;
}

static int walk(struct search *s, const char *dir, unsigned depth);

static int walk_entry(struct search *s, const char *dir, const char *name, unsigned depth)
{
	_cleanup_free_ char *path = path_join(dir, name);
	struct stat st;

	if (!path)
		return out_of_memory(s);
	/* "latest" is a link to a run that is beside it. */
	if (lstat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return 0;
	return walk(s, path, depth);
}

static int walk(struct search *s, const char *dir, unsigned depth)
{
	_cleanup_closedir_ DIR *d = NULL;
	struct dirent *entry;
	int r = 0;

	if (holds(dir, "run.json"))
		return add_run(s, dir);
	if (depth == DEPTH_MAX)
		return 0;
	d = opendir(dir);
	if (!d) {
		struct error err = {};

		error_set(&err, -errno, "%s", dir);
		return add_problem(s, err.text);
	}
	while (r == 0 && (entry = readdir(d)))
		if (!streq(entry->d_name, ".") && !streq(entry->d_name, ".."))
			r = walk_entry(s, dir, entry->d_name, depth + 1);
	return r;
}

/* "DIR/" and "DIR" are the same to the user, and the shorter one is to be printed. */
static char *without_slashes(const char *dir)
{
	char *text = strdup(dir);

	for (size_t n = text ? strlen(text) : 0; n > 1 && text[n - 1] == '/'; n--)
		text[n - 1] = '\0';
	return text;
}

int runs_find(struct runs *ret, char *const dirs[], size_t count, const struct strlist *keep,
	      struct error *err)
{
	_cleanup_runs_ struct runs runs = {};
	struct search s = { .runs = &runs, .keep = keep, .err = err };
	int r = 0;

	runs.metrics = json_object();
	if (!runs.metrics)
		return out_of_memory(&s);

	for (size_t i = 0; r == 0 && i < count; i++) {
		size_t before = s.met + runs.problems.count;
		_cleanup_free_ char *dir = without_slashes(dirs[i]), *text = NULL;

		r = dir ? walk(&s, dir, 0) : out_of_memory(&s);
		if (r < 0 || s.met + runs.problems.count > before)
			continue;
		text = text_format("%s: no run is in it", dir);
		r = text ? add_problem(&s, text) : out_of_memory(&s);
	}
	strlist_done(&s.seen);
	if (r < 0)
		return r;
	if (runs.count > 0)
		qsort(runs.items, runs.count, sizeof(*runs.items), by_time);
	*ret = runs;
	runs = (struct runs){};
	return 0;
}

void runs_done(struct runs *runs)
{
	for (size_t i = 0; i < runs->count; i++)
		run_close(runs->items[i].run);
	free(runs->items);
	strlist_done(&runs->problems);
	json_decref(runs->metrics);
	*runs = (struct runs){};
}
