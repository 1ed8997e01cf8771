// SPDX-License-Identifier: GPL-2.0-or-later
/* The dentry generator's mode readdir. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "workloads/dentry.h"

#define LIST_BYTES 16384 /* some 300 entries */
#define LIST_CALLS 8	 /* of getdents64(2) in a step */

/* As getdents64(2) has it. */
struct listed {
	uint64_t inode, offset;
	uint16_t length;
	unsigned char type;
	char name[];
};

/* How many numbers below end leave that remainder. */
static uint64_t below(uint64_t end, uint64_t width, uint64_t remainder)
{
	return end / width + (end % width > remainder);
}

/* Files of a way; with shared, other threads' are there, too. */
static uint64_t expected_files(const struct workload_thread *t, uint64_t way)
{
	const struct dentry_options *o = t->worker->options;
	const struct dentry_thread *dt = t->state;

	if (o->shared)
		return below(o->entries, o->width, way);
	return below(dt->begin + dt->count, o->width, way) - below(dt->begin, o->width, way);
}

int dentry_list_setup(struct dentry_thread *dt, struct error *err)
{
	dt->list_fd = -1;
	dt->list = malloc(LIST_BYTES);
	return dt->list ? 0 : error_set(err, -ENOMEM, "dentry");
}

void dentry_list_give_up(struct dentry_thread *dt)
{
	if (dt->list_fd >= 0)
		close(dt->list_fd);
	dt->list_fd = -1;
}

void dentry_list_done(struct dentry_thread *dt)
{
	if (!dt->list)
		return;
	dentry_list_give_up(dt);
	free(dt->list);
	dt->list = NULL;
}

static int begin_list(struct workload_thread *t, struct error *err)
{
	struct dentry_thread *dt = t->state;
	const char *path;

	dt->list_start = workload_begin(t);
	dt->list_way = dentry_choose(dt);
	dt->list_files = 0;
	path = dentry_tree_way(&dt->tree, dt->tree.path, dt->list_way);
	dt->list_fd = openat(dt->tree.base, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dt->list_fd < 0 ? error_set(err, -errno, "open %s", path) : 0;
}

static void end_list(struct workload_thread *t)
{
	struct dentry_thread *dt = t->state;

	close(dt->list_fd);
	dt->list_fd = -1;
	t->report->counters[COUNT_LISTED] += dt->list_files;
	if (dt->list_files != expected_files(t, dt->list_way))
		t->report->errors++;
	workload_record(t, 0, dt->list_start);
}

/* One call of getdents64(2). Returns 1 when the directory is over, 0 when not yet. */
static int list_some(struct workload_thread *t, struct error *err)
{
	struct dentry_thread *dt = t->state;
	int r = dt->list_fd < 0 ? begin_list(t, err) : 0;
	long n;

	if (r < 0)
		return r;
	n = syscall(SYS_getdents64, dt->list_fd, dt->list, LIST_BYTES);
	if (n < 0)
		return error_set(err, -errno, "list way %llu", (unsigned long long)dt->list_way);
	for (long at = 0; at < n;) {
		const struct listed *entry = (const void *)(dt->list + at);

		dt->list_files += *entry->name == 'e';
		at += entry->length;
	}
	if (n == 0)
		end_list(t);
	return n == 0;
}

int64_t dentry_list_step(struct workload_thread *t, uint64_t budget, struct error *err)
{
	uint64_t done = 0;

	for (unsigned calls = 0; calls < LIST_CALLS && done < budget; calls++) {
		int r = list_some(t, err);

		if (r < 0)
			return r;
		done += (uint64_t)r;
	}
	return (int64_t)done;
}
