// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where a new generator starts. Copy this file to workloads/NAME.c, rename, write the hooks, then
 * add a line to registry.c and one to local.mk. The option table gives the suite file's keys,
 * `wring list workloads NAME`, the man page and the record: there is nothing else to register.
 *
 * This one spins: it owns no memory and computes. It is compiled, so that it always shows the
 * contract as it is, and left out of registry.c.
 */
#include "src/macro.h"
#include "workloads/workload.h"

extern const struct workload_ops workload_skeleton;

struct skeleton_options {
	uint64_t loops;
};

static const struct option_spec skeleton_options[] = {
	OPTION_U64(struct skeleton_options, loops, .name = "loops", .fallback = "1000", .min = 1,
		   .max = 1000000, .help = "turns of the loop that make one operation"),
	{}
};

/* Runs anywhere, also for `wring plan`: looks at the options alone. */
static int skeleton_plan(const void *options, const struct workload_site *site,
			 struct workload_plan *ret, struct error *err)
{
	(void)options;
	(void)site;
	(void)err;
	*ret = (struct workload_plan){ .footprint_bytes = 0, .ops_per_pass = 1000 };
	return 0;
}

/* Runs in the worker, inside its cgroup. What must outlive it goes to w->state. */
static int skeleton_setup(struct worker *w, struct error *err)
{
	(void)w;
	(void)err;
	return 0;
}

/* A bounded batch: each operation is recorded with what it moved and how long it took. */
static int64_t skeleton_step(struct workload_thread *t, uint64_t budget, struct error *err)
{
	const struct skeleton_options *o = t->worker->options;
	uint64_t count = MIN(budget, (uint64_t)16), start = workload_begin(t);

	(void)err;
	for (uint64_t i = 0; i < count; i++) {
		for (volatile uint64_t turn = 0; turn < o->loops; turn++)
			;
		start = workload_record(t, 0, start);
	}
	return (int64_t)count;
}

const struct workload_ops workload_skeleton = {
	.name = "skeleton",
	.summary = "computes and owns no memory; a pattern for new generators",
	.options = skeleton_options,
	.options_size = sizeof(struct skeleton_options),
	.plan = skeleton_plan,
	.setup = skeleton_setup,
	.step = skeleton_step,
};
