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

static void kernelp_free(struct kernel **kernel)
{
	kernel_free(*kernel);
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

/* Takes the path over: NULL unless it exists. */
static char *if_exists(char *path)
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

/* dir: a finished kernel's directory in the cache. */
static int load_cached(struct kernel **ret, const char *dir, struct error *err)
{
	_cleanup_(kernelp_free) struct kernel *kernel = calloc(1, sizeof(*kernel));
	_cleanup_free_ char *path = path_join(dir, KERNEL_JSON);
	_cleanup_(jsonp_free) json_t *json = NULL;
	json_error_t why;

	if (!kernel || !path)
		return error_set(err, -ENOMEM, "read %s", dir);
	json = json_load_file(path, 0, &why);
	if (!json)
		return error_say(err, -EINVAL, "%s is damaged (%s): remove %s and fetch it again",
				 path, why.text, dir);
	kernel->name = text_of(json, "name");
	kernel->release = text_of(json, "release");
	kernel->package = text_of(json, "package");
	kernel->sha256 = text_of(json, "sha256");
	kernel->slug = kernel->name ? kernel_slug(kernel->name) : NULL;
	kernel->image = if_exists(path_join(dir, KERNEL_IMAGE));
	kernel->config = if_exists(path_join(dir, KERNEL_CONFIG));
	kernel->modules_dir = if_exists(path_join(dir, KERNEL_MODULES));
	if (!kernel->slug || !kernel->release || !kernel->sha256 || !kernel->image)
		return error_say(err, -EINVAL, "%s is damaged: remove it and fetch it again", dir);
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
		_cleanup_(kernelp_free) struct kernel *kernel = NULL;
		_cleanup_free_ char *one = NULL;

		if (*entry->d_name == '.')
			continue;
		one = path_join(path, entry->d_name);
		r = one ? load_cached(&kernel, one, err) : error_set(err, -ENOMEM, "open %s", path);
		if (r == 0 && strlist_add(&names, kernel->name) < 0)
			r = error_set(err, -ENOMEM, "open %s", path);
		if (r < 0)
			return r;
	}
	strlist_sort(&names);
	*ret = names;
	names = (struct strlist){};
	return 0;
}

static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup(".");
	return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

/* The directory that holds modules.dep, where the user said or where kernels usually keep it. */
static int find_modules(struct kernel *kernel, const char *given, struct error *err)
{
	_cleanup_free_ char *beside = directory_of(kernel->image);
	const char *release = kernel->release;
	char *tries[5] = {};

	if (!beside)
		return error_set(err, -ENOMEM, "find modules");
	if (given) {
		tries[0] = strdup(given);
		tries[1] = text_format("%s/lib/modules/%s", given, release);
		tries[2] = text_format("%s/%s", given, release);
	} else {
		tries[0] = path_join(beside, "modules");
		tries[1] = text_format("%s/lib/modules/%s", beside, release);
		tries[2] = text_format("%s/../lib/modules/%s", beside, release);
		tries[3] = text_format("%s/../../..", beside); /* a build tree */
		tries[4] = text_format("/lib/modules/%s", release);
	}
	for (size_t i = 0; i < ARRAY_SIZE(tries); i++) {
		/* A build tree whose modules are all built in has no modules.dep. */
		_cleanup_free_ char *dep =
			tries[i] ? path_join(tries[i], i == 3 ? "modules.builtin" : "modules.dep")
				 : NULL;

		if (!kernel->modules_dir && dep && access(dep, R_OK) == 0)
			kernel->modules_dir = realpath(tries[i], NULL);
		free(tries[i]);
	}
	if (given && !kernel->modules_dir)
		return error_say(err, -ENOENT,
				 "%s has neither modules.dep nor lib/modules/%s/modules.dep: make "
				 "it by «make modules_install INSTALL_MOD_PATH=%s», or, if the "
				 "modules are there, by «depmod -b %s %s»",
				 given, release, given, given, release);
	return 0;
}

