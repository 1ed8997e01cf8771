// SPDX-License-Identifier: GPL-2.0-or-later
/* The bare loop on names: a file created, the oldest one unlinked; see bare.c. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/bench.h"
#include "src/macro.h"

#define BATCH 128 /* pairs between two looks at the stop flag */

struct bare_names_options {
	uint64_t live;
	char *dir;
};

static const struct option_spec bare_names_options[] = {
	OPTION_U64(struct bare_names_options, live, .name = "live", .fallback = "1000", .min = 1,
		   .help = "files that are there at a time"),
	OPTION_STRING(struct bare_names_options, dir, .name = "dir", .help = "where they are"),
	{}
};

static int names_plan(const void *options, const struct workload_site *site,
		      struct workload_plan *ret, struct error *err)
{
	const struct bare_names_options *o = options;

	(void)site;
	(void)err;
	*ret = (struct workload_plan){ .ops_per_pass = o->live, .dir = o->dir };
	return 0;
}

static int names_setup(struct worker *w, struct error *err)
{
	(void)w;
	(void)err;
	return 0;
}

static int create(int dir, uint64_t number)
{
	char name[24];
	int fd;

	snprintf(name, sizeof(name), "%016llx", (unsigned long long)number);
	fd = openat(dir, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	return fd < 0 ? -1 : close(fd);
}

static int drop(int dir, uint64_t number)
{
	char name[24];

	snprintf(name, sizeof(name), "%016llx", (unsigned long long)number);
	return unlinkat(dir, name, 0);
}

/* A directory of the thread's own; its descriptor is all the state. */
static int names_thread_setup(struct workload_thread *t, struct error *err)
{
	const struct bare_names_options *o = t->worker->options;
	char path[4096];
	int dir;

	snprintf(path, sizeof(path), "%s/%u", t->worker->dir, t->index);
	if (mkdir(path, 0700) < 0)
		return error_set(err, -errno, "make %s", path);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return error_set(err, -errno, "open %s", path);
	t->cursor[1] = (uint64_t)dir;
	for (; t->cursor[0] < o->live; t->cursor[0]++)
		if (create(dir, t->cursor[0]) < 0)
			return error_set(err, -errno, "create a file in %s", path);
	return 0;
}

static int64_t churn_step(struct workload_thread *t, uint64_t budget, struct error *err)
{
	const struct bare_names_options *o = t->worker->options;
	uint64_t count = MIN(budget, (uint64_t)BATCH), next = t->cursor[0];
	int dir = (int)t->cursor[1];

	for (uint64_t i = 0; i < count; i++, next++)
		if (create(dir, next) < 0 || drop(dir, next - o->live) < 0)
			return error_set(err, -errno, "churn names");
	t->cursor[0] = next;
	workload_record_untimed(t, count, 0);
	return (int64_t)count;
}

const struct workload_ops bare_churn = {
	.name = "bare churn",
	.options = bare_names_options,
	.options_size = sizeof(struct bare_names_options),
	.plan = names_plan,
	.setup = names_setup,
	.thread_setup = names_thread_setup,
	.step = churn_step,
};
