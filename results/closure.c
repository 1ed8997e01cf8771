// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/closure.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "src/macro.h"

#define FORMULA_MAX 1000

struct closure {
	double residual, tolerance;
	const char *why; /* a counter that can't be trusted; NULL: none. In text. */
	char text[200];
};

/* The text with the key in the place of KEY. */
static void expand(const char *text, const char *key, char *buf, size_t size)
{
	const char *at;
	size_t n = 0;

	while (key && (at = strstr(text, "KEY")) && n < size) {
		n += (size_t)snprintf(buf + n, size - n, "%.*s%s", (int)(at - text), text, key);
		text = at + strlen("KEY");
	}
	if (n < size)
		snprintf(buf + n, size - n, "%s", text);
}

/* False when this kernel has not all of the identity's columns. */
static bool close_identity(const struct formula_context *context, const struct identity *id,
			   const char *key, bool *used, struct closure *ret)
{
	const char *const formulas[] = { id->value, id->low, id->high ? id->high : id->low,
					 id->tolerance };
	struct formula_result results[ARRAY_SIZE(formulas)];
	char text[FORMULA_MAX];

	*ret = (struct closure){};
	for (size_t i = 0; i < ARRAY_SIZE(formulas); i++) {
		expand(formulas[i], key, text, sizeof(text));
		formula_evaluate(context, text, used, &results[i]);
		if (!results[i].present)
			return false;
		if (*results[i].invalid && !ret->why) {
			memcpy(ret->text, results[i].invalid, sizeof(ret->text));
			ret->why = ret->text;
		}
	}
	if (results[0].value < results[1].value)
		ret->residual = results[0].value - results[1].value;
	else if (results[0].value > results[2].value)
		ret->residual = results[0].value - results[2].value;
	ret->tolerance = results[3].value;
	return true;
}

static bool is_closed(const struct closure *closure)
{
	return !closure->why && fabs(closure->residual) <= closure->tolerance;
}

/* What is known of the system is told by vmstat, a node by its number. */
static const char *scope_of(const struct identity *id, const char *name, char *buf, size_t size)
{
	if (id->scope == SCOPE_NODE) {
		snprintf(buf, size, "node%s", name);
		return buf;
	}
	return *name ? name : "vmstat";
}

/* keys: how many the entry stands for; key is NULL where there is none. */
static int append(json_t *list, const struct identity *id, const char *key, unsigned keys,
		  const struct formula_context *context, const struct closure *closure)
{
	bool closed = is_closed(closure);
	char buf[32];
	json_t *entry = json_pack(
		"{s:s, s:s, s:s, s:I, s:I, s:b, s:s}", "phase", context->phase->name, "identity",
		id->name, "scope", scope_of(id, context->name, buf, sizeof(buf)), "residual",
		(json_int_t)round(closure->residual), "tolerance", (json_int_t)closure->tolerance,
		"closed", closed, "unit", id->unit);

	if (entry && key) {
		json_object_set_new(entry, "key", json_string(key));
		json_object_set_new(entry, "keys", json_integer((json_int_t)keys));
	}
	if (entry && closure->why)
		json_object_set_new(entry, "why", json_string(closure->why));
	return json_array_append_new(list, entry);
}

/* Of an identity with keys: each open one, or the one that is closest to it. */
static int close_keys(json_t *list, const struct identity *id,
		      const struct formula_context *context)
{
	struct closure closure, worst = {};
	const char *worst_key = NULL;
	unsigned keys = 0, open = 0;

	for (const char *const *key = id->keys; *key; key++) {
		if (!close_identity(context, id, *key, NULL, &closure))
			continue;
		keys++;
		if (!is_closed(&closure)) {
			open++;
			if (append(list, id, *key, 1, context, &closure) < 0)
				return -ENOMEM;
		} else if (!worst_key || fabs(closure.residual) > fabs(worst.residual)) {
			worst = closure; /* it is closed: without a why */
			worst_key = *key;
		}
	}
	return open || !keys ? 0 : append(list, id, worst_key, keys, context, &worst);
}

static int close_phase(json_t *list, const struct record *record, const struct phase *phase)
{
	struct formula_context context = { .record = record, .phase = phase };

	for (const struct identity *id = identities; id->name; id++) {
		size_t cursor = 0;
		char buf[24];

		while ((context.name =
				formula_instance(record, id->scope, &cursor, buf, sizeof(buf)))) {
			struct closure closure;
			int r = 0;

			if (id->keys)
				r = close_keys(list, id, &context);
			else if (close_identity(&context, id, NULL, NULL, &closure))
				r = append(list, id, NULL, 1, &context, &closure);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

json_t *closure_compute(const struct record *record)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < record->phase_count; i++)
		if (close_phase(list, record, &record->phases[i]) < 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

void closure_columns(const struct record *record, const json_t *entry, bool *used)
{
	const char *name = json_string_value(json_object_get(entry, "identity"));
	const char *scope = json_string_value(json_object_get(entry, "scope"));
	const char *phase = json_string_value(json_object_get(entry, "phase"));
	const struct identity *id = name ? identity_find(name) : NULL;
	struct formula_context context = { .record = record };
	struct closure closure;

	if (!id || !scope || !phase)
		return;
	context.phase = record_phase(record, phase);
	context.name = id->scope == SCOPE_NODE && starts_with(scope, "node") ? scope + 4 : scope;
	if (context.phase)
		close_identity(&context, id, json_string_value(json_object_get(entry, "key")), used,
			       &closure);
}

const json_t *closure_open(const json_t *closure, const char *phase, size_t *cursor)
{
	const json_t *entry;

	while ((entry = json_array_get(closure, (*cursor)++))) {
		const char *of = json_string_value(json_object_get(entry, "phase"));

		if (json_is_false(json_object_get(entry, "closed")) &&
		    (!phase || (of && streq(of, phase))))
			return entry;
	}
	return NULL;
}

void closure_say(const json_t *entry, char *buf, size_t size)
{
	const char *identity = "?", *scope = "?", *unit = "", *key = "", *why = NULL;
	json_int_t residual = 0, tolerance = 0;

	json_unpack((json_t *)entry, "{s?s, s?s, s?s, s?s, s?s, s?I, s?I}", "identity", &identity,
		    "scope", &scope, "unit", &unit, "key", &key, "why", &why, "residual", &residual,
		    "tolerance", &tolerance);
	if (why)
		snprintf(buf, size, "%s%s%s at %s: %s", identity, *key ? " " : "", key, scope, why);
	else
		snprintf(buf, size, "%s%s%s does not close at %.60s: off by %lld %s, %lld allowed",
			 identity, *key ? " " : "", key, scope, (long long)residual, unit,
			 (long long)tolerance);
}
