// SPDX-License-Identifier: GPL-2.0-or-later
/* Sides that are worker processes: a generator, or a bare loop behind the same hooks. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/bench.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"

#define MS	UINT64_C(1000000)
#define WAIT_NS (120 * 1000 * MS) /* a file's first writing, on a slow and busy disk */

/* Options with each «@disk» and «@names» replaced; malloc'ed, NULL when memory is out. */
static char *expand(const struct bench *b, const char *options)
{
	const struct {
		const char *mark, *dir;
	} places[] = { { "@disk", b->disk_dir }, { "@names", b->names_dir } };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		const char *at = strstr(options, places[i].mark);

		if (at)
			return text_format("%.*s%s%s", (int)(at - options), options, places[i].dir,
					   at + strlen(places[i].mark));
	}
	return strdup(options);
}

int lead_job_start(const struct bench *b, const struct lead_job *job, struct lead *ret,
		   struct error *err)
{
	_cleanup_free_ char *options = expand(b, job->options);
	bool ok;

	*ret = (struct lead){ .pid = -1, .pidfd = -1, .args.event_fd = -1 };
	if (!options)
		return error_set(err, -ENOMEM, "options");
	ok = job->ops ? lead_init_ops(ret, job->ops, options, job->threads)
		      : lead_init(ret, job->generator, options, job->threads);
	ret->wait_ns = WAIT_NS;
	ret->args.latency = job->latency;
	ret->args.warmup.ops = job->warm_passes * ret->plan.ops_per_pass;
	if (job->run_ms)
		ret->args.measured = (struct worker_work){ .end_ns = job->run_ms * MS };
	if (ok && lead_start(ret) && lead_to(ret, GO_SETUP, WORKER_READY) &&
	    lead_to(ret, GO_WARMUP, WORKER_WARM))
		return 0;
	return error_say(err, ret->err.code ? ret->err.code : -EIO, "%s", ret->err.text);
}

/* Of all of its threads, in ns. */
static double cpu_ns(pid_t pid)
{
	clockid_t clock;
	struct timespec t = {};

	if (clock_getcpuclockid(pid, &clock) == 0)
		clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int run_measured(struct lead *l, struct sample *ret, struct error *err)
{
	struct thread_report sum;
	double before = cpu_ns(l->pid);
	uint64_t begin, end;

	if (!lead_to(l, GO_MEASURE, WORKER_DONE))
		return error_say(err, l->err.code, "%s", l->err.text);
	begin = atomic_load(&l->args.barrier->origin_ns);
	end = atomic_load(&l->args.shared->arrived_ns[WORKER_DONE]);
	lead_total(l, &sum);
	if (!sum.ops || sum.errors)
		return error_say(err, -EIO, "%llu operations, %llu of them failed",
				 (unsigned long long)sum.ops, (unsigned long long)sum.errors);
	*ret = (struct sample){
		.ops = (double)sum.ops,
		.wall_ns = (double)(end - begin),
		.cpu_ns = cpu_ns(l->pid) - before,
	};
	return lead_end(l) ? 0 : error_say(err, l->err.code, "%s", l->err.text);
}

int measure_lead(const struct bench *b, const struct side *s, struct sample *ret, struct error *err)
{
	struct lead l;
	int r = lead_job_start(b, s->job, &l, err);

	if (r == 0)
		r = run_measured(&l, ret, err);
	lead_done(&l);
	return r;
}
