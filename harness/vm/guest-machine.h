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

/* Each of the machine's swap devices, in their order. */
int guest_make_swaps(const struct machine_spec *machine, struct error *err);

/* The machine's filesystem, on a null_blk of its own or a tmpfs, mounted at DISK_MOUNT. */
int guest_make_disk(const struct machine_spec *machine, struct error *err);

/* Sets the machine's sysctls and reads each back. -ENOENT, or the kernel's refusal, with its name.
 */
int guest_set_sysctls(const struct machine_spec *machine, struct error *err);

/*
 * Writes the named files of a directory, those that are there, as a tar archive (POSIX ustar) into
 * memory: the host knows which a record must have. The host reads
 * it with libarchive; libarchive's own writer would bring some 30 MiB of libraries into the
 * guest's memory. -ENOSPC when they do not fit.
 */
int guest_send_files(void *window, size_t size, int dirfd, const char *const *names,
		     struct error *err);
