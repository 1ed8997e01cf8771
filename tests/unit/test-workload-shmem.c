// SPDX-License-Identifier: GPL-2.0-or-later
/* The shmem generator in every kind and mode. tmpfs needs the right to mount one. */
#include <errno.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/macro.h"
#include "tests/lead.h"
#include "tests/tap.h"

static bool may_mount(void)
{
	pid_t pid = fork();
	int status = 1;

	if (pid == 0)
		_exit(unshare(CLONE_NEWNS) < 0);
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static void check(const char *options, unsigned threads, uint64_t passes, uint64_t filled,
		  uint64_t freed)
{
	struct thread_report sum;
	struct lead l;

	if (!lead_init(&l, "shmem", options, threads)) {
		tap_ok(false, "shmem %s: %s", options, l.err.text);
		goto out;
	}
	l.args.measured.ops = passes * l.plan.ops_per_pass;
	if (!lead_all(&l)) {
		tap_ok(false, "shmem %s: %s", options, l.err.text);
		goto out;
	}
	lead_total(&l, &sum);
	tap_ok(sum.ops == l.args.measured.ops && sum.errors == 0,
	       "shmem %s, %u threads: %" PRIu64 " operations, %" PRIu64 " errors", options, threads,
	       sum.ops, sum.errors);
	tap_eq_u64(lead_counter(&l, "filled"), filled, "pages filled");
	tap_eq_u64(lead_counter(&l, "freed"), freed, "pages freed");
	tap_ok(lead_end(&l), "it ends %s", l.err.text);
out:
	lead_done(&l);
}

static void test_kinds(const char *kind, unsigned threads)
{
	char options[120];

	/* 1 MiB: 256 pages; in holes of 32 KiB, 32. */
	snprintf(options, sizeof(options), "kind=%s size=1M verify=true", kind);
	check(options, threads, 3, 256, 0);
	snprintf(options, sizeof(options), "kind=%s size=1M verify=true mode=punch hole=32K", kind);
	check(options, threads, 3, 256 + 3 * 256, 3 * 256);
	snprintf(options, sizeof(options),
		 "kind=%s size=1M verify=true mode=punch hole=32K pattern=uniform write=30%%",
		 kind);
	check(options, threads, 3, 256 + 3 * 256, 3 * 256);
	snprintf(options, sizeof(options), "kind=%s size=1M verify=true mode=truncate", kind);
	if (threads == 1 && !streq(kind, "sysv"))
		check(options, 1, 3, 256 + 3 * 256, 3 * 256);
}

static void refused(const char *options, unsigned threads, const char *why)
{
	struct lead l;

	tap_ok(!lead_init(&l, "shmem", options, threads), "%s is refused", options);
	tap_eq_str(l.err.text, why, "and why");
	lead_done(&l);
}

static void test_refused(void)
{
	refused("size=70001", 1, "size: 70001 is not a multiple of the page size, 4096");
	refused("size=1M mode=punch hole=5000", 1,
		"hole: 5000 is no multiple of the page size, or no part of size");
	refused("size=1M mode=punch hole=96K", 1,
		"hole: 98304 is no multiple of the page size, or no part of size");
	refused("size=1M mode=truncate kind=sysv", 1,
		"mode: a System V segment can't be truncated");
	refused("size=1M mode=truncate", 2,
		"threads: they would touch what another has cut off: use processes");
	refused("size=1M mode=truncate pattern=zipf", 1,
		"pattern: truncate goes from the end and back to it");
	refused("size=1M mode=punch hole=512K", 3, "3 threads can't share 2 blocks");
}

int main(void)
{
	static const char *const kinds[] = { "memfd", "sysv", "tmpfs" };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (streq(kinds[i], "tmpfs") && !may_mount()) {
			tap_skip("mounting a tmpfs takes root; tests/vm does it");
			continue;
		}
		test_kinds(kinds[i], 1);
		test_kinds(kinds[i], 3);
	}
	test_refused();
	return tap_done();
}
