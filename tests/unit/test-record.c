// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading, finishing and showing records: fixtures copied into a scratch run, then damaged. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "results/record.h"
#include "results/show-closure.h"
#include "results/show.h"
#include "results/store.h"
#include "src/cleanup.h"
#include "src/command.h"
#include "src/file.h"
#include "src/macro.h"
#include "tests/tap.h"

/* A character of two bytes from byte 87 on. */
#define TEN	   "xxxxxxxxxx"
#define LONG_BEGIN TEN TEN TEN TEN TEN TEN TEN TEN "xxxxxxx"
#define LONG_LINE  LONG_BEGIN "\u00e4" TEN TEN
#define TRIAL	   "anon-over-limit/debian-6.12/seed-1"

static const char *const trials[] = { "anon-over-limit/debian-6.1/seed-1",
				      "anon-over-limit/debian-6.1/seed-2", TRIAL,
				      "anon-over-limit/debian-6.12/seed-2" };

static char *read_text(int dirfd, const char *path)
{
	char *text = NULL;
	struct error err = {};

	if (file_read(dirfd, path, &text, NULL, &err) < 0) {
		printf("# %s\n", err.text);
		exit(1);
	}
	return text;
}

static void write_text(int dirfd, const char *path, const char *text)
{
	if (file_write_atomic(dirfd, path, text, strlen(text), NULL) < 0)
		exit(1);
}

static void copy(const char *from, const char *to, const char *name)
{
	_cleanup_free_ char *source = path_join(from, name), *target = path_join(to, name);
	_cleanup_free_ char *text = read_text(AT_FDCWD, source);

	write_text(AT_FDCWD, target, text);
}

/* A copy of the fixtures' run that may be written to. */
static void copy_run(const char *to)
{
	static const char *const files[] = { "trial.json", "samples.tsv", "latency.tsv" };
	const char *top = getenv("srcdir");
	_cleanup_free_ char *from = text_format("%s/tests/fixtures/records/tour", top ? top : ".");

	copy(from, to, "run.json");
	for (size_t i = 0; i < ARRAY_SIZE(trials); i++) {
		_cleanup_free_ char *source = path_join(from, trials[i]);
		_cleanup_free_ char *target = path_join(to, trials[i]);

		dir_make(target, NULL);
		for (size_t j = 0; j < ARRAY_SIZE(files); j++)
			copy(source, target, files[j]);
	}
}

static void test_finish(int fd)
{
	_cleanup_free_ char *before = read_text(fd, "trial.json"), *after = NULL;
	json_t *trial = json_loads(before, 0, NULL), *expect = json_array(), *item;
	_cleanup_free_ char *raw = NULL;
	struct error err = {};
	size_t i;

	tap_ok(record_finish(fd, &err) == 0, "a finished record is finished again %s", err.text);
	after = read_text(fd, "trial.json");
	tap_eq_str(after, before, "which changes nothing");

	/* Back to what the harness writes. */
	json_array_foreach (json_object_get(trial, "expect"), i, item) {
		json_array_append(expect, json_object_get(item, "text"));
	}
	json_array_remove(expect, json_array_size(expect) - 1);
	json_object_set_new(trial, "expect", expect);
	json_object_del(trial, "metrics");
	json_object_del(trial, "closure");
	json_object_del(trial, "fingerprint");
	raw = json_dumps(trial, 0);
	json_decref(trial);
	write_text(fd, "trial.json", raw);
	tap_ok(record_finish(fd, &err) == 0, "a raw record is finished %s", err.text);
	free(after);
	after = read_text(fd, "trial.json");
	tap_eq_str(after, before, "and gives the same file, fingerprint and all");
}

/* A traced trial has its spans, which its fingerprint covers. */
static void test_traced(int fd)
{
	static const char head[] = "start_ns\tend_ns\tworkload\tthread\twhat\tnode\torder\t"
				   "priority\tscanned\treclaimed\tdetail\n";
	_cleanup_free_ char *before = read_text(fd, "trial.json"), *traced = NULL;
	_cleanup_free_ char *empty = NULL, *some = NULL;
	_cleanup_free_ char *spans =
		text_format("%s1\t2\tanon\t0.0\tcompact\t0\t-\t-\t-\t-\t-\n", head);
	json_t *trial = json_loads(before, 0, NULL);
	struct error err = {};

	json_object_set_new(trial, "trace",
			    json_pack("{s:i, s:i, s:i, s:[]}", "events", 1, "lost", 0,
				      "buffer_bytes", 1, "unavailable"));
	traced = json_dumps(trial, 0);
	json_decref(trial);
	write_text(fd, "trial.json", traced);
	tap_ok(record_finish(fd, &err) == -ENOENT && strstr(err.text, "spans.tsv"),
	       "a trace without its spans: %s", err.text);
	write_text(fd, "spans.tsv", head);
	tap_ok(record_finish(fd, &err) == 0, "with none in it %s", err.text);
	empty = read_text(fd, "trial.json");
	write_text(fd, "spans.tsv", spans);
	tap_ok(record_finish(fd, &err) == 0, "with one %s", err.text);
	some = read_text(fd, "trial.json");
	tap_ok(strcmp(strstr(empty, "\"fingerprint\""), strstr(some, "\"fingerprint\"")) != 0,
	       "is another measurement");
	unlinkat(fd, "spans.tsv", 0);
	write_text(fd, "trial.json", before);
}

