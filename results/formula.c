// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/formula.h"

#include <ctype.h>
#include <fnmatch.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "results/cause-formula.h"
#include "results/cube-formula.h"
#include "results/span-formula.h"
#include "src/macro.h"

#define TOKEN_MAX  100
#define COLUMN_MAX 300
/* The upper bound of a node counter's per-CPU threshold. */
#define KERNEL_STAT_THRESHOLD 125

struct eval {
	const struct formula_context *context;
	const char *at;
	bool *used;
	bool missing;
	bool optional; /* inside [ ]: a column that isn't there counts 0 */
	struct formula_result *result;
};

/* What a column's values in the phase are reduced to. */
enum reduce { REDUCE_DELTA, REDUCE_FIRST, REDUCE_LAST, REDUCE_MAX, REDUCE_MIN };

static double parse_sum(struct eval *e);
static double parse_factor(struct eval *e);

__attribute__((format(printf, 2, 3))) static double miss(struct eval *e, const char *fmt, ...)
{
	va_list ap;

	if (!e->missing) {
		va_start(ap, fmt);
		vsnprintf(e->result->missing, sizeof(e->result->missing), fmt, ap);
		va_end(ap);
	}
	e->missing = true;
	return 0;
}

static double malformed(struct eval *e)
{
	e->result->malformed = true;
	miss(e, "the formula is wrong at «%.40s»", e->at);
	e->at += strlen(e->at);
	return 0;
}

/* ---- columns ---- */

/* The sum over the phase's rows is built column by column. */
struct reduction {
	enum reduce how;
	double *rows; /* for max and min: a sum a row; NAN where a column is missing */
	double sum;
	unsigned columns;
};

static double at(const struct eval *e, size_t row, size_t column)
{
	uint64_t value = samples_at(&e->context->record->samples, row, column);

	return value == SAMPLE_MISSING ? NAN : (double)value;
}

static void check_monotonic(struct eval *e, size_t column)
{
	const struct phase *phase = e->context->phase;
	const struct samples *s = &e->context->record->samples;
	uint64_t before = 0;

	for (size_t row = phase->first; row <= phase->last; row++) {
		uint64_t now = samples_at(s, row, column);

		if (now == SAMPLE_MISSING)
			continue;
		if (now < before && !*e->result->invalid)
			snprintf(e->result->invalid, sizeof(e->result->invalid),
				 "%.100s went backwards before %llu ns", s->names[column],
				 (unsigned long long)samples_at(s, row, 0));
		before = now;
	}
}

static void add_column(struct eval *e, struct reduction *into, size_t column)
{
	const struct phase *phase = e->context->phase;
	double first = at(e, phase->first, column), last = at(e, phase->last, column);

	into->columns++;
	if (e->used)
		e->used[column] = true;
	if (into->rows) {
		for (size_t row = phase->first; row <= phase->last; row++)
			into->rows[row - phase->first] += at(e, row, column);
		return;
	}
	if (into->how == REDUCE_DELTA) {
		check_monotonic(e, column);
		into->sum += last - first;
	} else {
		into->sum += into->how == REDUCE_FIRST ? first : last;
	}
}

static void add_named(struct eval *e, struct reduction *into, const char *name)
{
	const struct samples *s = &e->context->record->samples;
	int column;

	if (strchr(name, '*')) {
		unsigned before = into->columns;

		for (size_t i = 1; i < s->columns; i++)
			if (fnmatch(name, s->names[i], 0) == 0)
				add_column(e, into, i);
		if (into->columns == before && !e->optional)
			miss(e, "no column %.120s", name);
		return;
	}
	column = samples_column(s, name);
	if (column >= 0)
		add_column(e, into, (size_t)column);
	else if (!e->optional)
		miss(e, "no column %.120s", name);
}

static void add_top_cgroups(struct eval *e, struct reduction *into, const char *rest)
{
	char name[COLUMN_MAX], buf[8];
	const char *cgroup;
	size_t cursor = 0;

	while ((cgroup = formula_instance(e->context->record, SCOPE_CGROUP, &cursor, buf,
					  sizeof(buf)))) {
		if (strchr(cgroup, '/'))
			continue;
		snprintf(name, sizeof(name), "%.180s%s", cgroup, rest);
		add_named(e, into, name);
	}
}

