// SPDX-License-Identifier: GPL-2.0-or-later
#include "src/run-suite.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "harness/probe.h"
#include "harness/run-record.h"
#include "harness/run.h"
#include "harness/trace.h"
#include "harness/vm/accel.h"
#include "harness/vm/kernel-needs.h"
#include "results/metrics.h"
#include "results/record.h"
#include "results/verify.h"
#include "src/cleanup.h"
#include "src/command.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/nearest.h"

/* Everything that a run needs, in the order in which it is made. */
struct setup {
	struct suite *suite;
	struct kernel **kernels;
	size_t kernel_count;
	struct plan plan;
	enum machine_accel accel;
	char *cache, *out_dir;
	bool resuming; /* there is a run in it */
	bool out_made; /* by us, now: an empty one is removed when nothing runs */
};

static void setup_done(struct setup *s)
{
	plan_done(&s->plan);
	for (size_t i = 0; s->kernels && i < s->kernel_count; i++)
		kernel_free(s->kernels[i]);
	free(s->kernels);
	suite_free(s->suite);
	free(s->cache);
	free(s->out_dir);
}

/* "work.NAME.COUNTER": a counter of that workload's generator. */
static bool is_counter(const struct scenario *s, const char *metric)
{
	for (size_t i = 0; starts_with(metric, "work.") && i < s->workload_count; i++) {
		const struct counter_spec *c = s->workloads[i].ops->counters;
		const char *name = s->workloads[i].placement.name;
		size_t len = strlen(name);
		const char *rest = metric + strlen("work.");

		if (strncmp(rest, name, len) != 0 || rest[len] != '.')
			continue;
		for (; c && c->name; c++)
			if (streq(c->name, rest + len + 1))
				return true;
	}
	return false;
}

/* The scenario's text names a metric that the catalog has, or a counter. */
static int check_metric(const struct suite *suite, const struct scenario *s, const char *key,
			const char *text, const char *metric, struct error *err)
{
	struct nearest search = { .word = metric };
	char hint[200];

	if (metric_find(metric) || is_counter(s, metric))
		return 0;
	for (const struct metric_def *m = NULL; (m = metric_next(m));)
		nearest_offer(&search, m->name);
	return error_say(err, -EINVAL, "%s: scenario %s, %s «%s»: no metric «%s»%s", suite->path,
			 s->name, key, text, metric, nearest_hint(&search, hint, sizeof(hint)));
}

/* A metric that the catalog lacks would fail every trial: said before the first one runs. */
static int check_expectations(const struct suite *suite, struct error *err)
{
	for (size_t i = 0; i < suite->scenario_count; i++) {
		const struct scenario *s = &suite->scenarios[i];

		for (size_t k = 0; k < s->expect_count; k++)
			if (!streq(s->expects[k].metric, "outcome") &&
			    check_metric(suite, s, "expect", s->expects[k].text,
					 s->expects[k].metric, err) < 0)
				return -EINVAL;
	}
	return 0;
}

/* The same of a gate's; a pattern may be of what only a record has. */
static int check_gates(const struct suite *suite, struct error *err)
{
	for (size_t i = 0; i < suite->scenario_count; i++) {
		const struct scenario *s = &suite->scenarios[i];

		for (size_t k = 0; k < s->gate_count; k++)
			if (!strpbrk(s->gates[k].name, "*?") &&
			    check_metric(suite, s, "gate", s->gates[k].name, s->gates[k].name,
					 err) < 0)
				return -EINVAL;
	}
	return 0;
}

static enum machine_clock clock_of(const struct run_options *o)
{
	return o->clock == RUN_CLOCK_WALL ? MACHINE_CLOCK_WALL : MACHINE_CLOCK_INSN;
}

static int find_kernels(struct setup *s, const struct run_options *o, struct error *err)
{
	size_t count = o->kernels.count ? o->kernels.count : 1, paths = 0;

	s->kernels = calloc(count, sizeof(*s->kernels));
	if (!s->kernels)
		return error_set(err, -ENOMEM, "kernels");
	for (size_t i = 0; i < count; i++) {
		/* The newest that wring knows, when none is named. */
		const char *name = run_options_kernel(o, i), *modules = NULL;
		int r;

		if (access(name, F_OK) == 0 && paths < o->modules.count)
			modules = o->modules.items[paths++];
		r = kernel_find(&s->kernels[i], name, modules, err);
		if (r < 0)
			return r;
		s->kernel_count++;
		for (size_t k = 0; k < i; k++)
			if (streq(s->kernels[k]->slug, s->kernels[i]->slug))
				return error_say(err, -EINVAL, "--kernel %s is given twice", name);
	}
	return 0;
}

/* wring-results/SUITE/UTC-TIME, with "latest" beside it. */
static char *default_out(const struct suite *suite)
{
	time_t now = time(NULL);
	char stamp[40];
	struct tm tm;
	_cleanup_free_ char *parent = text_format("wring-results/%s", suite->name);

	if (!parent || dir_make(parent, NULL) < 0)
		return NULL;
	gmtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm);
	/* Made here and now, so that two runs of the same second don't share one. */
	for (unsigned n = 1; n < 100; n++) {
		char *path = n == 1 ? text_format("wring-results/%s/%s", suite->name, stamp)
				    : text_format("wring-results/%s/%s-%u", suite->name, stamp, n);

		if (!path || mkdir(path, 0755) == 0 || errno != EEXIST)
			return path;
		free(path);
	}
	return NULL;
}

