/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

#include "src/error.h"
#include "src/strlist.h"

/* A kernel that the lab can boot. All strings are owned. */
struct kernel {
	char *name;	   /* as in --kernel: "debian/6.12" */
	char *slug;	   /* as a directory's name: "debian-6.12" */
	char *release;	   /* "6.12.117+deb12-cloud-amd64" */
	char *package;	   /* "linux-image-... VERSION", or NULL */
	char *image;	   /* path of the bzImage */
	char *config;	   /* path of its config, or NULL */
	char *modules_dir; /* path of the directory that holds modules.dep, or NULL */
	char *sha256;	   /* of the image, in hex */
};

/* $WRING_CACHE, or $XDG_CACHE_HOME/wring, or ~/.cache/wring; made if it is not there. */
int cache_dir(char **ret, struct error *err);

/*
 * A cached kernel by name, a bzImage by path, or a built kernel tree. modules_dir holds modules.dep
 * or lib/modules/RELEASE/modules.dep; NULL: they are looked for beside the image and in
 * /lib/modules. -ENOENT with the cure when it isn't cached.
 */
int kernel_find(struct kernel **ret, const char *name, const char *modules_dir, struct error *err);

/* The names of the cached kernels, sorted. An empty cache is no error. */
int kernel_cached(struct strlist *ret, struct error *err);

/* Fetches a distribution kernel into the cache, unless it is there. say() reports progress. */
int kernel_get(const char *name, void (*say)(const char *line), struct error *err);

/* Every name that kernel_get() knows, {}-terminated: name and a line about it. */
struct kernel_source {
	const char *name;
	const char *metapackage; /* the package that names the current one */
	const char *about;
};
extern const struct kernel_source kernel_sources[];

/*
 * The files that must be loaded, in order, for the named modules (without ".ko"): paths relative
 * to modules_dir. A built-in one needs none. -ENOENT naming the module that the kernel lacks.
 */
int kernel_modules(const struct kernel *kernel, const char *const *names, struct strlist *ret,
		   struct error *err);

/* 'y', 'm', or 'n' for a CONFIG_ option; '?' when the config is not known. */
char kernel_config(const struct kernel *kernel, const char *option);

void kernel_free(struct kernel *kernel);
