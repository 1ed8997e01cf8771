// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/cause-formula.h"

#include <stdio.h>

#include "results/causes.h"
#include "results/span-formula.h"
#include "src/macro.h"

#define QUANTILE "p99"

/* Which cause it is, as the record calls it; NULL: none. *ret_what: SPAN_WHATS for no kind of span.
 */
static const char *find_cause(const char *name, enum span_what *ret_what)
{
	*ret_what = SPAN_WHATS;
	if (streq(name, CAUSE_TURN))
		return CAUSE_TURN;
	if (streq(name, CAUSE_UNEXPLAINED))
		return CAUSE_UNEXPLAINED;
	return span_kind(name, ret_what) ? span_what_names[*ret_what] : NULL;
}

static const json_t *find_quantile(const json_t *list)
{
	json_t *item;
	size_t i;

	json_array_foreach ((json_t *)list, i, item) {
		const char *quantile = json_string_value(json_object_get(item, "quantile"));

		if (quantile && streq(quantile, QUANTILE))
			return item;
	}
	return NULL;
}

/* Whether the record can tell that share at all. */
static bool is_told(const struct formula_context *c, const json_t *item, enum span_what what,
		    char *ret_missing, size_t size)
{
	const json_t *trace = json_object_get(c->record->trial, "trace");

	if (!trace)
		snprintf(ret_missing, size, "the trial was not traced: trace: true");
	else if (what != SPAN_WHATS && span_unavailable(trace, what))
		snprintf(ret_missing, size, "this kernel's trace does not tell it");
	else if (!item)
		snprintf(ret_missing, size,
			 "no slow operations were kept: they are of workloads with rate");
	else if (!json_is_true(json_object_get(item, "complete")))
		snprintf(ret_missing, size,
			 "of the operations at or above " QUANTILE " only %lld of %lld were kept",
			 (long long)json_integer_value(json_object_get(item, "operations")),
			 (long long)json_integer_value(json_object_get(item, "of")));
	else
		return true;
	return false;
}

bool cause_value(const struct formula_context *context, const char *cause, double *ret,
		 bool *ret_malformed, char *ret_missing, size_t size)
{
	const json_t *causes = json_object_get(context->record->trial, "causes");
	const json_t *item = find_quantile(json_object_get(causes, context->name));
	enum span_what what;
	const char *name = find_cause(cause, &what);
	json_t *share;
	size_t i;

	*ret_malformed = !name;
	if (!name || !is_told(context, item, what, ret_missing, size))
		return false;
	if (streq(name, CAUSE_UNEXPLAINED)) {
		*ret = json_number_value(json_object_get(item, CAUSE_UNEXPLAINED));
		return true;
	}
	*ret = 0;
	json_array_foreach (json_object_get(item, "shares"), i, share)
		if (streq(json_string_value(json_object_get(share, "cause")), name))
			*ret += json_number_value(json_object_get(share, "share"));
	return true;
}
