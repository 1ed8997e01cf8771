/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "results/compare/pairing.h"
#include "results/compare/side.h"
#include "results/stats/judge.h"
#include "src/units.h"

/*
 * Two sides, scenario by scenario and metric by metric: what moved, by how much, how sure that is,
 * and what can't be compared, with the reason.
 */
enum row_state {
	ROW_JUDGED,
	ROW_DIFFERENT, /* the metric doesn't mean the same on both sides */
	ROW_UNTRUSTED, /* its figures, or all of its trials, can't be trusted */
	ROW_ABSENT,    /* one side hasn't got it */
};

struct row {
	const struct cell *base, *fresh;
	const char *metric, *unit; /* borrowed from a side */
	const struct metric_def *def;
	enum row_state state;
	char *why;	  /* not of ROW_JUDGED */
	const char *mind; /* what to mind, a sentence; or NULL */
	struct margin margin;
	bool gated;	/* the margin is the suite's or the policy's, not the default */
	double widened; /* of the margin's share: what was added to it for `drift` or noise */
	struct judge_result result; /* of ROW_JUDGED */
	struct pairing values;	    /* of ROW_JUDGED */
};

struct comparison {
	const struct side *base, *fresh;
	struct row *rows; /* by scenario as the base has it, then by the catalog */
	size_t count;
	/* Why the sides can't be compared at all; a sentence each. Then there is no row. */
	struct strlist refusals;
	/* What is different beside the kernels: settings, wring, QEMU; what one side lacks. */
	struct strlist differences;
	bool by_kernel; /* both sides have several kernels, compared each with its like */
};

/* Whose metrics are compared, and by which margins. */
struct compare_rules {
	struct judge_rules judge;
	struct margin fallback; /* of metrics that no gate names */
	bool gated_only;	/* leave out the metrics that no gate names */
	/* {"SCENARIO or glob": {"METRIC or glob": "2% or 50"}}; NULL: the sides' own margins. */
	const json_t *policy;
	/* What A/A runs on this machine were seen to differ by; see noise.h. NULL: none known. */
	const json_t *noise;
};
extern const struct compare_rules compare_rules_default;

/*
 * Compares; the sides must outlive the comparison. An error is of the input (-EINVAL: what was
 * asked for makes no sense) or memory; that sides are not comparable is no error.
 */
int compare_sides(struct comparison **ret, const struct side *base, const struct side *fresh,
		  const struct compare_rules *rules, struct error *err);
void comparison_free(struct comparison *comparison);

/* The margin that counts: its share of the base's median or its number, whichever is more. */
double row_margin_share(const struct row *row);

/* What was judged. */
struct judge_input row_input(const struct row *row);

/* -1, 0 or 1: which way is better. */
int row_better(const struct row *row);

/* "anon-over-limit", with the kernel where several are compared; into buf, which is returned. */
const char *row_scenario(const struct comparison *c, const struct row *row, char *buf, size_t size);
