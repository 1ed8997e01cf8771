// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/expect.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "results/metrics.h"
#include "src/macro.h"

#define OUTCOME	  "outcome"
#define COMPLETED OUTCOME " == completed"

enum { OP_LT, OP_LE, OP_EQ, OP_NE, OP_GE, OP_GT };

/* "NAME OP RIGHT", cut up. */
struct claim {
	char name[200];
	int op;
	char right[100];
};

static bool parse_claim(const char *text, struct claim *ret)
{
	static const char *const ops[] = { [OP_LT] = "<",  [OP_LE] = "<=", [OP_EQ] = "==",
					   [OP_NE] = "!=", [OP_GE] = ">=", [OP_GT] = ">" };
	size_t name = strcspn(text, " \t<>=!"), right;
	const char *at = text + name;
	char op[3] = "";

	at += strspn(at, " \t");
	for (size_t i = 0; i < 2 && *at && strchr("<>=!", *at); i++)
		op[i] = *at++;
	at += strspn(at, " \t");
	right = strcspn(at, " \t");
	if (!name || name >= sizeof(ret->name) || !right || right >= sizeof(ret->right) ||
	    at[right + strspn(at + right, " \t")])
		return false;
	snprintf(ret->name, sizeof(ret->name), "%.*s", (int)name, text);
	snprintf(ret->right, sizeof(ret->right), "%.*s", (int)right, at);
	for (ret->op = 0; ret->op < (int)ARRAY_SIZE(ops); ret->op++)
		if (streq(op, ops[ret->op]))
			return true;
	return false;
}

static bool parse_bound(const char *text, double *ret)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || !isfinite(value))
		return false;
	if (*end == '%') {
		value /= 100;
		end++;
	}
	*ret = value;
	return !*end;
}

static bool compare(double value, int op, double bound)
{
	switch (op) {
	case OP_LT:
		return value < bound;
	case OP_LE:
		return value <= bound;
	case OP_EQ:
		return value == bound;
	case OP_NE:
		return value != bound;
	case OP_GE:
		return value >= bound;
	default:
		return value > bound;
	}
}

static json_t *unknown(const char *text, const char *why)
{
	return json_pack("{s:s, s:n, s:s}", "text", text, "holds", "why", why);
}

static json_t *evaluate_outcome(const struct record *record, const char *text,
				const struct claim *claim)
{
	const char *outcome = json_string_value(json_object_get(record->trial, OUTCOME));

	if (claim->op != OP_EQ && claim->op != OP_NE)
		return unknown(text, "an outcome is a word: compare it by == or !=");
	return json_pack("{s:s, s:b, s:s}", "text", text, "holds",
			 streq(outcome, claim->right) == (claim->op == OP_EQ), "value", outcome);
}

static json_t *evaluate(const struct record *record, const json_t *metrics, const char *text)
{
	const json_t *metric, *value;
	struct claim claim;
	char why[300];
	double bound;

	if (!parse_claim(text, &claim))
		return unknown(text, "not «METRIC OP NUMBER», as in reclaim.anon_share > 95%");
	if (streq(claim.name, OUTCOME))
		return evaluate_outcome(record, text, &claim);
	if (!parse_bound(claim.right, &bound))
		return unknown(text, "what it is compared with is no number");
	metric = json_object_get(metrics, claim.name);
	if (!metric) {
		metric_absence(record, claim.name, why, sizeof(why));
		return unknown(text, why);
	}
	value = json_object_get(metric, "value");
	if (!json_is_true(json_object_get(metric, "valid"))) {
		const char *reason = json_string_value(json_object_get(metric, "why"));

		snprintf(why, sizeof(why), "invalid: %s", reason ? reason : "");
		return unknown(text, why);
	}
	return json_pack("{s:s, s:b, s:O}", "text", text, "holds",
			 compare(json_number_value(value), claim.op, bound), "value", value);
}

static bool about_outcome(const char *text)
{
	size_t len = strcspn(text, " \t<>=!");

	return len == strlen(OUTCOME) && starts_with(text, OUTCOME);
}

json_t *expect_evaluate(const struct record *record, const json_t *metrics)
{
	json_t *list = json_array(), *item;
	bool outcome = false;
	size_t i;

	if (!list)
		return NULL;
	json_array_foreach (json_object_get(record->trial, "expect"), i, item) {
		const json_t *text = json_is_object(item) ? json_object_get(item, "text") : item;

		if (!json_is_string(text))
			continue;
		outcome |= about_outcome(json_string_value(text));
		if (json_array_append_new(list,
					  evaluate(record, metrics, json_string_value(text))) < 0)
			goto fail;
	}
	if (!outcome && json_array_append_new(list, evaluate(record, metrics, COMPLETED)) < 0)
		goto fail;
	return list;
fail:
	json_decref(list);
	return NULL;
}