static void test_read(int fd)
{
	struct record *record = NULL;
	struct error err = {};

	if (!tap_ok(record_read(&record, fd, &err) == 0, "a record is read %s", err.text))
		return;
	tap_eq_u64(record->samples.rows, 11, "its rows");
	tap_eq_str(record->samples.names[0], "t_ns", "its first column");
	tap_ok(samples_column(&record->samples, "box.memory.stat.pgscan") > 0, "a column's index");
	tap_eq_i64(samples_column(&record->samples, "box.memory.stat.pgsca"), -1,
		   "names match as a whole");
	tap_eq_u64(record_phase(record, "setup")->last, 1, "set-up ends in the second row");
	tap_eq_u64(record_phase(record, "measured")->first, 1, "where the measured phase begins");
	tap_eq_u64(record_phase(record, "measured")->last, 10, "it ends in the last one");
	tap_ok(!record_phase(record, "warmup"), "there is no warm-up");
	tap_eq_u64(record->latency_count, 1, "one workload has latencies");
	tap_eq_u64(record->latencies[0].latency.count, 73728, "of each of its operations");
	record_free(record);
}

/* Damages one file, expects a complaint that has a word, and mends it. */
static void refuse(int fd, const char *file, const char *old, const char *new, const char *word)
{
	_cleanup_free_ char *text = read_text(fd, file), *damaged = NULL;
	char *at = strstr(text, old);
	struct record *record = NULL;
	struct error err = {};
	int r;

	damaged = text_format("%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
	write_text(fd, file, damaged);
	r = record_read(&record, fd, &err);
	tap_ok(r < 0 && strstr(err.text, word), "%s: %s", file, err.text);
	if (r == 0)
		record_free(record);
	write_text(fd, file, text);
}

static void test_refuse(int fd)
{
	refuse(fd, "trial.json", "\"schema\": 1", "\"schema\": 2", "schema");
	refuse(fd, "trial.json", "\"outcome\"", "\"outcomes\"", "outcome");
	refuse(fd, "trial.json", "\"seed\": 1", "\"seed\": \"1\"", "seed");
	refuse(fd, "trial.json", "{", "[", "trial.json:");
	refuse(fd, "trial.json", "\"start_ns\": 1200000000", "\"start_ns\": 1200000001", "no row");
	refuse(fd, "trial.json", "\"end_ns\": 1200000000", "\"end_ns\": -1", "phase");
	refuse(fd, "trial.json", "\"name\": \"measured\"", "\"name\": \"setup\"", "two phases");
	refuse(fd, "samples.tsv", "t_ns", "ns", "t_ns");
	refuse(fd, "samples.tsv", "vmstat.pgscan_file", "vmstat.pgscan_anon", "two columns");
	refuse(fd, "samples.tsv", "\n0\t", "\n0\t1\t", "more values");
	refuse(fd, "samples.tsv", "\n0\t", "\n", "cut short");
	refuse(fd, "samples.tsv", "\n0\t", "\n-\t", "t_ns");
	refuse(fd, "samples.tsv", "\n0\t", "\n99000000000\t", "backwards");
	refuse(fd, "samples.tsv", "\n0\t", "\n-5\t", "no counter value");
	refuse(fd, "latency.tsv", "workload", "work", "first line");
	refuse(fd, "latency.tsv", "\nanon\t", "\nanon\t1", "latency.tsv:2");
}

static char *show(const char *dir, int *ret_code)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	struct run *run = NULL;
	struct error err = {};

	*ret_code = run_open(&run, dir, &err);
	if (*ret_code == 0) {
		*ret_code = show_run(f, run, false);
		show_closure(f, run);
		run_close(run);
	} else {
		fputs(err.text, f);
	}
	fclose(f);
	return text;
}

