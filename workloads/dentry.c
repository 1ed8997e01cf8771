// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Slab-heavy churn of dentries and inodes: names are made, looked up, renamed, listed and removed
 * in a tree of a set depth and width (dentry-tree.h). Each thread has entries of its own, in a
 * tree of its own or beside the others' in a shared one; the kernel charges their dentries and
 * inodes to the workload's cgroup.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/macro.h"
#include "workloads/dentry.h"
#include "workloads/scratch.h"

extern const struct workload_ops workload_dentry;

static const char *const mode_names[] = { "churn",   "stat",  "rename", "negative",
					  "readdir", "inode", NULL };

static const struct counter_spec dentry_counters[] = {
	[COUNT_CREATED] = { "created", "entries", "files made", false },
	[COUNT_REMOVED] = { "removed", "entries", "files unlinked", false },
	[COUNT_LIVE] = { "live", "entries", "files that are there", true },
	[COUNT_ABSENT] = { "absent", "look-ups", "look-ups of names that are not there", false },
	[COUNT_LISTED] = { "listed", "entries", "entries read by readdir", false },
	{},
};

#define DEPTH_MAX 64
/*
 * What a file keeps in memory on a tmpfs, where nothing of it can be reclaimed: an inode (about
 * 700 bytes), a dentry (192), the directory's own record of it. With that, a slab's waste.
 */
#define TMPFS_ENTRY_BYTES 1280
#define NAME_INLINE	  32 /* a longer one lies beside its dentry, DNAME_INLINE_LEN in dcache.h */
/* mke2fs makes an inode for so many bytes of a disk, of one that is smaller than a limit or not. */
#define SMALL_DISK_BYTES	(UINT64_C(512) << 20)
#define SMALL_DISK_INODE_BYTES	UINT64_C(4096)
#define COMMON_DISK_INODE_BYTES UINT64_C(16384)
#define DISK_BLOCK_BYTES	UINT64_C(4096)

static const struct option_spec dentry_options[] = {
	OPTION_CHOICE(struct dentry_options, mode, .name = "mode", .fallback = "churn",
		      .choices = mode_names,
		      .help = "an operation: churn creates a file and unlinks one; stat; rename to "
			      "another name and back; negative looks up what is not there (tmpfs "
			      "caches no such dentry); readdir lists a directory; inode opens and "
			      "closes an empty file"),
	OPTION_U64(
		struct dentry_options, entries, .name = "entries", .fallback = "10000", .min = 1,
		.max = 100000000,
		.help = "files of all threads together, among which operations choose; negative: "
			"names; churn: files made in a pass"),
	OPTION_U64(struct dentry_options, live, .name = "live", .fallback = "0", .max = 100000000,
		   .help = "churn: files that are kept, the oldest goes; 0: each goes at once"),
	OPTION_BOOL(struct dentry_options, fresh, .name = "fresh", .fallback = "false",
		    .help = "negative: a new name each time, not one of entries again"),
	OPTION_U64(struct dentry_options, depth, .name = "depth", .fallback = "0", .max = DEPTH_MAX,
		   .help = "directories on the way to each file"),
	OPTION_U64(struct dentry_options, width, .name = "width", .fallback = "1", .min = 1,
		   .max = 1000000, .help = "directories that a thread's files are spread over"),
	OPTION_U64(
		struct dentry_options, name_length, .name = "name_length", .fallback = "24",
		.min = DENTRY_NAME_MIN, .max = NAME_MAX,
		.help = "bytes of a name; one above 31 (39 on newer kernels) is allocated beside "
			"its dentry"),
	OPTION_BOOL(struct dentry_options, shared, .name = "shared", .fallback = "false",
		    .help = "threads share their directories, and their locks"),
	SCRATCH_OPTION(struct dentry_options, dir),
	PATTERN_OPTIONS(struct dentry_options, pattern),
	{}
};

static bool has_files(const struct dentry_options *o)
{
	return o->mode != MODE_CHURN && o->mode != MODE_NEGATIVE;
}

/* Whether operations choose among entries (readdir: directories) at all. */
static bool chooses(const struct dentry_options *o)
{
	return o->mode != MODE_CHURN && !o->fresh;
}

/* Whether they choose among all threads' entries. To rename one, a thread must own it. */
static bool chooses_all(const struct dentry_options *o)
{
	return chooses(o) && o->shared && o->mode != MODE_RENAME && o->mode != MODE_READDIR;
}

