// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fio as a peer: it reads the very file that a kept worker with the file generator has written, so
 * that both find the same folios in the page cache, or the same extents on the disk.
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/peers.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"

#define ARGUMENTS_MAX 40

/* The path by which another process can open the worker's file, which has no name any more. */
static int find_file(const struct lead *l, char **ret, struct error *err)
{
	_cleanup_free_ char *dir = text_format("/proc/%d/fd", (int)l->pid);
	_cleanup_closedir_ DIR *d = dir ? opendir(dir) : NULL;
	struct dirent *entry;

	while (d && (entry = readdir(d))) {
		_cleanup_free_ char *path = path_join(dir, entry->d_name);
		char target[4096];
		ssize_t n = path ? readlink(path, target, sizeof(target) - 1) : -1;

		if (n <= 0)
			continue;
		target[n] = '\0';
		if (!starts_with(target, l->args.dir))
			continue;
		*ret = TAKE_PTR(path);
		return 0;
	}
	return error_say(err, -ENOENT, "the worker has no file open in %s", l->args.dir);
}

static double number(const json_t *job, const char *part, const char *key)
{
	const json_t *at = part ? json_object_get(job, part) : job;

	return json_number_value(json_object_get(at, key));
}

static int read_result(const char *path, struct sample *ret, struct error *err)
{
	json_error_t where;
	json_t *root = json_load_file(path, 0, &where);
	const json_t *job = json_array_get(json_object_get(root, "jobs"), 0);
	double run_ms = number(job, NULL, "job_runtime");
	double share = (number(job, NULL, "usr_cpu") + number(job, NULL, "sys_cpu")) / 100;
	double ops = number(job, "read", "total_ios"), wall_ms = number(job, "read", "runtime");
	int r = 0;

	if (!root)
		r = error_say(err, -EINVAL, "fio's result: %s", where.text);
	else if (number(job, NULL, "error") != 0 || !(ops > 0 && wall_ms > 0 && run_ms > 0))
		r = error_say(err, -EINVAL, "fio's result has no reads: see %s", path);
	else
		*ret = (struct sample){ .ops = ops,
					.wall_ns = wall_ms * 1e6,
					.cpu_ns = share * run_ms * 1e6 };
	json_decref(root);
	return r;
}

int measure_fio(const struct bench *b, const struct side *s, struct sample *ret, struct error *err)
{
	const struct peer_job *job = s->job;
	_cleanup_free_ char *file = NULL, *name = NULL, *result = NULL, *output = NULL;
	const char *argv[ARGUMENTS_MAX] = {
		"fio",
		"--name=wring-bench",
		"--readonly",
		"--output-format=json",
		"--time_based=1",
		"--invalidate=0",
		/* As a worker does it: no map of what was read; a buffer that begins with a page,
		 * as malloc's does not, which makes a copy of 1M a fifth slower. */
		"--norandommap=1",
		"--mem=mmap",
	};
	size_t n = 0;
	int r = find_file(b->kept, &file, err);

	if (r < 0)
		return r;
	name = text_format("--filename=%s", file);
	result = path_join(b->disk_dir, "fio.json");
	output = text_format("--output=%s/fio.json", b->disk_dir);
	if (!name || !result || !output)
		return error_set(err, -ENOMEM, "fio");
	while (argv[n])
		n++;
	argv[n++] = name;
	argv[n++] = output;
	for (size_t i = 0; job->arguments[i] && n < ARGUMENTS_MAX - 1; i++)
		argv[n++] = job->arguments[i];
	r = peer_run(b, argv, err);
	return r < 0 ? r : read_result(result, ret, err);
}