/* The cgroups right below the one at hand. */
static void add_children(struct eval *e, struct reduction *into, const char *rest)
{
	const char *parent = e->context->name ? e->context->name : "", *cgroup;
	size_t len = strlen(parent), cursor = 0;
	char name[COLUMN_MAX], buf[8];
	bool any = false;

	while ((cgroup = formula_instance(e->context->record, SCOPE_CGROUP, &cursor, buf,
					  sizeof(buf)))) {
		if (!starts_with(cgroup, parent) || cgroup[len] != '/' ||
		    strchr(cgroup + len + 1, '/'))
			continue;
		snprintf(name, sizeof(name), "%.180s%s", cgroup, rest);
		add_named(e, into, name);
		any = true;
	}
	if (!any)
		miss(e, "no cgroup lies below %.100s", parent);
}

/* "nodeN.x", "kswapdN.x", "zoneinfo.nodeN.x": *ret_before is how much stands before the N. */
static bool is_of_node(const char *token, int *ret_before)
{
	const char *n = strstr(token, "N.");

	*ret_before = n ? (int)(n - token) : 0;
	return n && n > token && islower((unsigned char)n[-1]);
}

static void add_token(struct eval *e, struct reduction *into, const char *token)
{
	const char *name = e->context->name ? e->context->name : "";
	char column[COLUMN_MAX];
	int before;

	if (starts_with(token, "TOP.")) {
		add_top_cgroups(e, into, token + strlen("TOP"));
		return;
	}
	if (starts_with(token, "CHILD.")) {
		add_children(e, into, token + strlen("CHILD"));
		return;
	}
	if (starts_with(token, "NAME."))
		snprintf(column, sizeof(column), "%.180s%s", name, token + strlen("NAME"));
	else if (starts_with(token, "work.NAME."))
		snprintf(column, sizeof(column), "work.%.180s%s", name,
			 token + strlen("work.NAME"));
	else if (is_of_node(token, &before))
		snprintf(column, sizeof(column), "%.*s%.20s%s", before, token, name,
			 token + before + 1);
	else
		snprintf(column, sizeof(column), "%s", token);
	add_named(e, into, column);
}

static double extreme(const struct reduction *r, size_t rows)
{
	double best = NAN;

	for (size_t i = 0; i < rows; i++) {
		double v = r->rows[i];

		if (!isnan(v) && (isnan(best) || (r->how == REDUCE_MAX ? v > best : v < best)))
			best = v;
	}
	return best;
}

static double column_value(struct eval *e, const char *token, enum reduce how)
{
	const struct phase *phase = e->context->phase;
	struct reduction r = { .how = how };
	size_t rows = phase->last - phase->first + 1;
	double value;

	if (!e->context->record->samples.rows)
		return miss(e, "the record has no samples");
	if (how == REDUCE_MAX || how == REDUCE_MIN) {
		r.rows = calloc(rows, sizeof(*r.rows));
		if (!r.rows)
			return miss(e, "out of memory");
	}
	add_token(e, &r, token);
	value = r.rows ? extreme(&r, rows) : r.sum;
	free(r.rows);
	return isnan(value) ? miss(e, "%.100s was not read when the phase began or ended", token)
			    : value;
}

/* ---- names ---- */

static double integer_of(struct eval *e, const char *key)
{
	const json_t *value = json_object_get(e->context->record->trial, key);

	if (!json_is_integer(value) || json_integer_value(value) <= 0)
		return miss(e, "the record does not say its «%s»", key);
	return (double)json_integer_value(value);
}

static double metric_value(struct eval *e, const struct metric_def *def)
{
	struct formula_context context = *e->context;
	struct formula_result result;

	context.self = def;
	formula_evaluate(&context, def->formula, e->used, &result);
	e->result->malformed |= result.malformed;
	if (*result.invalid && !*e->result->invalid)
		memcpy(e->result->invalid, result.invalid, sizeof(result.invalid));
	return result.present ? result.value : miss(e, "%s", result.missing);
}

static double count_columns(const struct eval *e, const char *pattern)
{
	const struct samples *s = &e->context->record->samples;
	double count = 0;

	for (size_t i = 0; i < s->columns; i++)
		count += fnmatch(pattern, s->names[i], 0) == 0;
	return count;
}

