// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/initramfs.h"

#include <archive.h>
#include <archive_entry.h>
#include <elf.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/process.h"
#include "src/strlist.h"

#define CHUNK	   65536
#define MODULE_MAX ((size_t)256 << 20)
#define LD_CACHE   "/etc/ld.so.cache"

struct initramfs {
	char *path;
	struct archive *writer;
	struct strlist names; /* directories and files: each is written once */
	int64_t inode;
	bool unfinished; /* the file exists and is not whole */
};

static void entry_freep(struct archive_entry **entry)
{
	archive_entry_free(*entry);
}
#define _cleanup_entry_ _cleanup_(entry_freep)

static void reader_freep(struct archive **reader)
{
	archive_read_free(*reader);
}
#define _cleanup_reader_ _cleanup_(reader_freep)

static int archive_code(struct archive *archive)
{
	int code = archive_errno(archive);

	return code > 0 ? -code : -EIO;
}

static int write_failed(struct initramfs *archive, struct error *err)
{
	const char *why = archive_error_string(archive->writer);

	if (archive_errno(archive->writer) > 0)
		return error_set(err, archive_code(archive->writer), "write %s", archive->path);
	return error_say(err, archive_code(archive->writer), "write %s: %s", archive->path,
			 why ? why : "unknown error");
}

int initramfs_new(struct initramfs **ret, const char *path, struct error *err)
{
	struct initramfs *archive = calloc(1, sizeof(*archive));
	int r;

	if (archive) {
		archive->path = strdup(path);
		archive->writer = archive_write_new();
	}
	if (!archive || !archive->path || !archive->writer) {
		initramfs_free(archive);
		return error_set(err, -ENOMEM, "write %s", path);
	}
	/* Not compressed: the guest would spend instructions on it at each boot. */
	if (archive_write_set_format_cpio_newc(archive->writer) != ARCHIVE_OK ||
	    archive_write_set_bytes_in_last_block(archive->writer, 1) != ARCHIVE_OK ||
	    archive_write_open_filename(archive->writer, path) != ARCHIVE_OK) {
		r = write_failed(archive, err);
		initramfs_free(archive);
		return r;
	}
	archive->unfinished = true;
	*ret = archive;
	return 0;
}

/* An entry in which only its name, type, mode and size are this archive's own. */
static struct archive_entry *entry_new(struct initramfs *archive, const char *name, unsigned type,
				       unsigned mode, uint64_t size)
{
	struct archive_entry *entry = archive_entry_new();

	if (!entry)
		return NULL;
	archive_entry_set_pathname(entry, name);
	archive_entry_set_filetype(entry, type);
	archive_entry_set_perm(entry, (mode_t)mode);
	archive_entry_set_uid(entry, 0);
	archive_entry_set_gid(entry, 0);
	archive_entry_set_mtime(entry, 0, 0);
	archive_entry_set_ino(entry, ++archive->inode);
	archive_entry_set_nlink(entry, type == AE_IFDIR ? 2 : 1);
	archive_entry_set_size(entry, (int64_t)size);
	return entry;
}

static int header_write(struct initramfs *archive, struct archive_entry *entry, struct error *err)
{
	if (!entry)
		return error_set(err, -ENOMEM, "write %s", archive->path);
	if (archive_write_header(archive->writer, entry) != ARCHIVE_OK)
		return write_failed(archive, err);
	if (strlist_add(&archive->names, archive_entry_pathname(entry)) < 0)
		return error_set(err, -ENOMEM, "write %s", archive->path);
	return 0;
}

/* A name that the kernel unpacks where it says: relative, without "..". */
static bool name_is_plain(const char *name)
{
	if (!*name)
		return false;
	for (const char *p = name;;) {
		size_t len = strcspn(p, "/");

		if (len == 0 || (len == 1 && *p == '.') || (len == 2 && starts_with(p, "..")))
			return false;
		if (!p[len])
			return true;
		p += len + 1;
	}
}

