// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/peers.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/process.h"

#define RUN_MS	    90000
#define END_MS	    3000 /* to end by itself when asked to */
#define LOOK_MS	    200	 /* between two looks at the stop flag */
#define OUTPUT_KEPT 4000

struct peer {
	pid_t pid;
	int pidfd, output_fd;
	char output[OUTPUT_KEPT + 1]; /* its last words */
};

static _Noreturn void become(const char *path, const char *const argv[], int output_fd)
{
	int null = open("/dev/null", O_RDONLY);

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM); /* it tidies up when the bench is killed */
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	setenv("LC_ALL", "C", 1);
	if (null >= 0 && dup2(null, 0) == 0 && dup2(output_fd, 1) == 1 && dup2(output_fd, 2) == 2)
		execv(path, (char *const *)argv);
	_exit(127);
}

static int start(struct peer *p, const char *path, const char *const argv[], struct error *err)
{
	_cleanup_close_ int in = -1, out = -1;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return error_set(err, -errno, "run %s", path);
	in = fds[0];
	out = fds[1];
	p->pid = fork();
	if (p->pid == 0) {
		fcntl(out, F_SETFL, 0); /* the peer's end blocks */
		become(path, argv, out);
	}
	if (p->pid < 0)
		return error_set(err, -errno, "run %s", path);
	setpgid(p->pid, p->pid);
	p->pidfd = (int)syscall(SYS_pidfd_open, p->pid, 0);
	p->output_fd = TAKE_FD(in);
	return p->pidfd < 0 ? error_set(err, -errno, "run %s", path) : 0;
}

/* Reads what there is, keeping the last of it. False at the end. */
static bool take_output(struct peer *p)
{
	char chunk[2000];
	ssize_t n = read(p->output_fd, chunk, sizeof(chunk));
	size_t have = strlen(p->output), drop;

	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	drop = have + (size_t)n > OUTPUT_KEPT ? have + (size_t)n - OUTPUT_KEPT : 0;
	memmove(p->output, p->output + drop, have - drop);
	memcpy(p->output + have - drop, chunk, (size_t)n);
	p->output[have - drop + (size_t)n] = '\0';
	return true;
}

/* Until it ends; false when it doesn't within ms, or a signal came (stop may be NULL). */
static bool await_end(struct peer *p, int ms, const volatile int *stop)
{
	uint64_t end = workload_clock() + (uint64_t)ms * 1000000;

	while (!(stop && *stop) && workload_clock() < end) {
		struct pollfd fds[] = {
			{ .fd = p->pidfd, .events = POLLIN },
			{ .fd = p->output_fd, .events = POLLIN },
		};

		if (poll(fds, 2, LOOK_MS) <= 0)
			continue;
		if (fds[1].revents && !take_output(p)) {
			close(p->output_fd);
			p->output_fd = -1;
		}
		if (fds[0].revents) {
			if (p->output_fd >= 0)
				take_output(p);
			return true;
		}
	}
	return false;
}

static int end_early(struct peer *p, const struct bench *b, const char *name, struct error *err)
{
	kill(-p->pid, SIGTERM);
	if (!await_end(p, END_MS, NULL))
		kill(-p->pid, SIGKILL);
	waitpid(p->pid, NULL, 0);
	if (*b->stop)
		return error_say(err, -EINTR, "%s was interrupted", name);
	return error_say(err, -ETIMEDOUT, "%s did not end within %d s", name, RUN_MS / 1000);
}

static int run(struct peer *p, const struct bench *b, const char *name, struct error *err)
{
	int status = 0;

	if (!await_end(p, RUN_MS, b->stop))
		return end_early(p, b, name, err);
	waitpid(p->pid, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	error_plain(p->output);
	return error_say(err, -EIO, "%s failed (status %d): %s", name,
			 WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status),
			 p->output + MAX((int)strlen(p->output) - 300, 0));
}

int peer_run(const struct bench *b, const char *const argv[], struct error *err)
{
	struct peer p = { .pid = -1, .pidfd = -1, .output_fd = -1 };
	_cleanup_free_ char *path = NULL;
	int r = process_find(argv[0], &path, err);

	if (r < 0)
		return r;
	r = start(&p, path, argv, err);
	if (r == 0)
		r = run(&p, b, argv[0], err);
	if (p.pidfd >= 0)
		close(p.pidfd);
	if (p.output_fd >= 0)
		close(p.output_fd);
	return r;
}

void peer_reap(void)
{
	_cleanup_free_ char *children = NULL;
	char *rest, *word;

	/* Whoever is a child by now was one of a peer: the bench's own have been waited for. */
	if (file_read(AT_FDCWD, "/proc/thread-self/children", &children, NULL, NULL) == 0) {
		rest = children;
		while ((word = strsep(&rest, " ")))
			if (*word)
				kill((pid_t)strtol(word, NULL, 10), SIGKILL);
	}
	while (waitpid(-1, NULL, 0) > 0)
		;
}
