// SPDX-License-Identifier: GPL-2.0-or-later
#include "src/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "src/cleanup.h"
#include "src/macro.h"
#include "tests/tap.h"

/* Every test works in a directory of its own, which the last one removes. */
static void put(int dir, const char *path, const char *text)
{
	int fd = openat(dir, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		tap_ok(false, "a file to test with: %s", path);
	if (fd >= 0)
		close(fd);
}

static bool exists(int dir, const char *path)
{
	struct stat st;

	return fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static void test_read(int dir)
{
	_cleanup_free_ char *big = malloc(100001), *got = NULL, *empty = NULL, *proc = NULL;
	char *untouched = big;
	struct error err = {};
	size_t len = 0;

	memset(big, 'x', 100000);
	big[100000] = '\0';
	put(dir, "big", big);
	tap_eq_i64(file_read(dir, "big", &got, &len, &err), 0,
		   "a file longer than the first buffer");
	tap_ok(len == 100000 && streq(got, big), "is read whole");
	put(dir, "empty", "");
	tap_ok(file_read(dir, "empty", &empty, &len, &err) == 0 && len == 0 && streq(empty, ""),
	       "an empty file is an empty text");
	tap_ok(file_read(AT_FDCWD, "/proc/self/stat", &proc, NULL, &err) == 0 && *proc,
	       "a file of /proc, which says size 0");
	len = 77;
	tap_eq_i64(file_read(dir, "none", &untouched, &len, &err), -ENOENT, "a missing file");
	tap_eq_str(err.text, "open none: No such file or directory", "the error names it");
	tap_ok(untouched == big && len == 77, "and nothing is written");
	tap_eq_i64(file_read(dir, ".", &untouched, &len, &err), -EISDIR, "a directory is no file");
}

static void test_read_line(int dir)
{
	char buf[20], tiny[4], untouched[] = "before";

	put(dir, "line", "first \t\r\nsecond\n");
	tap_eq_i64(file_read_line(dir, "line", buf, sizeof(buf)), 0, "file_read_line");
	tap_eq_str(buf, "first", "the first line, without white space at its end");
	file_read_line(dir, "line", tiny, sizeof(tiny));
	tap_eq_str(tiny, "fir", "a short buffer cuts it");
	file_read_line(dir, "empty", buf, sizeof(buf));
	tap_eq_str(buf, "", "an empty file");
	put(dir, "blank", "  \n");
	file_read_line(dir, "blank", buf, sizeof(buf));
	tap_eq_str(buf, "", "a line of white space");
	tap_ok(file_read_line(dir, "none", untouched, sizeof(untouched)) == -ENOENT &&
		       streq(untouched, "before"),
	       "a missing file writes nothing");
}

static void test_write_kernel(int dir)
{
	char buf[20];

	tap_eq_i64(file_write_kernel(dir, "none", "1"), -ENOENT, "a knob is never created");
	put(dir, "knob", "0\n");
	tap_eq_i64(file_write_kernel(dir, "knob", "7\n"), 0, "a knob is written");
	file_read_line(dir, "knob", buf, sizeof(buf));
	tap_eq_str(buf, "7", "and reads back");
	tap_eq_i64(file_write_kernel(AT_FDCWD, "/dev/full", "1"), -ENOSPC,
		   "a refusal is the call's error");
}

static void test_write_atomic(int dir)
{
	struct error err = {};
	char buf[20];

	tap_eq_i64(file_write_atomic(dir, "record", "one\n", 4, &err), 0, "a new file");
	tap_eq_i64(file_write_atomic(dir, "record", "two\n", 4, &err), 0,
		   "takes an old one's place");
	file_read_line(dir, "record", buf, sizeof(buf));
	tap_eq_str(buf, "two", "with the new text");
	tap_ok(!exists(dir, "record.new"), "no temporary file is left");
	mkdirat(dir, "taken", 0755);
	tap_ok(file_write_atomic(dir, "taken", "x", 1, &err) < 0, "a directory is not replaced: %s",
	       err.text);
	tap_ok(!exists(dir, "taken.new"), "the failed attempt leaves nothing");
	tap_eq_i64(file_write_atomic(dir, "none/record", "x", 1, &err), -ENOENT,
		   "a missing directory is an error");
}

static void test_close(void)
{
	FILE *f = fopen("/dev/full", "w");
	struct error err = {};

	if (!tap_ok(f, "/dev/full opens"))
		return;
	fputs("text", f);
	tap_eq_i64(file_close(&f, "report", &err), -ENOSPC, "a full disk shows at file_close");
	tap_eq_str(err.text, "write report: No space left on device", "the error says so");
	tap_ok(!f, "the file is closed in any case");
	f = fopen("/dev/null", "w");
	fputs("text", f);
	tap_eq_i64(file_close(&f, "null", &err), 0, "nothing is wrong with /dev/null");
}

static void test_dirs(int dir, const char *top)
{
	_cleanup_free_ char *deep = path_join(top, "a/b//c/"), *under = path_join(top, "big/x");
	_cleanup_free_ char *file = path_join(top, "big");
	struct error err = {};

	tap_eq_i64(dir_make(deep, &err), 0, "a path of new directories");
	tap_ok(exists(dir, "a/b/c"), "is there");
	tap_eq_i64(dir_make(deep, &err), 0, "making it again is no error");
	tap_eq_i64(dir_make(under, &err), -ENOTDIR, "a file in the way: %s", err.text);
	tap_eq_i64(dir_make(file, &err), -ENOTDIR, "a file in its place: %s", err.text);
	tap_eq_i64(dir_make("", &err), -ENOENT, "an empty path: %s", err.text);
}

static void test_remove(int dir)
{
	struct error err = {};

	mkdirat(dir, "tree", 0755);
	mkdirat(dir, "tree/sub", 0755);
	put(dir, "tree/sub/file", "x");
	put(dir, "kept", "x");
	mkdirat(dir, "outside", 0755);
	put(dir, "outside/file", "x");
	tap_ok(symlinkat("../../outside", dir, "tree/sub/link") == 0, "a link out of the tree");
	tap_eq_i64(dir_remove(dir, "tree", &err), 0, "a tree is removed");
	tap_ok(!exists(dir, "tree"), "and gone");
	tap_ok(exists(dir, "outside/file"), "what a link in it points at is not");
	symlinkat("outside", dir, "link");
	tap_ok(dir_remove(dir, "link", &err) == 0 && !exists(dir, "link") &&
		       exists(dir, "outside/file"),
	       "a link itself is removed, not followed");
	tap_eq_i64(dir_remove(dir, "tree", &err), 0, "a missing one is no error");
	tap_ok(dir_remove(dir, "kept", &err) == 0 && !exists(dir, "kept"), "a file is removed");
}

static void test_texts(void)
{
	_cleanup_free_ char *joined = path_join("a", "b"), *text = text_format("%s-%d", "x", 7);

	tap_eq_str(joined, "a/b", "path_join");
	tap_eq_str(text, "x-7", "text_format");
}

int main(void)
{
	const char *tmp = getenv("TMPDIR");
	_cleanup_free_ char *top = text_format("%s/wring-test-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	struct error err = {};
	int dir;

	if (!mkdtemp(top)) {
		tap_ok(false, "a scratch directory in %s", top);
		return tap_done();
	}
	dir = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	test_read(dir);
	test_read_line(dir);
	test_write_kernel(dir);
	test_write_atomic(dir);
	test_close();
	test_dirs(dir, top);
	test_remove(dir);
	test_texts();
	close(dir);
	tap_ok(dir_remove(AT_FDCWD, top, &err) == 0 && !exists(AT_FDCWD, top),
	       "the scratch directory goes: %s", err.text);
	return tap_done();
}
