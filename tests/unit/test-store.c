// SPDX-License-Identifier: GPL-2.0-or-later
/* A run of many trials, which threads read together: all of them, in order, and what is damaged. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "results/store.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "tests/tap.h"

#define TRIALS 300

static void write_text(const char *path, const char *text)
{
	if (file_write_atomic(AT_FDCWD, path, text, strlen(text), NULL) < 0)
		exit(1);
}

static void write_trial(const char *dir, unsigned seed, const char *format)
{
	_cleanup_free_ char *trial = text_format("%s/s/k/seed-%u", dir, seed);
	_cleanup_free_ char *path = path_join(trial, "trial.json");
	_cleanup_free_ char *text = text_format(
		"{\"schema\": %s, \"scenario\": \"s\", \"kernel\": \"k\", \"seed\": %u}", format,
		seed);

	dir_make(trial, NULL);
	write_text(path, text);
}

static void write_run(const char *dir)
{
	_cleanup_free_ char *path = path_join(dir, "run.json");
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	fputs("{\"schema\": 1, \"trials\": [", f);
	for (unsigned seed = 1; seed <= TRIALS; seed++) {
		fprintf(f, "%s{\"dir\": \"s/k/seed-%u\"}", seed > 1 ? ", " : "", seed);
		write_trial(dir, seed, "1");
	}
	fputs("]}", f);
	fclose(f);
	write_text(path, text);
	free(text);
}

/* The seeds must be 1, 2, 3 ... but the one left out. */
static void test_whole(const char *dir, uint64_t without)
{
	struct run *run = NULL;
	struct error err = {};
	size_t wrong = 0, expected = TRIALS - (without > 0);
	uint64_t seed = 0;

	tap_eq_i64(run_open(&run, dir, &err), 0, "the run is read %s", err.text);
	if (!run)
		return;
	tap_eq_u64(run->trial_count, expected, "all trials that there are");
	for (size_t i = 0; i < run->trial_count; i++) {
		if (++seed == without)
			seed++;
		wrong += run->trials[i].seed != seed || strcmp(run->trials[i].scenario, "s") != 0 ||
			 strcmp(run->trials[i].kernel, "k") != 0 || !run->trials[i].json;
	}
	tap_eq_u64(wrong, 0, "in the plan's order, each with its own text");
	run_close(run);
}

static void test_damaged(const char *dir)
{
	write_trial(dir, 150, "1");
	write_trial(dir, 37, "7");
	write_trial(dir, 211, "[");
	for (int i = 0; i < 20; i++) {
		struct run *run = NULL;
		struct error err = {};

		tap_eq_i64(run_open(&run, dir, &err), -EBADMSG, "damaged trials");
		tap_ok(strstr(err.text, "seed-37/trial.json: its schema is not 1"),
		       "the first one is told: %s", err.text);
	}
}

int main(void)
{
	char dir[] = "test-store.XXXXXX";
	_cleanup_free_ char *path = NULL;

	if (!mkdtemp(dir))
		return 1;
	write_run(dir);
	test_whole(dir, 0);
	path = path_join(dir, "s/k/seed-150/trial.json");
	unlink(path);
	test_whole(dir, 150);
	test_damaged(dir);
	dir_remove(AT_FDCWD, dir, NULL);
	return tap_done();
}
