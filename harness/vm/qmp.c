// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/qmp.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/strlist.h"
#include "workloads/workload.h"

/* Longer than any answer to what wring asks. */
#define LINE_MAX_BYTES 65536

struct qmp {
	int fd;
	unsigned patience_ms;
	char line[LINE_MAX_BYTES];
	size_t used;
	struct strlist events; /* their names, as they came */
};

static int64_t now_ms(void)
{
	return (int64_t)(workload_clock() / 1000000);
}

/* A line that has come whole is cut off the front; NULL: there is none. */
static json_t *take_line(struct qmp *q)
{
	char *end = memchr(q->line, '\n', q->used);
	json_t *json;
	size_t len;

	if (!end)
		return NULL;
	len = (size_t)(end - q->line) + 1;
	json = json_loadb(q->line, len, 0, NULL);
	q->used -= len;
	memmove(q->line, q->line + len, q->used);
	return json ? json : json_null();
}

/* The next message, the caller's to free; -ETIME when none comes in time. */
static int next_message(struct qmp *q, unsigned wait_ms, json_t **ret, struct error *err)
{
	int64_t until = now_ms() + wait_ms;

	for (;;) {
		struct pollfd ready = { .fd = q->fd, .events = POLLIN };
		int64_t left = until - now_ms();
		ssize_t n;

		*ret = take_line(q);
		if (*ret)
			return 0;
		if (q->used == sizeof(q->line))
			return error_say(err, -EBADMSG, "QEMU's control socket: a line too long");
		if (poll(&ready, 1, left > 0 ? (int)left : 0) <= 0) {
			if (left <= 0)
				return error_say(err, -ETIME, "QEMU does not answer");
			continue;
		}
		n = read(q->fd, q->line + q->used, sizeof(q->line) - q->used);
		if (n <= 0)
			return error_say(err, -EPIPE, "QEMU has closed its control socket");
		q->used += (size_t)n;
	}
}

/* 1: it was an event, and is kept. */
static int keep_event(struct qmp *q, const json_t *message)
{
	const char *name = json_string_value(json_object_get(message, "event"));
	int r;

	if (!name)
		return 0;
	r = strlist_add(&q->events, name);
	return r < 0 ? r : 1;
}

static int next_answer(struct qmp *q, json_t **ret, struct error *err)
{
	for (;;) {
		json_t *message;
		int r = next_message(q, q->patience_ms, &message, err);

		if (r < 0)
			return r;
		r = keep_event(q, message);
		if (r == 0) {
			*ret = message;
			return 0;
		}
		json_decref(message);
		if (r < 0)
			return error_set(err, r, "QEMU's control socket");
	}
}

static int send_line(struct qmp *q, const char *text, int fd, struct error *err)
{
	struct iovec data = { .iov_base = (char *)text, .iov_len = strlen(text) };
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {};
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1 };
	ssize_t n;

	if (fd >= 0) {
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
		control.head = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
						 .cmsg_level = SOL_SOCKET,
						 .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	}
	n = sendmsg(q->fd, &message, MSG_NOSIGNAL);
	if (n == (ssize_t)data.iov_len)
		return 0;
	return n < 0 ? error_set(err, -errno, "write to QEMU's control socket")
		     : error_say(err, -EIO, "QEMU's control socket takes no command");
}

int qmp_run(struct qmp *q, const char *command, json_t *arguments, int fd, json_t **ret_answer,
	    struct error *err)
{
	json_t *order = json_pack("{s:s, s:o*}", "execute", command, "arguments", arguments);
	_cleanup_free_ char *text = order ? json_dumps(order, JSON_COMPACT) : NULL;
	_cleanup_free_ char *line = text ? text_format("%s\n", text) : NULL;
	json_t *answer = NULL, *error, *value;
	int r;

	json_decref(order);
	if (!line)
		return error_set(err, -ENOMEM, "QEMU's control socket");
	r = send_line(q, line, fd, err);
	if (r == 0)
		r = next_answer(q, &answer, err);
	if (r < 0)
		return r;
	error = json_object_get(answer, "error");
	value = json_object_get(answer, "return");
	if (error || !value) {
		const char *why = json_string_value(json_object_get(error, "desc"));

		r = error_say(err, -EREMOTEIO, "QEMU refuses %s: %.300s", command,
			      why ? why : "it does not say why");
	} else if (ret_answer) {
		*ret_answer = json_incref(value);
	}
	json_decref(answer);
	return r;
}

int qmp_await(struct qmp *q, const char *event, unsigned wait_ms, struct error *err)
{
	int64_t until = now_ms() + wait_ms;

	while (!strlist_contains(&q->events, event)) {
		int64_t left = until - now_ms();
		json_t *message;
		int r;

		if (left <= 0)
			return 0;
		r = next_message(q, (unsigned)left, &message, err);
		if (r == -ETIME)
			return 0;
		if (r < 0)
			return r;
		r = keep_event(q, message);
		json_decref(message);
		if (r < 0)
			return error_set(err, r, "QEMU's control socket");
	}
	return 1;
}

int qmp_open(struct qmp **ret, int fd, unsigned patience_ms, struct error *err)
{
	struct qmp *q = calloc(1, sizeof(*q));
	json_t *greeting;
	int r;

	if (!q) {
		close(fd);
		return error_set(err, -ENOMEM, "QEMU's control socket");
	}
	q->fd = fd;
	q->patience_ms = patience_ms;
	r = next_message(q, patience_ms, &greeting, err);
	if (r == 0) {
		if (!json_object_get(greeting, "QMP"))
			r = error_say(err, -EBADMSG, "QEMU's control socket does not greet");
		json_decref(greeting);
	}
	if (r == 0)
		r = qmp_run(q, "qmp_capabilities", NULL, -1, NULL, err);
	if (r < 0)
		qmp_free(q);
	else
		*ret = q;
	return r;
}

void qmp_free(struct qmp *q)
{
	if (!q)
		return;
	close(q->fd);
	strlist_done(&q->events);
	free(q);
}
