// SPDX-License-Identifier: GPL-2.0-or-later
/* Bare loops on files and names; see bare.c. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/bench.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "workloads/pattern.h"

#define BLOCK	   4096
#define BATCH	   1024 /* calls between two looks at the stop flag */
#define FILL_BYTES (1 << 20)

struct bare_file_options {
	uint64_t size_bytes;
	char *dir;
};

static const struct option_spec bare_file_options[] = {
	OPTION_SIZE(struct bare_file_options, size_bytes, .name = "size", .fallback = "4K",
		    .help = "bytes of the file"),
	OPTION_STRING(struct bare_file_options, dir, .name = "dir", .help = "where it is"),
	{}
};

static int bare_file_plan(const void *options, const struct workload_site *site,
			  struct workload_plan *ret, struct error *err)
{
	const struct bare_file_options *o = options;

	(void)site;
	(void)err;
	*ret = (struct workload_plan){ .ops_per_pass = o->size_bytes / BLOCK, .dir = o->dir };
	return 0;
}

/* ---- reads of 4 KiB ---- */

struct bare_reader {
	int fd;
	unsigned char buffer[BLOCK] __attribute__((aligned(BLOCK)));
};

static int fill(int fd, uint64_t bytes)
{
	_cleanup_free_ unsigned char *chunk = malloc(FILL_BYTES);

	if (!chunk)
		return -ENOMEM;
	for (uint64_t at = 0; at < bytes; at += FILL_BYTES) {
		size_t part = MIN((uint64_t)FILL_BYTES, bytes - at);
		int r;

		memset(chunk, (int)(at / FILL_BYTES) | 1, part);
		r = file_write_all(fd, chunk, part);
		if (r < 0)
			return r;
	}
	return fsync(fd) < 0 ? -errno : 0;
}

static int read_setup(struct worker *w, struct error *err)
{
	const struct bare_file_options *o = w->options;
	_cleanup_free_ char *path = path_join(w->dir, "file");
	_cleanup_close_ int fd = -1;
	int r;

	if (!path)
		return error_set(err, -ENOMEM, "bare loop");
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_set(err, -errno, "create %s", path);
	r = fill(fd, o->size_bytes);
	return r < 0 ? error_set(err, r, "fill %s", path) : 0;
}

static int read_thread_setup(struct workload_thread *t, struct error *err)
{
	_cleanup_free_ char *path = path_join(t->worker->dir, "file");
	struct bare_reader *b = aligned_alloc(BLOCK, sizeof(*b));

	t->state = b;
	if (!path || !b)
		return error_set(err, -ENOMEM, "bare loop");
	b->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOATIME);
	return b->fd < 0 ? error_set(err, -errno, "open %s", path) : 0;
}

static int64_t read_step(struct workload_thread *t, uint64_t budget, struct error *err)
{
	const struct bare_file_options *o = t->worker->options;
	uint64_t count = MIN(budget, (uint64_t)BATCH), blocks = o->size_bytes / BLOCK;
	struct bare_reader *b = t->state;

	for (uint64_t i = 0; i < count; i++)
		if (pread(b->fd, b->buffer, BLOCK, (off_t)(rng_below(&t->rng, blocks) * BLOCK)) !=
		    BLOCK)
			return error_set(err, -EIO, "read a block");
	workload_record_untimed(t, count, count * BLOCK);
	return (int64_t)count;
}

static void read_thread_teardown(struct workload_thread *t)
{
	struct bare_reader *b = t->state;

	if (b && b->fd >= 0)
		close(b->fd);
	free(b);
}

const struct workload_ops bare_read = {
	.name = "bare pread",
	.options = bare_file_options,
	.options_size = sizeof(struct bare_file_options),
	.plan = bare_file_plan,
	.setup = read_setup,
	.thread_setup = read_thread_setup,
	.step = read_step,
	.thread_teardown = read_thread_teardown,
};
