// SPDX-License-Identifier: GPL-2.0-or-later
#include "results/start.h"

#include <inttypes.h>
#include <math.h>
#include <nettle/base16.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>

#include "results/fingerprint.h"
#include "results/zones.h"
#include "src/macro.h"
#include "src/units.h"

#define FINGERPRINT_BYTES 8
/* What is told as different: a share of all memory, and of an index. */
#define MEMORY_SHARE 0.02
#define INDEX_SHARE  0.05

/* The column's value there; false: there is none. */
static bool value_at(const struct record *record, size_t row, const char *name, uint64_t *ret)
{
	int column = samples_column(&record->samples, name);

	if (column < 0)
		return false;
	*ret = samples_at(&record->samples, row, (size_t)column);
	return *ret != SAMPLE_MISSING;
}

static int put(json_t *object, const char *key, uint64_t value)
{
	return json_object_set_new(object, key, json_integer((json_int_t)value));
}

/* Sums and differences of meminfo's KiB. */
static const struct {
	const char *key, *plus, *minus;
} levels[] = {
	/* Of what the CPUs hold back the difference may be less than nothing. */
	{ "page_cache_bytes", "meminfo.Cached", "meminfo.Shmem" },
	{ "anon_bytes", "meminfo.AnonPages", NULL },
	{ "slab_bytes", "meminfo.Slab", NULL },
	{ "swap_used_bytes", "meminfo.SwapTotal", "meminfo.SwapFree" },
	{ "swap_total_bytes", "meminfo.SwapTotal", NULL },
};

static int put_levels(json_t *start, const struct record *record, size_t row)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(levels); i++) {
		uint64_t plus, minus = 0;

		if (value_at(record, row, levels[i].plus, &plus) &&
		    (!levels[i].minus || value_at(record, row, levels[i].minus, &minus)))
			r = put(start, levels[i].key, (plus - MIN(plus, minus)) << 10);
	}
	return r;
}

static int put_node(json_t *free_bytes, json_t *unusable, const struct record *record, size_t row,
		    const struct node_blocks *node)
{
	char name[24], column[60];
	json_t *index = json_object();
	uint64_t kib;
	int r;

	snprintf(name, sizeof(name), "node%d", node->node);
	r = json_object_set_new(unusable, name, index);
	for (unsigned order = 1; r == 0 && order < node->orders; order++) {
		snprintf(column, sizeof(column), "order%u", order);
		r = json_object_set_new(index, column,
					json_real(node->orders_of[order].unusable_first / 1000.0));
	}
	snprintf(column, sizeof(column), "%s.meminfo.MemFree", name);
	if (r == 0 && value_at(record, row, column, &kib))
		r = put(free_bytes, name, kib << 10);
	return r;
}

static int put_nodes(json_t *start, const struct record *record, const struct phase *phase)
{
	json_t *free_bytes = json_object(), *unusable = json_object();
	const struct zones *zones = record->zones;
	int r = json_object_set_new(start, "free_bytes", free_bytes);

	if (json_object_set_new(start, "unusable", unusable) < 0)
		r = -1;
	for (size_t i = 0; r == 0 && zones && i < zones->node_count; i++)
		r = put_node(free_bytes, unusable, record, phase->first, &zones->nodes[i]);
	return r;
}

static int put_fingerprint(json_t *start)
{
	char *text = json_dumps(start, JSON_COMPACT | JSON_SORT_KEYS | RECORD_JSON_FLAGS);
	char hex[BASE16_ENCODE_LENGTH(FINGERPRINT_BYTES) + 1] = "";
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct sha256_ctx hash;

	if (!text)
		return -1;
	sha256_init(&hash);
	sha256_update(&hash, strlen(text), (const uint8_t *)text);
	sha256_digest(&hash, sizeof(digest), digest);
	base16_encode_update(hex, FINGERPRINT_BYTES, digest);
	free(text);
	return json_object_set_new(start, "fingerprint", json_string(hex));
}

json_t *start_compute(const struct record *record)
{
	const struct phase *phase = record_phase(record, "measured");
	json_t *start = json_object();

	if (!start || !phase || !record->samples.rows)
		return start;
	if (put_levels(start, record, phase->first) < 0 || put_nodes(start, record, phase) < 0 ||
	    put_fingerprint(start) < 0) {
		json_decref(start);
		return NULL;
	}
	return start;
}

/* ---- two of them ---- */

static bool bytes_differ(const json_t *a, const json_t *b, const char *key, const char *about,
			 uint64_t memory_bytes, char *what, size_t size)
{
	const json_t *x = json_object_get(a, key), *y = json_object_get(b, key);
	double p = json_number_value(x), q = json_number_value(y);
	char one[FORMAT_MAX], other[FORMAT_MAX];

	if (!x || !y || fabs(p - q) <= MEMORY_SHARE * (double)memory_bytes)
		return false;
	snprintf(what, size, "%s: %s against %s", about, format_size_short(p, one),
		 format_size_short(q, other));
	return true;
}

static bool index_differs(const json_t *a, const json_t *b, const char *node, char *what,
			  size_t size)
{
	const char *order;
	json_t *x;

	json_object_foreach ((json_t *)a, order, x) {
		const json_t *y = json_object_get(b, order);

		if (!y || fabs(json_number_value(x) - json_number_value(y)) <= INDEX_SHARE)
			continue;
		snprintf(what, size, "unusable-free index of %s at order %s: %.2f against %.2f",
			 node, order + strcspn(order, "0123456789"), json_number_value(x),
			 json_number_value(y));
		return true;
	}
	return false;
}

bool start_differs(const json_t *a, const json_t *b, uint64_t memory_bytes, char *what, size_t size)
{
	static const struct {
		const char *key, *about;
	} parts[] = { { "page_cache_bytes", "page cache" },
		      { "anon_bytes", "anonymous memory" },
		      { "slab_bytes", "slab" },
		      { "swap_used_bytes", "swap in use" } };
	const json_t *free_a = json_object_get(a, "free_bytes");
	const json_t *free_b = json_object_get(b, "free_bytes");
	const char *node;
	json_t *unused;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (bytes_differ(a, b, parts[i].key, parts[i].about, memory_bytes, what, size))
			return true;
	json_object_foreach ((json_t *)free_a, node, unused) {
		char about[60];

		snprintf(about, sizeof(about), "free memory of %.30s", node);
		if (bytes_differ(free_a, free_b, node, about, memory_bytes, what, size) ||
		    index_differs(json_object_get(json_object_get(a, "unusable"), node),
				  json_object_get(json_object_get(b, "unusable"), node), node, what,
				  size))
			return true;
	}
	return false;
}
