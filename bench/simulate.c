// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/simulate.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "results/stats/seeds.h"
#include "src/cleanup.h"
#include "src/macro.h"

#define SURE 0.95

/* One metric's values. */
struct room {
	double base[SIDE_MAX], fresh[SIDE_MAX];
};

/* Which seeds a side's values are of, as noise_draw() takes them. */
struct seeds {
	double base[SIDE_MAX], fresh[SIDE_MAX];
};

static void draw_seeds(struct world *w, const struct sizes *sizes, struct seeds *ret)
{
	for (size_t i = 0; i < sizes->base; i++)
		ret->base[i] = rng_unit(&w->rng);
	for (size_t i = 0; i < sizes->fresh; i++)
		ret->fresh[i] = rng_unit(&w->rng);
}

static void draw_values(struct world *w, const struct series *s, const struct seeds *seeds,
			const struct sizes *sizes, struct room *ret)
{
	for (size_t i = 0; i < sizes->base; i++)
		ret->base[i] = noise_draw(s, seeds->base[i], &w->rng);
	for (size_t i = 0; i < sizes->fresh; i++)
		ret->fresh[i] = noise_draw(s, seeds->fresh[i], &w->rng);
}

static struct judge_input input_of(const struct room *room, const struct sizes *sizes,
				   double margin)
{
	return (struct judge_input){ .base = room->base,
				     .fresh = room->fresh,
				     .base_count = sizes->base,
				     .fresh_count = sizes->fresh,
				     .pairs = sizes->pairs,
				     .margin = margin,
				     .absolute = margin };
}

static bool has_moved(const struct judge_result *r)
{
	return r->verdict != VERDICT_SAME && r->verdict != VERDICT_CANT_TELL;
}

/* Series of one kernel: from..to. */
static void pick_kernel(struct world *w, size_t *ret_from, size_t *ret_to)
{
	const struct noise *n = w->noise;
	size_t at = rng_below(&w->rng, n->count), from = at, to = at + 1;

	while (from > 0 && streq(n->series[from - 1].kernel, n->series[at].kernel))
		from--;
	while (to < n->count && streq(n->series[to].kernel, n->series[at].kernel))
		to++;
	*ret_from = from;
	*ret_to = to;
}

/* From any series on, around; a scenario's trials are its own, and other ones the second time. */
static void draw_gate(struct world *w, const struct sizes *sizes, size_t metrics,
		      struct room *rooms, struct seeds *seeds)
{
	const char *scenario = NULL;
	size_t from, to, at;

	pick_kernel(w, &from, &to);
	at = from + rng_below(&w->rng, to - from);
	for (size_t i = 0; i < metrics; i++) {
		const struct series *s = &w->noise->series[at];

		if (!scenario || !streq(scenario, s->scenario) || at == from)
			draw_seeds(w, sizes, seeds);
		scenario = s->scenario;
		draw_values(w, s, seeds, sizes, &rooms[i]);
		at = at + 1 < to ? at + 1 : from;
	}
}

int simulate_gates(struct world *w, const struct sizes *sizes, size_t metrics, double margin,
		   uint64_t gates, struct tally *ret_moved, struct tally *ret_rejected)
{
	_cleanup_free_ struct room *rooms = calloc(metrics, sizeof(*rooms));
	_cleanup_free_ struct seeds *seeds = calloc(1, sizeof(*seeds));
	_cleanup_free_ struct judge_input *inputs = calloc(metrics, sizeof(*inputs));
	_cleanup_free_ struct judge_result *results = calloc(metrics, sizeof(*results));
	struct tally moved = {}, rejected = {};

	if (!rooms || !seeds || !inputs || !results)
		return -ENOMEM;
	for (; moved.all < gates; moved.all++, rejected.all++) {
		bool any_moved = false, any_rejected = false;
		int r;

		draw_gate(w, sizes, metrics, rooms, seeds);
		for (size_t i = 0; i < metrics; i++)
			inputs[i] = input_of(&rooms[i], sizes, margin);
		r = judge_family(inputs, metrics, &judge_rules_default, results, NULL);
		if (r < 0)
			return r;
		for (size_t i = 0; i < metrics; i++) {
			any_moved = any_moved || has_moved(&results[i]);
			any_rejected = any_rejected || results[i].q <= judge_rules_default.alpha;
		}
		moved.yes += any_moved;
		rejected.yes += any_rejected;
	}
	*ret_moved = moved;
	*ret_rejected = rejected;
	return 0;
}

/*
 * Where the others of a family have not moved, q is p times the family: judged alone at that share
 * of alpha, no more is found.
 */
static int judge_alone(const struct judge_input *input, size_t family, struct judge_result *ret)
{
	struct judge_rules rules = judge_rules_default;

	rules.alpha /= (double)family;
	return judge_family(input, 1, &rules, ret, NULL);
}

/* Values of the series' shape, with another spread. */
static double add_host(struct world *w, const struct series *s, double value, enum host host,
		       double spread)
{
	double deviations = (value - s->median) / s->spread;

	if (host == HOST_NONE)
		return value;
	if (host == HOST_HEAVY && rng_below(&w->rng, 20) == 0)
		deviations *= 5;
	if (host == HOST_BIMODAL && rng_below(&w->rng, 5) == 0)
		deviations += 3;
	return s->median * (1 + spread * deviations);
}

