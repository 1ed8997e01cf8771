// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/dentry-tree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define WAY_DIGITS  5 /* hexadecimal: 1,048,576 ways */
#define NAME_DIGITS (DENTRY_NAME_MIN - 1)
#define SYNC_EVERY  2048
#define ROOM_EVERY  32		 /* of an inode and a dentry: some 45 KiB */
#define ROOM_BYTES  (256 * 1024) /* for several threads */
#define PAGE_MIN    4096

static void put_hex(char *p, uint64_t n, unsigned digits)
{
	static const char hex[] = "0123456789abcdef";

	while (digits--) {
		p[digits] = hex[n & 15];
		n >>= 4;
	}
}

static void put_way(const struct dentry_tree *tree, char *buf, uint64_t way)
{
	if (tree->width > 1)
		put_hex(buf + 1, way, WAY_DIGITS);
}

int dentry_tree_sync(const struct dentry_tree *tree, struct error *err)
{
	if (!tree->room)
		return 0;
	return syncfs(tree->base) < 0 ? error_set(err, -errno, "syncfs") : 0;
}

static void make_room(char *room)
{
	/* Not known to a kernel before 5.14. */
	if (madvise(room, ROOM_BYTES, MADV_POPULATE_WRITE) < 0)
		for (size_t at = 0; at < ROOM_BYTES; at += PAGE_MIN)
			*(volatile char *)(room + at) = 1;
	madvise(room, ROOM_BYTES, MADV_DONTNEED);
}

int dentry_tree_made(struct dentry_tree *tree, struct error *err)
{
	uint64_t made = ++tree->made;

	if (tree->room && made % ROOM_EVERY == 0)
		make_room(tree->room);
	return made % SYNC_EVERY ? 0 : dentry_tree_sync(tree, err);
}

static int make_dir(struct dentry_tree *tree, int at, const char *path, struct error *err)
{
	if (mkdirat(at, path, 0755) == 0)
		return dentry_tree_made(tree, err);
	if (errno == EEXIST)
		return 0;
	if (errno == ENOSPC)
		return error_say(err, -ENOSPC,
				 "create directory %s: no room or no inode is left: less width or "
				 "depth, or a larger disk",
				 path);
	return error_set(err, -errno, "create directory %s", path);
}

/* Makes path below tree->base and takes that for the base. */
static int descend(struct dentry_tree *tree, const char *path, struct error *err)
{
	int r = make_dir(tree, tree->base, path, err), fd;

	if (r < 0)
		return r;
	fd = openat(tree->base, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, -errno, "open %s", path);
	close(tree->base);
	tree->base = fd;
	return 0;
}

/* "w00000/d/d/" and the name's end; the digits are put in later. */
static char *lay_out(const struct dentry_tree *tree, uint64_t depth, size_t name_length)
{
	char *buf = calloc(1, tree->prefix_length + name_length + 1), *p = buf;

	if (!buf)
		return NULL;
	if (tree->width > 1) {
		*p = 'w';
		p[1 + WAY_DIGITS] = '/';
		p += 1 + WAY_DIGITS + 1;
	}
	for (; depth; depth--, p += 2)
		memcpy(p, "d/", 2);
	memset(p, 'x', name_length);
	return buf;
}

/* Every directory of a way, from the outermost. */
static int make_way(struct dentry_tree *tree, uint64_t way, struct error *err)
{
	char *path = tree->path;
	int r = 0;

	put_way(tree, path, way);
	for (size_t i = 0; r == 0 && i < tree->prefix_length; i++)
		if (path[i] == '/') {
			path[i] = '\0';
			r = make_dir(tree, tree->base, path, err);
			path[i] = '/';
		}
	return r;
}

/* On a tmpfs nothing waits, and nothing can be shrunk. */
static int set_room(struct dentry_tree *tree, struct error *err)
{
	struct statfs fs;
	void *room;

	if (fstatfs(tree->base, &fs) < 0)
		return error_set(err, -errno, "fstatfs");
	if (fs.f_type == TMPFS_MAGIC)
		return 0;
	room = mmap(NULL, ROOM_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (room == MAP_FAILED)
		return error_set(err, -errno, "map %d bytes", ROOM_BYTES);
	tree->room = room;
	return 0;
}

int dentry_tree_init(struct dentry_tree *tree, int top, unsigned owner, uint64_t width,
		     uint64_t depth, size_t name_length, uint64_t seed, struct error *err)
{
	char name[16];
	int r;

	*tree = (struct dentry_tree){
		.width = width,
		.seed = seed,
		.prefix_length = (width > 1 ? 1 + WAY_DIGITS + 1 : 0) + 2 * depth,
	};
	tree->base = openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (tree->base < 0)
		return error_set(err, -errno, "open the directory");
	r = set_room(tree, err);
	if (r < 0)
		return r;
	tree->path = lay_out(tree, depth, name_length);
	tree->other = lay_out(tree, depth, name_length);
	if (!tree->path || !tree->other)
		return error_set(err, -ENOMEM, "dentry");
	snprintf(name, sizeof(name), "t%03u", owner);
	r = descend(tree, name, err);
	if (r == 0 && width == 1)
		r = descend(tree, "w00000", err);
	for (uint64_t way = 0; r == 0 && way < width; way++)
		r = make_way(tree, way, err);
	return r;
}

void dentry_tree_done(struct dentry_tree *tree)
{
	/* 0 is a tree that nothing was done for. */
	if (tree->base > 0)
		close(tree->base);
	if (tree->room)
		munmap(tree->room, ROOM_BYTES);
	free(tree->path);
	free(tree->other);
	*tree = (struct dentry_tree){};
}

char *dentry_tree_path(const struct dentry_tree *tree, char *buf, char letter, uint64_t entry)
{
	char *name = buf + tree->prefix_length;

	put_way(tree, buf, tree->width > 1 ? entry % tree->width : 0);
	name[0] = letter;
	/* A bijection for a set seed: the names differ. */
	put_hex(name + 1, (tree->seed ^ entry) * 0x9e3779b97f4a7c15ull, NAME_DIGITS);
	return buf;
}

const char *dentry_tree_way(const struct dentry_tree *tree, char *buf, uint64_t way)
{
	if (!tree->prefix_length)
		return ".";
	put_way(tree, buf, way);
	buf[tree->prefix_length] = '\0';
	return buf;
}
