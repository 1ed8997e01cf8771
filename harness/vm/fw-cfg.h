/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "src/error.h"

/*
 * The guest's side of QEMU's firmware configuration device (docs/specs/fw_cfg.txt): files that the
 * host names on QEMU's command line. They are no part of the machine's memory, so a machine that
 * goes on from a saved state finds those of its own QEMU. Read by DMA through port I/O, which
 * needs no driver, and takes root in the guest.
 */

/* What QEMU writes "-fw_cfg name=" for. */
#define FW_CFG_ORDER "opt/wring/order" /* the trial: an archive as initramfs.h writes it */
#define FW_CFG_STOP  "opt/wring/stop"  /* there: stop when the machine is made, to be saved */

/* Lets this process use the ports: call it first. -EPERM without root. */
int fw_cfg_open(struct error *err);

/* A file's contents, malloc'ed, the caller's; -ENOENT (err unset) when there is none. */
int fw_cfg_read(const char *name, uint8_t **ret, size_t *ret_size, struct error *err);