static int is_empty(const char *path)
{
	_cleanup_closedir_ DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (!streq(entry->d_name, ".") && !streq(entry->d_name, ".."))
			return 0;
	return 1;
}

static int make_out(struct setup *s, const struct run_options *o, struct error *err)
{
	s->out_dir = o->out ? strdup(o->out) : default_out(s->suite);
	if (!s->out_dir)
		return error_say(err, -EACCES,
				 "no directory for records can be made here: choose an --out");
	while (strlen(s->out_dir) > 1 && s->out_dir[strlen(s->out_dir) - 1] == '/')
		s->out_dir[strlen(s->out_dir) - 1] = '\0';
	if (access(s->out_dir, F_OK) == 0 && !is_empty(s->out_dir)) {
		s->resuming = o->resume;
		if (o->resume)
			return 0; /* run() compares, once all is known */
		return error_say(err, -EEXIST,
				 "%s is not empty: choose another --out, or --resume the run in it",
				 s->out_dir);
	}
	s->out_made = !o->out || access(s->out_dir, F_OK) < 0;
	return 0;
}

static void link_latest(const char *out_dir)
{
	const char *slash = strrchr(out_dir, '/');
	_cleanup_free_ char *link = NULL, *fresh = NULL;

	if (!slash)
		return;
	link = text_format("%.*s/latest", (int)(slash - out_dir), out_dir);
	fresh = text_format("%.*s/.latest-%d", (int)(slash - out_dir), out_dir, (int)getpid());
	if (link && fresh && symlink(slash + 1, fresh) == 0 && rename(fresh, link) < 0)
		unlink(fresh);
}

/* What the suite asks of the machine is there to be checked, on a host. */
static int check_host(const struct suite *suite, struct error *err)
{
	_cleanup_fsroot_ struct fsroot fs = { -1, -1, -1 };
	int r = fsroot_open(&fs, "/", err);

	if (r == 0)
		r = probe_machine(&fs, &suite->machine, err);
	for (size_t i = 0; r == 0 && i < suite->scenario_count; i++)
		if (suite->scenarios[i].trace && trace_probe(err) < 0)
			r = error_prefix(err, "scenario «%s», trace: true",
					 suite->scenarios[i].name);
	return r;
}

/* Not the run's results: where its complaints go. */
static void say(const char *line)
{
	fprintf(stderr, "wring: %s\n", line);
}

static int prepare(struct setup *s, const struct run_options *o, const char *name, int *ret_exit,
		   struct error *err)
{
	_cleanup_free_ char *path = NULL;
	int r = run_options_check(o, err);

	*ret_exit = EXIT_BAD_INPUT;
	if (r == 0)
		r = suite_find(name, &path, err);
	if (r == 0)
		r = suite_load(&s->suite, path, &o->set, o->seeds, &o->only, err);
	if (r == 0)
		r = check_expectations(s->suite, err);
	if (r == 0)
		r = check_gates(s->suite, err);
	if (r == 0)
		r = make_out(s, o, err);
	if (r < 0)
		return r;
	*ret_exit = EXIT_ENVIRONMENT;
	r = cache_dir(&s->cache, err);
	if (r == 0)
		r = o->vm ? find_kernels(s, o, err) : check_host(s->suite, err);
	if (r == 0 && o->vm) {
		_cleanup_free_ char *qemu = NULL;

		r = machine_program(&qemu, err);
		if (r == 0)
			r = kernel_needs_check(s->kernels, s->kernel_count, s->suite, err);
		if (r == 0)
			r = accel_choose((enum accel_wish)o->accel, clock_of(o), s->kernels[0],
					 s->cache, say, &s->accel, err);
	}
	if (r == 0)
		r = plan_make(&s->plan, s->suite, o->vm ? s->kernel_count : 1, err);
	return r < 0 ? r : dir_make(s->out_dir, err);
}

int run_suite(const struct run_options *o, const char *name, struct run_outcome *ret,
	      struct error *err)
{
	struct run_outcome outcome = {};
	struct setup s = {};
	int exit_code, r = prepare(&s, o, name, &exit_code, err);

	signal(SIGPIPE, SIG_IGN); /* a run goes on when nobody reads its lines any more */
	if (r == 0) {
		struct run_args args = {
			.suite = s.suite,
			.plan = &s.plan,
			.kernels = s.kernels,
			.kernel_count = o->vm ? s.kernel_count : 1,
			.clock = clock_of(o),
			.accel = s.accel,
			.jobs = run_options_jobs(o, machine_bytes(&s.suite->machine)),
			.out_dir = s.out_dir,
			.cache = s.cache,
			.boot = o->boot,
			.verify = o->verify,
			.resume = o->resume,
			.quiet = o->quiet,
			.finish = record_finish,
			.compare = verify_trial,
			.again = VERIFY_DIR,
		};

		exit_code = EXIT_BAD_INPUT;
		r = s.resuming ? run_record_same(&args, err) : 0;
		if (r == 0) {
			if (!o->out)
				link_latest(s.out_dir);
			exit_code = EXIT_ENVIRONMENT;
			r = run_trials(&args, &outcome.summary, err);
		}
	}
	/* A directory that we made and that holds no trial is not left behind. */
	if (r < 0 && s.out_made && !outcome.summary.done && !outcome.summary.kept &&
	    !outcome.summary.failed)
		dir_remove(AT_FDCWD, s.out_dir, NULL);
	outcome.exit_code = r < 0 ? exit_code : EXIT_DONE;
	if (r == 0)
		outcome.dir = TAKE_PTR(s.out_dir);
	setup_done(&s);
	*ret = outcome;
	return r;
}
