// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any command, in the workload's cgroup, where the workload is placed. An operation is one run of
 * it, from its start to its end, at which what it left in the background is killed. Its output and
 * its rusage are kept; all of it stands in trial.json.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/process.h"
#include "workloads/exec-run.h"
#include "workloads/scratch.h"

extern const struct workload_ops workload_exec;

/* How long one step() waits for the program to end: limits and stop are seen as late. */
#define STEP_WAIT_NS 5000000

enum { CHECK_STATUS, CHECK_NONE };
static const char *const check_names[] = { "status", "none", NULL };

struct exec_options {
	struct strlist command, files, env;
	char *dir;
	uint64_t status, grace_ns;
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
		    .help = "set in its environment, which has WRING_SEED as well, below 2^31"),
	OPTION_STRING(struct exec_options, dir, .name = "dir", .meta = "disk|tmpfs|PATH",
		      .help = "it runs in an empty directory of its own there; else where wring "
			      "was started"),
	OPTION_U64(struct exec_options, status, .name = "status", .fallback = "0", .max = 255,
		   .help = "exit status that is right; a run that ends by another one, or by a "
			   "signal, fails"),
	OPTION_CHOICE(struct exec_options, check, .name = "check", .fallback = "status",
		      .choices = check_names,
		      .help = "none: how it ends is recorded and is no failure"),
	OPTION_TIME(struct exec_options, grace_ns, .name = "grace", .fallback = "1s",
		    .max = 60000000000,
		    .help = "at a time limit it gets SIGTERM, and SIGKILL so much later; neither "
			    "is a failure"),
	{}
};

enum { COUNT_USER, COUNT_SYSTEM, COUNT_MINOR_FAULTS, COUNT_MAJOR_FAULTS };
static const struct counter_spec exec_counters[] = {
	[COUNT_USER] = { "user_time", "ns", "CPU time in user mode, of runs that are over", false },
	[COUNT_SYSTEM] = { "system_time", "ns", "CPU time in the kernel", false },
	[COUNT_MINOR_FAULTS] = { "minor_faults", "faults", "page faults without I/O", false },
	[COUNT_MAJOR_FAULTS] = { "major_faults", "faults", "page faults that waited for I/O",
				 false },
	{}
};

struct exec {
	char *path, *path_variable;
	char seed_variable[32];
	char **argv, **envp;
	uint64_t begin_ns;
	struct exec_run run;
};

static int check_lists(const struct exec_options *o, struct error *err)
{
	const char *program = o->command.count ? o->command.items[0] : "";

	if (!*program)
		return error_say(err, -EINVAL, "command: no program is named");
	if (*program != '/' && strchr(program, '/'))
		return error_say(err, -EINVAL,
				 "command: «%s» is neither a plain name nor an absolute path",
				 program);
	for (size_t i = 0; i < o->files.count; i++)
		if (*o->files.items[i] != '/')
			return error_say(err, -EINVAL, "files: «%s» is not an absolute path",
					 o->files.items[i]);
	for (size_t i = 0; i < o->env.count; i++)
		if (!strchr(o->env.items[i], '=') || *o->env.items[i] == '=')
			return error_say(err, -EINVAL, "env: «%s» is not NAME=VALUE",
					 o->env.items[i]);
	return 0;
}

static int exec_plan(const void *options, const struct workload_site *site,
		     struct workload_plan *ret, struct error *err)
{
	const struct exec_options *o = options;

	if (check_lists(o, err) < 0)
		return -EINVAL;
	if (site->threads > 1)
		return error_say(err, -EINVAL,
				 "threads: a worker runs one command at a time: use processes");
	*ret = (struct workload_plan){
		.ops_per_pass = 1,
		.dir = o->dir,
		.program = o->command.items[0],
		.files = &o->files,
	};
	return 0;
}

/* Whether an item sets the same variable as text does: "NAME=". */
static bool is_set(char *const *items, size_t count, const char *text)
{
	size_t len = strcspn(text, "=") + 1;

	for (size_t i = 0; i < count; i++)
		if (strncmp(items[i], text, len) == 0)
			return true;
	return false;
}

/*
 * Ours, but what the options set anew, with the seed; and a PATH, which the first process of a VM
 * has not. The last of two settings of the same variable counts.
 */
static int make_environment(struct exec *x, const struct strlist *own, uint64_t seed)
{
	size_t inherited = 0, n = 0;

	while (environ && environ[inherited])
		inherited++;
	x->envp = calloc(inherited + own->count + 3, sizeof(*x->envp));
	x->path_variable = text_format("PATH=%s", process_default_path());
	if (!x->envp || !x->path_variable)
		return -ENOMEM;
	snprintf(x->seed_variable, sizeof(x->seed_variable), "WRING_SEED=%u",
		 (unsigned)(seed >> 33));
	x->envp[n++] = x->seed_variable;
	for (size_t i = own->count; i > 0; i--)
		if (!is_set(x->envp, n, own->items[i - 1]))
			x->envp[n++] = own->items[i - 1];
	for (size_t i = 0; i < inherited; i++)
		if (!is_set(x->envp, n, environ[i]))
			x->envp[n++] = environ[i];
	if (!is_set(x->envp, n, "PATH="))
		x->envp[n] = x->path_variable;
	return 0;
}

