// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any command, in the workload's cgroup, where the workload is placed. An operation is one run of
 * it, from its start to its end. Its output goes through a pipe into shared memory, its rusage is
 * added up; all of it stands in trial.json.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/process.h"
#include "src/strlist.h"
#include "workloads/workload.h"

extern const struct workload_ops workload_exec;

/* How long a step looks at the command, and how long one that is told to end may take. */
#define LOOK_MS	 5
#define GRACE_MS 1000

enum { CHECK_STATUS, CHECK_NONE };
static const char *const check_names[] = { "status", "none", NULL };

struct exec_options {
	struct strlist command, files, env;
	uint64_t status;
	int check;
};

static const struct option_spec exec_options[] = {
	OPTION_LIST(struct exec_options, command, .name = "command", .required = true,
		    .words = true, .meta = "[PROGRAM, ARGUMENT...]",
		    .help = "the command, no shell reads it; or one text of words and quotes: "
			    "\"sleep 1\""),
	OPTION_LIST(struct exec_options, files, .name = "files", .meta = "[PATH...]",
		    .help = "files of this machine that it needs, which a VM gets, too"),
	OPTION_LIST(struct exec_options, env, .name = "env", .meta = "[NAME=VALUE...]",
		    .help = "added to its environment"),
	OPTION_U64(struct exec_options, status, .name = "status", .fallback = "0", .max = 255,
		   .help = "exit status that is right; a run that ends by another one, or by a "
			   "signal, fails"),
	OPTION_CHOICE(struct exec_options, check, .name = "check", .fallback = "status",
		      .choices = check_names,
		      .help = "none: how it ends is recorded and is no failure"),
	{}
};

struct exec {
	const struct exec_options *options;
	char *program;	     /* its path */
	char **argv, **envp; /* their strings are the options', or the environment's */
	int output[2];	     /* a pipe: its first end doesn't block */
	pid_t pid;	     /* of a run that goes on; 0: none */
	int pidfd;
	uint64_t start;
};

static int exec_plan(const void *options, const struct workload_site *site,
		     struct workload_plan *ret, struct error *err)
{
	const struct exec_options *o = options;

	if (!o->command.count || !*o->command.items[0])
		return error_say(err, -EINVAL, "command: no program is named");
	if (*o->command.items[0] != '/' && strchr(o->command.items[0], '/'))
		return error_say(err, -EINVAL,
				 "command: «%s» is neither a plain name nor an absolute path",
				 o->command.items[0]);
	if (site->threads > 1)
		return error_say(err, -EINVAL,
				 "threads: a worker runs one command at a time: use processes");
	for (size_t i = 0; i < o->env.count; i++)
		if (!strchr(o->env.items[i], '=') || *o->env.items[i] == '=')
			return error_say(err, -EINVAL, "env: «%s» is not NAME=VALUE",
					 o->env.items[i]);
	for (size_t i = 0; i < o->files.count; i++)
		if (*o->files.items[i] != '/')
			return error_say(err, -EINVAL, "files: «%s» is not an absolute path",
					 o->files.items[i]);
	*ret = (struct workload_plan){
		.ops_per_pass = 1,
		.program = o->command.items[0],
		.files = &o->files,
	};
	return 0;
}

/* NULL-terminated: one's items, then those of another list. */
static char **join(char *const *first, size_t first_count, const struct strlist *second)
{
	char **all = calloc(first_count + second->count + 1, sizeof(*all));

	if (!all)
		return NULL;
	memcpy(all, first, first_count * sizeof(*all));
	if (second->count)
		memcpy(all + first_count, second->items, second->count * sizeof(*all));
	return all;
}

/* PID 1 of a VM has no PATH. */
static int make_environment(struct exec *e)
{
	size_t count = 0;

	if (!getenv("PATH"))
		setenv("PATH", process_default_path(), 1);
	while (environ[count])
		count++;
	e->envp = join(environ, count, &e->options->env);
	return e->envp ? 0 : -ENOMEM;
}

