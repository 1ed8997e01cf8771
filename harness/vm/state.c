// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/state.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <nettle/sha2.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "harness/vm/boot-watch.h"
#include "harness/vm/kernel-internal.h"
#include "harness/vm/lab.h"
#include "harness/vm/machine.h"
#include "harness/vm/qmp.h"
#include "harness/vm/vm-cache.h"
#include "src/cleanup.h"
#include "src/datafile.h"
#include "src/file.h"
#include "src/macro.h"
#include "workloads/workload.h"

/* Another number for states that an older wring's machines would not go on from. */
#define FORMAT "1"

/* QEMU answers at once, except while it is busy with a guest. */
#define PATIENCE_MS  60000
#define STEP_MS	     200
#define SAVE_STEP_NS 10000000
#define SAVE_MAX_NS  UINT64_C(600000000000)

/* ---- what a state follows from ---- */

static void add_text(struct sha256_ctx *hash, const char *text)
{
	sha256_update(hash, strlen(text) + 1, (const uint8_t *)text);
}

static int add_file(struct sha256_ctx *hash, const char *path, struct error *err)
{
	char hex[KERNEL_HASH_MAX];
	int r = kernel_hash(path, hex, err);

	if (r == 0)
		add_text(hash, hex);
	return r;
}

static int make_key(const struct vm_state_args *args, char ret[static KERNEL_HASH_MAX],
		    struct error *err)
{
	const struct machine_args words = {
		.shape = args->shape,
		.clock = MACHINE_CLOCK_INSN,
		.image = "image",
		.initramfs = "initramfs",
		.console = "console",
		.status = "status",
		.results = "results",
		.results_bytes = LAB_RESULTS_BYTES,
	};
	_cleanup_free_ char *qemu = NULL, *steady = NULL, *text = NULL;
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct sha256_ctx hash;
	int r = machine_program(&qemu, err);

