// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>

#include "results/compare/compare.h"
#include "results/compare/show-compare.h"
#include "results/fingerprint.h"
#include "src/command.h"
#include "src/macro.h"

struct compare_options {
	bool all, json, markdown;
	char *margin;
};

static const struct option_spec compare_options[] = {
	OPTION_BOOL(struct compare_options, all, .name = "all",
		    .help = "Print what didn't move, or can't be compared, too"),
	OPTION_BOOL(struct compare_options, json, .name = "json",
		    .help = "Print every row as JSON, with the values that it was judged by"),
	OPTION_BOOL(struct compare_options, markdown, .name = "markdown",
		    .help = "Print tables in Markdown"),
	OPTION_STRING(struct compare_options, margin, .name = "margin", .meta = "MARGIN",
		      .fallback = "2%",
		      .help = "What is too little to matter, where the suite's gate doesn't say"),
	{},
};

/* Two kernels of one run need no second name. */
static int open_sides(struct side **base, struct side **fresh, int argc, char **argv,
		      struct error *err)
{
	int r = side_open(base, argv[0], err);

	if (r < 0)
		return r;
	r = side_open(fresh, argv[argc - 1], err);
	if (r < 0 || argc == 2)
		return r;
	if ((*base)->kernel_count != 2)
		return error_say(err, -EINVAL,
				 "%s has %zu kernel%s: with one RUN, its two kernels are compared; "
				 "give a second RUN, or choose as %s@KERNEL",
				 argv[0], (*base)->kernel_count,
				 (*base)->kernel_count == 1 ? "" : "s", argv[0]);
	r = side_narrow(*base, (*base)->kernels[0], err);
	return r < 0 ? r : side_narrow(*fresh, (*fresh)->kernels[1], err);
}

static int print_json(const struct comparison *c)
{
	json_t *json = compare_json(c);
	int r = json ? json_dumpf(json, stdout, JSON_INDENT(2) | RECORD_JSON_FLAGS) : -1;

	putchar('\n');
	json_decref(json);
	return r < 0 ? -EIO : 0;
}

static int print(const struct compare_options *o, const struct comparison *c)
{
	int r = o->json	      ? print_json(c)
		: o->markdown ? compare_show_markdown(stdout, c, o->all)
			      : compare_show_text(stdout, c, o->all);

	return r < 0 ? r : fflush(stdout) == EOF ? -errno : 0;
}

static int compare_main(void *options, int argc, char **argv)
{
	const struct compare_options *o = options;
	struct compare_rules rules = compare_rules_default;
	struct side *base = NULL, *fresh = NULL;
	struct comparison *c = NULL;
	struct error err = {};
	int exit_code = EXIT_BAD_INPUT, r;

	if (parse_margin(o->margin, &rules.fallback) < 0)
		r = error_say(&err, -EINVAL,
			      "--margin: «%s» is none: write it as 2%%, or 2%% or 50", o->margin);
	else if (o->json && o->markdown)
		r = error_say(&err, -EINVAL, "--json and --markdown: choose one of them");
	else
		r = open_sides(&base, &fresh, argc, argv, &err);
	if (r == 0 && side_name_pair(base, fresh) < 0)
		r = error_set(&err, -ENOMEM, "compare");
	if (r == 0)
		r = compare_sides(&c, base, fresh, &rules, &err);
	if (r == 0) {
		r = print(o, c);
		exit_code = c->refusals.count ? EXIT_INVALID : EXIT_DONE;
		if (r < 0) {
			error_set(&err, r, "print the comparison");
			exit_code = EXIT_ENVIRONMENT;
		}
	}
	comparison_free(c);
	side_close(base);
	side_close(fresh);
	return r < 0 ? command_fail(exit_code, &err) : exit_code;
}

const struct command cmd_compare = {
	.name = "compare",
	.arguments = "BASE NEW [--all] [--margin M] [--json | --markdown]",
	.summary = "Says what moved between two runs, by how much, and how sure that is",
	.details =
		"BASE and NEW are runs; or kernels of one, as RUN@debian/6.1; or values of a knob\n"
		"that a matrix varies, as RUN@lru_gen=classic; or baselines. One RUN that has two\n"
		"kernels: the second against the first. A metric moved when an exact rank test\n"
		"says so (false-discovery rate 1 % over all of them) and the shift matters; it is\n"
		"the same when its 99 % interval lies within the margin; else it can't be told.\n"
		"Exit code: 0 whatever moved (wring gate judges), 4 when the two can't be "
		"compared.",
	.options = compare_options,
	.options_size = sizeof(struct compare_options),
	.arguments_min = 1,
	.arguments_max = 2,
	.run = compare_main,
};
