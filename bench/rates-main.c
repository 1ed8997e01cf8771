// SPDX-License-Identifier: GPL-2.0-or-later
/* wring-rates: how often the judge errs and how often it tells. See rates.h. */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/rates.h"
#include "src/command.h"

struct options {
	const char *noise, *json;
	struct rates_plan plan;
};

static void help(void)
{
	printf("Usage: wring-rates [--quick] [--seed N] [--json FILE] NOISE\n\n"
	       "Simulates gates on recorded values (NOISE: a line a series of kernel, scenario,\n"
	       "metric and values, between tabs) and says how often their verdicts are wrong, how\n"
	       "often a shift of 2 %% is told, and how often intervals cover.\n\n"
	       "  --quick      a fiftieth of the cases: seconds, and a larger error\n"
	       "  --seed N     of the simulation; 1 without\n"
	       "  --json FILE  write all rates there\n\n"
	       "Exit codes: 0 all targets are met, 1 one is missed, 2 usage, 5 no noise could be\n"
	       "read or no file written.\n");
}

/* An exit code; -1: go on. */
static int parse(int argc, char **argv, struct options *o)
{
	static const struct option options[] = { { "quick", no_argument, NULL, 'q' },
						 { "seed", required_argument, NULL, 's' },
						 { "json", required_argument, NULL, 'j' },
						 { "help", no_argument, NULL, 'h' },
						 {} };
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'q':
			o->plan.effort = 0.02;
			break;
		case 's':
			o->plan.seed = strtoull(optarg, NULL, 10);
			break;
		case 'j':
			o->json = optarg;
			break;
		case 'h':
			help();
			return EXIT_DONE;
		default:
			return EXIT_BAD_INPUT;
		}
	}
	if (optind + 1 != argc) {
		fprintf(stderr, "wring-rates: one file of recorded values is wanted\n");
		return EXIT_BAD_INPUT;
	}
	o->noise = argv[optind];
	return -1;
}

static void format_target(const struct rate *r, char *buf, size_t size)
{
	switch (r->want) {
	case RATE_AT_MOST:
		snprintf(buf, size, "<= %g %%", 100 * r->high);
		break;
	case RATE_AT_LEAST:
		snprintf(buf, size, ">= %g %%", 100 * r->low);
		break;
	case RATE_WITHIN:
		snprintf(buf, size, "%g to %g %%", 100 * r->low, 100 * r->high);
		break;
	case RATE_TOLD:
		*buf = '\0';
		break;
	}
}

static void print_rate(const struct rate *r)
{
	const char *verdict = rate_is_met(r) ? "met" : "missed";
	char target[40];

	format_target(r, target, sizeof(target));
	if (r->cases == 0)
		printf("%-26s %19s  %-13s %-7s", r->name, "no such series", target,
		       r->want == RATE_TOLD ? "" : verdict);
	else
		printf("%-26s %7.2f %% ± %5.2f %%  %-13s %-7s", r->name, 100 * r->share,
		       100 * r->error, target, r->want == RATE_TOLD ? "" : verdict);
	printf(" %7llu  %s\n", (unsigned long long)r->cases, r->what);
}

static bool same_row(const struct rate *a, const struct rate *b)
{
	size_t len = strlen(a->name) - strlen(a->column);

	return strlen(b->name) - strlen(b->column) == len && strncmp(a->name, b->name, len) == 0;
}

/* Powers by what is measured, and by seeds. */
static void print_table(const struct rates *rates)
{
	const struct rate *first = NULL, *last = NULL;
	double error = 0;

	printf("\nA shift of 2 %% told, in per cent of the cases, by seeds (base+fresh); spreads "
	       "are\n"
	       "shares of the median\n\n%-22s",
	       "");
	for (size_t i = 0; i < rates->count; i++) {
		const struct rate *r = &rates->rates[i];

		if (!*r->column || (first && !same_row(first, r)))
			continue;
		first = first ? first : r;
		printf("%9s", r->column);
	}
	for (size_t i = 0; i < rates->count; i++) {
		const struct rate *r = &rates->rates[i];

		if (!*r->column)
			continue;
		if (!last || !same_row(last, r))
			printf("\n%-22.*s", (int)(strlen(r->name) - strlen(r->column) - 1),
			       r->name);
		error = fmax(error, r->error);
		if (r->cases)
			printf("%9.1f", 100 * r->share);
		else
			printf("%9s", "-");
		last = r;
	}
	printf("\n\nstandard errors of the table: %.1f points at most\n", 100 * error);
}

static int write_json(const struct rates *rates, const char *path)
{
	json_t *list = json_array(), *root;
	int r;

	for (size_t i = 0; i < rates->count; i++) {
		const struct rate *rate = &rates->rates[i];
		json_t *one = json_pack("{s:s, s:s, s:f, s:f, s:I}", "name", rate->name, "what",
					rate->what, "share", rate->share, "error", rate->error,
					"cases", (json_int_t)rate->cases);

		if (rate->want == RATE_AT_LEAST || rate->want == RATE_WITHIN)
			json_object_set_new(one, "at_least", json_real(rate->low));
		if (rate->want == RATE_AT_MOST || rate->want == RATE_WITHIN)
			json_object_set_new(one, "at_most", json_real(rate->high));
		if (rate->want != RATE_TOLD)
			json_object_set_new(one, "met", json_boolean(rate_is_met(rate)));
		json_array_append_new(list, one);
	}
	root = json_pack("{s:o}", "rates", list);
	r = root ? json_dump_file(root, path, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) : -1;
	json_decref(root);
	return r;
}

static int show(const struct options *o, const struct rates *rates)
{
	unsigned missed = 0;

	printf("%-26s %19s  %-13s %-7s %7s\n", "rate", "± standard error", "target", "", "cases");
	for (size_t i = 0; i < rates->count; i++) {
		if (!*rates->rates[i].column)
			print_rate(&rates->rates[i]);
		missed += !rate_is_met(&rates->rates[i]);
	}
	print_table(rates);
	if (o->json && write_json(rates, o->json) < 0) {
		fprintf(stderr, "wring-rates: can't write %s\n", o->json);
		return EXIT_ENVIRONMENT;
	}
	if (missed)
		printf("\n%u targets are missed\n", missed);
	return missed ? EXIT_REGRESSION : EXIT_DONE;
}

static void say_noise(const struct noise *noise)
{
	size_t discrete = 0, kernels = 0;

	for (size_t i = 0; i < noise->count; i++) {
		discrete += noise->series[i].discrete;
		kernels +=
			i == 0 || strcmp(noise->series[i].kernel, noise->series[i - 1].kernel) != 0;
	}
	printf("%zu series of %zu kernels, %zu of them discrete\n\n", noise->count, kernels,
	       discrete);
}

int main(int argc, char **argv)
{
	struct options o = { .plan = { .seed = 1, .effort = 1 } };
	struct noise noise = {};
	struct rates rates = {};
	struct error err = {};
	int code = parse(argc, argv, &o);

	if (code >= 0)
		return code;
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (noise_read(o.noise, &noise, &err) < 0) {
		fprintf(stderr, "wring-rates: %s\n", err.text);
		return EXIT_ENVIRONMENT;
	}
	o.plan.noise = &noise;
	say_noise(&noise);
	if (rates_measure(&o.plan, &rates, &err) < 0) {
		fprintf(stderr, "wring-rates: %s\n", err.text);
		code = EXIT_ENVIRONMENT;
	} else {
		code = show(&o, &rates);
	}
	rates_done(&rates);
	noise_done(&noise);
	return code;
}
