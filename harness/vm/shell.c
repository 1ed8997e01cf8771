// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/shell.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "harness/guard.h"
#include "harness/vm/boot-watch.h"
#include "harness/vm/lab.h"
#include "harness/vm/vmlinux.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"

#define STEP_MS 500

/* Until the machine is off; a boot that hangs is ended. */
static int await_end(const struct lab_trial *trial, struct machine *machine, struct error *err)
{
	struct pollfd ended = { .fd = machine->pidfd, .events = POLLIN };
	struct boot_watch watch;
	struct lab_status status = {};
	int code = 0, r;

	boot_watch_begin(&watch);
	while (poll(&ended, 1, STEP_MS) <= 0) {
		if (lab_status(trial, &status) < 0 || status.began ||
		    !boot_watch_hangs(&watch, machine->pid, status.size))
			continue;
		lab_diagnose(trial, 0, err);
		return error_prefix(err, "the boot hangs");
	}
	r = machine_wait(machine, &code, err);
	if (r < 0)
		return r;
	lab_status(trial, &status);
	return status.done ? 0 : lab_diagnose(trial, code, err);
}

static int run(const struct shell_args *args, const char *dir, struct error *err)
{
	_cleanup_free_ char *base = path_join(dir, "base.cpio");
	_cleanup_(cached_file_done) struct cached_file vmlinux = {};
	struct winsize window = {};
	const char *term = getenv("TERM");
	struct lab_shell shell = { .term = term ? term : "" };
	struct lab_trial trial = {
		.suite = args->suite,
		.scenario = args->scenario,
		.kernel = args->kernel,
		.seed = args->scenario->seeds[0],
		.clock = MACHINE_CLOCK_WALL,
		.accel = args->accel,
		.vmlinux = &vmlinux,
		.base = base,
		.shell = &shell,
		.work_dir = dir,
		.out_dir = dir,
	};
	struct machine machine = {};
	int r;

	if (!base)
		return error_set(err, -ENOMEM, "shell");
	ioctl(STDIN_FILENO, TIOCGWINSZ, &window);
	shell.rows = window.ws_row;
	shell.columns = window.ws_col;
	r = lab_make_base(base, args->kernel, &args->suite->machine, err);
	if (r < 0)
		return r;
	vmlinux_get(&vmlinux, args->kernel, NULL); /* a bzImage boots as well, only slower */
	r = lab_start(&trial, &machine, err);
	if (r == 0)
		r = await_end(&trial, &machine, err);
	machine_stop(&machine);
	return r;
}

int vm_shell(const struct shell_args *args, struct error *err)
{
	_cleanup_free_ char *dir = text_format("%s/shell-%d", args->cache, (int)getpid());
	struct sigaction ignore = { .sa_handler = SIG_IGN }, old;
	struct guard *guard = NULL;
	int r;

	if (!dir)
		return error_set(err, -ENOMEM, "shell");
	r = guard_open(&guard, args->cache, getpid(), err);
	if (r == 0)
		r = guard_note_dir(guard, dir, err);
	if (r == 0)
		r = dir_make(dir, err);
	/* Until QEMU has the terminal, and when it has given it back, Ctrl-C would end us too soon.
	 */
	sigaction(SIGINT, &ignore, &old);
	if (r == 0)
		r = run(args, dir, err);
	sigaction(SIGINT, &old, NULL);
	if (dir_remove(AT_FDCWD, dir, NULL) < 0)
		guard_keep(guard);
	guard_close(guard);
	return r;
}
