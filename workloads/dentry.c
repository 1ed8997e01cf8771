// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Slab-heavy churn of dentries and inodes: names are made, looked up, renamed, listed and removed
 * in a tree of a set depth and width. Each thread has entries of its own, in a subtree of its own
 * or beside the others' in a shared one; the kernel charges their dentries and inodes to the
 * workload's cgroup.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "src/file.h"
#include "src/macro.h"
#include "workloads/pattern.h"
#include "workloads/scratch.h"
#include "workloads/workload.h"

extern const struct workload_ops workload_dentry;

enum { MODE_CHURN, MODE_STAT, MODE_RENAME, MODE_NEGATIVE, MODE_READDIR, MODE_INODE };
static const char *const mode_names[] = { "churn",   "stat",  "rename", "negative",
					  "readdir", "inode", NULL };

enum { COUNT_CREATED, COUNT_REMOVED, COUNT_LIVE, COUNT_ABSENT, COUNT_LISTED };
static const struct counter_spec dentry_counters[] = {
	[COUNT_CREATED] = { "created", "entries", "files made, those of the set-up too", false },
	[COUNT_REMOVED] = { "removed", "entries", "files unlinked", false },
	[COUNT_LIVE] = { "live", "entries", "files that are there", true },
	[COUNT_ABSENT] = { "absent", "look-ups", "look-ups of names that are not there", false },
	[COUNT_LISTED] = { "listed", "entries", "entries read by readdir", false },
	{},
};

#define NAME_MIN   17 /* a letter and 16 hexadecimal digits */
#define DEPTH_MAX  64
#define LIST_BYTES 32768
#define BATCH	   64
#define SYNC_EVERY 2048
/* A tmpfs inode and its dentry (fs/dcache.c, mm/shmem.c), with a slab's waste; ext4's on disk. */
#define TMPFS_ENTRY_BYTES 1280
#define DISK_ENTRY_BYTES  384

struct dentry_options {
	char *dir;
	int mode;
	uint64_t entries, live;
	bool fresh, shared;
	uint64_t depth, width, name_length;
	struct pattern_options pattern;
};

static const struct option_spec dentry_options[] = {
	OPTION_CHOICE(struct dentry_options, mode, .name = "mode", .fallback = "churn",
		      .choices = mode_names,
		      .help = "an operation: churn creates a file and unlinks one; stat; rename to "
			      "another name and back; negative looks up what is not there; readdir "
			      "lists a directory; inode opens and closes an empty file"),
	OPTION_U64(
		struct dentry_options, entries, .name = "entries", .fallback = "10000", .min = 1,
		.max = 100000000,
		.help = "names that operations choose among, all threads together; they are files "
			"in every mode but churn and negative"),
	OPTION_U64(struct dentry_options, live, .name = "live", .fallback = "0", .max = 100000000,
		   .help = "churn: files that are kept, the oldest goes; 0: each goes at once"),
	OPTION_BOOL(struct dentry_options, fresh, .name = "fresh", .fallback = "false",
		    .help = "negative: a new name each time, not one of entries again"),
	OPTION_U64(struct dentry_options, depth, .name = "depth", .fallback = "0", .max = DEPTH_MAX,
		   .help = "directories on the way to each file"),
	OPTION_U64(struct dentry_options, width, .name = "width", .fallback = "1", .min = 1,
		   .max = 1000000, .help = "directories that a thread's files are spread over"),
	OPTION_U64(struct dentry_options, name_length, .name = "name_length", .fallback = "24",
		   .min = NAME_MIN, .max = NAME_MAX,
		   .help = "bytes of a name; above 31 or so it is allocated beside its dentry"),
	OPTION_BOOL(struct dentry_options, shared, .name = "shared", .fallback = "false",
		    .help = "threads share their directories, and their locks"),
	SCRATCH_OPTION(struct dentry_options, dir),
	PATTERN_OPTIONS(struct dentry_options, pattern),
	{}
};

struct dentry {
	const struct dentry_options *options;
	int top; /* w->dir */
	struct pattern pattern;
};

struct dentry_thread {
	uint64_t begin, count;	/* the thread's own entries */
	uint64_t first, next;	/* churn: names in use; negative: the next fresh one */
	unsigned char *renamed; /* a bit an entry */
	char *prefixes;		/* of each directory, with its slash */
	size_t prefix_length;	/* all are of one length */
	char *path;		/* where a path is put together; the prefix is rewritten */
	char *other;		/* the second one that a rename needs */
	char *list;		/* LIST_BYTES for readdir */
};

