/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "results/compare/compare.h"
#include "results/gate/gate.h"

/* A gate's report, with what its texts are owned by. */
struct gate {
	struct gate_report report;
	struct gate_check *checks;
	enum gate_outcome own; /* what the reasons alone make of it, whatever the checks say */
	struct strlist reasons, texts;
};

struct gate_rules {
	double power;	   /* of the seeds that are asked for: 0.95 */
	bool uncalibrated; /* judge in real time without knowing this machine's noise */
};
#define GATE_POWER 0.95

/*
 * Judges a comparison that was made with gated_only; it must outlive the gate. -EINVAL: there is
 * nothing to be held to.
 */
int gate_make(struct gate *ret, const struct comparison *c, const struct compare_rules *rules,
	      const struct gate_rules *gate_rules, struct error *err);
/*
 * Of a gate that looks again with more seeds: a check that passed or regressed at an earlier look
 * stays as it was then, and the gate's own outcome follows.
 */
void gate_keep(struct gate *gate, const struct gate *earlier);
void gate_done(struct gate *gate);
