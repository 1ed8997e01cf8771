/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
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
	char *modules_dir; /* path of what holds modules.dep, or of a built tree; or NULL */
	char *sha256;	   /* of the image, in hex */
};

/* Where the cache is, or would be: it is not made. */
int cache_path(char **ret, struct error *err);

/* $WRING_CACHE, or $XDG_CACHE_HOME/wring, or ~/.cache/wring; made if it is not there. */
int cache_dir(char **ret, struct error *err);

/*
 * A cached kernel by name, a bzImage by path, a built kernel tree, whose modules are taken where
 * they were built, or "host": the one that runs here, from where it is installed. modules_dir holds
 * modules.dep or lib/modules/RELEASE/modules.dep; NULL: they are looked for beside the image and in
 * /lib/modules. -ENOENT with the cure when it isn't cached, -EBADMSG when what is there is damaged.
 */
int kernel_find(struct kernel **ret, const char *name, const char *modules_dir, struct error *err);

/* The names of the cached kernels, sorted; damaged ones, too. An empty cache is no error. */
int kernel_cached(struct strlist *ret, struct error *err);

/*
 * Fetches a distribution kernel into the cache, unless it is there. say() reports progress.
 * -EINVAL: it is no such name; -ENOENT: apt here does not offer it.
 */
int kernel_get(const char *name, void (*say)(const char *line), struct error *err);

/* Names for kernel_get(), {}-terminated; the last stands for any other. */
struct kernel_source {
	const char *name;
	const char *about;
};
extern const struct kernel_source kernel_sources[];

/* From the cache, also a damaged one. -ENOENT when it isn't there. */
int kernel_remove(const char *name, struct error *err);

/*
 * The files that must be loaded, in order, for the named modules (without ".ko"): paths relative
 * to modules_dir. A built-in one needs none. -ENOENT naming the module that the kernel lacks.
 */
int kernel_modules(const struct kernel *kernel, const char *const *names, struct strlist *ret,
		   struct error *err);

/* Whether its modules are where a build left them, and not installed. */
bool kernel_is_built(const struct kernel *kernel);

/* 'y', 'm', or 'n' for a CONFIG_ option; '?' when the config is not known. */
char kernel_config(const struct kernel *kernel, const char *option);

void kernel_free(struct kernel *kernel);

static inline void kernel_freep(struct kernel **kernel)
{
	kernel_free(*kernel);
}
#define _cleanup_kernel_ __attribute__((cleanup(kernel_freep)))
