// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "harness/job.h"
#include "harness/progress.h"
#include "harness/run-record.h"
#include "harness/run-vm.h"
#include "harness/speeds.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/units.h"

#define JOBS_MAX 64

/* What of a trial that runs twice is over. */
struct half {
	unsigned done;	/* runs */
	double seconds; /* of the first */
	char why[1300]; /* the first one's reason when that failed; else empty */
};

struct run {
	const struct run_args *args;
	struct run_summary *summary;
	struct progress progress;
	struct guard *guard;
	char *work_dir;		   /* scratch of all VMs, below the run's directory */
	struct run_vm *vms;	   /* one a kernel */
	struct job jobs[JOBS_MAX]; /* pidfd -1: free */
	size_t job_count;
	size_t next;	     /* of the plan; with --verify, twice as many */
	struct half *halves; /* --verify: one for each trial */
	int signal_fd;
	uint64_t watched_ns;
	struct error polluted; /* code 0: the host is as it was found */
};

/* A trial is kept when its record was completed; a failed one is tried again. */
static bool has_record(const struct run_args *args, const struct plan_trial *trial)
{
	_cleanup_free_ char *dir = job_dir(args, trial);
	_cleanup_free_ char *path = dir ? path_join(dir, "trial.json") : NULL;
	json_t *json = path ? json_load_file(path, 0, NULL) : NULL;
	const char *fingerprint = json_string_value(json_object_get(json, "fingerprint"));
	const char *outcome = json_string_value(json_object_get(json, "outcome"));
	bool kept = fingerprint && *fingerprint && outcome && !streq(outcome, "failed") &&
		    (!args->verify || json_object_get(json, "verified"));

	json_decref(json);
	return kept;
}

static int make_vms(struct run *run, struct error *err)
{
	const struct run_args *args = run->args;
	_cleanup_free_ char *absolute = NULL;
	int r;

	if (!args->kernels)
		return 0;
	absolute = realpath(args->out_dir, NULL);
	if (!absolute)
		return error_set(err, -errno, "find %s", args->out_dir);
	r = guard_open(&run->guard, args->cache, getpid(), err);
	if (r < 0)
		return r;
	run->work_dir = text_format("%s/.work-%d", absolute, (int)getpid());
	if (!run->work_dir)
		return error_set(err, -ENOMEM, "run");
	r = guard_note_dir(run->guard, run->work_dir, err);
	if (r == 0)
		r = dir_make(run->work_dir, err);
	return r < 0 ? r
		     : run_vms_make(&run->vms, args, run->work_dir, run->signal_fd, &run->progress,
				    err);
}

/* A trial that there is no machine for. */
static void fail_trial(struct run *run, const struct plan_trial *trial, const struct run_vm *vm)
{
	_cleanup_free_ char *console = path_join(vm->boot_dir, LAB_CONSOLE_FILE);
	char text[1900];

	job_fail(run->args, trial, vm->no_kernel.text, console);
	snprintf(text, sizeof(text), "%s %s seed %" PRIu64 ": failed: %s", trial->scenario->name,
		 job_kernel_name(run->args, trial), trial->seed, vm->no_kernel.text);
	run->summary->failed++;
	progress_trial(&run->progress, text);
}

static int start_next(struct run *run, struct job *job, struct error *err)
{
	const unsigned runs = run->args->verify ? 2 : 1;
	const struct plan_trial *trial = &run->args->plan->trials[run->next / runs];
	bool again = run->next++ % runs;
	const struct run_vm *vm = run->vms ? &run->vms[trial->kernel] : NULL;
	_cleanup_free_ char *work =
		text_format("%s/%zu", run->work_dir ? run->work_dir : "", run->next);

	if (run->args->resume && has_record(run->args, trial)) {
		char text[300];

		snprintf(text, sizeof(text), "%s %s seed %" PRIu64 ": kept", trial->scenario->name,
			 job_kernel_name(run->args, trial), trial->seed);
		run->summary->kept++;
		progress_trial(&run->progress, text);
		run->next += runs - 1;
		return 0;
	}
	if (vm && vm->no_kernel.code < 0) {
		fail_trial(run, trial, vm);
		run->next += runs - 1;
		return 0;
	}
	return job_start(job, run->args, trial, again, vm, work, err);
}

/* What makes the measurement one that can't be trusted; NULL: nothing. */
static const char *first_doubt(const json_t *trial)
{
	const char *doubt = json_string_value(json_array_get(json_object_get(trial, "invalid"), 0));
	json_t *entry, *metric;
	const char *name;
	size_t i;

	if (doubt)
		return doubt;
	json_object_foreach (json_object_get(trial, "metrics"), name, metric)
		if (json_is_false(json_object_get(metric, "valid")))
			return json_string_value(json_object_get(metric, "why"));
	json_array_foreach (json_object_get(trial, "closure"), i, entry) {
		const char *phase = json_string_value(json_object_get(entry, "phase"));

		if (json_is_false(json_object_get(entry, "closed")) && phase &&
		    streq(phase, "measured"))
			return json_string_value(json_object_get(entry, "identity"));
	}
	return NULL;
}

