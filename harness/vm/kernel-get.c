// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "harness/vm/kernel-internal.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/nearest.h"
#include "src/process.h"

/* A kernel in the making. */
struct fetch {
	char *name;    /* as wring writes it */
	char *final;   /* where it will be */
	char *work;    /* where it is made: removed by fetch_done() unless it has moved to final */
	int lock;      /* on work, so that another wring can tell it from an abandoned one */
	char *package; /* "linux-image-6.12.117+deb12-cloud-amd64" */
	char *version;
	char *release;
};

static void fetch_done(struct fetch *f)
{
	if (f->work && f->lock >= 0)
		dir_remove(AT_FDCWD, f->work, NULL);
	if (f->lock >= 0)
		close(f->lock);
	free(f->name);
	free(f->final);
	free(f->work);
	free(f->package);
	free(f->version);
	free(f->release);
}

/* Removes what killed runs left: work directories on which nobody holds the lock. */
static void sweep(const char *kernels)
{
	_cleanup_closedir_ DIR *dir = opendir(kernels);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		_cleanup_close_ int fd = -1;

		if (entry->d_name[0] != '.' || !strstr(entry->d_name, ".tmp."))
			continue;
		fd = openat(dirfd(dir), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
			dir_remove(dirfd(dir), entry->d_name, NULL);
	}
}

static int prepare(struct fetch *f, struct error *err)
{
	_cleanup_free_ char *kernels = NULL, *slug = kernel_slug(f->name);
	int r;

	r = kernel_cache_path(f->name, &f->final, err);
	if (r < 0)
		return r;
	kernels = strndup(f->final, (size_t)(strrchr(f->final, '/') - f->final));
	if (!slug || !kernels)
		return error_set(err, -ENOMEM, "fetch %s", f->name);
	r = dir_make(kernels, err);
	if (r < 0)
		return r;
	sweep(kernels);
	f->work = text_format("%s/.%s.tmp.%d", kernels, slug, (int)getpid());
	if (!f->work)
		return error_set(err, -ENOMEM, "fetch %s", f->name);
	if (mkdir(f->work, 0755) < 0)
		return error_set(err, -errno, "create %s", f->work);
	f->lock = open(f->work, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->lock < 0 || flock(f->lock, LOCK_EX | LOCK_NB) < 0)
		return error_set(err, -errno, "lock %s", f->work);
	return 0;
}

/* The one file in dir whose name ends so. */
static char *only_file(const char *dir, const char *suffix)
{
	_cleanup_closedir_ DIR *d = opendir(dir);
	struct dirent *entry;

	while (d && (entry = readdir(d))) {
		size_t len = strlen(entry->d_name), n = strlen(suffix);

		if (*entry->d_name != '.' && len >= n && streq(entry->d_name + len - n, suffix))
			return path_join(dir, entry->d_name);
	}
	return NULL;
}

static int download(const struct fetch *f, char **ret_deb, struct error *err)
{
	/* As root apt would change to a user who may not write here, and warn about it. */
	const char *const as_root[] = { "apt-get",  "-qq",	"-o", "APT::Sandbox::User=root",
					"download", f->package, NULL };
	const char *const as_user[] = { "apt-get", "-qq", "download", f->package, NULL };
	int r = process_run(geteuid() == 0 ? as_root : as_user, f->work, NULL, NULL, err);

	if (r < 0)
		return error_prefix(err,
				    "%s could not be fetched (no network, no room on the disk, or "
				    "apt's lists are older than its archive: run «apt-get update» "
				    "as root)",
				    f->package);
	*ret_deb = only_file(f->work, ".deb");
	return *ret_deb ? 0
			: error_say(err, -EIO, "apt-get download %s left no package", f->package);
}

static int unpack(struct fetch *f, const char *deb, const char *tree, struct error *err)
{
	const char *const show[] = { "dpkg-deb", "-f", deb, "Version", NULL };
	const char *const extract[] = { "dpkg-deb", "-x", deb, tree, NULL };
	int r = process_run(show, NULL, &f->version, &(int){ 0 }, err);

	if (r < 0)
		return r;
	f->version[strcspn(f->version, "\n")] = '\0';
	r = process_run(extract, NULL, NULL, NULL, err);
	if (r < 0)
		return r;
	return unlink(deb) < 0 ? error_set(err, -errno, "remove %s", deb) : 0;
}

/* Moves FROM_DIR/FROM to WORK/TO; a missing one is an error unless optional. */
static int keep(const struct fetch *f, const char *from, const char *to, bool optional,
		struct error *err)
{
	_cleanup_free_ char *target = path_join(f->work, to);

	if (!target)
		return error_set(err, -ENOMEM, "keep %s", from);
	if (rename(from, target) < 0 && !(optional && errno == ENOENT))
		return error_set(err, -errno, "%s: take %s", f->package, from);
	return 0;
}

