// SPDX-License-Identifier: GPL-2.0-or-later
/* The flow of a trial: make everything, lead the workers from phase to phase, sample, undo. */
#include "harness/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/trial-state.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/units.h"

/* How long workers get to end by themselves after the last sample. */
#define EXIT_WAIT_NS UINT64_C(10000000000)

const char *const trial_phase_names[] = { "starting", "setup",	  "warmup",
					  "start",    "measured", "finishing" };

static uint64_t trial_time(const struct trial_state *t)
{
	return workload_clock() - t->origin_ns;
}

static void note_event(struct trial_state *t, const char *name, const char *detail)
{
	struct trial_event *e = &t->events[t->event_count];

	if (t->event_count == TRIAL_EVENTS_MAX)
		return;
	*e = (struct trial_event){ .t_ns = trial_time(t), .name = name };
	snprintf(e->detail, sizeof(e->detail), "%s", detail);
	t->event_count++;
}

/* The first verdict stands: what follows from it is not the cause. */
void trial_conclude(struct trial_state *t, const char *outcome, const char *fmt, ...)
{
	va_list ap;

	if (t->outcome)
		return;
	t->outcome = outcome;
	va_start(ap, fmt);
	vsnprintf(t->why, sizeof(t->why), fmt, ap);
	va_end(ap);
	error_plain(t->why);
	worker_stop(t->barrier);
	note_event(t, outcome, t->why);
}

static void update_status(struct trial_state *t, uint64_t now)
{
	struct trial_status *status = t->trial->status;
	uint64_t ops = 0;

	if (!status)
		return;
	for (size_t i = 0; i < t->worker_count; i++)
		for (unsigned k = 0; k < t->workers[i].args.threads; k++)
			ops += *(volatile uint64_t *)&t->workers[i].args.reports[k].ops;
	atomic_store(&status->ops, ops);
	atomic_store(&status->elapsed_ns, now);
	atomic_store(&status->reclaimed_pages,
		     sampler_last(t->sampler, "vmstat.pgsteal_anon") +
			     sampler_last(t->sampler, "vmstat.pgsteal_file"));
	atomic_store(&status->psi_full_us, sampler_last(t->sampler, "psi.memory.full.total"));
}

static void take_row(struct trial_state *t, uint64_t now, uint64_t intended)
{
	struct sampler_stats *stats = sampler_stats(t->sampler);

	sampler_take(t->sampler, now, intended);
	if (t->measuring)
		stats->gap_max_ns = MAX(stats->gap_max_ns, now - t->last_row_ns);
	t->last_row_ns = now;
	update_status(t, now);
}

static void tick(struct trial_state *t)
{
	uint64_t interval = t->scenario->sample_ns, times, now = trial_time(t);
	struct sampler_stats *stats = sampler_stats(t->sampler);

	if (read(t->timer_fd, &times, sizeof(times)) != sizeof(times))
		return;
	stats->ticks++;
	stats->missed += times - 1;
	take_row(t, now, now - now % interval);
	if (t->trace)
		trace_drain(t->trace);
	if (now > t->scenario->timeout_ns) {
		char limit[FORMAT_MAX];

		trial_conclude(t, "timed_out", "not done after %s of its clock",
			       format_time_short((double)t->scenario->timeout_ns, limit));
	}
}

/* Whether the box's, or the system's, OOM killer took a process since the trial began. */
static bool oom_killed(struct trial_state *t, const struct trial_worker *w, const char **ret_whose)
{
	char column[300];

	*ret_whose = w->spec->placement.in ? w->spec->placement.in : "the system";
	if (!w->spec->placement.in)
		return sampler_last(t->sampler, "vmstat.oom_kill") > t->oom_kills_before;
	snprintf(column, sizeof(column), "%s.memory.events.oom_kill", w->spec->placement.in);
	return sampler_last(t->sampler, column) > 0;
}

