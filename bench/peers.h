/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "bench/bench.h"

/*
 * Runs a program with its output kept, in a process group of its own, with LC_ALL=C. When a signal
 * comes to the bench, or after a minute and a half, the group is ended: asked first, then killed.
 * Anything but exit status 0 is an error that quotes its last words.
 */
int peer_run(const struct bench *b, const char *const argv[], struct error *err);

/* Ends and reaps what a killed peer has left behind (the bench adopts orphans). */
void peer_reap(void);
