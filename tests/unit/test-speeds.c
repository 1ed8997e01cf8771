// SPDX-License-Identifier: GPL-2.0-or-later
/* How long trials took, noted in a file of the cache and read back. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/speeds.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "tests/tap.h"

#define A "0123456789abcdef0123456789abcdef"
#define B "fedcba9876543210fedcba9876543210"

static void note(const char *cache, const char *key, enum plan_place place, uint64_t took,
		 uint64_t guess)
{
	struct error err = {};

	if (speeds_note(cache, key, place, took, guess, &err) < 0)
		tap_ok(false, "note: %s", err.text);
}

static struct speeds *read_all(const char *cache)
{
	struct speeds *speeds = NULL;
	struct error err = {};

	tap_ok(speeds_read(&speeds, cache, &err) == 0, "read: %s", err.text);
	return speeds;
}

static void test_keys(void)
{
	static const char text[] =
		"suite: s\nscenarios:\n"
		"  - {name: a, seeds: \"1\", workloads: [{anon: {size: 8M, passes: 1}}]}\n"
		"  - {name: b, about: The same, seeds: 1..9, workloads: [{anon: {size: 8M, passes: "
		"1}}]}\n"
		"  - {name: c, workloads: [{anon: {size: 9M, passes: 1}}]}\n";
	char path[] = "/tmp/wring-speeds-XXXXXX", a[SPEEDS_KEY_SIZE], other[SPEEDS_KEY_SIZE];
	struct suite *suite = NULL;
	struct error err = {};
	int fd = mkstemp(path);

	file_write_all(fd, text, sizeof(text) - 1);
	close(fd);
	tap_eq_i64(suite_load(&suite, path, NULL, NULL, NULL, &err), 0, "a suite: %s", err.text);
	unlink(path);
	if (!suite)
		return;
	speeds_key(a, suite, &suite->scenarios[0], "k", PLAN_VM_INSN, &err);
	speeds_key(other, suite, &suite->scenarios[1], "k", PLAN_VM_INSN, &err);
	tap_eq_str(other, a, "a name, a text and seeds make no other trial");
	speeds_key(other, suite, &suite->scenarios[2], "k", PLAN_VM_INSN, &err);
	tap_ok(strcmp(other, a) != 0, "another size does");
	speeds_key(other, suite, &suite->scenarios[0], "l", PLAN_VM_INSN, &err);
	tap_ok(strcmp(other, a) != 0, "another kernel does");
	speeds_key(other, suite, &suite->scenarios[0], "k", PLAN_VM_WALL, &err);
	tap_ok(strcmp(other, a) != 0, "another clock does");
	suite_free(suite);
}

int main(void)
{
	char cache[] = "/tmp/wring-speeds-XXXXXX";
	_cleanup_free_ char *path = NULL;
	struct speeds *speeds;
	int fd;

	if (!mkdtemp(cache))
		return EXIT_FAILURE;
	path = path_join(cache, "speeds.tsv");
	speeds = read_all(cache);
	tap_eq_u64(speeds_ns(speeds, A), 0, "nothing is known at first");
	tap_ok(speeds_factor(speeds, PLAN_VM_INSN) == 1, "guesses stand as they are");
	speeds_free(speeds);

	for (uint64_t took = 100; took <= 1000; took += 100)
		note(cache, A, PLAN_VM_INSN, took, 100);
	note(cache, B, PLAN_HOST, 50, 100);
	fd = open(path, O_WRONLY | O_APPEND);
	file_write_all(fd, "0123\tvm-", 8); /* a full disk */
	close(fd);
	speeds = read_all(cache);
	tap_eq_u64(speeds_ns(speeds, A), 800, "the median of the last five");
	tap_eq_u64(speeds_ns(speeds, B), 50, "another trial has its own");
	tap_ok(speeds_factor(speeds, PLAN_VM_INSN) == 5.5, "guesses are scaled by the median");
	tap_ok(speeds_factor(speeds, PLAN_HOST) == 0.5, "each place has its own factor");
	tap_ok(speeds_factor(speeds, PLAN_VM_WALL) == 1, "one without trials has none");
	speeds_free(speeds);

	for (unsigned i = 0; i < 8000; i++)
		note(cache, A, PLAN_VM_INSN, 100, 100);
	fd = open(path, O_RDONLY);
	tap_ok(lseek(fd, 0, SEEK_END) < 450000, "the file does not grow without end");
	close(fd);
	speeds = read_all(cache);
	tap_eq_u64(speeds_ns(speeds, A), 100, "what is left can be read");
	speeds_free(speeds);
	dir_remove(AT_FDCWD, cache, NULL);
	test_keys();
	return tap_done();
}
