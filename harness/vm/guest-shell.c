// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/guest-shell.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "harness/vm/lab.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"

#define TERMINAL "/dev/ttyS2"
#define HOME	 "/root"

static const char greeting[] =
	"\nThe machine as the trial's workloads would find it: knobs are set, cgroups are below\n"
	"/sys/fs/cgroup/wring-1. A command in one of them: echo $$ > CGROUP/cgroup.procs.\n"
	"«exit» or Ctrl-D turns it off.\n\n";

static const char *text_of(const json_t *order, const char *key, const char *fallback)
{
	const char *text = json_string_value(json_object_get(order, key));

	return text && *text ? text : fallback;
}

/* The shell's process, up to exec. */
static _Noreturn void child(const json_t *order)
{
	const struct winsize size = {
		.ws_row = (unsigned short)json_integer_value(json_object_get(order, "rows")),
		.ws_col = (unsigned short)json_integer_value(json_object_get(order, "columns")),
	};
	_cleanup_free_ char *prompt = text_format("%s# ", text_of(order, "name", "wring"));
	char *const argv[] = { (char *)"sh", (char *)"-i", NULL };
	sigset_t none;
	int fd;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	fd = open(TERMINAL, O_RDWR);
	if (fd < 0 || ioctl(fd, TIOCSCTTY, 1) < 0)
		raise(SIGKILL); /* no status that a shell could have */
	if (size.ws_row && size.ws_col)
		ioctl(fd, TIOCSWINSZ, &size);
	if (dup2(fd, 0) < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
		raise(SIGKILL);
	setenv("TERM", text_of(order, "term", "vt100"), 1);
	setenv("HOME", HOME, 1);
	setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
	setenv("PS1", prompt ? prompt : "# ", 1);
	mkdir(HOME, 0700);
	if (chdir("/sys/fs/cgroup/wring-1") < 0 && chdir("/") < 0)
		raise(SIGKILL);
	if (write(1, greeting, sizeof(greeting) - 1) < 0)
		raise(SIGKILL);
	execv(LAB_GUEST_SHELL, argv);
	raise(SIGKILL);
	_exit(EXIT_FAILURE);
}

static int wait_for(pid_t pid, int *ret)
{
	while (waitpid(pid, ret, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

/* Its names for all that it can do. */
static int install_tools(struct error *err)
{
	pid_t pid = fork();
	int status = 0, r;

	if (pid == 0) {
		execl(LAB_GUEST_SHELL, "busybox", "--install", "-s", "/bin", (char *)NULL);
		_exit(127);
	}
	r = pid < 0 ? -errno : wait_for(pid, &status);
	if (r < 0)
		return error_set(err, r, "run busybox");
	return status ? error_say(err, -EIO, "busybox can't install itself") : 0;
}

static int visit(void *arg, struct error *err)
{
	const json_t *order = arg;
	int status = 0, r = install_tools(err);
	pid_t pid;

	if (r < 0)
		return r;
	pid = fork();
	if (pid == 0)
		child(order);
	r = pid < 0 ? -errno : wait_for(pid, &status);
	if (r < 0)
		return error_set(err, r, "run a shell");
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return error_say(err, -EIO, "the shell can't be started on " TERMINAL);
	return 0;
}

int guest_shell(const struct trial *trial, const struct fsroot *fs, const json_t *order,
		struct error *err)
{
	return trial_visit(trial, fs, visit, (void *)order, err);
}