/* "completed 9.8 s  scanned 134,897, reclaimed 61,586 (46 %)" from the finished record. */
static void describe_record(const char *dir, double seconds, char *buf, size_t size)
{
	_cleanup_free_ char *path = path_join(dir, "trial.json");
	json_t *json = path ? json_load_file(path, 0, NULL) : NULL, *metrics;
	const char *outcome = json_string_value(json_object_get(json, "outcome"));
	double scanned, reclaimed;
	char a[FORMAT_MAX], b[FORMAT_MAX];
	size_t n;

	n = (size_t)snprintf(buf, size, "%s in %.1f s", outcome ? outcome : "failed", seconds);
	metrics = json_object_get(json, "metrics");
	scanned = json_number_value(
		json_object_get(json_object_get(metrics, "reclaim.scanned"), "value"));
	reclaimed = json_number_value(
		json_object_get(json_object_get(metrics, "reclaim.reclaimed"), "value"));
	if (scanned > 0 && n < size)
		n += (size_t)snprintf(buf + n, size - n, ", scanned %s, reclaimed %s (%.0f %%)",
				      format_count((uint64_t)scanned, a),
				      format_count((uint64_t)reclaimed, b),
				      100 * reclaimed / scanned);
	if (first_doubt(json) && n < size)
		snprintf(buf + n, size - n, ", INVALID: %s", first_doubt(json));
	if (json_is_true(json_object_get(json_object_get(json, "verified"), "equal")) && n < size)
		snprintf(buf + n, size - n, ", twice the same");
	json_decref(json);
}

/*
 * One of a trial's two runs is over. False: the other isn't. When both are, they are compared, and
 * r and err become the pair's.
 */
static bool finish_half(struct run *run, const struct plan_trial *trial, const char *dir,
			bool again, double *seconds, int *r, struct error *err)
{
	struct half *half = &run->halves[trial - run->args->plan->trials];
	_cleanup_close_ int dirfd = -1;

	/* That only the second failed is a difference, which goes into the record. */
	if (*r < 0 && !again)
		snprintf(half->why, sizeof(half->why), "%s", err->text);
	if (++half->done < 2) {
		half->seconds = *seconds;
		return false;
	}
	*seconds = MAX(*seconds, half->seconds);
	if (*half->why) {
		*r = error_say(err, -EREMOTEIO, "%s", half->why);
		return true;
	}
	dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*r = dirfd < 0 ? error_set(err, -errno, "open %s", dir) : run->args->compare(dirfd, err);
	return true;
}

/* For the next plan. A cache that can't be written is no reason to say so here. */
static void note_speed(struct run *run, const struct plan_trial *trial, double seconds)
{
	const struct run_args *args = run->args;
	enum plan_place place = !args->kernels			    ? PLAN_HOST
				: args->clock == MACHINE_CLOCK_WALL ? PLAN_VM_WALL
								    : PLAN_VM_INSN;
	char key[SPEEDS_KEY_SIZE];

	if (speeds_key(key, args->suite, trial->scenario, job_kernel_name(args, trial), place,
		       NULL) == 0)
		speeds_note(args->cache, key, place, (uint64_t)(seconds * 1e9),
			    plan_guess_ns(trial->scenario, place), NULL);
}

static void finish_job(struct run *run, struct job *job)
{
	double seconds = (double)(workload_clock() - job->started_ns) / 1e9;
	const struct plan_trial *trial = job->trial;
	_cleanup_free_ char *dir = job_dir(run->args, trial);
	char what[1500], line[1900];
	struct error err = {};
	bool again = job->again;
	int r = job_finish(job, &err);

	if (run->args->verify && !finish_half(run, trial, dir, again, &seconds, &r, &err))
		return;
	if (r < 0 && r != -EUCLEAN) {
		run->summary->failed++;
		snprintf(what, sizeof(what), "failed after %.1f s: %s", seconds, err.text);
	} else {
		run->summary->done++;
		describe_record(dir, seconds, what, sizeof(what));
	}
	/* The next trial would run with this one's knobs and cgroups still in force. */
	if (!run->args->kernels && (r == -EUCLEAN || r == -ECHILD)) {
		error_say(&run->polluted, r, "%s: the run ends here, --resume goes on", err.text);
	}
	snprintf(line, sizeof(line), "%s %s seed %" PRIu64 ": %s", trial->scenario->name,
		 job_kernel_name(run->args, trial), trial->seed, what);
	if (r == 0)
		note_speed(run, trial, seconds);
	run->progress.timed++;
	progress_trial(&run->progress, line);
}

