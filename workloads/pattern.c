// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/pattern.h"

#include <errno.h>

const char *const pattern_names[] = { "sequential", "uniform", "zipf", NULL };

int pattern_init(struct pattern *p, enum pattern_kind kind, uint64_t blocks, double theta,
		 const struct worker *w, struct error *err)
{
	*p = (struct pattern){
		.kind = kind, .blocks = blocks, .seed = w->seed, .threads = w->threads
	};
	if (blocks < w->threads)
		return error_say(err, -EINVAL, "%u threads can't share %llu blocks", w->threads,
				 (unsigned long long)blocks);
	return kind == PATTERN_ZIPF ? zipf_new(&p->zipf, blocks, theta, err) : 0;
}

void pattern_done(struct pattern *p)
{
	zipf_free(p->zipf);
	p->zipf = NULL;
}
