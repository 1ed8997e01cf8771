/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "src/error.h"

/*
 * Unpacks an archive of initramfs.h (cpio, newc) below the root, as the kernel does with its own
 * (Documentation/driver-api/early-userspace/buffer-format.rst). What is there already stays;
 * a file that differs is replaced by a new one. -EBADMSG for what is not such an archive.
 */
int guest_unpack(const uint8_t *archive, size_t size, struct error *err);
