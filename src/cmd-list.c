// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>

#include "harness/knobs.h"
#include "harness/suite/limits.h"
#include "harness/suite/suite.h"
#include "harness/vm/kernel.h"
#include "results/columns.h"
#include "results/metrics.h"
#include "src/cleanup.h"
#include "src/command.h"
#include "src/datafile.h"
#include "src/macro.h"
#include "src/nearest.h"
#include "src/strlist.h"
#include "src/units.h"
#include "workloads/registry.h"

/* A kind of thing that can be listed: all of them a line each, or one by name. */
struct listing {
	const char *name, *summary;
	int (*all)(void);
	int (*one)(const char *name, struct error *err); /* NULL: it has no details */
};

static int unknown(const struct nearest *search, const char *kind, struct error *err)
{
	char hint[200];

	return error_say(err, -ENOENT, "no %s «%s»%s", kind, search->word,
			 nearest_hint(search, hint, sizeof(hint)));
}

static int list_workloads(void)
{
	for (const struct workload_ops *const *w = workloads; *w; w++)
		printf("%-10s %s\n", (*w)->name, (*w)->summary);
	return 0;
}

static int show_workload(const char *name, struct error *err)
{
	const struct workload_ops *ops = workload_find(name);
	struct nearest search = { .word = name };

	for (const struct workload_ops *const *w = workloads; *w; w++)
		nearest_offer(&search, (*w)->name);
	if (!ops)
		return unknown(&search, "workload", err);
	printf("%s: %s\n\nIts own keys:\n", ops->name, ops->summary);
	option_print(stdout, ops->options, "");
	if (ops->counters) {
		printf("\nIt counts, as metrics work.NAME.COUNTER:\n");
		for (const struct counter_spec *c = ops->counters; c->name; c++)
			printf("  %-29s %s (%s%s)\n", c->name, c->help, c->unit,
			       c->level ? ", at the end" : "");
	}
	printf("\nKeys of every workload:\n");
	option_print(stdout, placement_options, "");
	for (const struct requirement *need = ops->needs; need && need->name; need++)
		printf("\nNeeds %s: %s\n", need->name, need->cure);
	return 0;
}

static int list_metrics(void)
{
	for (const struct metric_def *m = NULL; (m = metric_next(m));)
		printf("%-36s %-12s %s\n", m->name, m->unit, m->meaning);
	return 0;
}

static int show_metric(const char *name, struct error *err)
{
	static const char *const better[] = { "neither", "lower", "higher" };
	const struct metric_def *m = metric_find(name);
	struct nearest search = { .word = name };
	char kernels[400];

	for (const struct metric_def *known = NULL; (known = metric_next(known));)
		nearest_offer(&search, known->name);
	if (!m)
		return unknown(&search, "metric", err);
	metric_kernels(m, kernels, sizeof(kernels));
	printf("%s: %s\n  unit     %s\n  better   %s\n  formula  %s\n  kernels  %s\n", m->name,
	       m->meaning, m->unit, better[m->better], m->formula, kernels);
	return 0;
}

static int suite_names(struct strlist *names)
{
	_cleanup_closedir_ DIR *dir = NULL;
	_cleanup_free_ char *path = NULL;
	struct dirent *entry;

	if (datafile_find("suites", &path, NULL) < 0 || !(dir = opendir(path)))
		return -ENOENT;
	while ((entry = readdir(dir))) {
		char *dot = strrchr(entry->d_name, '.');

		if (!dot || !streq(dot, ".yaml"))
			continue;
		*dot = '\0';
		if (strlist_add(names, entry->d_name) < 0)
			return -ENOMEM;
	}
	strlist_sort(names);
	return 0;
}

static struct suite *load_suite(const char *name, struct error *err)
{
	_cleanup_free_ char *path = NULL;
	struct strlist none = {};
	struct suite *suite;

	if (suite_find(name, &path, err) < 0 ||
	    suite_load(&suite, path, &none, NULL, &none, err) < 0)
		return NULL;
	return suite;
}

static int list_suites(void)
{
	_cleanup_strlist_ struct strlist names = {};

	if (suite_names(&names) < 0)
		return -ENOENT;
	for (size_t i = 0; i < names.count; i++) {
		struct error err = {};
		struct suite *suite = load_suite(names.items[i], &err);

		printf("%-10s %s\n", names.items[i],
		       !suite	      ? err.text
		       : suite->about ? suite->about
				      : "");
		suite_free(suite);
	}
	return 0;
}