static bool has_files(const struct dentry_options *o)
{
	return o->mode != MODE_CHURN && o->mode != MODE_NEGATIVE;
}

static int dentry_plan(const void *options, const struct workload_site *site,
		       struct workload_plan *ret, struct error *err)
{
	const struct dentry_options *o = options;
	uint64_t files = has_files(o) ? o->entries : o->mode == MODE_CHURN ? o->live + 1 : 0;
	uint64_t dirs = o->width * (o->depth + 1) * (o->shared ? 1 : site->threads);
	bool tmpfs = scratch_is_tmpfs(o->dir);

	if (o->live && o->mode != MODE_CHURN)
		return error_say(err, -EINVAL, "live: mode %s keeps entries, not live",
				 mode_names[o->mode]);
	if (o->fresh && o->mode != MODE_NEGATIVE)
		return error_say(err, -EINVAL, "fresh: mode %s has no new names",
				 mode_names[o->mode]);
	if (o->live && o->live < site->threads)
		return error_say(err, -EINVAL, "live: %llu threads can't share %llu files",
				 (unsigned long long)site->threads, (unsigned long long)o->live);
	if (pattern_check(&o->pattern, o->entries, site->threads, err) < 0)
		return -EINVAL;
	if (has_files(o) && o->entries / site->threads < o->width)
		return error_say(err, -EINVAL,
				 "width: %llu directories are more than the %llu files of a thread",
				 (unsigned long long)o->width,
				 (unsigned long long)(o->entries / site->threads));
	*ret = (struct workload_plan){
		.footprint_bytes = tmpfs ? (files + dirs) * TMPFS_ENTRY_BYTES : 0,
		.pinned_bytes = tmpfs ? (files + dirs) * TMPFS_ENTRY_BYTES : 0,
		.disk_bytes = tmpfs ? 0 : files * DISK_ENTRY_BYTES + dirs * 4096,
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
	r = scratch_setup(w, o->dir, NULL, err);
	if (r == 0)
		r = pattern_init(&d->pattern, &o->pattern, o->entries, w, err);
	if (r < 0)
		return r;
	d->top = open(w->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return d->top < 0 ? error_set(err, -errno, "open %s", w->dir) : 0;
}

/* ---- names and directories ---- */

static void put_hex(char *p, uint64_t n)
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 15; i >= 0; i--, n >>= 4)
		p[i] = digits[n & 15];
}

/* letter: 'e', or 'f' for the other name of a renamed entry. entry: unlike all other threads'. */
static void put_path(const struct workload_thread *t, char *path, char letter, uint64_t entry)
{
	const struct dentry *d = t->worker->state;
	const struct dentry_thread *dt = t->state;
	uint64_t directory = entry % d->options->width;
	char *name = path + dt->prefix_length;

	memcpy(path, dt->prefixes + directory * dt->prefix_length, dt->prefix_length);
	name[0] = letter;
	/* A bijection for a set seed: the names differ. */
	put_hex(name + 1, (t->worker->seed ^ entry) * 0x9e3779b97f4a7c15ull);
}

/* "t01/w0000001/d/d/": a fixed length for the options that are set. */
static size_t prefix_length(const struct dentry_options *o)
{
	return strlen("t000/w0000000/") + 2 * o->depth;
}

static int make_dir(int top, char *path, size_t len, struct error *err)
{
	char saved = path[len];
	int r;

	path[len] = '\0';
	r = mkdirat(top, path, 0755) < 0 && errno != EEXIST
		    ? error_set(err, -errno, "create directory %s", path)
		    : 0;
	path[len] = saved;
	return r;
}

static int make_dirs(struct workload_thread *t, struct error *err)
{
	const struct dentry *d = t->worker->state;
	const struct dentry_options *o = d->options;
	struct dentry_thread *dt = t->state;
	unsigned owner = o->shared ? 0 : t->index;
	int r = 0;

	for (uint64_t i = 0; i < o->width && r == 0; i++) {
		char *prefix = dt->prefixes + i * dt->prefix_length, *p = dt->path;

		p += sprintf(p, "t%03u/w%07llu/", owner, (unsigned long long)i);
		for (uint64_t k = 0; k < o->depth; k++)
			p = stpcpy(p, "d/");
		memcpy(prefix, dt->path, dt->prefix_length);
		for (size_t n = 0; n < dt->prefix_length && r == 0; n++)
			if (dt->path[n] == '/')
				r = make_dir(d->top, dt->path, n, err);
	}
	return r;
}

