// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "harness/vm/guest-device.h"
#include "harness/vm/guest-machine.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/process.h"
#include "src/units.h"

/* Fixed identities: the same trial makes the same disk. */
#define UUID	  "77726e67-0000-4000-8000-000000000001"
#define HASH_SEED "77726e67-0000-4000-8000-000000000002"

/* Behind each program's name, and before the device. Nothing is discarded: the device is new. */
static const char *const options[][10] = {
	[FILESYSTEM_EXT4] = { "-q", "-F", "-t", "ext4", "-U", UUID, "-E",
			      "hash_seed=" HASH_SEED ",lazy_itable_init=0,lazy_journal_init=0,"
			      "nodiscard" },
	[FILESYSTEM_XFS] = { "-q", "-f", "-K", "-m", "uuid=" UUID },
	[FILESYSTEM_BTRFS] = { "-q", "-f", "-K", "-U", UUID },
};

static int make_filesystem(const char *device, int filesystem, struct error *err)
{
	const struct disk_filesystem *fs = &disk_filesystems[filesystem];
	_cleanup_free_ char *program = path_join("/sbin", fs->program), *output = NULL;
	const char *argv[ARRAY_SIZE(options[0]) + 3] = { program };
	size_t n = 1;
	int status, r;

	if (!program)
		return error_set(err, -ENOMEM, "%s", fs->program);
	for (const char *const *o = options[filesystem]; *o; o++)
		argv[n++] = *o;
	argv[n] = device;
	r = process_run(argv, NULL, &output, &status, err);
	if (r == 0 && status)
		r = error_say(err, -EIO, "%s %s: status %d: %s", fs->program, device, status,
			      output);
	return r;
}

int guest_make_disk(const struct machine_spec *machine, struct error *err)
{
	const struct disk_spec *disk = &machine->disk;
	const char *filesystem = "tmpfs";
	char device[40] = "wring", size[40] = "";
	/* Swap's come first. */
	struct null_blk null_blk = { .index = 1,
				     .size_bytes = disk->size_bytes,
				     .latency_ns = disk->latency_ns,
				     .bandwidth_bytes = disk->bandwidth_bytes };
	unsigned swaps = 0;
	int r = 0;

	if (disk->type == DISK_NONE)
		return 0;
	for (size_t i = 0; i < machine->swap_count; i++)
		swaps += machine->swaps[i].type == SWAP_NULL_BLK;
	null_blk.index = MAX(swaps, 1u);
	if (disk->type == DISK_TMPFS) {
		snprintf(size, sizeof(size), "size=%llu", (unsigned long long)disk->size_bytes);
	} else {
		filesystem = disk_filesystems[disk->filesystem].name;
		r = guest_make_null_blk(&null_blk, device, sizeof(device), err);
		if (r == 0)
			r = make_filesystem(device, disk->filesystem, err);
	}
	if (r < 0)
		return r;
	if (mkdir(DISK_MOUNT, 0755) < 0 && errno != EEXIST)
		return error_set(err, -errno, "create %s", DISK_MOUNT);
	if (mount(device, DISK_MOUNT, filesystem, MS_NOATIME, size) < 0)
		return error_set(err, -errno, "mount %s as %s", device, filesystem);
	return 0;
}
