// SPDX-License-Identifier: GPL-2.0-or-later
#include "src/file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/stat.h>

#include "src/cleanup.h"
#include "src/macro.h"

#define FILE_SIZE_MAX ((size_t)256 << 20)

int file_read(int dirfd, const char *path, char **ret, size_t *ret_len, struct error *err)
{
	_cleanup_close_ int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *data = NULL;
	size_t len = 0, room = 0;

	if (fd < 0)
		return error_set(err, -errno, "open %s", path);
	for (;;) {
		ssize_t n;

		if (room - len < 4096) {
			char *more;

			room = room ? room * 2 : 16384;
			if (room > FILE_SIZE_MAX)
				return error_set(err, -EFBIG, "read %s", path);
			more = realloc(data, room);
			if (!more)
				return error_set(err, -ENOMEM, "read %s", path);
			data = more;
		}
		n = read(fd, data + len, room - len - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set(err, -errno, "read %s", path);
		if (n == 0)
			break;
		len += (size_t)n;
	}
	data[len] = '\0';
	*ret = TAKE_PTR(data);
	if (ret_len)
		*ret_len = len;
	return 0;
}

int file_read_line(int dirfd, const char *path, char *buf, size_t size)
{
	_cleanup_close_ int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	if (n < 0)
		return -errno;
	buf[n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	for (size_t len = strlen(buf); len && isspace((unsigned char)buf[len - 1]); len--)
		buf[len - 1] = '\0';
	return 0;
}

int file_write_kernel(int dirfd, const char *path, const char *text)
{
	_cleanup_close_ int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC);
	size_t len = strlen(text);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, text, len);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

int file_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ENOSPC;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int file_write_atomic(int dirfd, const char *path, const void *data, size_t len, struct error *err)
{
	_cleanup_free_ char *tmp = text_format("%s.new", path);
	_cleanup_close_ int fd = -1;
	int r;

	if (!tmp)
		return error_set(err, -ENOMEM, "write %s", path);
	fd = openat(dirfd, tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return error_set(err, -errno, "create %s", tmp);
	r = file_write_all(fd, data, len);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r == 0 && renameat(dirfd, tmp, dirfd, path) < 0)
		r = -errno;
	if (r < 0) {
		unlinkat(dirfd, tmp, 0);
		return error_set(err, r, "write %s", path);
	}
	return 0;
}

int file_close(FILE **f, const char *path, struct error *err)
{
	bool failed = ferror(*f);
	int r = fclose(*f) ? -errno : failed ? -EIO : 0;

	*f = NULL;
	return r < 0 ? error_set(err, r, "write %s", path) : 0;
}

int dir_make(const char *path, struct error *err)
{
	_cleanup_free_ char *copy = strdup(path);

	if (!copy)
		return error_set(err, -ENOMEM, "create %s", path);
	if (!*path)
		return error_set(err, -ENOENT, "create directory «»");
	for (char *p = copy + 1;; p++) {
		char c = *p;

		if (c && c != '/')
			continue;
		*p = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			return error_set(err, -errno, "create directory %s", copy);
		*p = c;
		if (!c)
			break;
	}
	struct stat st;

	if (stat(path, &st) < 0)
		return error_set(err, -errno, "create directory %s", path);
	return S_ISDIR(st.st_mode) ? 0 : error_set(err, -ENOTDIR, "create directory %s", path);
}

static int remove_at(int dirfd, const char *name, dev_t dev)
{
	_cleanup_closedir_ DIR *dir = NULL;
	_cleanup_close_ int fd = -1;
	struct dirent *entry;
	struct stat st;
	int r = 0;

	if (unlinkat(dirfd, name, 0) == 0)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return errno == ENOENT ? 0 : -errno;
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (dev && st.st_dev != dev)
		return -EXDEV;
	dir = fdopendir(fd);
	if (!dir)
		return -errno;
	int inner = TAKE_FD(fd);

	while ((entry = readdir(dir)) && r == 0)
		if (!streq(entry->d_name, ".") && !streq(entry->d_name, ".."))
			r = remove_at(inner, entry->d_name, st.st_dev);
	if (r == 0 && unlinkat(dirfd, name, AT_REMOVEDIR) < 0)
		r = -errno;
	return r;
}

int dir_remove(int dirfd, const char *path, struct error *err)
{
	int r = remove_at(dirfd, path, 0);

	return r < 0 ? error_set(err, r, "remove %s", path) : 0;
}

char *path_join(const char *a, const char *b)
{
	return text_format("%s/%s", a, b);
}

char *text_format(const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	return text;
}
