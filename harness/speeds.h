/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

#include "harness/plan.h"
#include "harness/suite/suite.h"
#include "src/error.h"

/*
 * How long trials took on this machine, for a plan's estimate: speeds.tsv in the cache, a line a
 * trial (its key, where it ran, the seconds it took and the seconds that plan.c guesses).
 */
struct speeds;

/* What was noted so far; nothing is no error. */
int speeds_read(struct speeds **ret, const char *cache, struct error *err);
void speeds_free(struct speeds *speeds);

#define SPEEDS_KEY_SIZE 33
/* Names what decides a trial's time: machine, scenario without names and seeds, kernel, place. */
int speeds_key(char ret[static SPEEDS_KEY_SIZE], const struct suite *suite,
	       const struct scenario *scenario, const char *kernel, enum plan_place place,
	       struct error *err);

/* The median of the last few trials of that key, in ns; 0: none was noted. */
uint64_t speeds_ns(const struct speeds *speeds, const char *key);

/* How many times a guess trials at that place took, by their median; 1 where none was noted. */
double speeds_factor(const struct speeds *speeds, enum plan_place place);

/* Notes one. */
int speeds_note(const char *cache, const char *key, enum plan_place place, uint64_t took_ns,
		uint64_t guess_ns, struct error *err);
