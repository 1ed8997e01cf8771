// SPDX-License-Identifier: GPL-2.0-or-later
/* Anonymous memory: touches, first touches, bandwidth; one thread and two. */
#include "bench/bench.h"
#include "src/macro.h"

#define RUN_MS 120

/* By memory's size: 64M is far beyond any TLB, and small enough to be written often. */
#define TOUCHED "size=64M"
#define FAULTED "size=128M fill=header"
#define WRITTEN "size=64M touch=page fill=header"

/* Passes in a random order that leave no page of 64M untouched: one in 30,000 times they do. */
#define RANDOM_PASSES 20

static const struct lead_job uniform = {
	.generator = "anon",
	.options = TOUCHED " pattern=uniform",
	.threads = 1,
	.warm_passes = RANDOM_PASSES,
	.run_ms = RUN_MS,
};
static const struct lead_job bare_uniform = {
	.ops = &bare_touch,
	.options = TOUCHED " uniform=true",
	.threads = 1,
	.warm_passes = RANDOM_PASSES,
	.run_ms = RUN_MS,
};
static const struct lead_job spaced_uniform = {
	.ops = &bare_touch,
	.options = TOUCHED " uniform=true idle=6",
	.threads = 1,
	.warm_passes = RANDOM_PASSES,
	.run_ms = RUN_MS,
};
static const struct side uniform_sides[] = {
	{ "anon", measure_lead, &uniform },
	{ "bare loop", measure_lead, &bare_uniform },
	{ "bare loop, idle 6 cycles a touch", measure_lead, &spaced_uniform },
};
static const struct row uniform_rows[] = {
	{ "anon.touch.uniform", "random touches of resident pages, a CPU second: anon / bare loop",
	  ROW_CPU_RATE, 0, 1, .want = WANT_AT_LEAST, .target = 0.97 },
	{ "anon.touch.uniform.idle",
	  "the same / a loop that idles 6 cycles after each touch, which is faster (see bare.c)",
	  ROW_CPU_RATE, 0, 2 },
	{}
};

static const struct lead_job ordered = {
	.generator = "anon",
	.options = TOUCHED,
	.threads = 1,
	.warm_passes = 1,
	.run_ms = RUN_MS,
};
static const struct lead_job bare_ordered = {
	.ops = &bare_touch,
	.options = TOUCHED,
	.threads = 1,
	.warm_passes = 1,
	.run_ms = RUN_MS,
};
static const struct lead_job spaced_ordered = {
	.ops = &bare_touch,
	.options = TOUCHED " idle=20",
	.threads = 1,
	.warm_passes = 1,
	.run_ms = RUN_MS,
};
static const struct lead_job ordered_2 = {
	.generator = "anon",
	.options = TOUCHED,
	.threads = 2,
	.warm_passes = 1,
	.run_ms = RUN_MS,
};
static const struct lead_job bare_ordered_2 = {
	.ops = &bare_touch,
	.options = TOUCHED,
	.threads = 2,
	.warm_passes = 1,
	.run_ms = RUN_MS,
};
static const struct side ordered_sides[] = {
	{ "anon", measure_lead, &ordered },
	{ "bare loop", measure_lead, &bare_ordered },
	{ "bare loop, idle 20 cycles a touch", measure_lead, &spaced_ordered },
	{ "anon, 2 threads", measure_lead, &ordered_2 },
	{ "bare loop, 2 threads", measure_lead, &bare_ordered_2 },
};
static const struct row ordered_rows[] = {
	{ "anon.touch.sequential",
	  "touches of resident pages in order, a CPU second: anon / bare loop", ROW_CPU_RATE, 0, 1,
	  .want = WANT_AT_LEAST, .target = 0.97 },
	{ "anon.touch.sequential.idle",
	  "the same / a loop that idles 20 cycles after each touch, which is faster (see bare.c)",
	  ROW_CPU_RATE, 0, 2 },
	{ "anon.touch.scale", "touches of resident pages, half of them each: two threads / one",
	  ROW_SCALE, 3, 0, 4, 1, WANT_AT_LEAST, 1.8 },
	{}
};

