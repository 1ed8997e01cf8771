// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/noise.h"

#include <errno.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cleanup.h"
#include "src/macro.h"

#define VALUES_LEAST 8
#define NORMAL_IQR   1.349 /* of a normal deviation */

static void series_done(struct series *s)
{
	free(s->kernel);
	free(s->scenario);
	free(s->metric);
	free(s->sorted);
	free(s->ranks);
}

void noise_done(struct noise *noise)
{
	for (size_t i = 0; i < noise->count; i++)
		series_done(&noise->series[i]);
	free(noise->series);
	*noise = (struct noise){};
}

/* The least step between values that differ. */
static double least_step(const struct series *s)
{
	double least = INFINITY;

	for (size_t i = 1; i < s->count; i++)
		if (s->sorted[i] > s->sorted[i - 1])
			least = MIN(least, s->sorted[i] - s->sorted[i - 1]);
	return isinf(least) ? 0 : least;
}

static int sort_values(struct series *s)
{
	_cleanup_free_ size_t *order = calloc(s->count, sizeof(*order));
	size_t equal = 0;

	s->ranks = calloc(s->count, sizeof(*s->ranks));
	if (!order || !s->ranks)
		return -ENOMEM;
	gsl_sort_index(order, s->sorted, 1, s->count);
	for (size_t i = 0; i < s->count; i++)
		s->ranks[order[i]] = i;
	gsl_sort(s->sorted, 1, s->count);
	for (size_t i = 1; i < s->count; i++)
		equal += s->sorted[i] == s->sorted[i - 1];
	s->discrete = equal * 10 > s->count;
	s->step = s->discrete ? least_step(s) : 0;
	s->median = gsl_stats_median_from_sorted_data(s->sorted, 1, s->count);
	s->spread = (gsl_stats_quantile_from_sorted_data(s->sorted, 1, s->count, 0.75) -
		     gsl_stats_quantile_from_sorted_data(s->sorted, 1, s->count, 0.25)) /
		    NORMAL_IQR;
	return 0;
}

/* Numbers to the line's end; -EINVAL: something else is among them, or there are too few. */
static int parse_values(const char *text, struct series *s)
{
	s->sorted = calloc(strlen(text) / 2 + 1, sizeof(*s->sorted));
	if (!s->sorted)
		return -ENOMEM;
	while (*text) {
		char *end;
		double value = strtod(text, &end);

		if (end == text || !isfinite(value))
			return -EINVAL;
		s->sorted[s->count++] = value;
		text = end + strspn(end, " \n");
	}
	return s->count < VALUES_LEAST ? -EINVAL : sort_values(s);
}

static int parse_line(char *line, struct series *ret)
{
	char **const names[] = { &ret->kernel, &ret->scenario, &ret->metric };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char *tab = strchr(line, '\t');

		if (!tab)
			return -EINVAL;
		*names[i] = strndup(line, (size_t)(tab - line));
		if (!*names[i])
			return -ENOMEM;
		line = tab + 1;
	}
	return parse_values(line, ret);
}

static int by_scenario(const void *a, const void *b)
{
	const struct series *x = a, *y = b;
	int order = strcmp(x->kernel, y->kernel);

	if (order == 0)
		order = strcmp(x->scenario, y->scenario);
	return order ? order : strcmp(x->metric, y->metric);
}

static int add_line(struct noise *noise, char *line)
{
	struct series *grown = reallocarray(noise->series, noise->count + 1, sizeof(*grown));
	struct series s = {};
	int r;

	if (!grown)
		return -ENOMEM;
	noise->series = grown;
	r = parse_line(line, &s);
	if (r < 0)
		series_done(&s);
	else
		grown[noise->count++] = s;
	return r;
}

int noise_read(const char *path, struct noise *ret, struct error *err)
{
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	_cleanup_free_ char *line = NULL;
	struct noise noise = {};
	size_t size = 0, number = 0;
	int r = 0;

	if (!f)
		return error_set(err, -errno, "read %s", path);
	while (r == 0 && getline(&line, &size, f) > 0) {
		number++;
		r = *line == '#' ? 0 : add_line(&noise, line);
	}
	if (r == 0 && noise.count == 0)
		r = error_say(err, -EINVAL, "%s has no series", path);
	else if (r == -EINVAL)
		error_say(err, r, "%s:%zu is no kernel, scenario, metric and at least %d numbers",
			  path, number, VALUES_LEAST);
	else if (r < 0)
		error_set(err, r, "read %s", path);
	if (r < 0) {
		noise_done(&noise);
		return r;
	}
	qsort(noise.series, noise.count, sizeof(*noise.series), by_scenario);
	*ret = noise;
	return 0;
}

double noise_draw(const struct series *s, double seed, struct rng *rng)
{
	size_t rank = s->ranks[(size_t)(seed * (double)s->count)];
	double value = s->sorted[rank], step = rng_unit(rng) - 0.5;

	if (s->discrete)
		return value;
	if (step < 0)
		return value + step * (rank > 0 ? value - s->sorted[rank - 1] : 0);
	return value + step * (rank + 1 < s->count ? s->sorted[rank + 1] - value : 0);
}
