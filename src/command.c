// SPDX-License-Identifier: GPL-2.0-or-later
#include "src/command.h"

#include <getopt.h>
#include <stdlib.h>

#include "src/cleanup.h"
#include "src/macro.h"
#include "src/nearest.h"

#define OPTIONS_MAX 40
#define HELP_CODE   1000

int command_fail(int exit_code, const struct error *err)
{
	fflush(stdout);
	fprintf(stderr, "wring: %s\n", err->text);
	return exit_code;
}

void command_help(const struct command *cmd)
{
	printf("Usage: wring %s %s\n\n%s.\n", cmd->name, cmd->arguments, cmd->summary);
	if (cmd->details)
		printf("\n%s\n", cmd->details);
	if (cmd->options) {
		printf("\nOptions:\n");
		option_print(stdout, cmd->options, "--");
	}
}

static int usage(const struct command *cmd, const char *text)
{
	fprintf(stderr, "wring %s: %s\nUsage: wring %s %s\nTry: wring %s --help\n", cmd->name, text,
		cmd->name, cmd->arguments, cmd->name);
	return EXIT_BAD_INPUT;
}

static int bad_option(const struct command *cmd, const char *word)
{
	struct nearest search = { .word = word + strspn(word, "-") };
	char hint[200], text[400];

	for (const struct option_spec *s = cmd->options; s && s->name; s++)
		nearest_offer(&search, s->name);
	nearest_hint(&search, hint, sizeof(hint));
	snprintf(text, sizeof(text), "no option %s%s", word, hint);
	return usage(cmd, text);
}

static int parse(const struct command *cmd, int argc, char **argv, void *options)
{
	struct option known[OPTIONS_MAX + 2] = { { "help", no_argument, NULL, HELP_CODE } };
	char text[1300];
	int n = 1, c;

	for (const struct option_spec *s = cmd->options; s && s->name && n <= OPTIONS_MAX; s++, n++)
		known[n] = (struct option){ s->name,
					    s->type == OPTION_TYPE_BOOL ? no_argument
									: required_argument,
					    NULL, n };
	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":h", known, NULL)) != -1) {
		const struct option_spec *spec;
		struct error err = {};

		if (c == 'h' || c == HELP_CODE) {
			command_help(cmd);
			return -1;
		}
		if (c == ':') {
			snprintf(text, sizeof(text), "%s needs a value", argv[optind - 1]);
			return usage(cmd, text);
		}
		if (c == '?' && optopt) {
			snprintf(text, sizeof(text),
				 "no option -%c: options are written out, as --jobs", optopt);
			return usage(cmd, text);
		}
		if (c == '?')
			return bad_option(cmd, argv[optind - 1]);
		spec = &cmd->options[c - 1];
		if (option_parse(spec, options, optarg ? optarg : "true", &err) < 0) {
			snprintf(text, sizeof(text), "--%s", err.text);
			return usage(cmd, text);
		}
	}
	return EXIT_DONE;
}

/* Parses and runs; *ret_misused: it was not understood. */
static int parse_and_run(const struct command *cmd, int argc, char **argv, void *options,
			 bool *ret_misused)
{
	int r = parse(cmd, argc, argv, options), left = argc - optind;

	if (r < 0)
		return EXIT_DONE; /* --help */
	*ret_misused = true;
	if (r != EXIT_DONE)
		return r;
	if (left < cmd->arguments_min)
		return usage(cmd, "an argument is missing");
	if (cmd->arguments_max >= 0 && left > cmd->arguments_max)
		return usage(cmd, "too many arguments");
	*ret_misused = false;
	return cmd->run(options, left, argv + optind);
}

int command_main(const struct command *cmd, int argc, char **argv)
{
	_cleanup_free_ void *options = calloc(1, cmd->options_size + 1);
	struct error err = {};
	bool misused = false;
	int r;

	if (!options || option_defaults(cmd->options, options, &err) < 0)
		return command_fail(EXIT_ENVIRONMENT, &err);
	r = parse_and_run(cmd, argc, argv, options, &misused);
	option_free(cmd->options, options);
	return misused && cmd->misused ? cmd->misused(argc, argv) : r;
}
