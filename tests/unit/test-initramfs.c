// SPDX-License-Identifier: GPL-2.0-or-later
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/vm/initramfs.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "tests/tap.h"

#define MODULE "\177ELF, as far as this test goes\n"

/* Every entry as "NAME MODE SIZE" and a newline; contents after "=" for short files. */
static char *listing(const char *path)
{
	struct archive *reader = archive_read_new();
	struct archive_entry *entry;
	char *text = strdup("");

	archive_read_support_format_cpio(reader);
	if (archive_read_open_filename(reader, path, 65536) != ARCHIVE_OK) {
		archive_read_free(reader);
		return text;
	}
	while (archive_read_next_header(reader, &entry) == ARCHIVE_OK) {
		char data[64] = "", *more;
		bool small = archive_entry_size(entry) > 0 && archive_entry_size(entry) < 40;

		if (small && archive_read_data(reader, data, sizeof(data) - 1) < 0)
			break;
		more = text_format("%s%s %o %d%s%s\n", text, archive_entry_pathname(entry),
				   archive_entry_mode(entry), (int)archive_entry_size(entry),
				   small ? "=" : "", data);
		free(text);
		text = more;
	}
	archive_read_free(reader);
	return text;
}

/* A module as distributions ship it. */
static bool compress(const char *path, int (*filter)(struct archive *))
{
	struct archive *writer = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	bool ok;

	archive_write_set_format_raw(writer);
	filter(writer);
	archive_entry_set_pathname(entry, "module");
	archive_entry_set_filetype(entry, AE_IFREG);
	ok = archive_write_open_filename(writer, path) == ARCHIVE_OK &&
	     archive_write_header(writer, entry) == ARCHIVE_OK &&
	     archive_write_data(writer, MODULE, strlen(MODULE)) == (ssize_t)strlen(MODULE);
	ok = archive_write_free(writer) == ARCHIVE_OK && ok;
	archive_entry_free(entry);
	return ok;
}

static int fill(struct initramfs *archive, const char *dir, struct error *err)
{
	_cleanup_free_ char *xz = path_join(dir, "m.ko.xz"), *zst = path_join(dir, "n.ko.zst");
	_cleanup_free_ char *gz = path_join(dir, "o.ko.gz");
	int r = initramfs_add_data(archive, "etc/order.json", "{}", 2, 0600, err);

	if (r == 0)
		r = initramfs_add_dir(archive, "proc", err);
	if (r == 0)
		r = initramfs_add_dir(archive, "proc", err);
	if (r == 0)
		r = initramfs_add_char_device(archive, "dev/console", 5, 1, err);
	if (r == 0)
		r = initramfs_add_module(archive, "lib/m.ko.xz", xz, err);
	if (r == 0)
		r = initramfs_add_module(archive, "lib/n.ko", zst, err);
	if (r == 0)
		r = initramfs_add_module(archive, "lib/o.ko.gz", gz, err);
	return r;
}

static void test_contents(const char *dir)
{
	_cleanup_free_ char *one = path_join(dir, "one.cpio"), *two = path_join(dir, "two.cpio");
	_cleanup_free_ char *got = NULL, *a = NULL, *b = NULL;
	const char *const paths[] = { one, two };
	struct error err = {};
	size_t a_len = 0, b_len = 0;

	for (int i = 0; i < 2; i++) {
		struct initramfs *archive;
		int r = initramfs_new(&archive, paths[i], &err);

		if (!tap_ok(r == 0, "new: %s", err.text))
			return;
		r = fill(archive, dir, &err);
		if (r == 0)
			r = initramfs_finish(archive, &err);
		tap_ok(r == 0, "filled: %s", err.text);
		initramfs_free(archive);
	}
	got = listing(one);
	tap_eq_str(got,
		   "etc 40755 0\netc/order.json 100600 2={}\nproc 40755 0\ndev 40755 0\n"
		   "dev/console 20600 0\nlib 40755 0\nlib/m.ko 100644 31=" MODULE
		   "\nlib/n.ko 100644 31=" MODULE "\nlib/o.ko 100644 31=" MODULE "\n",
		   "order, directories, modes, modules decompressed");
	if (tap_ok(file_read(AT_FDCWD, one, &a, &a_len, &err) == 0 &&
			   file_read(AT_FDCWD, two, &b, &b_len, &err) == 0,
		   "read again"))
		tap_ok(a_len == b_len && memcmp(a, b, a_len) == 0, "two are the same bytes");
}

