/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "results/stats/judge.h"
#include "results/stats/null.h"

/* The parts of judge_family(), for those that judge one metric again and again. */

/* All of a result but q and the verdict, of an input that has been checked. -ENOMEM. */
int judge_measure(struct null_cache *cache, const struct judge_input *input, size_t family,
		  const struct judge_rules *rules, struct judge_result *ret);
/* The verdict of a result that has its q. */
enum verdict judge_decide(const struct judge_input *input, const struct judge_rules *rules,
			  const struct judge_result *result);
/* One that touches the margin isn't within it; one of 0 to 0 is within any. */
bool judge_is_within(double low, double high, double margin);
enum judge_design judge_choose(const struct judge_input *input, size_t family,
			       const struct judge_rules *rules);
