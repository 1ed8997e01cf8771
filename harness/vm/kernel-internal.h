/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What kernel.c and kernel-get.c share: how a kernel lies in the cache. */

#include "harness/vm/kernel.h"

#define KERNEL_CACHE	"kernels" /* below cache_dir(); a directory each, named by its slug */
#define KERNEL_IMAGE	"vmlinuz"
#define KERNEL_CONFIG	"config"
#define KERNEL_MODULES	"modules"
#define KERNEL_JSON	"kernel.json"
#define KERNEL_HASH_MAX 65

/* The name as a directory's name; the caller's to free; NULL when memory is out. */
char *kernel_slug(const char *name);

/* Where that name is, or would be, in the cache. */
int kernel_cache_path(const char *name, char **ret, struct error *err);

/* SHA-256 of a file, in hex. */
int kernel_hash(const char *path, char ret[static KERNEL_HASH_MAX], struct error *err);

/* The release that a bzImage's header gives. -ENOEXEC when it is not a bzImage. */
int kernel_release(const char *image, char **ret, struct error *err);
