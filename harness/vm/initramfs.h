/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

#include "src/error.h"

/*
 * Writes a cpio archive (newc) that a kernel takes as its initramfs. What is written depends on
 * the contents added alone: times, owners and inode numbers are fixed.
 */
struct initramfs;

int initramfs_new(struct initramfs **ret, const char *path, struct error *err);

/* name: path in the guest without a leading slash; its directories are added by themselves. */
int initramfs_add_data(struct initramfs *archive, const char *name, const void *data, size_t len,
		       unsigned mode, struct error *err);
int initramfs_add_file(struct initramfs *archive, const char *name, const char *host_path,
		       unsigned mode, struct error *err);
int initramfs_add_dir(struct initramfs *archive, const char *name, struct error *err);
int initramfs_add_char_device(struct initramfs *archive, const char *name, unsigned major,
			      unsigned minor, struct error *err);
/* A program with its interpreter and every shared library it is linked with, under their paths. */
int initramfs_add_program(struct initramfs *archive, const char *name, const char *host_path,
			  struct error *err);
/* A kernel module, decompressed (.ko, .ko.xz, .ko.zst, .ko.gz), named without its suffix .xz. */
int initramfs_add_module(struct initramfs *archive, const char *name, const char *host_path,
			 struct error *err);

/* Ends the archive; the file is whole only if this returned 0. */
int initramfs_finish(struct initramfs *archive, struct error *err);
/* Frees; an unfinished file is removed. */
void initramfs_free(struct initramfs *archive);