static void reap(struct trial_state *t, struct trial_worker *w)
{
	const char *whose;
	siginfo_t info = {};

	if (waitid(P_PIDFD, (id_t)w->pidfd, &info, WEXITED | WNOHANG) < 0 || !info.si_pid)
		return;
	w->ended = true;
	if (info.si_code == CLD_EXITED)
		w->exit_code = info.si_status;
	else
		w->exit_signal = info.si_status;
	if (t->trial->status)
		atomic_store(&t->trial->status->workers[w - t->workers], 0);
	if (atomic_load(&w->args.shared->failed)) {
		trial_conclude(t, "failed", "worker %s: %s", w->args.name,
			       w->args.shared->err.text);
	} else if (w->exit_signal) {
		uint64_t now = trial_time(t);

		take_row(t, now, now); /* with what memory.events says of it */
		if (w->exit_signal == SIGKILL && oom_killed(t, w, &whose))
			trial_conclude(t, "oom_killed",
				       "worker %s was killed by the OOM killer of %s", w->args.name,
				       whose);
		else
			trial_conclude(t, "failed", "worker %s was killed by signal %d (%s)",
				       w->args.name, w->exit_signal, strsignal(w->exit_signal));
	} else if (w->exit_code || atomic_load(&t->barrier->go) < GO_EXIT) {
		trial_conclude(t, "failed", "worker %s ended with status %d", w->args.name,
			       w->exit_code);
	}
}

