// SPDX-License-Identifier: GPL-2.0-or-later
#include "src/bisect/bisect-judge.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "results/stats/seeds.h"
#include "results/value.h"
#include "src/command.h"

#define POWER 0.95

const char *bisect_unit(const struct measure *m, const struct side *side)
{
	const struct series *series = NULL;

	for (size_t i = 0; i < side->cell_count && !series; i++)
		series = cell_series(&side->cells[i], m->metric);
	return series ? series->unit : "";
}

void bisect_print_shift(const struct judge_result *r, const char *unit)
{
	char a[FORMAT_MAX], low[FORMAT_MAX], high[FORMAT_MAX];

	if (r->absolute)
		printf("%s [%s, %s] %s", value_format(r->shift, unit, a),
		       value_format(r->low, unit, low), value_format(r->high, unit, high),
		       value_unit(unit));
	else
		printf("%+.3g %% [%+.3g, %+.3g]", 100 * r->shift, 100 * r->low, 100 * r->high);
}

/* Why not, and how many seeds would do. */
static int not_told(const struct measure *m, const struct measured_pair *pair,
		    const struct judge_result *result, struct error *err)
{
	size_t seeds = result->shift != 0
			       ? seeds_wanted(&pair->input, 1, &judge_rules_default, POWER, 1)
			       : 0;
	char shift[60], hint[120] = "no number of seeds is known that would do";

	snprintf(shift, sizeof(shift), "%+.3g%s",
		 result->absolute ? result->shift : 100 * result->shift,
		 result->absolute ? "" : " %");
	if (seeds)
		snprintf(hint, sizeof(hint), "%zu seeds would do, if it is real: --seeds 1..%zu",
			 seeds, seeds);
	return error_say(err, -ERANGE,
			 "good and bad can't be told apart in %s: medians %.6g and %.6g, shift %s, "
			 "p %.2g with %zu seeds; %s",
			 m->metric, result->base_median, result->fresh_median, shift, result->p,
			 pair->values.base_count, hint);
}

int bisect_tell_ends(const struct measure *m, const struct side *good, const struct side *bad,
		     int *ret_exit, struct error *err)
{
	struct measured_pair pair = {};
	struct judge_result result;
	int r = measure_pair(m, good, bad, &pair, err);

	*ret_exit = r == -ENODATA ? EXIT_INVALID : EXIT_ENVIRONMENT;
	if (r == 0)
		r = judge_family(&pair.input, 1, &judge_rules_default, &result, err);
	if (r == 0 && (result.p > judge_rules_default.alpha || result.shift == 0)) {
		*ret_exit = EXIT_INCONCLUSIVE;
		r = not_told(m, &pair, &result, err);
	}
	if (r == 0) {
		printf("bad is told from good: ");
		bisect_print_shift(&result, pair.unit);
		printf(", p %.2g, %zu seeds\n", result.p, pair.values.base_count);
		if (pair.mind)
			printf("mind: %s\n", pair.mind);
		printf("\n");
		fflush(stdout);
	}
	pairing_done(&pair.values);
	return r;
}

int bisect_judge(const struct measure *m, const struct side *good, const struct side *bad,
		 const struct side *side, struct likeness *ret, struct error *err)
{
	struct measured_pair from_good = {}, from_bad = {};
	int r = measure_pair(m, good, side, &from_good, err);

	if (r == 0)
		r = measure_pair(m, bad, side, &from_bad, err);
	if (r == 0)
		r = likeness_judge(&from_good.input, &from_bad.input, &judge_rules_default, ret,
				   err);
	pairing_done(&from_good.values);
	pairing_done(&from_bad.values);
	return r;
}

/* In whole percent, and never «-0». */
static double percent(double share)
{
	return round(100 * share) + 0.0;
}

const char *bisect_place(const struct likeness *like, char *buf, size_t size)
{
	static const char *const odd[] = {
		[LIKE_AN_END] = "",
		[LIKE_NEITHER_BETWEEN] = "; like neither, in between: the nearer is taken",
		[LIKE_NEITHER_BEYOND] = "; like neither, beyond them: the nearer is taken",
	};

	snprintf(buf, size, "%.0f %% of the way to bad [%.0f, %.0f], not %s: p %.2g%s%s",
		 percent(like->place), percent(like->low), percent(like->high),
		 like->bad ? "good" : "bad", like->p,
		 like->told ? "" : "; NOT SURE: more seeds would tell", odd[like->kind]);
	return buf;
}