static char *find_config(const struct kernel *kernel)
{
	_cleanup_free_ char *beside = directory_of(kernel->image);
	const char *const patterns[] = { "config-", "../../../.config", "config" };

	for (size_t i = 0; beside && i < ARRAY_SIZE(patterns); i++) {
		char *path = if_exists(
			text_format("%s/%s%s", beside, patterns[i], i == 0 ? kernel->release : ""));

		if (path)
			return path;
	}
	return NULL;
}

static int load_path(struct kernel **ret, const char *name, const char *image,
		     const char *modules_dir, struct error *err)
{
	_cleanup_(kernelp_free) struct kernel *kernel = calloc(1, sizeof(*kernel));
	char hash[KERNEL_HASH_MAX];
	const char *base;
	int r;

	if (!kernel)
		return error_set(err, -ENOMEM, "open %s", image);
	r = kernel_release(image, &kernel->release, err);
	if (r == 0)
		r = kernel_hash(image, hash, err);
	if (r < 0)
		return r;
	kernel->image = realpath(image, NULL);
	if (!kernel->image)
		return error_set(err, -errno, "open %s", image);
	base = strrchr(name, '/');
	base = base ? base + 1 : name;
	kernel->name = strdup(name);
	kernel->slug = kernel_slug(base);
	kernel->sha256 = strdup(hash);
	kernel->config = find_config(kernel);
	if (!kernel->name || !kernel->slug || !kernel->sha256)
		return error_set(err, -ENOMEM, "open %s", image);
	r = find_modules(kernel, modules_dir, err);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(kernel);
	return 0;
}

static int not_found(const char *name, struct error *err)
{
	_cleanup_strlist_ struct strlist cached = {};
	struct nearest search = { .word = name };
	char hint[200];

	for (const struct kernel_source *s = kernel_sources; s->name; s++) {
		if (streq(s->name, name))
			return error_say(err, -ENOENT,
					 "kernel %s is not in the cache: run «wring kernel get "
					 "%s»",
					 name, name);
		nearest_offer(&search, s->name);
	}
	if (kernel_cached(&cached, NULL) == 0)
		for (size_t i = 0; i < cached.count; i++)
			nearest_offer(&search, cached.items[i]);
	nearest_hint(&search, hint, sizeof(hint));
	return error_say(err, -ENOENT,
			 "there is no kernel «%s»%s: it is neither a cached name («wring kernel "
			 "list») nor the path of a bzImage",
			 name, hint);
}

/* A built kernel tree; it goes by its directory's name, since every tree calls its image bzImage.
 */
static int load_tree(struct kernel **ret, const char *name, const char *modules_dir,
		     struct error *err)
{
	_cleanup_free_ char *tree = realpath(name, NULL), *image = NULL;

	if (!tree)
		return error_set(err, -errno, "open %s", name);
	image = path_join(tree, "arch/x86/boot/bzImage");
	if (!image)
		return error_set(err, -ENOMEM, "open %s", name);
	if (access(image, R_OK) < 0)
		return error_say(err, -ENOENT,
				 "%s is a directory without arch/x86/boot/bzImage: name a bzImage "
				 "or a kernel tree that is built",
				 name);
	return load_path(ret, tree, image, modules_dir, err);
}

int kernel_find(struct kernel **ret, const char *name, const char *modules_dir, struct error *err)
{
	_cleanup_free_ char *dir = NULL;
	struct stat st;
	int r = kernel_cache_path(name, &dir, err);

	if (r < 0)
		return r;
	if (*name && *name != '.' && *name != '/' && access(dir, F_OK) == 0) {
		if (modules_dir)
			return error_say(err, -EINVAL,
					 "%s has its own modules: --modules is for a bzImage",
					 name);
		return load_cached(ret, dir, err);
	}
	if (stat(name, &st) < 0)
		return errno == ENOENT || errno == ENOTDIR
			       ? not_found(name, err)
			       : error_set(err, -errno, "open %s", name);
	return S_ISDIR(st.st_mode) ? load_tree(ret, name, modules_dir, err)
				   : load_path(ret, name, name, modules_dir, err);
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
