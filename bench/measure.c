// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/measure.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/cleanup.h"
#include "src/macro.h"
#include "src/process.h"

const char *const verdict_names[] = {
	"told", "met", "undecided", "missed", "not measured", "failed", NULL,
};

/* Of what the bare loop reaches with as many threads. */
#define SCALE_SHARE 0.97

/* ---- samples ---- */

static void probe_side(const struct side *s, struct side_result *r)
{
	_cleanup_free_ char *path = NULL;

	if (s->program && process_find(s->program, &path, NULL) < 0)
		error_say(&r->missing, -ENOENT, "%s is not installed (apt-get install %s)",
			  s->program, s->program);
}

static bool has_sides(const struct row *row, const struct group_result *g, unsigned *sides)
{
	unsigned count = 0;

	sides[count++] = row->a;
	if (!row_is_single(row))
		sides[count++] = row->b;
	if (row->kind == ROW_SCALE) {
		sides[count++] = row->c;
		sides[count++] = row->d;
	}
	for (unsigned i = count; i < 4; i++)
		sides[i] = row->a;
	for (unsigned i = 0; i < count; i++)
		if (g->sides[sides[i]].missing.code)
			return false;
	return row->kind != ROW_SCALE || sysconf(_SC_NPROCESSORS_ONLN) >= 2;
}

static int choose_sides(const struct group *g, const bool *rows_wanted, struct group_result *ret)
{
	for (unsigned i = 0; i < g->side_count; i++)
		probe_side(&g->sides[i], &ret->sides[i]);
	for (unsigned i = 0; g->rows[i].name; i++) {
		unsigned sides[4];

		if (!rows_wanted[i] || !has_sides(&g->rows[i], ret, sides))
			continue;
		for (unsigned k = 0; k < ARRAY_SIZE(sides); k++)
			ret->sides[sides[k]].wanted = true;
	}
	for (unsigned i = 0; i < g->side_count; i++) {
		ret->sides[i].samples = calloc(ret->repeat, sizeof(struct sample));
		if (!ret->sides[i].samples)
			return -ENOMEM;
	}
	return 0;
}

static void measure_side(const struct bench *b, const struct side *s, unsigned repetition,
			 struct side_result *r)
{
	struct error err = {};
	struct sample sample = {};

	if (!r->wanted || r->failed.code)
		return;
	if (s->measure(b, s, &sample, &err) < 0)
		error_say(&r->failed, err.code, "%s: %s", s->label, err.text);
	else
		r->samples[repetition] = sample;
}

static int repeat_all(const struct bench *b, const struct group *g, struct group_result *ret)
{
	for (unsigned n = 0; n < ret->repeat; n++)
		for (unsigned i = 0; i < g->side_count; i++) {
			unsigned k = n % 2 ? g->side_count - 1 - i : i;

			measure_side(b, &g->sides[k], n, &ret->sides[k]);
			if (*b->stop)
				return -EINTR;
		}
	return 0;
}

static bool is_wanted(const struct group *g, const struct group_result *r)
{
	for (unsigned i = 0; i < g->side_count; i++)
		if (r->sides[i].wanted)
			return true;
	return false;
}

int group_measure(const struct bench *b, const struct group *g, const bool *rows_wanted,
		  struct group_result *ret, struct error *err)
{
	struct bench with = *b;
	struct error why = {};
	struct lead kept;
	int r;

	*ret = (struct group_result){ .group = g, .repeat = b->repeat };
	if (g->repeat_max)
		ret->repeat = MIN(ret->repeat, g->repeat_max);
	r = choose_sides(g, rows_wanted, ret);
	if (r < 0)
		return error_set(err, r, "measure %s", g->name);
	if (!is_wanted(g, ret))
		return 0;
	if (!g->keep)
		return repeat_all(b, g, ret);
	r = lead_job_start(b, g->keep, &kept, &why);
	if (r == 0) {
		with.kept = &kept;
		r = repeat_all(&with, g, ret);
	} else if (!*b->stop) {
		for (unsigned i = 0; i < g->side_count; i++)
			ret->sides[i].failed = why;
		r = 0;
	}
	lead_done(&kept);
	return *b->stop ? -EINTR : r;
}

void group_result_done(struct group_result *r)
{
	for (unsigned i = 0; i < SIDES_MAX; i++)
		free(r->sides[i].samples);
	*r = (struct group_result){};
}

/* ---- rows ---- */

static double rate(const struct sample *s)
{
	return s->ops / s->wall_ns;
}

static double cpu_cost(const struct sample *s)
{
	return s->cpu_ns / s->ops;
}

