// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/stats/judge.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "results/stats/fdr.h"
#include "results/stats/judge-internal.h"
#include "results/stats/ranksum.h"
#include "results/stats/shift.h"
#include "results/stats/signedrank.h"
#include "results/stats/values.h"
#include "src/cleanup.h"
#include "src/macro.h"

const struct judge_rules judge_rules_default = {
	.alpha = 0.01,
	.interval = 0.95,
	.decision = 0.99,
};

/* What one test says, in the metric's unit. */
struct said {
	double p, estimate;
	struct interval shown, decision;
};

/* Levels of both intervals. Where two tests speak, each has half of the error. */
struct levels {
	double shown, decision;
};

static struct levels levels_of(const struct judge_rules *rules, enum judge_design design)
{
	double share = design == DESIGN_BOTH ? 2 : 1;

	return (struct levels){ 1 - (1 - rules->interval) / share,
				1 - (1 - rules->decision) / share };
}

static int estimate(const struct pairs *pairs, const struct null *null, struct levels levels,
		    struct said *said)
{
	int r = pairs_median(pairs, &said->estimate);

	if (r == 0)
		r = shift_interval(pairs, null, levels.shown, &said->shown);
	if (r == 0)
		r = shift_interval(pairs, null, levels.decision, &said->decision);
	return r;
}

/* Of the sorted values. */
static int ask_ranksum(struct null_cache *cache, const struct pairs *pairs, struct levels levels,
		       struct said *ret)
{
	const struct null *null;
	int r = null_cache_ranksum(cache, pairs->base_count, pairs->fresh_count, &null);

	if (r == 0)
		r = ranksum_p(pairs->base, pairs->base_count, pairs->fresh, pairs->fresh_count,
			      null, &ret->p);
	return r == 0 ? estimate(pairs, null, levels, ret) : r;
}

static int ask_signedrank(struct null_cache *cache, const struct judge_input *input,
			  struct levels levels, struct said *ret)
{
	_cleanup_free_ double *differences = calloc(input->pairs, sizeof(*differences));
	_cleanup_free_ double *sorted = NULL;
	const struct null *null;
	int r;

	if (!differences)
		return -ENOMEM;
	for (size_t i = 0; i < input->pairs; i++)
		differences[i] = input->fresh[i] - input->base[i];
	sorted = values_sorted(differences, input->pairs);
	r = sorted ? null_cache_signedrank(cache, input->pairs, &null) : -ENOMEM;
	if (r == 0)
		r = signedrank_p(sorted, input->pairs, null, &ret->p);
	if (r < 0)
		return r;
	return estimate(&(struct pairs){ .fresh = sorted, .fresh_count = input->pairs }, null,
			levels, ret);
}

static double width(const struct interval *i)
{
	return i->high - i->low;
}

/*
 * Both intervals cover the shift at once with the level that was asked for, each having half of the
 * error (Bonferroni). So either may be taken, by whatever they look like: the narrower one.
 */
static struct said join(const struct said *a, const struct said *b)
{
	struct said said = *a;
	bool narrower = width(&b->decision) < width(&a->decision) ||
			(!a->decision.reached && width(&b->shown) < width(&a->shown));

	if (narrower)
		said = *b;
	said.p = MIN(1.0, 2 * MIN(a->p, b->p));
	said.shown.level = MAX(0.0, a->shown.level + b->shown.level - 1);
	return said;
}

static int ask(struct null_cache *cache, const struct judge_input *input, const struct pairs *all,
	       const struct judge_rules *rules, enum judge_design design, struct said *ret)
{
	struct levels levels = levels_of(rules, design);
	struct said paired, unpaired;
	int r = 0;

	if (design != DESIGN_UNPAIRED)
		r = ask_signedrank(cache, input, levels, &paired);
	if (r == 0 && design != DESIGN_PAIRED)
		r = ask_ranksum(cache, all, levels, &unpaired);
	if (r < 0)
		return r;
	if (design == DESIGN_BOTH)
		*ret = join(&unpaired, &paired);
	else
		*ret = design == DESIGN_PAIRED ? paired : unpaired;
	return 0;
}

enum judge_design judge_choose(const struct judge_input *input, size_t family,
			       const struct judge_rules *rules)
{
	if (input->pairs == 0 || input->pairs < judge_pairs_least(family, rules))
		return DESIGN_UNPAIRED;
	return input->pairs == input->base_count && input->pairs == input->fresh_count
		       ? DESIGN_PAIRED
		       : DESIGN_BOTH;
}

