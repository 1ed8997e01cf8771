// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Linked into a wring of its own, tests/vm/wring-fault: what the sampler reads of the kernel's
 * files is changed on the way, as WRING_FAULT says, so that tests see what becomes of a record
 * whose counters lie. A fault is three words with a «|» between them, and faults have a «;» between
 * them:
 *
 *   /vmstat|pgscan_anon |1000     in files whose path ends so, the number after that text (">"
 *                                 separates texts that follow one another) is too large by 1000 at
 *                                 the first read, by 2000 at the second, and so on
 *   /vmstat|pgfault |0            the number is 0 at every second read: it goes backwards
 */
#include <ctype.h>
#include <inttypes.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "src/macro.h"

#define FAULTS_MAX 64
#define TEXT_MAX   65536 /* more than the sampler asks for */

struct fault {
	char *path, *text;
	uint64_t amount, reads;
};

static struct fault faults[FAULTS_MAX];
static size_t fault_count;

__attribute__((constructor)) static void read_faults(void)
{
	const char *text = getenv("WRING_FAULT");
	char *rest = text ? strdup(text) : NULL, *one;

	while ((one = strsep(&rest, ";")) && *one && fault_count < FAULTS_MAX) {
		struct fault *f = &faults[fault_count++];

		f->path = strsep(&one, "|");
		f->text = strsep(&one, "|");
		if (!f->text || !one) {
			fprintf(stderr, "WRING_FAULT: «FILE|TEXT|AMOUNT», not «%s»\n", f->path);
			exit(EXIT_FAILURE);
		}
		f->amount = strtoull(one, NULL, 10);
	}
}

/* Where the number begins in the text; NULL: it is not there. */
static char *find_number(char *text, const char *wanted)
{
	while (*wanted) {
		size_t len = strcspn(wanted, ">");
		char *at = memmem(text, strlen(text), wanted, len);

		if (!at)
			return NULL;
		text = at + len;
		wanted += len + (wanted[len] == '>');
	}
	while (*text && !isdigit((unsigned char)*text))
		text++;
	return *text ? text : NULL;
}

/* How long the text is afterwards. */
static size_t change(struct fault *f, char *text, size_t size)
{
	char *number = find_number(text, f->text), *end;
	static char rest[TEXT_MAX];
	uint64_t value;

	if (!number)
		return strlen(text);
	value = strtoull(number, &end, 10);
	f->reads++;
	if (f->amount)
		value += f->amount * f->reads;
	else if (f->reads % 2 == 0)
		value = 0;
	snprintf(rest, sizeof(rest), "%s", end);
	snprintf(number, size - (size_t)(number - text), "%" PRIu64 "%s", value, rest);
	return strlen(text);
}

static ssize_t read_and_lie(int fd, void *buf, size_t size, off_t offset)
{
	ssize_t n = syscall(SYS_pread64, fd, buf, size, offset);
	char link[40], path[PATH_MAX];
	ssize_t len;

	if (n <= 0 || offset != 0 || !fault_count || (size_t)n >= size)
		return n;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, sizeof(path) - 1);
	if (len < 0)
		return n;
	path[len] = '\0';
	((char *)buf)[n] = '\0';
	for (size_t i = 0; i < fault_count; i++) {
		size_t tail = strlen(faults[i].path);

		if ((size_t)len >= tail && streq(path + len - tail, faults[i].path))
			n = (ssize_t)change(&faults[i], buf, size);
	}
	return n;
}

/* In the place of the C library's. */
ssize_t pread(int fd, void *buf, size_t size, off_t offset)
{
	return read_and_lie(fd, buf, size, offset);
}

ssize_t pread64(int fd, void *buf, size_t size, off64_t offset)
{
	return read_and_lie(fd, buf, size, offset);
}

ssize_t __pread_chk(int fd, void *buf, size_t size, off_t offset, size_t room);
ssize_t __pread_chk(int fd, void *buf, size_t size, off_t offset, size_t room)
{
	(void)room;
	return read_and_lie(fd, buf, size, offset);
}

ssize_t __pread64_chk(int fd, void *buf, size_t size, off64_t offset, size_t room);
ssize_t __pread64_chk(int fd, void *buf, size_t size, off64_t offset, size_t room)
{
	(void)room;
	return read_and_lie(fd, buf, size, offset);
}
