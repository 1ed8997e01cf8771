// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/show-causes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "results/causes.h"
#include "src/cleanup.h"
#include "src/macro.h"
#include "src/span.h"
#include "src/units.h"

#define TEXT_MAX   160
#define LINE_WIDTH 100
#define INDENT	   24 /* where the causes begin */
#define PER_CENT   100.0
#define SMALL	   0.01 /* shares below it are told together */

/* As a reader calls it; those that are not here are called so in the record, too. */
static const struct {
	const char *cause, *text;
} words[] = {
	{ "memcg-reclaim", "memcg reclaim" },
	{ "direct-reclaim", "direct reclaim" },
	{ "node-reclaim", "node reclaim" },
	{ "compact", "compaction" },
	{ "throttle", "reclaim throttled" },
	{ "throttle-high", "held back at memory.high" },
	{ "throttle-dirty", "held back as a writer" },
	{ "file-fault", "file fault" },
	{ "file-read", "file read" },
	{ "cpu-wait", "waiting for a CPU" },
	{ "io-wait", "asleep" },
	{ CAUSE_TURN, "waiting for its turn" },
};

/* One quantile of one workload on one kernel, of all seeds. */
struct line {
	double *latencies; /* one a trial */
	size_t trials;
	json_int_t operations, of;
	double total_ns, unexplained_ns, floor_ns;
	struct part {
		char text[TEXT_MAX];
		double ns;
	} * parts;
	size_t count;
};

