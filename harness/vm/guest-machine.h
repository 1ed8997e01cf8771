/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "harness/suite/suite.h"
#include "src/error.h"

/* The guest's side of a suite's machine: swap and disk are made inside it, from its own memory. */

/*
 * Loads the modules that a list in the initramfs names, a line each, in order: "FILE" or
 * "FILE PARAMETERS". A module that is loaded already is no error.
 */
int guest_load_modules(const char *list, struct error *err);

/* zram or null_blk of the set size, as swap space. */
int guest_make_swap(const struct swap_spec *swap, struct error *err);

/* null_blk of the set size and latency with an ext4 filesystem, mounted at DISK_MOUNT. */
int guest_make_disk(const struct disk_spec *disk, struct error *err);

/*
 * Writes the named files of a directory, those that are there, as a tar archive (POSIX ustar) into
 * memory: the host knows which a record must have. The host reads
 * it with libarchive; libarchive's own writer would bring some 30 MiB of libraries into the
 * guest's memory. -ENOSPC when they do not fit.
 */
int guest_send_files(void *window, size_t size, int dirfd, const char *const *names,
		     struct error *err);