static int show_suite(const char *name, struct error *err)
{
	struct suite *suite = load_suite(name, err);

	if (!suite)
		return err->code;
	printf("%s: %s\n(%s)\n", suite->name, suite->about ? suite->about : "", suite->path);
	for (size_t i = 0; i < suite->scenario_count; i++)
		printf("\n  %s\n    %s\n", suite->scenarios[i].name,
		       suite->scenarios[i].about ? suite->scenarios[i].about : "");
	suite_free(suite);
	return 0;
}

static int list_knobs(void)
{
	for (const struct knob *k = knobs; k->name; k++) {
		char range[200] = "";

		for (const char *const *w = k->words; w && *w; w++)
			snprintf(range + strlen(range), sizeof(range) - strlen(range), "%s%s",
				 w == k->words ? "" : "|", *w);
		if (!k->words)
			snprintf(range, sizeof(range), "%llu to %llu", (unsigned long long)k->min,
				 (unsigned long long)k->max);
		printf("%-30s %s (%s)\n", k->name, k->help, range);
	}
	return 0;
}

static int list_machine(void)
{
	static const struct {
		const char *title;
		const struct option_spec *table;
	} parts[] = {
		{ "Of the machine", machine_options },
		{ "Of a node", node_options },
		{ "Of a swap device", swap_options },
		{ "Of the disk", disk_options },
	};
	char min[FORMAT_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		printf("%s:\n", parts[i].title);
		option_print(stdout, parts[i].table, "");
		printf("\n");
	}
	printf("Filesystems of a null_blk disk:\n");
	for (const struct disk_filesystem *f = disk_filesystems; f->name; f++)
		printf("  %-29s on %s or more; needs %s, of %s\n", f->name,
		       format_size(f->min_bytes, min), f->program, f->package);
	return 0;
}

/* What can be fetched; then what has been, which may be other versions. */
static int list_kernels(void)
{
	_cleanup_strlist_ struct strlist cached = {};

	for (const struct kernel_source *s = kernel_sources; s->name; s++)
		printf("%-18s %s\n", s->name, s->about);
	kernel_cached(&cached, NULL);
	for (size_t i = 0; i < cached.count; i++) {
		_cleanup_kernel_ struct kernel *k = NULL;

		if (kernel_find(&k, cached.items[i], NULL, NULL) == 0)
			printf("%s%-18s %s\n", i ? "" : "\nin the cache:\n", k->name, k->release);
	}
	return 0;
}

static const struct listing listings[] = {
	{ "workloads", "generators; NAME: all of its options", list_workloads, show_workload },
	{ "metrics", "what is computed of a trial; NAME: its definition", list_metrics,
	  show_metric },
	{ "suites", "shipped suites; NAME: its scenarios", list_suites, show_suite },
	{ "knobs", "kernel settings that a suite may change", list_knobs, NULL },
	{ "machine", "keys of a suite's machine, in their parts", list_machine, NULL },
	{ "kernels", "kernels for VMs that «wring kernel get» knows", list_kernels, NULL },
};

static int list_everything(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(listings); i++)
		printf("wring list %-10s %s\n", listings[i].name, listings[i].summary);
	return EXIT_DONE;
}

static int run(void *options, int argc, char **argv)
{
	struct nearest search = { .word = argc ? argv[0] : "" };
	struct error err = {};

	(void)options;
	if (argc == 0)
		return list_everything();
	for (size_t i = 0; i < ARRAY_SIZE(listings); i++) {
		const struct listing *l = &listings[i];
		int r;

		nearest_offer(&search, l->name);
		if (!streq(argv[0], l->name))
			continue;
		if (argc == 2 && !l->one)
			r = error_say(&err, -EINVAL, "list %s takes no name", l->name);
		else if (argc == 2)
			r = l->one(argv[1], &err);
		else
			r = l->all() < 0 ? error_say(&err, -ENOENT, "no %s found", l->name) : 0;
		return r < 0 ? command_fail(EXIT_BAD_INPUT, &err) : EXIT_DONE;
	}
	unknown(&search, "kind of list", &err);
	return command_fail(EXIT_BAD_INPUT, &err);
}

const struct command cmd_list = {
	.name = "list",
	.arguments = "[workloads|metrics|suites|knobs|kernels [NAME]]",
	.summary = "Lists what there is, one line each; with a NAME, all of it",
	.arguments_max = 2,
	.run = run,
};
