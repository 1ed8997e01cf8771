// SPDX-License-Identifier: GPL-2.0-or-later
/* A gate that looks again: what stood at an earlier look stays, and the outcome follows it. */
#include "results/gate/gate-make.h"
#include "src/macro.h"
#include "tests/tap.h"

static const char *const metrics[] = { "reclaim.scanned", "refault.anon", "swap.out" };

#define CHECKS ARRAY_SIZE(metrics)

/* A look of so many seeds; the gate doesn't own its checks. */
static struct gate look(struct gate_check checks[CHECKS], size_t seeds,
			const enum gate_outcome outcomes[CHECKS])
{
	for (size_t i = 0; i < CHECKS; i++)
		checks[i] = (struct gate_check){
			.scenario = "anon-steady",
			.metric = metrics[i],
			.outcome = outcomes[i],
			.result = { .p = 1.0 / (double)seeds },
			.base_seeds = seeds,
			.fresh_seeds = seeds,
			.seeds = outcomes[i] == GATE_INCONCLUSIVE ? 2 * seeds : 0,
		};
	return (struct gate){ .report = { .checks = checks, .count = CHECKS }, .checks = checks };
}

static void test_keep(const char *what, const enum gate_outcome first[CHECKS],
		      const enum gate_outcome second[CHECKS], enum gate_outcome own,
		      enum gate_outcome want, size_t want_seeds)
{
	struct gate_check early[CHECKS], late[CHECKS];
	struct gate before = look(early, 16, first), gate = look(late, 24, second);

	gate.own = own;
	gate_keep(&gate, &before);
	tap_eq_i64(gate.report.outcome, want, "%s: the gate's outcome", what);
	tap_eq_u64(gate.report.seeds, want_seeds, "%s: the seeds that it asks for", what);
	for (size_t i = 0; i < CHECKS; i++) {
		bool stands = first[i] == GATE_PASS || first[i] == GATE_REGRESSION;

		tap_eq_i64(late[i].outcome, stands ? first[i] : second[i], "%s: %s", what,
			   metrics[i]);
		tap_eq_u64(late[i].base_seeds, stands ? 16 : 24, "%s: %s: of which look", what,
			   metrics[i]);
	}
}

#define OUTCOMES(...) ((const enum gate_outcome[CHECKS]){ __VA_ARGS__ })

static void test_order(void)
{
	struct gate_check early[CHECKS], late[CHECKS];
	struct gate before = look(early, 16, OUTCOMES(GATE_PASS, GATE_REGRESSION, GATE_PASS));
	struct gate gate = look(late, 24, OUTCOMES(GATE_PASS, GATE_PASS, GATE_PASS));

	late[2] = late[0];
	late[0] = late[1];
	late[1] = late[2];
	gate.report.count = 2;
	gate_keep(&gate, &before);
	tap_eq_i64(late[0].outcome, GATE_REGRESSION, "a check is found by its names");
	tap_eq_i64(late[1].outcome, GATE_PASS, "in whatever order they are");
}

int main(void)
{
	test_keep("a pass that a later look finds worse",
		  OUTCOMES(GATE_PASS, GATE_INCONCLUSIVE, GATE_PASS),
		  OUTCOMES(GATE_REGRESSION, GATE_PASS, GATE_PASS), GATE_PASS, GATE_PASS, 0);
	test_keep("a regression that a later look doesn't see",
		  OUTCOMES(GATE_REGRESSION, GATE_INCONCLUSIVE, GATE_PASS),
		  OUTCOMES(GATE_PASS, GATE_PASS, GATE_PASS), GATE_PASS, GATE_REGRESSION, 0);
	test_keep("what is still open", OUTCOMES(GATE_PASS, GATE_INCONCLUSIVE, GATE_INCONCLUSIVE),
		  OUTCOMES(GATE_INCONCLUSIVE, GATE_PASS, GATE_INCONCLUSIVE), GATE_PASS,
		  GATE_INCONCLUSIVE, 48);
	test_keep("an expectation that isn't met", OUTCOMES(GATE_PASS, GATE_PASS, GATE_PASS),
		  OUTCOMES(GATE_PASS, GATE_PASS, GATE_PASS), GATE_REGRESSION, GATE_REGRESSION, 0);
	test_keep("sides that can't be compared", OUTCOMES(GATE_PASS, GATE_PASS, GATE_PASS),
		  OUTCOMES(GATE_PASS, GATE_PASS, GATE_PASS), GATE_INVALID, GATE_INVALID, 0);
	test_keep("a check that can't be judged any more",
		  OUTCOMES(GATE_INCONCLUSIVE, GATE_PASS, GATE_PASS),
		  OUTCOMES(GATE_INVALID, GATE_PASS, GATE_PASS), GATE_PASS, GATE_INVALID, 0);
	test_order();
	return tap_done();
}
