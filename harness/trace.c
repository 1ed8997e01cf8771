// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <tracefs.h>
#include <unistd.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "workloads/workload.h"

/* The kernel's buffers, of each instance and CPU: what 32 parts of the memory hold, in bounds. */
#define RING_SHARE     32
#define RING_BYTES_MIN ((uint64_t)512 << 10)
#define RING_BYTES_MAX ((uint64_t)4 << 20)
/*
 * The copy of all that was recorded. A swap-in is what takes least of it for a line of spans.tsv,
 * two events of 24 and 32 bytes (ring_buffer_event's header, common fields, two addresses); with a
 * workload's name of 64 characters its line has 120. So the largest copy gives 64 MiB of spans at
 * most, which is what a record's file may have.
 */
#define ARENA_SHARE	16
#define ARENA_BYTES_MIN ((uint64_t)16 << 20)
#define ARENA_BYTES_MAX ((uint64_t)29 << 20)
#define PROBES_FILE	"kprobe_events"
/* The machine's first PID namespace: PROC_PID_INIT_INO, include/linux/proc_ns.h. */
#define FIRST_PID_NAMESPACE "pid:[4026531836]"
/* Calls of one probed function that may be under way at a time: the kernel's own upper bound. */
#define PROBE_CALLS_MIN 64
#define PROBE_CALLS_MAX 4096

static const char *const suffixes[TRACE_SCOPES] = {
	[TRACE_EVERYONE] = "", [TRACE_WORKERS] = "-workers"
};

struct instance {
	struct tracefs_instance *tracefs;
	int *fds; /* a CPU's raw buffer each; -1: it has none */
};

struct trace {
	char *name;  /* "wring-PID" */
	char *group; /* of its probes: "wring_PID" */
	long cpus;
	size_t page_bytes;
	struct instance instances[TRACE_SCOPES];
	bool enabled[TRACE_SPECS_MAX]; /* a spec whose event is there */
	struct trace_decoder *decoder;
	struct strlist unavailable;
	unsigned char *arena;
	size_t arena_bytes, used;
	bool full;
	uint64_t ring_bytes; /* of one instance and CPU */
	uint64_t start_ns, end_ns, lost, missed;
};

static const char *tracefs_dir(void)
{
	const char *path = NULL;

	return tracefs_tracing_dir_is_mounted(false, &path) > 0 ? path : NULL;
}

/* Events tell threads by their numbers in the first namespace; elsewhere they'd be strangers'. */
static bool in_first_pid_namespace(void)
{
	char name[40];
	ssize_t len = readlink("/proc/self/ns/pid", name, sizeof(name) - 1);

	if (len < 0)
		return true; /* a kernel without namespaces */
	name[len] = '\0';
	return streq(name, FIRST_PID_NAMESPACE);
}

int trace_probe(struct error *err)
{
	const char *dir;
	_cleanup_free_ char *instances = NULL;

	tracefs_set_loglevel(TEP_LOG_NONE);
	dir = tracefs_dir();
	if (!dir)
		return error_say(err, -EOPNOTSUPP,
				 "tracefs is not mounted: as root, «mount -t tracefs tracefs "
				 "/sys/kernel/tracing», on a kernel with CONFIG_FTRACE");
	instances = path_join(dir, "instances");
	if (!instances)
		return error_set(err, -ENOMEM, "look at tracefs");
	if (access(instances, W_OK | X_OK) < 0)
		return error_say(err, -errno,
				 "tracefs at %s can't be written to: tracing needs root", dir);
	if (!in_first_pid_namespace())
		return error_say(err, -EOPNOTSUPP,
				 "tracefs tells threads by numbers that mean others in this "
				 "container: run it in the host's PID namespace (--pid=host)");
	return 0;
}

static uint64_t share(uint64_t bytes, uint64_t parts, uint64_t low, uint64_t high)
{
	return MAX(low, MIN(high, bytes / parts));
}

