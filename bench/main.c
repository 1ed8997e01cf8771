// SPDX-License-Identifier: GPL-2.0-or-later
/* wring-bench: measures rows and holds them against their targets. See bench.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "bench/peers.h"
#include "bench/report.h"
#include "src/cleanup.h"
#include "src/command.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/nearest.h"
#include "src/option.h"

#define ROWS_MAX    16 /* of a group */
#define BUSY_LOAD   0.3
#define EXIT_SIGNAL 128

const struct group *const group_tables[] = { anon_groups, file_groups, dentry_groups,  cost_groups,
					     tick_groups, lab_groups,  compare_groups, NULL };

struct bench_options {
	bool help, list;
	uint64_t repeat;
	char *json, *dir, *names_dir;
};

static const struct option_spec bench_options[] = {
	OPTION_BOOL(struct bench_options, help, .name = "help", .help = "this"),
	OPTION_BOOL(struct bench_options, list, .name = "list",
		    .help = "the rows, their targets, and what they compare"),
	OPTION_U64(struct bench_options, repeat, .name = "repeat", .fallback = "9", .min = 1,
		   .max = REPEAT_MAX, .help = "repetitions of each side"),
	OPTION_STRING(struct bench_options, json, .name = "json", .meta = "FILE",
		      .help = "write all figures there"),
	OPTION_STRING(struct bench_options, dir, .name = "dir", .fallback = ".", .meta = "DIR",
		      .help = "where files are written and read, for a short time"),
	OPTION_STRING(struct bench_options, names_dir, .name = "names-dir", .fallback = "/dev/shm",
		      .meta = "DIR", .help = "where files are created and unlinked; a tmpfs"),
	{}
};

static volatile int stop_signal; /* a handler's flag: there is no other way to it */

static void on_signal(int number)
{
	stop_signal = number;
}

/* ---- the command line ---- */

static int fail(int code, const struct error *err)
{
	fflush(stdout);
	fprintf(stderr, "wring-bench: %s\n", err->text);
	return code;
}

static void help(void)
{
	printf("Usage: wring-bench [OPTIONS] [NAME...]\n\n"
	       "Measures wring's own performance as ratios within this run, against bare loops\n"
	       "and peers (fio, stress-ng). NAME: a row, or the first words of several\n"
	       "(anon.touch). Without: all.\n\nOptions:\n");
	option_print(stdout, bench_options, "--");
	printf("\nExit codes: 0 all targets are met, 1 one is missed, 2 usage, 3 undecided (more\n"
	       "repetitions are needed), 5 a row could not be measured here.\n");
}

static int take_option(struct bench_options *o, char **argv, int *at, struct error *err)
{
	char *name = argv[*at] + 2, *value = strchr(name, '=');
	const struct option_spec *spec;
	struct nearest search = { .word = name };
	char hint[100];

	if (value)
		*value++ = '\0';
	spec = option_find(bench_options, name);
	for (const struct option_spec *s = bench_options; s->name; s++)
		nearest_offer(&search, s->name);
	if (!spec)
		return error_say(err, -EINVAL, "no option --%s%s", name,
				 nearest_hint(&search, hint, sizeof(hint)));
	if (!value && spec->type == OPTION_TYPE_BOOL)
		value = (char *)"true";
	if (!value && argv[*at + 1])
		value = argv[++*at];
	if (!value)
		return error_say(err, -EINVAL, "--%s needs a value", name);
	return option_parse(spec, o, value, err);
}

/* Options are taken out of argv; what is left are names. */
static int parse(struct bench_options *o, char **argv, struct error *err)
{
	int names = 0, r = option_defaults(bench_options, o, err);

	for (int i = 1; r == 0 && argv[i]; i++) {
		if (starts_with(argv[i], "--"))
			r = take_option(o, argv, &i, err);
		else
			argv[names++] = argv[i];
	}
	argv[names] = NULL;
	return r;
}

/* A row's name, or the first words of it. */
static bool matches(const char *row, const char *name)
{
	size_t len = strlen(name);

	return strncmp(row, name, len) == 0 && (row[len] == '\0' || row[len] == '.');
}

static bool is_chosen(const char *row, char *const *names)
{
	if (!*names)
		return true;
	for (; *names; names++)
		if (matches(row, *names))
			return true;
	return false;
}

typedef int (*row_visitor)(const struct row *row, void *with);

static int each_row(row_visitor visit, void *with)
{
	for (const struct group *const *table = group_tables; *table; table++)
		for (const struct group *g = *table; g->name; g++)
			for (const struct row *row = g->rows; row->name; row++) {
				int r = visit(row, with);

				if (r)
					return r;
			}
	return 0;
}

static int offer(const struct row *row, void *with)
{
	struct nearest *search = with;

	nearest_offer(search, row->name);
	return matches(row->name, search->word);
}

static int check_names(char *const *names, struct error *err)
{
	for (; *names; names++) {
		struct nearest search = { .word = *names };
		char hint[100];

		if (!each_row(offer, &search))
			return error_say(err, -ENOENT, "no row %s%s; --list shows them", *names,
					 nearest_hint(&search, hint, sizeof(hint)));
	}
	return 0;
}

static int list(const struct row *row, void *names)
{
	if (is_chosen(row->name, names))
		report_listed(stdout, row);
	return 0;
}

/* ---- measuring ---- */