static void drain(struct trial_state *t)
{
	struct signalfd_siginfo info;
	uint64_t count;

	if (read(t->event_fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		trial_conclude(t, "failed", "eventfd: %s", strerror(errno));
	for (size_t i = 0; i < t->worker_count; i++)
		if (atomic_load(&t->workers[i].args.shared->failed))
			trial_conclude(t, "failed", "worker %s: %s", t->workers[i].args.name,
				       t->workers[i].args.shared->err.text);
	while (read(t->signal_fd, &info, sizeof(info)) == sizeof(info))
		trial_conclude(t, "failed", "stopped by signal %u (%s)", info.ssi_signo,
			       strsignal((int)info.ssi_signo));
}

void trial_handle_events(struct trial_state *t, uint64_t deadline)
{
	struct pollfd fds[3 + TRIAL_WORKERS_MAX] = {
		{ .fd = t->event_fd, .events = POLLIN },
		{ .fd = t->signal_fd, .events = POLLIN },
		{ .fd = t->timer_fd, .events = POLLIN },
	};
	uint64_t now = trial_time(t), wait = deadline > now ? deadline - now : 0;
	struct timespec timeout = { (time_t)(wait / 1000000000), (long)(wait % 1000000000) };
	nfds_t n = 3;

	for (size_t i = 0; i < t->worker_count; i++)
		fds[n++] = (struct pollfd){ .fd = t->workers[i].ended ? -1 : t->workers[i].pidfd,
					    .events = POLLIN };
	if (ppoll(fds, n, &timeout, NULL) <= 0)
		return;
	if (fds[2].revents)
		tick(t);
	if (fds[0].revents || fds[1].revents)
		drain(t);
	for (size_t i = 0; i < t->worker_count; i++)
		if (fds[3 + i].revents)
			reap(t, &t->workers[i]);
}

static bool all_reached(const struct trial_state *t, enum worker_state state)
{
	for (size_t i = 0; i < t->worker_count; i++)
		if (atomic_load(&t->workers[i].args.shared->arrived[state]) <
		    t->workers[i].args.threads)
			return false;
	return true;
}

static bool all_ended(const struct trial_state *t)
{
	for (size_t i = 0; i < t->worker_count; i++)
		if (!t->workers[i].ended)
			return false;
	return true;
}

static void announce(struct trial_state *t, enum trial_phase phase)
{
	char line[40];
	int n = snprintf(line, sizeof(line), "phase %s\n", trial_phase_names[phase]);

	note_event(t, "phase", trial_phase_names[phase]);
	if (t->trial->status)
		atomic_store(&t->trial->status->phase, phase);
	if (t->trial->phase_fd < 0)
		return;
	/* The live line is a convenience: its loss changes nothing. */
	ssize_t unused = write(t->trial->phase_fd, line, (size_t)n);
	(void)unused;
}

static void take_first_row(struct trial_state *t, uint64_t now)
{
	take_row(t, now, now);
	t->oom_kills_before = sampler_last(t->sampler, "vmstat.oom_kill");
}

/* A phase lasts from a row, through ticks, to a row. Returns when it began. */
static uint64_t begin_phase(struct trial_state *t, enum trial_phase phase)
{
	struct trial_span *span = &t->phases[t->phase_count++];
	uint64_t now;

	announce(t, phase);
	now = trial_time(t);
	if (t->phase_count > 1)
		now = span[-1].end_ns; /* the row that ended the phase before begins this one */
	else
		take_first_row(t, now);
	*span = (struct trial_span){ .name = trial_phase_names[phase], .start_ns = now };
	t->measuring = phase == TRIAL_MEASURED;
	return now;
}

static void end_phase(struct trial_state *t)
{
	uint64_t now = trial_time(t);

	take_row(t, now, now);
	t->measuring = false;
	t->phases[t->phase_count - 1].end_ns = now;
	if (t->trace)
		trace_drain(t->trace);
}

/* Until all workers are there or it is concluded. */
static void run_phase(struct trial_state *t, enum trial_phase phase, enum worker_go go,
		      enum worker_state state)
{
	uint64_t now = begin_phase(t, phase);

	worker_release(t->barrier, go);
	while (!t->outcome && !all_reached(t, state))
		trial_handle_events(t, now + t->scenario->timeout_ns + EXIT_WAIT_NS);
	end_phase(t);
}

static bool has_warmup(const struct trial_state *t)
{
	for (size_t i = 0; i < t->worker_count; i++)
		if (worker_has_work(&t->workers[i].args.warmup))
			return true;
	return false;
}

/* A command that did not end as it should: how, and whether the OOM killer took it. */
static void judge_program(struct trial_state *t, const struct trial_worker *w)
{
	const struct workload_program *p = w->args.program;
	const char *whose;

	if (!p->failures)
		return;
	if (p->exit_signal == SIGKILL && oom_killed(t, w, &whose))
		trial_conclude(t, "oom_killed",
			       "worker %s: its command was killed by the OOM killer of %s",
			       w->args.name, whose);
	else if (p->exit_signal)
		trial_conclude(t, "failed", "worker %s: its command was killed by signal %d (%s)",
			       w->args.name, p->exit_signal, strsignal(p->exit_signal));
	else
		trial_conclude(t, "failed", "worker %s: its command ended with status %d",
			       w->args.name, p->exit_code);
}

/* Operations that failed, and contents that verify found changed, are the trial's failure. */
static void judge_worker(struct trial_state *t, const struct trial_worker *w)
{
	uint64_t errors = 0;

	for (unsigned k = 0; k < w->args.threads; k++)
		errors += w->args.reports[k].errors;
	if (w->args.program)
		judge_program(t, w);
	if (errors)
		trial_conclude(t, "failed",
			       "worker %s: %" PRIu64 " operations failed or found changed contents",
			       w->args.name, errors);
}

/*
 * Without a warm-up the workers pass through that state at once; between two phases they are
 * released only after the row that parts them was taken.
 */
static void run_phases(struct trial_state *t)
{
	run_phase(t, TRIAL_SETUP, GO_SETUP, WORKER_READY);
	if (!t->outcome && has_warmup(t)) {
		run_phase(t, TRIAL_WARMUP, GO_WARMUP, WORKER_WARM);
	} else if (!t->outcome) {
		worker_release(t->barrier, GO_WARMUP);
		while (!t->outcome && !all_reached(t, WORKER_WARM))
			trial_handle_events(t, trial_time(t) + EXIT_WAIT_NS);
	}
	if (!t->outcome && t->scenario->start_count) {
		begin_phase(t, TRIAL_START);
		trial_drive_start(t);
		end_phase(t);
	}
	if (!t->outcome)
		run_phase(t, TRIAL_MEASURED, GO_MEASURE, WORKER_DONE);
	trial_check_start(t);
	for (size_t i = 0; i < t->worker_count; i++)
		judge_worker(t, &t->workers[i]);
	if (!t->outcome)
		t->outcome = "completed";
}

/*
 * Whether workers get time to end by themselves. After a failure they are killed at once; but one
 * that runs a command ends all that the command has started, which nobody else could find.
 */
static bool has_time(const struct trial_state *t)
{
	if (streq(t->outcome, "completed"))
		return true;
	for (size_t i = 0; i < t->worker_count; i++)
		if (t->workers[i].args.program && !t->workers[i].ended)
			return true;
	return false;
}

static void finish_workers(struct trial_state *t)
{
	uint64_t deadline;

	if (t->trial->status)
		atomic_store(&t->trial->status->phase, TRIAL_FINISHING);
	worker_release(t->barrier, GO_EXIT);
	deadline = trial_time(t) + EXIT_WAIT_NS;
	while (has_time(t) && !all_ended(t) && trial_time(t) < deadline)
		trial_handle_events(t, deadline);
}

static void judge_sampler(struct trial_state *t)
{
	const struct sampler_stats *stats = sampler_stats(t->sampler);
	char gap[FORMAT_MAX], interval[FORMAT_MAX], text[200];

	if (stats->gap_max_ns > 2 * t->scenario->sample_ns) {
		snprintf(text, sizeof(text), "a gap of %s between samples that should be %s apart",
			 format_time_short((double)stats->gap_max_ns, gap),
			 format_time_short((double)t->scenario->sample_ns, interval));
		strlist_add(&t->invalid, text);
	}
	if (stats->full)
		strlist_add(&t->invalid,
			    "the memory for samples ran out: set a longer sample: interval");
}

/* Before the workers are born: they inherit nothing of it but the event descriptor. */
static int open_events(struct trial_state *t, struct error *err)
{
	sigset_t stops;

	sigemptyset(&stops);
	sigaddset(&stops, SIGINT);
	sigaddset(&stops, SIGTERM);
	sigprocmask(SIG_BLOCK, &stops, &t->old_mask);
	t->masked = true;
	t->event_fd = eventfd(0, EFD_NONBLOCK);
	t->signal_fd = signalfd(-1, &stops, SFD_NONBLOCK | SFD_CLOEXEC);
	t->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (t->event_fd < 0 || t->signal_fd < 0 || t->timer_fd < 0)
		return error_set(err, -errno, "open event descriptors");
	return 0;
}

/* Time 0 is now; ticks come at whole multiples of the interval. */
static int start_clock(struct trial_state *t, struct error *err)
{
	uint64_t interval = t->scenario->sample_ns, first;
	struct itimerspec spec;

	t->origin_ns = workload_clock();
	first = t->origin_ns + interval;
	spec.it_value =
		(struct timespec){ (time_t)(first / 1000000000), (long)(first % 1000000000) };
	spec.it_interval =
		(struct timespec){ (time_t)(interval / 1000000000), (long)(interval % 1000000000) };
	if (timerfd_settime(t->timer_fd, TFD_TIMER_ABSTIME, &spec, NULL) < 0)
		return error_set(err, -errno, "set the sampling timer");
	return 0;
}

/* The sampler must run when it is due, and stay in memory. Where that is refused, gaps tell. */
static void raise_sampler(struct trial_state *t)
{
	struct sched_param first = { .sched_priority = 1 };

	file_write_kernel(t->fs->proc, "self/oom_score_adj", "-900");
	if (mlockall(MCL_CURRENT) < 0)
		note_event(t, "mlockall", strerror(errno));
	if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &first) < 0)
		note_event(t, "sched_fifo", strerror(errno));
}