static double row_value(const struct group_result *g, const struct row *row, unsigned n)
{
	const struct sample *a = &g->sides[row->a].samples[n], *b = &g->sides[row->b].samples[n];

	switch (row->kind) {
	case ROW_RATE:
	case ROW_SCALE:
		return rate(a) / rate(b);
	case ROW_CPU_RATE:
		return cpu_cost(b) / cpu_cost(a);
	case ROW_CPU_COST:
		return cpu_cost(a) / cpu_cost(b);
	case ROW_ADDED:
		return cpu_cost(a) - cpu_cost(b);
	case ROW_TIME:
		return cpu_cost(a);
	case ROW_WALL:
		return a->wall_ns / a->ops / 1e9;
	case ROW_COUNT:
		return a->ops;
	case ROW_BUSY:
		return a->cpu_ns / a->wall_ns / (double)sysconf(_SC_NPROCESSORS_ONLN);
	}
	__builtin_unreachable();
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double sorted_quantile(const double *sorted, unsigned count, double q)
{
	double at = q * (count - 1);
	unsigned below = (unsigned)at;
	double next = sorted[MIN(below + 1, count - 1)];

	return sorted[below] + (at - below) * (next - sorted[below]);
}

unsigned median_interval_skip(unsigned n)
{
	double ways = 1, beyond = 0; /* n over k, and their sum up to k */
	unsigned skip = 0;

	for (unsigned k = 0; k < n / 2; k++) {
		beyond += ways;
		if (2 * beyond > 0.05 * ldexp(1, (int)n))
			break;
		skip = k;
		ways = ways * (n - k) / (k + 1);
	}
	return skip;
}

static bool meets(const struct row *row, double value, double target)
{
	return row->want == WANT_AT_LEAST ? value >= target : value <= target;
}

static enum verdict judge(const struct row *row, const struct row_result *r)
{
	if (row->want == WANT_NOTHING)
		return VERDICT_TOLD;
	if (meets(row, r->median, r->target))
		return VERDICT_MET;
	return meets(row, r->sure_lower, r->target) || meets(row, r->sure_upper, r->target)
		       ? VERDICT_UNDECIDED
		       : VERDICT_MISSED;
}

static int copy_sorted(const double *values, unsigned count, double **ret)
{
	double *copy = calloc(count, sizeof(*copy));

	if (!copy)
		return -ENOMEM;
	memcpy(copy, values, count * sizeof(*copy));
	qsort(copy, count, sizeof(*copy), ascending);
	*ret = copy;
	return 0;
}

static int bare_scale(const struct group_result *g, const struct row *row, double *ret)
{
	_cleanup_free_ double *values = calloc(g->repeat, sizeof(*values)), *sorted = NULL;

	if (!values)
		return -ENOMEM;
	for (unsigned n = 0; n < g->repeat; n++)
		values[n] = rate(&g->sides[row->c].samples[n]) / rate(&g->sides[row->d].samples[n]);
	if (copy_sorted(values, g->repeat, &sorted) < 0)
		return -ENOMEM;
	*ret = sorted_quantile(sorted, g->repeat, 0.5);
	return 0;
}

/* Whether the row has all of its samples; else what is in its way. */
static bool is_measured(const struct group_result *g, const struct row *row, struct row_result *ret)
{
	unsigned sides[4];
	bool can = has_sides(row, g, sides);

	ret->verdict = VERDICT_NOT_MEASURED;
	for (unsigned i = 0; i < ARRAY_SIZE(sides); i++) {
		const struct side_result *s = &g->sides[sides[i]];

		if (!s->missing.code && !s->failed.code)
			continue;
		if (s->failed.code)
			ret->verdict = VERDICT_FAILED;
		snprintf(ret->reason, sizeof(ret->reason), "%.390s",
			 s->failed.code ? s->failed.text : s->missing.text);
		return false;
	}
	if (!can)
		snprintf(ret->reason, sizeof(ret->reason), "this machine has one CPU");
	return can;
}

int row_judge(const struct group_result *g, const struct row *row, struct row_result *ret)
{
	_cleanup_free_ double *sorted = NULL;
	unsigned skip = median_interval_skip(g->repeat);

	*ret = (struct row_result){ .target = row->target };
	if (!is_measured(g, row, ret))
		return 0;
	ret->count = g->repeat;
	ret->values = calloc(g->repeat, sizeof(*ret->values));
	if (!ret->values)
		return -ENOMEM;
	for (unsigned n = 0; n < g->repeat; n++)
		ret->values[n] = row_value(g, row, n);
	if (copy_sorted(ret->values, g->repeat, &sorted) < 0)
		return -ENOMEM;
	ret->median = sorted_quantile(sorted, g->repeat, 0.5);
	ret->lower = sorted_quantile(sorted, g->repeat, 0.25);
	ret->upper = sorted_quantile(sorted, g->repeat, 0.75);
	ret->sure_lower = sorted[skip];
	ret->sure_upper = sorted[g->repeat - 1 - skip];
	if (row->kind == ROW_SCALE) {
		if (bare_scale(g, row, &ret->beside) < 0)
			return -ENOMEM;
		ret->target = MIN(row->target, SCALE_SHARE * ret->beside);
	}
	ret->verdict = judge(row, ret);
	return 0;
}

void row_result_done(struct row_result *r)
{
	free(r->values);
	*r = (struct row_result){};
}
