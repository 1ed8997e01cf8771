// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include <stdio.h>

#include "src/command.h"
#include "src/macro.h"
#include "src/nearest.h"

static const struct command *const commands[] = {
	&cmd_list,     &cmd_check,     &cmd_plan,   &cmd_run,	  &cmd_show,
	&cmd_compare,  &cmd_gate,      &cmd_plot,   &cmd_history, &cmd_shell,
	&cmd_baseline, &cmd_calibrate, &cmd_bisect, &cmd_kernel,  &cmd_clean,
};

static void help(void)
{
	printf("wring %s: squeezes memory and measures how the Linux kernel gets it back\n\n"
	       "Usage: wring COMMAND ...\n\nCommands:\n",
	       PACKAGE_VERSION);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		printf("  %-9s %s\n", commands[i]->name, commands[i]->summary);
	printf("\n«wring COMMAND --help» says more. To begin: wring kernel get debian/6.12, then\n"
	       "wring run tour --vm --kernel debian/6.12\n\n"
	       "Exit codes: 0 done or pass, 1 regression or failed expectation, 2 usage or bad "
	       "input,\n"
	       "3 inconclusive, 4 the measurement can't be trusted, 5 something is missing here\n");
}

int main(int argc, char **argv)
{
	struct nearest search = {};
	char hint[100];

	if (argc < 2 || streq(argv[1], "--help") || streq(argv[1], "-h") ||
	    streq(argv[1], "help")) {
		help();
		return argc < 2 ? EXIT_BAD_INPUT : EXIT_DONE;
	}
	if (streq(argv[1], "--version") || streq(argv[1], "-V")) {
		printf("wring %s\n", PACKAGE_VERSION);
		return EXIT_DONE;
	}
	search.word = argv[1];
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (streq(argv[1], commands[i]->name))
			return command_main(commands[i], argc - 1, argv + 1);
		nearest_offer(&search, commands[i]->name);
	}
	fprintf(stderr, "wring: no command «%s»%s\nTry: wring --help\n", argv[1],
		nearest_hint(&search, hint, sizeof(hint)));
	return EXIT_BAD_INPUT;
}