/* From the unpacked tree: depmod makes modules.dep, and what the lab needs moves to its place. */
static int arrange(struct fetch *f, const char *tree, struct error *err)
{
	_cleanup_free_ char *boot = path_join(tree, "boot"), *image = NULL, *config = NULL;
	_cleanup_free_ char *modules = NULL;
	DIR *dir = boot ? opendir(boot) : NULL;
	struct dirent *entry;
	int r;

	while (dir && !image && (entry = readdir(dir)))
		if (starts_with(entry->d_name, "vmlinuz-"))
			image = path_join(boot, entry->d_name);
	if (dir)
		closedir(dir);
	if (!image)
		return error_say(err, -ENOENT, "%s holds no boot/vmlinuz-*", f->package);
	r = kernel_release(image, &f->release, err);
	if (r < 0)
		return r;
	config = text_format("%s/config-%s", boot, f->release);
	modules = text_format("%s/lib/modules/%s", tree, f->release);
	if (!config || !modules)
		return error_set(err, -ENOMEM, "unpack %s", f->package);
	if (access(modules, F_OK) < 0)
		return error_say(err, -ENOENT, "%s holds no modules of %s", f->package, f->release);
	r = process_run((const char *const[]){ "depmod", "-b", tree, f->release, NULL }, NULL, NULL,
			NULL, err);
	if (r == -ENOENT)
		return error_say(err, r, "depmod is not installed: install kmod");
	if (r == 0)
		r = keep(f, image, KERNEL_IMAGE, false, err);
	if (r == 0)
		r = keep(f, config, KERNEL_CONFIG, true, err);
	if (r == 0)
		r = keep(f, modules, KERNEL_MODULES, false, err);
	return r < 0 ? r : dir_remove(AT_FDCWD, tree, err);
}

static int describe(const struct fetch *f, struct error *err)
{
	_cleanup_free_ char *image = path_join(f->work, KERNEL_IMAGE), *text = NULL;
	_cleanup_free_ char *path = path_join(f->work, KERNEL_JSON);
	char hash[KERNEL_HASH_MAX];
	json_t *json;
	int r = image && path ? kernel_hash(image, hash, err)
			      : error_set(err, -ENOMEM, "describe %s", f->package);

	if (r < 0)
		return r;
	json = json_pack("{s:s, s:s, s:o, s:s, s:s}", "name", f->name, "release", f->release,
			 "package", json_sprintf("%s %s", f->package, f->version), "version",
			 f->version, "sha256", hash);
	text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;
	json_decref(json);
	if (!text)
		return error_set(err, -ENOMEM, "describe %s", f->package);
	return file_write_atomic(AT_FDCWD, path, text, strlen(text), err);
}

/* The new kernel appears whole, on the disk too, or not at all. */
static int publish(struct fetch *f, struct error *err)
{
	if (syncfs(f->lock) < 0)
		return error_set(err, -errno, "write %s", f->work);
	if (rename(f->work, f->final) == 0) {
		free(TAKE_PTR(f->work));
		return 0;
	}
	/* Another wring was quicker: its kernel is as good as this one. */
	if (errno == EEXIST || errno == ENOTEMPTY)
		return 0;
	return error_set(err, -errno, "rename %s to %s", f->work, f->final);
}

static int make(struct fetch *f, void (*say)(const char *line), struct error *err)
{
	_cleanup_free_ char *deb = NULL, *tree = NULL, *line = NULL;
	int r = kernel_package(f->name, &f->package, err);

	if (r == 0)
		r = prepare(f, err);
	if (r < 0)
		return r;
	line = text_format("%s: fetching %s", f->name, f->package);
	tree = path_join(f->work, "tree");
	if (!line || !tree)
		return error_set(err, -ENOMEM, "fetch %s", f->name);
	say(line);
	r = download(f, &deb, err);
	if (r < 0)
		return r;
	free(line);
	line = text_format("%s: unpacking", f->name);
	if (line)
		say(line);
	r = unpack(f, deb, tree, err);
	if (r == 0)
		r = arrange(f, tree, err);
	if (r == 0)
		r = describe(f, err);
	return r < 0 ? r : publish(f, err);
}

int kernel_get(const char *name, void (*say)(const char *line), struct error *err)
{
	_cleanup_(fetch_done) struct fetch f = { .lock = -1, .name = kernel_canonical(name) };
	_cleanup_free_ char *dir = NULL, *line = NULL;
	struct kernel *kernel = NULL;
	int r;

	if (!f.name)
		return kernel_package(name, &f.package, err); /* says why not */
	r = kernel_cache_path(f.name, &dir, err);
	if (r < 0)
		return r;
	if (access(dir, F_OK) < 0) {
		r = make(&f, say, err);
		if (r < 0)
			return r;
	}
	r = kernel_find(&kernel, f.name, NULL, err);
	if (r < 0)
		return r;
	line = text_format("%s: %s is there", f.name, kernel->release);
	kernel_free(kernel);
	if (line)
		say(line);
	return 0;
}