static int make_dir(const char *base, char **ret, struct error *err)
{
	_cleanup_free_ char *absolute = realpath(base, NULL), *path = NULL;

	if (!absolute)
		return error_set(err, -errno, "use %s", base);
	path = path_join(absolute, "wring-bench-XXXXXX");
	if (!path)
		return error_set(err, -ENOMEM, "make a directory");
	if (!mkdtemp(path))
		return error_set(err, -errno, "make a directory in %s", base);
	*ret = TAKE_PTR(path);
	return 0;
}

static int make_dirs(struct bench *b, const struct bench_options *o, struct error *err)
{
	int r = make_dir(o->dir, &b->disk_dir, err);

	return r < 0 ? r : make_dir(o->names_dir, &b->names_dir, err);
}

static void remove_dirs(struct bench *b)
{
	char *dirs[] = { b->disk_dir, b->names_dir };
	struct error err = {};

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		if (dirs[i] && dir_remove(AT_FDCWD, dirs[i], &err) < 0)
			fail(0, &err);
		free(dirs[i]);
	}
}

static void warn_when_busy(void)
{
	double load;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (getloadavg(&load, 1) == 1 && load > BUSY_LOAD * (double)cpus)
		fprintf(stderr,
			"wring-bench: this machine is busy (load %.1f on %ld CPUs): what is timed "
			"by the clock will scatter\n",
			load, cpus);
}

static bool choose_rows(const struct group *g, char *const *names, bool *rows_wanted)
{
	bool any = false;

	for (unsigned i = 0; i < ROWS_MAX && g->rows[i].name; i++) {
		rows_wanted[i] = is_chosen(g->rows[i].name, names);
		any = any || rows_wanted[i];
	}
	return any;
}

static int run_group(const struct bench *b, const struct group *g, const bool *rows_wanted,
		     struct report *report, struct error *err)
{
	struct group_result result;
	uint64_t begin = workload_clock();
	int r;

	fprintf(stderr, "wring-bench: %s ...\n", g->name);
	r = group_measure(b, g, rows_wanted, &result, err);
	if (r == 0 && report_group(report, &result, rows_wanted, stdout) < 0)
		r = error_set(err, -ENOMEM, "%s", g->name);
	group_result_done(&result);
	if (r == 0)
		fprintf(stderr, "wring-bench: %s took %.1f s\n", g->name,
			(double)(workload_clock() - begin) / 1e9);
	return r;
}

static int run_groups(const struct bench *b, char *const *names, struct report *report,
		      struct error *err)
{
	report_head(stdout);
	for (const struct group *const *table = group_tables; *table; table++)
		for (const struct group *g = *table; g->name; g++) {
			bool rows_wanted[ROWS_MAX] = {};
			int r = 0;

			if (choose_rows(g, names, rows_wanted))
				r = run_group(b, g, rows_wanted, report, err);
			if (r < 0)
				return r;
		}
	return 0;
}

/* The last line, and the exit code. */
static int sum_up(const struct report *report)
{
	static const struct {
		enum verdict verdict;
		int code;
	} order[] = {
		{ VERDICT_MISSED, EXIT_REGRESSION },
		{ VERDICT_FAILED, EXIT_REGRESSION },
		{ VERDICT_NOT_MEASURED, EXIT_ENVIRONMENT },
		{ VERDICT_UNDECIDED, EXIT_INCONCLUSIVE },
	};
	char names[2000];
	int code = EXIT_DONE;

	printf("\n%u targets met", report_count(report, VERDICT_MET, names, sizeof(names)));
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		unsigned count = report_count(report, order[i].verdict, names, sizeof(names));

		if (!count)
			continue;
		printf("; %u %s: %s", count, verdict_names[order[i].verdict], names);
		code = code ? code : order[i].code;
	}
	printf("\n");
	return code;
}

static int measure(const struct bench_options *o, char *const *names)
{
	struct bench b = { .repeat = (unsigned)o->repeat, .stop = &stop_signal };
	struct report *report = NULL;
	struct error err = {};
	int r, code = EXIT_ENVIRONMENT;

	warn_when_busy();
	r = make_dirs(&b, o, &err);
	if (r == 0 && report_new(&report, &b) < 0)
		r = error_set(&err, -ENOMEM, "begin");
	if (r == 0)
		r = run_groups(&b, names, report, &err);
	peer_reap();
	remove_dirs(&b);
	if (stop_signal) {
		fprintf(stderr, "wring-bench: interrupted\n");
		code = EXIT_SIGNAL + stop_signal;
	} else if (r < 0) {
		fail(code, &err);
	} else {
		code = sum_up(report);
		if (o->json && report_write(report, o->json, &err) < 0)
			code = fail(EXIT_ENVIRONMENT, &err);
	}
	report_free(report);
	return code;
}

int main(int argc, char **argv)
{
	const struct sigaction action = { .sa_handler = on_signal };
	struct bench_options options = {};
	struct error err = {};
	int code = EXIT_DONE;

	(void)argc;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	prctl(PR_SET_CHILD_SUBREAPER, 1); /* a killed peer's children are the bench's to end */
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (parse(&options, argv, &err) < 0 || check_names(argv, &err) < 0)
		code = fail(EXIT_BAD_INPUT, &err);
	else if (options.help)
		help();
	else if (options.list)
		each_row(list, argv);
	else
		code = measure(&options, argv);
	option_free(bench_options, &options);
	return code;
}