static const char *string(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static double number(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

const char *cause_text(const json_t *share, char *buf, size_t size)
{
	const char *cause = string(share, "cause"), *detail = string(share, "detail");
	const char *thread = string(share, "while");
	const json_t *node = json_object_get(share, "node");
	const char *text = cause ? cause : "?";
	char place[32] = "";
	bool asleep = streq(text, "io-wait");

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (streq(text, words[i].cause))
			text = words[i].text;
	if (node)
		snprintf(place, sizeof(place), " on node %lld", json_integer_value(node));
	snprintf(buf, size, "%s%s%s%s%s%s", text, detail ? asleep ? " in " : " " : "",
		 detail ? detail : "", place, thread ? " while " : "", thread ? thread : "");
	if (thread && strlen(buf) + strlen(" ran") < size)
		strcat(buf, " ran");
	return buf;
}

/* ---- adding seeds up ---- */

static void line_done(struct line *line)
{
	free(line->latencies);
	free(line->parts);
}

static int add_part(struct line *line, const json_t *share)
{
	char text[TEXT_MAX];
	struct part *more;

	cause_text(share, text, sizeof(text));
	for (size_t i = 0; i < line->count; i++) {
		if (streq(line->parts[i].text, text)) {
			line->parts[i].ns += number(share, "ns");
			return 0;
		}
	}
	more = reallocarray(line->parts, line->count + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	line->parts = more;
	more += line->count++;
	memcpy(more->text, text, sizeof(text));
	more->ns = number(share, "ns");
	return 0;
}

static int add_trial(struct line *line, const json_t *item)
{
	json_t *share;
	size_t i;
	int r = 0;

	line->latencies[line->trials++] = number(item, "latency_ns");
	line->operations += (json_int_t)number(item, "operations");
	line->of += (json_int_t)number(item, "of");
	line->total_ns += number(item, "total_ns");
	line->unexplained_ns += number(item, "unexplained_ns");
	line->floor_ns += number(item, "floor_ns");
	json_array_foreach (json_object_get(item, "shares"), i, share)
		if (r == 0)
			r = add_part(line, share);
	return r;
}

static const json_t *find_quantile(const struct stored_trial *trial, const char *workload,
				   const char *quantile)
{
	const json_t *causes = json_object_get(trial->json, "causes");
	json_t *item;
	size_t i;

	json_array_foreach (json_object_get(causes, workload), i, item) {
		const char *name = string(item, "quantile");

		if (name && streq(name, quantile))
			return item;
	}
	return NULL;
}

static int by_size(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns < y->ns ? 1 : -1;
	return strcmp(x->text, y->text);
}

static int by_number(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), by_number);
	return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static int fill(struct line *line, const struct scenario_trials *s, const char *kernel,
		const char *workload, const char *quantile)
{
	int r = 0;

	line->latencies = calloc(s->count + 1, sizeof(*line->latencies));
	if (!line->latencies)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < s->count; i++) {
		const json_t *item = find_quantile(s->trials[i], workload, quantile);

		if (item && streq(s->trials[i]->kernel, kernel) && table_counts(s, s->trials[i]))
			r = add_trial(line, item);
	}
	if (line->count)
		qsort(line->parts, line->count, sizeof(*line->parts), by_size);
	return r;
}

/* ---- printing ---- */

/* Columns: bytes that don't continue a UTF-8 character. */
static size_t width(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

/* A part of the sentence, on a new line where it has no room. */
static void print_part(FILE *f, size_t *column, const char *text)
{
	bool first = *column == INDENT;

	if (!first && *column + 2 + width(text) + 1 > LINE_WIDTH) {
		fprintf(f, ",\n%*s", INDENT, "");
		*column = INDENT;
	} else if (!first) {
		fputs(", ", f);
		*column += 2;
	}
	*column += width(text);
	fputs(text, f);
}

static void format_share(double share, char buf[static FORMAT_MAX])
{
	if (share > 0 && share < SMALL / 2)
		snprintf(buf, FORMAT_MAX, "<1 %%");
	else
		snprintf(buf, FORMAT_MAX, "%.0f %%", share * PER_CENT);
}

static void print_share(FILE *f, size_t *column, double share, const char *text)
{
	char number[FORMAT_MAX], part[TEXT_MAX + FORMAT_MAX];

	format_share(share, number);
	snprintf(part, sizeof(part), "%s %s", number, text);
	print_part(f, column, part);
}

static void print_unexplained(FILE *f, size_t *column, double share, double alike)
{
	char number[FORMAT_MAX], text[TEXT_MAX];

	format_share(alike, number);
	if (alike < SMALL)
		snprintf(text, sizeof(text), CAUSE_UNEXPLAINED);
	else
		snprintf(text, sizeof(text), CAUSE_UNEXPLAINED " (%s in every operation)", number);
	print_share(f, column, share, text);
}

static void print_line(FILE *f, struct line *line, const char *quantile)
{
	double total = line->total_ns > 0 ? line->total_ns : 1, others = 0;
	char latency[FORMAT_MAX], have[FORMAT_MAX], want[FORMAT_MAX], part[3 * FORMAT_MAX];
	size_t column = INDENT;

	format_time_short(median(line->latencies, line->trials), latency);
	fprintf(f, "      %-5s  %9s  ", quantile, latency);
	if (line->operations < line->of) {
		snprintf(part, sizeof(part), "of the slowest %s of %s",
			 format_count((uint64_t)line->operations, have),
			 format_count((uint64_t)line->of, want));
		print_part(f, &column, part);
	}
	for (size_t i = 0; i < line->count; i++) {
		if (line->parts[i].ns / total < SMALL)
			others += line->parts[i].ns;
		else
			print_share(f, &column, line->parts[i].ns / total, line->parts[i].text);
	}
	if (others / total >= SMALL / 2)
		print_share(f, &column, others / total, "other causes");
	print_unexplained(f, &column, line->unexplained_ns / total, line->floor_ns / total);
	fputc('\n', f);
}

/* What a kernel's trace can't tell is in no share. */
static void print_unavailable(FILE *f, const struct scenario_trials *s, const char *kernel)
{
	for (size_t i = 0; i < s->count; i++) {
		const json_t *trace = json_object_get(s->trials[i]->json, "trace");
		const json_t *list = json_object_get(trace, "unavailable");
		json_t *name;
		size_t n;

		if (!streq(s->trials[i]->kernel, kernel) || !json_array_size(list))
			continue;
		fprintf(f, "      its trace does not tell, and leaves unexplained:");
		json_array_foreach ((json_t *)list, n, name)
			fprintf(f, "%s %s", n ? "," : "", json_string_value(name));
		fputc('\n', f);
		return;
	}
}

static int show_kernel(FILE *f, const struct scenario_trials *s, const char *kernel,
		       const char *workload)
{
	static const char *const quantiles[] = { "p50", "p90", "p99", "p99.9", "max" };
	bool said = false;
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(quantiles); i++) {
		_cleanup_(line_done) struct line line = {};

		r = fill(&line, s, kernel, workload, quantiles[i]);
		if (r < 0 || !line.trials)
			continue;
		if (!said)
			fprintf(f, "    %s\n", kernel);
		said = true;
		print_line(f, &line, quantiles[i]);
	}
	if (said)
		print_unavailable(f, s, kernel);
	return r;
}

/* Whether some trial knows that workload's causes, or would if it had been traced. */
static bool has_causes(const struct scenario_trials *s, const char *workload)
{
	for (size_t i = 0; i < s->count; i++)
		if (json_object_get(json_object_get(s->trials[i]->json, "causes"), workload))
			return true;
	return false;
}

static int show_workload(FILE *f, const struct scenario_trials *s, const json_t *trial,
			 const json_t *workload)
{
	const char *name = string(workload, "name");
	int r = 0;

	if (!name || !json_object_get(workload, "slow"))
		return 0;
	if (has_causes(s, name))
		fprintf(f, "\n  why operations of %s were slow, by their time from due to done\n",
			name);
	else if (!json_object_get(trial, "trace"))
		fprintf(f, "\n  why operations of %s were slow: trace: true would tell\n", name);
	for (size_t k = 0; r == 0 && k < s->kernel_count; k++)
		r = show_kernel(f, s, s->kernels[k], name);
	return r;
}

int show_causes(FILE *f, const struct scenario_trials *s)
{
	const json_t *trial = s->count ? s->trials[0]->json : NULL;
	json_t *workload;
	size_t i;
	int r = 0;

	json_array_foreach (json_object_get(trial, "workloads"), i, workload)
		if (r == 0)
			r = show_workload(f, s, trial, workload);
	return r;
}
