// SPDX-License-Identifier: GPL-2.0-or-later
/* The exec generator: a command's status, output and rusage, and that nothing of it stays. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "tests/lead.h"
#include "tests/tap.h"

/* A list option in lead.h's words can't hold blanks: the shell's commands come from here. */
struct exec_test {
	struct lead l;
	const struct workload_program *program;
};

static bool add_word(struct lead *l, const char *option, const char *word)
{
	const struct option_spec *spec = option_find(l->args.ops->options, option);

	return option_parse(spec, l->options, word, &l->err) == 0;
}

/* sh -c SCRIPT, its options besides. */
static bool init(struct exec_test *t, const char *script, const char *options)
{
	_cleanup_free_ char *all = text_format("command=sh %s", options);
	bool ok = lead_init(&t->l, "exec", all, 1) && add_word(&t->l, "command", "-c") &&
		  add_word(&t->l, "command", script);

	t->program = t->l.args.program;
	return ok || tap_ok(false, "exec: %s", t->l.err.text);
}

static bool go(struct exec_test *t)
{
	return lead_all(&t->l) || tap_ok(false, "exec: %s", t->l.err.text);
}

static void end(struct exec_test *t, uint64_t errors)
{
	struct thread_report sum;

	lead_total(&t->l, &sum);
	tap_eq_u64(sum.errors, errors, "failed runs are errors");
	tap_ok(lead_end(&t->l), "it ends %s", t->l.err.text);
}

static void test_output(void)
{
	struct exec_test t;

	if (init(&t, "echo one; echo two >&2; cat", "") && go(&t)) {
		tap_eq_u64(t.program->runs, 1, "a pass is one run");
		tap_eq_str(t.program->output, "one\ntwo\n",
			   "stdout and stderr are kept, stdin is empty");
		tap_eq_u64(t.program->output_bytes, 8, "and counted");
		tap_eq_i64(t.program->exit_code, 0, "its exit status");
		tap_ok(t.program->max_rss_bytes > 100000 && t.program->minor_faults > 10,
		       "its rusage: %" PRIu64 " bytes, %" PRIu64 " faults",
		       t.program->max_rss_bytes, t.program->minor_faults);
		end(&t, 0);
	}
	lead_done(&t.l);
	if (init(&t, "head -c 200000 /dev/zero | tr '\\0' x", "") && go(&t)) {
		tap_eq_u64(t.program->output_bytes, 200000, "all of a long output is counted");
		tap_ok(t.program->output[0] == 'x' &&
			       t.program->output[WORKLOAD_OUTPUT_BYTES - 1] == 'x',
		       "its first 64 KiB are kept");
		end(&t, 0);
	}
	lead_done(&t.l);
}

static void test_status(void)
{
	struct exec_test t;

	if (init(&t, "exit 3", "status=3")) {
		t.l.args.measured.ops = 4;
		if (go(&t)) {
			tap_eq_u64(t.program->runs, 4, "four operations, four runs");
			tap_eq_u64(t.program->failures, 0, "which end as expected");
			tap_eq_i64(t.program->exit_code, 3, "the status is kept");
			end(&t, 0);
		}
	}
	lead_done(&t.l);
	if (init(&t, "exit 3", "")) {
		t.l.args.measured.ops = 2;
		if (go(&t)) {
			tap_eq_u64(t.program->failures, 2, "another status is a failure");
			end(&t, 2);
		}
	}
	lead_done(&t.l);
	if (init(&t, "kill -TERM $$", "") && go(&t)) {
		tap_eq_i64(t.program->exit_signal, SIGTERM, "the signal that ended it");
		tap_eq_u64(t.program->failures, 1, "is a failure");
		end(&t, 1);
	}
	lead_done(&t.l);
	if (init(&t, "exit 9", "check=none") && go(&t)) {
		tap_eq_u64(t.program->failures, 0, "unless nothing is expected");
		tap_eq_i64(t.program->exit_code, 9, "and the status is kept");
		end(&t, 0);
	}
	lead_done(&t.l);
}

static void test_environment(void)
{
	struct exec_test t;

	if (init(&t, "echo \"$WRING_TEST\"; trap", "env=WRING_TEST=yes") && go(&t)) {
		tap_eq_str(t.program->output, "yes\n", "env is set, no signal is ignored");
		end(&t, 0);
	}
	lead_done(&t.l);
}

static bool is_alive(pid_t pid)
{
	return kill(pid, 0) == 0;
}

