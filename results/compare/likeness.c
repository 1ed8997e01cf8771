// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/compare/likeness.h"

#include <errno.h>
#include <math.h>

#include "src/macro.h"

/* Nearer to an end than this it is at the end; farther past it, it is something else. */
#define NEAR 0.25
#define PAST 0.5

/* A judge's shifts in the metric's own unit, whatever the base. */
static double unit_of(const struct judge_result *r)
{
	return r->absolute ? 1 : fabs(r->base_median);
}

int likeness_judge(const struct judge_input *from_good, const struct judge_input *from_bad,
		   const struct judge_rules *rules, struct likeness *ret, struct error *err)
{
	struct judge_result good, bad;
	struct likeness like = {};
	double way, g[2], b[2];
	int r = judge_family(from_good, 1, rules, &good, err);

	if (r == 0)
		r = judge_family(from_bad, 1, rules, &bad, err);
	if (r < 0)
		return r;
	way = good.shift * unit_of(&good) - bad.shift * unit_of(&bad);
	if (way == 0)
		return error_say(err, -EINVAL,
				 "good and bad are equally far from it on the same side");
	like.place = good.shift * unit_of(&good) / way;
	/* As seen from either end; the sign of the way may turn an interval round. */
	g[0] = good.decision_low * unit_of(&good) / way;
	g[1] = good.decision_high * unit_of(&good) / way;
	b[0] = 1 + bad.decision_low * unit_of(&bad) / way;
	b[1] = 1 + bad.decision_high * unit_of(&bad) / way;
	like.low = MIN(MIN(g[0], g[1]), MIN(b[0], b[1]));
	like.high = MAX(MAX(g[0], g[1]), MAX(b[0], b[1]));
	like.bad = like.place > 0.5;
	like.p = like.bad ? good.p : bad.p;
	like.told = like.p <= rules->alpha && (like.bad ? like.low > 0.5 : like.high < 0.5);
	if (fabs(like.place - 0.5) < NEAR)
		like.kind = LIKE_NEITHER_BETWEEN;
	else if (like.place < -PAST || like.place > 1 + PAST)
		like.kind = LIKE_NEITHER_BEYOND;
	like.median = good.fresh_median;
	*ret = like;
	return 0;
}
