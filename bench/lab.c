// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel lab: how much a boot is, how soon a trial that goes on from a state is done, how busy
 * the CPUs are kept, and how long suites/tour takes. wring itself is run, as a user does; kernels
 * come from the cache.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench/bench.h"
#include "src/cleanup.h"
#include "src/datafile.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/process.h"
#include "workloads/workload.h"

#define ARGUMENTS_MAX 12
#define TRIALS_MORE   4 /* in measure_trial() */

/* A trial that is hardly more than its machine. */
static const char small_suite[] =
	"suite: small\n"
	"machine: {nodes: [512M, 512M], swap: {type: zram, size: 512M}}\n"
	"scenarios: [{name: small, workloads: [{anon: {size: 4M, passes: 1}}]}]\n";

static double children_ns(void)
{
	struct rusage u = {};

	getrusage(RUSAGE_CHILDREN, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e9 +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e3;
}

/* wring run ARGUMENT... --out DIR/run; the run's directory is removed before. */
static int run_wring(const struct bench *b, const char *const *arguments, struct sample *ret,
		     char **ret_out, struct error *err)
{
	_cleanup_free_ char *wring = NULL, *out = path_join(b->disk_dir, "run"), *said = NULL;
	const char *argv[ARGUMENTS_MAX + 5] = {};
	double cpu = children_ns();
	uint64_t began;
	int status = -1, n = 0, r = datafile_find("wring", &wring, err);

	if (r < 0)
		return r;
	if (!out)
		return error_set(err, -ENOMEM, "run wring");
	r = dir_remove(AT_FDCWD, out, err);
	argv[n++] = wring;
	argv[n++] = "run";
	for (; *arguments; arguments++)
		argv[n++] = *arguments;
	argv[n++] = "--out";
	argv[n++] = out;
	began = workload_clock();
	if (r == 0)
		r = process_run(argv, NULL, &said, &status, err);
	if (r < 0)
		return r;
	if (status)
		return error_say(err, -EIO, "wring run ended with status %d: %.300s", status, said);
	*ret = (struct sample){ .ops = 1,
				.wall_ns = (double)(workload_clock() - began),
				.cpu_ns = children_ns() - cpu };
	if (ret_out)
		*ret_out = TAKE_PTR(out);
	return 0;
}

static int write_small(const struct bench *b, char **ret, struct error *err)
{
	_cleanup_free_ char *path = path_join(b->disk_dir, "small.yaml");
	int r = path ? file_write_atomic(AT_FDCWD, path, small_suite, strlen(small_suite), err)
		     : error_set(err, -ENOMEM, "write a suite");

	if (r == 0)
		*ret = TAKE_PTR(path);
	return r;
}

/* From power-on to the first worker's first instruction, by the guest's time stamp counter. */
static int read_start(const char *out, const char *slug, double *ret, struct error *err)
{
	_cleanup_free_ char *path = text_format("%s/small/%s/seed-1/trial.json", out, slug);
	json_t *json = path ? json_load_file(path, 0, NULL) : NULL, *phase;
	json_int_t began, setup;
	int r;

	phase = json_array_get(json_object_get(json, "phases"), 0);
	r = json_unpack(json_object_get(json, "vm"), "{s:I}", "began_tsc", &began);
	if (r == 0)
		r = json_unpack(phase, "{s:I}", "start_ns", &setup);
	json_decref(json);
	if (r < 0)
		return error_say(err, -EBADMSG, "%s has no «began_tsc» or no phase",
				 path ? path : "the record");
	*ret = (double)(began + setup) / 1e9;
	return 0;
}

/* job: the kernel's name. */
static int measure_boot(const struct bench *b, const struct side *s, struct sample *ret,
			struct error *err)
{
	_cleanup_free_ char *suite = NULL, *out = NULL, *slug = strdup(s->job);
	int r = slug ? write_small(b, &suite, err) : error_set(err, -ENOMEM, "boot");

	if (r < 0)
		return r;
	*strchr(slug, '/') = '-';
	r = run_wring(b,
		      (const char *const[]){ suite, "--vm", "--boot", "--kernel", s->job, "--seeds",
					     "1", NULL },
		      ret, &out, err);
	return r < 0 ? r : read_start(out, slug, &ret->ops, err);
}

/* So many trials, one after another. */
static int run_small(const struct bench *b, const char *kernel, const char *seeds,
		     struct sample *ret, struct error *err)
{
	_cleanup_free_ char *suite = NULL;
	int r = write_small(b, &suite, err);

	if (r < 0)
		return r;
	return run_wring(b,
			 (const char *const[]){ suite, "--vm", "--kernel", kernel, "--jobs", "1",
						"--seeds", seeds, NULL },
			 ret, NULL, err);
}

/* A trial more, without what a run takes once. The first run makes the state, where there is none.
 */
static int measure_trial(const struct bench *b, const struct side *s, struct sample *ret,
			 struct error *err)
{
	struct sample one, more;
	char seeds[20];
	int r = run_small(b, s->job, "1", &one, err);

	snprintf(seeds, sizeof(seeds), "1..%d", 1 + TRIALS_MORE);
	if (r == 0)
		r = run_small(b, s->job, "1", &one, err);
	if (r == 0)
		r = run_small(b, s->job, seeds, &more, err);
	if (r == 0)
		*ret = (struct sample){ .ops = TRIALS_MORE,
					.wall_ns = more.wall_ns - one.wall_ns,
					.cpu_ns = more.cpu_ns - one.cpu_ns };
	return r;
}

/* Both kernels, three seeds, their states made before. */
static int measure_tour(const struct bench *b, const struct side *s, struct sample *ret,
			struct error *err)
{
	static const char *const once[] = { "tour",	"--vm",	       "--kernel", "debian/6.1",
					    "--kernel", "debian/6.12", "--seeds",  "1",
					    "--only",	"two-tenants", NULL };
	static const char *const all[] = { "tour",	 "--vm",     "--kernel",
					   "debian/6.1", "--kernel", "debian/6.12",
					   "--seeds",	 "1..3",     NULL };
	int r = run_wring(b, once, ret, NULL, err);

	(void)s;
	return r < 0 ? r : run_wring(b, all, ret, NULL, err);
}

#define QEMU "qemu-system-x86_64"
static const struct side boot_sides[] = {
	{ "a boot of 6.1", measure_boot, "debian/6.1", QEMU },
	{ "a boot of 6.12", measure_boot, "debian/6.12", QEMU },
};
static const struct row boot_rows[] = { { "lab.boot.6.1",
					  "guest instructions, and idle time, from power-on to the "
					  "first worker's first instruction",
					  ROW_COUNT, 0, .unit = "G", .want = WANT_AT_MOST,
					  .target = 0.8 },
					{ "lab.boot.6.12", "the same on 6.12", ROW_COUNT, 1,
					  .unit = "G", .want = WANT_AT_MOST, .target = 0.8 },
					{} };
static const struct side trial_sides[] = {
	{ "trials on 6.1", measure_trial, "debian/6.1", QEMU },
	{ "trials on 6.12", measure_trial, "debian/6.12", QEMU },
};
static const struct row trial_rows[] = {
	{ "lab.trial.6.1",
	  "a whole trial that goes on from a state and touches 4 MiB once, to its record", ROW_WALL,
	  0, .want = WANT_AT_MOST, .target = 1.5 },
	{ "lab.trial.6.12", "the same on 6.12", ROW_WALL, 1, .want = WANT_AT_MOST, .target = 1.5 },
	{}
};
static const struct side tour_sides[] = { { "the tour", measure_tour, NULL, QEMU } };
static const struct row tour_rows[] = {
	{ "lab.tour", "suites/tour on two kernels with three seeds each, one VM for each CPU",
	  ROW_WALL, 0, .want = WANT_AT_MOST, .target = 90 },
	{ "lab.busy", "CPU time of that over the time of all CPUs, from the command to its end",
	  ROW_BUSY, 0, .want = WANT_AT_LEAST, .target = 0.9 },
	{}
};

const struct group lab_groups[] = {
	{ "lab.boot", boot_sides, boot_rows, ARRAY_SIZE(boot_sides), .repeat_max = 1 },
	{ "lab.trial", trial_sides, trial_rows, ARRAY_SIZE(trial_sides), .repeat_max = 3 },
	{ "lab.tour", tour_sides, tour_rows, ARRAY_SIZE(tour_sides), .repeat_max = 1 },
	{}
};
