// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Journals in a cache directory of the test's own. Where knobs or cgroups are undone, the root is
 * a tree of plain files there: nothing of this machine is changed.
 */
#include "harness/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/strlist.h"
#include "tests/tap.h"

#define WAIT_MS	   10000
#define LINGER_MS  50 /* an owner takes its time; who does not wait for it is found out */
#define OTHER_BOOT "00000000-1111-2222-3333-444444444444"

struct lab {
	char *top;    /* the scratch directory */
	char *cache;  /* TOP/cache */
	char *victim; /* TOP/work: a directory that a run notes */
	struct fsroot live, fake;
	char boot[64];
};

/* What guard_clean() said last; its callback has no argument of ours. */
static struct strlist said;

static void hear(const char *line)
{
	strlist_add(&said, line);
}

static int clean(const struct lab *lab, const struct fsroot *fs)
{
	struct error err = {};
	int r;

	strlist_done(&said);
	r = guard_clean(lab->cache, fs, hear, &err);
	if (r < 0)
		printf("# %s\n", err.text);
	return r;
}

static bool exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || file_write_all(fd, text, strlen(text)) < 0)
		tap_ok(false, "a file to test with: %s", path);
	if (fd >= 0)
		close(fd);
}

static unsigned journals(const struct lab *lab)
{
	_cleanup_free_ char *path = path_join(lab->cache, "guard");
	_cleanup_closedir_ DIR *dir = opendir(path);
	struct dirent *entry;
	unsigned count = 0;

	while (dir && (entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	return count;
}

/* A directory with something in it, as a killed run leaves it. */
static void make_victim(const struct lab *lab)
{
	_cleanup_free_ char *sub = path_join(lab->victim, "a/b"), *file = path_join(sub, "file");

	if (dir_make(sub, NULL) < 0)
		tap_ok(false, "make %s", sub);
	put(file, "left behind\n");
}

/* A journal that this test writes itself, of a process that is dead for certain: pid 0. */
static void put_journal(const struct lab *lab, const char *boot, const char *lines)
{
	_cleanup_free_ char *path = path_join(lab->cache, "guard/1.journal"), *text = NULL;

	text = text_format("boot %s\nowner 0 1\nrun 0 1\n%s", boot, lines);
	put(path, text);
}

static bool wait_child(pid_t pid)
{
	int status;

	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

static void test_empty(const struct lab *lab)
{
	tap_eq_i64(clean(lab, &lab->live), 0, "without a cache nothing is to do");
	tap_eq_u64(said.count, 0, "and nothing is said");
	tap_ok(!exists(lab->cache), "nor made");
	tap_eq_i64(guard_note_dir(NULL, "/nowhere", NULL), 0, "a NULL guard takes notes");
	guard_close(NULL);
}

static void test_alive(const struct lab *lab)
{
	_cleanup_free_ char *before = NULL, *after = NULL;
	_cleanup_free_ char *noted = text_format("\ndir %s\n", lab->victim);
	_cleanup_free_ char *words =
		text_format("the run of process %d goes on: left alone", (int)getpid());
	struct error err = {};
	struct guard *g = NULL;

	make_victim(lab);
	if (!tap_eq_i64(guard_open(&g, lab->cache, getpid(), &err), 0, "guard_open"))
		return;
	guard_note_dir(g, lab->victim, &err);
	file_read(AT_FDCWD, guard_path(g), &before, NULL, NULL);
	tap_ok(before && strstr(before, noted), "a note is in the file when it returns");
	tap_eq_i64(clean(lab, &lab->live), 0, "a living process's journal is no failure");
	file_read(AT_FDCWD, guard_path(g), &after, NULL, NULL);
	tap_eq_str(after, before, "its journal is left alone");
	tap_ok(exists(lab->victim), "its directory too");
	tap_ok(said.count == 1 && streq(said.items[0], words), "and the user is told");
	guard_close(g);
	tap_eq_u64(journals(lab), 0, "guard_close removes the journal");
	tap_ok(exists(lab->victim), "and nothing else");
}

static void test_dead(const struct lab *lab)
{
	_cleanup_free_ char *words = text_format("directory %s removed", lab->victim);
	pid_t pid;

	make_victim(lab);
	pid = fork();
	if (pid == 0) {
		struct guard *g;

		_exit(guard_open(&g, lab->cache, getpid(), NULL) < 0 ||
		      guard_note_dir(g, lab->victim, NULL) < 0);
	}
	tap_ok(wait_child(pid), "a process notes a directory and dies");
	tap_eq_u64(journals(lab), 1, "its journal is left");
	tap_eq_i64(clean(lab, &lab->live), 0, "guard_clean");
	tap_ok(!exists(lab->victim), "removes the directory");
	tap_eq_u64(journals(lab), 0, "and the journal");
	tap_ok(said.count == 1 && streq(said.items[0], words), "and says so");
	tap_eq_i64(clean(lab, &lab->live), 0, "a second time nothing is to do");
	tap_eq_u64(said.count, 0, "and nothing is said");
}

/* The owner's number is in use, by a process that began at another time: it is dead. */
static void test_reused(const struct lab *lab)
{
	_cleanup_free_ char *path = path_join(lab->cache, "guard/1.journal"), *text = NULL;

	make_victim(lab);
	text = text_format("boot %s\nowner %d 1\nrun %d 1\ndir %s\n", lab->boot, (int)getpid(),
			   (int)getpid(), lab->victim);
	put(path, text);
	tap_eq_i64(clean(lab, &lab->live), 0, "a process number that was given anew");
	tap_ok(!exists(lab->victim) && !exists(path), "belongs to a dead run");
}

/*
 * An owner that undoes all itself once its journal is being read. It stays a zombie until the
 * clean-up has seen it, so that the order of the two does not matter.
 */
static _Noreturn void own(const struct lab *lab, pid_t run, int ready)
{
	struct pollfd opened = { .fd = inotify_init1(IN_CLOEXEC), .events = POLLIN };
	struct guard *g;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (guard_open(&g, lab->cache, run, NULL) < 0 || guard_note_dir(g, lab->victim, NULL) < 0)
		_exit(1);
	if (inotify_add_watch(opened.fd, guard_path(g), IN_CLOSE_NOWRITE) < 0 ||
	    write(ready, "", 1) != 1 || poll(&opened, 1, WAIT_MS) != 1)
		_exit(2);
	poll(NULL, 0, LINGER_MS);
	guard_close(g);
	_exit(0);
}

static void test_orphan(const struct lab *lab)
{
	int pipes[2], status;
	pid_t run = fork(), owner;
	char byte;

	if (run == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
		_exit(0);
	}
	make_victim(lab);
	if (run < 0 || pipe2(pipes, O_CLOEXEC) < 0 || (owner = fork()) < 0) {
		tap_ok(false, "two processes");
		return;
	}
	if (owner == 0)
		own(lab, run, pipes[1]);
	close(pipes[1]);
	tap_eq_i64(read(pipes[0], &byte, 1), 1, "an owner whose run is another process");
	close(pipes[0]);
	kill(run, SIGKILL);
	waitpid(run, &status, 0);
	tap_eq_i64(clean(lab, &lab->live), 0, "the run is killed: its owner is waited for");
	tap_ok(wait_child(owner), "and ends by itself");
	tap_ok(exists(lab->victim) && journals(lab) == 0 && said.count == 0,
	       "what it has undone is not undone again");
}

/* Its owner removes it between the listing and the opening; to open, a dangling link is gone, too.
 */
static void test_vanished(const struct lab *lab)
{
	_cleanup_free_ char *link = path_join(lab->cache, "guard/1-1.journal");

	if (!tap_ok(symlink("/nowhere/at/all", link) == 0, "a journal that is listed and gone"))
		return;
	tap_eq_i64(clean(lab, &lab->live), 0, "is no error");
	tap_eq_u64(said.count, 0, "and nothing is said of it");
	unlink(link);
}

/* After a reboot cgroups and knobs are gone by themselves; what is on disk is not. */
static void test_reboot(const struct lab *lab)
{
	_cleanup_free_ char *lines = NULL, *knob = path_join(lab->top, "proc/sys/vm/swappiness");
	char value[8] = "";

	make_victim(lab);
	put(knob, "10\n");
	lines = text_format("cgroup wring-1\ndir %s\nknob vm.swappiness 60\n", lab->victim);
	put_journal(lab, OTHER_BOOT, lines);
	tap_eq_i64(clean(lab, &lab->fake), 0, "a journal from before a reboot");
	tap_ok(!exists(lab->victim), "its directory is removed");
	file_read_line(AT_FDCWD, knob, value, sizeof(value));
	tap_eq_str(value, "10", "its knob is left alone");
	tap_eq_u64(said.count, 1, "nothing is said of knobs and cgroups");
	tap_eq_u64(journals(lab), 0, "the journal goes");
}

/* This process lives, but a journal of another boot means another one of its number. */
static void test_reboot_same_pid(const struct lab *lab)
{
	_cleanup_free_ char *text = NULL;
	char *boot = NULL;
	struct guard *g = NULL;

	make_victim(lab);
	if (guard_open(&g, lab->cache, getpid(), NULL) < 0 ||
	    guard_note_dir(g, lab->victim, NULL) < 0 ||
	    file_read(AT_FDCWD, guard_path(g), &text, NULL, NULL) < 0 ||
	    !(boot = strstr(text, lab->boot))) {
		tap_ok(false, "a journal with this boot's id");
		return;
	}
	memcpy(boot, OTHER_BOOT, strlen(OTHER_BOOT));
	put(guard_path(g), text);
	tap_eq_i64(clean(lab, &lab->live), 0, "an owner of an earlier boot is dead");
	tap_ok(!exists(lab->victim) && !exists(guard_path(g)), "whoever has its number now");
	guard_close(g);
}

/* What would reach beyond its line is refused; what stays undone keeps its journal. */
static void test_containment(const struct lab *lab)
{
	_cleanup_free_ char *split = text_format("%s\nx", lab->victim);
	_cleanup_free_ char *torn = text_format("dir %s", lab->victim);
	struct guard *g = NULL, *second = NULL;
	struct error err = {};

	make_victim(lab);
	if (guard_open(&g, lab->cache, getpid(), NULL) < 0 ||
	    guard_open(&second, lab->cache, getpid(), NULL) < 0) {
		tap_ok(false, "two journals of one process");
		return;
	}
	tap_ok(!streq(guard_path(g), guard_path(second)), "no journal is opened over another");
	tap_eq_i64(guard_note_dir(g, split, &err), -EINVAL, "a path of two lines is refused");
	guard_close(second);
	guard_keep(g);
	guard_close(g);
	tap_eq_u64(journals(lab), 1, "a kept journal stays");
	put_journal(lab, lab->boot, torn);
	clean(lab, &lab->fake);
	tap_ok(exists(lab->victim), "a line without its end is not obeyed");
	put_journal(lab, lab->boot,
		    "cgroup ..\ncgroup wring-1/../x\ntrace wring-1/../x\ntrace other\ndir work\n");
	tap_eq_i64(clean(lab, &lab->fake), 0, "what is not wring's is no failure");
	tap_eq_u64(said.count, 5, "and is told, and left alone");
}

static void test_knobs(const struct lab *lab)
{
	_cleanup_free_ char *knob = path_join(lab->top, "proc/sys/vm/swappiness");
	char value[8] = "";

	put(knob, "99\n");
	put_journal(lab, lab->boot, "knob vm.swappiness 60\nknob vm.swappiness 10\n");
	tap_eq_i64(clean(lab, &lab->fake), 0, "a knob that was changed twice");
	file_read_line(AT_FDCWD, knob, value, sizeof(value));
	tap_eq_str(value, "60", "is what it was at first");
	tap_ok(said.count == 2 && streq(said.items[1], "knob vm.swappiness back to 60"),
	       "the newest change is undone first");
	tap_eq_u64(journals(lab), 0, "the journal goes");
	put_journal(lab, lab->boot, "cgroup wring-none\n");
	tap_eq_i64(clean(lab, &lab->fake), 0, "a cgroup that is gone is no failure");
}

/* What can't be undone is counted and told; its journal stays for the next time. */
static void test_refused(const struct lab *lab)
{
	_cleanup_free_ char *lines = NULL, *path = path_join(lab->cache, "guard/1.journal");

	make_victim(lab);
	lines = text_format("dir %s\nknob vm.no_such_knob 1\n", lab->victim);
	put_journal(lab, lab->boot, lines);
	tap_eq_i64(clean(lab, &lab->fake), 1, "a knob that nobody knows is one failure");
	tap_ok(said.count == 2 &&
		       streq(said.items[0], "could not undo: unknown knob vm.no_such_knob"),
	       "which is told");
	tap_ok(!exists(lab->victim), "the rest is undone all the same");
	tap_ok(exists(path), "the journal stays");
	unlink(path);
}

static void test_malformed(const struct lab *lab)
{
	static const char *const texts[] = {
		"",
		"\n\n\n",
		"boot\nowner\nrun\n",
		"boot x\nowner -1 -1\nrun 99999999999999999999 1\n",
		"dir\ncgroup\nknob\n",
		"knob vm.swappiness\n",
		"directory /nowhere\nDIR /nowhere\n dir /nowhere\n",
		"\x01\xff\xfe binary",
	};
	_cleanup_free_ char *path = path_join(lab->cache, "guard/1.journal");
	_cleanup_free_ char *other = path_join(lab->cache, "guard/notes.txt");
	_cleanup_free_ char *knob = path_join(lab->top, "proc/sys/vm/swappiness");
	unsigned failures = 0, left = 0;
	char value[8] = "";

	make_victim(lab);
	put(knob, "33\n");
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		put(path, texts[i]);
		failures += clean(lab, &lab->fake) != 0;
		left += exists(path);
		put_journal(lab, lab->boot, texts[i]); /* the same behind a head of this boot */
		failures += clean(lab, &lab->fake) != 0;
		left += exists(path);
	}
	tap_eq_u64(failures, 0, "malformed journals are no failure");
	tap_eq_u64(left, 0, "and don't stay for ever");
	file_read_line(AT_FDCWD, knob, value, sizeof(value));
	tap_ok(exists(lab->victim) && streq(value, "33"), "they change nothing");
	put(other, "dir /nowhere\n");
	tap_ok(clean(lab, &lab->fake) == 0 && exists(other) && said.count == 0,
	       "a file that is no journal is not read");
	unlink(other);
}

static void test_bad_cache(const struct lab *lab)
{
	_cleanup_free_ char *file = path_join(lab->top, "file");
	struct guard *g = (struct guard *)&g;
	struct error err = {};

	put(file, "");
	tap_ok(guard_open(&g, file, getpid(), &err) < 0 && err.code < 0 && *err.text,
	       "a cache that is a file: %s", err.text);
	tap_ok(g == (struct guard *)&g, "nothing is written");
	err = (struct error){};
	tap_ok(guard_clean(file, &lab->live, hear, &err) < 0 && *err.text,
	       "nor can it be cleaned: %s", err.text);
}

static bool lab_init(struct lab *lab)
{
	const char *tmp = getenv("TMPDIR");
	_cleanup_free_ char *vm = NULL, *cgroup = NULL, *file = NULL, *boot = NULL, *dir = NULL;

	*lab = (struct lab){ .live = { -1, -1, -1 }, .fake = { -1, -1, -1 } };
	lab->top = text_format("%s/wring-test-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(lab->top) || fsroot_open(&lab->live, "/", NULL) < 0 ||
	    file_read_line(lab->live.proc, "sys/kernel/random/boot_id", lab->boot,
			   sizeof(lab->boot)) < 0)
		return false;
	lab->cache = path_join(lab->top, "cache");
	lab->victim = path_join(lab->top, "work");
	vm = path_join(lab->top, "proc/sys/vm");
	dir = path_join(lab->top, "proc/sys/kernel/random");
	boot = path_join(dir, "boot_id");
	cgroup = path_join(lab->top, "sys/fs/cgroup");
	file = path_join(cgroup, "cgroup.controllers");
	if (dir_make(vm, NULL) < 0 || dir_make(dir, NULL) < 0 || dir_make(cgroup, NULL) < 0)
		return false;
	put(file, "memory\n");
	put(boot, lab->boot);
	return fsroot_open(&lab->fake, lab->top, NULL) == 0;
}

int main(void)
{
	struct error err = {};
	struct lab lab;

	if (lab_init(&lab)) {
		test_empty(&lab);
		test_alive(&lab);
		test_dead(&lab);
		test_reused(&lab);
		test_orphan(&lab);
		test_vanished(&lab);
		test_reboot(&lab);
		test_reboot_same_pid(&lab);
		test_containment(&lab);
		test_knobs(&lab);
		test_refused(&lab);
		test_malformed(&lab);
		test_bad_cache(&lab);
	} else {
		tap_ok(false, "a scratch directory: %s", lab.top);
	}
	strlist_done(&said);
	fsroot_close(&lab.live);
	fsroot_close(&lab.fake);
	tap_ok(dir_remove(AT_FDCWD, lab.top, &err) == 0, "the scratch directory goes: %s",
	       err.text);
	free(lab.top);
	free(lab.cache);
	free(lab.victim);
	return tap_done();
}
