// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "harness/suite/internal.h"
#include "src/cleanup.h"
#include "src/macro.h"
#include "src/nearest.h"

/* Longer ones first, so that "<=" is not taken for "<". */
static const struct {
	const char *text;
	enum expect_op op;
} operators[] = {
	{ "<=", EXPECT_LE }, { "==", EXPECT_EQ }, { "!=", EXPECT_NE },
	{ ">=", EXPECT_GE }, { "<", EXPECT_LT },  { ">", EXPECT_GT },
};

static const char *const outcomes[] = { "completed", "oom_killed", "timed_out", "failed", NULL };

static int bad(const struct yaml_node *node, const char *why, struct error *err)
{
	return yaml_complain(node, err,
			     "«%s» is no expectation: %s; write METRIC OP NUMBER with OP one of "
			     "< <= == != >= >, as reclaim.anon_share > 0.95",
			     node->text, why);
}

static int read_outcome(struct expect_spec *e, const struct yaml_node *node, const char *word,
			struct error *err)
{
	struct nearest search = { .word = word };
	char hint[200];

	if (e->op != EXPECT_EQ && e->op != EXPECT_NE)
		return yaml_complain(node, err, "an outcome is compared with == or != only");
	for (const char *const *o = outcomes; *o; o++) {
		if (streq(word, *o))
			return suite_text(&e->word, word, err);
		nearest_offer(&search, *o);
	}
	return yaml_complain(node, err,
			     "«%s» is no outcome: completed, oom_killed, timed_out or failed%s",
			     word, nearest_hint(&search, hint, sizeof(hint)));
}

static int read_number(struct expect_spec *e, const struct yaml_node *node, const char *text,
		       struct error *err)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || !isfinite(value) || strspn(text, "0123456789.+-eE%") != strlen(text))
		return bad(node, "what is behind the operator is no number", err);
	if (*end == '%') {
		value /= 100;
		end++;
	}
	if (*end)
		return bad(node, "a number is plain or ends with %", err);
	e->value = value;
	return 0;
}

static bool is_metric(const char *text)
{
	size_t plain = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789._-/");

	return plain && !text[plain];
}

int suite_read_expect(struct expect_spec *e, const struct yaml_node *node, struct error *err)
{
	_cleanup_free_ char *copy = NULL;
	char *op, *value, *end;
	size_t i = 0;

	if (suite_expect_kind(node, YAML_SCALAR, "expect", err) < 0)
		return -EINVAL;
	if (suite_text(&e->text, node->text, err) < 0 || suite_text(&copy, node->text, err) < 0)
		return -ENOMEM;
	op = strpbrk(copy, "<=!>");
	if (!op)
		return bad(node, "it has no operator", err);
	while (i < ARRAY_SIZE(operators) && !starts_with(op, operators[i].text))
		i++;
	if (i == ARRAY_SIZE(operators))
		return bad(node, *op == '=' ? "= is written ==" : "! is written !=", err);
	e->op = operators[i].op;
	value = op + strlen(operators[i].text);
	value += strspn(value, " ");
	for (end = op; end > copy && end[-1] == ' ';)
		end--;
	*end = '\0';
	if (!is_metric(copy))
		return bad(node, "a metric's name must stand before the operator", err);
	if (suite_text(&e->metric, copy, err) < 0)
		return -ENOMEM;
	return streq(copy, "outcome") ? read_outcome(e, node, value, err)
				      : read_number(e, node, value, err);
}
