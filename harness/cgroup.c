// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sys/stat.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/kvfile.h"
#include "src/macro.h"
#include "src/units.h"

/* No suite can name it: names there begin with a letter or a digit. */
#define HARNESS	      ".harness"
#define EMPTY_WAIT_MS 10000

static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = list; (p = strstr(p, word)); p += len)
		if ((p == list || p[-1] == ' ') && (!p[len] || p[len] == ' '))
			return true;
	return false;
}

int cgroup_probe(const struct fsroot *fs, struct error *err)
{
	char controllers[400];
	int r;

	if (fs->cgroup < 0)
		return error_say(err, -EOPNOTSUPP,
				 "cgroup v2 is not mounted at /sys/fs/cgroup: boot with "
				 "systemd.unified_cgroup_hierarchy=1, or run in a VM: --vm");
	r = file_read_line(fs->cgroup, "cgroup.controllers", controllers, sizeof(controllers));
	if (r < 0)
		return error_set(err, r, "read cgroup.controllers");
	if (!has_word(controllers, "memory"))
		return error_say(err, -EOPNOTSUPP,
				 "cgroup v2 has no memory controller here (it is disabled, or on "
				 "cgroup v1): run in a VM: --vm");
	if (faccessat(fs->cgroup, "cgroup.procs", W_OK, AT_EACCESS) < 0)
		return error_say(err, -EACCES,
				 "making cgroups needs root: run as root, or in a VM: --vm");
	return 0;
}

static int make_group(int parent, const char *name, int *ret_fd, struct error *err)
{
	int fd;

	if (mkdirat(parent, name, 0755) < 0)
		return errno == EEXIST ? error_say(err, -EEXIST,
						   "cgroup %s is there already, of a killed run: "
						   "«wring clean»",
						   name)
				       : error_set(err, -errno, "create cgroup %s", name);
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, -errno, "open cgroup %s", name);
	*ret_fd = fd;
	return 0;
}

/*
 * What the suite's limits need, and what only counts (io.stat). The cpu controller would change
 * how the scheduler shares the CPUs; cpu.stat is there without it.
 */
static const struct {
	const char *name;
	bool needed;
} controllers[CGROUP_CONTROLLERS] = { { "memory", true }, { "io", false } };

/* ret_changed, which may be NULL, has an element a controller: it was off before. */
static int enable_controllers(int fd, const char *what, bool *ret_changed, struct error *err)
{
	char available[400] = "", now[400] = "";

	file_read_line(fd, "cgroup.controllers", available, sizeof(available));
	file_read_line(fd, "cgroup.subtree_control", now, sizeof(now));
	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++) {
		const char *name = controllers[i].name;
		char change[20];
		int r;

		if (has_word(now, name) || (!controllers[i].needed && !has_word(available, name)))
			continue;
		snprintf(change, sizeof(change), "+%s", name);
		r = file_write_kernel(fd, "cgroup.subtree_control", change);
		if (r < 0 && controllers[i].needed)
			return error_set(err, r, "enable the %s controller below %s", name, what);
		if (r == 0 && ret_changed)
			ret_changed[i] = true;
	}
	return 0;
}

/* "0::/user.slice/..." of /proc/self/cgroup: where to go back to. */
static char *find_origin(const struct fsroot *fs)
{
	_cleanup_free_ char *text = NULL;
	char *rest, *line;

	if (file_read(fs->proc, "self/cgroup", &text, NULL, NULL) < 0)
		return NULL;
	for (rest = text; (line = strsep(&rest, "\n"));)
		if (starts_with(line, "0::/"))
			return strdup(line + 4);
	return NULL;
}

static int move_self(int fd, const char *what, struct error *err)
{
	int r = file_write_kernel(fd, "cgroup.procs", "0");

	return r < 0 ? error_set(err, r, "move into cgroup %s", what) : 0;
}

static int protect(struct cgroup_tree *tree, int harness, uint64_t bytes, struct error *err)
{
	char text[32];
	int r;

	snprintf(text, sizeof(text), "%" PRIu64, bytes);
	r = file_write_kernel(tree->fd, "memory.min", text);
	if (r == 0)
		r = file_write_kernel(harness, "memory.min", text);
	return r < 0 ? error_set(err, r, "protect the harness by memory.min") : 0;
}

