// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "results/compare/baseline.h"
#include "src/cleanup.h"
#include "src/command.h"
#include "src/macro.h"

struct baseline_options {
	bool all;
	struct strlist also;
};

static const struct option_spec baseline_options[] = {
	OPTION_BOOL(struct baseline_options, all, .name = "all",
		    .help = "Keep every metric, instead of those that the suite's gate names"),
	OPTION_LIST(
		struct baseline_options, also, .name = "also", .meta = "RUN",
		.help = "The same, run by another wring or QEMU: how far that moves it is kept"),
	{},
};

static int save(const struct baseline_options *o, const char *run, const char *file, int *ret_exit,
		struct error *err)
{
	_cleanup_free_ struct side **others = calloc(o->also.count + 1, sizeof(struct side *));
	struct side *side = NULL;
	size_t count = 0;
	int r = others ? side_open(&side, run, err) : error_set(err, -ENOMEM, "baseline");

	for (; r == 0 && count < o->also.count; count += r == 0)
		r = side_open(&others[count], o->also.items[count], err);
	if (r == 0) {
		r = baseline_write(file, side, o->all, others, count, err);
		*ret_exit = r == -EUCLEAN  ? EXIT_INVALID
			    : r == -EINVAL ? EXIT_BAD_INPUT
					   : EXIT_ENVIRONMENT;
	}
	if (r == 0)
		printf("%s: %zu scenario%s, %zu seeds\n", file, side->cell_count,
		       side->cell_count == 1 ? "" : "s", side->cells[0].seed_count);
	side_close(side);
	for (size_t i = 0; i < count; i++)
		side_close(others[i]);
	return r;
}

static int baseline(void *options, int argc, char **argv)
{
	const struct baseline_options *o = options;
	int exit_code = EXIT_BAD_INPUT, r;
	struct error err = {};

	if (!streq(argv[0], "save") || argc != 3)
		r = error_say(&err, -EINVAL, "baseline: it is «baseline save RUN FILE»");
	else
		r = save(o, argv[1], argv[2], &exit_code, &err);
	return r < 0 ? command_fail(exit_code, &err) : EXIT_DONE;
}

const struct command cmd_baseline = {
	.name = "baseline",
	.arguments = "save RUN FILE [--also RUN2 ...] [--all]",
	.summary = "Keeps the figures of a run as one small text file, to hold later runs to",
	.details =
		"RUN is as for wring compare, so RUN@debian/6.12 keeps one of its kernels. FILE "
		"can "
		"be\n"
		"committed; wring gate and compare take it where they take a run. It names the "
		"wring, QEMU\n"
		"and kernel that made it. Where another wring or QEMU is the judge's, margins are "
		"widened\n"
		"by what that was measured to change (--also); without, such a gate is invalid.",
	.options = baseline_options,
	.options_size = sizeof(struct baseline_options),
	.arguments_min = 1,
	.arguments_max = 3,
	.run = baseline,
};
