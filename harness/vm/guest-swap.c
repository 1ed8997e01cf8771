// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/swap.h>
#include <unistd.h>

#include "harness/vm/guest-device.h"
#include "harness/vm/guest-machine.h"
#include "src/cleanup.h"

/* What mkswap(8) writes: version 1, no label, no bad pages (include/linux/swap.h, swap_header). */
static int format_swap(const char *device, uint64_t bytes, struct error *err)
{
	struct {
		char boot[1024];
		uint32_t version, last_page, bad_pages;
		unsigned char uuid[16], label[16];
		uint32_t padding[117];
	} * header;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	_cleanup_free_ char *block = calloc(1, page);
	_cleanup_close_ int fd = open(device, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return error_set(err, -errno, "open %s", device);
	if (!block)
		return error_set(err, -ENOMEM, "format %s", device);
	header = (void *)block;
	header->version = 1;
	header->last_page = (uint32_t)(bytes / page - 1);
	header->uuid[0] = 1;
	memcpy(block + page - 10, "SWAPSPACE2", 10);
	if (pwrite(fd, block, page, 0) != (ssize_t)page || fsync(fd) < 0)
		return error_set(err, -errno, "format %s", device);
	return 0;
}

static int make_zram(const struct swap_spec *swap, unsigned index, struct error *err)
{
	char dir[40];
	int r = 0;

	snprintf(dir, sizeof(dir), "/sys/block/zram%u", index);
	if (swap->algorithm)
		r = guest_set(dir, "comp_algorithm", swap->algorithm, err);
	return r < 0 ? r : guest_set_number(dir, "disksize", swap->size_bytes, err);
}

/* The index-th device of its type. Modules have made zrams and brds; a brd is as large as asked
 * for, or larger. */
static int make_swap(const struct swap_spec *swap, unsigned index, struct error *err)
{
	int flags = swap->has_priority ? SWAP_FLAG_PREFER | (int)swap->priority : 0, r = 0;
	char device[40];

	if (swap->type == SWAP_ZRAM) {
		snprintf(device, sizeof(device), "/dev/zram%u", index);
		r = make_zram(swap, index, err);
	} else if (swap->type == SWAP_BRD) {
		snprintf(device, sizeof(device), "/dev/ram%u", index);
	} else {
		r = guest_make_null_blk(&(struct null_blk){ .index = index,
							    .size_bytes = swap->size_bytes,
							    .latency_ns = swap->latency_ns },
					device, sizeof(device), err);
	}
	if (r == 0)
		r = format_swap(device, swap->size_bytes, err);
	if (r == 0 && swapon(device, flags) < 0)
		r = error_set(err, -errno, "swapon %s", device);
	return r;
}

int guest_make_swaps(const struct machine_spec *machine, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < machine->swap_count; i++) {
		unsigned index = 0;

		for (size_t k = 0; k < i; k++)
			index += machine->swaps[k].type == machine->swaps[i].type;
		r = make_swap(&machine->swaps[i], index, err);
	}
	return r;
}