uint64_t trace_arena_bytes(uint64_t memory_bytes)
{
	return share(memory_bytes, ARENA_SHARE, ARENA_BYTES_MIN, ARENA_BYTES_MAX);
}

/* ---- instances ---- */

static int set_file(struct tracefs_instance *instance, const char *file, const char *value,
		    struct error *err)
{
	if (tracefs_instance_file_write(instance, file, value) < 0)
		return error_set(err, errno ? -errno : -EIO, "tracefs: write %s to %s", value,
				 file);
	return 0;
}

static int make_instance(struct trace *t, enum trace_scope scope, struct error *err)
{
	_cleanup_free_ char *name = text_format("%s%s", t->name, suffixes[scope]);
	struct instance *in = &t->instances[scope];
	int r;

	errno = 0;
	in->tracefs = name ? tracefs_instance_create(name) : NULL;
	if (!in->tracefs)
		return error_set(err, errno ? -errno : -ENOMEM, "tracefs: make instance %s", name);
	r = set_file(in->tracefs, "tracing_on", "0", err);
	if (r == 0)
		r = set_file(in->tracefs, "trace_clock", "mono", err);
	if (r == 0)
		r = set_file(in->tracefs, "options/overwrite", "0", err);
	if (r == 0 && scope == TRACE_WORKERS)
		r = set_file(in->tracefs, "options/event-fork", "1", err);
	if (r == 0 && tracefs_instance_set_buffer_size(in->tracefs, t->ring_bytes >> 10, -1) < 0)
		r = error_set(err, errno ? -errno : -EIO,
			      "tracefs: buffers of %" PRIu64 " KiB for each CPU",
			      t->ring_bytes >> 10);
	return r;
}

