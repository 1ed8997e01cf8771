// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/kernel.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "harness/vm/kernel-internal.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/nearest.h"

/* The x86 boot protocol (Documentation/arch/x86/boot.rst): offsets in the image. */
#define BOOT_MAGIC_AT	0x202
#define BOOT_MAGIC	"HdrS"
#define BOOT_VERSION_AT 0x20e
#define BOOT_BASE	0x200
#define RELEASE_MAX	200

static void jsonp_free(json_t **json)
{
	json_decref(*json);
}

void kernel_free(struct kernel *kernel)
{
	if (!kernel)
		return;
	free(kernel->name);
	free(kernel->slug);
	free(kernel->release);
	free(kernel->package);
	free(kernel->image);
	free(kernel->config);
	free(kernel->modules_dir);
	free(kernel->sha256);
	free(kernel);
}

char *kernel_slug(const char *name)
{
	char *slug = strdup(name);

	for (char *p = slug; p && *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("._+-", *p))
			*p = '-';
	if (slug && *slug == '.')
		*slug = '-';
	return slug;
}

int kernel_hash(const char *path, char ret[static KERNEL_HASH_MAX], struct error *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t chunk[16384], digest[SHA256_DIGEST_SIZE];
	struct sha256_ctx hash;
	ssize_t n;

	if (fd < 0)
		return error_set(err, -errno, "open %s", path);
	sha256_init(&hash);
	while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno != EINTR)
			return error_set(err, -errno, "read %s", path);
		if (n > 0)
			sha256_update(&hash, (size_t)n, chunk);
	}
	sha256_digest(&hash, sizeof(digest), digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(ret + 2 * i, 3, "%02x", digest[i]);
	return 0;
}

int kernel_release(const char *image, char **ret, struct error *err)
{
	_cleanup_close_ int fd = open(image, O_RDONLY | O_CLOEXEC);
	char magic[4], version[RELEASE_MAX + 1] = "";
	uint8_t at[2];
	ssize_t n;

	if (fd < 0)
		return error_set(err, -errno, "open %s", image);
	if (pread(fd, magic, sizeof(magic), BOOT_MAGIC_AT) != sizeof(magic) ||
	    memcmp(magic, BOOT_MAGIC, sizeof(magic)) != 0 ||
	    pread(fd, at, sizeof(at), BOOT_VERSION_AT) != sizeof(at))
		return error_say(err, -ENOEXEC,
				 "%s is not a bzImage (a build has it in arch/x86/boot/bzImage, a "
				 "distribution in /boot/vmlinuz-*)",
				 image);
	n = pread(fd, version, RELEASE_MAX, BOOT_BASE + at[0] + 256 * at[1]);
	if (n <= 0)
		return error_say(err, -ENOEXEC, "%s is truncated", image);
	version[n] = '\0';
	version[strcspn(version, " \n")] = '\0'; /* its builder and date come behind */
	if (!*version)
		return error_say(err, -ENOEXEC, "%s does not say its release", image);
	*ret = strdup(version);
	return *ret ? 0 : error_set(err, -ENOMEM, "read %s", image);
}

char *kernel_file(char *path)
{
	if (path && access(path, R_OK) == 0)
		return path;
	free(path);
	return NULL;
}

static char *text_of(const json_t *json, const char *key)
{
	const char *text = json_string_value(json_object_get(json, key));

	return text ? strdup(text) : NULL;
}

static int damaged(const char *name, const char *path, const char *why, struct error *err)
{
	return error_say(err, -EBADMSG,
			 "kernel %s in the cache is damaged (%s: %s): run «wring kernel remove %s» "
			 "and «wring kernel get %s»",
			 name, path, why, name, name);
}

/*
 * dir: a finished kernel's directory in the cache. Its image is hashed each time: 14 MB take less
 * time than QEMU takes to start.
 */
static int load_cached(struct kernel **ret, const char *name, const char *dir, struct error *err)
{
	_cleanup_kernel_ struct kernel *kernel = calloc(1, sizeof(*kernel));
	_cleanup_free_ char *path = path_join(dir, KERNEL_JSON);
	_cleanup_(jsonp_free) json_t *json = NULL;
	char hash[KERNEL_HASH_MAX];
	json_error_t why;
	int r;

	if (!kernel || !path)
		return error_set(err, -ENOMEM, "read %s", dir);
	json = json_load_file(path, 0, &why);
	if (!json)
		return damaged(name, path, why.text, err);
	kernel->name = text_of(json, "name");
	kernel->release = text_of(json, "release");
	kernel->package = text_of(json, "package");
	kernel->sha256 = text_of(json, "sha256");
	kernel->slug = kernel->name ? kernel_slug(kernel->name) : NULL;
	kernel->image = kernel_file(path_join(dir, KERNEL_IMAGE));
	kernel->config = kernel_file(path_join(dir, KERNEL_CONFIG));
	kernel->modules_dir = kernel_file(path_join(dir, KERNEL_MODULES));
	if (!kernel->slug || !kernel->release || !kernel->sha256 || !kernel->image)
		return damaged(name, dir, "a part of it is missing", err);
	r = kernel_hash(kernel->image, hash, err);
	if (r < 0)
		return r;
	if (!streq(hash, kernel->sha256))
		return damaged(name, kernel->image, "its hash is not the one of what was fetched",
			       err);
	*ret = TAKE_PTR(kernel);
	return 0;
}

