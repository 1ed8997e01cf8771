// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The identities on real records: each one closes; and each one opens when any one of its counters
 * tells something else, so that none of them is true of whatever the kernel says.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "results/closure.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "tests/tap.h"

/* Beyond every tolerance: they are thousands of pages, or MiB. */
#define LIE ((uint64_t)1 << 40)

static const char *const kernels[] = { "linux-6.1", "linux-6.12" };

static const char *text_of(const json_t *entry, const char *key)
{
	const char *text = json_string_value(json_object_get(entry, key));

	return text ? text : "";
}

static const json_t *same_entry(const json_t *closure, const json_t *entry)
{
	json_t *other;
	size_t i;

	json_array_foreach ((json_t *)closure, i, other)
		if (streq(text_of(other, "phase"), text_of(entry, "phase")) &&
		    streq(text_of(other, "identity"), text_of(entry, "identity")) &&
		    streq(text_of(other, "scope"), text_of(entry, "scope")) &&
		    streq(text_of(other, "key"), text_of(entry, "key")))
			return other;
	return NULL;
}

/* Whether the entry is open when that value is another one. */
static bool opens(const struct record *record, const json_t *entry, uint64_t *value, uint64_t lie)
{
	uint64_t was = *value;
	json_t *closure;
	bool open;

	*value = lie;
	closure = closure_compute(record);
	open = json_is_false(json_object_get(same_entry(closure, entry), "closed"));
	*value = was;
	json_decref(closure);
	return open;
}

/* Some counters may only be too large, some only too small, at the phase's end. */
static bool can_open(const struct record *record, const json_t *entry, size_t column)
{
	const struct phase *phase = record_phase(record, text_of(entry, "phase"));
	const struct samples *s = &record->samples;
	uint64_t *first = &s->values[phase->first * s->columns + column];
	uint64_t *last = &s->values[phase->last * s->columns + column];

	return opens(record, entry, last, *last + LIE) || opens(record, entry, last, 0) ||
	       opens(record, entry, first, *first + LIE);
}

/* Those that only widen a bound: what was in flight, and what may be counted twice. */
static bool only_widens(const json_t *entry, const char *column)
{
	return streq(column, "vmstat.nr_writeback") ||
	       (streq(text_of(entry, "identity"), "memory-current") &&
		strstr(column, ".memory.stat.swapcached"));
}

static void test_entry(const struct record *record, const json_t *entry)
{
	const struct samples *s = &record->samples;
	_cleanup_free_ bool *used = calloc(s->columns, sizeof(*used));
	unsigned columns = 0, deaf = 0;

	closure_columns(record, entry, used);
	for (size_t i = 0; i < s->columns; i++) {
		if (!used[i] || only_widens(entry, s->names[i]))
			continue;
		columns++;
		if (!can_open(record, entry, i)) {
			deaf++;
			printf("# %s does not matter\n", s->names[i]);
		}
	}
	tap_ok(columns && !deaf, "%s of %s: a lie in any of its %u counters opens it",
	       text_of(entry, "identity"), text_of(entry, "scope"), columns);
}

static void test_record(const char *dir)
{
	_cleanup_close_ int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct record *record = NULL;
	struct error err = {};
	unsigned open = 0;
	json_t *closure, *entry;
	size_t i;

	if (record_read(&record, dirfd, &err) < 0) {
		tap_ok(false, "%s: %s", dir, err.text);
		return;
	}
	closure = closure_compute(record);
	json_array_foreach (closure, i, entry) {
		if (!json_is_true(json_object_get(entry, "closed"))) {
			open++;
			printf("# %s %s of %s: %lld, %lld allowed\n", text_of(entry, "phase"),
			       text_of(entry, "identity"), text_of(entry, "scope"),
			       (long long)json_integer_value(json_object_get(entry, "residual")),
			       (long long)json_integer_value(json_object_get(entry, "tolerance")));
		}
	}
	tap_ok(json_array_size(closure) > 100 && !open, "%s: all of %zu identities close", dir,
	       json_array_size(closure));
	json_array_foreach (closure, i, entry)
		if (streq(text_of(entry, "phase"), "measured"))
			test_entry(record, entry);
	json_decref(closure);
	record_free(record);
}

int main(void)
{
	const char *srcdir = getenv("srcdir");

	for (size_t i = 0; i < ARRAY_SIZE(kernels); i++) {
		_cleanup_free_ char *dir = text_format("%s/tests/fixtures/closure/%s",
						       srcdir ? srcdir : ".", kernels[i]);

		test_record(dir);
	}
	return tap_done();
}