static const struct lead_job fault = {
	.generator = "anon",
	.options = FAULTED,
	.threads = 1,
};
static const struct lead_job bare_faults = {
	.ops = &bare_fault,
	.options = "size=128M",
	.threads = 1,
};
static const struct lead_job fault_2 = {
	.generator = "anon",
	.options = FAULTED,
	.threads = 2,
};
static const struct lead_job bare_faults_2 = {
	.ops = &bare_fault,
	.options = "size=128M",
	.threads = 2,
};
static const struct side fault_sides[] = {
	{ "anon", measure_lead, &fault },
	{ "bare loop", measure_lead, &bare_faults },
	{ "anon, 2 threads", measure_lead, &fault_2 },
	{ "bare loop, 2 threads", measure_lead, &bare_faults_2 },
};
static const struct row fault_rows[] = {
	{ "anon.fault",
	  "first touches, fill: header, a CPU second: anon / a word written into each page",
	  ROW_CPU_RATE, 0, 1, .want = WANT_AT_LEAST, .target = 0.98 },
	{ "anon.fault.scale", "first touches: two threads / one", ROW_SCALE, 2, 0, 3, 1,
	  WANT_AT_LEAST, 1.8 },
	{}
};

static const struct lead_job whole = {
	.generator = "anon",
	.options = "size=128M fill=page",
	.threads = 1,
};
static const struct lead_job bare_copies = {
	.ops = &bare_copy,
	.options = "size=128M",
	.threads = 1,
};
static const struct side whole_sides[] = {
	{ "anon", measure_lead, &whole },
	{ "bare memcpy", measure_lead, &bare_copies },
};
static const struct row whole_rows[] = {
	{ "anon.fill",
	  "first touches with whole contents, a CPU second: anon / a page copied from a pool",
	  ROW_CPU_RATE, 0, 1 },
	{}
};

static const struct lead_job writes = {
	.generator = "anon",
	.options = WRITTEN,
	.threads = 1,
	.warm_passes = 1,
	.run_ms = 200,
};
static const struct lead_job bare_writes = {
	.ops = &bare_set,
	.options = "size=64M",
	.threads = 1,
	.warm_passes = 1,
	.run_ms = 200,
};
static const struct peer_job stress_vm = {
	(const char *const[]){ "--vm", "1", "--vm-bytes", "64M", "--vm-keep", "--vm-method",
			       "write64", "--vm-madvise", "nohugepage", "--timeout", "1", NULL },
};
static const struct side write_sides[] = {
	{ "anon", measure_lead, &writes },
	{ "memset", measure_lead, &bare_writes },
	{ "stress-ng", measure_stress_vm, &stress_vm, "stress-ng" },
};
static const struct row write_rows[] = {
	{ "anon.write", "64M written again and again, touch: page, a CPU second: anon / memset()",
	  ROW_CPU_RATE, 0, 1, .want = WANT_AT_LEAST, .target = 0.95 },
	{ "anon.write.stress-ng",
	  "64M written again and again: anon / stress-ng --vm-method write64 --vm-keep (an op is "
	  "1 MiB; between passes it asks mincore() for each page)",
	  ROW_RATE, 0, 2, .want = WANT_AT_LEAST, .target = 1 },
	{}
};

const struct group anon_groups[] = {
	{ "anon.touch.uniform", uniform_sides, uniform_rows, ARRAY_SIZE(uniform_sides) },
	{ "anon.touch.sequential", ordered_sides, ordered_rows, ARRAY_SIZE(ordered_sides) },
	{ "anon.fault", fault_sides, fault_rows, ARRAY_SIZE(fault_sides) },
	{ "anon.fill", whole_sides, whole_rows, ARRAY_SIZE(whole_sides) },
	{ "anon.write", write_sides, write_rows, ARRAY_SIZE(write_sides) },
	{}
};
