// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The statistics as a filter, for comparison with others' (stats-scipy.sh). A line of input is
 * `STATISTIC [LEVEL] | VALUES [| VALUES]`, the base's values first; its answer is a line of
 * numbers.
 */
#include <gsl/gsl_sort.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "results/stats/changes.h"
#include "results/stats/fdr.h"
#include "results/stats/ranksum.h"
#include "results/stats/shift.h"
#include "results/stats/signedrank.h"
#include "results/stats/values.h"
#include "src/cleanup.h"
#include "src/macro.h"

struct values {
	double *v;
	size_t count;
};

struct question {
	char name[32];
	double level;
	struct values base, fresh; /* of one list: base */
};

static void print(double value)
{
	printf("%.17g ", value);
}

static void answer_ranksum(const struct question *q)
{
	struct null null;
	double p = -1;

	null_ranksum(&null, q->base.count, q->fresh.count);
	gsl_sort(q->base.v, 1, q->base.count);
	gsl_sort(q->fresh.v, 1, q->fresh.count);
	ranksum_p(q->base.v, q->base.count, q->fresh.v, q->fresh.count, &null, &p);
	null_done(&null);
	print(p);
}

static void answer_signedrank(const struct question *q)
{
	struct null null;
	double p = -1;

	null_signedrank(&null, q->base.count);
	signedrank_p(q->base.v, q->base.count, &null, &p);
	null_done(&null);
	print(p);
}

static void print_shift(const struct pairs *pairs, const struct null *null, double level)
{
	struct interval interval = {};
	double estimate = 0;

	pairs_median(pairs, &estimate);
	shift_interval(pairs, null, level, &interval);
	print(estimate);
	print(interval.low);
	print(interval.high);
	print(interval.level);
}

static void answer_unpaired(const struct question *q)
{
	struct null null;

	null_ranksum(&null, q->base.count, q->fresh.count);
	gsl_sort(q->base.v, 1, q->base.count);
	gsl_sort(q->fresh.v, 1, q->fresh.count);
	print_shift(&(struct pairs){ q->fresh.v, q->base.v, q->fresh.count, q->base.count }, &null,
		    q->level);
	null_done(&null);
}

static void answer_paired(const struct question *q)
{
	struct null null;

	null_signedrank(&null, q->base.count);
	gsl_sort(q->base.v, 1, q->base.count);
	print_shift(&(struct pairs){ .fresh = q->base.v, .fresh_count = q->base.count }, &null,
		    q->level);
	null_done(&null);
}

static void answer_fdr(const struct question *q)
{
	fdr_adjust(q->base.v, q->base.count, q->base.v);
	for (size_t i = 0; i < q->base.count; i++)
		print(q->base.v[i]);
}

static void answer_median(const struct question *q)
{
	double median = 0;

	values_find_median(q->base.v, q->base.count, &median);
	print(median);
}

static void answer_energy(const struct question *q)
{
	print(changes_statistic(q->base.v, q->base.count, q->fresh.v, q->fresh.count));
}

static void answer_changes(const struct question *q)
{
	struct change *changes = NULL;
	size_t count = 0;

	changes_find(q->base.v, q->base.count, &changes_rules_default, &changes, &count, NULL);
	for (size_t i = 0; i < count; i++)
		print((double)changes[i].at);
	free(changes);
}

static const struct {
	const char *name;
	void (*answer)(const struct question *q);
} statistics[] = {
	{ "ranksum", answer_ranksum },	 { "signedrank", answer_signedrank },
	{ "unpaired", answer_unpaired }, { "paired", answer_paired },
	{ "fdr", answer_fdr },		 { "median", answer_median },
	{ "energy", answer_energy },	 { "changes", answer_changes },
};

/* Numbers up to what isn't one. */
static char *read_values(char *text, struct values *ret)
{
	char *end;

	ret->v = calloc(strlen(text) + 1, sizeof(*ret->v));
	for (ret->count = 0; ret->v; text = end, ret->count++) {
		double value = strtod(text, &end);

		if (end == text)
			break;
		ret->v[ret->count] = value;
	}
	return text + strspn(text, " ");
}

static int answer(char *line)
{
	struct question q = {};
	char *bar = strchr(line, '|'), *rest;

	if (!bar || sscanf(line, "%31s %lf", q.name, &q.level) < 1)
		return -1;
	rest = read_values(bar + 1, &q.base);
	if (*rest == '|')
		read_values(rest + 1, &q.fresh);
	for (size_t i = 0; i < ARRAY_SIZE(statistics); i++)
		if (streq(statistics[i].name, q.name))
			statistics[i].answer(&q);
	putchar('\n');
	free(q.base.v);
	free(q.fresh.v);
	return 0;
}

int main(void)
{
	_cleanup_free_ char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, stdin) > 0)
		if (answer(line) < 0) {
			fprintf(stderr, "stats-calc: no question: %s", line);
			return EXIT_FAILURE;
		}
	return EXIT_SUCCESS;
}
