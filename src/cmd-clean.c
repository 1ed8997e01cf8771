// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/guard.h"
#include "harness/vm/kernel.h"
#include "src/cleanup.h"
#include "src/command.h"

static void say(const char *line)
{
	printf("%s\n", line);
}

static int run(void *options, int argc, char **argv)
{
	_cleanup_fsroot_ struct fsroot fs = { -1, -1, -1 };
	_cleanup_free_ char *cache = NULL;
	struct error err = {};
	int left;

	(void)options;
	(void)argc;
	(void)argv;
	if (fsroot_open(&fs, "/", &err) < 0 || cache_dir(&cache, &err) < 0)
		return command_fail(EXIT_ENVIRONMENT, &err);
	left = guard_clean(cache, &fs, say, &err);
	if (left < 0)
		return command_fail(EXIT_ENVIRONMENT, &err);
	if (left > 0) {
		error_say(&err, left, "%d things could not be undone; as root, perhaps", left);
		return command_fail(EXIT_ENVIRONMENT, &err);
	}
	printf("clean\n");
	return EXIT_DONE;
}

const struct command cmd_clean = {
	.name = "clean",
	.arguments = "",
	.summary = "Undoes what a killed run left behind: cgroups, workers, knobs, scratch files",
	.details =
		"Reads the journals that runs keep in the cache. A run that goes on is left alone.",
	.run = run,
};
