// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/exec-run.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/cleanup.h"
#include "src/macro.h"

/* How long a killed process gets to end: one that waits for a device takes its time. */
#define KILL_WAIT_NS UINT64_C(5000000000)

/* Reads of one call: a program that never stops printing must not hold it. */
#define READS_MAX 16

/* What timers of a process may be late by unless it asks otherwise; under rate: ours is 1 ns. */
#define TIMER_SLACK_NS 50000

/*
 * In the child, which shares the parent's memory until it is the program: nothing of it may be
 * changed here but refusal.
 */
static _Noreturn void become(struct exec_run *run, pid_t parent, int output)
{
	static const uint64_t by_default[4]; /* the kernel's struct sigaction, all 0 */
	sigset_t none;

	setsid(); /* a process group of its own, and no terminal */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILURE); /* it died before prctl() */
	prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS);
	/* signal() leaves out two that glibc uses, which may have been ignored by our parent. */
	for (int i = 1; i < NSIG; i++)
		syscall(SYS_rt_sigaction, i, by_default, NULL, sizeof(uint64_t));
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(run->null_fd, 0) >= 0 && dup2(output, 1) >= 0 && dup2(output, 2) >= 0 &&
	    close_range(3, ~0u, CLOSE_RANGE_CLOEXEC) == 0 && (!run->cwd || chdir(run->cwd) == 0))
		execve(run->path, run->argv, run->envp);
	run->refusal = errno;
	_exit(EXIT_FAILURE);
}

/*
 * vfork(): no page tables are copied, so that the worker's size costs nothing, and the parent
 * knows when exec has gone through. A function of its own: the child returns into none.
 */
__attribute__((noinline)) static pid_t launch(struct exec_run *run, int output)
{
	pid_t parent = getpid(), pid = vfork();

	if (pid == 0)
		become(run, parent, output);
	return pid;
}

int exec_run_start(struct exec_run *run, struct error *err)
{
	_cleanup_close_ int in = -1, out = -1;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_set(err, -errno, "a pipe for the output of %s", run->path);
	in = fds[0];
	out = fds[1];
	if (fcntl(in, F_SETFL, O_NONBLOCK) < 0)
		return error_set(err, -errno, "a pipe for the output of %s", run->path);
	run->refusal = 0;
	run->pid = launch(run, out);
	if (run->pid < 0) {
		run->pid = 0;
		return error_set(err, -errno, "start a process for %s", run->path);
	}
	if (run->refusal) {
		waitpid(run->pid, NULL, 0);
		run->pid = 0;
		return error_set(err, -run->refusal, "run %s%s%s", run->path,
				 run->cwd ? " in " : "", run->cwd ? run->cwd : "");
	}
	run->pidfd = (int)syscall(SYS_pidfd_open, run->pid, 0);
	if (run->pidfd < 0)
		return error_set(err, -errno, "watch %s", run->path);
	run->output_fd = TAKE_FD(in);
	return 0;
}

/* The first WORKLOAD_OUTPUT_BYTES of all runs are kept, the rest is counted. */
static void take_output(struct exec_run *run)
{
	struct workload_program *p = run->program;

	for (int i = 0; i < READS_MAX && run->output_fd >= 0; i++) {
		size_t kept = (size_t)MIN(p->output_bytes, (uint64_t)WORKLOAD_OUTPUT_BYTES);
		size_t room = WORKLOAD_OUTPUT_BYTES - kept;
		ssize_t n = room ? read(run->output_fd, p->output + kept, room)
				 : read(run->output_fd, run->spare, sizeof(run->spare));

		if (n < 0)
			return; /* EAGAIN: no more for now */
		if (n == 0)
			close(TAKE_FD(run->output_fd));
		p->output_bytes += (uint64_t)n;
	}
}

bool exec_run_wait(struct exec_run *run, uint64_t timeout_ns)
{
	struct pollfd fds[] = {
		{ .fd = run->pidfd, .events = POLLIN },
		{ .fd = run->output_fd, .events = POLLIN },
	};
	uint64_t now = workload_clock(), end = now + timeout_ns;

	do {
		struct timespec left = { (time_t)((end - now) / 1000000000),
					 (long)((end - now) % 1000000000) };

		fds[1].fd = run->output_fd;
		if (ppoll(fds, 2, &left, NULL) > 0 && fds[1].revents)
			take_output(run);
		if (fds[0].revents)
			return true;
		now = workload_clock();
	} while (now < end);
	return false;
}

