// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names: files created and unlinked, one thread and two in directories of their own. They are on a
 * tmpfs: ext4 looks past each inode that was freed within the last seconds, so that a create there
 * measures how many were freed before it.
 */
#include "bench/bench.h"
#include "src/macro.h"

#define CHURN "mode=churn live=1000 dir=@names"
#define BARE  "dir=@names"

static const struct lead_job churn = {
	.generator = "dentry",
	.options = CHURN,
	.threads = 1,
	.run_ms = 200,
};
static const struct lead_job bare = {
	.ops = &bare_churn,
	.options = BARE,
	.threads = 1,
	.run_ms = 200,
};
static const struct lead_job churn_2 = {
	.generator = "dentry",
	.options = CHURN,
	.threads = 2,
	.run_ms = 200,
};
static const struct lead_job bare_2 = {
	.ops = &bare_churn,
	.options = BARE,
	.threads = 2,
	.run_ms = 200,
};
static const struct peer_job stress_dentry = {
	(const char *const[]){ "--dentry", "1", "--dentries", "1000", "--dentry-ops", "20000",
			       "--dentry-order", "forward", NULL },
};
static const struct side churn_sides[] = {
	{ "dentry", measure_lead, &churn },
	{ "bare loop", measure_lead, &bare },
	{ "dentry, 2 threads", measure_lead, &churn_2 },
	{ "bare loop, 2 threads", measure_lead, &bare_2 },
	{ "stress-ng", measure_stress_dentry, &stress_dentry, "stress-ng" },
};
static const struct row churn_rows[] = {
	{ "dentry.churn", "files created and unlinked, a CPU second: dentry / bare loop",
	  ROW_CPU_RATE, 0, 1, .want = WANT_AT_LEAST, .target = 0.95 },
	{ "dentry.churn.stress-ng",
	  "files created and unlinked, a CPU second: dentry / stress-ng --dentry without its "
	  "lookups",
	  ROW_CPU_RATE, 0, 4, .want = WANT_AT_LEAST, .target = 1 },
	{ "dentry.churn.scale", "files created and unlinked: two threads / one", ROW_SCALE, 2, 0, 3,
	  1, WANT_AT_LEAST, 1.8 },
	{}
};

const struct group dentry_groups[] = {
	{ "dentry.churn", churn_sides, churn_rows, ARRAY_SIZE(churn_sides) }, {}
};
