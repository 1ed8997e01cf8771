/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "results/stats/judge.h"

/*
 * Which of two known sides a third one is like. The place says where it stands on the way from good
 * (0) to bad (1): its shift from the good side, as a share of the two sides' distance as it sees
 * them. It is like the side that is nearer, which is the middle's other side.
 */
enum likeness_kind {
	LIKE_AN_END,
	LIKE_NEITHER_BETWEEN, /* nearer to the middle than to either end */
	LIKE_NEITHER_BEYOND,  /* half of the way or more past an end */
};

struct likeness {
	bool bad;
	/*
	 * The exact test tells it from the other side (p), and the interval of its place, at the
	 * level that decides, lies on its own side of the middle.
	 */
	bool told;
	enum likeness_kind kind;
	double place, low, high;
	double p;
	double median;
};

/*
 * Both inputs have the third side as fresh. -EINVAL: good and bad are at one place, as seen from
 * here, or a side has no values; -ENOMEM.
 */
int likeness_judge(const struct judge_input *from_good, const struct judge_input *from_bad,
		   const struct judge_rules *rules, struct likeness *ret, struct error *err);