static double name_value(struct eval *e, const char *token)
{
	const struct phase *phase = e->context->phase;

	if (streq(token, "time"))
		return (double)(phase->end_ns - phase->start_ns);
	if (streq(token, "batch"))
		return FORMULA_MEMCG_BATCH;
	if (streq(token, "fold"))
		return KERNEL_STAT_THRESHOLD;
	if (streq(token, "page"))
		return integer_of(e, "page_size");
	if (streq(token, "cpus"))
		return integer_of(e, "cpus");
	if (streq(token, "zones"))
		return count_columns(e, "zoneinfo.*.free");
	if (streq(token, "nodes"))
		return (double)json_array_size(json_object_get(e->context->record->trial, "nodes"));
	/* Without self there is no catalog to look into: an identity speaks of columns alone. */
	for (const struct metric_def *d = NULL;
	     e->context->self && (d = metric_next(d)) && d != e->context->self;)
		if (streq(d->name, token))
			return metric_value(e, d);
	if (!strchr(token, '.'))
		return malformed(e);
	return column_value(e, token, REDUCE_DELTA);
}

static const struct histogram *latency(struct eval *e)
{
	const struct record *record = e->context->record;

	for (size_t i = 0; i < record->latency_count; i++)
		if (e->context->name && streq(record->latencies[i].name, e->context->name) &&
		    record->latencies[i].latency.count)
			return &record->latencies[i].latency;
	miss(e, "no operation's latency was recorded");
	return NULL;
}

static double mean(const struct histogram *h)
{
	double sum = 0;

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		uint64_t low = histogram_low(i), width = histogram_low(i + 1) - low;

		if (h->buckets[i])
			sum += (double)h->buckets[i] * ((double)low + (double)(width / 2));
	}
	return sum / (double)h->count;
}

/* What was computed of the record before the metrics. */
static double derived_value(struct eval *e, const char *name, const char *kind)
{
	char missing[100] = "";
	bool wrong = false, there;
	double value = 0;

	if (streq(name, "cause"))
		there = cause_value(e->context, kind, &value, &wrong, missing, sizeof(missing));
	else if (cube_function(name))
		there = cube_value(e->context, name, kind, e->used, &value, &wrong, missing,
				   sizeof(missing));
	else
		there = span_value(e->context, name, kind, &value, &wrong, missing,
				   sizeof(missing));
	if (there)
		return value;
	return wrong ? malformed(e) : miss(e, "%s", missing);
}

static double call(struct eval *e, const char *name, const char *argument)
{
	static const struct {
		const char *name;
		enum reduce how;
	} reducers[] = { { "first", REDUCE_FIRST },
			 { "last", REDUCE_LAST },
			 { "max", REDUCE_MAX },
			 { "min", REDUCE_MIN } };
	const struct histogram *h;

	for (size_t i = 0; i < ARRAY_SIZE(reducers); i++)
		if (streq(name, reducers[i].name))
			return column_value(e, argument, reducers[i].how);
	if (span_function(name) || streq(name, "cause") || cube_function(name))
		return derived_value(e, name, argument);
	if (!streq(name, "quantile") && !streq(name, "mean") && !streq(name, "highest"))
		return malformed(e);
	h = latency(e);
	if (!h)
		return 0;
	if (streq(name, "mean"))
		return mean(h);
	return streq(name, "highest") ? (double)h->max
				      : (double)histogram_quantile(h, strtod(argument, NULL));
}

/* ---- the grammar ---- */

static void skip_space(struct eval *e)
{
	e->at += strspn(e->at, " ");
}

static bool take(struct eval *e, char c)
{
	skip_space(e);
	if (*e->at != c)
		return false;
	e->at++;
	return true;
}

/* A '*' belongs to a name only when it touches it: "a_*" is a pattern, "a * b" a product. */
static bool take_token(struct eval *e, char token[static TOKEN_MAX])
{
	size_t len = 0;

	skip_space(e);
	while (isalnum((unsigned char)e->at[len]) || strchr("._", e->at[len]) ||
	       (len && e->at[len] == '*')) {
		if (!e->at[len])
			break;
		len++;
	}
	if (!len || len >= TOKEN_MAX)
		return false;
	memcpy(token, e->at, len);
	token[len] = '\0';
	e->at += len;
	return true;
}

