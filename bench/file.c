// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files, against fio with the same job on the same kind of file, and against a bare loop.
 * `latency: none` is compared with fio's --gtod_reduce=1, which reads no clocks either; recorded
 * latencies with fio as it is, which records them too.
 */
#include "bench/bench.h"
#include "src/macro.h"

#define RUN_MS	600
#define RUNTIME "--runtime=600ms" /* as RUN_MS */

#define CACHED "size=64M cold=false engine=pread pattern=uniform dir=@disk"
#define WHOLE  "size=64M cold=false engine=pread block=1M dir=@disk"
#define DIRECT "size=128M direct=true engine=io_uring depth=32 pattern=uniform dir=@disk"

/* The sides of each group: without latencies, with them, and fio alike. */
#define GENERATOR_JOB(NAME, OPTIONS, LATENCY)                                                      \
	static const struct lead_job NAME = {                                                      \
		.generator = "file",                                                               \
		.options = (OPTIONS),                                                              \
		.threads = 1,                                                                      \
		.latency = (LATENCY),                                                              \
		.run_ms = RUN_MS,                                                                  \
	}
#define FIO_JOB(NAME, ...)                                                                         \
	static const struct peer_job NAME = { (const char *const[]){ __VA_ARGS__, RUNTIME, NULL } }
#define SIDES(NAME, NONE, EACH, FIO, FIO_EACH)                                                     \
	static const struct side NAME[] = {                                                        \
		{ "file, latency: none", measure_lead, &(NONE) },                                  \
		{ "fio --gtod_reduce=1", measure_fio, &(FIO), "fio" },                             \
		{ "file, latency: each", measure_lead, &(EACH) },                                  \
		{ "fio", measure_fio, &(FIO_EACH), "fio" },                                        \
	}

GENERATOR_JOB(cached, CACHED, false);
GENERATOR_JOB(cached_each, CACHED, true);
FIO_JOB(fio_cached, "--rw=randread", "--bs=4k", "--ioengine=psync", "--gtod_reduce=1");
FIO_JOB(fio_cached_each, "--rw=randread", "--bs=4k", "--ioengine=psync");
SIDES(cached_sides, cached, cached_each, fio_cached, fio_cached_each);
static const struct row cached_rows[] = {
	{ "file.cached", "random 4K pread, in the page cache: file / fio, no clocks", ROW_RATE, 0,
	  1, .want = WANT_AT_LEAST, .target = 1 },
	{ "file.cached.cpu", "the same: CPU time of a read", ROW_CPU_COST, 0, 1,
	  .want = WANT_AT_MOST, .target = 1 },
	{ "file.cached.each", "the same with latencies: reads a second", ROW_RATE, 2, 3 },
	{ "file.cached.each-cpu", "the same with latencies: CPU time of a read", ROW_CPU_COST, 2,
	  3 },
	{}
};

GENERATOR_JOB(ordered, WHOLE, false);
GENERATOR_JOB(ordered_each, WHOLE, true);
FIO_JOB(fio_ordered, "--rw=read", "--bs=1M", "--ioengine=psync", "--gtod_reduce=1");
FIO_JOB(fio_ordered_each, "--rw=read", "--bs=1M", "--ioengine=psync");
SIDES(ordered_sides, ordered, ordered_each, fio_ordered, fio_ordered_each);
static const struct row ordered_rows[] = {
	{ "file.sequential", "1M pread in order, in the page cache: file / fio, no clocks",
	  ROW_RATE, 0, 1, .want = WANT_AT_LEAST, .target = 1 },
	{ "file.sequential.cpu", "the same: CPU time of a read", ROW_CPU_COST, 0, 1 },
	{ "file.sequential.each", "the same with latencies: reads a second", ROW_RATE, 2, 3 },
	{}
};

GENERATOR_JOB(direct, DIRECT, false);
GENERATOR_JOB(direct_each, DIRECT, true);
FIO_JOB(fio_direct, "--rw=randread", "--bs=4k", "--ioengine=io_uring", "--iodepth=32", "--direct=1",
	"--fixedbufs=1", "--registerfiles=1", "--gtod_reduce=1");
FIO_JOB(fio_direct_each, "--rw=randread", "--bs=4k", "--ioengine=io_uring", "--iodepth=32",
	"--direct=1", "--fixedbufs=1", "--registerfiles=1");
SIDES(direct_sides, direct, direct_each, fio_direct, fio_direct_each);
static const struct row direct_rows[] = {
	{ "file.direct", "random 4K O_DIRECT, io_uring, 32 at once: file / fio, no clocks",
	  ROW_RATE, 0, 1, .want = WANT_AT_LEAST, .target = 1 },
	{ "file.direct.cpu", "the same: CPU time of a read", ROW_CPU_COST, 0, 1 },
	{ "file.direct.each", "the same with latencies: reads a second", ROW_RATE, 2, 3 },
	{ "file.direct.each-cpu", "the same with latencies: CPU time of a read", ROW_CPU_COST, 2,
	  3 },
	{}
};

#define BARE "size=64M dir=@disk"

static const struct lead_job one = {
	.generator = "file",
	.options = CACHED,
	.threads = 1,
	.run_ms = 150,
};
static const struct lead_job two = {
	.generator = "file",
	.options = CACHED,
	.threads = 2,
	.run_ms = 150,
};
static const struct lead_job bare_one = {
	.ops = &bare_read,
	.options = BARE,
	.threads = 1,
	.run_ms = 150,
};
static const struct lead_job bare_two = {
	.ops = &bare_read,
	.options = BARE,
	.threads = 2,
	.run_ms = 150,
};
static const struct side scale_sides[] = {
	{ "file", measure_lead, &one },
	{ "bare loop", measure_lead, &bare_one },
	{ "file, 2 threads", measure_lead, &two },
	{ "bare loop, 2 threads", measure_lead, &bare_two },
};
static const struct row scale_rows[] = {
	{ "file.cached.bare", "random 4K pread, in the page cache, a CPU second: file / bare loop",
	  ROW_CPU_RATE, 0, 1 },
	{ "file.cached.scale", "random 4K pread, in the page cache: two threads / one", ROW_SCALE,
	  2, 0, 3, 1, WANT_AT_LEAST, 1.8 },
	{}
};

const struct group file_groups[] = {
	{ "file.cached", cached_sides, cached_rows, ARRAY_SIZE(cached_sides), &cached },
	{ "file.sequential", ordered_sides, ordered_rows, ARRAY_SIZE(ordered_sides), &ordered },
	{ "file.direct", direct_sides, direct_rows, ARRAY_SIZE(direct_sides), &direct },
	{ "file.cached.scale", scale_sides, scale_rows, ARRAY_SIZE(scale_sides) },
	{}
};