static int check_pattern(const struct dentry_options *o, uint64_t threads, struct error *err)
{
	if (!chooses(o)) {
		if (o->pattern.kind == PATTERN_SEQUENTIAL)
			return 0;
		return error_say(err, -EINVAL, "pattern: %s takes its names in order",
				 o->fresh ? "fresh" : "mode churn");
	}
	if (o->entries < threads)
		return error_say(err, -EINVAL, "entries: %llu threads can't share %llu",
				 (unsigned long long)threads, (unsigned long long)o->entries);
	if (has_files(o) && o->entries / threads < o->width)
		return error_say(err, -EINVAL,
				 "width: %llu directories are more than the %llu files of a thread",
				 (unsigned long long)o->width,
				 (unsigned long long)(o->entries / threads));
	if (chooses_all(o))
		return pattern_check(&o->pattern, o->entries, threads, err);
	return pattern_check(&o->pattern, o->mode == MODE_READDIR ? o->width : o->entries / threads,
			     1, err);
}

static int check_options(const struct dentry_options *o, uint64_t threads, struct error *err)
{
	if (o->live && o->mode != MODE_CHURN)
		return error_say(err, -EINVAL, "live: mode %s keeps entries, not live",
				 mode_names[o->mode]);
	if (o->fresh && o->mode != MODE_NEGATIVE)
		return error_say(err, -EINVAL, "fresh: mode %s has no new names",
				 mode_names[o->mode]);
	if (o->live && o->live < threads)
		return error_say(err, -EINVAL, "live: %llu threads can't share %llu files",
				 (unsigned long long)threads, (unsigned long long)o->live);
	return check_pattern(o, threads, err);
}

/* Room that entries take on a disk: their share of its inodes, or of its blocks. */
static uint64_t disk_bytes(const struct dentry_options *o, const struct workload_site *site,
			   uint64_t files, uint64_t dirs)
{
	uint64_t inode = site->disk_bytes < SMALL_DISK_BYTES ? SMALL_DISK_INODE_BYTES
							     : COMMON_DISK_INODE_BYTES;
	/* A directory has a block at least, and is half full at least. */
	uint64_t blocks = dirs * DISK_BLOCK_BYTES + files * 2 * (o->name_length + 12);

	return MAX((files + dirs) * inode, (files + dirs) * 256 + blocks);
}

static int dentry_plan(const void *options, const struct workload_site *site,
		       struct workload_plan *ret, struct error *err)
{
	const struct dentry_options *o = options;
	uint64_t dirs = dentry_tree_dirs(o->width, o->depth) * (o->shared ? 1 : site->threads);
	/* An allocation is of a power of two, or half-way to the next. */
	uint64_t name = o->name_length < NAME_INLINE ? 0 : 2 * (o->name_length + 17), files, bytes;
	bool tmpfs = scratch_is_tmpfs(o->dir);
	int r = check_options(o, site->threads, err);

	if (r < 0)
		return r;
	files = has_files(o) ? o->entries : o->mode == MODE_CHURN ? o->live + site->threads : 0;
	bytes = tmpfs ? dirs * TMPFS_ENTRY_BYTES + files * (TMPFS_ENTRY_BYTES + name) : 0;
	*ret = (struct workload_plan){
		.footprint_bytes = bytes,
		.pinned_bytes = bytes,
		.disk_bytes = tmpfs ? 0 : disk_bytes(o, site, files, dirs),
		.ops_per_pass = o->mode == MODE_READDIR ? o->width * site->threads : o->entries,
		.dir = o->dir,
	};
	return 0;
}

