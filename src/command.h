/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

#include "src/option.h"

/* Exit codes: the same for every command, and they never change meaning. */
enum {
	EXIT_DONE = 0,	       /* done, or pass */
	EXIT_REGRESSION = 1,   /* a regression or a failed expectation */
	EXIT_BAD_INPUT = 2,    /* usage, or input that can't be used */
	EXIT_INCONCLUSIVE = 3, /* more seeds are needed */
	EXIT_INVALID = 4,      /* the measurement can't be trusted */
	EXIT_ENVIRONMENT = 5,  /* this machine can't do it: something is missing */
};

struct command {
	const char *name;
	const char *arguments;		   /* for the usage line: "SUITE [--vm]" */
	const char *summary;		   /* one line */
	const char *details;		   /* more lines for --help; may be NULL */
	const struct option_spec *options; /* {}-terminated; may be NULL */
	size_t options_size;		   /* of the struct that options fill */
	int arguments_min, arguments_max;  /* arguments_max -1: any number */
	/* Called in wring's own process with the parsed options; returns an exit code. Required. */
	int (*run)(void *options, int argc, char **argv);
	/*
	 * The exit code when the words were not understood, for a caller to whom EXIT_BAD_INPUT
	 * would mean something else; argv is all of them. Optional.
	 */
	int (*misused)(int argc, char **argv);
};

/* One a file, src/cmd-NAME.c; listed in main.c. */
extern const struct command cmd_baseline, cmd_bisect, cmd_calibrate, cmd_check, cmd_clean,
	cmd_compare, cmd_gate, cmd_history, cmd_kernel, cmd_list, cmd_plan, cmd_plot, cmd_run,
	cmd_shell, cmd_show;

/* Parses argv (argv[0] is the command's name) by the command's tables and runs it. */
int command_main(const struct command *cmd, int argc, char **argv);

void command_help(const struct command *cmd);

/* Prints "wring: TEXT" on stderr and returns the exit code that it was given. */
int command_fail(int exit_code, const struct error *err);
