// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "harness/suite/kernel-args.h"
#include "harness/vm/fw-cfg.h"
#include "src/cleanup.h"
#include "src/datafile.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/process.h"
#include "src/strlist.h"
#include "workloads/workload.h"

#define PROGRAM	      "qemu-system-x86_64"
#define SANDBOX	      "on,obsolete=deny,elevateprivileges=deny,spawn=deny"
#define RESULTS_MIN   ((uint64_t)1 << 20)
#define NODE_MULTIPLE ((uint64_t)1 << 20)

/*
 * TCG executes, and counts, each turn of a «rep stosb» or «rep movsb»: a CPU that has these fast
 * (ERMS, FSRM) would have the kernel clear and copy pages by 4096 single bytes. Without, it does so
 * by 512 words.
 */
#define CPU_TCG "max,-erms,-fsrm"

const char *const machine_accel_names[] = { "tcg", "kvm" };

int machine_program(char **ret, struct error *err)
{
	const char *given = getenv("WRING_QEMU");
	int r = process_find(given && *given ? given : PROGRAM, ret, err);

	if (r == -ENOENT && !(given && *given))
		return error_say(err, r,
				 PROGRAM " is not installed, and VMs need it: install "
					 "qemu-system-x86 (Debian, Ubuntu) or qemu-system-x86-core "
					 "(Fedora), or name it in WRING_QEMU");
	return r < 0 && given && *given ? error_prefix(err, "WRING_QEMU") : r;
}

int machine_version(char **ret, struct error *err)
{
	_cleanup_free_ char *program = NULL, *output = NULL;
	int r, status;

	r = machine_program(&program, err);
	if (r < 0)
		return r;
	r = process_run((const char *const[]){ program, "--version", NULL }, NULL, &output, &status,
			err);
	if (r < 0)
		return r;
	output[strcspn(output, "\n")] = '\0';
	if (status != 0 || !*output)
		return error_say(err, -EIO, "%s --version failed: %s", program, output);
	*ret = TAKE_PTR(output);
	return 0;
}

/* QEMU can be built without it; one that has it gets as far as listing its devices. */
static bool sandbox_works(const char *program)
{
	const char *const argv[] = { program, "-sandbox", SANDBOX, "-M",
				     "none",  "-device",  "help",  NULL };
	int status;

	return process_run(argv, NULL, NULL, &status, NULL) == 0 && status == 0;
}

/* Appends one printf'ed argument; once memory is out, *r stays negative. */
__attribute__((format(printf, 3, 4))) static void add(struct strlist *argv, int *r, const char *fmt,
						      ...)
{
	_cleanup_free_ char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0) {
		text = NULL;
		*r = -ENOMEM;
	} else if (*r == 0) {
		*r = strlist_add(argv, text);
	}
}

/* A path as a value among QEMU's comma-separated options: a comma is written twice. */
static char *escape(const char *path)
{
	char *out = malloc(2 * strlen(path) + 1), *p = out;

	if (!out)
		return NULL;
	for (; *path; path++) {
		if (*path == ',')
			*p++ = ',';
		*p++ = *path;
	}
	*p = '\0';
	return out;
}

static void add_distances(struct strlist *argv, int *r, const struct machine_spec *shape)
{
	for (size_t from = 0; from < shape->node_count; from++)
		for (size_t to = 0; to < shape->node_count; to++) {
			if (from == to)
				continue;
			add(argv, r, "-numa");
			add(argv, r, "dist,src=%zu,dst=%zu,val=%u", from, to,
			    shape->distances[from][to]);
		}
}

static int add_memory(struct strlist *argv, const struct machine_spec *shape, struct error *err)
{
	int r = 0;

	for (size_t i = 0; i < shape->node_count; i++) {
		const struct node_spec *node = &shape->nodes[i];
		_cleanup_free_ char *cpus = strdup("");

		if (node->size_bytes == 0 || node->size_bytes % NODE_MULTIPLE)
			return error_say(err, -EINVAL,
					 "machine.nodes: a VM's node has a whole number of MiB");
		for (uint64_t cpu = 0; cpus && cpu < shape->cpus; cpu++) {
			char *more;

			if (!(node->cpu_set >> cpu & 1))
				continue;
			more = text_format("%s,cpus=%llu", cpus, (unsigned long long)cpu);
			free(cpus);
			cpus = more;
		}
		if (!cpus)
			return error_set(err, -ENOMEM, "start QEMU");
		add(argv, &r, "-object");
		add(argv, &r, "memory-backend-ram,id=mem%zu,size=%lluM", i,
		    (unsigned long long)(node->size_bytes / NODE_MULTIPLE));
		add(argv, &r, "-numa");
		add(argv, &r, "node,nodeid=%zu,memdev=mem%zu%s", i, i, cpus);
	}
	if (shape->has_distances)
		add_distances(argv, &r, shape);
	add(argv, &r, "-m");
	add(argv, &r, "%lluM", (unsigned long long)(machine_bytes(shape) / NODE_MULTIPLE));
	add(argv, &r, "-smp");
	add(argv, &r, "%llu", (unsigned long long)shape->cpus);
	return r < 0 ? error_set(err, r, "start QEMU") : 0;
}

