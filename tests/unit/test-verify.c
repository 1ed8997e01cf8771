// SPDX-License-Identifier: GPL-2.0-or-later
/* A trial and its repetition: equal, or where they first differ. */
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "results/verify.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "tests/tap.h"

#define SAMPLES "t_ns\tvmstat.pgfault\tbox.memory.current\n0\t1\t4096\n5\t12\t8192\n"
#define LATENCY "workload\tlow_ns\thigh_ns\tcount\nanon\t8\t9\t3\n"

struct half {
	const char *samples, *latency, *trial;
};

#define TRIAL(outcome, print, value)                                                               \
	"{\"outcome\": \"" outcome "\", \"fingerprint\": \"" print                                 \
	"\", \"metrics\": {\"fault.minor\": {\"value\": " value "}}}"

static void put(int dirfd, const char *name, const char *text)
{
	if (text)
		file_write_atomic(dirfd, name, text, strlen(text), NULL);
}

static int fill(const char *dir, const struct half *half)
{
	int fd;

	mkdir(dir, 0755);
	fd = open(dir, O_RDONLY | O_DIRECTORY);
	put(fd, "samples.tsv", half->samples);
	put(fd, "latency.tsv", half->latency);
	put(fd, "trial.json", half->trial);
	return fd;
}

/* want: the difference that is found; NULL: none. */
static void check(const char *name, struct half a, struct half b, const char *want)
{
	char dir[] = "/tmp/wring-verify-XXXXXX";
	_cleanup_free_ char *again = NULL, *text = NULL;
	_cleanup_close_ int fd = -1, second = -1;
	struct error err = {};
	json_t *json, *verified;

	if (!mkdtemp(dir))
		return;
	again = path_join(dir, VERIFY_DIR);
	fd = fill(dir, &a);
	second = fill(again, &b);
	tap_eq_i64(verify_trial(fd, &err), 0, "%s: compared (%s)", name, err.text);
	file_read(fd, "trial.json", &text, NULL, NULL);
	json = json_loads(text, 0, NULL);
	verified = json_object_get(json, "verified");
	tap_ok(json_is_true(json_object_get(verified, "equal")) == !want, "%s: equal or not", name);
	tap_ok((access(again, F_OK) == 0) == !!want, "%s: a repetition that differs stays", name);
	if (want) {
		const char *reason =
			json_string_value(json_array_get(json_object_get(json, "invalid"), 0));

		tap_eq_str(json_string_value(json_object_get(verified, "difference")), want,
			   "%s: what differs", name);
		tap_ok(reason && strstr(reason, want), "%s: the trial is invalid", name);
	} else {
		tap_ok(!json_object_get(json, "invalid"), "%s: the trial is valid", name);
	}
	json_decref(json);
	dir_remove(AT_FDCWD, dir, NULL);
}

int main(void)
{
	const struct half a = { SAMPLES, LATENCY, TRIAL("completed", "aa", "12") };

	check("the same", a, a, NULL);
	check("a counter", a,
	      (struct half){ "t_ns\tvmstat.pgfault\tbox.memory.current\n0\t1\t4096\n5\t13\t8192\n",
			     LATENCY, TRIAL("completed", "bb", "13") },
	      "samples.tsv: row 2 (t_ns 5), vmstat.pgfault: 12 and 13");
	check("a time", a,
	      (struct half){ "t_ns\tvmstat.pgfault\tbox.memory.current\n0\t1\t4096\n6\t12\t8192\n",
			     LATENCY, TRIAL("completed", "bb", "12") },
	      "samples.tsv: row 2 (t_ns 5), t_ns: 5 and 6");
	check("a row more", a,
	      (struct half){ SAMPLES "9\t12\t8192\n", LATENCY, TRIAL("completed", "bb", "12") },
	      "samples.tsv: row 3 is there only once");
	check("another column", a,
	      (struct half){ "t_ns\tvmstat.pgmajfault\tbox.memory.current\n0\t1\t4096\n", LATENCY,
			     TRIAL("completed", "bb", "12") },
	      "samples.tsv: other columns");
	check("a latency", a,
	      (struct half){ SAMPLES, "workload\tlow_ns\thigh_ns\tcount\nanon\t8\t9\t4\n",
			     TRIAL("completed", "bb", "12") },
	      "latency.tsv: row 1 (workload anon), count: 3 and 4");
	check("no latencies", a, (struct half){ SAMPLES, NULL, TRIAL("completed", "bb", "12") },
	      "latency.tsv is there only once");
	check("a metric", a, (struct half){ SAMPLES, LATENCY, TRIAL("completed", "bb", "13") },
	      "metric fault.minor: 12 and 13");
	check("an outcome", a, (struct half){ SAMPLES, LATENCY, TRIAL("oom_killed", "bb", "12") },
	      "outcome: completed and oom_killed");
	return tap_done();
}
