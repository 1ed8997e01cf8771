// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page cache: files read and written block by block in a set order, by one of three engines. They
 * are written whole in the setup phase, so that each block is on the disk and checkable, and are
 * unlinked before work begins: a killed worker leaves none.
 */
#include "workloads/file-engine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "src/cleanup.h"
#include "src/macro.h"
#include "workloads/scratch.h"

extern const struct workload_ops workload_file;

#define BATCH	     32
#define BATCH_BYTES  (1 << 20)
#define FILL_BYTES   (1 << 20)
#define DIRECT_BYTES 4096 /* suits every filesystem and disk */
/* What io_uring registers as one buffer at most. */
#define RING_BYTES_MAX (1ull << 30)

static const char *const engine_names[] = { "pread", "mmap", "io_uring", NULL };
static const char *const advice_names[] = { "none",	"random",   "sequential", "noreuse",
					    "willneed", "dontneed", NULL };

static const struct option_spec file_options[] = {
	OPTION_SIZE(struct file_options, size_bytes, .name = "size", .required = true, .min = 4096,
		    .max = 1ull << 44, .help = "bytes of all files together"),
	OPTION_U64(struct file_options, files, .name = "files", .fallback = "1", .min = 1,
		   .max = 1024, .help = "number of files, equal in size"),
	OPTION_SIZE(struct file_options, block_bytes, .name = "block", .fallback = "4K", .min = 512,
		    .max = 16 << 20, .help = "bytes of an access"),
	PATTERN_OPTIONS(struct file_options, pattern),
	OPTION_SHARE(struct file_options, write, .name = "write", .fallback = "0%",
		     .help = "share of accesses that write"),
	OPTION_CHOICE(struct file_options, engine, .name = "engine", .fallback = "pread",
		      .choices = engine_names,
		      .help = "pread: pread, pwrite; mmap: touches each page of the block in a "
			      "shared mapping; io_uring: depth accesses at once, buffers and files "
			      "registered"),
	OPTION_U64(struct file_options, depth, .name = "depth", .fallback = "32", .min = 1,
		   .max = 1024, .help = "io_uring: accesses under way at once, a thread"),
	OPTION_BOOL(struct file_options, direct, .name = "direct", .fallback = "false",
		    .help = "pread, io_uring: past the page cache (O_DIRECT)"),
	OPTION_U64(struct file_options, fsync_every, .name = "fsync", .fallback = "0",
		   .max = 1 << 30,
		   .help = "fsync the file after every so many writes of a thread, as part of the "
			   "last one; 0: never"),
	OPTION_CHOICE(
		struct file_options, advice, .name = "fadvise", .fallback = "none",
		.choices = advice_names,
		.help = "random: no read-ahead; sequential: twice as much; noreuse: accesses "
			"don't count as use (Linux 6.3, mglru); willneed: before each access, "
			"read its block; dontneed: after each access, drop its block"),
	OPTION_BOOL(struct file_options, cold, .name = "cold", .fallback = "true",
		    .help = "begin with none of it in the page cache (a tmpfs is all page cache)"),
	OPTION_BOOL(struct file_options, verify, .name = "verify", .fallback = "false",
		    .help = "check a block's whole contents at each read"),
	OPTION_SHARE(struct file_options, compressibility, .name = "compressibility",
		     .fallback = "50%", .help = "share of a page that a compressor can remove"),
	SCRATCH_OPTION(struct file_options, dir),
	{}
};

static const struct counter_spec file_counters[] = {
	[FILE_WRITES] = { "writes", "ops", "Accesses that wrote" },
	[FILE_FSYNCS] = { "fsyncs", "events", "Calls of fsync" },
	{}
};

/* By enum file_engine_kind. */
static const struct file_engine *const engines[] = { &file_pread, &file_mmap, &file_uring };

/* ---- plan ---- */

static int check_block(const struct file_options *o, size_t page, struct error *err)
{
	unsigned long long block = o->block_bytes;

	if (block % 512)
		return error_say(err, -EINVAL, "block: %llu is not a multiple of 512", block);
	if (o->size_bytes % (o->files * block))
		return error_say(err, -EINVAL,
				 "size: %llu is not a multiple of %llu files of whole blocks of "
				 "%llu bytes",
				 (unsigned long long)o->size_bytes, (unsigned long long)o->files,
				 block);
	if (block > page && block % page)
		return error_say(err, -EINVAL,
				 "block: %llu is more than a page of %zu, and not "
				 "whole pages",
				 block, page);
	if (o->engine == FILE_MMAP && block % page)
		return error_say(err, -EINVAL, "engine: mmap needs blocks of whole pages of %zu",
				 page);
	if (o->advice == FILE_ADVICE_DONTNEED && block % page)
		return error_say(err, -EINVAL,
				 "fadvise: dontneed needs blocks of whole pages of %zu", page);
	return 0;
}