static int exec_setup(struct worker *w, struct error *err)
{
	struct exec *e = calloc(1, sizeof(*e));
	int r;

	if (!e)
		return error_set(err, -ENOMEM, "exec");
	w->state = e;
	e->options = w->options;
	e->output[0] = e->output[1] = e->pidfd = -1;
	e->argv = join(e->options->command.items, e->options->command.count, &(struct strlist){});
	if (!e->argv || make_environment(e) < 0)
		return error_set(err, -ENOMEM, "exec");
	r = process_find(e->argv[0], &e->program, err);
	if (r < 0)
		return r;
	if (pipe2(e->output, O_CLOEXEC) < 0)
		return error_set(err, -errno, "a pipe for the command's output");
	if (fcntl(e->output[0], F_SETFL, O_NONBLOCK) < 0)
		return error_set(err, -errno, "a pipe for the command's output");
	/* What its children leave behind becomes ours to end. */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return error_set(err, -errno, "adopt what the command leaves behind");
	return 0;
}

/*
 * In the child up to exec. vfork() shares the worker's memory: only what is safe there. Its own
 * process group lets all of it be ended at once.
 */
static _Noreturn void child(const struct exec *e, int null_fd, volatile int *ret_errno)
{
	sigset_t none;

	sigemptyset(&none);
	for (int n = 1; n < NSIG; n++)
		signal(n, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (setpgid(0, 0) == 0 && dup2(null_fd, 0) == 0 && dup2(e->output[1], 1) == 1 &&
	    dup2(e->output[1], 2) == 2)
		execve(e->program, e->argv, e->envp);
	*ret_errno = errno;
	_exit(127);
}

static int start(struct workload_thread *t, struct exec *e, struct error *err)
{
	_cleanup_close_ int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	volatile int code = 0;
	pid_t pid;

	if (null_fd < 0)
		return error_set(err, -errno, "open /dev/null");
	e->start = workload_begin(t);
	/* posix_spawn() can't set a death signal; fork() would copy what the worker owns. */
	pid = vfork();
	if (pid == 0)
		child(e, null_fd, &code);
	if (pid < 0)
		return error_set(err, -errno, "start %s", e->program);
	if (code) {
		waitpid(pid, NULL, 0);
		return error_set(err, -code, "start %s", e->program);
	}
	e->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	e->pid = pid;
	return e->pidfd < 0 ? error_set(err, -errno, "watch %s", e->program) : 0;
}

/* What is in the pipe: the first 64 KiB ever are kept, all is counted. */
static void read_output(struct worker *w, struct exec *e)
{
	struct workload_program *p = w->program;
	char rest[4096];
	ssize_t n;

	do {
		size_t kept = (size_t)MIN(p->output_bytes, (uint64_t)WORKLOAD_OUTPUT_BYTES);
		bool room = kept < WORKLOAD_OUTPUT_BYTES;

		n = read(e->output[0], room ? p->output + kept : rest,
			 room ? WORKLOAD_OUTPUT_BYTES - kept : sizeof(rest));
		if (n > 0)
			p->output_bytes += (uint64_t)n;
	} while (n > 0);
}

static void add_usage(struct workload_program *p, const struct rusage *u)
{
	p->user_ns +=
		(uint64_t)u->ru_utime.tv_sec * 1000000000 + (uint64_t)u->ru_utime.tv_usec * 1000;
	p->system_ns +=
		(uint64_t)u->ru_stime.tv_sec * 1000000000 + (uint64_t)u->ru_stime.tv_usec * 1000;
	p->max_rss_bytes = MAX(p->max_rss_bytes, (uint64_t)u->ru_maxrss * 1024);
	p->minor_faults += (uint64_t)u->ru_minflt;
	p->major_faults += (uint64_t)u->ru_majflt;
	p->blocks_read += (uint64_t)u->ru_inblock;
	p->blocks_written += (uint64_t)u->ru_oublock;
	p->voluntary_switches += (uint64_t)u->ru_nvcsw;
	p->involuntary_switches += (uint64_t)u->ru_nivcsw;
}

/* ended: by us, at its time limit, which is no failure. */
static void judge(struct workload_thread *t, const struct exec *e, int status, bool ended)
{
	struct workload_program *p = t->worker->program;
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
	int by = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	bool failed = !ended && e->options->check == CHECK_STATUS &&
		      (by || (uint64_t)code != e->options->status);

	p->runs++;
	if (!p->failures) {
		p->exit_code = code;
		p->exit_signal = by;
	}
	if (failed) {
		p->failures++;
		t->report->errors++;
	}
}

/*
 * What the command leaves behind has become the worker's own: ended, generation by generation,
 * also where it left the process group.
 */
static void end_rest(pid_t group)
{
	char text[4096];
	ssize_t n;

	kill(-group, SIGKILL);
	for (;;) {
		_cleanup_close_ int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);

		n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
		if (n <= 0)
			break;
		text[n] = '\0';
		for (char *p = text, *end; *p; p = end) {
			long pid = strtol(p, &end, 10);

			if (end == p)
				break;
			if (pid > 0 && *end == ' ') /* a number that was cut off has none */
				kill((pid_t)pid, SIGKILL);
		}
		if (waitpid(-1, NULL, 0) < 0)
			break;
	}
}