int cgroup_tree_make(struct cgroup_tree *tree, const struct fsroot *fs, struct guard *guard,
		     uint64_t protected_bytes, struct error *err)
{
	_cleanup_close_ int harness = -1;
	int r = cgroup_probe(fs, err);

	*tree = (struct cgroup_tree){ .fs = fs, .fd = -1 };
	if (r < 0)
		return r;
	tree->name = text_format("wring-%d", (int)getpid());
	tree->origin = find_origin(fs);
	if (!tree->name || !tree->origin)
		return error_say(err, -ENOENT, "/proc/self/cgroup names no cgroup v2");
	r = guard_note_cgroup(guard, tree->name, err);
	if (r < 0)
		return r;
	r = enable_controllers(fs->cgroup, "the root", tree->enabled, err);
	if (r < 0)
		return r;
	r = make_group(fs->cgroup, tree->name, &tree->fd, err);
	if (r < 0)
		return r;
	r = enable_controllers(tree->fd, tree->name, NULL, err);
	if (r < 0)
		return r;
	r = make_group(tree->fd, HARNESS, &harness, err);
	if (r < 0)
		return r;
	r = protect(tree, harness, protected_bytes, err);
	return r < 0 ? r : move_self(harness, HARNESS, err);
}

int cgroup_fd(const struct cgroup_tree *tree, const char *path)
{
	for (size_t i = 0; i < tree->count; i++)
		if (streq(tree->groups[i].path, path))
			return tree->groups[i].fd;
	return -1;
}

int cgroup_add(struct cgroup_tree *tree, const char *path, struct error *err)
{
	const char *slash = strrchr(path, '/');
	struct cgroup_group *groups, group;
	int parent = tree->fd, r;

	if (slash) {
		_cleanup_free_ char *above = strndup(path, (size_t)(slash - path));

		parent = above ? cgroup_fd(tree, above) : -1;
		if (parent < 0)
			return error_say(err, -ENOENT, "cgroup %s has no parent", path);
		r = enable_controllers(parent, above, NULL, err);
		if (r < 0)
			return r;
	}
	groups = realloc(tree->groups, (tree->count + 1) * sizeof(*groups));
	if (!groups)
		return error_set(err, -ENOMEM, "cgroup %s", path);
	tree->groups = groups;
	r = make_group(parent, slash ? slash + 1 : path, &group.fd, err);
	if (r < 0)
		return r;
	group.path = strdup(path);
	if (!group.path) {
		close(group.fd);
		return error_set(err, -ENOMEM, "cgroup %s", path);
	}
	groups[tree->count++] = group;
	return 0;
}

int cgroup_set(struct cgroup_tree *tree, const char *path, const char *file, const char *value,
	       char effective[static CGROUP_VALUE_MAX], struct error *err)
{
	uint64_t bytes, page = (uint64_t)sysconf(_SC_PAGESIZE);
	char wanted[CGROUP_VALUE_MAX], now[CGROUP_VALUE_MAX];
	int fd = cgroup_fd(tree, path), r;

	snprintf(wanted, sizeof(wanted), "%s", value);
	if (!streq(value, "max") && parse_size(value, &bytes) == 0)
		snprintf(wanted, sizeof(wanted), "%" PRIu64, bytes);
	r = file_write_kernel(fd, file, wanted);
	if (r == -ENOENT || r == -EACCES)
		return error_say(err, r, "this kernel has no %s (cgroup %s)", file, path);
	if (r < 0)
		return error_set(err, r, "write %s to %s of cgroup %s", wanted, file, path);
	r = file_read_line(fd, file, now, sizeof(now));
	if (r < 0)
		return error_set(err, r, "read %s of cgroup %s back", file, path);
	if (!streq(now, wanted) && parse_u64(wanted, &bytes) == 0)
		snprintf(wanted, sizeof(wanted), "%" PRIu64, bytes - bytes % page);
	if (!streq(now, wanted))
		return error_say(err, -EIO, "%s of cgroup %s: wrote %s, the kernel kept %s", file,
				 path, value, now);
	memcpy(effective, now, sizeof(now));
	return 0;
}

