// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/lead.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "workloads/registry.h"

static void *share(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static int parse_options(struct lead *l, const char *text)
{
	_cleanup_free_ char *copy = strdup(text);
	char *rest = copy, *word;
	const struct workload_ops *ops = l->args.ops;
	int r = copy ? option_defaults(ops->options, l->options, &l->err) : -ENOMEM;

	while (r == 0 && (word = strsep(&rest, " "))) {
		char *value = strchr(word, '=');
		const struct option_spec *spec;

		if (!*word)
			continue;
		if (value)
			*value++ = '\0';
		spec = option_find(ops->options, word);
		if (!spec || !value)
			return error_say(&l->err, -EINVAL, "%s has no option %s", ops->name, word);
		r = option_parse(spec, l->options, value, &l->err);
	}
	return r < 0 ? r : ops->plan(l->options, &l->site, &l->plan, &l->err);
}

static int make_dir(struct lead *l)
{
	const char *base = getenv("TMPDIR");
	char *path;

	if (!l->plan.dir)
		return 0;
	if (*l->plan.dir == '/')
		base = l->plan.dir;
	path = text_format("%s/wring-lead-XXXXXX", base && *base ? base : "/tmp");
	if (!path || !mkdtemp(path)) {
		free(path);
		return error_set(&l->err, -errno, "make a directory");
	}
	l->args.dir = path;
	return 0;
}

static const uint64_t much = 1ull << 40;

static struct workload_site roomy_site(void)
{
	return (struct workload_site){
		.page_bytes = (size_t)sysconf(_SC_PAGESIZE),
		.node_count = 1,
		.node_bytes = { much },
		.swap_bytes = much,
		.disk_bytes = much,
		.hugepages = 1024,
	};
}

/* ops NULL: there is no such generator. */
static bool init(struct lead *l, const struct workload_site *site, const struct workload_ops *ops,
		 const char *name, const char *options, unsigned threads)
{
	*l = (struct lead){ .pid = -1, .pidfd = -1, .exit_status = -1, .args.event_fd = -1 };
	l->site = *site;
	l->site.threads = threads;
	l->wait_ns = LEAD_WAIT_NS;
	l->args.ops = ops;
	if (!ops)
		return error_say(&l->err, -ENOENT, "no generator %s", name) == 0;
	l->options = calloc(1, ops->options_size + 1);
	l->report_bytes = threads * sizeof(struct thread_report);
	l->args.options = l->options;
	l->args.name = name;
	l->args.threads = threads;
	l->args.latency = true;
	l->args.seed = 42;
	l->args.barrier = share(sizeof(*l->args.barrier));
	l->args.shared = share(sizeof(*l->args.shared));
	l->args.reports = share(l->report_bytes);
	l->args.program = share(sizeof(*l->args.program));
	l->args.event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!l->options || !l->args.barrier || !l->args.shared || !l->args.reports ||
	    !l->args.program || l->args.event_fd < 0)
		return error_set(&l->err, -ENOMEM, "a worker") == 0;
	if (parse_options(l, options) < 0 || make_dir(l) < 0)
		return false;
	l->args.ops_per_pass = l->plan.ops_per_pass;
	l->args.measured.ops = l->plan.ops_per_pass;
	return true;
}

bool lead_init_at(struct lead *l, const struct workload_site *site, const char *generator,
		  const char *options, unsigned threads)
{
	return init(l, site, workload_find(generator), generator, options, threads);
}

bool lead_init(struct lead *l, const char *generator, const char *options, unsigned threads)
{
	const struct workload_site site = roomy_site();

	return lead_init_at(l, &site, generator, options, threads);
}

bool lead_init_ops(struct lead *l, const struct workload_ops *ops, const char *options,
		   unsigned threads)
{
	const struct workload_site site = roomy_site();

	return init(l, &site, ops, ops->name, options, threads);
}

static void limit_address_space(uint64_t room)
{
	char line[200] = "";
	struct rlimit limit;

	file_read_line(AT_FDCWD, "/proc/self/statm", line, sizeof(line));
	limit.rlim_cur = limit.rlim_max =
		strtoull(line, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE) + room;
	if (setrlimit(RLIMIT_AS, &limit) < 0)
		_exit(77);
}

bool lead_start(struct lead *l)
{
	l->pid = fork();
	if (l->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* nothing outlives the test */
		if (l->address_room)
			limit_address_space(l->address_room);
		worker_main(&l->args);
	}
	l->pidfd = l->pid < 0 ? -1 : (int)syscall(SYS_pidfd_open, l->pid, 0);
	if (l->pidfd < 0)
		error_set(&l->err, -errno, "start a worker");
	return l->pidfd >= 0;
}

void lead_done(struct lead *l)
{
	if (l->pid > 0) {
		kill(l->pid, SIGKILL);
		waitpid(l->pid, NULL, 0);
	}
	if (l->pidfd >= 0)
		close(l->pidfd);
	if (l->args.event_fd >= 0)
		close(l->args.event_fd);
	if (l->args.dir) {
		dir_remove(AT_FDCWD, l->args.dir, NULL);
		free((char *)l->args.dir);
	}
	if (l->args.barrier)
		munmap(l->args.barrier, sizeof(*l->args.barrier));
	if (l->args.shared)
		munmap(l->args.shared, sizeof(*l->args.shared));
	if (l->args.reports)
		munmap(l->args.reports, l->report_bytes);
	if (l->args.program)
		munmap(l->args.program, sizeof(*l->args.program));
	if (l->args.ops && l->options)
		option_free(l->args.ops->options, l->options);
	free(l->options);
}

