// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/guard.h"
#include "harness/vm/kernel.h"
#include "harness/vm/vm-cache.h"
#include "src/cleanup.h"
#include "src/command.h"
#include "src/option.h"
#include "src/units.h"

static void say(const char *line)
{
	printf("%s\n", line);
}

struct clean_options {
	bool states;
};

static const struct option_spec clean_options[] = {
	OPTION_BOOL(struct clean_options, states, .name = "states",
		    .help = "remove the VMs' states and unpacked kernels from the cache, too"),
	{}
};

static int drop_states(struct error *err)
{
	char text[FORMAT_MAX];
	uint64_t bytes;
	int r = vm_cache_drop(&bytes, err);

	if (r == 0)
		printf("removed %s of states and kernels\n",
		       format_size_short((double)bytes, text));
	return r;
}

static int run(void *options, int argc, char **argv)
{
	const struct clean_options *o = options;
	_cleanup_fsroot_ struct fsroot fs = { -1, -1, -1 };
	_cleanup_free_ char *cache = NULL;
	struct error err = {};
	int left;

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
	if (o->states && drop_states(&err) < 0)
		return command_fail(EXIT_ENVIRONMENT, &err);
	printf("clean\n");
	return EXIT_DONE;
}

const struct command cmd_clean = {
	.name = "clean",
	.arguments = "[--states]",
	.summary = "Undoes what a killed run left behind: cgroups, workers, knobs, scratch files",
	.details =
		"Reads the journals that runs keep in the cache. A run that goes on is left alone.",
	.options = clean_options,
	.options_size = sizeof(struct clean_options),
	.run = run,
};
