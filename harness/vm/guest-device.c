// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/guest-device.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/units.h"

#define BLOCK_BYTES    4096
#define NULL_BLK_TICKS 50 /* a second; TICKS_PER_SEC of drivers/block/null_blk/main.c */

int guest_set(const char *dir, const char *file, const char *value, struct error *err)
{
	_cleanup_free_ char *path = path_join(dir, file);
	int r = path ? file_write_kernel(AT_FDCWD, path, value) : -ENOMEM;

	return r < 0 ? error_set(err, r, "write %s to %s/%s", value, dir, file) : 0;
}

int guest_set_number(const char *dir, const char *file, uint64_t value, struct error *err)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	return guest_set(dir, file, text, err);
}

/*
 * null_blk has a budget for each 20 ms, of which nothing is carried over, and a request that is
 * larger waits for ever: keep requests at a quarter of it, so that little of it is left unused.
 */
static int limit_requests(const struct null_blk *spec, struct error *err)
{
	uint64_t budget = (spec->bandwidth_bytes >> 20) * ((1 << 20) / NULL_BLK_TICKS);
	uint64_t most = MAX(budget / 4 / BLOCK_BYTES, 1u) * BLOCK_BYTES >> 10;
	char dir[80], now[40];
	uint64_t now_kib;
	int r;

	snprintf(dir, sizeof(dir), "/sys/block/nullb%u/queue/max_sectors_kb", spec->index);
	r = file_read_line(AT_FDCWD, dir, now, sizeof(now));
	if (r == 0)
		r = parse_u64(now, &now_kib);
	if (r < 0)
		return error_set(err, r, "read %s", dir);
	*strrchr(dir, '/') = '\0';
	return most < now_kib ? guest_set_number(dir, "max_sectors_kb", most, err) : 0;
}

/*
 * A memory-backed null_blk by configfs (Documentation/block/null_blk.rst), whose requests
 * complete by a timer after latency_ns, and which another timer lets go on every 20 ms where it
 * has a bandwidth: both by the guest's clock. Kernels name the disk after the directory or after a
 * running number: the directory is named so that both agree.
 */
int guest_make_null_blk(const struct null_blk *spec, char *ret_device, size_t size,
			struct error *err)
{
	char dir[80];
	int r;

	if (mount("configfs", "/sys/kernel/config", "configfs", 0, NULL) < 0 && errno != EBUSY)
		return error_set(err, -errno, "mount configfs");
	snprintf(dir, sizeof(dir), "/sys/kernel/config/nullb/nullb%u", spec->index);
	if (mkdir(dir, 0755) < 0)
		return error_set(err, -errno, "make null_blk device %u", spec->index);
	r = guest_set_number(dir, "size", spec->size_bytes >> 20, err);
	if (r == 0)
		r = guest_set(dir, "memory_backed", "1", err);
	if (r == 0)
		r = guest_set_number(dir, "blocksize", BLOCK_BYTES, err);
	if (r == 0)
		r = guest_set_number(dir, "irqmode", spec->latency_ns ? 2 : 0, err);
	if (r == 0 && spec->latency_ns)
		r = guest_set_number(dir, "completion_nsec", spec->latency_ns, err);
	if (r == 0 && spec->bandwidth_bytes)
		r = guest_set_number(dir, "mbps", spec->bandwidth_bytes >> 20, err);
	if (r == 0)
		r = guest_set(dir, "power", "1", err);
	if (r == 0 && spec->bandwidth_bytes)
		r = limit_requests(spec, err);
	if (r == 0)
		snprintf(ret_device, size, "/dev/nullb%u", spec->index);
	return r;
}
