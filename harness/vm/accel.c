// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/accel.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "harness/guard.h"
#include "harness/vm/console.h"
#include "harness/vm/initramfs.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "workloads/workload.h"

#define DEVICE	    "/dev/kvm"
#define VERDICT	    "kvm.json"
#define PROBE_BYTES ((uint64_t)256 << 20)
/* A boot takes about a second by KVM: so long, and on a busy machine too, it has failed. */
#define PROBE_MS (30 * 1000)

/* What a verdict holds for. */
struct key {
	char host[200], cpu[200];
	char *qemu;
};

static void key_done(struct key *key)
{
	free(key->qemu);
}

/* "model name" of the first CPU; other architectures have no such line, and no such lab. */
static void cpu_model(char *buf, size_t size)
{
	_cleanup_free_ char *text = NULL;
	const char *line, *colon;

	snprintf(buf, size, "unknown");
	if (file_read(AT_FDCWD, "/proc/cpuinfo", &text, NULL, NULL) < 0)
		return;
	line = strstr(text, "model name");
	colon = line ? strchr(line, ':') : NULL;
	if (colon)
		snprintf(buf, size, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
	error_plain(buf);
}

static int key_make(struct key *ret, struct error *err)
{
	struct utsname uts;
	int r = machine_version(&ret->qemu, err);

	if (r < 0)
		return r;
	error_plain(ret->qemu);
	uname(&uts);
	snprintf(ret->host, sizeof(ret->host), "%s", uts.release);
	cpu_model(ret->cpu, sizeof(ret->cpu));
	return 0;
}

static bool has_text(const json_t *json, const char *name, const char *text)
{
	const char *value = json_string_value(json_object_get(json, name));

	return value && streq(value, text);
}

/* The device itself, which costs nothing to ask; a change of its permissions counts at once. */
static bool is_present(struct accel_verdict *ret)
{
	_cleanup_close_ int fd = open(DEVICE, O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		return true;
	ret->state = ACCEL_ABSENT;
	if (errno == EACCES || errno == EPERM)
		snprintf(ret->reason, sizeof(ret->reason),
			 DEVICE " may not be opened: add yourself to its group (usermod -aG kvm "
				"USER) and log in anew");
	else
		snprintf(ret->reason, sizeof(ret->reason),
			 DEVICE " can't be opened (%s): this host, or its firmware, offers no KVM",
			 strerror(errno));
	return false;
}

static void recall(const char *cache, const struct key *key, struct accel_verdict *ret)
{
	_cleanup_free_ char *path = path_join(cache, VERDICT);
	json_t *json = path ? json_load_file(path, 0, NULL) : NULL;
	const json_t *works = json_object_get(json, "works");
	const char *reason = json_string_value(json_object_get(json, "reason"));

	ret->state = ACCEL_UNTRIED;
	if (json_is_boolean(works) && reason && has_text(json, "host", key->host) &&
	    has_text(json, "cpu", key->cpu) && has_text(json, "qemu", key->qemu)) {
		ret->state = json_is_true(works) ? ACCEL_WORKS : ACCEL_FAILS;
		snprintf(ret->reason, sizeof(ret->reason), "%s", reason);
	}
	json_decref(json);
}

void accel_recall(const char *cache, struct accel_verdict *ret)
{
	_cleanup_(key_done) struct key key = {};

	*ret = (struct accel_verdict){ .state = ACCEL_UNTRIED };
	if (is_present(ret) && key_make(&key, NULL) == 0)
		recall(cache, &key, ret);
}

/* Without it the verdict is found anew each time, which is slow and not wrong. */
static void keep(const char *cache, const struct key *key, const struct kernel *kernel,
		 const struct accel_verdict *verdict)
{
	_cleanup_free_ char *path = path_join(cache, VERDICT), *text = NULL;
	json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:b, s:s}", "host", key->host, "cpu",
				 key->cpu, "qemu", key->qemu, "kernel", kernel->name, "works",
				 verdict->state == ACCEL_WORKS, "reason", verdict->reason);

	text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;
	json_decref(json);
	if (path && text)
		file_write_atomic(AT_FDCWD, path, text, strlen(text), NULL);
}

static uint64_t now_ms(void)
{
	return workload_clock() / 1000000;
}

/* Whether QEMU ended by itself in time. */
static bool has_ended(const struct machine *machine)
{
	struct pollfd fd = { .fd = machine->pidfd, .events = POLLIN };
	uint64_t end = now_ms() + PROBE_MS;

	for (;;) {
		uint64_t now = now_ms();
		int n = poll(&fd, 1, now < end ? (int)(end - now) : 0);

		if (n > 0 || (n == 0 && now >= end))
			return n > 0;
		if (n < 0 && errno != EINTR)
			return false;
	}
}

/* What QEMU itself said: its first words are the cause, what follows are consequences. */
static void first_line(const char *path, char *buf, size_t size)
{
	if (file_read_line(AT_FDCWD, path, buf, size) < 0)
		*buf = '\0';
	error_plain(buf);
}

/*
 * The guest finds no init, panics and reboots, which ends QEMU: so far a kernel that boots comes,
 * and one that asserts, spins or stops doesn't.
 */