static int reap(struct workload_thread *t, struct exec *e, bool ended, struct error *err)
{
	struct rusage usage;
	int status;

	if (wait4(e->pid, &status, 0, &usage) != e->pid)
		return error_set(err, -errno, "wait for %s", e->program);
	read_output(t->worker, e);
	add_usage(t->worker->program, &usage);
	judge(t, e, status, ended);
	end_rest(e->pid);
	close(e->pidfd);
	e->pidfd = -1;
	e->pid = 0;
	return 0;
}

/* Looks for a while at what the command prints and whether it has ended. */
static bool look(struct workload_thread *t, struct exec *e, int timeout_ms)
{
	struct pollfd fds[] = { { .fd = e->pidfd, .events = POLLIN },
				{ .fd = e->output[0], .events = POLLIN } };

	poll(fds, ARRAY_SIZE(fds), timeout_ms);
	if (fds[1].revents)
		read_output(t->worker, e);
	return fds[0].revents != 0;
}

static int64_t exec_step(struct workload_thread *t, uint64_t budget, struct error *err)
{
	struct exec *e = t->worker->state;
	int r = e->pid ? 0 : start(t, e, err);

	(void)budget;
	if (r < 0 || !look(t, e, LOOK_MS))
		return r;
	r = reap(t, e, false, err);
	if (r < 0)
		return r;
	workload_record(t, 0, e->start);
	return 1;
}

/* A run that its limit cut short: asked to end, then made to. It counts as a run, not as an op. */
static int exec_thread_finish(struct workload_thread *t, struct error *err)
{
	struct exec *e = t->worker->state;
	uint64_t give_up = workload_clock() + (uint64_t)GRACE_MS * 1000000;

	if (!e->pid)
		return 0;
	kill(-e->pid, SIGTERM);
	while (!look(t, e, LOOK_MS))
		if (workload_clock() > give_up)
			kill(-e->pid, SIGKILL);
	return reap(t, e, true, err);
}

static void exec_teardown(struct worker *w)
{
	struct exec *e = w->state;

	if (!e)
		return;
	if (e->pid)
		end_rest(e->pid);
	for (size_t i = 0; i < ARRAY_SIZE(e->output); i++)
		if (e->output[i] >= 0)
			close(e->output[i]);
	free(e->program);
	free(e->argv);
	free(e->envp);
	free(e);
	w->state = NULL;
}

const struct workload_ops workload_exec = {
	.name = "exec",
	.summary = "a command of the user's; its exit status, output and rusage are kept",
	.options = exec_options,
	.options_size = sizeof(struct exec_options),
	.plan = exec_plan,
	.setup = exec_setup,
	.step = exec_step,
	.thread_finish = exec_thread_finish,
	.teardown = exec_teardown,
};
