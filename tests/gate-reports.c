// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/gate-reports.h"

#include <errno.h>
#include <math.h>

#include "src/macro.h"

/* Figures of a check; the shift is what the medians say. */
#define RESULT(word, base, fresh, from, to, sure)                                                  \
	{                                                                                          \
		.verdict = VERDICT_##word, .base_median = base, .fresh_median = fresh,             \
		.shift = (double)(fresh) / (base)-1, .low = from, .high = to, .level = 0.95,       \
		.p = sure, .q = sure                                                               \
	}
#define SEEDS(n) .base_seeds = n, .fresh_seeds = n
#define NAMES(scenario_, metric_, unit_)                                                           \
	.scenario = scenario_, .metric = metric_, .unit = unit_, .margin = 0.02

#define SAME                                                                                       \
	{                                                                                          \
		NAMES("anon-steady", "reclaim.scanned", "pages"), SEEDS(30),                       \
			.result = RESULT(SAME, 134897, 134950, -0.0004, 0.0012, 0.62)              \
	}
#define SAME_TIME                                                                                  \
	{                                                                                          \
		NAMES("file-burst", "work.reader.latency.p99.9", "ns"), SEEDS(30),                 \
			.better = -1, .result = RESULT(SAME, 80211, 80302, -0.002, 0.0041, 0.31)   \
	}
#define BETTER                                                                                     \
	{                                                                                          \
		NAMES("file-burst", "refault.file", "pages"), SEEDS(30),                           \
			.better = -1,                                                              \
			.result = RESULT(BETTER, 48211, 41904, -0.1402, -0.1219, 3.2e-7)           \
	}
#define WORSE                                                                                      \
	{                                                                                          \
		NAMES("anon-steady", "cgroup.box/a.refault_anon", "pages"), SEEDS(30),             \
			.better = -1, .outcome = GATE_REGRESSION,                                  \
			.result = RESULT(WORSE, 12345, 12728, 0.0262, 0.0371, 0.00041)             \
	}
#define MOVED                                                                                      \
	{                                                                                          \
		NAMES("file-burst", "reclaim.anon_share", "1"), SEEDS(30),                         \
			.outcome = GATE_REGRESSION,                                                \
			.result = RESULT(MOVED, 0.41, 0.47, 0.121, 0.169, 0.002)                   \
	}
#define FROM_ZERO                                                                                  \
	{                                                                                          \
		NAMES("file-burst", "oom.kills", "kills"), SEEDS(30),                              \
			.better = -1, .absolute = 1, .outcome = GATE_REGRESSION, .result = {       \
				.verdict = VERDICT_WORSE,                                          \
				.absolute = true,                                                  \
				.fresh_median = 4,                                                 \
				.shift = 4,                                                        \
				.low = 3,                                                          \
				.high = 5,                                                         \
				.q = 0.0011                                                        \
			}                                                                          \
	}
#define OPEN                                                                                       \
	{                                                                                          \
		NAMES("file-burst", "swap.out", "bytes"), SEEDS(12),                               \
			.better = -1, .seeds = 38, .outcome = GATE_INCONCLUSIVE,                   \
			.result = RESULT(CANT_TELL, 1567301632, 1602224128, -0.011, 0.054, 0.19)   \
	}
#define HOPELESS                                                                                   \
	{                                                                                          \
		NAMES("anon-steady", "psi.memory.full_share", "1"),                                \
			.base_seeds = 3, .fresh_seeds = 2, .better = -1,                           \
			.outcome = GATE_INCONCLUSIVE, .result = {                                  \
				.verdict = VERDICT_CANT_TELL,                                      \
				.design = DESIGN_UNPAIRED,                                         \
				.base_median = 0.1,                                                \
				.fresh_median = 0.12,                                              \
				.shift = 0.2,                                                      \
				.low = -INFINITY,                                                  \
				.high = INFINITY,                                                  \
				.q = 1                                                             \
			}                                                                          \
	}
#define INVALID                                                                                    \
	{                                                                                          \
		NAMES("kmem", "fault.major", "faults"),                                            \
			.base_seeds = 30, .outcome = GATE_INVALID,                                 \
			.why = "the fresh side has no valid value of it: vmstat.pgmajfault went "  \
			       "backwards"                                                         \
	}

/* What no format may trip over, and what could be taken for its own marks. */
#define NASTY_XML  "<a & \"b\" 'c'>]]>\x01\x1b[31mred"
#define NASTY_MARK "a|b `c` *d* _e_ [f](g) # SKIP h\\ @i #1 http://j <script>"
#define NASTY_LINE "k\nok 7 l\tm\r\nn"
#define NASTY_UTF8 "µ \xff\xc3 \xe2\x80\xae n \xed\xa0\x80\xef\xbf\xbf \xf0\x9f\xa6\x8a"