static void judge(struct machine *machine, const char *console, struct accel_verdict *ret)
{
	_cleanup_free_ char *log = text_format("%s.qemu", console), *text = NULL;
	char line[300] = "";
	struct error err;
	int status, n;

	ret->state = ACCEL_FAILS;
	if (!has_ended(machine)) {
		machine_stop(machine);
		console_tail(console, 1, line, sizeof(line));
		n = snprintf(ret->reason, sizeof(ret->reason),
			     *line ? "in %d s the guest came no further than «%.150s»"
				   : "in %d s the guest said nothing",
			     PROBE_MS / 1000, line);
		first_line(log, line, sizeof(line)); /* it may have paused the guest */
		if (*line)
			snprintf(ret->reason + n, sizeof(ret->reason) - (size_t)n,
				 ", QEMU «%.150s»", line);
		return;
	}
	if (machine_wait(machine, &status, &err) < 0) {
		snprintf(ret->reason, sizeof(ret->reason), "%.350s", err.text);
		return;
	}
	if (status != 0) {
		first_line(log, line, sizeof(line));
		snprintf(ret->reason, sizeof(ret->reason), "QEMU ended by %s %d%s%.300s",
			 status < 0 ? "signal" : "status", abs(status), *line ? ": " : "", line);
		return;
	}
	if (file_read(AT_FDCWD, console, &text, NULL, NULL) < 0 || !strstr(text, "Linux version")) {
		snprintf(ret->reason, sizeof(ret->reason), "the guest ended without a word");
		return;
	}
	*ret = (struct accel_verdict){ .state = ACCEL_WORKS };
}

static int boot(const char *dir, const struct kernel *kernel, struct accel_verdict *ret,
		struct error *err)
{
	static const struct machine_spec shape = {
		.cpus = 1, .nodes = { { .size_bytes = PROBE_BYTES, .cpu_set = 1 } }, .node_count = 1
	};
	_cleanup_free_ char *archive = path_join(dir, "initramfs.cpio");
	_cleanup_free_ char *console = path_join(dir, "console");
	_cleanup_free_ char *status = path_join(dir, "status");
	_cleanup_free_ char *results = path_join(dir, "results");
	struct initramfs *initramfs = NULL;
	struct machine machine = {};
	int r;

	if (!archive || !console || !status || !results)
		return error_set(err, -ENOMEM, "try KVM");
	r = initramfs_new(&initramfs, archive, err);
	if (r == 0)
		r = initramfs_add_dir(initramfs, "tmp", err);
	if (r == 0)
		r = initramfs_finish(initramfs, err);
	initramfs_free(initramfs);
	if (r == 0)
		r = machine_start(&machine,
				  &(struct machine_args){
					  .shape = &shape,
					  .clock = MACHINE_CLOCK_WALL,
					  .accel = MACHINE_ACCEL_KVM,
					  .image = kernel->image,
					  .initramfs = archive,
					  .console = console,
					  .status = status,
					  .results = results,
				  },
				  err);
	if (r == 0)
		judge(&machine, console, ret);
	return r;
}

static int try(const char *cache, const struct kernel *kernel, struct accel_verdict *ret,
	       struct error *err)
{
	_cleanup_free_ char *dir = text_format("%s/.kvm-%d", cache, (int)getpid());
	struct guard *guard = NULL;
	int r = dir ? guard_open(&guard, cache, getpid(), err) : error_set(err, -ENOMEM, "try KVM");

	if (r == 0)
		r = guard_note_dir(guard, dir, err);
	if (r == 0)
		r = dir_make(dir, err);
	if (r == 0)
		r = boot(dir, kernel, ret, err);
	if (dir && dir_remove(AT_FDCWD, dir, NULL) < 0)
		guard_keep(guard);
	guard_close(guard);
	return r;
}

int accel_choose(enum accel_wish wish, enum machine_clock clock, const struct kernel *kernel,
		 const char *cache, void (*say)(const char *line), enum machine_accel *ret,
		 struct error *err)
{
	_cleanup_(key_done) struct key key = {};
	struct accel_verdict verdict = {};
	char line[600];
	int r;

	*ret = MACHINE_ACCEL_TCG;
	if (clock == MACHINE_CLOCK_INSN || wish == ACCEL_TCG)
		return 0;
	if (is_present(&verdict)) {
		r = key_make(&key, err);
		if (r < 0)
			return r;
		recall(cache, &key, &verdict);
		if (verdict.state == ACCEL_UNTRIED ||
		    (verdict.state == ACCEL_FAILS && wish == ACCEL_KVM)) {
			say("trying whether KVM boots guests here: it takes a second, or half a "
			    "minute when it does not");
			r = try(cache, kernel, &verdict, err);
			if (r < 0)
				return r;
			keep(cache, &key, kernel, &verdict);
		}
	}
	if (verdict.state == ACCEL_WORKS) {
		*ret = MACHINE_ACCEL_KVM;
		return 0;
	}
	snprintf(line, sizeof(line), "%s%s",
		 verdict.state == ACCEL_FAILS ? "KVM does not boot guests here: " : "no KVM: ",
		 verdict.reason);
	if (wish == ACCEL_KVM)
		return error_say(err, -EOPNOTSUPP,
				 "%s. --accel tcg emulates the CPU instead, at a twentieth of the "
				 "speed or less",
				 line);
	strncat(line,
		". The CPU is emulated (multi-threaded TCG): real time is that of the "
		"emulation",
		sizeof(line) - strlen(line) - 1);
	say(line);
	return 0;
}
