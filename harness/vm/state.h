/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "harness/suite/suite.h"
#include "harness/vm/kernel.h"
#include "harness/vm/vm-cache.h"
#include "src/error.h"

/*
 * Boot once, run many. A kernel is booted in the suite's machine until that is made (modules, swap,
 * disk); there the guest stops itself at a set instruction, QEMU saves the machine, and each trial
 * goes on from the file, byte for byte the same. The cache keeps the states of late; one belongs to
 * everything that it follows from: kernel, machine, wring-guest, QEMU.
 */
struct vm_state {
	char *path;	/* for machine_args.state; stays readable when the cache drops the file */
	char *key;	/* what it follows from, in hex */
	double seconds; /* that making it took now; 0: it was there */
	struct cached_file file;
};

struct vm_state_args {
	const struct machine_spec *shape;
	const struct kernel *kernel;
	const struct cached_file *vmlinux; /* of vmlinux_get(), to boot; path NULL: kernel->image */
	const char *base;		   /* of lab_make_base() */
	const char *work_dir; /* for scratch files, and LAB_CONSOLE_FILE: what a boot prints */
	bool fresh;	      /* made anew, whatever the cache has */
	int stop_fd;	      /* readable: give up */
};

/*
 * From the cache, or made now, which takes a boot. Errors:
 * -EREMOTEIO  the kernel does not get as far; err quotes the guest, or its console's last lines
 * -EINTR      stop_fd is readable
 * others      states can't be had here (QEMU lacks a device, the disk is full): boot each trial
 */
int vm_state_get(struct vm_state *ret, const struct vm_state_args *args, struct error *err);

/* Accepts an all-zero one. */
void vm_state_done(struct vm_state *state);
