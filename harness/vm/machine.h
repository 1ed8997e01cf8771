/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "harness/suite/suite.h"
#include "src/error.h"

/*
 * A QEMU machine without network or host folders, that dies with wring (with the thread that
 * started it). In its guest: ttyS0 is the console, ttyS1 the guest's status lines, and a PCI
 * device 1af4:1110 (ivshmem-plain) whose memory, BAR 2, is the results file itself. Unlike a
 * disk it has no requests that complete by the host's clock, in the guest or in its firmware, so
 * it disturbs no measurement and needs no driver: results-window.h maps it.
 */

enum machine_clock { MACHINE_CLOCK_INSN, MACHINE_CLOCK_WALL };

/* KVM keeps real time alone. */
enum machine_accel { MACHINE_ACCEL_TCG, MACHINE_ACCEL_KVM };
extern const char *const machine_accel_names[];

struct machine_args {
	const struct machine_spec *shape;
	enum machine_clock clock;
	enum machine_accel accel;
	const char *image; /* bzImage or vmlinux */
	int image_fd;	   /* the same, open, where the path may go; 0: image counts */
	const char *initramfs;
	const char *extra_cmdline; /* appended to the kernel's arguments; may be NULL */
	const char *console;	   /* path: the console's output is written here */
	const char *status;	   /* path: what the guest writes to ttyS1 */
	const char *results;	   /* path: made by machine_start(), sparse, all zero */
	uint64_t results_bytes;	   /* room for results; the file's size is the next power of two */
	const char *order;	   /* path: FW_CFG_ORDER of fw-cfg.h; NULL: none */
	bool interactive;	   /* its third serial port is our terminal */
	/*
	 * A machine's state as state.h makes it: path of one that an equal machine (all above but
	 * the paths) has left; it goes on there instead of booting. NULL: it boots.
	 */
	const char *state;
	/*
	 * To make one: the guest is told to stop (FW_CFG_STOP), and this connected socket speaks
	 * QMP to QEMU; the caller's. 0: none.
	 */
	int control_fd;
};

struct machine {
	pid_t pid;
	int pidfd;	     /* readable when it has ended; owned */
	uint64_t started_ns; /* CLOCK_MONOTONIC */
};

/* The QEMU program's path, from $WRING_QEMU or PATH. -ENOENT with the package to install. */
int machine_program(char **ret, struct error *err);

/* "QEMU emulator version 7.2.22 (...)": the first line of --version; the caller's to free. */
int machine_version(char **ret, struct error *err);

/*
 * All that QEMU is told, a word a line, the caller's to free: machines with the same text and the
 * same files go on from each other's state. Nothing is started; paths are taken as they are.
 */
int machine_text(const struct machine_args *args, char **ret, struct error *err);

/* Starts QEMU; its own complaints go to CONSOLE.qemu. */
int machine_start(struct machine *ret, const struct machine_args *args, struct error *err);

/* Kills it if it runs, reaps it and closes pidfd. Accepts an all-zero or ended machine. */
void machine_stop(struct machine *m);

/* Reaps an ended one: its exit status as waitid gives it (-signal for a killed one). */
int machine_wait(struct machine *m, int *ret_status, struct error *err);
