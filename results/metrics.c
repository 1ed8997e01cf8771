// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/metrics.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "results/catalog.h"
#include "results/closure.h"
#include "results/formula.h"
#include "src/cleanup.h"
#include "src/macro.h"

#define METRIC_NAME_MAX 300
/* Whole numbers up to here are exact in a double. */
#define EXACT_MAX 0x1p53

/* The identities that did not close: what they say, and the columns that they cast doubt on. */
struct doubt {
	const json_t *entry;
	bool *columns;
};

struct doubts {
	struct doubt *items;
	size_t count;
};

/* How the names of a scope's metrics begin, and what stands for the instance in them. */
static const struct {
	const char *prefix, *placeholder;
} families[] = {
	[SCOPE_SYSTEM] = { "", "" },
	[SCOPE_CGROUP] = { "cgroup.", "NAME" },
	[SCOPE_WORKLOAD] = { "work.", "NAME" },
	[SCOPE_NODE] = { "node.", "N" },
};

static const struct metric_def *const tables[] = { catalog_system, catalog_parts, catalog_trace };

const struct metric_def *metric_next(const struct metric_def *after)
{
	if (!after)
		return tables[0];
	if (after[1].name)
		return after + 1;
	for (size_t i = 0; i + 1 < ARRAY_SIZE(tables); i++) {
		const struct metric_def *def = tables[i];

		while (def->name && def != after)
			def++;
		if (def == after)
			return tables[i + 1];
	}
	return NULL;
}

/* The scope of a catalog's name, and the part behind its placeholder. */
static enum formula_scope scope_of(const char *name, const char **ret_rest)
{
	for (size_t i = SCOPE_SYSTEM + 1; i < ARRAY_SIZE(families); i++) {
		size_t prefix = strlen(families[i].prefix);
		size_t placeholder = strlen(families[i].placeholder);

		if (starts_with(name, families[i].prefix) &&
		    strncmp(name + prefix, families[i].placeholder, placeholder) == 0) {
			*ret_rest = name + prefix + placeholder;
			return (enum formula_scope)i;
		}
	}
	*ret_rest = name;
	return SCOPE_SYSTEM;
}

/* Whether name is an instance of def; its instance then is len bytes at *ret. */
static bool matches(const struct metric_def *def, const char *name, const char **ret, size_t *len)
{
	const char *rest;
	enum formula_scope scope = scope_of(def->name, &rest);
	size_t prefix = strlen(families[scope].prefix), tail = strlen(rest), all = strlen(name);

	*ret = name + prefix;
	*len = 0;
	if (scope == SCOPE_SYSTEM)
		return streq(def->name, name);
	if (!starts_with(name, families[scope].prefix) || all <= prefix + tail ||
	    !streq(name + all - tail, rest))
		return false;
	*len = all - prefix - tail;
	return true;
}

/* The longest tail wins: the NAME in it is the shortest, as in "work.a.latency.p99.9". */
static const struct metric_def *find(const char *name, const char **ret_instance, size_t *ret_len)
{
	const struct metric_def *best = NULL;
	const char *instance;
	size_t len;

	for (const struct metric_def *def = NULL; (def = metric_next(def));) {
		if (!matches(def, name, &instance, &len) || (best && len >= *ret_len))
			continue;
		best = def;
		*ret_instance = instance;
		*ret_len = len;
	}
	return best;
}

const struct metric_def *metric_find(const char *name)
{
	const char *instance;
	size_t len;

	return find(name, &instance, &len);
}

static void doubts_done(struct doubts *doubts)
{
	for (size_t i = 0; i < doubts->count; i++)
		free(doubts->items[i].columns);
	free(doubts->items);
}

static int doubts_read(struct doubts *ret, const struct record *record, const json_t *closure)
{
	json_t *entry;
	size_t i;

	ret->items = calloc(json_array_size(closure) + 1, sizeof(*ret->items));
	if (!ret->items)
		return -ENOMEM;
	json_array_foreach ((json_t *)closure, i, entry) {
		struct doubt *doubt = &ret->items[ret->count];
		const char *phase = json_string_value(json_object_get(entry, "phase"));

		if (!json_is_false(json_object_get(entry, "closed")) || !phase ||
		    !streq(phase, "measured"))
			continue;
		doubt->entry = entry;
		doubt->columns = calloc(record->samples.columns, sizeof(*doubt->columns));
		if (!doubt->columns)
			return -ENOMEM;
		ret->count++;
		closure_columns(record, entry, doubt->columns);
	}
	return 0;
}

static const struct doubt *doubt_about(const struct doubts *doubts, const bool *used,
				       size_t columns)
{
	for (size_t i = 0; i < doubts->count; i++)
		for (size_t column = 0; column < columns; column++)
			if (used[column] && doubts->items[i].columns[column])
				return &doubts->items[i];
	return NULL;
}