/* In the unit that shifts are told in. */
static void scale(struct judge_result *result, const struct said *said)
{
	double unit = result->absolute ? 1 : fabs(result->base_median);

	result->p = said->p;
	result->shift = said->estimate / unit;
	result->low = said->shown.low / unit;
	result->high = said->shown.high / unit;
	result->level = said->shown.level;
	result->decision_low = said->decision.low / unit;
	result->decision_high = said->decision.high / unit;
}

int judge_measure(struct null_cache *cache, const struct judge_input *input, size_t family,
		  const struct judge_rules *rules, struct judge_result *ret)
{
	_cleanup_free_ double *base = values_sorted(input->base, input->base_count);
	_cleanup_free_ double *fresh = values_sorted(input->fresh, input->fresh_count);
	struct pairs all = { fresh, base, input->fresh_count, input->base_count };
	struct judge_result result = { .verdict = VERDICT_CANT_TELL, .q = 1 };
	struct said said;
	int r;

	if (!base || !fresh)
		return -ENOMEM;
	result.design = judge_choose(input, family, rules);
	result.base_median = values_median(base, input->base_count);
	result.fresh_median = values_median(fresh, input->fresh_count);
	result.absolute = result.base_median == 0;
	r = ask(cache, input, &all, rules, result.design, &said);
	if (r < 0)
		return r;
	scale(&result, &said);
	*ret = result;
	return 0;
}

bool judge_is_within(double low, double high, double margin)
{
	return (low > -margin && high < margin) || (low == 0 && high == 0);
}

enum verdict judge_decide(const struct judge_input *input, const struct judge_rules *rules,
			  const struct judge_result *r)
{
	double margin = r->absolute ? input->absolute : input->margin;

	if (judge_is_within(r->decision_low, r->decision_high, margin))
		return VERDICT_SAME;
	if (r->q > rules->alpha || r->shift == 0 || fabs(r->shift) < margin / 2)
		return VERDICT_CANT_TELL;
	if (input->better == 0)
		return VERDICT_MOVED;
	return (r->shift > 0) == (input->better > 0) ? VERDICT_BETTER : VERDICT_WORSE;
}

static int check_side(const char *side, size_t metric, const double *values, size_t count,
		      struct error *err)
{
	if (count == 0)
		return error_say(err, -EINVAL, "metric %zu has no values on the %s side",
				 metric + 1, side);
	for (size_t i = 0; i < count; i++)
		if (!isfinite(values[i]))
			return error_say(err, -EINVAL,
					 "metric %zu: value %zu of the %s side is not a finite "
					 "number",
					 metric + 1, i + 1, side);
	return 0;
}

static int check(const struct judge_input *input, size_t metric, struct error *err)
{
	int r = check_side("base", metric, input->base, input->base_count, err);

	if (r == 0)
		r = check_side("fresh", metric, input->fresh, input->fresh_count, err);
	if (r == 0 && input->pairs > MIN(input->base_count, input->fresh_count))
		r = error_say(err, -EINVAL, "metric %zu has more pairs than values", metric + 1);
	return r;
}

static int adjust(struct judge_result *results, size_t count)
{
	_cleanup_free_ double *p = calloc(count ? count : 1, sizeof(*p));
	int r;

	if (!p)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		p[i] = results[i].p;
	r = fdr_adjust(p, count, p);
	for (size_t i = 0; r == 0 && i < count; i++)
		results[i].q = p[i];
	return r;
}

int judge_family(const struct judge_input *inputs, size_t count, const struct judge_rules *rules,
		 struct judge_result *results, struct error *err)
{
	struct null_cache cache = {};
	int r = 0;

	for (size_t i = 0; i < count; i++) {
		r = check(&inputs[i], i, err);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < count && r == 0; i++)
		r = judge_measure(&cache, &inputs[i], count, rules, &results[i]);
	null_cache_done(&cache);
	if (r == 0)
		r = adjust(results, count);
	if (r < 0)
		return error_set(err, r, "judge %zu metrics", count);
	for (size_t i = 0; i < count; i++)
		results[i].verdict = judge_decide(&inputs[i], rules, &results[i]);
	return 0;
}

size_t judge_pairs_least(size_t family, const struct judge_rules *rules)
{
	double p = MIN(rules->alpha / (double)MAX(family, 1u), 1 - rules->decision);
	size_t n = 1;

	/* all signs alike: two of 2^n */
	while (ldexp(2, -(int)n) > p && n < NULL_SIGNEDRANK_MAX)
		n++;
	return n;
}

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[] = {
		[VERDICT_SAME] = "same",
		[VERDICT_BETTER] = "better",
		[VERDICT_WORSE] = "worse",
		[VERDICT_MOVED] = "moved",
		[VERDICT_CANT_TELL] = "can't tell",
	};

	return names[verdict];
}
