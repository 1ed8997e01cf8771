// SPDX-License-Identifier: GPL-2.0-or-later
/* What a guest may hand over as its record, and what it may not. The tars are made here. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/vm/unpack.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "tests/tap.h"

#define TAR "disk.tar"

struct entry {
	const char *name, *data;
	unsigned type;	  /* 0: a regular file */
	const char *link; /* a hard link's target */
};

#define RECORD                                                                                     \
	{ "samples.tsv", "t_ns\n0\n" }, { "latency.tsv", "l" }, { "events.tsv", "" },              \
		{ "topology.xml", "<topology/>" },                                                 \
	{                                                                                          \
		"trial.json", "{}"                                                                 \
	}

static void add(struct archive *tar, const struct entry *e)
{
	struct archive_entry *entry = archive_entry_new();

	archive_entry_set_pathname(entry, e->name);
	archive_entry_set_filetype(entry, e->type ? e->type : AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	if (e->type == AE_IFLNK)
		archive_entry_set_symlink(entry, "/etc/passwd");
	else if (e->link)
		archive_entry_set_hardlink(entry, e->link);
	archive_entry_set_size(entry, e->type || e->link ? 0 : (int64_t)strlen(e->data));
	archive_write_header(tar, entry);
	if (!e->type && !e->link)
		archive_write_data(tar, e->data, strlen(e->data));
	archive_entry_free(entry);
}

/* A disk: the tar, and zeros up to 1 MiB. */
static void make_tar(const struct entry *entries, size_t count)
{
	struct archive *tar = archive_write_new();

	archive_write_set_format_ustar(tar);
	if (archive_write_open_filename(tar, TAR) != ARCHIVE_OK)
		exit(1);
	for (size_t i = 0; i < count; i++)
		add(tar, &entries[i]);
	archive_write_free(tar);
	if (truncate(TAR, 1 << 20) < 0)
		exit(1);
}

static bool is_empty(void)
{
	_cleanup_closedir_ DIR *dir = opendir("out");
	size_t n = 0;

	while (readdir(dir))
		n++;
	return n == 2;
}

static void refuse_file(int out, const char *word, const char *what)
{
	struct error err = {};
	int r = unpack_record(TAR, out, &err);

	tap_ok(r == -EBADMSG && strstr(err.text, word), "%s: %s", what, err.text);
	tap_ok(is_empty(), "and nothing is written");
}

static void refuse(int out, const struct entry *entries, size_t count, const char *word,
		   const char *what)
{
	make_tar(entries, count);
	refuse_file(out, word, what);
}

static void test_refused(int out)
{
	static const struct entry extra[] = { RECORD, { "../evil", "x" } };
	static const struct entry absolute[] = { RECORD, { "/tmp/evil", "x" } };
	static const struct entry twice[] = { RECORD, { "trial.json", "{}" } };
	static const struct entry linked[] = { RECORD, { "console.log", "", AE_IFLNK } };
	static const struct entry link_first[] = { { "trial.json", "", AE_IFLNK }, RECORD };
	static const struct entry folder[] = { { "trial.json", "", AE_IFDIR } };
	static const struct entry device[] = { { "samples.tsv", "", AE_IFCHR } };
	static const struct entry hard[] = { { "samples.tsv", "x" },
					     { "trial.json", "", 0, "samples.tsv" } };
	static const struct entry dotted[] = { { "./trial.json", "{}" } };
	static const struct entry few[] = { { "samples.tsv", "x" }, { "trial.json", "{}" } };

	refuse(out, extra, ARRAY_SIZE(extra), "refused", "a path that climbs");
	refuse(out, absolute, ARRAY_SIZE(absolute), "refused", "an absolute path");
	refuse(out, twice, ARRAY_SIZE(twice), "twice", "a file that comes twice");
	refuse(out, linked, ARRAY_SIZE(linked), "refused", "a symbolic link");
	refuse(out, link_first, ARRAY_SIZE(link_first), "regular", "a link in a file's place");
	refuse(out, folder, ARRAY_SIZE(folder), "refused", "a directory");
	refuse(out, device, ARRAY_SIZE(device), "regular", "a device");
	refuse(out, hard, ARRAY_SIZE(hard), "regular", "a hard link");
	refuse(out, dotted, ARRAY_SIZE(dotted), "refused", "another way to write a name");
	refuse(out, few, ARRAY_SIZE(few), "latency.tsv, events.tsv, topology.xml missing",
	       "an incomplete record");
	refuse(out, NULL, 0, "missing", "an empty disk");
}

static void test_broken(int out)
{
	static const struct entry whole[] = { RECORD };
	static const char garbage[] = "this is no tar at all, but long enough to be looked at";
	_cleanup_free_ char *big = malloc(((size_t)64 << 20) + 2);
	struct entry large[] = { { "samples.tsv", big } };
	struct error err = {};
	int fd;

	make_tar(whole, ARRAY_SIZE(whole));
	if (truncate(TAR, 1024) < 0)
		exit(1);
	refuse_file(out, "missing", "a tar cut off behind its first file's data");
	make_tar(whole, ARRAY_SIZE(whole));
	if (truncate(TAR, 514) < 0)
		exit(1);
	refuse_file(out, "tar", "a tar cut off in its first file's data");

	/* The guest died after the header: the disk's zeros look like contents. */
	make_tar(whole, ARRAY_SIZE(whole));
	fd = open(TAR, O_WRONLY);
	if (pwrite(fd, "\0\0\0", 3, 512 + 2) != 3)
		exit(1);
	close(fd);
	refuse_file(out, "NUL", "a file that was not written to its end");

	file_write_atomic(AT_FDCWD, TAR, garbage, sizeof(garbage), NULL);
	refuse_file(out, "tar", "no tar");
	memset(big, 'x', ((size_t)64 << 20) + 1);
	big[((size_t)64 << 20) + 1] = '\0';
	make_tar(large, 1);
	if (truncate(TAR, 66 << 20) < 0)
		exit(1);
	refuse_file(out, "64 MiB", "a file that is too large");
	tap_ok(unpack_record("no-such.tar", out, &err) == -ENOENT, "no disk: %s", err.text);
}

static void test_good(int out)
{
	static const struct entry whole[] = { RECORD };
	static const struct entry traced[] = { RECORD,
					       { "spans.tsv", "start_ns\n" },
					       { "slow.tsv", "workload\n" } };
	_cleanup_free_ char *text = NULL;
	struct error err = {};
	size_t len;

	make_tar(whole, ARRAY_SIZE(whole));
	tap_ok(unpack_record(TAR, out, &err) == 0, "a record is unpacked %s", err.text);
	tap_ok(file_read(out, "samples.tsv", &text, &len, &err) == 0, "a file of it %s", err.text);
	tap_eq_str(text, "t_ns\n0\n", "as the guest wrote it");
	tap_ok(faccessat(out, "events.tsv", R_OK, 0) == 0, "an empty file, too");
	tap_ok(faccessat(out, "spans.tsv", F_OK, 0) < 0, "and none that the guest did not write");
	make_tar(traced, ARRAY_SIZE(traced));
	tap_ok(unpack_record(TAR, out, &err) == 0, "a traced record is unpacked %s", err.text);
	tap_ok(faccessat(out, "spans.tsv", R_OK, 0) == 0, "with its spans");
	tap_ok(faccessat(out, "slow.tsv", R_OK, 0) == 0, "and its slow operations");
}

int main(void)
{
	char dir[] = "test-unpack.XXXXXX";
	_cleanup_close_ int out = -1;

	if (!mkdtemp(dir) || chdir(dir) < 0 || mkdir("out", 0755) < 0)
		return 1;
	out = open("out", O_RDONLY | O_DIRECTORY);
	test_refused(out);
	test_broken(out);
	test_good(out);
	if (chdir("..") < 0)
		return 1;
	dir_remove(AT_FDCWD, dir, NULL);
	return tap_done();
}
