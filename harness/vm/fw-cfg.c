// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/fw-cfg.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <unistd.h>

#include "src/cleanup.h"
#include "src/macro.h"

/* docs/specs/fw_cfg.txt of QEMU: x86's ports, the directory's item, the DMA descriptor. */
#define DMA_PORT	0x514
#define DIRECTORY	0x19
#define DMA_ERROR	0x01
#define DMA_READ	0x02
#define DMA_SKIP	0x04
#define DMA_SELECT	0x08
#define NAME_BYTES	56
#define FILES_MAX	1000
#define PAGEMAP_FRAME	((UINT64_C(1) << 55) - 1)
#define PAGEMAP_PRESENT (UINT64_C(1) << 63)

struct dma {
	uint32_t control, length;
	uint64_t address;
};

struct directory_entry {
	uint32_t size;
	uint16_t select, reserved;
	char name[NAME_BYTES];
};

/* The device writes to physical addresses: two locked pages, the descriptor's and the data's. */
struct channel {
	struct dma *dma;
	uint8_t *data;
	uint64_t dma_address, data_address;
	size_t page;
};

static int physical(const void *at, size_t page, uint64_t *ret)
{
	_cleanup_close_ int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry;

	if (fd < 0)
		return -errno;
	if (pread(fd, &entry, sizeof(entry), (off_t)((uintptr_t)at / page * sizeof(entry))) !=
	    sizeof(entry))
		return -EIO;
	if (!(entry & PAGEMAP_PRESENT) || !(entry & PAGEMAP_FRAME))
		return -EPERM;
	*ret = (entry & PAGEMAP_FRAME) * page;
	return 0;
}

static void channel_close(struct channel *c)
{
	if (c->dma)
		munmap(c->dma, 2 * c->page);
	*c = (struct channel){};
}

static int channel_open(struct channel *ret, struct error *err)
{
	struct channel c = { .page = (size_t)sysconf(_SC_PAGESIZE) };
	void *at = mmap(NULL, 2 * c.page, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED | MAP_POPULATE, -1, 0);
	int r;

	if (at == MAP_FAILED)
		return error_set(err, -errno, "read what the host gives");
	c.dma = at;
	c.data = (uint8_t *)at + c.page;
	memset(at, 0, 2 * c.page);
	r = physical(c.dma, c.page, &c.dma_address);
	if (r == 0)
		r = physical(c.data, c.page, &c.data_address);
	if (r < 0) {
		channel_close(&c);
		return error_set(err, r, "read /proc/self/pagemap");
	}
	*ret = c;
	return 0;
}

/* One transfer of at most a page; the device has done it when the port's write returns. */
static int transfer(struct channel *c, uint32_t control, size_t length)
{
	volatile struct dma *dma = c->dma;

	dma->control = htobe32(control);
	dma->length = htobe32((uint32_t)length);
	dma->address = htobe64(c->data_address);
	__sync_synchronize();
	outl(htobe32((uint32_t)(c->dma_address >> 32)), DMA_PORT);
	outl(htobe32((uint32_t)c->dma_address), DMA_PORT + 4);
	__sync_synchronize();
	return dma->control == 0 ? 0 : -EIO;
}

/* From the selected item's current offset. */
static int read_bytes(struct channel *c, void *buf, size_t size)
{
	uint8_t *next = buf;

	while (size) {
		size_t n = MIN(size, c->page);
		int r = transfer(c, DMA_READ, n);

		if (r < 0)
			return r;
		memcpy(next, c->data, n);
		next += n;
		size -= n;
	}
	return 0;
}

static int select_item(struct channel *c, uint16_t item)
{
	return transfer(c, (uint32_t)item << 16 | DMA_SELECT | DMA_SKIP, 0);
}

static int find(struct channel *c, const char *name, struct directory_entry *ret)
{
	struct directory_entry entry;
	uint32_t count;
	int r = select_item(c, DIRECTORY);

	if (r == 0)
		r = read_bytes(c, &count, sizeof(count));
	if (r < 0)
		return r;
	count = MIN(be32toh(count), (uint32_t)FILES_MAX);
	for (uint32_t i = 0; i < count; i++) {
		r = read_bytes(c, &entry, sizeof(entry));
		if (r < 0)
			return r;
		if (strncmp(entry.name, name, NAME_BYTES) == 0) {
			*ret = entry;
			return 0;
		}
	}
	return -ENOENT;
}

int fw_cfg_open(struct error *err)
{
	return iopl(3) < 0 ? error_set(err, -errno, "use the machine's ports") : 0;
}

int fw_cfg_read(const char *name, uint8_t **ret, size_t *ret_size, struct error *err)
{
	_cleanup_free_ uint8_t *data = NULL;
	struct directory_entry entry = {};
	struct channel c;
	size_t size = 0;
	int r = channel_open(&c, err);

	if (r < 0)
		return r;
	r = find(&c, name, &entry);
	if (r == 0) {
		size = be32toh(entry.size);
		data = malloc(size + 1);
		r = data ? select_item(&c, be16toh(entry.select)) : -ENOMEM;
	}
	if (r == 0)
		r = read_bytes(&c, data, size);
	channel_close(&c);
	if (r == -ENOENT)
		return r;
	if (r < 0)
		return error_set(err, r, "read %s from the machine's fw_cfg device", name);
	data[size] = 0;
	*ret = TAKE_PTR(data);
	*ret_size = size;
	return 0;
}