static int dentry_setup(struct worker *w, struct error *err)
{
	const struct dentry_options *o = w->options;
	struct dentry *d = calloc(1, sizeof(*d));
	int r;

	if (!d)
		return error_set(err, -ENOMEM, "dentry");
	w->state = d;
	d->options = o;
	d->top = -1;
	/* Else a tmpfs has an inode for every two pages of the machine, no more. */
	r = scratch_setup(w, o->dir, "nr_inodes=0", err);
	if (r == 0 && chooses_all(o))
		r = pattern_init(&d->pattern, &o->pattern, o->entries, w, err);
	if (r < 0)
		return r;
	d->top = open(w->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return d->top < 0 ? error_set(err, -errno, "open %s", w->dir) : 0;
}

/* ---- a thread's files ---- */

static int create(struct workload_thread *t, uint64_t entry, struct error *err)
{
	struct dentry_thread *dt = t->state;
	const char *path = dentry_tree_path(&dt->tree, dt->tree.path, 'e', entry);
	int fd = openat(dt->tree.base, path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);

	if (fd < 0 && errno == ENOSPC)
		return error_say(err, -ENOSPC,
				 "create %s: no room or no inode is left: fewer entries, or a "
				 "larger disk",
				 path);
	if (fd < 0)
		return error_set(err, -errno, "create %s", path);
	close(fd);
	t->report->counters[COUNT_CREATED]++;
	t->report->counters[COUNT_LIVE]++;
	return 0;
}

static int unlink_entry(struct workload_thread *t, uint64_t entry, struct error *err)
{
	struct dentry_thread *dt = t->state;
	const char *path = dentry_tree_path(&dt->tree, dt->tree.path, 'e', entry);

	if (unlinkat(dt->tree.base, path, 0) < 0)
		return error_set(err, -errno, "unlink %s", path);
	t->report->counters[COUNT_REMOVED]++;
	t->report->counters[COUNT_LIVE]--;
	return 0;
}

static int create_many(struct workload_thread *t, uint64_t first, uint64_t count, struct error *err)
{
	struct dentry_thread *dt = t->state;
	int r = 0;

	for (uint64_t i = 0; r == 0 && i < count; i++) {
		r = create(t, first + i, err);
		if (r == 0)
			r = dentry_tree_made(&dt->tree, err);
	}
	return r < 0 ? r : dentry_tree_sync(&dt->tree, err);
}

static int set_choice(struct workload_thread *t, struct error *err)
{
	struct dentry *d = t->worker->state;
	const struct dentry_options *o = d->options;
	struct dentry_thread *dt = t->state;
	struct worker alone = { .threads = 1, .seed = rng_mix(t->worker->seed, t->index) };
	bool directories = o->mode == MODE_READDIR;

	if (!chooses(o))
		return 0;
	if (chooses_all(o)) {
		dt->pattern = &d->pattern;
		dt->chooser = t;
		return 0;
	}
	dt->pattern = &dt->own_pattern;
	dt->chooser = &dt->own_chooser;
	dt->chooser->rng = t->rng;
	dt->choice_begin = directories ? 0 : dt->begin;
	return pattern_init(&dt->own_pattern, &o->pattern, directories ? o->width : dt->count,
			    &alone, err);
}

static int prepare(struct workload_thread *t, struct error *err)
{
	const struct dentry *d = t->worker->state;
	const struct dentry_options *o = d->options;
	struct dentry_thread *dt = t->state;
	int r = dentry_tree_init(&dt->tree, d->top, o->shared ? 0 : t->index, o->width, o->depth,
				 o->name_length, t->worker->seed, err);

	if (r == 0)
		r = set_choice(t, err);
	if (r == 0 && o->mode == MODE_READDIR)
		r = dentry_list_setup(dt, err);
	if (r < 0 || o->mode != MODE_RENAME)
		return r;
	dt->renamed = calloc(1, dt->count / 8 + 1);
	return dt->renamed ? 0 : error_set(err, -ENOMEM, "dentry");
}

static int dentry_thread_setup(struct workload_thread *t, struct error *err)
{
	const struct dentry_options *o = t->worker->options;
	struct dentry_thread *dt = calloc(1, sizeof(*dt));
	uint64_t total = o->mode == MODE_CHURN ? o->live : o->entries;
	int r;

	if (!dt)
		return error_set(err, -ENOMEM, "dentry");
	t->state = dt;
	dt->begin = share_begin(total, t->worker->threads, t->index);
	dt->count = share_of(total, t->worker->threads, t->index);
	if (!chooses(o)) /* endless: each thread has 2^48 numbers */
		dt->begin = (uint64_t)(t->index + 1) << 48;
	dt->first = dt->next = dt->begin;
	r = prepare(t, err);
	if (r == 0 && o->mode != MODE_NEGATIVE)
		r = create_many(t, dt->begin, dt->count, err);
	if (o->mode == MODE_CHURN)
		dt->next += dt->count;
	return r;
}

/* ---- operations ---- */

static int do_churn(struct workload_thread *t, struct error *err)
{
	struct dentry_thread *dt = t->state;
	int r = create(t, dt->next++, err);

	return r < 0 ? r : unlink_entry(t, dt->first++, err);
}

static int do_stat(struct workload_thread *t, struct error *err)
{
	struct dentry_thread *dt = t->state;
	const char *path = dentry_tree_path(&dt->tree, dt->tree.path, 'e', dentry_choose(dt));
	struct stat st;

	return fstatat(dt->tree.base, path, &st, AT_SYMLINK_NOFOLLOW) < 0
		       ? error_set(err, -errno, "stat %s", path)
		       : 0;
}

static int do_rename(struct workload_thread *t, struct error *err)
{
	struct dentry_thread *dt = t->state;
	uint64_t entry = dentry_choose(dt), own = entry - dt->begin;
	unsigned char bit = (unsigned char)(1 << own % 8);
	bool back = dt->renamed[own / 8] & bit;
	const char *from = dentry_tree_path(&dt->tree, dt->tree.path, back ? 'f' : 'e', entry);
	const char *to = dentry_tree_path(&dt->tree, dt->tree.other, back ? 'e' : 'f', entry);

	if (renameat(dt->tree.base, from, dt->tree.base, to) < 0)
		return error_set(err, -errno, "rename %s to %s", from, to);
	dt->renamed[own / 8] ^= bit;
	return 0;
}

static int do_negative(struct workload_thread *t, struct error *err)
{
	const struct dentry_options *o = t->worker->options;
	struct dentry_thread *dt = t->state;
	uint64_t entry = o->fresh ? dt->next++ : dentry_choose(dt);
	const char *path = dentry_tree_path(&dt->tree, dt->tree.path, 'n', entry);
	struct stat st;

	if (fstatat(dt->tree.base, path, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return error_say(err, -EEXIST, "look up %s: it should not be there", path);
	if (errno != ENOENT)
		return error_set(err, -errno, "look up %s", path);
	t->report->counters[COUNT_ABSENT]++;
	return 0;
}

static int do_inode(struct workload_thread *t, struct error *err)
{
	struct dentry_thread *dt = t->state;
	const char *path = dentry_tree_path(&dt->tree, dt->tree.path, 'e', dentry_choose(dt));
	int fd = openat(dt->tree.base, path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return error_set(err, -errno, "open %s", path);
	close(fd);
	return 0;
}

/* A list that a phase's end has cut is none: it would begin in one phase and end in the next. */
static int dentry_thread_settle(struct workload_thread *t, struct error *err)
{
	const struct dentry_options *o = t->worker->options;

	(void)err;
	if (o->mode == MODE_READDIR)
		dentry_list_give_up(t->state);
	return 0;
}

static int64_t dentry_step(struct workload_thread *t, uint64_t budget, struct error *err)
{
	/* A file made and unlinked takes some 50 us on a disk, a look-up 1 us. */
	static const struct {
		int (*run)(struct workload_thread *t, struct error *err);
		uint64_t batch;
	} operations[] = {
		[MODE_CHURN] = { do_churn, 16 },   [MODE_STAT] = { do_stat, 64 },
		[MODE_RENAME] = { do_rename, 16 }, [MODE_NEGATIVE] = { do_negative, 64 },
		[MODE_INODE] = { do_inode, 64 },
	};
	const struct dentry_options *o = t->worker->options;
	uint64_t count, start;

	if (o->mode == MODE_READDIR)
		return dentry_list_step(t, budget, err);
	count = MIN(budget, operations[o->mode].batch);
	start = workload_begin(t);
	for (uint64_t i = 0; i < count; i++) {
		int r = operations[o->mode].run(t, err);

		if (r < 0)
			return r;
		start = workload_record(t, 0, start);
	}
	return (int64_t)count;
}

static void dentry_thread_teardown(struct workload_thread *t)
{
	struct dentry_thread *dt = t->state;

	if (!dt)
		return;
	dentry_list_done(dt);
	dentry_tree_done(&dt->tree);
	pattern_done(&dt->own_pattern);
	free(dt->renamed);
	free(dt);
	t->state = NULL;
}

static void dentry_teardown(struct worker *w)
{
	struct dentry *d = w->state;

	if (!d)
		return;
	if (d->top >= 0)
		close(d->top);
	pattern_done(&d->pattern);
	free(d);
	w->state = NULL;
}

const struct workload_ops workload_dentry = {
	.name = "dentry",
	.summary = "dentries and inodes: create, stat, rename, unlink, list, look up in vain",
	.options = dentry_options,
	.options_size = sizeof(struct dentry_options),
	.counters = dentry_counters,
	.plan = dentry_plan,
	.setup = dentry_setup,
	.thread_setup = dentry_thread_setup,
	.step = dentry_step,
	.thread_settle = dentry_thread_settle,
	.thread_teardown = dentry_thread_teardown,
	.teardown = dentry_teardown,
};