static void replace(int fd, const char *old, const char *new)
{
	_cleanup_free_ char *text = read_text(fd, "trial.json"), *changed = NULL;
	char *at = strstr(text, old);

	changed = text_format("%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
	write_text(fd, "trial.json", changed);
	tap_eq_i64(record_finish(fd, NULL), 0, "finished with %s", new);
}

static size_t widest(const char *text)
{
	size_t width = 0, now = 0;

	for (; *text; text++) {
		now = *text == '\n' ? 0 : now + (((unsigned char)*text & 0xc0) != 0x80);
		width = MAX(width, now);
	}
	return width;
}

static void test_show(const char *dir, int fd)
{
	_cleanup_free_ char *text = NULL, *empty = path_join(dir, "anon-over-limit");
	int code;

	text = show(dir, &code);
	tap_eq_i64(code, EXIT_DONE, "a run without blemish");
	tap_ok(strstr(text, "not hardware time"), "says what its clock counts");
	tap_ok(strstr(text, "61,764  61,727–61,801"), "median and range of the seeds");
	tap_ok(strstr(text, "LRU classic") && strstr(text, "LRU mglru"), "the regimes");
	tap_ok(widest(text) <= 100, "two kernels fit into 100 columns (%zu)", widest(text));
	free(text);

	replace(fd, "\"seed\": 1", "\"invalid_\": 0, \"seed\": 1");
	replace(fd, "reclaim.memcg_share > 0.9", "reclaim.memcg_share < 0.9");
	text = show(dir, &code);
	tap_eq_i64(code, EXIT_REGRESSION, "a failed expectation");
	tap_ok(strstr(text, "seed 1: reclaim.memcg_share < 0.9: fails at 0.9917"), "is told");
	free(text);

	replace(fd, "reclaim.memcg_share < 0.9", "reclaim.memcgshare < 0.9");
	text = show(dir, &code);
	tap_eq_i64(code, EXIT_INVALID, "an expectation that can't be told");
	free(text);

	replace(fd, "\"invalid\": []", "\"invalid\": [\"12 ticks were missed\"]");
	text = show(dir, &code);
	tap_ok(strstr(text, "seed 1: invalid: 12 ticks were missed"), "an invalid trial says why");
	tap_ok(strstr(text, "61,801\n") && !strstr(text, "61,764"), "and is not in the medians");
	free(text);

	replace(fd, "\"errors\": 0",
		"\"errors\": 3, \"programs\": ["
		"{\"runs\": 3, \"failures\": 2, \"exit_code\": 7, \"exit_signal\": 0, "
		"\"output\": \"1\\n2\\n\\n4\\n" LONG_LINE "\\n 6\\n\\n\"}, "
		"{\"runs\": 1, \"failures\": 1, \"exit_code\": 0, \"exit_signal\": 9, "
		"\"output\": \"\"}, "
		"{\"runs\": 1, \"failures\": 0, \"exit_code\": 0, \"exit_signal\": 0, "
		"\"output\": \"unseen\"}]");
	text = show(dir, &code);
	tap_ok(strstr(text, "      anon: its command ended with status 7 (2 of 3 runs failed); it "
			    "printed:\n      | 2\n      | \n      | 4\n      | xxx"),
	       "a command that failed, with its last lines");
	tap_ok(strstr(text, "      | " LONG_BEGIN " ...\n      |  6\n"),
	       "of which a long one is cut between characters");
	tap_ok(strstr(text, "anon: its command was killed by signal 9 (1 of 1 runs failed) and "
			    "printed nothing\n"),
	       "one that was killed");
	tap_ok(!strstr(text, "unseen"), "one that did not fail is not told of");
	free(text);

	text = show(empty, &code);
	tap_ok(code < 0 && strstr(text, "is no run"), "%s", text);
}

/*
 * WRING_UPDATE=1: the fixtures get what the catalog and the identities make of them now; to be read
 * as a difference before it is committed.
 */
static int update(void)
{
	static const char *const kept[] = { "debian-6.1/seed-1", "debian-6.1/seed-2",
					    "debian-6.12/seed-1", "debian-6.12/seed-2" };
	const char *top = getenv("srcdir");

	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		_cleanup_free_ char *path =
			text_format("%s/tests/fixtures/records/tour/anon-over-limit/%s",
				    top ? top : ".", kept[i]);
		_cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY);
		struct error err = {};

		if (record_finish(fd, &err) < 0) {
			fprintf(stderr, "%s: %s\n", path, err.text);
			return EXIT_FAILURE;
		}
	}
	return EXIT_SUCCESS;
}

int main(void)
{
	char dir[] = "test-record.XXXXXX";
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = -1;

	if (getenv("WRING_UPDATE"))
		return update();
	if (!mkdtemp(dir))
		return 1;
	copy_run(dir);
	path = path_join(dir, TRIAL);
	fd = open(path, O_RDONLY | O_DIRECTORY);
	test_read(fd);
	test_finish(fd);
	test_traced(fd);
	test_refuse(fd);
	test_show(dir, fd);
	dir_remove(AT_FDCWD, dir, NULL);
	return tap_done();
}