	if (r == 0)
		r = datafile_find("wring-steady-qemu.so", &steady, err);
	if (r == 0)
		r = machine_text(&words, &text, err);
	if (r < 0)
		return r;
	sha256_init(&hash);
	add_text(&hash, FORMAT);
	add_text(&hash, text);
	/* The ELF file's hash is known: it was just opened. */
	add_text(&hash, args->vmlinux->path ? args->vmlinux->sha256 : args->kernel->sha256);
	r = add_file(&hash, args->base, err);
	if (r == 0)
		r = add_file(&hash, qemu, err);
	if (r == 0)
		r = add_file(&hash, steady, err);
	if (r < 0)
		return r;
	sha256_digest(&hash, sizeof(digest), digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(ret + 2 * i, 3, "%02x", digest[i]);
	return 0;
}

/* ---- making one ---- */

struct maker {
	const struct vm_state_args *args;
	struct lab_trial trial; /* of which only the paths are used */
	struct machine machine;
	struct qmp *qmp;
};

static bool wants_stop(const struct maker *m)
{
	struct pollfd stop = { .fd = m->args->stop_fd, .events = POLLIN };

	return poll(&stop, 1, 0) > 0;
}

/* The machine ended, or its kernel has panicked, which stops it, too. */
static int why_ended(struct maker *m, bool ended, struct error *err)
{
	struct pollfd end = { .fd = m->machine.pidfd, .events = POLLIN };
	int status = 0;

	if (ended && poll(&end, 1, PATIENCE_MS) > 0)
		machine_wait(&m->machine, &status, NULL);
	return lab_diagnose(&m->trial, status, err);
}

/* Until the guest has stopped itself. */
static int await_stop(struct maker *m, struct error *err)
{
	struct boot_watch watch;
	struct lab_status status = {};
	int r;

	boot_watch_begin(&watch);
	while ((r = qmp_await(m->qmp, "STOP", STEP_MS, err)) == 0) {
		if (wants_stop(m))
			return error_say(err, -EINTR, "interrupted");
		if (lab_status(&m->trial, &status) == 0 &&
		    boot_watch_hangs(&watch, m->machine.pid, status.size)) {
			lab_diagnose(&m->trial, 0, err);
			return error_prefix(err, "the boot hangs");
		}
	}
	if (r > 0 && lab_status(&m->trial, &status) == 0 && status.ready)
		return 0;
	return why_ended(m, r < 0, err);
}

/* QEMU writes the machine to the file. */
static int save(struct maker *m, int fd, struct error *err)
{
	uint64_t began = workload_clock();
	const struct timespec pause = { .tv_nsec = SAVE_STEP_NS };
	int r = qmp_run(m->qmp, "migrate-set-parameters",
			json_pack("{s:I}", "max-bandwidth", (json_int_t)1 << 40), -1, NULL, err);

	if (r == 0)
		r = qmp_run(m->qmp, "getfd", json_pack("{s:s}", "fdname", "state"), fd, NULL, err);
	if (r == 0)
		r = qmp_run(m->qmp, "migrate", json_pack("{s:s}", "uri", "fd:state"), -1, NULL,
			    err);
	while (r == 0) {
		json_t *answer = NULL;
		const char *status;
		bool done;

		r = qmp_run(m->qmp, "query-migrate", NULL, -1, &answer, err);
		status = json_string_value(json_object_get(answer, "status"));
		done = status && streq(status, "completed");
		if (r == 0 && !done &&
		    (!status || streq(status, "failed") || wants_stop(m) ||
		     workload_clock() - began > SAVE_MAX_NS)) {
			const char *why = json_string_value(json_object_get(answer, "error-desc"));

			r = wants_stop(m)
				    ? error_say(err, -EINTR, "interrupted")
				    : error_say(err, -EIO, "QEMU can't save the machine: %.300s",
						why ? why : "it does not say why");
		}
		json_decref(answer);
		if (done)
			return 0;
		if (r == 0)
			nanosleep(&pause, NULL);
	}
	return r;
}

/*
 * The file says that the machine had stopped since its guest had panicked, and so it would stay.
 * Made to say that it ran, it goes on by itself once it is loaded. In the stream (QEMU's
 * docs/devel/migration.rst) that is a section of its own: its name behind a length, two numbers of
 * 4 bytes, the text's size, and room for it.
 */
static int make_it_run(int fd, struct error *err)
{
	static const char name[] = "\013globalstate", was[] = "guest-panicked", now[] = "running";
	const size_t len = sizeof(name) - 1, numbers = 12;
	off_t size = lseek(fd, 0, SEEK_END);
	uint8_t *at, *end, *next, *found = NULL;
	unsigned count = 0;

	at = size > 0 ? mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
		      : MAP_FAILED;
	if (at == MAP_FAILED)
		return error_set(err, -errno, "read the machine's state");
	end = at + size;
	for (next = at; (next = memmem(next, (size_t)(end - next), name, len)); next += len) {
		uint8_t *text = next + len + numbers;

		if (end - next < (ptrdiff_t)(len + numbers + sizeof(was)) ||
		    memcmp(text, was, sizeof(was)) != 0)
			continue;
		found = text;
		count++;
	}
	if (count == 1) {
		memset(found, 0, sizeof(was));
		memcpy(found, now, sizeof(now));
	}
	munmap(at, (size_t)size);
	return count == 1 ? 0 : error_say(err, -EPROTO, "QEMU saves a machine in an unknown form");
}

static int start(struct maker *m, const char *console, const char *status, const char *results,
		 struct error *err)
{
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return error_set(err, -errno, "make QEMU's control socket");
	r = machine_start(&m->machine,
			  &(struct machine_args){
				  .shape = m->args->shape,
				  .clock = MACHINE_CLOCK_INSN,
				  .image = m->args->kernel->image,
				  .image_fd = m->args->vmlinux->path ? m->args->vmlinux->fd : 0,
				  .initramfs = m->args->base,
				  .console = console,
				  .status = status,
				  .results = results,
				  .results_bytes = LAB_RESULTS_BYTES,
				  .control_fd = pair[1],
			  },
			  err);
	close(pair[1]);
	if (r < 0) {
		close(pair[0]);
		return r;
	}
	if (qmp_open(&m->qmp, pair[0], PATIENCE_MS, err) == 0)
		return 0;
	/* It did not even begin: QEMU says why, and no kernel is to blame. */
	m->qmp = NULL;
	why_ended(m, true, err);
	return -EIO;
}

static int make(const struct vm_state_args *args, int fd, struct error *err)
{
	_cleanup_free_ char *status = path_join(args->work_dir, LAB_STATUS_FILE);
	_cleanup_free_ char *results = path_join(args->work_dir, LAB_RESULTS_FILE);
	struct maker m = {
		.args = args,
		.trial = { .kernel = args->kernel,
			   .work_dir = args->work_dir,
			   .out_dir = args->work_dir },
	};
	_cleanup_free_ char *console = path_join(args->work_dir, LAB_CONSOLE_FILE);
	int r = status && results && console ? start(&m, console, status, results, err)
					     : error_set(err, -ENOMEM, "boot");

	if (r == 0)
		r = await_stop(&m, err);
	if (r == 0)
		r = save(&m, fd, err);
	/* QEMU has ended; no kernel that came this far is to blame. */
	if (r == -EPIPE && (r = why_ended(&m, true, err)) == -EREMOTEIO)
		r = -EIO;
	if (r == 0)
		r = make_it_run(fd, err);
	qmp_free(m.qmp);
	machine_stop(&m.machine);
	return r;
}

void vm_state_done(struct vm_state *state)
{
	cached_file_done(&state->file);
	free(state->path);
	free(state->key);
	*state = (struct vm_state){};
}

int vm_state_get(struct vm_state *ret, const struct vm_state_args *args, struct error *err)
{
	_cleanup_(vm_cache_entry_done) struct vm_cache_entry entry = {};
	_cleanup_free_ char *name = NULL;
	uint64_t began = workload_clock();
	struct vm_state state = {};
	char key[KERNEL_HASH_MAX];
	int r = make_key(args, key, err);

	if (r < 0)
		return r;
	name = text_format("%s.state", key);
	if (!name)
		return error_set(err, -ENOMEM, "boot");
	r = args->fresh ? -ENOENT : vm_cache_open(&state.file, name, err);
	if (r == -ENOENT) {
		r = vm_cache_begin(&entry, name, err);
		if (r == 0)
			r = make(args, entry.fd, err);
		if (r == 0)
			r = vm_cache_commit(&entry, &state.file, err);
		state.seconds = (double)(workload_clock() - began) / 1e9;
	}
	if (r < 0)
		return r;
	state.path = text_format("/proc/self/fd/%d", state.file.fd);
	state.key = strdup(key);
	if (!state.path || !state.key) {
		vm_state_done(&state);
		return error_set(err, -ENOMEM, "boot");
	}
	*ret = state;
	return 0;
}
