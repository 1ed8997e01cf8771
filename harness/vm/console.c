// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/console.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/cleanup.h"
#include "src/macro.h"

#define TAIL_BYTES 65536

/*
 * Drops what a terminal would not show: escape sequences, carriage returns, control characters.
 * Garbage from a broken boot becomes ASCII: the text may go into JSON.
 */
static void plain_text(char *text)
{
	char *out = text;

	for (char *p = text; *p; p++) {
		if (*p == '\033' && p[1] == '[') {
			p += 2;
			while (*p && !(*p >= '@' && *p <= '~'))
				p++;
			if (!*p)
				break;
		} else if (*p == '\033') {
			if (p[1])
				p++;
		} else if (*p == '\n' || (unsigned char)*p >= ' ') {
			*out++ = (unsigned char)*p < 0x7f ? *p : '?';
		}
	}
	*out = '\0';
}

static ssize_t tail_read(const char *path, char *buf, size_t size)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	off_t end = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	ssize_t n;

	if (end < 0)
		return -errno;
	n = pread(fd, buf, size - 1, end > (off_t)size - 1 ? end - (off_t)size + 1 : 0);
	if (n < 0)
		return -errno;
	for (ssize_t i = 0; i < n; i++)
		if (buf[i] == '\0')
			buf[i] = '\r'; /* dropped later */
	buf[n] = '\0';
	return n;
}

int console_tail(const char *console, unsigned lines, char *buf, size_t size)
{
	_cleanup_free_ char *text = malloc(TAIL_BYTES);
	size_t start, len;
	unsigned seen = 0;
	ssize_t n;

	if (!text || size == 0)
		return -ENOMEM;
	n = tail_read(console, text, TAIL_BYTES);
	if (n < 0)
		return (int)n;
	plain_text(text);
	len = strlen(text);
	buf[0] = '\0';
	/* From the end: lines are put before those that are in buf, as far as they fit. */
	while (len && seen < lines) {
		size_t have = strlen(buf), end;

		while (len && (text[len - 1] == '\n' || text[len - 1] == ' '))
			len--;
		end = len;
		while (len && text[len - 1] != '\n')
			len--;
		start = len;
		if (end == start)
			break;
		if (end - start + 1 + have + 1 > size) {
			if (seen == 0)
				snprintf(buf, size, "%.*s", (int)(end - start), text + start);
			break;
		}
		if (have)
			memmove(buf + (end - start) + 1, buf, have + 1);
		memcpy(buf, text + start, end - start);
		buf[end - start] = have ? '\n' : '\0';
		seen++;
	}
	return 0;
}

int console_panic(const char *console, char *buf, size_t size)
{
	_cleanup_free_ char *text = malloc(TAIL_BYTES);
	char *found = NULL;
	ssize_t n;

	if (!text || size == 0)
		return -ENOMEM;
	buf[0] = '\0';
	n = tail_read(console, text, TAIL_BYTES);
	if (n < 0)
		return (int)n;
	plain_text(text);
	for (char *next = text; (next = strstr(next, "Kernel panic")); next++)
		found = next;
	if (found)
		snprintf(buf, size, "%.*s", (int)strcspn(found, "\n"), found);
	return 0;
}
