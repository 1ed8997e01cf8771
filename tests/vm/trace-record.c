// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Records a short trace in a VM, raw, with the formats of its events and what the kernel's own
 * counters say of it: a child touches 1.5 MiB twice in a cgroup of 1 MiB, on the classic LRU. Run
 * by tests/record-traces.sh, which puts what it prints into tests/fixtures/traces.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <tracefs.h>
#include <unistd.h>

#include "harness/trace.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/kvfile.h"
#include "tests/tap.h"

#define CG	   "/sys/fs/cgroup"
#define TOUCHED	   ((size_t)1536 << 10)
#define MEMORY	   ((uint64_t)1 << 30) /* of the machine that tests/vm/lab.c makes */
#define PAGE_BYTES 4096

static uint64_t stolen(void)
{
	_cleanup_free_ char *text = NULL;
	uint64_t anon = 0, file = 0;

	file_read(AT_FDCWD, "/proc/vmstat", &text, NULL, NULL);
	kv_get(KV_FLAT, text, "pgsteal_anon", &anon);
	kv_get(KV_FLAT, text, "pgsteal_file", &file);
	return anon + file;
}

static _Noreturn void touch(int go)
{
	char *memory =
		mmap(NULL, TOUCHED, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char byte;

	madvise(memory, TOUCHED, MADV_NOHUGEPAGE);
	file_write_kernel(AT_FDCWD, CG "/box/cgroup.procs", "0");
	if (read(go, &byte, 1) != 1)
		_exit(1);
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < TOUCHED; i += PAGE_BYTES)
			memory[i]++;
	_exit(0);
}

/* What nothing here reads, how to print an event, is left out of the formats: it is most of them.
 */
static void print_format(const struct trace_spec *spec, const char *group)
{
	int len;
	char *text = tracefs_event_file_read(NULL, spec->system ? spec->system : group, spec->name,
					     "format", &len);

	if (!text)
		return;
	printf("# event %s\n", spec->name);
	for (char *rest = text, *line; (line = strsep(&rest, "\n")) && *line != 'p';)
		printf("# |%s\n", line);
	printf("# |print fmt: \"\"\n");
	free(text);
}

static void print_chunks(const struct trace_recording *rec)
{
	for (size_t at = 0; at < rec->bytes;) {
		const struct trace_chunk *c = (const void *)((const char *)rec->chunks + at);

		printf("# chunk %u %u", c->source, c->bytes);
		for (uint32_t i = 0; i < c->bytes; i++)
			printf("%s%02x", i % 48 ? "" : "\n# |", c->data[i]);
		printf("\n");
		at += trace_chunk_size(c->bytes);
	}
}

int main(void)
{
	struct trace_recording rec;
	struct trace *trace = NULL;
	struct error err = {};
	char group[40];
	int go[2], status;
	uint64_t before, after;
	pid_t pid;

	mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, NULL);
	file_write_kernel(AT_FDCWD, "/sys/kernel/mm/lru_gen/enabled", "n");
	file_write_kernel(AT_FDCWD, CG "/cgroup.subtree_control", "+memory");
	mkdir(CG "/box", 0755);
	file_write_kernel(AT_FDCWD, CG "/box/memory.max", "1M");
	if (pipe(go) < 0)
		return 1;
	pid = fork();
	if (pid == 0)
		touch(go[0]);
	if (!tap_ok(trace_new(&trace, NULL, MEMORY, 1, &err) == 0 &&
			    trace_follow(trace, pid, &err) == 0 && trace_start(trace, &err) == 0,
		    "a trace begins %s", err.text))
		return tap_done();
	before = stolen();
	if (write(go[1], "", 1) != 1 || waitpid(pid, &status, 0) != pid)
		return 1;
	after = stolen();
	tap_eq_i64(trace_stop(trace, &err), 0, "and ends %s", err.text);
	trace_recording(trace, &rec);
	printf("# number tid %d\n# number pgsteal %" PRIu64 "\n# number sources %zu\n", (int)pid,
	       after - before, rec.sources);
	printf("# number start %" PRIu64 "\n# number end %" PRIu64 "\n", rec.start_ns, rec.end_ns);
	snprintf(group, sizeof(group), "wring_%d", (int)getpid());
	for (size_t i = 0; i < trace_spec_count; i++)
		print_format(&trace_specs[i], group);
	print_chunks(&rec);
	tap_eq_u64(rec.lost, 0, "nothing is lost");
	tap_eq_i64(trace_free(trace, &err), 0, "all is removed %s", err.text);
	return tap_done();
}