int kernel_cache_path(const char *name, char **ret, struct error *err)
{
	_cleanup_free_ char *cache = NULL, *slug = kernel_slug(name);
	int r = cache_dir(&cache, err);

	if (r < 0)
		return r;
	*ret = slug ? text_format("%s/" KERNEL_CACHE "/%s", cache, slug) : NULL;
	return *ret ? 0 : error_set(err, -ENOMEM, "find kernel %s", name);
}

/* Of a cached kernel; of a damaged one, which must have a name too, by its directory's. */
static char *name_of(const char *cache, const char *slug)
{
	_cleanup_free_ char *path = text_format("%s/%s/" KERNEL_JSON, cache, slug);
	json_t *json = path ? json_load_file(path, 0, NULL) : NULL;
	char *name = text_of(json, "name"), *dash;

	json_decref(json);
	if (name)
		return name;
	name = strdup(slug);
	dash = name ? strchr(name, '-') : NULL;
	if (dash)
		*dash = '/';
	return name;
}

int kernel_cached(struct strlist *ret, struct error *err)
{
	_cleanup_strlist_ struct strlist names = {};
	_cleanup_free_ char *cache = NULL, *path = NULL;
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *entry;
	int r = cache_dir(&cache, err);

	if (r < 0)
		return r;
	path = path_join(cache, KERNEL_CACHE);
	dir = path ? opendir(path) : NULL;
	if (!dir && path && errno != ENOENT)
		return error_set(err, -errno, "open %s", path);
	while (dir && (entry = readdir(dir))) {
		_cleanup_free_ char *name = NULL;

		if (*entry->d_name == '.')
			continue;
		name = name_of(path, entry->d_name);
		if (!name || strlist_add(&names, name) < 0)
			return error_set(err, -ENOMEM, "open %s", path);
	}
	strlist_sort(&names);
	*ret = names;
	names = (struct strlist){};
	return 0;
}

static int not_found(const char *name, struct error *err)
{
	_cleanup_strlist_ struct strlist cached = {};
	_cleanup_free_ char *known = kernel_canonical(name);
	struct nearest search = { .word = name };
	char hint[200];

	if (known)
		return error_say(err, -ENOENT,
				 "kernel %s is not in the cache: run «wring kernel get %s»", name,
				 known);
	for (const struct kernel_source *s = kernel_sources; s->name; s++)
		nearest_offer(&search, s->name);
	if (kernel_cached(&cached, NULL) == 0)
		for (size_t i = 0; i < cached.count; i++)
			nearest_offer(&search, cached.items[i]);
	nearest_hint(&search, hint, sizeof(hint));
	return error_say(err, -ENOENT,
			 "there is no kernel «%s»%s: it is neither a cached name («wring kernel "
			 "list») nor the path of a bzImage",
			 name, hint);
}

int kernel_find(struct kernel **ret, const char *name, const char *modules_dir, struct error *err)
{
	_cleanup_free_ char *dir = NULL, *canonical = kernel_canonical(name);
	const char *cached = canonical ? canonical : name;
	struct utsname host;
	struct stat st;
	int r = kernel_cache_path(cached, &dir, err);

	if (r < 0)
		return r;
	if (*name && *name != '.' && *name != '/' && access(dir, F_OK) == 0) {
		if (modules_dir)
			return error_say(err, -EINVAL,
					 "%s has its own modules: --modules is for a bzImage",
					 name);
		return load_cached(ret, cached, dir, err);
	}
	if (streq(name, "host"))
		return uname(&host) < 0 ? error_set(err, -errno, "uname")
					: kernel_from_host(ret, "", host.release, modules_dir, err);
	if (stat(name, &st) < 0)
		return errno == ENOENT || errno == ENOTDIR
			       ? not_found(name, err)
			       : error_set(err, -errno, "open %s", name);
	return S_ISDIR(st.st_mode) ? kernel_from_tree(ret, name, modules_dir, err)
				   : kernel_from_image(ret, name, name, modules_dir, err);
}

int kernel_remove(const char *name, struct error *err)
{
	_cleanup_free_ char *dir = NULL, *canonical = kernel_canonical(name), *gone = NULL;
	int r = kernel_cache_path(canonical ? canonical : name, &dir, err);

	if (r < 0)
		return r;
	/* Out of the way first: half of a kernel is never one. Killed here, the next get sweeps. */
	gone = text_format("%.*s/.%s.tmp.%d", (int)(strrchr(dir, '/') - dir), dir,
			   strrchr(dir, '/') + 1, (int)getpid());
	if (!gone)
		return error_set(err, -ENOMEM, "remove %s", dir);
	if (!*name || (rename(dir, gone) < 0 && errno == ENOENT))
		return error_say(err, -ENOENT,
				 "kernel «%s» is not in the cache: «wring kernel list» shows what "
				 "is",
				 name);
	if (access(dir, F_OK) == 0)
		return error_set(err, -EIO, "remove %s", dir);
	return dir_remove(AT_FDCWD, gone, err);
}

char kernel_config(const struct kernel *kernel, const char *option)
{
	const char *name = starts_with(option, "CONFIG_") ? option + strlen("CONFIG_") : option;
	_cleanup_free_ char *text = NULL, *key = text_format("CONFIG_%s=", name);
	char *save = NULL;

	if (!kernel->config || !key || file_read(AT_FDCWD, kernel->config, &text, NULL, NULL) < 0)
		return '?';
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (starts_with(line, key))
			return line[strlen(key)] == 'm'	  ? 'm'
			       : line[strlen(key)] == 'n' ? 'n'
							  : 'y';
	return 'n';
}