static double parse_optional(struct eval *e)
{
	double value;

	e->optional = true;
	value = parse_factor(e);
	e->optional = false;
	return take(e, ']') ? value : malformed(e);
}

static double parse_factor(struct eval *e)
{
	char token[TOKEN_MAX], argument[TOKEN_MAX] = "";
	double value;

	if (take(e, '(')) {
		value = parse_sum(e);
		return take(e, ')') ? value : malformed(e);
	}
	if (take(e, '['))
		return parse_optional(e);
	if (!take_token(e, token))
		return malformed(e);
	if (isdigit((unsigned char)*token)) {
		char *end;

		value = strtod(token, &end);
		return *end ? malformed(e) : value;
	}
	if (*e->at != '(')
		return name_value(e, token);
	e->at++;
	take_token(e, argument);
	return take(e, ')') ? call(e, token, argument) : malformed(e);
}

static double parse_product(struct eval *e)
{
	double value = parse_factor(e);

	for (;;) {
		if (take(e, '*')) {
			value *= parse_factor(e);
		} else if (take(e, '/')) {
			const char *from = e->at;
			double divisor = parse_factor(e);

			from += strspn(from, " ");
			if (divisor == 0)
				return miss(e, "nothing to divide by: %.*s is 0",
					    (int)(e->at - from), from);
			value /= divisor;
		} else {
			return value;
		}
	}
}

static double parse_sum(struct eval *e)
{
	double value = parse_product(e);

	for (;;) {
		if (take(e, '+'))
			value += parse_product(e);
		else if (take(e, '-'))
			value -= parse_product(e);
		else
			return value;
	}
}

/* "if WORD": what the record's regime says there, and what it means in words. */
static const struct {
	const char *word, *key, *about;
} conditions[] = {
	{ "global-only", "reclaim_counters", "vmstat's reclaim counters are" },
	{ "all", "reclaim_counters", "vmstat's reclaim counters are" },
	{ "classic", "lru", "the LRU is" },
};

static void parse_condition(struct eval *e)
{
	const json_t *regime = json_object_get(e->context->record->trial, "regime");
	const char *have;
	size_t i = 0;

	skip_space(e);
	if (!starts_with(e->at, "if ")) {
		if (*e->at)
			malformed(e);
		return;
	}
	e->at += strlen("if ");
	while (i < ARRAY_SIZE(conditions) && !streq(e->at, conditions[i].word))
		i++;
	if (i == ARRAY_SIZE(conditions)) {
		malformed(e);
		return;
	}
	have = json_string_value(json_object_get(regime, conditions[i].key));
	if (!have)
		miss(e, "the record does not say what %s", conditions[i].about);
	else if (!streq(have, e->at))
		miss(e, "%s «%.40s» on this kernel, not «%s»", conditions[i].about, have, e->at);
}

void formula_evaluate(const struct formula_context *context, const char *formula, bool *used,
		      struct formula_result *ret)
{
	struct eval e = { .context = context, .at = formula, .used = used, .result = ret };

	*ret = (struct formula_result){};
	ret->value = parse_sum(&e);
	parse_condition(&e);
	ret->present = !e.missing;
}

/* ---- instances ---- */

static const char *named_item(const json_t *item)
{
	return json_string_value(json_is_object(item) ? json_object_get(item, "name") : item);
}

const char *formula_instance(const struct record *record, enum formula_scope scope, size_t *cursor,
			     char *buf, size_t size)
{
	static const char *const keys[] = {
		[SCOPE_CGROUP] = "cgroups", [SCOPE_WORKLOAD] = "workloads", [SCOPE_NODE] = "nodes"
	};
	const json_t *list, *item;

	if (scope == SCOPE_SYSTEM)
		return (*cursor)++ ? NULL : "";
	list = json_object_get(record->trial, keys[scope]);
	while ((item = json_array_get(list, (*cursor)++))) {
		if (scope != SCOPE_NODE) {
			const char *name = named_item(item);

			if (name && *name && strlen(name) < 180)
				return name;
		} else if (json_is_integer(item)) {
			snprintf(buf, size, "%d", (int)json_integer_value(item));
			return buf;
		}
	}
	return NULL;
}
