// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/syscall.h>

#include "harness/cgroup.h"
#include "harness/knobs.h"
#include "harness/trace.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/strlist.h"

#define JOURNALS_MAX 1000
#define BOOT_ID	     "sys/kernel/random/boot_id"

struct guard {
	char *path;
	int fd;
	bool keep; /* something was not undone: the journal stays */
};

/* When the process began, in clock ticks since boot: a number used again is another process. */
static int process_start(int proc_fd, pid_t pid, uint64_t *ret)
{
	char path[40], line[1024], *p;

	snprintf(path, sizeof(path), "%d/stat", (int)pid);
	if (file_read_line(proc_fd, path, line, sizeof(line)) < 0)
		return -ESRCH;
	p = strrchr(line, ')'); /* the name may hold blanks and brackets */
	if (p && p[1] && (p[2] == 'Z' || p[2] == 'X'))
		return -ESRCH; /* dead, and only not waited for */
	for (int field = 2; p && field < 22; field++)
		p = strchr(p + 1, ' ');
	if (!p)
		return -ESRCH;
	*ret = strtoull(p + 1, NULL, 10);
	return 0;
}

__attribute__((format(printf, 3, 4))) static int note(struct guard *g, struct error *err,
						      const char *fmt, ...)
{
	char line[4200];
	va_list ap;
	int n, r;

	if (!g)
		return 0;
	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(line))
		return error_set(err, -ENAMETOOLONG, "write %s", g->path);
	r = file_write_all(g->fd, line, (size_t)n);
	if (r == 0 && fdatasync(g->fd) < 0)
		r = -errno;
	return r < 0 ? error_set(err, r, "write %s", g->path) : 0;
}