static int check_direct(const struct file_options *o, struct error *err)
{
	if (!o->direct)
		return 0;
	if (o->engine == FILE_MMAP)
		return error_say(err, -EINVAL,
				 "direct: a mapping is page cache: use engine: pread "
				 "or io_uring");
	if (o->block_bytes % DIRECT_BYTES)
		return error_say(err, -EINVAL, "direct: block: %llu is not a multiple of %d",
				 (unsigned long long)o->block_bytes, DIRECT_BYTES);
	if (scratch_is_tmpfs(o->dir))
		return error_say(err, -EINVAL, "direct: a tmpfs is page cache: use another dir");
	if (o->advice != FILE_ADVICE_NONE)
		return error_say(err, -EINVAL,
				 "fadvise: %s is for the page cache, which direct: passes by",
				 advice_names[o->advice]);
	if (!o->cold)
		return error_say(err, -EINVAL,
				 "cold: false would leave a page cache that direct: "
				 "passes by");
	return 0;
}

static int check_rest(const struct file_options *o, struct error *err)
{
	if (o->advice != FILE_ADVICE_NONE && scratch_is_tmpfs(o->dir))
		return error_say(err, -EINVAL, "fadvise: a tmpfs takes no advice");
	if (o->fsync_every && o->write <= 0)
		return error_say(err, -EINVAL, "fsync: nothing is written: set write:");
	if (o->engine == FILE_URING && o->depth * o->block_bytes > RING_BYTES_MAX)
		return error_say(
			err, -EINVAL,
			"depth: %llu blocks of %llu bytes are more than 1G, which io_uring "
			"takes for a ring",
			(unsigned long long)o->depth, (unsigned long long)o->block_bytes);
	return 0;
}

static int file_plan(const void *options, const struct workload_site *site,
		     struct workload_plan *ret, struct error *err)
{
	const struct file_options *o = options;
	uint64_t buffers = engines[o->engine]->buffers(o) * o->block_bytes * site->threads;
	bool tmpfs = scratch_is_tmpfs(o->dir);

	if (check_block(o, site->page_bytes, err) < 0 || check_direct(o, err) < 0 ||
	    check_rest(o, err) < 0)
		return -EINVAL;
	if (pattern_check(&o->pattern, o->size_bytes / o->block_bytes, site->threads, err) < 0)
		return -EINVAL;
	*ret = (struct workload_plan){
		.footprint_bytes = buffers + (tmpfs ? o->size_bytes : 0),
		.pinned_bytes = o->engine == FILE_URING ? buffers : 0,
		.disk_bytes = tmpfs ? 0 : o->size_bytes,
		.ops_per_pass = o->size_bytes / o->block_bytes,
		.dir = o->dir,
	};
	return 0;
}

/* ---- accesses ---- */

uint64_t file_batch(const struct file *f, uint64_t budget)
{
	uint64_t most = MIN(MAX(BATCH_BYTES / f->block_bytes, (size_t)1), (size_t)BATCH);

	return MIN(budget, most);
}

static void fill_block(const struct file *f, void *block, uint64_t number)
{
	for (size_t i = 0; i < f->contents; i++)
		content_fill(&f->content, (unsigned char *)block + i * f->content.block_bytes,
			     number * f->contents + i);
}

void file_prepare(const struct file *f, void *block, const struct file_access *a)
{
	if (f->options->verify)
		fill_block(f, block, a->block);
	else
		content_touch(block); /* any block's contents, new each time */
}

void file_check(struct workload_thread *t, const void *block, const struct file_access *a)
{
	const struct file *f = t->worker->state;

	if (!f->options->verify)
		return;
	for (size_t i = 0; i < f->contents; i++)
		if (!content_verify(&f->content,
				    (const unsigned char *)block + i * f->content.block_bytes,
				    a->block * f->contents + i)) {
			t->report->errors++;
			return;
		}
}

void file_advise_before(const struct file_thread *ft, const struct file_access *a)
{
	if (ft->file->options->advice == FILE_ADVICE_WILLNEED)
		posix_fadvise(ft->fds[a->file], (off_t)a->offset, (off_t)ft->file->block_bytes,
			      POSIX_FADV_WILLNEED);
}

void file_advise_after(const struct file_thread *ft, const struct file_access *a)
{
	if (ft->file->options->advice == FILE_ADVICE_DONTNEED)
		posix_fadvise(ft->fds[a->file], (off_t)a->offset, (off_t)ft->file->block_bytes,
			      POSIX_FADV_DONTNEED);
}

/* ---- setup ---- */

/* Each thread has a descriptor of each file; the harness's limit is for less. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit); /* an open() that fails says what is wrong */
}