static void add_clock(struct strlist *argv, int *r, enum machine_clock clock,
		      enum machine_accel accel)
{
	add(argv, r, "-accel");
	if (clock == MACHINE_CLOCK_WALL) {
		add(argv, r, accel == MACHINE_ACCEL_KVM ? "kvm" : "tcg,thread=multi");
		return;
	}
	/*
	 * One virtual ns an instruction; the guest's idle time passes at once. The buffer for what
	 * is translated is otherwise sized by the host's memory: when it is full, all CPUs leave
	 * off.
	 */
	add(argv, r, "tcg,thread=single,tb-size=512");
	add(argv, r, "-icount");
	add(argv, r, "shift=0,sleep=off");
	add(argv, r, "-seed");
	add(argv, r, "1");
	add(argv, r, "-rtc");
	add(argv, r, "base=2026-01-01,clock=vm");
}

/* A PCI window's size is a power of two. */
static uint64_t results_size(uint64_t bytes)
{
	uint64_t size = RESULTS_MIN;

	while (size < bytes && size < (uint64_t)1 << 62)
		size *= 2;
	return size;
}

/* What the guest finds by fw-cfg.h, and what a state takes to be saved and to go on. */
static int add_state(struct strlist *argv, const struct machine_args *args, int state_fd)
{
	_cleanup_free_ char *order = args->order ? escape(args->order) : NULL;
	int r = args->order && !order ? -ENOMEM : 0;

	add(argv, &r, "-device");
	add(argv, &r, "pvpanic");
	if (order) {
		add(argv, &r, "-fw_cfg");
		add(argv, &r, "name=" FW_CFG_ORDER ",file=%s", order);
	}
	if (args->control_fd) {
		add(argv, &r, "-fw_cfg");
		add(argv, &r, "name=" FW_CFG_STOP ",string=1");
		add(argv, &r, "-action");
		add(argv, &r, "panic=pause");
		add(argv, &r, "-chardev");
		add(argv, &r, "socket,id=control,fd=%d", args->control_fd);
		add(argv, &r, "-mon");
		add(argv, &r, "chardev=control,mode=control");
	} else {
		add(argv, &r, "-action");
		add(argv, &r, "panic=none");
	}
	if (state_fd >= 0) {
		/* There is no network that a moved machine would be announced to, for half a
		 * second. */
		add(argv, &r, "-global");
		add(argv, &r, "migration.announce-rounds=0");
		add(argv, &r, "-incoming");
		add(argv, &r, "fd:%d", state_fd);
	}
	return r;
}

static int add_devices(struct strlist *argv, const struct machine_args *args)
{
	_cleanup_free_ char *console = escape(args->console), *status = escape(args->status),
			    *results = escape(args->results);
	int r = 0;

	if (!console || !status || !results)
		return -ENOMEM;
	add(argv, &r, "-chardev");
	add(argv, &r, "file,id=console,path=%s", console);
	add(argv, &r, "-serial");
	add(argv, &r, "chardev:console");
	add(argv, &r, "-chardev");
	add(argv, &r, "file,id=status,path=%s", status);
	add(argv, &r, "-serial");
	add(argv, &r, "chardev:status");
	if (args->interactive) {
		add(argv, &r, "-chardev");
		add(argv, &r, "stdio,id=terminal,signal=off");
		add(argv, &r, "-serial");
		add(argv, &r, "chardev:terminal");
	}
	add(argv, &r, "-object");
	add(argv, &r, "memory-backend-file,id=results,share=on,size=%llu,mem-path=%s",
	    (unsigned long long)results_size(args->results_bytes), results);
	add(argv, &r, "-device");
	/* master: with its memory, still all zero, a part of the machine's state. */
	add(argv, &r, "ivshmem-plain,memdev=results,master=on");
	return r;
}

