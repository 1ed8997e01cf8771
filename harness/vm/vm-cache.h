/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

#include "src/error.h"

/*
 * Large files that can be made again, each under a name that says all that it follows from:
 * cache_dir()/vm/NAME, its SHA-256 in NAME.sha256. When they are more than WRING_VM_CACHE (a size;
 * 8G), those not used for longest go.
 */

struct cached_file {
	char *path;   /* may go while it is open: "/proc/self/fd/" and fd stays */
	char *sha256; /* in hex */
	int fd;	      /* for reading */
};

/* -ENOENT (err unset): there is none, or it is not what was written, and is removed. */
int vm_cache_open(struct cached_file *ret, const char *name, struct error *err);

/* Accepts an all-zero one. */
void cached_file_done(struct cached_file *file);

/* One that is being written. */
struct vm_cache_entry {
	char *dir, *name, *path; /* path: of the unfinished file */
	int fd;			 /* for writing */
};
int vm_cache_begin(struct vm_cache_entry *ret, const char *name, struct error *err);

/* Puts it into the cache under its name, and opens it. */
int vm_cache_commit(struct vm_cache_entry *entry, struct cached_file *ret, struct error *err);

/* Frees; an uncommitted file is removed. Accepts an all-zero one. */
void vm_cache_entry_done(struct vm_cache_entry *entry);

/* Removes all; *ret_bytes: how much that was. */
int vm_cache_drop(uint64_t *ret_bytes, struct error *err);
