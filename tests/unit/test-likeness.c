// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/compare/likeness.h"

#include <errno.h>

#include "results/compare/compare.h"
#include "tests/tap.h"

#define SEEDS 8

static const double good[SEEDS] = { 100, 101, 102, 103, 104, 105, 106, 107 };

static int judge(const double *bad, const double *step, size_t count, struct likeness *ret,
		 struct error *err)
{
	const struct judge_input from_good = { good, step, count, count, count },
				 from_bad = { bad, step, count, count, count };

	return likeness_judge(&from_good, &from_bad, &compare_rules_default.judge, ret, err);
}

/* A step whose seeds are so far from good's, in turns up and down by the jitter. */
static struct likeness at(double way, double far, double jitter, size_t count)
{
	double bad[SEEDS], step[SEEDS];
	struct likeness like = {};

	for (size_t i = 0; i < SEEDS; i++) {
		bad[i] = good[i] + way;
		step[i] = good[i] + far + (i % 2 ? jitter : -jitter);
	}
	tap_eq_i64(judge(bad, step, count, &like, NULL), 0, "way %g, step %g: judged", way, far);
	return like;
}

static void test_ends(void)
{
	struct likeness like = at(50, 0, 1, SEEDS);

	tap_ok(!like.bad && like.told && like.kind == LIKE_AN_END, "like good, and told");
	tap_near(like.place, 0, 0.05, "its place is good's");
	tap_near(like.p, 2.0 / 256, 1e-9, "p is the exact one, that it is the bad end");
	like = at(50, 50, 1, SEEDS);
	tap_ok(like.bad && like.told && like.kind == LIKE_AN_END, "like bad, and told");
	tap_near(like.place, 1, 0.05, "its place is bad's");
	like = at(-50, -49, 1, SEEDS);
	tap_ok(like.bad && like.told && like.low <= like.place && like.place <= like.high,
	       "the same where bad is less: its interval is the right way round");
	like = at(0.5, 0.5, 0, SEEDS);
	tap_ok(like.bad && like.told, "a small way, without noise, will do");
}

static void test_neither(void)
{
	struct likeness like = at(50, 20, 1, SEEDS);

	tap_ok(!like.bad && like.told && like.kind == LIKE_NEITHER_BETWEEN,
	       "in between: the nearer end, told from the middle, and marked");
	like = at(50, 25, 1, SEEDS);
	tap_ok(!like.told && like.kind == LIKE_NEITHER_BETWEEN, "in the middle: not told");
	like = at(50, 130, 1, SEEDS);
	tap_ok(like.bad && like.told && like.kind == LIKE_NEITHER_BEYOND, "beyond bad: marked");
	like = at(50, -60, 1, SEEDS);
	tap_ok(!like.bad && like.kind == LIKE_NEITHER_BEYOND, "and beyond good");
}

static void test_unsure(void)
{
	struct likeness like = at(50, 15, 40, SEEDS);
	struct error err = {};

	tap_ok(!like.told, "noise as wide as the way: not told");
	like = at(50, 0, 1, 5);
	tap_ok(!like.bad && like.told, "five seeds can tell, by their ranks");
	like = at(50, 0, 1, 4);
	tap_ok(!like.bad && !like.told, "four can't, whatever they are");
	tap_eq_i64(judge(good, (double[SEEDS]){ 1, 1, 1, 1, 1, 1, 1, 1 }, SEEDS, &like, &err),
		   -EINVAL, "ends that are one: refused");
}

int main(void)
{
	test_ends();
	test_neither();
	test_unsure();
	return tap_done();
}