static int build_argv(struct strlist *argv, const char *program, const struct machine_args *args,
		      int state_fd, struct error *err)
{
	static const char *const fixed[] = { "-nodefaults", "-no-user-config", "-no-reboot",
					     "-display", "none", "-nic", "none", "-M", "pc",
					     /* steady-qemu.c knows threads by their names. */
					     "-name", "wring,debug-threads=on" };
	_cleanup_free_ char *own =
		kernel_args_own(args->clock == MACHINE_CLOCK_INSN, args->shape->cpus == 1);
	int r = own ? 0 : -ENOMEM;

	add(argv, &r, "%s", program);
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		add(argv, &r, "%s", fixed[i]);
	add(argv, &r, "-cpu");
	add(argv, &r, "%s", args->accel == MACHINE_ACCEL_KVM ? "max" : CPU_TCG);
	if (sandbox_works(program)) {
		add(argv, &r, "-sandbox");
		add(argv, &r, "%s", SANDBOX);
	}
	add_clock(argv, &r, args->clock, args->accel);
	if (r == 0)
		r = add_devices(argv, args);
	if (r == 0)
		r = add_state(argv, args, state_fd);
	add(argv, &r, "-kernel");
	if (args->image_fd)
		add(argv, &r, "/proc/self/fd/%d", args->image_fd);
	else
		add(argv, &r, "%s", args->image);
	add(argv, &r, "-initrd");
	add(argv, &r, "%s", args->initramfs);
	add(argv, &r, "-append");
	add(argv, &r, "%s%s%s%s%s", own, args->shape->args ? " " : "",
	    args->shape->args ? args->shape->args : "", args->extra_cmdline ? " " : "",
	    args->extra_cmdline ? args->extra_cmdline : "");
	if (r < 0)
		return error_set(err, r, "start QEMU");
	return add_memory(argv, args->shape, err);
}

static int results_make(const char *path, uint64_t bytes, struct error *err)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0)
		return error_set(err, -errno, "create %s", path);
	if (ftruncate(fd, (off_t)results_size(bytes)) < 0)
		return error_set(err, -errno, "create %s", path);
	return 0;
}

int machine_text(const struct machine_args *args, char **ret, struct error *err)
{
	_cleanup_strlist_ struct strlist argv = {};
	_cleanup_free_ char *program = NULL, *text = NULL;
	int r = machine_program(&program, err);

	if (r == 0)
		r = build_argv(&argv, program, args, -1, err);
	for (size_t i = 1; r == 0 && i < argv.count; i++) {
		char *more = text_format("%s%s\n", text ? text : "", argv.items[i]);

		free(text);
		text = more;
		if (!text)
			r = error_set(err, -ENOMEM, "start QEMU");
	}
	if (r == 0)
		*ret = TAKE_PTR(text);
	return r;
}

/* What a QEMU gets besides its arguments: open files, each our own, or -1. */
struct given {
	int null, output, state, control, image;
	bool interactive; /* it has our terminal, in our process group */
};

/*
 * The child up to exec: async-signal-safe calls only, since wring may have threads. Its own
 * process group keeps a terminal's Ctrl-C for wring, which then decides. The death signal comes
 * when the thread that started the machine ends.
 */
static void __attribute__((noreturn))
child(char *const *argv, char *const *envp, const struct given *fds, int report_fd, pid_t parent)
{
	sigset_t none;
	int code;

	sigemptyset(&none);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || (!fds->interactive && setpgid(0, 0) < 0))
		goto failed;
	if (getppid() != parent)
		_exit(127);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if ((!fds->interactive && (dup2(fds->null, 0) < 0 || dup2(fds->output, 1) < 0)) ||
	    dup2(fds->output, 2) < 0)
		goto failed;
	/* These it knows by their numbers. */
	if ((fds->state >= 0 && fcntl(fds->state, F_SETFD, 0) < 0) ||
	    (fds->control >= 0 && fcntl(fds->control, F_SETFD, 0) < 0) ||
	    (fds->image >= 0 && fcntl(fds->image, F_SETFD, 0) < 0))
		goto failed;
	execve(argv[0], argv, envp);
failed:
	code = errno;
	if (write(report_fd, &code, sizeof(code)) < 0)
		_exit(126);
	_exit(127);
}

/* Returns when exec has succeeded or failed. */
static int launch(char *const *argv, char *const *envp, const struct given *given, pid_t *ret,
		  struct error *err)
{
	_cleanup_close_ int in = -1, out = -1;
	int fds[2], code = 0;
	pid_t parent = getpid(), pid;
	ssize_t n;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_set(err, -errno, "start %s", argv[0]);
	in = fds[0];
	out = fds[1];
	pid = fork();
	if (pid < 0)
		return error_set(err, -errno, "start %s", argv[0]);
	if (pid == 0)
		child(argv, envp, given, out, parent);
	close(TAKE_FD(out));
	do
		n = read(in, &code, sizeof(code));
	while (n < 0 && errno == EINTR);
	if (n != 0) {
		waitpid(pid, NULL, 0);
		return error_set(err, n == sizeof(code) ? -code : -EIO, "start %s", argv[0]);
	}
	*ret = pid;
	return 0;
}