static int create(struct workload_thread *t, uint64_t entry, struct error *err)
{
	const struct dentry *d = t->worker->state;
	struct dentry_thread *dt = t->state;
	int fd;

	put_path(t, dt->path, 'e', entry);
	fd = openat(d->top, dt->path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
	if (fd < 0)
		return error_set(err, -errno, "create %s", dt->path);
	close(fd);
	t->report->counters[COUNT_CREATED]++;
	t->report->counters[COUNT_LIVE]++;
	return 0;
}

static int unlink_entry(struct workload_thread *t, uint64_t entry, struct error *err)
{
	const struct dentry *d = t->worker->state;
	struct dentry_thread *dt = t->state;

	put_path(t, dt->path, 'e', entry);
	if (unlinkat(d->top, dt->path, 0) < 0)
		return error_set(err, -errno, "unlink %s", dt->path);
	t->report->counters[COUNT_REMOVED]++;
	t->report->counters[COUNT_LIVE]--;
	return 0;
}

static int allocate(struct workload_thread *t, struct dentry_thread *dt, struct error *err)
{
	const struct dentry_options *o = t->worker->options;
	size_t path_bytes;

	dt->prefix_length = prefix_length(o);
	path_bytes = dt->prefix_length + o->name_length + 1;
	dt->prefixes = calloc(o->width, dt->prefix_length);
	dt->path = calloc(1, path_bytes);
	dt->other = calloc(1, path_bytes);
	dt->renamed = calloc(1, dt->count / 8 + 1);
	dt->list = malloc(LIST_BYTES);
	if (!dt->prefixes || !dt->path || !dt->other || !dt->renamed || !dt->list)
		return error_set(err, -ENOMEM, "dentry");
	memset(dt->path + dt->prefix_length, 'x', o->name_length);
	memset(dt->other + dt->prefix_length, 'x', o->name_length);
	return 0;
}

/* The set-up's files. Those that wait for the journal can't be reclaimed: they are not let pile up.
 */
static int create_many(struct workload_thread *t, uint64_t first, uint64_t count, struct error *err)
{
	const struct dentry *d = t->worker->state;
	int r = 0;

	for (uint64_t i = 0; r == 0 && i < count; i++) {
		r = create(t, first + i, err);
		if (r == 0 && (i % SYNC_EVERY == SYNC_EVERY - 1 || i == count - 1) &&
		    syncfs(d->top) < 0)
			r = error_set(err, -errno, "syncfs");
	}
	return r;
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
	r = allocate(t, dt, err);
	if (r == 0)
		r = make_dirs(t, err);
	if (o->mode == MODE_CHURN || o->fresh) /* endless: each thread has 2^48 numbers */
		dt->first = dt->next = (uint64_t)(t->index + 1) << 48;
	if (r == 0 && o->mode == MODE_CHURN) {
		r = create_many(t, dt->next, dt->count, err);
		dt->next += dt->count;
	}
	if (r == 0 && has_files(o))
		r = create_many(t, dt->begin, dt->count, err);
	return r;
}

/* ---- operations ---- */

/* The next entry of the pattern, folded into the thread's own. */
static uint64_t next_entry(struct workload_thread *t)
{
	const struct dentry *d = t->worker->state;
	const struct dentry_thread *dt = t->state;

	return dt->begin + pattern_next(&d->pattern, t) % dt->count;
}

static int do_churn(struct workload_thread *t, struct error *err)
{
	struct dentry_thread *dt = t->state;
	int r = create(t, dt->next++, err);

	return r < 0 ? r : unlink_entry(t, dt->first++, err);
}

static int do_stat(struct workload_thread *t, struct error *err)
{
	const struct dentry *d = t->worker->state;
	struct dentry_thread *dt = t->state;
	struct stat st;

	put_path(t, dt->path, 'e', next_entry(t));
	return fstatat(d->top, dt->path, &st, AT_SYMLINK_NOFOLLOW) < 0
		       ? error_set(err, -errno, "stat %s", dt->path)
		       : 0;
}

static int do_rename(struct workload_thread *t, struct error *err)
{
	const struct dentry *d = t->worker->state;
	struct dentry_thread *dt = t->state;
	uint64_t entry = next_entry(t), own = entry - dt->begin;
	unsigned char bit = (unsigned char)(1 << own % 8);
	bool back = dt->renamed[own / 8] & bit;

	put_path(t, dt->path, back ? 'f' : 'e', entry);
	put_path(t, dt->other, back ? 'e' : 'f', entry);
	if (renameat(d->top, dt->path, d->top, dt->other) < 0)
		return error_set(err, -errno, "rename %s to %s", dt->path, dt->other);
	dt->renamed[own / 8] ^= bit;
	return 0;
}

static int do_negative(struct workload_thread *t, struct error *err)
{
	const struct dentry *d = t->worker->state;
	struct dentry_thread *dt = t->state;
	struct stat st;

	put_path(t, dt->path, 'n', d->options->fresh ? dt->next++ : next_entry(t));
	if (fstatat(d->top, dt->path, &st, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT)
		return error_say(err, -EIO, "look up %s: it should not be there", dt->path);
	t->report->counters[COUNT_ABSENT]++;
	return 0;
}

static int do_inode(struct workload_thread *t, struct error *err)
{
	const struct dentry *d = t->worker->state;
	struct dentry_thread *dt = t->state;
	int fd;

	put_path(t, dt->path, 'e', next_entry(t));
	fd = openat(d->top, dt->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, -errno, "open %s", dt->path);
	close(fd);
	return 0;
}

/* As getdents64(2) has it. */
struct listed {
	uint64_t inode, offset;
	uint16_t length;
	unsigned char type;
	char name[];
};

/* Files of the thread in that directory; with shared, other threads' are there, too. */
static uint64_t expected_files(const struct workload_thread *t, uint64_t directory)
{
	const struct dentry_options *o = t->worker->options;
	const struct dentry_thread *dt = t->state;
	uint64_t begin = o->shared ? 0 : dt->begin,
		 end = o->shared ? o->entries : begin + dt->count;
	uint64_t below_end = end / o->width + (end % o->width > directory);

	return below_end - (begin / o->width + (begin % o->width > directory));
}

static int do_readdir(struct workload_thread *t, struct error *err)
{
	const struct dentry *d = t->worker->state;
	struct dentry_thread *dt = t->state;
	uint64_t directory = next_entry(t) % d->options->width, files = 0;
	long n;
	int fd;

	memcpy(dt->path, dt->prefixes + directory * dt->prefix_length, dt->prefix_length);
	dt->path[dt->prefix_length] = '\0';
	fd = openat(d->top, dt->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, -errno, "open %s", dt->path);
	while ((n = syscall(SYS_getdents64, fd, dt->list, LIST_BYTES)) > 0)
		for (long at = 0; at < n;) {
			const struct listed *entry = (const void *)(dt->list + at);

			files += *entry->name == 'e';
			at += entry->length;
		}
	close(fd);
	if (n < 0)
		return error_set(err, -errno, "list %s", dt->path);
	t->report->counters[COUNT_LISTED] += files;
	if (files != expected_files(t, directory))
		t->report->errors++;
	return 0;
}

static int64_t dentry_step(struct workload_thread *t, uint64_t budget, struct error *err)
{
	static int (*const operations[])(struct workload_thread *, struct error *) = {
		[MODE_CHURN] = do_churn,     [MODE_STAT] = do_stat,
		[MODE_RENAME] = do_rename,   [MODE_NEGATIVE] = do_negative,
		[MODE_READDIR] = do_readdir, [MODE_INODE] = do_inode,
	};
	const struct dentry *d = t->worker->state;
	uint64_t count = d->options->mode == MODE_READDIR ? 1 : MIN(budget, (uint64_t)BATCH);
	uint64_t start = workload_begin(t);

	for (uint64_t i = 0; i < count; i++) {
		int r = operations[d->options->mode](t, err);

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
	free(dt->prefixes);
	free(dt->renamed);
	free(dt->path);
	free(dt->other);
	free(dt->list);
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
	.thread_teardown = dentry_thread_teardown,
	.teardown = dentry_teardown,
};