/* Ended at its limit: with the whole group, and with what left the group. */
static void test_limit(const char *script, const char *what, bool stubborn)
{
	struct exec_test t;
	uint64_t began;
	pid_t pid;

	if (!init(&t, script, ""))
		goto out;
	t.l.args.measured = (struct worker_work){ .end_ns = 200000000 };
	began = workload_clock();
	if (!go(&t))
		goto out;
	pid = (pid_t)strtol(t.program->output, NULL, 10);
	tap_ok(pid > 1, "%s: it has printed its child, %d", what, (int)pid);
	tap_ok(!is_alive(pid), "the child is gone");
	tap_eq_u64(t.program->runs, 1, "the run counts");
	tap_eq_u64(t.program->failures, 0, "and is no failure");
	tap_eq_i64(t.program->exit_signal, stubborn ? SIGKILL : SIGTERM, "what ended it");
	tap_ok(workload_clock() - began < 5000000000u, "in time");
	end(&t, 0);
out:
	lead_done(&t.l);
}

/* A command that ends leaves nothing running behind. */
static void test_left(void)
{
	struct exec_test t;
	pid_t pid;

	if (init(&t, "setsid sleep 100 >/dev/null 2>&1 & echo $!", "") && go(&t)) {
		pid = (pid_t)strtol(t.program->output, NULL, 10);
		tap_ok(pid > 1 && !is_alive(pid), "what a command left in the background is ended");
		end(&t, 0);
	}
	lead_done(&t.l);
}

/* Children in sessions of their own, one of them nobody's child any more, end with each run. */
static void test_family(void)
{
	static const char script[] = "setsid sleep 100 & echo $! >>$PIDS; "
				     "(setsid sh -c 'sleep 100 & echo $! >>$PIDS; sleep 100' &); "
				     "while test $(wc -l <$PIDS) -lt 2; do :; done";
	char path[] = "/tmp/wring-test-exec-XXXXXX";
	_cleanup_free_ char *options = NULL, *text = NULL;
	_cleanup_close_ int fd = mkstemp(path);
	unsigned count = 0, alive = 0;
	struct exec_test t;
	char *save = NULL;

	options = text_format("env=PIDS=%s", path);
	if (init(&t, script, options)) {
		t.l.args.measured.ops = 2;
		if (go(&t) && file_read(AT_FDCWD, path, &text, NULL, NULL) == 0)
			for (char *pid = strtok_r(text, "\n", &save); pid;
			     pid = strtok_r(NULL, "\n", &save), count++)
				alive += is_alive((pid_t)strtol(pid, NULL, 10));
		tap_ok(count >= 2 && !alive, "of %u processes left in other sessions %u live",
		       count, alive);
		end(&t, 0);
	}
	lead_done(&t.l);
	unlink(path);
}

/* What prints without end is not read without end. */
static void test_endless(void)
{
	uint64_t began;
	struct exec_test t;

	if (init(&t, "trap '' TERM; while :; do echo; done & yes", "")) {
		t.l.args.measured = (struct worker_work){ .end_ns = 100000000 };
		began = workload_clock();
		if (go(&t)) {
			tap_ok(workload_clock() - began < 5000000000u,
			       "a command that prints without end ends at its limit");
			tap_ok(t.program->output_bytes > WORKLOAD_OUTPUT_BYTES,
			       "%" PRIu64 " bytes were read", t.program->output_bytes);
			end(&t, 0);
		}
	}
	lead_done(&t.l);
	if (init(&t, "exec >&- 2>&-; sleep 0.1", "") && go(&t))
		end(&t, 0); /* its output is closed */
	lead_done(&t.l);
}

/* A run that the warm-up has begun is timed from there. */
static void test_warmup(void)
{
	struct thread_report sum;
	struct exec_test t;

	if (init(&t, "sleep 0.2", "")) {
		t.l.args.warmup.end_ns = 50000000;
		if (go(&t)) {
			lead_total(&t.l, &sum);
			tap_eq_u64(t.program->runs, 1, "a run goes on through the warm-up's end");
			tap_ok(sum.latency.max >= 200000000 && sum.latency.max < 5000000000u,
			       "and took as long as it did: %" PRIu64 " ns", sum.latency.max);
			end(&t, 0);
		}
	}
	lead_done(&t.l);
}