/* Our environment, and for a clock of instructions the library that steady-qemu.c explains. */
static int build_environment(struct strlist *ret, enum machine_clock clock, struct error *err)
{
	_cleanup_free_ char *library = NULL, *preload = NULL;
	int r = 0;

	for (char **e = environ; *e && r == 0; e++)
		if (!starts_with(*e, "LD_PRELOAD="))
			r = strlist_add(ret, *e);
	if (r == 0 && clock == MACHINE_CLOCK_INSN) {
		r = datafile_find("wring-steady-qemu.so", &library, err);
		if (r < 0)
			return r;
		/* The loader would split the path there, warn, and go on without. */
		if (strpbrk(library, " :"))
			return error_say(
				err, -EINVAL,
				"%s: QEMU can't load it from a path with a blank or a colon",
				library);
		preload = text_format("LD_PRELOAD=%s", library);
		r = preload ? strlist_add(ret, preload) : -ENOMEM;
	}
	return r < 0 ? error_set(err, r, "start QEMU") : 0;
}

/* NULL-terminated, its strings the list's. */
static char **as_vector(const struct strlist *list)
{
	char **vector = calloc(list->count + 1, sizeof(*vector));

	if (vector && list->count)
		memcpy(vector, list->items, list->count * sizeof(*vector));
	return vector;
}

int machine_start(struct machine *ret, const struct machine_args *args, struct error *err)
{
	_cleanup_free_ char *program = NULL, *log = text_format("%s.qemu", args->console);
	_cleanup_close_ int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC), out_fd = -1,
			    state_fd = -1;
	_cleanup_strlist_ struct strlist list = {}, environment = {};
	_cleanup_free_ char **argv = NULL, **envp = NULL;
	struct machine m = { .pidfd = -1 };
	int r;

	if (!log)
		return error_set(err, -ENOMEM, "start QEMU");
	r = machine_program(&program, err);
	if (r < 0)
		return r;
	if (args->state) {
		state_fd = open(args->state, O_RDONLY | O_CLOEXEC);
		if (state_fd < 0)
			return error_set(err, -errno, "open %s", args->state);
	}
	r = build_argv(&list, program, args, state_fd, err);
	if (r == 0)
		r = build_environment(&environment, args->clock, err);
	if (r == 0)
		r = results_make(args->results, args->results_bytes, err);
	if (r < 0)
		return r;
	out_fd = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (out_fd < 0)
		return error_set(err, -errno, "create %s", log);
	argv = as_vector(&list);
	envp = as_vector(&environment);
	if (!argv || !envp || null_fd < 0)
		return error_set(err, argv && envp ? -EIO : -ENOMEM, "start QEMU");
	m.started_ns = workload_clock();
	r = launch(argv, envp,
		   &(struct given){ .null = null_fd,
				    .output = out_fd,
				    .state = state_fd,
				    .control = args->control_fd ? args->control_fd : -1,
				    .image = args->image_fd ? args->image_fd : -1,
				    .interactive = args->interactive },
		   &m.pid, err);
	if (r < 0)
		return r;
	m.pidfd = (int)syscall(SYS_pidfd_open, m.pid, 0);
	if (m.pidfd < 0) {
		r = error_set(err, -errno, "watch QEMU (a kernel older than Linux 5.3?)");
		machine_stop(&m);
		return r;
	}
	*ret = m;
	return 0;
}

/* Forgets a machine that has been reaped. */
static void forget(struct machine *m)
{
	if (m->pidfd >= 0)
		close(m->pidfd);
	m->pidfd = -1;
	m->pid = 0;
}

void machine_stop(struct machine *m)
{
	if (m->pid <= 0)
		return;
	kill(m->pid, SIGKILL);
	while (waitpid(m->pid, NULL, 0) < 0 && errno == EINTR)
		;
	forget(m);
}

int machine_wait(struct machine *m, int *ret_status, struct error *err)
{
	siginfo_t info = {};

	if (m->pid <= 0)
		return error_set(err, -ECHILD, "wait for QEMU");
	if (waitid(P_PID, (id_t)m->pid, &info, WEXITED | WNOHANG) < 0)
		return error_set(err, -errno, "wait for QEMU");
	if (info.si_pid == 0)
		return error_say(err, -EAGAIN, "QEMU still runs");
	*ret_status = info.si_code == CLD_EXITED ? info.si_status : -info.si_status;
	forget(m);
	return 0;
}
