/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What the kernel*.c share: how a kernel lies in the cache, what its name stands for. */

#include "harness/vm/kernel.h"

#define KERNEL_CACHE	"kernels" /* below cache_dir(); a directory each, named by its slug */
#define KERNEL_IMAGE	"vmlinuz"
#define KERNEL_CONFIG	"config"
#define KERNEL_MODULES	"modules"
#define KERNEL_JSON	"kernel.json"
#define KERNEL_HASH_MAX 65

/* What is said where the distribution's kernel can't be had. */
#define KERNEL_OTHERWISE                                                                           \
	"any kernel will do, too: --kernel BZIMAGE --modules DIR, or --kernel TREE for a built "   \
	"one"

/*
 * How wring writes the name of a distribution's kernel ("debian/6.12" for debian/6.12-cloud), so
 * that it is in the cache once; the caller's to free. NULL when it is no such name.
 */
char *kernel_canonical(const char *name);

/*
 * A distribution's name in its parts: the version or series, the caller's to free, and the end that
 * the flavour's packages have ("-cloud-amd64"). -EINVAL when it is no such name.
 */
int kernel_name_split(const char *name, char **ret_version, const char **ret_flavour);

/* Whether it names one version, and not the newest of a series. */
bool kernel_name_is_exact(const char *name);

/* The version in a release that a distribution's kernel has: "6.1.0-47-cloud-amd64". -EINVAL. */
int kernel_release_split(const char *release, char **ret_version);

/* The package that a name stands for, the newest where it is a series; -EINVAL, or -ENOENT with
 * what apt has. */
int kernel_package(const char *name, char **ret, struct error *err);

/* The exact names of all that apt here offers, by version. -ENOENT without apt. */
int kernel_offers(struct strlist *ret, struct error *err);

/* The name as a directory's name; the caller's to free; NULL when memory is out. */
char *kernel_slug(const char *name);

/* Where that name is, or would be, in the cache. */
int kernel_cache_path(const char *name, char **ret, struct error *err);

/* SHA-256 of a file, in hex. */
int kernel_hash(const char *path, char ret[static KERNEL_HASH_MAX], struct error *err);

/* The release that a bzImage's header gives. -ENOEXEC when it is not a bzImage. */
int kernel_release(const char *image, char **ret, struct error *err);

/* Takes a path over: NULL unless it can be read. */
char *kernel_file(char *path);

/* kernel_find() for what is not in the cache. */
int kernel_from_image(struct kernel **ret, const char *name, const char *image,
		      const char *modules_dir, struct error *err);
int kernel_from_tree(struct kernel **ret, const char *name, const char *modules_dir,
		     struct error *err);

/* The one of that release which is installed below root ("" for /). */
int kernel_from_host(struct kernel **ret, const char *root, const char *release,
		     const char *modules_dir, struct error *err);
