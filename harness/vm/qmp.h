/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <jansson.h>

#include "src/error.h"

/*
 * QEMU's control socket, as docs/interop/qmp-spec.txt has it: JSON, a line each. Every wait ends at
 * the other end's death, or when `patience_ms` is over.
 */
struct qmp;

/* Greets; fd is a connected stream socket and belongs to the qmp from now on, also on failure. */
int qmp_open(struct qmp **ret, int fd, unsigned patience_ms, struct error *err);
void qmp_free(struct qmp *q);

/*
 * Runs a command; arguments may be NULL and are consumed. The answer goes to *ret_answer, the
 * caller's to free, unless that is NULL. fd, unless -1, is sent along, as "getfd" wants it.
 */
int qmp_run(struct qmp *q, const char *command, json_t *arguments, int fd, json_t **ret_answer,
	    struct error *err);

/* 1 once an event of that name has come since qmp_open(), 0 if it hasn't within wait_ms. */
int qmp_await(struct qmp *q, const char *event, unsigned wait_ms, struct error *err);