/*
 * What has been written leaves the page cache at once, long before a limit would evict it: the
 * shadow of a page that was evicted would make its first read a refault.
 */
static int drop_range(int fd, off_t offset, off_t bytes)
{
	const unsigned written =
		SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;

	if (sync_file_range(fd, offset, bytes, written) < 0)
		return -errno;
	return -posix_fadvise(fd, offset, bytes, POSIX_FADV_DONTNEED);
}

static int fill_file(const struct file *f, unsigned number, int fd, const char *path,
		     struct error *err)
{
	size_t chunk = MAX(FILL_BYTES / f->block_bytes, (size_t)1);
	_cleanup_free_ unsigned char *buffer = malloc(chunk * f->block_bytes);
	uint64_t first = number * f->file_blocks, count;
	int r = 0;

	if (!buffer)
		return error_set(err, -ENOMEM, "fill %s", path);
	for (uint64_t at = 0; at < f->file_blocks; at += count) {
		off_t offset = (off_t)(at * f->block_bytes);
		ssize_t bytes, n;

		count = MIN((uint64_t)chunk, f->file_blocks - at);
		bytes = (ssize_t)(count * f->block_bytes);
		for (size_t i = 0; i < count; i++)
			fill_block(f, buffer + i * f->block_bytes, first + at + i);
		n = pwrite(fd, buffer, (size_t)bytes, offset);
		if (n != bytes) /* the rest of a short write would say ENOSPC */
			return error_set(err, n < 0 ? -errno : -ENOSPC, "fill %s", path);
		if (f->options->cold)
			r = drop_range(fd, offset, bytes);
		if (r < 0)
			return error_set(err, r, "write %s back", path);
	}
	return 0;
}

/* The pages are clean afterwards, and gone when the work is to begin cold. */
static int make_file(const struct file *f, unsigned number, const char *path, struct error *err)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int r;

	if (fd < 0)
		return error_set(err, -errno, "create %s", path);
	r = fill_file(f, number, fd, path, err);
	if (r < 0)
		return r;
	if (fsync(fd) < 0)
		return error_set(err, -errno, "fsync %s", path);
	r = f->options->cold ? -posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) : 0;
	return r < 0 ? error_set(err, r, "drop the page cache of %s", path) : 0;
}

static int advise_open(const struct file_options *o, int fd)
{
	switch (o->advice) {
	case FILE_ADVICE_RANDOM:
		return -posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
	case FILE_ADVICE_SEQUENTIAL:
		return -posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	case FILE_ADVICE_NOREUSE:
		return -posix_fadvise(fd, 0, 0, POSIX_FADV_NOREUSE);
	default:
		return 0;
	}
}

/* A descriptor for each thread. */
static int open_file(struct file *f, unsigned number, const char *path, struct error *err)
{
	int flags = O_RDWR | O_CLOEXEC | O_NOATIME | (f->options->direct ? O_DIRECT : 0), r;

	for (unsigned i = 0; i < f->threads; i++) {
		int fd = open(path, flags);

		if (fd < 0 && errno == EINVAL && f->options->direct)
			return error_say(
				err, -EINVAL,
				"direct: the filesystem of %s has no O_DIRECT: use another "
				"dir",
				path);
		if (fd < 0)
			return error_set(err, -errno, "open %s for thread %u of %u", path, i + 1,
					 f->threads);
		f->fds[i * f->files + number] = fd;
		r = advise_open(f->options, fd);
		if (r < 0)
			return error_set(err, r, "fadvise: %s", advice_names[f->options->advice]);
	}
	return 0;
}

/* Made, opened, unlinked. */
static int add_file(struct file *f, unsigned number, const char *dir, struct error *err)
{
	_cleanup_free_ char *path = NULL;
	int r;

	if (asprintf(&path, "%s/file-%u", dir, number) < 0) {
		path = NULL;
		return error_set(err, -ENOMEM, "file");
	}
	r = make_file(f, number, path, err);
	if (r == 0)
		r = open_file(f, number, path, err);
	if (unlink(path) < 0 && r == 0)
		r = error_set(err, -errno, "unlink %s", path);
	return r;
}