/* Small whole numbers can't move by a share of themselves that is less than one. */
static bool can_shift(const struct series *s, double shift, enum host host)
{
	return s->median != 0 && s->step <= shift * fabs(s->median) &&
	       (host == HOST_NONE || (!s->discrete && s->spread > 0));
}

static void disturb(struct world *w, const struct series *s, const struct sizes *sizes,
		    double shift, enum host host, double spread, struct room *room)
{
	for (size_t i = 0; i < sizes->base; i++)
		room->base[i] = add_host(w, s, room->base[i], host, spread);
	for (size_t i = 0; i < sizes->fresh; i++)
		room->fresh[i] = add_host(w, s, room->fresh[i], host, spread) * (1 + shift);
}

int simulate_power(struct world *w, const struct sizes *sizes, size_t family, double margin,
		   enum host host, double spread, uint64_t cases, struct tally *ret,
		   struct tally *ret_sure)
{
	_cleanup_free_ struct room *room = calloc(1, sizeof(*room));
	_cleanup_free_ struct seeds *seeds = calloc(1, sizeof(*seeds));
	uint64_t each = MAX(cases / w->noise->count, 1u);
	struct tally all = {}, sure = {};

	if (!room || !seeds)
		return -ENOMEM;
	for (size_t i = 0; i < w->noise->count; i++) {
		const struct series *s = &w->noise->series[i];
		uint64_t right = 0;

		for (uint64_t k = 0; k < each && can_shift(s, margin, host); k++) {
			struct judge_input input = input_of(room, sizes, margin);
			struct judge_result result;
			int r;

			draw_seeds(w, sizes, seeds);
			draw_values(w, s, seeds, sizes, room);
			disturb(w, s, sizes, margin, host, spread, room);
			r = judge_alone(&input, family, &result);
			if (r < 0)
				return r;
			right += has_moved(&result) && result.shift * s->median > 0;
			all.all++;
		}
		all.yes += right;
		sure.yes += can_shift(s, margin, host) && (double)right >= SURE * (double)each;
		sure.all += can_shift(s, margin, host);
	}
	*ret = all;
	*ret_sure = sure;
	return 0;
}

int simulate_coverage(struct world *w, const struct sizes *sizes, bool discrete, uint64_t cases,
		      struct tally *ret)
{
	_cleanup_free_ struct room *room = calloc(1, sizeof(*room));
	_cleanup_free_ struct seeds *seeds = calloc(1, sizeof(*seeds));
	uint64_t each = MAX(cases / w->noise->count, 1u);
	struct tally tally = {};

	if (!room || !seeds)
		return -ENOMEM;
	for (size_t i = 0; i < w->noise->count; i++) {
		const struct series *s = &w->noise->series[i];

		for (uint64_t k = 0; k < each && s->discrete == discrete; k++) {
			struct judge_input input = input_of(room, sizes, 1);
			struct judge_result result;
			int r;

			draw_seeds(w, sizes, seeds);
			draw_values(w, s, seeds, sizes, room);
			r = judge_alone(&input, 1, &result);
			if (r < 0)
				return r;
			tally.yes += result.low <= 0 && result.high >= 0;
			tally.all++;
		}
	}
	*ret = tally;
	return 0;
}

/* More trials of the same metric, after those that it has. */
static void extend(struct world *w, const struct series *s, double shift, size_t from, size_t to,
		   struct room *room)
{
	for (size_t i = from; i < to; i++) {
		room->base[i] = noise_draw(s, rng_unit(&w->rng), &w->rng);
		room->fresh[i] = noise_draw(s, rng_unit(&w->rng), &w->rng) * (1 + shift);
	}
}

static int obey(struct world *w, const struct series *s, size_t seeds, size_t family, double margin,
		struct room *room, struct tally *tally, struct tally *never)
{
	double shift = 2 * margin * rng_unit(&w->rng);
	struct sizes sizes = { seeds, seeds, 0 };
	struct judge_input input = input_of(room, &sizes, margin);
	struct judge_result result;
	size_t wanted;
	int r;

	extend(w, s, shift, 0, seeds, room);
	r = judge_alone(&input, family, &result);
	if (r < 0 || result.verdict != VERDICT_CANT_TELL)
		return r;
	wanted = seeds_wanted(&input, family, &judge_rules_default, SURE, rng_next(&w->rng));
	never->all++;
	never->yes += wanted == 0;
	if (wanted == 0)
		return 0;
	extend(w, s, shift, seeds, wanted, room);
	input.base_count = input.fresh_count = wanted;
	r = judge_alone(&input, family, &result);
	tally->all++;
	tally->yes += r == 0 && result.verdict != VERDICT_CANT_TELL;
	return r;
}

int simulate_seeds(struct world *w, size_t seeds, size_t family, double margin, uint64_t cases,
		   struct tally *ret, struct tally *ret_never)
{
	_cleanup_free_ struct room *room = calloc(1, sizeof(*room));
	struct tally tally = {}, never = {};

	if (!room)
		return -ENOMEM;
	for (uint64_t i = 0; i < cases; i++) {
		const struct series *s = &w->noise->series[rng_below(&w->rng, w->noise->count)];
		int r = obey(w, s, seeds, family, margin, room, &tally, &never);

		if (r < 0)
			return r;
	}
	*ret = tally;
	*ret_never = never;
	return 0;
}