static int make_arguments(struct exec *x, const struct strlist *command)
{
	x->argv = calloc(command->count + 1, sizeof(*x->argv));
	if (!x->argv)
		return -ENOMEM;
	memcpy(x->argv, command->items, command->count * sizeof(*x->argv));
	return 0;
}

/* What exec_run asks of its process. */
static int prepare_process(struct error *err)
{
	sigset_t deaths;

	sigemptyset(&deaths);
	sigaddset(&deaths, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &deaths, NULL) < 0 ||
	    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return error_set(err, -errno, "prepare to adopt what the command leaves behind");
	return 0;
}

static int exec_setup(struct worker *w, struct error *err)
{
	const struct exec_options *o = w->options;
	struct exec *x = calloc(1, sizeof(*x));
	int r;

	if (!x)
		return error_set(err, -ENOMEM, "exec");
	w->state = x;
	x->run = (struct exec_run){ .null_fd = -1, .pidfd = -1, .output_fd = -1 };
	r = process_find(o->command.items[0], &x->path, err);
	if (r < 0)
		return r;
	if (make_arguments(x, &o->command) < 0 || make_environment(x, &o->env, w->seed) < 0)
		return error_set(err, -ENOMEM, "exec");
	x->run.path = x->path;
	x->run.argv = x->argv;
	x->run.envp = x->envp;
	x->run.cwd = w->dir;
	x->run.program = w->program;
	x->run.null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (x->run.null_fd < 0)
		return error_set(err, -errno, "open /dev/null");
	r = prepare_process(err);
	return r == 0 && o->dir ? scratch_setup(w, o->dir, NULL, err) : r;
}

/* What a run that is over adds to the record. */
static void note_end(struct workload_thread *t, int status, bool failed)
{
	struct exec *x = t->worker->state;
	struct workload_program *p = x->run.program;
	uint64_t *counters = t->report->counters;

	p->runs++;
	if (!p->failures) {
		p->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
		p->exit_signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	}
	if (failed) {
		p->failures++;
		t->report->errors++;
	}
	counters[COUNT_USER] = p->user_ns;
	counters[COUNT_SYSTEM] = p->system_ns;
	counters[COUNT_MINOR_FAULTS] = p->minor_faults;
	counters[COUNT_MAJOR_FAULTS] = p->major_faults;
}

static bool is_right(const struct exec_options *o, int status)
{
	return o->check == CHECK_NONE ||
	       (WIFEXITED(status) && (uint64_t)WEXITSTATUS(status) == o->status);
}

/* A run that ended by itself. */
static int finish_run(struct workload_thread *t, struct error *err)
{
	struct exec *x = t->worker->state;
	int status, r = exec_run_finish(&x->run, &status, err);

	if (r < 0)
		return r;
	note_end(t, status, !is_right(t->worker->options, status));
	workload_record(t, 0, x->begin_ns);
	return 0;
}

/* The start is noted even while nobody times: a run may end in the next phase. */
static int64_t exec_step(struct workload_thread *t, uint64_t budget, struct error *err)
{
	struct exec *x = t->worker->state;
	int r = 0;

	(void)budget;
	if (!x->run.pid) {
		x->begin_ns = t->due_ns ? t->due_ns : workload_clock();
		r = exec_run_start(&x->run, err);
	}
	if (r < 0)
		return r;
	if (!exec_run_wait(&x->run, STEP_WAIT_NS))
		return 0;
	r = finish_run(t, err);
	return r < 0 ? r : 1;
}

static int exec_thread_finish(struct workload_thread *t, struct error *err)
{
	const struct exec_options *o = t->worker->options;
	struct exec *x = t->worker->state;
	int status, r;

	if (!x->run.pid)
		return 0;
	if (exec_run_wait(&x->run, 0))
		return finish_run(t, err);
	r = exec_run_stop(&x->run, o->grace_ns, err);
	if (r == 0)
		r = exec_run_finish(&x->run, &status, err);
	if (r == 0)
		note_end(t, status, false);
	return r;
}

static void exec_teardown(struct worker *w)
{
	struct exec *x = w->state;

	if (!x)
		return;
	if (x->run.null_fd >= 0)
		close(x->run.null_fd);
	free(x->path);
	free(x->path_variable);
	free(x->argv);
	free(x->envp);
	free(x);
	w->state = NULL;
}

const struct workload_ops workload_exec = {
	.name = "exec",
	.summary = "a command of the user's; its exit status, output and rusage are kept",
	.options = exec_options,
	.options_size = sizeof(struct exec_options),
	.counters = exec_counters,
	.plan = exec_plan,
	.setup = exec_setup,
	.step = exec_step,
	.thread_finish = exec_thread_finish,
	.teardown = exec_teardown,
};