/* This program is linked dynamically, except where a port builds everything static. */
static void test_program(const char *dir)
{
	_cleanup_free_ char *path = path_join(dir, "program.cpio"), *got = NULL;
	struct initramfs *archive = NULL;
	struct error err = {};
	int r = initramfs_new(&archive, path, &err);

	if (r == 0)
		r = initramfs_add_program(archive, "init", "/proc/self/exe", &err);
	/* A second one shares the libraries. */
	if (r == 0)
		r = initramfs_add_program(archive, "bin/again", "/proc/self/exe", &err);
	if (r == 0)
		r = initramfs_finish(archive, &err);
	tap_ok(r == 0, "a program: %s", err.text);
	initramfs_free(archive);
	got = listing(path);
	tap_ok(strncmp(got, "init 100755 ", 12) == 0, "is there under its name");
	tap_ok(strstr(got, "\nbin/again 100755 ") != NULL, "and under a second one");
	if (strstr(got, "libc"))
		tap_ok(strstr(got, "libc.so.6 ") != NULL && strstr(got, "/ld-linux") != NULL,
		       "with libraries and their loader");
	else
		tap_skip("this test is a static program");
}

static void test_refusals(const char *dir)
{
	_cleanup_free_ char *path = path_join(dir, "bad.cpio"), *text = path_join(dir, "m.ko.xz");
	struct initramfs *archive = NULL;
	struct error err = {};

	if (!tap_ok(initramfs_new(&archive, path, &err) == 0, "new"))
		return;
	tap_eq_i64(initramfs_add_file(archive, "a", "/nonexistent", 0644, &err), -ENOENT,
		   "a missing file");
	tap_ok(strstr(err.text, "/nonexistent") != NULL, "is named: %s", err.text);
	tap_eq_i64(initramfs_add_file(archive, "a", dir, 0644, &err), -EINVAL, "a directory");
	tap_eq_i64(initramfs_add_data(archive, "/a", "", 0, 0644, &err), -EINVAL,
		   "a leading slash");
	tap_eq_i64(initramfs_add_data(archive, "a/../b", "", 0, 0644, &err), -EINVAL, "a ..");
	tap_eq_i64(initramfs_add_data(archive, "a", "x", 1, 0644, &err), 0, "a name");
	tap_eq_i64(initramfs_add_data(archive, "a", "y", 1, 0644, &err), -EEXIST, "the same again");
	tap_eq_i64(initramfs_add_program(archive, "b", text, &err), -ENOEXEC, "not a program");
	initramfs_free(archive);
	tap_ok(access(path, F_OK) < 0, "an unfinished archive is removed");
	tap_ok(initramfs_new(&archive, "/nonexistent/x", &err) < 0 &&
		       strstr(err.text, "/nonexistent/x") != NULL,
	       "a path that can't be: %s", err.text);
}

int main(void)
{
	char dir[] = "/tmp/wring-test-initramfs-XXXXXX";
	_cleanup_free_ char *xz = NULL, *zst = NULL, *gz = NULL;

	if (!mkdtemp(dir))
		return EXIT_FAILURE;
	xz = path_join(dir, "m.ko.xz");
	zst = path_join(dir, "n.ko.zst");
	gz = path_join(dir, "o.ko.gz");
	if (tap_ok(compress(xz, archive_write_add_filter_xz) &&
			   compress(zst, archive_write_add_filter_zstd) &&
			   compress(gz, archive_write_add_filter_gzip),
		   "compressed modules"))
		test_contents(dir);
	test_program(dir);
	test_refusals(dir);
	dir_remove(AT_FDCWD, dir, NULL);
	return tap_done();
}