/* A CPU that is offline has no buffer. */
static int open_buffers(struct trace *t, struct instance *in, struct error *err)
{
	in->fds = malloc((size_t)t->cpus * sizeof(*in->fds));
	if (!in->fds)
		return error_set(err, -ENOMEM, "tracefs");
	for (long cpu = 0; cpu < t->cpus; cpu++)
		in->fds[cpu] = -1;
	for (long cpu = 0; cpu < t->cpus; cpu++) {
		char path[64];

		snprintf(path, sizeof(path), "per_cpu/cpu%ld/trace_pipe_raw", cpu);
		in->fds[cpu] = tracefs_instance_file_open(in->tracefs, path,
							  O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (in->fds[cpu] < 0 && errno != ENOENT)
			return error_set(err, -errno, "tracefs: open %s", path);
	}
	return 0;
}

/* ---- events ---- */

static int lack(struct trace *t, const struct trace_spec *spec, struct error *err)
{
	const char *what = span_what_names[spec->what];

	if (!strlist_contains(&t->unavailable, what) && strlist_add(&t->unavailable, what) < 0)
		return error_set(err, -ENOMEM, "tracefs");
	return 0;
}

static const char *system_of(const struct trace *t, const struct trace_spec *spec)
{
	return spec->system ? spec->system : t->group;
}

/*
 * A probe on the function under its present name, else under its older one. libtracefs 1.6 makes
 * none that bounds the calls under way, so the text is ours (Documentation/trace/kprobetrace.rst).
 */
static bool make_probe(const struct trace *t, const struct trace_spec *spec, unsigned calls)
{
	const char *const names[] = { spec->function, spec->older };
	bool made = false;

	for (size_t i = 0; i < ARRAY_SIZE(names) && names[i] && !made; i++) {
		char text[300];

		if (spec->step == TRACE_END)
			snprintf(text, sizeof(text), "r%u:%s/%s %s", calls, t->group, spec->name,
				 names[i]);
		else
			snprintf(text, sizeof(text), "p:%s/%s %s %s", t->group, spec->name,
				 names[i], spec->arguments ? spec->arguments : "");
		made = tracefs_instance_file_append(NULL, PROBES_FILE, text) >= 0;
	}
	return made;
}

/* Reads the event's format; false when this kernel has none, or none that wring understands. */
static bool learn_event(struct trace *t, const struct trace_spec *spec)
{
	_cleanup_free_ char *format = NULL;
	int len = 0;

	/* The kernel's own records, as a stack is one, are told of at the top alone. */
	format = tracefs_event_file_read(
		spec->step == TRACE_STACK ? NULL : t->instances[spec->scope].tracefs,
		system_of(t, spec), spec->name, "format", &len);
	return format && trace_decoder_add_format(t->decoder, spec, format, (size_t)len, NULL) == 0;
}

static int find_events(struct trace *t, uint64_t threads, struct error *err)
{
	unsigned calls = (unsigned)MAX(PROBE_CALLS_MIN, MIN(threads * 2, PROBE_CALLS_MAX));
	int r = 0;

	for (size_t i = 0; r == 0 && i < trace_spec_count; i++) {
		const struct trace_spec *spec = &trace_specs[i];

		t->enabled[i] =
			(spec->system || make_probe(t, spec, calls)) && learn_event(t, spec);
		if (!t->enabled[i])
			r = lack(t, spec, err);
		/* A begin without an end, or the other way round, tells nothing. */
		if (spec->step == TRACE_END)
			t->enabled[i] = t->enabled[i - 1] = t->enabled[i] && t->enabled[i - 1];
	}
	return r;
}

/* ---- life ---- */

int trace_new(struct trace **ret, struct guard *guard, uint64_t memory_bytes, uint64_t threads,
	      struct error *err)
{
	struct trace *t = calloc(1, sizeof(*t));
	int r = trace_probe(err);

	if (!t)
		return error_set(err, -ENOMEM, "tracefs");
	*ret = t; /* also when it is half-made: trace_free() undoes what there is */
	if (r < 0)
		return r;
	t->cpus = sysconf(_SC_NPROCESSORS_CONF);
	t->page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	t->ring_bytes =
		share(memory_bytes / (uint64_t)t->cpus, RING_SHARE, RING_BYTES_MIN, RING_BYTES_MAX);
	t->arena_bytes = trace_arena_bytes(memory_bytes);
	t->name = text_format("wring-%d", (int)getpid());
	t->group = text_format("wring_%d", (int)getpid());
	if (!t->name || !t->group)
		return error_set(err, -ENOMEM, "tracefs");
	/* Process ids come again: that of a run that was killed, too, whose trace is still there.
	 */
	if (trace_remove(t->name, err) < 0) {
		free(TAKE_PTR(t->name)); /* somebody else's, in another container perhaps */
		return error_prefix(err, "a trace of this process's number is in use");
	}
	r = guard_note_trace(guard, t->name, err);
	for (size_t i = 0; r == 0 && i < TRACE_SCOPES; i++)
		r = make_instance(t, (enum trace_scope)i, err);
	if (r == 0)
		r = trace_decoder_new(&t->decoder, err);
	if (r == 0)
		r = find_events(t, threads, err);
	for (size_t i = 0; r == 0 && i < TRACE_SCOPES; i++)
		r = open_buffers(t, &t->instances[i], err);
	if (r < 0)
		return r;
	t->arena = mmap(NULL, t->arena_bytes, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (t->arena == MAP_FAILED) {
		t->arena = NULL;
		return error_set(err, -errno, "%zu MiB for a trace", t->arena_bytes >> 20);
	}
	return 0;
}

int trace_follow(struct trace *t, pid_t pid, struct error *err)
{
	char text[24];

	snprintf(text, sizeof(text), "%d", (int)pid);
	if (tracefs_instance_file_append(t->instances[TRACE_WORKERS].tracefs, "set_event_pid",
					 text) < 0)
		return error_set(err, errno ? -errno : -EIO, "tracefs: follow process %s", text);
	return 0;
}

/* What a worker's uninterruptible sleep is for, its stack tells. */
static int enable_stacks(struct trace *t, struct error *err)
{
	if (tracefs_event_file_write(t->instances[TRACE_WORKERS].tracefs, "sched", "sched_switch",
				     "trigger", "stacktrace if prev_state & 2") < 0)
		return error_set(err, errno ? -errno : -EIO,
				 "tracefs: a trigger for stacks of sched_switch");
	return 0;
}

int trace_start(struct trace *t, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < trace_spec_count; i++) {
		const struct trace_spec *spec = &trace_specs[i];

		if (!t->enabled[i])
			continue;
		if (spec->step == TRACE_STACK)
			r = enable_stacks(t, err);
		else if (tracefs_event_enable(t->instances[spec->scope].tracefs, system_of(t, spec),
					      spec->name) < 0)
			r = error_set(err, errno ? -errno : -EIO, "tracefs: enable %s", spec->name);
	}
	t->start_ns = workload_clock();
	for (size_t i = 0; r == 0 && i < TRACE_SCOPES; i++)
		r = set_file(t->instances[i].tracefs, "tracing_on", "1", err);
	return r;
}

/* A page holds when it begins, how many bytes of events follow, and these. */
static size_t page_used(const struct trace *t, const unsigned char *page, size_t bytes)
{
	uint64_t commit;

	memcpy(&commit, page + sizeof(uint64_t), sizeof(commit));
	/* The upper bits say that events were lost; then their number may stand behind the events.
	 */
	commit = (commit & (t->page_bytes - 1)) + 3 * sizeof(uint64_t);
	return MIN(bytes, (size_t)commit);
}

static void drain_buffer(struct trace *t, int fd, uint32_t source)
{
	while (!t->full) {
		struct trace_chunk *chunk = (void *)(t->arena + t->used);
		ssize_t n;

		if (t->arena_bytes - t->used < trace_chunk_size(t->page_bytes)) {
			t->full = true;
			return;
		}
		n = read(fd, chunk->data, t->page_bytes);
		if (n <= 2 * (ssize_t)sizeof(uint64_t))
			return; /* EAGAIN: it is empty */
		chunk->source = source;
		chunk->bytes = (uint32_t)page_used(t, chunk->data, (size_t)n);
		t->used += trace_chunk_size(chunk->bytes);
	}
}

void trace_drain(struct trace *t)
{
	for (uint32_t scope = 0; scope < TRACE_SCOPES; scope++)
		for (long cpu = 0; cpu < t->cpus; cpu++)
			if (t->instances[scope].fds[cpu] >= 0)
				drain_buffer(t, t->instances[scope].fds[cpu],
					     (uint32_t)cpu * TRACE_SCOPES + scope);
}

/* The number behind "KEY:" on a line of its own; 0 when there is none. */
static uint64_t count_of(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

/* What found no room: trace_pipe_raw's own mark says that, but seldom how much. */
static uint64_t lost_events(const struct trace *t)
{
	static const char *const keys[] = { "\noverrun: ", "\ncommit overrun: ",
					    "\ndropped events: " };
	uint64_t lost = 0;

	for (size_t i = 0; i < TRACE_SCOPES; i++) {
		for (long cpu = 0; cpu < t->cpus; cpu++) {
			_cleanup_free_ char *text = NULL;
			char path[64];

			snprintf(path, sizeof(path), "per_cpu/cpu%ld/stats", cpu);
			text = tracefs_instance_file_read(t->instances[i].tracefs, path, NULL);
			for (size_t k = 0; text && k < ARRAY_SIZE(keys); k++)
				lost += count_of(text, keys[k]);
		}
	}
	return lost;
}

/* Calls that a probe did not see, of kprobe_profile: "NAME HITS MISSED" on each line. */
static uint64_t missed_calls(const struct trace *t)
{
	_cleanup_free_ char *text = tracefs_instance_file_read(NULL, "kprobe_profile", NULL);
	uint64_t missed = 0, n;
	char name[100];

	for (char *rest = text, *line; rest && (line = strsep(&rest, "\n"));) {
		if (sscanf(line, " %99s %*u %" SCNu64, name, &n) != 2)
			continue;
		for (size_t i = 0; i < trace_spec_count; i++)
			if (t->enabled[i] && !trace_specs[i].system &&
			    streq(trace_specs[i].name, name))
				missed += n;
	}
	return missed;
}

int trace_stop(struct trace *t, struct error *err)
{
	int r = 0;

	for (size_t i = 0; i < TRACE_SCOPES; i++)
		if (set_file(t->instances[i].tracefs, "tracing_on", "0", err) < 0)
			r = -EIO;
	t->end_ns = workload_clock();
	trace_drain(t);
	t->lost = lost_events(t);
	t->missed = missed_calls(t);
	return r;
}

void trace_recording(const struct trace *t, struct trace_recording *ret)
{
	*ret = (struct trace_recording){
		.chunks = t->arena,
		.bytes = t->used,
		.sources = (size_t)t->cpus * TRACE_SCOPES,
		.decoder = t->decoder,
		.start_ns = t->start_ns,
		.end_ns = t->end_ns,
		.lost = t->lost,
		.missed = t->missed,
		.full = t->full,
		.buffer_bytes = t->ring_bytes * (uint64_t)t->cpus * TRACE_SCOPES,
		.unavailable = &t->unavailable,
	};
}

/* Each line of the list of probes is "TYPE:GROUP/NAME FUNCTION ...". */
static int remove_probes(const char *group, struct error *err)
{
	_cleanup_free_ char *text = tracefs_instance_file_read(NULL, PROBES_FILE, NULL);
	int r = 0;

	for (char *rest = text, *line; rest && (line = strsep(&rest, "\n"));) {
		char *name = strchr(line, ':'), *slash = name ? strchr(name, '/') : NULL;
		char command[300];

		if (!slash || strncmp(name + 1, group, (size_t)(slash - name - 1)) != 0 ||
		    strlen(group) != (size_t)(slash - name - 1))
			continue;
		name[strcspn(name, " ")] = '\0';
		snprintf(command, sizeof(command), "-%s", name);
		errno = 0;
		if (tracefs_instance_file_append(NULL, PROBES_FILE, command) < 0)
			r = error_set(err, errno ? -errno : -EIO, "remove probe %s", name + 1);
	}
	return r;
}

int trace_remove(const char *name, struct error *err)
{
	_cleanup_free_ char *group = strdup(name);
	int r = 0;

	if (!group)
		return error_set(err, -ENOMEM, "tracefs");
	if (!tracefs_dir())
		return error_say(err, -EOPNOTSUPP,
				 "tracefs is not mounted: as root, «mount -t tracefs tracefs "
				 "/sys/kernel/tracing»");
	/* An instance's events hold the probes: it goes first. */
	for (size_t i = 0; i < TRACE_SCOPES; i++) {
		_cleanup_free_ char *path =
			text_format("%s/instances/%s%s", tracefs_dir(), name, suffixes[i]);

		if (!path)
			return error_set(err, -ENOMEM, "tracefs");
		if (rmdir(path) < 0 && errno != ENOENT)
			r = error_set(err, -errno, "remove %s", path);
	}
	group[strlen("wring")] = '_';
	return remove_probes(group, err) < 0 ? -EIO : r;
}

static void close_instance(const struct trace *t, struct instance *in)
{
	for (long cpu = 0; in->fds && cpu < t->cpus; cpu++)
		if (in->fds[cpu] >= 0)
			close(in->fds[cpu]);
	free(in->fds);
	if (in->tracefs)
		tracefs_instance_free(in->tracefs);
}

int trace_free(struct trace *t, struct error *err)
{
	int r = 0;

	if (!t)
		return 0;
	for (size_t i = 0; i < TRACE_SCOPES; i++)
		close_instance(t, &t->instances[i]);
	if (t->name && trace_remove(t->name, err) < 0)
		r = -EUCLEAN;
	if (t->arena)
		munmap(t->arena, t->arena_bytes);
	trace_decoder_free(t->decoder);
	strlist_done(&t->unavailable);
	free(t->name);
	free(t->group);
	free(t);
	return r;
}
