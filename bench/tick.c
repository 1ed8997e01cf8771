// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a tick of the sampler costs, against reading the same files without keeping anything, and
 * against a shell that prints them, as other suites sample. The files are those of a trial on this
 * machine; a cgroup's are there where this process is in a cgroup v2.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/bench.h"
#include "harness/sources.h"
#include "harness/topology.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"

#define TICKS	    300 /* of a repetition: some 50 ms */
#define SHELL_LOOPS 10	/* of a repetition: some 100 ms */
#define INTERVAL_NS 5000000
#define GAP_TICKS   200 /* of a repetition: a second */
#define TEXT_BYTES  (64 << 10)

static double cpu_ns(clockid_t clock)
{
	struct timespec t = {};

	clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Of this process's cgroup, when it is one of cgroup v2 that has files to read. */
static int add_own_cgroup(struct sampler *s, const struct fsroot *fs, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_close_ int fd = -1;
	char *path;

	if (fs->cgroup < 0 || file_read(fs->proc, "self/cgroup", &text, NULL, NULL) < 0 ||
	    !(path = strstr(text, "0::/")))
		return 0;
	path += strlen("0::/");
	path[strcspn(path, "\n")] = '\0';
	fd = openat(fs->cgroup, *path ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? 0 : sources_add_cgroup(s, fd, "own", err);
}

static int make_sampler(struct sampler **ret, struct error *err)
{
	_cleanup_fsroot_ struct fsroot fs = { -1, -1, -1 };
	hwloc_topology_t topology = NULL;
	struct sampler *s = NULL;
	int r = fsroot_open(&fs, "/", err);

	if (r == 0)
		r = topology_load(&topology, err);
	if (r == 0)
		r = sampler_new(&s, err);
	if (r == 0)
		r = sources_add_machine(s, &fs, topology, err);
	if (r == 0)
		r = add_own_cgroup(s, &fs, err);
	if (r == 0)
		r = sampler_prepare(s, err);
	if (topology)
		hwloc_topology_destroy(topology);
	if (r < 0)
		sampler_free(s);
	else
		*ret = s;
	return r;
}

/* Each file from its beginning to its end. */
static bool read_all(const struct sampler *s, char *text)
{
	int fd;

	for (size_t i = 0; (fd = sampler_file(s, i)) >= 0; i++) {
		size_t len = 0;
		ssize_t n = 0;

		while (len < TEXT_BYTES &&
		       (n = pread(fd, text + len, TEXT_BYTES - len, (off_t)len)) > 0)
			len += (size_t)n;
		if (n < 0)
			return false;
	}
	return true;
}

static int measure_ticks(const struct bench *b, const struct side *side, struct sample *ret,
			 struct error *err)
{
	struct sampler *s = NULL;
	int r = make_sampler(&s, err);
	double begin;

	(void)b;
	(void)side;
	if (r < 0)
		return r;
	begin = cpu_ns(CLOCK_PROCESS_CPUTIME_ID);
	for (uint64_t i = 0; i < TICKS; i++)
		sampler_take(s, i, i);
	*ret = (struct sample){ .ops = TICKS, .cpu_ns = cpu_ns(CLOCK_PROCESS_CPUTIME_ID) - begin };
	if (sampler_stats(s)->full)
		r = error_say(err, -ENOSPC, "the sampler's memory is full before its end");
	sampler_free(s);
	return r;
}

static int measure_preads(const struct bench *b, const struct side *side, struct sample *ret,
			  struct error *err)
{
	_cleanup_free_ char *text = malloc(TEXT_BYTES);
	struct sampler *s = NULL;
	int r = text ? make_sampler(&s, err) : error_set(err, -ENOMEM, "a buffer");
	bool whole = true;
	double begin;

	(void)b;
	(void)side;
	if (r < 0)
		return r;
	begin = cpu_ns(CLOCK_PROCESS_CPUTIME_ID);
	for (unsigned i = 0; i < TICKS && whole; i++)
		whole = read_all(s, text);
	*ret = (struct sample){ .ops = TICKS, .cpu_ns = cpu_ns(CLOCK_PROCESS_CPUTIME_ID) - begin };
	sampler_free(s);
	return whole ? 0 : error_set(err, -EIO, "read a file of the kernel");
}

/* while the files are held open, their paths: "cat /proc/vmstat; cat /proc/meminfo; ..." */
static char *cat_lines(void)
{
	struct sampler *s = NULL;
	char *lines = NULL;
	size_t len;
	FILE *f;
	int fd;

	if (make_sampler(&s, NULL) < 0)
		return NULL;
	f = open_memstream(&lines, &len);
	for (size_t i = 0; f && (fd = sampler_file(s, i)) >= 0; i++) {
		char link[40], path[PATH_MAX];
		ssize_t n;

		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		n = readlink(link, path, sizeof(path) - 1);
		fprintf(f, "cat '%.*s'\n", n > 0 ? (int)n : 0, path);
	}
	sampler_free(s);
	if (f)
		fclose(f);
	return lines;
}

static double children_ns(void)
{
	struct rusage u = {};

	getrusage(RUSAGE_CHILDREN, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e9 +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e3;
}

static int measure_shell(const struct bench *b, const struct side *side, struct sample *ret,
			 struct error *err)
{
	_cleanup_free_ char *lines = cat_lines(), *script = NULL;
	double begin = children_ns();
	int status = -1;
	pid_t pid;

	(void)b;
	(void)side;
	if (lines)
		script = text_format("exec >/dev/null\nfor i in $(seq %d); do\n%sdone\n",
				     SHELL_LOOPS, lines);
	if (!script)
		return error_set(err, -ENOMEM, "a shell's script");
	pid = fork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", script, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || status)
		return error_say(err, -EIO, "the shell loop ended with status %d", status);
	*ret = (struct sample){ .ops = SHELL_LOOPS, .cpu_ns = children_ns() - begin };
	return 0;
}

/* As a trial raises its sampler; where that is refused, gaps tell. */
static void raise_priority(bool raise)
{
	const struct sched_param param = { .sched_priority = raise };

	if (raise)
		mlockall(MCL_CURRENT);
	else
		munlockall();
	sched_setscheduler(0, raise ? SCHED_FIFO : SCHED_OTHER, &param);
}

/* The longest time between two ticks of a timer, in ns; without a sampler they do nothing. */
static int tick_by_timer(struct sampler *s, const volatile int *stop, uint64_t *ret,
			 struct error *err)
{
	const struct itimerspec spec = { { 0, INTERVAL_NS }, { 0, INTERVAL_NS } };
	_cleanup_close_ int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	uint64_t last = 0, longest = 0, times;

	if (timer < 0 || timerfd_settime(timer, 0, &spec, NULL) < 0)
		return error_set(err, -errno, "a timer");
	for (unsigned i = 0; i < GAP_TICKS && !*stop; i++) {
		uint64_t now;

		if (read(timer, &times, sizeof(times)) != sizeof(times))
			return error_set(err, -errno, "read a timer");
		now = workload_clock();
		longest = last ? MAX(longest, now - last) : 0;
		last = now;
		if (s)
			sampler_take(s, now, now);
	}
	*ret = longest;
	return 0;
}

/* Two threads touch fresh memory all the while: each fault zeroes a page, or a huge one. */
static int gap_beside_faults(const struct bench *b, const struct side *side, struct sampler *s,
			     struct sample *ret, struct error *err)
{
	uint64_t longest = 0;
	struct lead l;
	int r = lead_job_start(b, side->job, &l, err);

	if (r == 0) {
		raise_priority(true);
		worker_release(l.args.barrier, GO_MEASURE);
		r = tick_by_timer(s, b->stop, &longest, err);
		raise_priority(false);
		*ret = (struct sample){ .ops = 1, .cpu_ns = (double)longest };
	}
	if (r == 0 && !lead_await(&l, WORKER_DONE))
		r = error_say(err, l.err.code ? l.err.code : -EIO, "%s", l.err.text);
	lead_done(&l);
	return r;
}

static int measure_gap(const struct bench *b, const struct side *side, struct sample *ret,
		       struct error *err)
{
	struct sampler *s = NULL;
	int r = make_sampler(&s, err);

	if (r == 0)
		r = gap_beside_faults(b, side, s, ret, err);
	sampler_free(s);
	return r;
}

/* What the machine and its kernel allow: a tick that reads nothing. */
static int measure_bare_gap(const struct bench *b, const struct side *side, struct sample *ret,
			    struct error *err)
{
	return gap_beside_faults(b, side, NULL, ret, err);
}

/* Each pass drops what it touched, so that the next one faults again. */
static const struct lead_job faults = {
	.generator = "anon",
	.options = "size=64M fill=header thp=system advise=dontneed advise_size=32M",
	.threads = 2,
	.run_ms = GAP_TICKS * INTERVAL_NS / 1000000 + 200,
};
static const struct side tick_sides[] = {
	{ "a tick", measure_ticks },
	{ "preads", measure_preads },
	{ "a shell's cat", measure_shell },
	{ "ticks every 5 ms", measure_gap, &faults },
	{ "a timer of 5 ms", measure_bare_gap, &faults },
};
static const struct row tick_rows[] = {
	{ "tick.pread", "a tick's CPU time / preads of the same files, nothing kept", ROW_CPU_COST,
	  0, 1, .want = WANT_AT_MOST, .target = 1.25 },
	{ "tick.cat", "CPU time of a shell that runs cat on each of the same files / a tick's",
	  ROW_CPU_RATE, 0, 2, .want = WANT_AT_LEAST, .target = 80 },
	{ "tick.time", "ns of CPU time of a tick", ROW_TIME, 0 },
	{ "tick.gap",
	  "ns between two ticks that should be 5 ms apart, at most, beside two threads that fault "
	  "without pause (on a busy machine, or a virtual one, others' time is in it)",
	  ROW_TIME, 3, .want = WANT_AT_MOST, .target = 2.0 * INTERVAL_NS },
	{ "tick.gap.bare", "the same of ticks that read nothing: what the machine itself allows",
	  ROW_TIME, 4 },
	{}
};

const struct group tick_groups[] = { { "tick", tick_sides, tick_rows, ARRAY_SIZE(tick_sides) },
				     {} };