unsigned lead_arrived(const struct lead *l, enum worker_state state)
{
	return atomic_load(&l->args.shared->arrived[state]);
}

bool lead_take_told(struct lead *l)
{
	uint64_t count;

	if (read(l->args.event_fd, &count, sizeof(count)) != sizeof(count))
		return false; /* the descriptor doesn't block */
	l->told += count;
	return true;
}

bool lead_await_news(struct lead *l, uint64_t end)
{
	struct pollfd fds[] = {
		{ .fd = l->args.event_fd, .events = POLLIN },
		{ .fd = l->pidfd, .events = POLLIN },
	};
	uint64_t now = workload_clock();

	if (now >= end || poll(fds, 2, (int)((end - now) / 1000000) + 1) <= 0)
		return false;
	return lead_take_told(l) || !fds[1].revents;
}

bool lead_await(struct lead *l, enum worker_state state)
{
	static const char *const names[] = { "born", "ready", "warm", "done" };
	uint64_t end = workload_clock() + l->wait_ns;

	/* The eventfd may still tell what is known already: what is shared decides. */
	while (lead_arrived(l, state) < l->args.threads && !atomic_load(&l->args.shared->failed) &&
	       lead_await_news(l, end))
		;
	if (lead_arrived(l, state) == l->args.threads)
		return true;
	if (atomic_load(&l->args.shared->failed))
		l->err = l->args.shared->err;
	else
		error_say(&l->err, -ETIMEDOUT, "%s: %u of %u threads arrived, nothing told",
			  names[state], lead_arrived(l, state), l->args.threads);
	return false;
}

bool lead_to(struct lead *l, enum worker_go go, enum worker_state state)
{
	worker_release(l->args.barrier, go);
	return lead_await(l, state);
}

bool lead_all(struct lead *l)
{
	return lead_start(l) && lead_to(l, GO_SETUP, WORKER_READY) &&
	       lead_to(l, GO_WARMUP, WORKER_WARM) && lead_to(l, GO_MEASURE, WORKER_DONE);
}

int lead_await_exit(struct lead *l)
{
	struct pollfd ended = { .fd = l->pidfd, .events = POLLIN };
	int status;

	if (poll(&ended, 1, (int)(l->wait_ns / 1000000)) != 1 || waitpid(l->pid, &status, 0) < 0)
		return -1;
	l->pid = -1;
	l->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	return l->exit_status;
}

bool lead_end(struct lead *l)
{
	worker_release(l->args.barrier, GO_EXIT);
	if (lead_await_exit(l) == 0)
		return true;
	error_say(&l->err, -EIO, "the worker ended with status %d", l->exit_status);
	return false;
}

void lead_total(const struct lead *l, struct thread_report *ret)
{
	*ret = (struct thread_report){};
	for (unsigned i = 0; i < l->args.threads; i++) {
		const struct thread_report *r = &l->args.reports[i];

		ret->ops += r->ops;
		ret->bytes += r->bytes;
		ret->errors += r->errors;
		for (size_t k = 0; k < WORKLOAD_COUNTERS_MAX; k++)
			ret->counters[k] += r->counters[k];
		histogram_merge(&ret->latency, &r->latency);
	}
}

uint64_t lead_counter(const struct lead *l, const char *name)
{
	const struct counter_spec *c = l->args.ops->counters;
	uint64_t sum = 0;

	for (size_t i = 0; c && c[i].name; i++)
		for (unsigned k = 0; streq(c[i].name, name) && k < l->args.threads; k++)
			sum += l->args.reports[k].counters[i];
	return sum;
}

/* A byte of it for each 8 of the program's (AddressSanitizer's x86_64 and generic 64-bit maps). */
static bool is_shadow(uint64_t start)
{
#ifdef __SANITIZE_ADDRESS__
	return start >= UINT64_C(0x7fff8000) && start < UINT64_C(0x10007fff8000);
#else
	(void)start;
	return false;
#endif
}

uint64_t lead_anonymous(const struct lead *l)
{
	static const char *const keys[] = { "Anonymous:", "Swap:" };
	_cleanup_free_ char *path = text_format("/proc/%d/smaps", (int)l->pid), *text = NULL;
	uint64_t kib = 0, start, end;
	bool counts = false;
	char *rest, *line;

	if (!path || file_read(AT_FDCWD, path, &text, NULL, NULL) < 0)
		return 0;
	for (rest = text; (line = strsep(&rest, "\n"));) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " ", &start, &end) == 2)
			counts = !is_shadow(start);
		for (size_t i = 0; counts && i < ARRAY_SIZE(keys); i++)
			if (starts_with(line, keys[i]))
				kib += strtoull(line + strlen(keys[i]), NULL, 10);
	}
	return kib * 1024;
}
