/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "results/stats/judge.h"

#define SEEDS_MAX 1000 /* more than anyone would run */

/*
 * How many seeds each side should have in all, so that the verdict on a metric stands with that
 * power (0.95), whatever the rest of its family does. At least as many as the side with fewer has,
 * one more where there is no verdict yet; a side that has more already keeps them. 0: not even
 * SEEDS_MAX would do, as the values vary too much for the margin. Where a side has one value,
 * nothing is known of how they vary, and the answer is where to begin: what a change needs to be
 * told at all. -ENOMEM as 0, too.
 *
 * The rule is a careful one: of cases that it was tried on (tests/unit/test-stats-seeds.c,
 * wring-rates), 97 to 100 % were told with the seeds it wanted. The estimate's standard deviation
 * is taken by bootstrap (Efron, 1979) and raised to the upper 80 % bound that normal values would
 * have; it falls with the root of the seeds. The true shift may be anywhere in the 70 % interval
 * about the one seen, and the worst of it must decide. What comes out is tried on resampled values
 * at the seen shift, and raised until these, too, decide. The rng_seed makes the answer repeatable.
 */
size_t seeds_wanted(const struct judge_input *input, size_t family, const struct judge_rules *rules,
		    double power, uint64_t rng_seed);

/*
 * Seeds a side below which no verdict is possible, whatever the values are: neither the decision
 * interval's level can be reached, nor can q be alpha. As all of a family may move together, and q
 * is then p, this is the same for families of any size.
 */
size_t seeds_least(size_t family, const struct judge_rules *rules);

/* Seeds a side below which a metric can't be told to have moved where the others of its family are
 * the same.
 */
size_t seeds_least_alone(size_t family, const struct judge_rules *rules);
