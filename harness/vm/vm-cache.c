// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/vm-cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "harness/vm/kernel-internal.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/strlist.h"
#include "src/units.h"

#define FOLDER	    "vm"
#define SUM	    ".sha256"
#define UNFINISHED  ".unfinished"
#define MAX_DEFAULT (UINT64_C(8) << 30)
/* An unfinished file of this age is of a wring that was killed. */
#define STALE_S 3600

void cached_file_done(struct cached_file *file)
{
	if (file->path)
		close(file->fd);
	free(file->path);
	free(file->sha256);
	*file = (struct cached_file){};
}

static int folder(char **ret, struct error *err)
{
	_cleanup_free_ char *cache = NULL, *path = NULL;
	int r = cache_dir(&cache, err);

	if (r < 0)
		return r;
	path = path_join(cache, FOLDER);
	r = path ? dir_make(path, err) : error_set(err, -ENOMEM, "find the cache");
	if (r == 0)
		*ret = TAKE_PTR(path);
	return r;
}

/* Takes fd over. */
static int give(struct cached_file *ret, int fd, const char *path, const char *sha256,
		struct error *err)
{
	*ret = (struct cached_file){ .path = strdup(path), .sha256 = strdup(sha256), .fd = fd };
	if (ret->path && ret->sha256)
		return 0;
	if (!ret->path)
		close(fd);
	cached_file_done(ret);
	return error_set(err, -ENOMEM, "open %s", path);
}