/* Checks a name and adds the directories that lead to it. */
static int name_prepare(struct initramfs *archive, const char *name, struct error *err)
{
	if (!name_is_plain(name))
		return error_say(err, -EINVAL, "«%s» can't be a name in %s", name, archive->path);
	if (strlist_contains(&archive->names, name))
		return error_set(err, -EEXIST, "add %s to %s", name, archive->path);
	for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
		_cleanup_free_ char *dir = strndup(name, (size_t)(slash - name));
		_cleanup_entry_ struct archive_entry *entry = NULL;
		int r;

		if (!dir)
			return error_set(err, -ENOMEM, "write %s", archive->path);
		if (strlist_contains(&archive->names, dir))
			continue;
		entry = entry_new(archive, dir, AE_IFDIR, 0755, 0);
		r = header_write(archive, entry, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int data_write(struct initramfs *archive, const void *data, size_t len, struct error *err)
{
	ssize_t n = len ? archive_write_data(archive->writer, data, len) : 0;

	return n < 0 || (size_t)n != len ? write_failed(archive, err) : 0;
}

int initramfs_add_data(struct initramfs *archive, const char *name, const void *data, size_t len,
		       unsigned mode, struct error *err)
{
	_cleanup_entry_ struct archive_entry *entry = NULL;
	int r = name_prepare(archive, name, err);

	if (r < 0)
		return r;
	entry = entry_new(archive, name, AE_IFREG, mode, len);
	r = header_write(archive, entry, err);
	return r < 0 ? r : data_write(archive, data, len, err);
}

/* Exactly size bytes: the header has promised them. */
static int file_copy(struct initramfs *archive, int fd, const char *host_path, uint64_t size,
		     struct error *err)
{
	_cleanup_free_ char *chunk = malloc(CHUNK);

	if (!chunk)
		return error_set(err, -ENOMEM, "read %s", host_path);
	while (size) {
		ssize_t n = read(fd, chunk, MIN(size, CHUNK));
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set(err, -errno, "read %s", host_path);
		if (n == 0)
			return error_say(err, -EIO, "read %s: it became shorter meanwhile",
					 host_path);
		r = data_write(archive, chunk, (size_t)n, err);
		if (r < 0)
			return r;
		size -= (uint64_t)n;
	}
	return 0;
}

int initramfs_add_file(struct initramfs *archive, const char *name, const char *host_path,
		       unsigned mode, struct error *err)
{
	_cleanup_close_ int fd = open(host_path, O_RDONLY | O_CLOEXEC);
	_cleanup_entry_ struct archive_entry *entry = NULL;
	struct stat st;
	int r;

	if (fd < 0)
		return error_set(err, -errno, "open %s", host_path);
	if (fstat(fd, &st) < 0)
		return error_set(err, -errno, "read %s", host_path);
	if (!S_ISREG(st.st_mode))
		return error_say(err, -EINVAL, "%s is not a regular file", host_path);
	r = name_prepare(archive, name, err);
	if (r < 0)
		return r;
	entry = entry_new(archive, name, AE_IFREG, mode, (uint64_t)st.st_size);
	r = header_write(archive, entry, err);
	return r < 0 ? r : file_copy(archive, fd, host_path, (uint64_t)st.st_size, err);
}

int initramfs_add_dir(struct initramfs *archive, const char *name, struct error *err)
{
	_cleanup_entry_ struct archive_entry *entry = NULL;
	int r;

	if (strlist_contains(&archive->names, name))
		return 0;
	r = name_prepare(archive, name, err);
	if (r < 0)
		return r;
	entry = entry_new(archive, name, AE_IFDIR, 0755, 0);
	return header_write(archive, entry, err);
}

int initramfs_add_char_device(struct initramfs *archive, const char *name, unsigned major,
			      unsigned minor, struct error *err)
{
	_cleanup_entry_ struct archive_entry *entry = NULL;
	int r = name_prepare(archive, name, err);

	if (r < 0)
		return r;
	entry = entry_new(archive, name, AE_IFCHR, 0600, 0);
	if (entry) {
		archive_entry_set_rdevmajor(entry, major);
		archive_entry_set_rdevminor(entry, minor);
	}
	return header_write(archive, entry, err);
}

/* PT_INTERP of a 64-bit ELF program; *ret is NULL for a static one. */
static int interpreter_read(const char *path, char **ret, struct error *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	Elf64_Ehdr elf;
	Elf64_Phdr segment;
	char *name;

	if (fd < 0)
		return error_set(err, -errno, "open %s", path);
	if (pread(fd, &elf, sizeof(elf), 0) != sizeof(elf) ||
	    memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0 || elf.e_ident[EI_CLASS] != ELFCLASS64 ||
	    elf.e_phentsize != sizeof(segment))
		return error_say(err, -ENOEXEC, "%s is not a 64-bit ELF program", path);
	*ret = NULL;
	for (unsigned i = 0; i < elf.e_phnum; i++) {
		off_t at = (off_t)(elf.e_phoff + i * sizeof(segment));

		if (pread(fd, &segment, sizeof(segment), at) != sizeof(segment))
			return error_say(err, -ENOEXEC, "%s is truncated", path);
		if (segment.p_type != PT_INTERP)
			continue;
		name = segment.p_filesz < 4096 ? calloc(1, segment.p_filesz + 1) : NULL;
		if (!name)
			return error_set(err, -ENOMEM, "read %s", path);
		if (pread(fd, name, segment.p_filesz, (off_t)segment.p_offset) !=
		    (ssize_t)segment.p_filesz) {
			free(name);
			return error_say(err, -ENOEXEC, "%s is truncated", path);
		}
		*ret = name;
		return 0;
	}
	return 0;
}

/*
 * One line of the interpreter's list: "NAME => PATH (0x…)" or "PATH (0x…)" give *ret a path;
 * the vDSO, which has none, gives NULL.
 */
static int library_parse(char *line, const char *program, char **ret, struct error *err)
{
	char *arrow = strstr(line, " => "), *path = arrow ? arrow + 4 : line, *end;

	*ret = NULL;
	path += strspn(path, " \t");
	if (arrow && starts_with(path, "not found")) {
		*arrow = '\0';
		return error_say(err, -ENOENT, "%s needs the library %s, which is not installed",
				 program, line + strspn(line, " \t"));
	}
	if (*path != '/')
		return 0;
	end = strstr(path, " (0x");
	if (end)
		*end = '\0';
	*ret = path;
	return 0;
}

/*
 * A build for the host's better CPU (…/glibc-hwcaps/x86-64-v4/x.so) may not run on the guest's:
 * the plain one beside it is taken.
 */
static void library_plain(char *path)
{
	char *level = strstr(path, "/glibc-hwcaps/"), *rest = NULL;
	_cleanup_free_ char *plain = NULL;

	if (level)
		rest = strchr(level + strlen("/glibc-hwcaps/"), '/');
	if (!rest)
		return;
	plain = text_format("%.*s%s", (int)(level - path), path, rest);
	if (plain && access(plain, R_OK) == 0)
		memcpy(path, plain, strlen(plain) + 1);
}

static int library_add(struct initramfs *archive, const char *path, struct error *err)
{
	const char *name = path + strspn(path, "/");

	if (strlist_contains(&archive->names, name))
		return 0;
	return initramfs_add_file(archive, name, path, 0755, err);
}

static int libraries_add(struct initramfs *archive, const char *interpreter, const char *program,
			 struct error *err)
{
	const char *const argv[] = { interpreter, "--list", program, NULL };
	_cleanup_free_ char *output = NULL;
	bool elsewhere = false;
	char *save = NULL;
	int status, r;

	r = process_run(argv, NULL, &output, &status, err);
	if (r < 0)
		return r;
	if (status != 0 && !strstr(output, "not found"))
		return error_say(err, -EIO, "%s --list %s failed: %.300s", interpreter, program,
				 output);
	for (char *line = strtok_r(output, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *path;

		r = library_parse(line, program, &path, err);
		if (r < 0)
			return r;
		if (!path)
			continue;
		library_plain(path);
		elsewhere |= !starts_with(path, "/lib") && !starts_with(path, "/usr/lib");
		r = library_add(archive, path, err);
		if (r < 0)
			return r;
	}
	/* Only by the cache does the guest's linker find what is in no standard directory. */
	if (elsewhere && access(LD_CACHE, R_OK) == 0)
		return library_add(archive, LD_CACHE, err);
	return 0;
}

int initramfs_add_program(struct initramfs *archive, const char *name, const char *host_path,
			  struct error *err)
{
	_cleanup_free_ char *program = realpath(host_path, NULL), *interpreter = NULL;
	int r;

	if (!program)
		return error_set(err, -errno, "open %s", host_path);
	r = interpreter_read(program, &interpreter, err);
	if (r < 0)
		return r;
	r = initramfs_add_file(archive, name, program, 0755, err);
	if (r < 0 || !interpreter)
		return r;
	r = library_add(archive, interpreter, err);
	return r < 0 ? r : libraries_add(archive, interpreter, program, err);
}

static bool ends_with(const char *s, const char *suffix)
{
	size_t len = strlen(s), n = strlen(suffix);

	return len >= n && streq(s + len - n, suffix);
}

static int decompress_failed(struct archive *reader, const char *path, struct error *err)
{
	const char *why = archive_error_string(reader);

	return error_say(err, archive_code(reader), "decompress %s: %s", path,
			 why ? why : "unknown error");
}

static int decompress(const char *path, char **ret, size_t *ret_len, struct error *err)
{
	_cleanup_reader_ struct archive *reader = archive_read_new();
	_cleanup_free_ char *data = NULL;
	struct archive_entry *entry;
	size_t len = 0, room = 0;

	if (!reader)
		return error_set(err, -ENOMEM, "decompress %s", path);
	archive_read_support_format_raw(reader);
	archive_read_support_filter_gzip(reader);
	archive_read_support_filter_xz(reader);
	archive_read_support_filter_zstd(reader);
	if (archive_read_open_filename(reader, path, CHUNK) != ARCHIVE_OK ||
	    archive_read_next_header(reader, &entry) != ARCHIVE_OK)
		return decompress_failed(reader, path, err);
	for (;;) {
		ssize_t n;

		if (len == room) {
			char *more;

			room = room ? room * 2 : CHUNK;
			more = room <= MODULE_MAX ? realloc(data, room) : NULL;
			if (!more)
				return error_set(err, -ENOMEM, "decompress %s", path);
			data = more;
		}
		n = archive_read_data(reader, data + len, room - len);
		if (n < 0)
			return decompress_failed(reader, path, err);
		if (n == 0)
			break;
		len += (size_t)n;
	}
	*ret = TAKE_PTR(data);
	*ret_len = len;
	return 0;
}

int initramfs_add_module(struct initramfs *archive, const char *name, const char *host_path,
			 struct error *err)
{
	_cleanup_free_ char *plain = strdup(name), *data = NULL;
	size_t len = 0;
	int r;

	if (!plain)
		return error_set(err, -ENOMEM, "write %s", archive->path);
	if (ends_with(plain, ".ko.xz") || ends_with(plain, ".ko.gz"))
		plain[strlen(plain) - strlen(".xz")] = '\0';
	else if (ends_with(plain, ".ko.zst"))
		plain[strlen(plain) - strlen(".zst")] = '\0';
	if (ends_with(host_path, ".ko"))
		return initramfs_add_file(archive, plain, host_path, 0644, err);
	r = decompress(host_path, &data, &len, err);
	if (r < 0)
		return r;
	return initramfs_add_data(archive, plain, data, len, 0644, err);
}

int initramfs_finish(struct initramfs *archive, struct error *err)
{
	if (archive_write_close(archive->writer) != ARCHIVE_OK)
		return write_failed(archive, err);
	archive->unfinished = false;
	return 0;
}

void initramfs_free(struct initramfs *archive)
{
	if (!archive)
		return;
	if (archive->writer)
		archive_write_free(archive->writer);
	if (archive->unfinished)
		unlink(archive->path);
	strlist_done(&archive->names);
	free(archive->path);
	free(archive);
}
