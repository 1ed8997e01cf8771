// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/vmlinux.h"

#include <archive.h>
#include <archive_entry.h>
#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"

/*
 * The x86 boot protocol (Documentation/arch/x86/boot.rst): where the compressed kernel is. Behind
 * it comes its unpacked size, except in gzip's format, which ends with that.
 */
#define SETUP_SECTORS_AT  0x1f1
#define SETUP_SECTORS	  4 /* where 0 is given */
#define SECTOR		  512
#define VERSION_AT	  0x206
#define VERSION_PAYLOAD	  0x208
#define PAYLOAD_OFFSET_AT 0x248
#define PAYLOAD_LENGTH_AT 0x24c
#define HEADER_BYTES	  0x250
#define SIZE_BYTES	  4

#define UNPACKED_MAX ((size_t)1 << 30)

/* include/xen/interface/elfnote.h: the entry that QEMU starts an ELF kernel at. */
#define NOTE_PHYS32_ENTRY 18

struct image {
	const uint8_t *data;
	size_t size;
};

static int not_so(struct error *err, const char *why)
{
	return error_say(err, -EOPNOTSUPP, "the kernel can't be unpacked: %s", why);
}

static uint32_t le32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return le32toh(value);
}

static int find_payload(struct image image, struct image *ret, struct error *err)
{
	unsigned sectors;
	size_t offset, length;

	if (image.size < HEADER_BYTES ||
	    image.data[VERSION_AT] + 256 * image.data[VERSION_AT + 1] < VERSION_PAYLOAD)
		return not_so(err, "it does not say where it is");
	sectors = image.data[SETUP_SECTORS_AT];
	offset = ((size_t)(sectors ? sectors : SETUP_SECTORS) + 1) * SECTOR +
		 le32(image.data + PAYLOAD_OFFSET_AT);
	length = le32(image.data + PAYLOAD_LENGTH_AT);
	if (length <= SIZE_BYTES || offset > image.size || length > image.size - offset)
		return not_so(err, "it is truncated");
	if (image.data[offset] != 0x1f || image.data[offset + 1] != 0x8b)
		length -= SIZE_BYTES;
	*ret = (struct image){ image.data + offset, length };
	return 0;
}

static int write_all(struct archive *reader, int fd, struct error *err)
{
	uint8_t chunk[65536];
	size_t total = 0;
	ssize_t n;

	while ((n = archive_read_data(reader, chunk, sizeof(chunk))) > 0) {
		int r = file_write_all(fd, chunk, (size_t)n);

		if (r < 0)
			return error_set(err, r, "write the unpacked kernel");
		total += (size_t)n;
		if (total > UNPACKED_MAX)
			return not_so(err, "it has no end");
	}
	return n < 0 ? not_so(err, archive_error_string(reader)) : 0;
}

static int unpack(struct image packed, int fd, struct error *err)
{
	struct archive *reader = archive_read_new();
	struct archive_entry *entry;
	int r;

	if (!reader)
		return error_set(err, -ENOMEM, "unpack the kernel");
	archive_read_support_filter_all(reader);
	archive_read_support_format_raw(reader);
	if (archive_read_open_memory(reader, packed.data, packed.size) != ARCHIVE_OK ||
	    archive_read_next_header(reader, &entry) != ARCHIVE_OK)
		r = not_so(err, archive_error_string(reader));
	else
		r = write_all(reader, fd, err);
	archive_read_free(reader);
	return r;
}

static size_t align4(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

/* One segment of notes. */
static bool has_entry(const uint8_t *at, size_t size)
{
	while (size >= sizeof(Elf64_Nhdr)) {
		Elf64_Nhdr note;
		size_t whole;

		memcpy(&note, at, sizeof(note));
		whole = sizeof(note) + align4(note.n_namesz) + align4(note.n_descsz);
		if (whole > size)
			return false;
		if (note.n_type == NOTE_PHYS32_ENTRY && note.n_namesz == sizeof("Xen") &&
		    memcmp(at + sizeof(note), "Xen", sizeof("Xen")) == 0)
			return true;
		at += whole;
		size -= whole;
	}
	return false;
}

static bool starts_by_itself(struct image elf)
{
	Elf64_Ehdr header;

	if (elf.size < sizeof(header))
		return false;
	memcpy(&header, elf.data, sizeof(header));
	if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
	    header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_phentsize != sizeof(Elf64_Phdr))
		return false;
	for (unsigned i = 0; i < header.e_phnum; i++) {
		size_t at = header.e_phoff + i * sizeof(Elf64_Phdr);
		Elf64_Phdr segment;

		if (at > elf.size || elf.size - at < sizeof(segment))
			return false;
		memcpy(&segment, elf.data + at, sizeof(segment));
		if (segment.p_type == PT_NOTE && segment.p_offset <= elf.size &&
		    segment.p_filesz <= elf.size - segment.p_offset &&
		    has_entry(elf.data + segment.p_offset, segment.p_filesz))
			return true;
	}
	return false;
}

/* The whole file, for reading. */
static int map(int fd, struct image *ret, struct error *err)
{
	struct stat st;
	void *at;

	if (fstat(fd, &st) < 0)
		return error_set(err, -errno, "read the kernel");
	if (st.st_size == 0)
		return not_so(err, "it is empty");
	at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return error_set(err, -errno, "read the kernel");
	*ret = (struct image){ at, (size_t)st.st_size };
	return 0;
}

static void unmap(struct image *image)
{
	if (image->size)
		munmap((void *)image->data, image->size);
}

static int make(const struct kernel *kernel, int out, struct error *err)
{
	_cleanup_close_ int in = open(kernel->image, O_RDONLY | O_CLOEXEC);
	_cleanup_(unmap) struct image image = {}, elf = {};
	struct image packed = {};
	int r;

	if (in < 0)
		return error_set(err, -errno, "open %s", kernel->image);
	r = map(in, &image, err);
	if (r == 0)
		r = find_payload(image, &packed, err);
	if (r == 0)
		r = unpack(packed, out, err);
	if (r == 0)
		r = map(out, &elf, err);
	if (r == 0 && !starts_by_itself(elf))
		r = not_so(err, "it has no PVH entry (CONFIG_PVH)");
	return r;
}

int vmlinux_get(struct cached_file *ret, const struct kernel *kernel, struct error *err)
{
	_cleanup_(vm_cache_entry_done) struct vm_cache_entry entry = {};
	_cleanup_free_ char *name = text_format("%s.vmlinux", kernel->sha256);
	int r = name ? vm_cache_open(ret, name, err) : error_set(err, -ENOMEM, "boot");

	if (r != -ENOENT)
		return r;
	r = vm_cache_begin(&entry, name, err);
	if (r == 0)
		r = make(kernel, entry.fd, err);
	return r < 0 ? r : vm_cache_commit(&entry, ret, err);
}
