// SPDX-License-Identifier: GPL-2.0-or-later
/* Kernels that are not in the cache: an image by its path, a built tree, the host's own. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/vm/kernel-internal.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"

static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup(".");
	return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

static bool has_file(const char *dir, const char *name)
{
	_cleanup_free_ char *path = dir ? path_join(dir, name) : NULL;

	return path && access(path, R_OK) == 0;
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
		/* A built tree has no modules.dep, but lists of what was built. */
		bool there = has_file(tries[i], "modules.dep") ||
			     (i == 3 && (has_file(tries[i], "modules.order") ||
					 has_file(tries[i], "modules.builtin")));

		if (!kernel->modules_dir && there)
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
		char *path = kernel_file(
			text_format("%s/%s%s", beside, patterns[i], i == 0 ? kernel->release : ""));

		if (path)
			return path;
	}
	return NULL;
}

int kernel_from_image(struct kernel **ret, const char *name, const char *image,
		      const char *modules_dir, struct error *err)
{
	_cleanup_kernel_ struct kernel *kernel = calloc(1, sizeof(*kernel));
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

/* A built kernel tree; it goes by its directory's name, since every tree calls its image bzImage.
 */
int kernel_from_tree(struct kernel **ret, const char *name, const char *modules_dir,
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
	return kernel_from_image(ret, tree, image, modules_dir, err);
}

/* What to do about a host's image that is there and can't be read. */
static int unreadable(const char *image, struct error *err)
{
	return error_say(err, -EACCES,
			 "%s may be read by root alone, as on Ubuntu: run wring as root, or «sudo "
			 "chmod 644 %s», or make a copy that you may read and name it by --kernel",
			 image, image);
}

int kernel_from_host(struct kernel **ret, const char *root, const char *release,
		     const char *modules_dir, struct error *err)
{
	/* What stands before and behind the release. */
	static const char *const places[][2] = { { "/boot/vmlinuz-", "" },
						 { "/lib/modules/", "/vmlinuz" },
						 { "/usr/lib/modules/", "/vmlinuz" },
						 { "/boot/kernel-", "" } };
	_cleanup_free_ char *image = NULL, *hidden = NULL;
	_cleanup_free_ char *modules = text_format("%s/lib/modules/%s", root, release);
	_cleanup_kernel_ struct kernel *kernel = NULL;
	int r;

	if (!modules)
		return error_set(err, -ENOMEM, "find the host's kernel");
	for (size_t i = 0; i < ARRAY_SIZE(places) && !image; i++) {
		char *path = text_format("%s%s%s%s", root, places[i][0], release, places[i][1]);

		if (path && access(path, F_OK) == 0 && access(path, R_OK) < 0 && !hidden)
			hidden = TAKE_PTR(path);
		image = kernel_file(path);
	}
	if (!image && hidden)
		return unreadable(hidden, err);
	if (!image)
		return error_say(err, -ENOENT,
				 "the image of this host's kernel, %s, is neither in /boot nor in "
				 "/lib/modules (a container, or a host that is given its kernel "
				 "from outside?): name another kernel, as --kernel debian/6.12, or "
				 "copy the image here and name it",
				 release);
	if (!modules_dir && has_file(modules, "modules.dep"))
		modules_dir = modules;
	r = kernel_from_image(&kernel, "host", image, modules_dir, err);
	if (r < 0)
		return r;
	if (!streq(kernel->release, release))
		return error_say(err, -EINVAL,
				 "%s is of release %s, and this host runs %s: reboot into it, or "
				 "name it by its path",
				 image, kernel->release, release);
	if (!kernel->config)
		kernel->config = kernel_file(path_join(modules, "config"));
	*ret = TAKE_PTR(kernel);
	return 0;
}