int guard_open(struct guard **ret, const char *cache, pid_t run, struct error *err)
{
	_cleanup_free_ char *dir = path_join(cache, "guard");
	_cleanup_close_ int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct guard *g = calloc(1, sizeof(*g));
	uint64_t own_start = 0, run_start = 0;
	char boot[64] = "";
	int r = -ENOMEM;

	if (g)
		g->fd = -1;
	if (!g || !dir || dir_make(dir, err) < 0)
		goto fail;
	process_start(proc, getpid(), &own_start);
	/* Never over another's journal: process ids come again, mostly in containers. */
	for (unsigned n = 0; g->fd < 0 && n < JOURNALS_MAX; n++) {
		free(g->path);
		g->path = text_format("%s/%020" PRIu64 "-%d-%u.journal", dir, own_start,
				      (int)getpid(), n);
		if (!g->path)
			goto fail;
		g->fd = open(g->path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
		if (g->fd < 0 && errno != EEXIST)
			break;
	}
	if (g->fd < 0) {
		error_set(err, -errno, "create %s", g->path);
		free(TAKE_PTR(g->path));
		goto fail;
	}
	process_start(proc, run, &run_start);
	file_read_line(proc, BOOT_ID, boot, sizeof(boot));
	r = note(g, err, "boot %s\nowner %d %" PRIu64 "\nrun %d %" PRIu64 "\n", boot, (int)getpid(),
		 own_start, (int)run, run_start);
	if (r < 0)
		goto fail;
	*ret = g;
	return 0;
fail:
	guard_close(g);
	return err && err->code ? err->code : error_set(err, -ENOMEM, "open the journal");
}

/* A line holds one change: what would break the line, or reach beyond it, is refused. */
static int check_value(const char *value, struct error *err)
{
	for (const char *p = value; *p; p++)
		if ((unsigned char)*p < ' ')
			return error_say(err, -EINVAL, "control characters in a path are refused");
	return 0;
}

int guard_note_cgroup(struct guard *g, const char *name, struct error *err)
{
	int r = check_value(name, err);

	return r < 0 ? r : note(g, err, "cgroup %s\n", name);
}

int guard_note_knob(struct guard *g, const char *name, const char *old, struct error *err)
{
	int r = check_value(old, err);

	return r < 0 ? r : note(g, err, "knob %s %s\n", name, old);
}

int guard_note_trace(struct guard *g, const char *name, struct error *err)
{
	int r = check_value(name, err);

	return r < 0 ? r : note(g, err, "trace %s\n", name);
}

int guard_note_dir(struct guard *g, const char *path, struct error *err)
{
	int r = check_value(path, err);

	return r < 0 ? r : note(g, err, "dir %s\n", path);
}

const char *guard_path(const struct guard *g)
{
	return g->path;
}

void guard_keep(struct guard *g)
{
	if (g)
		g->keep = true;
}

void guard_close(struct guard *g)
{
	if (!g)
		return;
	if (g->path && !g->keep)
		unlink(g->path);
	if (g->fd >= 0)
		close(g->fd);
	free(g->path);
	free(g);
}

struct cleaner {
	const struct fsroot *fs;
	void (*say)(const char *line);
	int failures;
};

__attribute__((format(printf, 2, 3))) static void say(struct cleaner *c, const char *fmt, ...)
{
	char line[1400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	c->say(line);
}

static bool alive(const struct cleaner *c, pid_t pid, uint64_t start)
{
	uint64_t now;

	return pid > 0 && process_start(c->fs->proc, pid, &now) == 0 && now == start;
}

/* An owner whose run was killed ends by itself; it gets ten seconds, then a SIGKILL. */
static void await_owner(struct cleaner *c, pid_t pid)
{
	_cleanup_close_ int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd ended = { .fd = pidfd, .events = POLLIN };

	if (pidfd < 0 || poll(&ended, 1, 10000) > 0)
		return;
	say(c, "process %d of a killed run does not end: killed", (int)pid);
	kill(pid, SIGKILL);
	poll(&ended, 1, 10000);
}

static void undo_line(struct cleaner *c, char *line)
{
	char *kind = strsep(&line, " "), *name = line;
	struct error err = {};
	int r = 0;

	if (!line)
		return;
	/* Only what wring makes: one component, and directories by their whole path. */
	if (((streq(kind, "cgroup") || streq(kind, "trace")) &&
	     (!starts_with(name, "wring-") || strchr(name, '/'))) ||
	    (streq(kind, "dir") && *name != '/')) {
		say(c, "not wring's, left alone: %s %s", kind, name);
		return;
	}
	if (streq(kind, "cgroup")) {
		r = cgroup_remove_tree(c->fs, name, &err);
		if (r == 0)
			say(c, "cgroup %s removed", name);
	} else if (streq(kind, "trace")) {
		r = trace_remove(name, &err);
		if (r == 0)
			say(c, "trace %s removed", name);
	} else if (streq(kind, "knob")) {
		char *old = name;

		name = strsep(&old, " ");
		r = old ? knob_write(c->fs, name, old, NULL, &err) : 0;
		if (r == 0 && old)
			say(c, "knob %s back to %s", name, old);
	} else if (streq(kind, "dir")) {
		r = dir_remove(AT_FDCWD, name, &err);
		if (r == 0)
			say(c, "directory %s removed", name);
	}
	if (r < 0) {
		c->failures++;
		say(c, "could not undo: %s", err.text);
	}
}

/* Newest change first. After a reboot only what is on disk is left. */
static void undo_all(struct cleaner *c, const struct strlist *lines, bool same_boot)
{
	for (size_t i = lines->count; i > 0; i--)
		if (same_boot || starts_with(lines->items[i - 1], "dir "))
			undo_line(c, lines->items[i - 1]);
}

static int clean_journal(struct cleaner *c, int dirfd, const char *name, struct error *err)
{
	_cleanup_strlist_ struct strlist lines = {};
	_cleanup_free_ char *text = NULL;
	char boot[64] = "", noted_boot[64] = "", *rest, *line, *end;
	int owner = 0, run = 0, failures = c->failures;
	uint64_t owner_start = 0, run_start = 0;
	bool same_boot;
	int r = file_read(dirfd, name, &text, NULL, err);

	if (r == -ENOENT)
		return 0; /* gone since it was listed: its owner has undone all itself */
	if (r < 0)
		return r;
	/* A line without its end was cut off by the kill: its change was not made yet. */
	end = strrchr(text, '\n');
	if (end)
		end[1] = '\0';
	for (rest = end ? text : text + strlen(text); (line = strsep(&rest, "\n"));) {
		if (sscanf(line, "boot %63s", noted_boot) == 1 ||
		    sscanf(line, "owner %d %" SCNu64, &owner, &owner_start) == 2 ||
		    sscanf(line, "run %d %" SCNu64, &run, &run_start) == 2)
			continue;
		if (*line && strlist_add(&lines, line) < 0)
			return error_set(err, -ENOMEM, "read %s", name);
	}
	file_read_line(c->fs->proc, BOOT_ID, boot, sizeof(boot));
	same_boot = streq(boot, noted_boot);
	if (same_boot && alive(c, owner, owner_start)) {
		if (alive(c, run, run_start)) {
			say(c, "the run of process %d goes on: left alone", run);
			return 0;
		}
		await_owner(c, owner);
		if (faccessat(dirfd, name, F_OK, 0) < 0)
			return 0; /* it has undone all itself */
	}
	undo_all(c, &lines, same_boot);
	if (c->failures == failures && unlinkat(dirfd, name, 0) < 0 && errno != ENOENT)
		return error_set(err, -errno, "remove %s", name);
	return 0;
}

int guard_clean(const char *cache, const struct fsroot *fs, void (*tell)(const char *line),
		struct error *err)
{
	_cleanup_free_ char *path = path_join(cache, "guard");
	_cleanup_closedir_ DIR *dir = path ? opendir(path) : NULL;
	_cleanup_strlist_ struct strlist names = {};
	struct cleaner c = { .fs = fs, .say = tell };
	struct dirent *entry;

	if (!path)
		return error_set(err, -ENOMEM, "clean");
	if (!dir)
		return errno == ENOENT ? 0 : error_set(err, -errno, "open %s", path);
	while ((entry = readdir(dir))) {
		const char *dot = strrchr(entry->d_name, '.');

		if (dot && streq(dot, ".journal") && strlist_add(&names, entry->d_name) < 0)
			return error_set(err, -ENOMEM, "clean");
	}
	/* The names begin with the time of start: the newest run is undone first. */
	strlist_sort(&names);
	for (size_t i = names.count; i > 0; i--) {
		int r = clean_journal(&c, dirfd(dir), names.items[i - 1], err);

		if (r < 0)
			return r;
	}
	return c.failures;
}