/* As a login shell would start it, whatever wring has set for itself. */
static void test_surroundings(void)
{
	static const char script[] = "grep -E '^Sig(Blk|Ign)' /proc/self/status | cut -f 2; "
				     "ls /proc/self/fd | wc -l; "
				     "cut -d ' ' -f 5,6 /proc/$$/stat | sed \"s/$$/own/g\"";
	struct exec_test t;

	signal(SIGINT, SIG_IGN); /* as the harness's workers do */
	if (init(&t, script, "") && go(&t)) {
		tap_eq_str(t.program->output, "0000000000000000\n0000000000000000\n4\nown own\n",
			   "no signal is blocked or ignored, nothing of ours is open (ls has the "
			   "fourth), its group and session are its own");
		end(&t, 0);
	}
	lead_done(&t.l);
	signal(SIGINT, SIG_DFL);
	setenv("WRING_TEST", "inherited", 1);
	if (lead_init(&t.l, "exec",
		      "command=printenv command=WRING_TEST env=WRING_TEST=1 "
		      "env=WRING_TEST=2",
		      1) &&
	    go(&t))
		tap_eq_str(t.l.args.program->output, "2\n",
			   "env replaces what is inherited; the last setting counts");
	lead_done(&t.l);
	unsetenv("WRING_TEST");
	if (init(&t, "pwd; ls | wc -l; echo x >y", "dir=/tmp") && go(&t)) {
		_cleanup_free_ char *want = text_format("%s\n0\n", t.l.args.dir);

		tap_eq_str(t.program->output, want, "dir: an empty directory of its own");
		end(&t, 0);
	}
	lead_done(&t.l);
}

/* Most programs take small seeds: below 2^31, another for another trial or process. */
static void test_seed(void)
{
	unsigned long seen[3] = {};

	for (unsigned i = 0; i < ARRAY_SIZE(seen); i++) {
		struct exec_test t;

		if (init(&t, "echo $WRING_SEED", "")) {
			t.l.args.seed = rng_mix(i == 2 ? 1 : i, 7);
			if (go(&t))
				seen[i] = strtoul(t.program->output, NULL, 10);
		}
		lead_done(&t.l);
	}
	tap_ok(seen[0] && seen[0] != seen[1] && (seen[0] | seen[1]) >> 31 == 0,
	       "the command can know the seed: %lu, %lu", seen[0], seen[1]);
	tap_ok(seen[2] == seen[1], "which is the same again");
}

/* What the command left behind has used is used; that shell is killed, it waits for nobody. */
static void test_usage(void)
{
	static const char script[] = "mkfifo f; (head -c 20000000 /dev/zero | "
				     "tail -c 10000000 >/dev/null; echo >f; sleep 100) & read x <f";
	struct exec_test t;

	if (init(&t, script, "dir=/tmp") && go(&t)) {
		tap_ok(t.program->max_rss_bytes > 10000000,
		       "memory of what was left behind: %" PRIu64, t.program->max_rss_bytes);
		tap_eq_u64(lead_counter(&t.l, "user_time"), t.program->user_ns,
			   "CPU time and faults are counters, too");
		tap_eq_u64(lead_counter(&t.l, "system_time"), t.program->system_ns,
			   "of both kinds");
		tap_eq_u64(lead_counter(&t.l, "minor_faults"), t.program->minor_faults, "each");
		tap_ok(t.program->minor_faults > 1000, "%" PRIu64 " of them",
		       t.program->minor_faults);
		end(&t, 0);
	}
	lead_done(&t.l);
}

static void refused(const char *options, unsigned threads, const char *why)
{
	struct lead l;

	tap_ok(!lead_init(&l, "exec", options, threads), "%s is refused", options);
	tap_eq_str(l.err.text, why, "and why");
	lead_done(&l);
}

static void test_refused(void)
{
	struct lead l;

	refused("command=true", 2, "threads: a worker runs one command at a time: use processes");
	refused("command=./true", 1,
		"command: «./true» is neither a plain name nor an absolute path");
	refused("command=true env=x", 1, "env: «x» is not NAME=VALUE");
	refused("command=true files=x", 1, "files: «x» is not an absolute path");
	refused("command=true status=256", 1, "status: 256 is out of range: 0 to 255");
	if (lead_init(&l, "exec", "command=no-such-program", 1))
		tap_ok(!lead_all(&l) && strstr(l.err.text, "no-such-program"),
		       "an unknown program fails: %s", l.err.text);
	else
		tap_ok(false, "exec: %s", l.err.text);
	lead_done(&l);
	if (lead_init(&l, "exec", "command=/dev/null", 1))
		tap_ok(!lead_all(&l) && strstr(l.err.text, "/dev/null"),
		       "what can't be run fails: %s", l.err.text);
	else
		tap_ok(false, "exec: %s", l.err.text);
	lead_done(&l);
}

int main(void)
{
	test_output();
	test_status();
	test_environment();
	test_limit("sleep 100 & echo $!; wait", "a command", false);
	test_limit("trap '' TERM; sleep 100 & echo $!; while :; do wait; done", "a stubborn one",
		   true);
	test_limit("setsid sleep 100 & echo $!; wait", "one whose child left the group", false);
	test_left();
	test_family();
	test_endless();
	test_warmup();
	test_surroundings();
	test_seed();
	test_usage();
	test_refused();
	return tap_done();
}
