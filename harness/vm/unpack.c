// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"

#define FILE_BYTES_MAX	((size_t)64 << 20)
#define TOTAL_BYTES_MAX ((size_t)128 << 20)
#define BLOCK_BYTES	65536

static const char *const member_names[] = { "trial.json", "samples.tsv",  "latency.tsv",
					    "events.tsv", "topology.xml", "spans.tsv",
					    "slow.tsv" };
#define MEMBERS_REQUIRED 5 /* the first ones */

struct member {
	char *data; /* owned; NULL before the file was seen */
	size_t len;
};

struct unpack {
	const char *path; /* of the tar, for messages */
	int fd;
	struct archive *tar;
	struct member members[ARRAY_SIZE(member_names)];
	size_t total;
};

static void unpack_done(struct unpack *u)
{
	archive_read_free(u->tar);
	cleanup_closep(&u->fd);
	for (size_t i = 0; i < ARRAY_SIZE(u->members); i++)
		free(u->members[i].data);
}

static int broken(const struct unpack *u, struct error *err)
{
	const char *why = archive_error_string(u->tar);

	return error_say(err, -EBADMSG, "%s: not a whole tar: %s", u->path,
			 why ? why : "unreadable");
}

/* The member that the entry stands for, or -EBADMSG when it has no business here. */
static int admit(const struct unpack *u, struct archive_entry *entry, struct error *err)
{
	const char *name = archive_entry_pathname(entry);
	size_t i;

	if (!name)
		return error_say(err, -EBADMSG, "%s: a file without a name", u->path);
	if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) ||
	    archive_entry_symlink(entry))
		return error_say(err, -EBADMSG, "%s: «%.100s» is no regular file: refused", u->path,
				 name);
	for (i = 0; i < ARRAY_SIZE(member_names); i++)
		if (streq(name, member_names[i]))
			break;
	if (i == ARRAY_SIZE(member_names))
		return error_say(err, -EBADMSG, "%s: «%.100s» is no file of a record: refused",
				 u->path, name);
	if (u->members[i].data)
		return error_say(err, -EBADMSG, "%s: %s comes twice: refused", u->path, name);
	if (archive_entry_size(entry) > (int64_t)FILE_BYTES_MAX)
		return error_say(err, -EBADMSG, "%s: %s is larger than %zu MiB: refused", u->path,
				 name, FILE_BYTES_MAX >> 20);
	return (int)i;
}

/* Reads what is there, whatever size the header claimed. */
static int read_member(struct unpack *u, size_t index, struct error *err)
{
	struct member *m = &u->members[index];
	size_t room = 0;

	for (;;) {
		ssize_t n;

		if (room - m->len < BLOCK_BYTES) {
			char *more;

			room = room ? room * 2 : 2 * BLOCK_BYTES;
			more = realloc(m->data, room);
			if (!more)
				return error_set(err, -ENOMEM, "read %s", u->path);
			m->data = more;
		}
		n = archive_read_data(u->tar, m->data + m->len, BLOCK_BYTES);
		if (n < 0)
			return broken(u, err);
		if (n == 0)
			break;
		m->len += (size_t)n;
		u->total += (size_t)n;
		if (m->len > FILE_BYTES_MAX || u->total > TOTAL_BYTES_MAX)
			return error_say(err, -EBADMSG,
					 "%s: more than %zu MiB in a file, or %zu MiB in all: "
					 "refused",
					 u->path, FILE_BYTES_MAX >> 20, TOTAL_BYTES_MAX >> 20);
	}
	/* The disk's own zeros stand in for what a guest did not live to write. */
	if (memchr(m->data, '\0', m->len))
		return error_say(err, -EBADMSG,
				 "%s: %s has NUL bytes: the guest did not write all of it", u->path,
				 member_names[index]);
	return 0;
}

static int read_members(struct unpack *u, struct error *err)
{
	for (;;) {
		struct archive_entry *entry;
		int r = archive_read_next_header(u->tar, &entry);

		if (r == ARCHIVE_EOF)
			return 0;
		if (r != ARCHIVE_OK)
			return broken(u, err);
		r = admit(u, entry, err);
		if (r < 0)
			return r;
		r = read_member(u, (size_t)r, err);
		if (r < 0)
			return r;
	}
}

static int check_complete(const struct unpack *u, struct error *err)
{
	char missing[200] = "";
	size_t len = 0;

	for (size_t i = 0; i < MEMBERS_REQUIRED; i++)
		if (!u->members[i].data)
			len += (size_t)snprintf(missing + len, sizeof(missing) - len, "%s%s",
						len ? ", " : "", member_names[i]);
	if (!len)
		return 0;
	return error_say(err, -EBADMSG,
			 "%s: the guest's record is incomplete: %s missing. Its console.log says "
			 "how far it came",
			 u->path, missing);
}

static int open_tar(struct unpack *u, struct error *err)
{
	u->tar = archive_read_new();
	if (!u->tar)
		return error_set(err, -ENOMEM, "read %s", u->path);
	if (archive_read_support_filter_none(u->tar) != ARCHIVE_OK ||
	    archive_read_support_format_tar(u->tar) != ARCHIVE_OK)
		return broken(u, err);
	u->fd = open(u->path, O_RDONLY | O_CLOEXEC);
	if (u->fd < 0)
		return error_set(err, -errno, "open %s", u->path);
	if (archive_read_open_fd(u->tar, u->fd, BLOCK_BYTES) != ARCHIVE_OK)
		return broken(u, err);
	return 0;
}

int unpack_record(const char *tar_path, int out_dirfd, struct error *err)
{
	_cleanup_(unpack_done) struct unpack u = { .path = tar_path, .fd = -1 };
	int r = open_tar(&u, err);

	if (r == 0)
		r = read_members(&u, err);
	if (r == 0)
		r = check_complete(&u, err);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(u.members); i++)
		if (u.members[i].data)
			r = file_write_atomic(out_dirfd, member_names[i], u.members[i].data,
					      u.members[i].len, err);
	return r;
}
