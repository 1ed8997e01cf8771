// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/kernel-symbols.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/cleanup.h"
#include "src/file.h"

/* An address further behind the last function than this is in none. */
#define FUNCTION_BYTES_MAX 65536

struct symbol {
	uint64_t start;
	const char *name;
};

struct kernel_symbols {
	char *text; /* what the names lie in */
	struct symbol *items;
	size_t count;
};

static int by_address(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* "ADDRESS TYPE NAME", and "\t[MODULE]" behind a module's; t, T, w and W are code. */
static bool read_symbol(char *line, struct symbol *ret)
{
	char *end;

	ret->start = strtoull(line, &end, 16);
	if (!ret->start || end[0] != ' ' || !end[1] || !strchr("tTwW", end[1]) || end[2] != ' ')
		return false;
	end[3 + strcspn(end + 3, "\t")] = '\0';
	ret->name = end + 3;
	return true;
}

int kernel_symbols_load(struct kernel_symbols **ret, const struct fsroot *fs, struct error *err)
{
	struct kernel_symbols *s = calloc(1, sizeof(*s));
	size_t lines = 0;
	int r;

	if (!s)
		return error_set(err, -ENOMEM, "read /proc/kallsyms");
	r = file_read(fs->proc, "kallsyms", &s->text, NULL, err);
	if (r < 0) {
		free(s);
		return r;
	}
	for (const char *p = s->text; (p = strchr(p, '\n')); p++)
		lines++;
	s->items = calloc(lines + 1, sizeof(*s->items));
	if (!s->items) {
		kernel_symbols_free(s);
		return error_set(err, -ENOMEM, "read /proc/kallsyms");
	}
	for (char *rest = s->text, *line; s->count < lines && (line = strsep(&rest, "\n"));)
		s->count += read_symbol(line, &s->items[s->count]);
	qsort(s->items, s->count, sizeof(*s->items), by_address);
	*ret = s;
	return 0;
}

void kernel_symbols_free(struct kernel_symbols *s)
{
	if (!s)
		return;
	free(s->items);
	free(s->text);
	free(s);
}

const char *kernel_symbols_find(const struct kernel_symbols *s, uint64_t address)
{
	size_t low = 0, high = s->count;

	/* The last one that does not start behind it. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->items[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || address - s->items[low - 1].start >= FUNCTION_BYTES_MAX)
		return NULL;
	/* Of several names of one function the first. */
	for (low--; low && s->items[low - 1].start == s->items[low].start;)
		low--;
	return s->items[low].name;
}