int vm_cache_open(struct cached_file *ret, const char *name, struct error *err)
{
	_cleanup_free_ char *dir = NULL, *path = NULL, *sum = NULL, *text = NULL;
	_cleanup_close_ int fd = -1;
	char hex[KERNEL_HASH_MAX];
	int r = folder(&dir, err);

	if (r < 0)
		return r;
	path = path_join(dir, name);
	sum = text_format("%s/%s" SUM, dir, name);
	if (!path || !sum)
		return error_set(err, -ENOMEM, "open %s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ENOENT : error_set(err, -errno, "open %s", path);
	if (file_read(AT_FDCWD, sum, &text, NULL, NULL) < 0)
		return -ENOENT;
	r = kernel_hash(path, hex, err);
	if (r < 0)
		return r;
	text[strcspn(text, "\n")] = '\0';
	if (!streq(text, hex)) {
		unlink(path);
		unlink(sum);
		return -ENOENT;
	}
	futimens(fd, NULL); /* used now: it stays */
	return give(ret, TAKE_FD(fd), path, hex, err);
}

struct file {
	char *name;
	uint64_t bytes;
	struct timespec used;
};

static int by_use(const void *a, const void *b)
{
	const struct timespec *x = &((const struct file *)a)->used,
			      *y = &((const struct file *)b)->used;

	if (x->tv_sec != y->tv_sec)
		return x->tv_sec < y->tv_sec ? -1 : 1;
	return (x->tv_nsec > y->tv_nsec) - (x->tv_nsec < y->tv_nsec);
}

static bool has_suffix(const char *name, const char *suffix)
{
	size_t n = strlen(name), k = strlen(suffix);

	return n > k && streq(name + n - k, suffix);
}

/* The files there, the one not used for longest first; removes what killed ones left. */
static int list(const char *dir, struct file **ret, size_t *ret_count, struct error *err)
{
	_cleanup_closedir_ DIR *d = opendir(dir);
	struct file *files = NULL;
	struct dirent *entry;
	size_t count = 0;

	if (!d)
		return error_set(err, -errno, "open %s", dir);
	while ((entry = readdir(d))) {
		struct stat st;

		if (fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		if (has_suffix(entry->d_name, UNFINISHED) && st.st_mtime < time(NULL) - STALE_S)
			unlinkat(dirfd(d), entry->d_name, 0);
		if (!has_suffix(entry->d_name, UNFINISHED) && !has_suffix(entry->d_name, SUM)) {
			struct file *more = reallocarray(files, count + 1, sizeof(*files));
			char *name = strdup(entry->d_name);

			if (more)
				files = more;
			if (!more || !name) {
				free(name);
				break; /* the rest is left for another time */
			}
			files[count++] =
				(struct file){ name, (uint64_t)st.st_blocks * 512, st.st_mtim };
		}
	}
	if (count)
		qsort(files, count, sizeof(*files), by_use);
	*ret = files;
	*ret_count = count;
	return 0;
}

/* Removes the oldest until the others take at most max bytes. */
static int trim(const char *dir, uint64_t max, uint64_t *ret_bytes, struct error *err)
{
	uint64_t total = 0, removed = 0;
	struct file *files = NULL;
	size_t count = 0;
	int r = list(dir, &files, &count, err);

	for (size_t i = 0; i < count; i++)
		total += files[i].bytes;
	for (size_t i = 0; i < count; i++) {
		if (total > max) {
			_cleanup_free_ char *path = path_join(dir, files[i].name);
			_cleanup_free_ char *sum = text_format("%s" SUM, path ? path : "");

			if (path && sum && unlink(path) == 0) {
				unlink(sum);
				removed += files[i].bytes;
			}
			total -= files[i].bytes;
		}
		free(files[i].name);
	}
	free(files);
	if (ret_bytes)
		*ret_bytes = removed;
	return r;
}

int vm_cache_drop(uint64_t *ret_bytes, struct error *err)
{
	_cleanup_free_ char *dir = NULL;
	int r = folder(&dir, err);

	return r < 0 ? r : trim(dir, 0, ret_bytes, err);
}

static int limit(uint64_t *ret, struct error *err)
{
	const char *given = getenv("WRING_VM_CACHE");

	*ret = MAX_DEFAULT;
	if (given && *given && parse_size(given, ret) < 0)
		return error_say(err, -EINVAL, "WRING_VM_CACHE: «%s» is not a size, as 8G", given);
	return 0;
}

int vm_cache_begin(struct vm_cache_entry *ret, const char *name, struct error *err)
{
	struct vm_cache_entry e = { .fd = -1 };
	uint64_t max;
	int r = limit(&max, err);

	if (r == 0)
		r = folder(&e.dir, err);
	if (r == 0)
		r = trim(e.dir, max, NULL, err);
	if (r < 0)
		goto failed;
	e.name = strdup(name);
	e.path = text_format("%s/%s.%d" UNFINISHED, e.dir, name, (int)getpid());
	r = -ENOMEM;
	if (e.name && e.path) {
		e.fd = open(e.path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
		r = e.fd < 0 ? -errno : 0;
	}
	if (r < 0) {
		error_set(err, r, "write to %s", e.dir);
		goto failed;
	}
	*ret = e;
	return 0;
failed:
	free(TAKE_PTR(e.path)); /* not made */
	vm_cache_entry_done(&e);
	return r;
}

int vm_cache_commit(struct vm_cache_entry *e, struct cached_file *ret, struct error *err)
{
	_cleanup_free_ char *path = path_join(e->dir, e->name);
	_cleanup_free_ char *sum = text_format("%s/%s" SUM, e->dir, e->name);
	char hex[KERNEL_HASH_MAX + 1];
	int r;

	if (!path || !sum)
		return error_set(err, -ENOMEM, "keep %s", e->name);
	r = kernel_hash(e->path, hex, err);
	if (r < 0)
		return r;
	if (fsync(e->fd) < 0 || rename(e->path, path) < 0)
		return error_set(err, -errno, "write %s", path);
	free(TAKE_PTR(e->path));
	r = give(ret, TAKE_FD(e->fd), path, hex, err);
	if (r < 0)
		return r;
	strcat(hex, "\n");
	r = file_write_atomic(AT_FDCWD, sum, hex, strlen(hex), err);
	if (r < 0)
		cached_file_done(ret);
	return r;
}

void vm_cache_entry_done(struct vm_cache_entry *e)
{
	if (e->path) {
		unlink(e->path);
		close(e->fd);
	}
	free(e->path);
	free(e->dir);
	free(e->name);
	*e = (struct vm_cache_entry){};
}
