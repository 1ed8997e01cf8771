// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/guest-unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"

/* buffer-format.rst: the magic number and 13 fields, of 8 hexadecimal digits each. */
#define MAGIC	     "070701"
#define HEADER_BYTES 110
#define FIELD_BYTES  8
#define TRAILER	     "TRAILER!!!"
enum { FIELD_MODE = 1, FIELD_FILE_SIZE = 6, FIELD_NAME_SIZE = 11 };

struct entry {
	const char *name; /* relative */
	const uint8_t *data;
	size_t size;
	mode_t mode;
};

static size_t align4(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

static size_t field(const uint8_t *header, unsigned index)
{
	char text[FIELD_BYTES + 1] = "";

	memcpy(text, header + strlen(MAGIC) + (size_t)FIELD_BYTES * index, FIELD_BYTES);
	return strtoul(text, NULL, 16);
}

/* The entry at *at, which goes on behind it. */
static int next_entry(const uint8_t *archive, size_t size, size_t *at, struct entry *ret)
{
	const uint8_t *header = archive + *at;
	size_t name_size, name_at = *at + HEADER_BYTES, data_at;

	if (*at > size || size - *at < HEADER_BYTES || memcmp(header, MAGIC, strlen(MAGIC)) != 0)
		return -EBADMSG;
	name_size = field(header, FIELD_NAME_SIZE);
	data_at = align4(name_at + name_size);
	ret->size = field(header, FIELD_FILE_SIZE);
	ret->mode = (mode_t)field(header, FIELD_MODE);
	if (!name_size || data_at > size || ret->size > size - data_at ||
	    archive[name_at + name_size - 1] != '\0')
		return -EBADMSG;
	ret->name = (const char *)archive + name_at;
	ret->data = archive + data_at;
	*at = align4(data_at + ret->size);
	return 0;
}

/* Whether that very file is there: a library that another program has brought. */
static bool is_there(const struct entry *e)
{
	_cleanup_close_ int fd = open(e->name, O_RDONLY | O_CLOEXEC);
	struct stat st;
	bool same;
	void *at;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (size_t)st.st_size != e->size ||
	    (st.st_mode & 07777) != (e->mode & 07777))
		return false;
	if (!e->size)
		return true;
	at = mmap(NULL, e->size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (at == MAP_FAILED)
		return false;
	same = memcmp(at, e->data, e->size) == 0;
	munmap(at, e->size);
	return same;
}

/* In another's place, never into it: PID 1 may be running from it. */
static int make_file(const struct entry *e)
{
	_cleanup_close_ int fd = -1;

	if (is_there(e))
		return 0;
	if (unlink(e->name) < 0 && errno != ENOENT)
		return -errno;
	fd = open(e->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, e->mode & 07777);
	if (fd < 0)
		return -errno;
	return file_write_all(fd, e->data, e->size);
}

static int make(const struct entry *e)
{
	if (S_ISDIR(e->mode))
		return mkdir(e->name, e->mode & 07777) < 0 && errno != EEXIST ? -errno : 0;
	return S_ISREG(e->mode) ? make_file(e) : -EOPNOTSUPP;
}

int guest_unpack(const uint8_t *archive, size_t size, struct error *err)
{
	struct entry e = {};
	size_t at = 0;
	int r;

	if (chdir("/") < 0)
		return error_set(err, -errno, "go to /");
	for (;;) {
		r = next_entry(archive, size, &at, &e);
		if (r < 0)
			return error_set(err, r, "unpack the trial's files");
		if (streq(e.name, TRAILER))
			return 0;
		r = make(&e);
		if (r < 0)
			return error_set(err, r, "unpack %s", e.name);
	}
}
