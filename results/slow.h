/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/error.h"

/* The slowest operations of open-loop workloads, from slow.tsv of a trial's record. */

#define SLOW_FILE "slow.tsv"

struct slow {
	const char *workload;
	const char *thread;	   /* "PROCESS.THREAD", as in spans.tsv */
	uint64_t due_ns, begin_ns; /* on the trial's clock; due ≤ begin ≤ end */
	uint64_t end_ns;	   /* its latency is end_ns - due_ns */
};

/* By due_ns. */
struct slows {
	struct slow *items;
	size_t count;
	char *text; /* what the items' strings lie in */
};

/* Whether the trial has such a file: some workload of trial.json says what it kept. */
bool slows_expected(const json_t *trial);

/*
 * Reads and checks all of it, also that there is of each workload what trial.json says. -EBADMSG,
 * -E2BIG: the file is not as it should be; err says where.
 */
int slows_read(struct slows *ret, int dirfd, const json_t *trial, struct error *err);
void slows_done(struct slows *slows);
