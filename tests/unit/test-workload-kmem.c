// SPDX-License-Identifier: GPL-2.0-or-later
/* The kmem generator: as many objects as it is told, before, while and after it churns. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "tests/lead.h"
#include "tests/tap.h"

/* Descriptors of the worker that are links to such a thing ("pipe:", "socket:"). */
static unsigned count_fds(pid_t pid, const char *kind)
{
	_cleanup_free_ char *path = text_format("/proc/%d/fd", (int)pid);
	_cleanup_closedir_ DIR *dir = opendir(path);
	struct dirent *entry;
	unsigned n = 0;

	while (dir && (entry = readdir(dir))) {
		_cleanup_free_ char *link = text_format("%s/%s", path, entry->d_name);
		char target[200];
		ssize_t len = readlink(link, target, sizeof(target) - 1);

		target[MAX(len, (ssize_t)0)] = '\0';
		n += starts_with(target, kind);
	}
	return n;
}

/* KiB of page tables of the process, VmPTE. */
static uint64_t page_tables(pid_t pid)
{
	_cleanup_free_ char *path = text_format("/proc/%d/status", (int)pid), *text = NULL;
	const char *at;

	if (file_read(AT_FDCWD, path, &text, NULL, NULL) < 0)
		return 0;
	at = strstr(text, "\nVmPTE:");
	return at ? strtoull(at + 7, NULL, 10) : 0;
}

static void check(const char *options, unsigned threads, const char *kind, unsigned each)
{
	unsigned before = 0;
	struct lead l;

	if (!lead_init(&l, "kmem", options, threads)) {
		tap_ok(false, "kmem %s: %s", options, l.err.text);
		goto out;
	}
	l.args.measured.ops = 3 * l.plan.ops_per_pass;
	if (!lead_start(&l)) {
		tap_ok(false, "kmem %s: %s", options, l.err.text);
		goto out;
	}
	before = count_fds(l.pid, kind);
	if (!lead_to(&l, GO_SETUP, WORKER_READY) || !lead_to(&l, GO_WARMUP, WORKER_WARM)) {
		tap_ok(false, "kmem %s: %s", options, l.err.text);
		goto out;
	}
	tap_eq_u64(count_fds(l.pid, kind) - before, 40 * each,
		   "%s, %u threads: 40 objects at first", options, threads);
	if (!lead_to(&l, GO_MEASURE, WORKER_DONE)) {
		tap_ok(false, "kmem %s: %s", options, l.err.text);
		goto out;
	}
	tap_eq_u64(lead_counter(&l, "made"), 160, "160 have been made");
	tap_eq_u64(lead_counter(&l, "live"), 40, "40 are alive");
	tap_eq_u64(count_fds(l.pid, kind) - before, 40 * each, "and there");
	tap_ok(lead_end(&l), "it ends %s", l.err.text);
out:
	lead_done(&l);
}

static void test_pagetable(void)
{
	struct lead l;
	uint64_t kib;

	if (!lead_init(&l, "kmem", "kind=pagetable live=20 object=64K", 2) || !lead_all(&l)) {
		tap_ok(false, "kmem pagetable: %s", l.err.text);
	} else {
		kib = page_tables(l.pid);
		/* 20 times 16 tables of 4 KiB; the program has some of its own. */
		tap_ok(kib >= 1280 && kib < 1280 + 400, "320 page tables take %" PRIu64 " KiB",
		       kib);
		tap_eq_u64(lead_counter(&l, "live"), 20, "20 mappings");
		tap_ok(lead_end(&l), "it ends");
	}
	lead_done(&l);
}

static void refused(const char *options, unsigned threads, const char *why)
{
	struct lead l;

	tap_ok(!lead_init(&l, "kmem", options, threads), "%s is refused", options);
	tap_eq_str(l.err.text, why, "and why");
	lead_done(&l);
}

int main(void)
{
	for (unsigned threads = 1; threads <= 3; threads += 2) {
		check("kind=pipe live=40 object=16K", threads, "pipe:", 2);
		check("kind=socket live=40 object=16K", threads, "socket:", 2);
		check("kind=epoll live=40 object=4K", threads, "anon_inode:[eventpoll]", 1);
	}
	test_pagetable();
	refused("live=2", 3, "live: 3 threads can't share 2 objects");
	refused("object=5000", 1, "object: 5000 is not a multiple of the page size, 4096");
	refused("object=1K", 1, "object: 1K is out of range: 4K to 1G");
	return tap_done();
}
