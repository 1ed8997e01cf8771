// SPDX-License-Identifier: GPL-2.0-or-later
/* slow.tsv: when the slowest operations of each open-loop workload were due, began and ended. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "harness/trial-state.h"
#include "src/cleanup.h"
#include "src/macro.h"

/* A line of the file. */
struct row {
	const struct slow_op *op;
	size_t workload, thread; /* thread: of all its processes */
};

static size_t threads_of(const struct trial_state *t, size_t workload)
{
	const struct placement *place = &t->scenario->workloads[workload].placement;

	return t->slow[workload] ? place->threads * place->processes : 0;
}

static size_t count_rows(const struct trial_state *t)
{
	size_t rows = 0;

	for (size_t i = 0; i < t->scenario->workload_count; i++)
		for (size_t k = 0; k < threads_of(t, i); k++)
			rows += t->slow[i][k].count;
	return rows;
}

static void fill_rows(const struct trial_state *t, struct row *rows)
{
	for (size_t i = 0; i < t->scenario->workload_count; i++)
		for (size_t k = 0; k < threads_of(t, i); k++)
			for (uint32_t n = 0; n < t->slow[i][k].count; n++)
				*rows++ = (struct row){ &t->slow[i][k].ops[n], i, k };
}

static int order(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* Operations that finish together may have been due together: then as the suite names them. */
static int by_due(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	int r = order(x->op->due_ns, y->op->due_ns);

	if (r == 0)
		r = order(x->workload, y->workload);
	if (r == 0)
		r = order(x->thread, y->thread);
	if (r == 0)
		r = order(x->op->begin_ns, y->op->begin_ns);
	return r ? r : order(x->op->end_ns, y->op->end_ns);
}

bool trial_keeps_slow(const struct trial_state *t)
{
	for (size_t i = 0; i < t->scenario->workload_count; i++)
		if (t->slow[i])
			return true;
	return false;
}

int trial_write_slow(const struct trial_state *t, FILE *f)
{
	size_t count = count_rows(t);
	_cleanup_free_ struct row *rows = calloc(count + 1, sizeof(*rows));

	if (!rows)
		return -ENOMEM;
	fill_rows(t, rows);
	qsort(rows, count, sizeof(*rows), by_due);
	fputs("workload\tthread\tdue_ns\tbegin_ns\tend_ns\n", f);
	for (size_t i = 0; i < count; i++) {
		const struct row *row = &rows[i];
		const struct placement *place = &t->scenario->workloads[row->workload].placement;

		fprintf(f, "%s\t%zu.%zu\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n", place->name,
			(size_t)(row->thread / place->threads),
			(size_t)(row->thread % place->threads), row->op->due_ns - t->origin_ns,
			row->op->begin_ns - t->origin_ns, row->op->end_ns - t->origin_ns);
	}
	return 0;
}

json_t *trial_slow_json(const struct trial_state *t, size_t workload)
{
	uint64_t kept = 0, over_ns = 0;

	if (!t->slow[workload])
		return NULL;
	for (size_t k = 0; k < threads_of(t, workload); k++) {
		kept += t->slow[workload][k].count;
		over_ns = MAX(over_ns, t->slow[workload][k].over_ns);
	}
	return json_pack("{s:I, s:I}", "kept", (json_int_t)kept, "over_ns", (json_int_t)over_ns);
}