static void stop_all(struct run *run)
{
	struct signalfd_siginfo info;

	while (read(run->signal_fd, &info, sizeof(info)) == sizeof(info))
		run->summary->interrupted = true;
	for (size_t i = 0; run->summary->interrupted && i < run->job_count; i++)
		if (run->jobs[i].pidfd >= 0)
			job_stop(&run->jobs[i], "interrupted");
}

static void show_live(struct run *run)
{
	char text[600] = "";
	size_t n = 0;

	for (size_t i = 0; i < run->job_count && n < sizeof(text); i++) {
		char one[300] = "";

		if (run->jobs[i].pidfd < 0)
			continue;
		job_describe(&run->jobs[i], one, sizeof(one));
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", n ? " | " : "", one);
	}
	progress_live(&run->progress, text);
}

static void wait_jobs(struct run *run)
{
	struct pollfd fds[JOBS_MAX + 1] = { { .fd = run->signal_fd, .events = POLLIN } };
	uint64_t now;

	for (size_t i = 0; i < run->job_count; i++)
		fds[i + 1] = (struct pollfd){ .fd = run->jobs[i].pidfd, .events = POLLIN };
	poll(fds, run->job_count + 1, run->progress.live ? 250 : 1000);
	if (fds[0].revents)
		stop_all(run);
	for (size_t i = 0; i < run->job_count; i++)
		if (fds[i + 1].revents)
			finish_job(run, &run->jobs[i]);
	now = workload_clock();
	if (now - run->watched_ns > 1000000000) {
		run->watched_ns = now;
		for (size_t i = 0; i < run->job_count; i++)
			if (run->jobs[i].pidfd >= 0)
				job_watch(&run->jobs[i]);
	}
	show_live(run);
}

static size_t running(const struct run *run)
{
	size_t n = 0;

	for (size_t i = 0; i < run->job_count; i++)
		n += run->jobs[i].pidfd >= 0;
	return n;
}

static size_t runs_of(const struct run *run)
{
	return run->args->plan->count * (run->args->verify ? 2 : 1);
}

static int loop(struct run *run, struct error *err)
{
	int r = 0;

	while (running(run) || (r == 0 && run->next < runs_of(run) && !run->summary->interrupted)) {
		for (size_t i = 0; r == 0 && !run->polluted.code && i < run->job_count &&
				   !run->summary->interrupted;
		     i++)
			while (r == 0 && run->jobs[i].pidfd < 0 && run->next < runs_of(run))
				r = start_next(run, &run->jobs[i], err);
		/* What could not start ends the run, but not the trials that go on. */
		if (running(run))
			wait_jobs(run);
		if (run->polluted.code && r == 0) {
			*err = run->polluted;
			r = err->code;
		}
	}
	return r;
}

static int begin(struct run *run, sigset_t *ret_old, struct error *err)
{
	sigset_t stops;
	int r;

	for (size_t i = 0; i < JOBS_MAX; i++)
		run->jobs[i].pidfd = -1;
	run->job_count = run->args->kernels ? MIN(run->args->jobs, (uint64_t)JOBS_MAX) : 1;
	sigemptyset(&stops);
	sigaddset(&stops, SIGINT);
	sigaddset(&stops, SIGTERM);
	sigaddset(&stops, SIGHUP);
	sigprocmask(SIG_BLOCK, &stops, ret_old);
	run->signal_fd = signalfd(-1, &stops, SFD_NONBLOCK | SFD_CLOEXEC);
	if (run->signal_fd < 0)
		return error_set(err, -errno, "signalfd");
	run->halves = calloc(run->args->plan->count + 1, sizeof(*run->halves));
	if (!run->halves)
		return error_set(err, -ENOMEM, "run");
	r = run_record_write(run->args, "running", err);
	if (r == 0)
		r = make_vms(run, err);
	if (r == -EINTR)
		run->summary->interrupted = true;
	return r == -EINTR ? 0 : r;
}

int run_trials(const struct run_args *args, struct run_summary *ret, struct error *err)
{
	struct run_summary summary = { .trials = args->plan->count };
	struct run *run = calloc(1, sizeof(*run));
	struct error record_err = {};
	sigset_t old;
	int r;

	if (!run)
		return error_set(err, -ENOMEM, "run");
	run->args = args;
	run->summary = &summary;
	progress_begin(&run->progress, args->plan->count, args->quiet);
	r = begin(run, &old, err);
	if (r == 0)
		r = loop(run, err);
	progress_end(&run->progress);
	if (run_record_write(args, r < 0 || summary.interrupted ? "interrupted" : "done",
			     &record_err) < 0 &&
	    r == 0) {
		*err = record_err;
		r = record_err.code;
	}
	if (run->work_dir && dir_remove(AT_FDCWD, run->work_dir, NULL) < 0)
		guard_keep(run->guard);
	guard_close(run->guard);
	run_vms_free(run->vms, args->kernel_count);
	free(run->work_dir);
	free(run->halves);
	close(run->signal_fd);
	sigprocmask(SIG_SETMASK, &old, NULL);
	free(run);
	*ret = summary;
	return r;
}
