/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "src/error.h"

/* Whole files. Paths are relative to dirfd (AT_FDCWD for the working directory). */

/*
 * Reads a file of any kind (files of /proc and /sys say size 0) to its end. *ret is NUL-terminated
 * and the caller's to free; *ret_len may be NULL. Files above 256 MiB are refused with -EFBIG.
 */
int file_read(int dirfd, const char *path, char **ret, size_t *ret_len, struct error *err);

/* The file's first line without white space at its end. -errno. */
int file_read_line(int dirfd, const char *path, char *buf, size_t size);

/*
 * One write(2) of the whole text to a file that exists, as kernel interfaces want it: a refusal
 * is this call's error, not one that fclose() swallows. -errno.
 */
int file_write_kernel(int dirfd, const char *path, const char *text);

/* All of it, whatever write(2) takes at a time. -errno. */
int file_write_all(int fd, const void *data, size_t len);

/* Writes a new file whole, or leaves what was there: a temporary file, fsync, rename. */
int file_write_atomic(int dirfd, const char *path, const void *data, size_t len, struct error *err);

/* Flushes and closes f: a full disk shows here. *f is NULL afterwards. */
int file_close(FILE **f, const char *path, struct error *err);

/* mkdir -p. */
int dir_make(const char *path, struct error *err);

/* rm -r, which crosses no mount and follows no symbolic link. A missing one is no error. */
int dir_remove(int dirfd, const char *path, struct error *err);

/* malloc'ed "A/B"; NULL when memory is out. */
char *path_join(const char *a, const char *b);

/* malloc'ed printf; NULL when memory is out. */
__attribute__((format(printf, 1, 2))) char *text_format(const char *fmt, ...);