int exec_run_stop(struct exec_run *run, uint64_t grace_ns, struct error *err)
{
	kill(-run->pid, SIGTERM);
	if (exec_run_wait(run, grace_ns))
		return 0;
	kill(-run->pid, SIGKILL);
	if (exec_run_wait(run, KILL_WAIT_NS))
		return 0;
	return error_say(err, -EBUSY, "%s could not be killed", run->path);
}

static uint64_t time_ns(const struct timeval *t)
{
	return (uint64_t)t->tv_sec * 1000000000 + (uint64_t)t->tv_usec * 1000;
}

/* A process that was waited for, with those that it has waited for itself. */
static void add_usage(struct workload_program *p, const struct rusage *usage)
{
	p->user_ns += time_ns(&usage->ru_utime);
	p->system_ns += time_ns(&usage->ru_stime);
	p->max_rss_bytes = MAX(p->max_rss_bytes, (uint64_t)usage->ru_maxrss * 1024);
	p->minor_faults += (uint64_t)usage->ru_minflt;
	p->major_faults += (uint64_t)usage->ru_majflt;
	p->blocks_read += (uint64_t)usage->ru_inblock;
	p->blocks_written += (uint64_t)usage->ru_oublock;
	p->voluntary_switches += (uint64_t)usage->ru_nvcsw;
	p->involuntary_switches += (uint64_t)usage->ru_nivcsw;
}

/* The parent of a process by /proc/PID/stat, "PID (NAME) STATE PARENT ...": NAME may be anything.
 */
static pid_t parent_of(const char *pid)
{
	char path[64], text[300], *behind;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	behind = strrchr(text, ')');
	return behind && strlen(behind) > 4 ? (pid_t)strtol(behind + 4, NULL, 10) : 0;
}

/* By getdents64(), because readdir() allocates. */
static void kill_children(void)
{
	_cleanup_close_ int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_Alignas(struct dirent64) char entries[4096];
	ssize_t n;

	while (proc >= 0 && (n = getdents64(proc, entries, sizeof(entries))) > 0)
		for (ssize_t at = 0; at < n;) {
			struct dirent64 *entry = (void *)(entries + at);

			if (*entry->d_name >= '1' && *entry->d_name <= '9' &&
			    parent_of(entry->d_name) == getpid())
				kill((pid_t)strtol(entry->d_name, NULL, 10), SIGKILL);
			at += entry->d_reclen;
		}
}

/*
 * Kills and reaps until no child is left. The children of one that dies become ours, whatever
 * session or process group they have fled to; each turn waits for the next death.
 */
static int end_left_over(struct exec_run *run, struct error *err)
{
	uint64_t end = workload_clock() + KILL_WAIT_NS, now;
	sigset_t deaths;

	sigemptyset(&deaths);
	sigaddset(&deaths, SIGCHLD);
	for (;;) {
		struct rusage usage;
		struct timespec left;
		pid_t pid;

		while ((pid = wait4(-1, NULL, WNOHANG, &usage)) > 0)
			add_usage(run->program, &usage);
		if (pid < 0)
			return 0; /* ECHILD */
		now = workload_clock();
		if (now >= end)
			return error_say(err, -EBUSY, "what %s started could not be killed",
					 run->path);
		kill_children();
		left = (struct timespec){ (time_t)((end - now) / 1000000000),
					  (long)((end - now) % 1000000000) };
		sigtimedwait(&deaths, NULL, &left);
	}
}

int exec_run_finish(struct exec_run *run, int *ret_status, struct error *err)
{
	struct rusage usage;
	int r;

	/* Its process group's number is taken as long as it has not been waited for. */
	kill(-run->pid, SIGKILL);
	if (wait4(run->pid, ret_status, 0, &usage) != run->pid)
		return error_set(err, -errno, "wait for %s", run->path);
	add_usage(run->program, &usage);
	run->pid = 0;
	close(TAKE_FD(run->pidfd));
	r = end_left_over(run, err);
	take_output(run);
	if (run->output_fd >= 0)
		close(TAKE_FD(run->output_fd));
	return r;
}
