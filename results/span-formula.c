// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/span-formula.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "results/metrics.h"
#include "src/cleanup.h"
#include "src/macro.h"

enum reduce { REDUCE_COUNT, REDUCE_TIME, REDUCE_QUANTILE, REDUCE_PRIORITY, REDUCE_RECLAIMED };

static const struct function {
	const char *name;
	enum reduce how;
	double quantile;
} functions[] = {
	{ "spans", REDUCE_COUNT, 0 },
	{ "span_time", REDUCE_TIME, 0 },
	{ "span_p50", REDUCE_QUANTILE, 0.5 },
	{ "span_p99", REDUCE_QUANTILE, 0.99 },
	{ "span_max", REDUCE_QUANTILE, 1 },
	{ "span_priority", REDUCE_PRIORITY, 0 },
	{ "span_reclaimed", REDUCE_RECLAIMED, 0 },
};

static const struct function *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
		if (streq(functions[i].name, name))
			return &functions[i];
	return NULL;
}

bool span_function(const char *name)
{
	return find(name);
}

/* A formula's names have no dash. */
bool span_kind(const char *name, enum span_what *ret)
{
	for (int what = 0; what < SPAN_WHATS; what++) {
		const char *a = span_what_names[what], *b = name;

		for (; *a && (*a == *b || (*a == '-' && *b == '_')); a++)
			b++;
		if (!*a && !*b) {
			*ret = (enum span_what)what;
			return true;
		}
	}
	return false;
}

bool span_unavailable(const json_t *trace, enum span_what what)
{
	json_t *item;
	size_t i;

	json_array_foreach (json_object_get(trace, "unavailable"), i, item) {
		const char *name = json_string_value(item);

		if (name && streq(name, span_what_names[what]))
			return true;
	}
	return false;
}

/* Of that kind, in the phase, and of the node or workload that the metric is about. */
static bool is_wanted(const struct formula_context *c, enum span_what what, const struct span *span)
{
	if (span->what != what || span->start_ns > c->phase->end_ns ||
	    span->end_ns < c->phase->start_ns)
		return false;
	if (!c->name || !*c->name)
		return true;
	if (c->self && starts_with(c->self->name, "node."))
		return span->node >= 0 && span->node == atoi(c->name);
	return streq(span->workload, c->name);
}

static uint64_t cut_length(const struct phase *phase, const struct span *span)
{
	return MIN(span->end_ns, phase->end_ns) - MAX(span->start_ns, phase->start_ns);
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The smallest of the lengths that at least that share of them does not exceed. */
static double quantile(uint64_t *lengths, size_t count, double q)
{
	size_t rank = (size_t)ceil(q * (double)count);

	qsort(lengths, count, sizeof(*lengths), by_number);
	return (double)lengths[rank ? rank - 1 : 0];
}

bool span_value(const struct formula_context *context, const char *function, const char *kind,
		double *ret, bool *ret_malformed, char *ret_missing, size_t size)
{
	const json_t *trace = json_object_get(context->record->trial, "trace");
	const struct spans *spans = &context->record->spans;
	const struct function *f = find(function);
	_cleanup_free_ uint64_t *lengths = calloc(spans->count + 1, sizeof(*lengths));
	int priority = -1;
	enum span_what what;
	double time = 0, reclaimed = 0;
	size_t count = 0;

	*ret_malformed = !f || !span_kind(kind, &what);
	if (*ret_malformed)
		return false;
	if (!trace || span_unavailable(trace, what) || !lengths) {
		snprintf(ret_missing, size, "%s",
			 !trace	   ? "the trial was not traced: trace: true"
			 : lengths ? "this kernel's trace does not tell it"
				   : "out of memory");
		return false;
	}
	for (size_t i = 0; i < spans->count; i++) {
		const struct span *span = &spans->items[i];

		if (!is_wanted(context, what, span))
			continue;
		lengths[count] = cut_length(context->phase, span);
		time += (double)lengths[count++];
		if (span->reclaimed != SPAN_UNKNOWN)
			reclaimed += (double)span->reclaimed;
		if (span->priority >= 0 && (priority < 0 || span->priority < priority))
			priority = span->priority;
	}
	if ((f->how == REDUCE_QUANTILE && !count) || (f->how == REDUCE_PRIORITY && priority < 0)) {
		snprintf(ret_missing, size, "there was none in the phase");
		return false;
	}
	*ret = f->how == REDUCE_COUNT	    ? (double)count
	       : f->how == REDUCE_TIME	    ? time
	       : f->how == REDUCE_RECLAIMED ? reclaimed
	       : f->how == REDUCE_PRIORITY  ? priority
					    : quantile(lengths, count, f->quantile);
	return true;
}
