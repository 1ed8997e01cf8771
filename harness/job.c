// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/job.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/units.h"

#define SECOND UINT64_C(1000000000)
/* A guest runs at about 0.2 G instructions a second: QEMU's CPU time for one of its seconds. */
#define GUEST_SLOWNESS 15
/* What a machine may take besides, to boot and to end. */
#define START_NS (30 * SECOND)
/* A guest that waits for ever uses no CPU time: then the real time counts, on a busy machine too.
 */
#define REAL_FACTOR 10
/* A boot prints some 50 KiB. */
#define OUTPUT_MAX (UINT64_C(8) << 20)

struct job_shared {
	struct trial_status status;
	struct error err;
	int result;
};

const char *job_kernel_name(const struct run_args *args, const struct plan_trial *trial)
{
	return args->kernels ? args->kernels[trial->kernel]->name : "host";
}

char *job_dir(const struct run_args *args, const struct plan_trial *trial)
{
	return text_format("%s/%s/%s/seed-%" PRIu64, args->out_dir, trial->scenario->name,
			   args->kernels ? args->kernels[trial->kernel]->slug : "host",
			   trial->seed);
}

static _Noreturn void run_child(const struct job *job, pid_t parent)
{
	const struct run_args *args = job->args;
	struct trial trial = {
		.suite = args->suite,
		.scenario = job->trial->scenario,
		.seed = job->trial->seed,
		.kernel = "host",
		.clock = lab_clock_names[MACHINE_CLOCK_WALL],
		.status = &job->shared->status,
		.phase_fd = -1,
	};
	struct error *err = &job->shared->err;
	int dirfd = open(job->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct fsroot fs;
	int r;

	/* When wring is killed, the child stops as by SIGTERM: it keeps its samples and undoes all.
	 */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
	r = dirfd < 0 ? error_set(err, -errno, "open %s", job->dir) : fsroot_open(&fs, "/", err);
	if (r == 0)
		r = guard_open(&trial.guard, args->cache, parent, err);
	if (r == 0)
		r = trial_run(&trial, &fs, dirfd, err);
	guard_close(trial.guard);
	job->shared->result = r;
	_exit(EXIT_SUCCESS);
}

static int start_host(struct job *job, struct error *err)
{
	pid_t parent = getpid();

	job->shared = mmap(NULL, sizeof(*job->shared), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (job->shared == MAP_FAILED) {
		job->shared = NULL;
		return error_set(err, -errno, "start the trial");
	}
	job->shared->result = -ECHILD;
	fflush(NULL);
	job->pid = fork();
	if (job->pid < 0)
		return error_set(err, -errno, "start the trial");
	if (job->pid == 0)
		run_child(job, parent);
	job->pidfd = (int)syscall(SYS_pidfd_open, job->pid, 0);
	return job->pidfd < 0 ? error_set(err, -errno, "watch the trial") : 0;
}

static void release(struct job *job)
{
	machine_stop(&job->machine);
	if (job->shared) {
		close(job->pidfd);
		munmap(job->shared, sizeof(*job->shared));
	}
	if (job->work_dir)
		dir_remove(AT_FDCWD, job->work_dir, NULL);
	free(job->work_dir);
	free(job->dir);
	*job = (struct job){ .pidfd = -1 };
}

int job_start(struct job *job, const struct run_args *args, const struct plan_trial *trial,
	      bool again, const struct run_vm *vm, const char *work_dir, struct error *err)
{
	int r;

	*job = (struct job){
		.args = args,
		.trial = trial,
		.again = again,
		.dir = job_dir(args, trial),
		.started_ns = workload_clock(),
		.pidfd = -1,
	};
	if (again && job->dir) {
		char *below = path_join(job->dir, args->again);

		free(job->dir);
		job->dir = below;
	}
	r = job->dir ? dir_make(job->dir, err) : error_set(err, -ENOMEM, "start the trial");
	if (r == 0 && !args->kernels) {
		r = start_host(job, err);
	} else if (r == 0) {
		job->work_dir = strdup(work_dir);
		job->lab = (struct lab_trial){
			.suite = args->suite,
			.scenario = trial->scenario,
			.kernel = args->kernels[trial->kernel],
			.seed = trial->seed,
			.clock = args->clock,
			.accel = args->accel,
			.vmlinux = &vm->vmlinux,
			.base = vm->base,
			.state = again && vm->second.path ? vm->second.path : vm->state.path,
			.state_key = vm->state.key,
			.work_dir = job->work_dir,
			.out_dir = job->dir,
		};
		boot_watch_begin(&job->boot);
		r = dir_make(work_dir, err);
		if (r == 0)
			r = lab_start(&job->lab, &job->machine, err);
		job->pidfd = job->machine.pidfd;
	}
	if (r < 0)
		release(job);
	return r;
}

void job_stop(struct job *job, const char *why)
{
	/* Asked a second time, a trial on the host is ended hard; «wring clean» does the rest. */
	bool hard = job->killed || !job->shared;

	if (!job->killed)
		job->killed = why;
	kill(job->shared ? job->pid : job->machine.pid, hard ? SIGKILL : SIGTERM);
}

void job_watch(struct job *job)
{
	uint64_t limit = job->trial->scenario->timeout_ns * GUEST_SLOWNESS + START_NS, cpu;
	struct lab_status status;

	if (job->shared || job->killed || lab_status(&job->lab, &status) < 0)
		return;
	cpu = process_cpu_ns(job->machine.pid);
	if (streq(status.phase, "start") &&
	    boot_watch_hangs(&job->boot, job->machine.pid, status.size))
		job_stop(job, "the boot hangs");
	else if (cpu > limit || workload_clock() - job->started_ns > REAL_FACTOR * limit)
		job_stop(job, "it takes too long");
	else if (status.size > OUTPUT_MAX)
		job_stop(job, "it prints without end");
}

void job_describe(const struct job *job, char *buf, size_t size)
{
	const char *name = job->trial->scenario->name,
		   *kernel = job_kernel_name(job->args, job->trial);
	unsigned seconds = (unsigned)((workload_clock() - job->started_ns) / SECOND);
	struct lab_status lab;

	if (!job->shared) {
		if (lab_status(&job->lab, &lab) == 0)
			snprintf(buf, size, "%s %s #%" PRIu64 ": %s %us", name, kernel,
				 job->trial->seed, lab.phase, seconds);
		return;
	}
	const struct trial_status *s = &job->shared->status;
	double elapsed = (double)atomic_load(&s->elapsed_ns) / 1e9;
	uint64_t ops = atomic_load(&s->ops), pages = atomic_load(&s->reclaimed_pages);
	char ops_text[FORMAT_MAX], pages_text[FORMAT_MAX];

	snprintf(buf, size, "%s #%" PRIu64 ": %s %us, %s ops, %s pages reclaimed, PSI full %.1f %%",
		 name, job->trial->seed, trial_phase_names[atomic_load(&s->phase)], seconds,
		 format_count(ops, ops_text), format_count(pages, pages_text),
		 elapsed > 0 ? (double)atomic_load(&s->psi_full_us) / 1e4 / elapsed : 0);
}

/* So that a run's directory says of every trial what became of it. */
static void write_failure(const struct run_args *args, const struct plan_trial *trial, int dirfd,
			  const char *error)
{
	_cleanup_free_ char *why = strdup(error);

	if (why)
		error_plain(why);

	json_t *json = json_pack(
		"{s:i, s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:[s], s:{}, s:[], s:[], "
		"s:{}, s:s}",
		"schema", 1, "suite", args->suite->name, "scenario", trial->scenario->name,
		"kernel", job_kernel_name(args, trial), "clock",
		lab_clock_names[args->kernels ? args->clock : MACHINE_CLOCK_WALL], "seed",
		(json_int_t)trial->seed, "outcome", "failed", "why", why, "invalid",
		"there is no record", "regime", "phases", "closure", "metrics", "fingerprint", "");
	_cleanup_free_ char *text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;

	json_decref(json);
	if (text)
		file_write_atomic(dirfd, "trial.json", text, strlen(text), NULL);
}

void job_fail(const struct run_args *args, const struct plan_trial *trial, const char *why,
	      const char *console)
{
	_cleanup_free_ char *dir = job_dir(args, trial), *text = NULL;
	_cleanup_close_ int dirfd = -1;
	size_t len;

	if (!dir || dir_make(dir, NULL) < 0)
		return;
	dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	write_failure(args, trial, dirfd, why);
	if (console && file_read(AT_FDCWD, console, &text, &len, NULL) == 0)
		file_write_atomic(dirfd, LAB_CONSOLE_FILE, text, len, NULL);
}

static int collect(struct job *job, struct error *err)
{
	int status = 0, r;

	if (job->shared) {
		siginfo_t info;

		while (waitid(P_PIDFD, (id_t)job->pidfd, &info, WEXITED) < 0 && errno == EINTR)
			;
		if (job->shared->result == 0)
			return 0;
		*err = job->shared->err;
		return job->shared->result == -ECHILD
			       ? error_say(err, -ECHILD,
					   "the trial's process was killed by signal %d",
					   info.si_status)
			       : job->shared->result;
	}
	r = machine_wait(&job->machine, &status, err);
	if (r < 0)
		return r;
	r = lab_finish(&job->lab, status, err);
	return r < 0 && job->killed ? error_prefix(err, "%s", job->killed) : r;
}

int job_finish(struct job *job, struct error *err)
{
	_cleanup_close_ int dirfd = -1;
	int r = collect(job, err);

	dirfd = open(job->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* -EUCLEAN: there is a record, but something on the host could not be undone. */
	if (r == 0 || r == -EUCLEAN) {
		struct error finish_err = {};
		int finished = job->args->finish(dirfd, &finish_err);

		if (finished < 0 && r == 0) {
			*err = finish_err;
			r = finished;
		}
	}
	if (r < 0 && r != -EUCLEAN)
		write_failure(job->args, job->trial, dirfd,
			      err->text); /* unwritten, the exit code still tells */
	release(job);
	return r;
}