static int populated(int fd, uint64_t *ret)
{
	_cleanup_free_ char *text = NULL;
	int r = file_read(fd, "cgroup.events", &text, NULL, NULL);

	return r < 0 ? r : kv_get(KV_FLAT, text, "populated", ret);
}

/* cgroup.events raises POLLPRI when "populated" changes. */
static int await_empty(int fd, struct error *err)
{
	_cleanup_close_ int events = openat(fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	struct pollfd changed = { .fd = events, .events = POLLPRI };
	uint64_t processes = 1;
	char skip[64];

	for (int waited = 0; waited < EMPTY_WAIT_MS; waited += 100) {
		if (pread(events, skip, sizeof(skip), 0) < 0 || populated(fd, &processes) < 0)
			return error_set(err, -errno, "read cgroup.events");
		if (!processes)
			return 0;
		poll(&changed, 1, 100);
	}
	return error_say(err, -EBUSY, "its processes do not end");
}

int cgroup_kill(int fd, struct error *err)
{
	int r = file_write_kernel(fd, "cgroup.kill", "1");

	if (r < 0)
		return error_set(err, r, "write cgroup.kill");
	return await_empty(fd, err);
}

static int remove_below(int fd, struct error *err)
{
	_cleanup_closedir_ DIR *dir = fdopendir(dup(fd));
	struct dirent *entry;

	if (!dir)
		return error_set(err, -errno, "open a cgroup");
	rewinddir(dir);
	while ((entry = readdir(dir))) {
		_cleanup_close_ int child = -1;
		int r;

		if (entry->d_type != DT_DIR || streq(entry->d_name, ".") ||
		    streq(entry->d_name, ".."))
			continue;
		child = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (child < 0)
			return error_set(err, -errno, "open cgroup %s", entry->d_name);
		r = remove_below(child, err);
		if (r < 0)
			return r;
		if (unlinkat(fd, entry->d_name, AT_REMOVEDIR) < 0)
			return error_set(err, -errno, "remove cgroup %s", entry->d_name);
	}
	return 0;
}

int cgroup_remove_tree(const struct fsroot *fs, const char *name, struct error *err)
{
	_cleanup_close_ int fd = -1;
	int r;

	if (fs->cgroup < 0)
		return 0;
	fd = openat(fs->cgroup, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : error_set(err, -errno, "open cgroup %s", name);
	r = cgroup_kill(fd, err);
	if (r == 0)
		r = remove_below(fd, err);
	if (r < 0)
		return error_prefix(err, "cgroup %s", name);
	if (unlinkat(fs->cgroup, name, AT_REMOVEDIR) < 0)
		return error_set(err, -errno, "remove cgroup %s", name);
	return 0;
}

int cgroup_tree_done(struct cgroup_tree *tree, struct error *err)
{
	_cleanup_close_ int origin = -1;
	int r = 0;

	if (tree->origin && tree->fd >= 0) {
		origin = openat(tree->fs->cgroup, *tree->origin ? tree->origin : ".",
				O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		r = origin < 0 ? error_set(err, -errno, "open cgroup %s", tree->origin)
			       : move_self(origin, tree->origin, err);
	}
	for (size_t i = 0; i < tree->count; i++) {
		close(tree->groups[i].fd);
		free(tree->groups[i].path);
	}
	free(tree->groups);
	if (tree->fd >= 0) {
		close(tree->fd);
		if (r == 0)
			r = cgroup_remove_tree(tree->fs, tree->name, err);
	}
	/* Left as found; a controller that others came to use meanwhile refuses, and stays. */
	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++) {
		char change[20];

		snprintf(change, sizeof(change), "-%s", controllers[i].name);
		if (tree->enabled[i])
			file_write_kernel(tree->fs->cgroup, "cgroup.subtree_control", change);
	}
	free(tree->name);
	free(tree->origin);
	*tree = (struct cgroup_tree){ .fd = -1 };
	return r;
}
