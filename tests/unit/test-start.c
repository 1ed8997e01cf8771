// SPDX-License-Identifier: GPL-2.0-or-later
/* What a trial began with, of real records; and when two of them began differently. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "results/start.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "tests/tap.h"

#define MEMORY ((uint64_t)320 << 20)

static uint64_t column_at_start(const struct record *record, const char *name)
{
	const struct phase *phase = record_phase(record, "measured");
	int column = samples_column(&record->samples, name);

	return column < 0 ? SAMPLE_MISSING
			  : samples_at(&record->samples, phase->first, (size_t)column);
}

static long long number(const json_t *object, const char *key)
{
	return (long long)json_integer_value(json_object_get(object, key));
}

/* The index by its definition: the share of free pages in blocks of less than that order. */
static double index_of(const struct record *record, unsigned node, unsigned order)
{
	double low = 0, all = 0;

	for (size_t i = 0; i < record->samples.columns; i++) {
		const struct phase *phase = record_phase(record, "measured");
		unsigned of_node, of_order;
		char zone[20];
		double pages;

		if (sscanf(record->samples.names[i], "buddyinfo.node%u.%19[^.].order%u", &of_node,
			   zone, &of_order) != 3 ||
		    of_node != node)
			continue;
		pages = (double)(samples_at(&record->samples, phase->first, i) << of_order);
		all += pages;
		low += of_order < order ? pages : 0;
	}
	return low / all;
}

static void test_record(const char *version)
{
	const char *srcdir = getenv("srcdir");
	_cleanup_free_ char *dir =
		text_format("%s/tests/fixtures/closure/linux-%s", srcdir ? srcdir : ".", version);
	_cleanup_close_ int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct record *record = NULL;
	struct error err = {};
	json_t *start;

	if (record_read(&record, dirfd, &err) < 0) {
		tap_ok(false, "%s: %s", dir, err.text);
		return;
	}
	tap_eq_i64(record_measure(record), 0, "%s: it is measured", version);
	start = start_compute(record);
	tap_eq_i64(number(json_object_get(start, "free_bytes"), "node1"),
		   (long long)column_at_start(record, "node1.meminfo.MemFree") << 10,
		   "%s: node 1's free memory", version);
	tap_eq_i64(number(start, "page_cache_bytes"),
		   (long long)(column_at_start(record, "meminfo.Cached") -
			       column_at_start(record, "meminfo.Shmem"))
			   << 10,
		   "%s: page cache without shmem", version);
	tap_eq_i64(number(start, "swap_used_bytes"),
		   (long long)(column_at_start(record, "meminfo.SwapTotal") -
			       column_at_start(record, "meminfo.SwapFree"))
			   << 10,
		   "%s: swap in use", version);
	for (unsigned order = 1; order < 10; order += 4) {
		char key[20];

		snprintf(key, sizeof(key), "order%u", order);
		/* In thousandths, rounded down. */
		tap_near(
			json_real_value(json_object_get(
				json_object_get(json_object_get(start, "unusable"), "node0"), key)),
			index_of(record, 0, order), 0.001, "%s: node 0's index at order %u",
			version, order);
	}
	tap_ok(strlen(json_string_value(json_object_get(start, "fingerprint"))) == 16,
	       "%s: a fingerprint of it", version);
	json_decref(start);
	record_free(record);
}

static json_t *make(long long free_mib, long long cache_mib, double order9)
{
	return json_pack("{s:{s:I}, s:{s:{s:f}}, s:I}", "free_bytes", "node0",
			 (json_int_t)(free_mib << 20), "unusable", "node0", "order9", order9,
			 "page_cache_bytes", (json_int_t)(cache_mib << 20));
}

static void differ(long long free_mib, long long cache_mib, double order9, const char *want)
{
	json_t *a = make(200, 50, 0.3), *b = make(free_mib, cache_mib, order9);
	char what[200] = "";
	bool differs = start_differs(a, b, MEMORY, what, sizeof(what));

	tap_ok(differs == (*want != '\0'), "200, 50 and 0.3 against %lld, %lld and %.2f: %s",
	       free_mib, cache_mib, order9, differs ? "different" : "alike");
	tap_eq_str(what, want, "which says what");
	json_decref(a);
	json_decref(b);
}

int main(void)
{
	test_record("6.1");
	test_record("6.12");
	/* 2 % of 320 MiB are 6.4. */
	differ(200, 50, 0.3, "");
	differ(206, 44, 0.34, "");
	differ(207, 50, 0.3, "free memory of node0: 200 MiB against 207 MiB");
	differ(193, 50, 0.3, "free memory of node0: 200 MiB against 193 MiB");
	differ(200, 57, 0.3, "page cache: 50.0 MiB against 57.0 MiB");
	differ(200, 50, 0.36, "unusable-free index of node0 at order 9: 0.30 against 0.36");
	return tap_done();
}
