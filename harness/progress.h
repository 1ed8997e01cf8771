/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * How a run shows itself: on a terminal one live line on stderr; elsewhere, and in both cases at
 * a trial's end, a plain line on stdout.
 */
struct progress {
	size_t total, done;
	uint64_t started_ns; /* CLOCK_MONOTONIC */
	size_t timed;	     /* trials that ran (not kept ones), for the ETA */
	bool live;	     /* stderr is a terminal */
	bool shown;	     /* a live line stands there */
	bool quiet;	     /* no line a trial, and no live one */
};

void progress_begin(struct progress *p, size_t total, bool quiet);
/* Replaces the live line; nothing on a plain output. */
void progress_live(struct progress *p, const char *text);
/* What is no trial's, for good. */
void progress_note(struct progress *p, const char *text);
/* One trial is over: its line, for good. */
void progress_trial(struct progress *p, const char *text);
/* Takes the live line away. */
void progress_end(struct progress *p);
