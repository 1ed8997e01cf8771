// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/show-start.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "results/start.h"
#include "results/text-table.h"
#include "src/macro.h"
#include "src/units.h"

#define ORDER "order9" /* of a huge page, on most machines */

static const json_t *start_of(const struct stored_trial *t)
{
	const json_t *start = json_object_get(t->json, "start");

	return json_object_size(start) ? start : NULL;
}

static const struct stored_trial *first_of(const struct scenario_trials *s, const char *kernel)
{
	for (size_t i = 0; i < s->count; i++)
		if (streq(s->trials[i]->kernel, kernel) && start_of(s->trials[i]))
			return s->trials[i];
	return NULL;
}

/* A line under way. */
struct line {
	char text[400];
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void add(struct line *line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line->len +=
		(size_t)vsnprintf(line->text + line->len, sizeof(line->text) - line->len, fmt, ap);
	va_end(ap);
	line->len = MIN(line->len, sizeof(line->text) - 1);
}

static void add_bytes(struct line *line, const json_t *start, const char *key, const char *text)
{
	const json_t *value = json_object_get(start, key);
	char buf[FORMAT_MAX];

	if (value)
		add(line, "%s%s", text, format_size_short(json_number_value(value), buf));
}

static void print_start(FILE *f, const char *kernel, const json_t *start)
{
	const char *node, *before = " free ";
	struct line line = {};
	json_t *value;

	add(&line, "%s began with", kernel);
	json_object_foreach (json_object_get(start, "free_bytes"), node, value) {
		char buf[FORMAT_MAX];

		add(&line, "%s%s", before, format_size_short(json_number_value(value), buf));
		before = " + ";
	}
	add_bytes(&line, start, "page_cache_bytes", ", page cache ");
	add_bytes(&line, start, "slab_bytes", ", slab ");
	if (json_integer_value(json_object_get(start, "swap_total_bytes"))) {
		add_bytes(&line, start, "swap_used_bytes", ", swap ");
		add_bytes(&line, start, "swap_total_bytes", " of ");
	}
	before = ", unusable at order 9: ";
	json_object_foreach (json_object_get(start, "unusable"), node, value) {
		const json_t *index = json_object_get(value, ORDER);

		if (index)
			add(&line, "%s%.2f", before, json_number_value(index));
		before = " + ";
	}
	text_wrap(f, line.text, 2, 4);
}

static uint64_t memory_of(const struct stored_trial *t)
{
	const json_t *machine = json_object_get(t->json, "machine");

	return (uint64_t)json_integer_value(json_object_get(machine, "mem_total_kib")) << 10;
}

void show_start(FILE *f, const struct scenario_trials *s)
{
	for (size_t k = 0; k < s->kernel_count; k++) {
		const struct stored_trial *t = first_of(s, s->kernels[k]);

		if (t)
			print_start(f, t->kernel, start_of(t));
	}
	for (size_t i = 0; i < s->count; i++) {
		const struct stored_trial *t = s->trials[i], *first = first_of(s, t->kernel);
		char what[200];

		if (start_of(t) && start_differs(start_of(first), start_of(t), memory_of(first),
						 what, sizeof(what)))
			fprintf(f,
				"  ! %s seed %" PRIu64 " began otherwise than %s seed %" PRIu64
				":\n      %s\n",
				t->kernel, t->seed, first->kernel, first->seed, what);
	}
}
