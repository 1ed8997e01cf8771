/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "src/error.h"

/*
 * Runs a program (argv is NULL-terminated; argv[0] a path, or a name for process_find()) and waits
 * for it. Its stdin is empty, its locale C.UTF-8, its directory cwd (NULL: ours).
 *
 * *ret_output: stdout and stderr together, NUL-terminated, the caller's to free; what goes beyond
 * 16 MiB is dropped. NULL: the output is only kept for the error's text.
 * *ret_status: its exit status, or -signal when one killed it. NULL: anything but exit status 0
 * is this call's error (-EIO), with the program's last lines quoted.
 * -ENOENT when there is no such program.
 */
int process_run(const char *const argv[], const char *cwd, char **ret_output, int *ret_status,
		struct error *err);

/* Where programs are looked for when PATH is unset, as by the first process of a VM. */
const char *process_default_path(void);

/*
 * The path of a program: looked for in PATH, then in /usr/sbin and /sbin, which a plain user's
 * PATH often lacks. *ret is the caller's to free. -ENOENT.
 */
int process_find(const char *name, char **ret, struct error *err);