static void lower_sampler(struct trial_state *t)
{
	struct sched_param normal = {};

	sched_setscheduler(0, SCHED_OTHER, &normal);
	file_write_kernel(t->fs->proc, "self/oom_score_adj", "0");
}

static int prepare(struct trial_state *t, struct error *err)
{
	int r = topology_load(&t->topology, err);

	if (r == 0)
		r = open_events(t, err);
	if (r == 0)
		r = trial_make_cgroups(t, err);
	if (r == 0)
		r = trial_set_knobs(t, err);
	if (r == 0)
		r = trial_make_workers(t, err);
	if (r == 0)
		r = trial_make_sampler(t, err);
	return r < 0 ? r : trial_make_trace(t, err);
}

/* As trial_undo() accepts it, whatever becomes of it. */
static struct trial_state new_state(const struct trial *trial, const struct fsroot *fs)
{
	return (struct trial_state){
		.trial = trial,
		.scenario = trial->scenario,
		.fs = fs,
		.tree = { .fd = -1 },
		.event_fd = -1,
		.signal_fd = -1,
		.timer_fd = -1,
	};
}

int trial_run(const struct trial *trial, const struct fsroot *fs, int out_dirfd, struct error *err)
{
	struct trial_state t = new_state(trial, fs);
	struct error undo_err = {};
	int r = prepare(&t, err), undone;

	if (r == 0 && t.trace)
		r = trace_start(t.trace, err);
	if (r == 0) {
		raise_sampler(&t);
		r = start_clock(&t, err);
	}
	if (r == 0) {
		run_phases(&t);
		if (t.trace)
			r = trace_stop(t.trace, err);
		finish_workers(&t);
		lower_sampler(&t);
		judge_sampler(&t);
		if (r == 0)
			r = trial_write_record(&t, out_dirfd, err);
	}
	undone = trial_undo(&t, &undo_err);
	if (undone < 0)
		guard_keep(trial->guard);
	if (undone < 0 && r == 0 && err)
		*err = undo_err;
	return r < 0 ? r : undone;
}

int trial_visit(const struct trial *trial, const struct fsroot *fs,
		int (*visit)(void *arg, struct error *err), void *arg, struct error *err)
{
	struct trial_state t = new_state(trial, fs);
	int r = trial_make_cgroups(&t, err);

	if (r == 0)
		r = trial_set_knobs(&t, err);
	if (r == 0)
		r = visit(arg, err);
	trial_undo(&t, NULL);
	return r;
}
