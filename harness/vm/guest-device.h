/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What swap and disk of a guest have in common: files of a device, and null_blk. */

#include <stddef.h>
#include <stdint.h>

#include "harness/suite/suite.h"
#include "src/error.h"

/* One write of the value to DIR/FILE. */
int guest_set(const char *dir, const char *file, const char *value, struct error *err);
int guest_set_number(const char *dir, const char *file, uint64_t value, struct error *err);

struct null_blk {
	unsigned index; /* in its name */
	uint64_t size_bytes;
	uint64_t latency_ns;	  /* of each request; 0: at once */
	uint64_t bandwidth_bytes; /* a second; 0: no limit */
};

/* A null_blk that keeps what is written, as the device file *ret_device. */
int guest_make_null_blk(const struct null_blk *spec, char *ret_device, size_t size,
			struct error *err);