static const struct gate_check pass_checks[] = { SAME, SAME_TIME };
static const struct gate_check better_checks[] = { SAME, SAME_TIME, BETTER };
static const struct gate_check regression_checks[] = { SAME,  WORSE,	 HOPELESS, BETTER,
						       MOVED, FROM_ZERO, OPEN,	   SAME_TIME };
static const struct gate_check inconclusive_checks[] = { SAME, OPEN };
static const struct gate_check hopeless_checks[] = { HOPELESS };
static const struct gate_check invalid_checks[] = { SAME, INVALID, WORSE };
static const struct gate_check nasty_checks[] = {
	{ NAMES(NASTY_XML, NASTY_MARK, NASTY_XML), SEEDS(5), .why = NASTY_LINE NASTY_MARK,
	  .result = RESULT(SAME, 1e9, 1e9, 0, 0, 1) },
	{ NAMES(NASTY_XML, NASTY_LINE, NASTY_LINE), SEEDS(5), .outcome = GATE_REGRESSION,
	  .result = RESULT(MOVED, 1, 3e12, 1e12, INFINITY, 1e-300) },
	{ NAMES(NASTY_XML, "", ""), SEEDS(5), .outcome = GATE_INVALID, .why = NASTY_UTF8 },
	{ NAMES(NASTY_LINE, NASTY_UTF8, "ns"), SEEDS(5), .outcome = GATE_INCONCLUSIVE, .seeds = 100,
	  .why = NASTY_XML, .result = RESULT(CANT_TELL, 5, NAN, NAN, NAN, NAN) },
	{ NAMES("- 1. " NASTY_MARK, NASTY_XML, "B/s"), SEEDS(5),
	  .result = RESULT(BETTER, 5e9, 4e9, -0.3, -0.1, 0) },
};

static const char *const minded[] = { "the fresh side's host was busier: 3 of 30 trials repeated" };
static const char *const broken[] = {
	"the sides can't be compared: the base ran by clock insn, the fresh by wall",
	"the fresh side has 2 failed trials: anon-steady seed 4, seed 9",
};
static const char *const nasty[] = { NASTY_XML, NASTY_MARK, NASTY_LINE, NASTY_UTF8, "- 1. #" };

#define CHECKS(of)  .checks = of, .count = ARRAY_SIZE(of)
#define REASONS(of) .reasons = of, .reason_count = ARRAY_SIZE(of)
#define SIDES                                                                                      \
	.suite = "pressure", .base = "debian/6.1", .fresh = "debian/6.12", .clock = "insn",        \
	.version = "0.4.0"

const struct gate_sample gate_samples[] = {
	{ "pass", { SIDES, CHECKS(pass_checks) } },
	{ "better", { SIDES, CHECKS(better_checks), REASONS(minded) } },
	{ "regression", { SIDES, CHECKS(regression_checks), .outcome = GATE_REGRESSION } },
	{ "inconclusive",
	  { SIDES, CHECKS(inconclusive_checks), .outcome = GATE_INCONCLUSIVE, .seeds = 38 } },
	{ "hopeless", { SIDES, CHECKS(hopeless_checks), .outcome = GATE_INCONCLUSIVE } },
	{ "invalid", { SIDES, CHECKS(invalid_checks), .outcome = GATE_INVALID } },
	{ "sides", { SIDES, CHECKS(pass_checks), REASONS(broken), .outcome = GATE_INVALID } },
	{ "empty", { SIDES } },
	{ "nasty",
	  { .suite = NASTY_XML NASTY_LINE,
	    .base = NASTY_MARK,
	    .fresh = NASTY_UTF8,
	    .clock = "wall",
	    .version = "1<2",
	    CHECKS(nasty_checks),
	    REASONS(nasty),
	    .outcome = GATE_INVALID } },
	{},
};

const struct gate_report *gate_sample_find(const char *name)
{
	for (const struct gate_sample *s = gate_samples; s->name; s++)
		if (streq(s->name, name))
			return &s->report;
	return NULL;
}

int gate_sample_write(FILE *f, const struct gate_report *report, const char *format)
{
	if (streq(format, "text"))
		return gate_write_text(f, report);
	if (streq(format, "junit"))
		return gate_write_junit(f, report);
	if (streq(format, "ktap"))
		return gate_write_ktap(f, report);
	if (streq(format, "markdown"))
		return gate_write_markdown(f, report);
	return -EINVAL;
}