static json_t *number(double value)
{
	if (value == trunc(value) && fabs(value) < EXACT_MAX)
		return json_integer((json_int_t)value);
	return json_real(value);
}

static int add_metric(json_t *metrics, const struct metric_def *def,
		      const struct formula_context *context, const struct doubts *doubts,
		      bool *used)
{
	size_t columns = context->record->samples.columns;
	const struct doubt *doubt;
	struct formula_result result;
	char name[METRIC_NAME_MAX];
	const char *rest;
	enum formula_scope scope = scope_of(def->name, &rest);
	json_t *metric;

	memset(used, 0, columns * sizeof(*used));
	formula_evaluate(context, def->formula, used, &result);
	if (!result.present)
		return 0;
	doubt = doubt_about(doubts, used, columns);
	if (doubt && !*result.invalid)
		closure_say(doubt->entry, result.invalid, sizeof(result.invalid));
	snprintf(name, sizeof(name), "%s%s%s", families[scope].prefix, context->name, rest);
	metric = json_pack("{s:o, s:s, s:b}", "value", number(result.value), "unit", def->unit,
			   "valid", !*result.invalid);
	if (metric && *result.invalid &&
	    json_object_set_new(metric, "why", json_string(result.invalid)) < 0) {
		json_decref(metric);
		return -ENOMEM;
	}
	return json_object_set_new(metrics, name, metric) < 0 ? -ENOMEM : 0;
}

static int add_family(json_t *metrics, const struct record *record, const struct metric_def *def,
		      const struct doubts *doubts, bool *used)
{
	struct formula_context context = { .record = record,
					   .phase = record_phase(record, "measured"),
					   .self = def };
	const char *rest;
	enum formula_scope scope = scope_of(def->name, &rest);
	size_t cursor = 0;
	char buf[24];
	int r = 0;

	while (r == 0 &&
	       (context.name = formula_instance(record, scope, &cursor, buf, sizeof(buf))))
		r = add_metric(metrics, def, &context, doubts, used);
	return r;
}

/*
 * What a generator counts besides operations, as trial.json names it: work.NAME.COUNTER. A level is
 * its last value, another its increase over the phase.
 */
static int add_counters(json_t *metrics, const struct record *record, const struct doubts *doubts,
			bool *used)
{
	json_t *workload, *counter;
	const char *key;
	size_t i;

	json_array_foreach (json_object_get(record->trial, "workloads"), i, workload) {
		const char *workload_name = json_string_value(json_object_get(workload, "name"));

		json_object_foreach (json_object_get(workload, "counters"), key, counter) {
			const char *unit = json_string_value(json_object_get(counter, "unit"));
			bool level = json_is_true(json_object_get(counter, "level"));
			char name[METRIC_NAME_MAX], formula[METRIC_NAME_MAX];
			struct metric_def def = { .name = name,
						  .unit = unit ? unit : "1",
						  .formula = formula };
			struct formula_context context = { .record = record,
							   .phase =
								   record_phase(record, "measured"),
							   .name = workload_name };
			int r;

			snprintf(name, sizeof(name), "work.NAME.%s", key);
			snprintf(formula, sizeof(formula), level ? "last(%s)" : "%s", name);
			r = workload_name ? add_metric(metrics, &def, &context, doubts, used) : 0;
			if (r < 0)
				return r;
		}
	}
	return 0;
}

json_t *metrics_compute(const struct record *record, const json_t *closure)
{
	_cleanup_free_ bool *used = calloc(record->samples.columns + 1, sizeof(*used));
	_cleanup_(doubts_done) struct doubts doubts = {};
	json_t *metrics = json_object();
	int r = used && metrics ? doubts_read(&doubts, record, closure) : -ENOMEM;

	if (r == 0 && !record_phase(record, "measured"))
		return metrics;
	for (const struct metric_def *def = NULL; r == 0 && (def = metric_next(def));)
		r = add_family(metrics, record, def, &doubts, used);
	if (r == 0)
		r = add_counters(metrics, record, &doubts, used);
	if (r < 0) {
		json_decref(metrics);
		return NULL;
	}
	return metrics;
}

void metric_absence(const struct record *record, const char *name, char *buf, size_t size)
{
	struct formula_context context = { .record = record,
					   .phase = record_phase(record, "measured") };
	char instance[METRIC_NAME_MAX];
	struct formula_result result;
	const char *at;
	size_t len;

	context.self = find(name, &at, &len);
	if (!context.self) {
		snprintf(buf, size, "no such metric: see wring list metrics");
		return;
	}
	if (!context.phase) {
		snprintf(buf, size, "the trial has no measured phase");
		return;
	}
	snprintf(instance, sizeof(instance), "%.*s", (int)MIN(len, sizeof(instance) - 1), at);
	context.name = instance;
	formula_evaluate(&context, context.self->formula, NULL, &result);
	snprintf(buf, size, "%s",
		 result.present ? "the record has no such cgroup, workload or node"
				: result.missing);
}