static int map_files(struct file *f, struct error *err)
{
	size_t bytes = f->file_blocks * f->block_bytes, all = bytes * f->files;
	int advice = f->options->advice == FILE_ADVICE_RANDOM	    ? MADV_RANDOM
		     : f->options->advice == FILE_ADVICE_SEQUENTIAL ? MADV_SEQUENTIAL
								    : MADV_NORMAL;
	void *map = mmap(NULL, all, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (map == MAP_FAILED)
		return error_set(err, -errno, "map %zu bytes", all);
	f->map = map;
	for (unsigned i = 0; i < f->files; i++)
		if (mmap(f->map + i * bytes, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
			 f->fds[i], 0) == MAP_FAILED)
			return error_set(err, -errno, "map a file of %zu bytes", bytes);
	/* A fault heeds this advice, and not the descriptor's. */
	if (advice != MADV_NORMAL && madvise(f->map, all, advice) < 0)
		return error_set(err, -errno, "madvise: %s", advice_names[f->options->advice]);
	return 0;
}

static void describe(struct file *f, const struct worker *w)
{
	const struct file_options *o = w->options;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	f->options = o;
	f->engine = engines[o->engine];
	f->block_bytes = o->block_bytes;
	f->blocks = o->size_bytes / o->block_bytes;
	f->files = (unsigned)o->files;
	f->file_blocks = f->blocks / f->files;
	f->threads = w->threads;
	content_init(&f->content, w->seed, MIN(f->block_bytes, page), o->compressibility);
	f->contents = f->block_bytes / f->content.block_bytes;
}

static int file_setup(struct worker *w, struct error *err)
{
	struct file *f = calloc(1, sizeof(*f));
	size_t count;
	int r;

	if (!f)
		return error_set(err, -ENOMEM, "file");
	w->state = f;
	describe(f, w);
	count = (size_t)f->files * f->threads;
	f->fds = malloc(count * sizeof(*f->fds));
	if (!f->fds)
		return error_set(err, -ENOMEM, "%zu descriptors", count);
	for (size_t i = 0; i < count; i++)
		f->fds[i] = -1;
	r = pattern_init(&f->pattern, &f->options->pattern, f->blocks, w, err);
	if (r == 0)
		r = scratch_setup(w, f->options->dir, NULL, err);
	raise_descriptor_limit();
	for (unsigned i = 0; r == 0 && i < f->files; i++)
		r = add_file(f, i, w->dir, err);
	if (r == 0 && f->options->engine == FILE_MMAP)
		r = map_files(f, err);
	return r;
}

static void file_teardown(struct worker *w)
{
	struct file *f = w->state;

	if (!f)
		return;
	if (f->map)
		munmap(f->map, f->blocks * f->block_bytes);
	for (size_t i = 0; f->fds && i < (size_t)f->files * f->threads; i++)
		if (f->fds[i] >= 0)
			close(f->fds[i]);
	free(f->fds);
	pattern_done(&f->pattern);
	free(f);
	w->state = NULL;
}

/* ---- threads ---- */

static int file_thread_setup(struct workload_thread *t, struct error *err)
{
	struct file *f = t->worker->state;
	struct file_thread *ft = calloc(1, sizeof(*ft));
	uint64_t buffers = f->engine->buffers(f->options);

	if (!ft)
		return error_set(err, -ENOMEM, "file");
	t->state = ft;
	ft->file = f;
	ft->fds = f->fds + (size_t)t->index * f->files;
	if (buffers) {
		size_t bytes = buffers * f->block_bytes;
		void *buffer = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (buffer == MAP_FAILED)
			return error_set(err, -errno, "map %zu bytes of buffers", bytes);
		ft->buffer = buffer;
		ft->buffer_bytes = bytes;
	}
	for (uint64_t i = 0; i < buffers; i++)
		fill_block(f, ft->buffer + i * f->block_bytes, i);
	return f->engine->thread_setup ? f->engine->thread_setup(t, err) : 0;
}

static int64_t file_step(struct workload_thread *t, uint64_t budget, struct error *err)
{
	const struct file *f = t->worker->state;

	return f->engine->step(t, budget, err);
}

static int file_thread_wait(struct workload_thread *t, uint64_t until_ns, struct error *err)
{
	const struct file *f = t->worker->state;

	return f->engine->thread_wait ? f->engine->thread_wait(t, until_ns, err) : 0;
}

static int file_thread_settle(struct workload_thread *t, struct error *err)
{
	const struct file *f = t->worker->state;

	return f->engine->thread_settle ? f->engine->thread_settle(t, err) : 0;
}

static void file_thread_teardown(struct workload_thread *t)
{
	struct file_thread *ft = t->state;

	if (!ft)
		return;
	if (ft->file->engine->thread_teardown)
		ft->file->engine->thread_teardown(ft);
	if (ft->buffer)
		munmap(ft->buffer, ft->buffer_bytes);
	free(ft);
	t->state = NULL;
}

const struct workload_ops workload_file = {
	.name = "file",
	.summary = "files read and written block by block: page cache, or direct I/O",
	.options = file_options,
	.options_size = sizeof(struct file_options),
	.counters = file_counters,
	.plan = file_plan,
	.setup = file_setup,
	.thread_setup = file_thread_setup,
	.step = file_step,
	.thread_wait = file_thread_wait,
	.thread_settle = file_thread_settle,
	.thread_teardown = file_thread_teardown,
	.teardown = file_teardown,
};
