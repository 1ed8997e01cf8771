/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "harness/vm/kernel.h"
#include "harness/vm/vm-cache.h"
#include "src/error.h"

/*
 * The kernel as an ELF file (vmlinux), which QEMU starts without its own decompressor: for a guest
 * that would be up to 0.7 G instructions of each boot. Unpacked once, then from the cache.
 * -EOPNOTSUPP where that can't be: the kernel has no entry for it (CONFIG_PVH), or is packed in a
 * way that libarchive does not know. Then the bzImage boots, too.
 */
int vmlinux_get(struct cached_file *ret, const struct kernel *kernel, struct error *err);
