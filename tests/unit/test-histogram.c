// SPDX-License-Identifier: GPL-2.0-or-later
#include "src/histogram.h"

#include "src/macro.h"
#include "src/rng.h"
#include "tests/tap.h"

static void test_edges(void)
{
	unsigned wrong_low = 0, wrong_last = 0, wide = 0, exact = 0;

	for (unsigned b = 0; b < HISTOGRAM_BUCKETS; b++) {
		uint64_t low = histogram_low(b), next = histogram_low(b + 1);
		uint64_t last = b + 1 < HISTOGRAM_BUCKETS ? next - 1 : UINT64_MAX;

		wrong_low += histogram_bucket(low) != b;
		wrong_last += histogram_bucket(last) != b || last < low;
		wide += last - low > low / HISTOGRAM_SUB;
		exact += low < 64 && last != low;
	}
	tap_eq_u64(wrong_low, 0, "each of %u buckets holds its lowest value", HISTOGRAM_BUCKETS);
	tap_eq_u64(wrong_last, 0, "and the value before the next bucket's lowest");
	tap_eq_u64(wide, 0, "no bucket is wider than 1/32 of its value");
	tap_eq_u64(exact, 0, "below 64 each value has a bucket");
	tap_eq_u64(histogram_low(0), 0, "the buckets begin at 0");
	tap_eq_u64(histogram_bucket(UINT64_MAX), HISTOGRAM_BUCKETS - 1, "and end at 2^64 - 1");
	tap_eq_u64(histogram_low(HISTOGRAM_BUCKETS), UINT64_MAX, "behind the last is the largest");
}

static void test_order(void)
{
	struct rng rng;
	unsigned wrong = 0;

	rng_seed(&rng, 1);
	for (unsigned i = 0; i < 100000; i++) {
		uint64_t a = rng_next(&rng) >> rng_below(&rng, 64);
		uint64_t b = rng_next(&rng) >> rng_below(&rng, 64);

		wrong += (a < b && histogram_bucket(a) > histogram_bucket(b)) ||
			 histogram_low(histogram_bucket(a)) > a;
	}
	tap_eq_u64(wrong, 0, "100,000 pairs over all magnitudes keep their order");
}

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void check_quantiles(const char *what, uint64_t *values, size_t count)
{
	static const double shares[] = { 0, 0.001, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1 };
	struct histogram h = {};

	for (size_t i = 0; i < count; i++)
		histogram_add(&h, values[i]);
	qsort(values, count, sizeof(*values), compare_u64);
	tap_ok(h.count == count && h.max == values[count - 1], "%s: count and maximum", what);
	for (size_t i = 0; i < ARRAY_SIZE(shares); i++) {
		uint64_t rank = (uint64_t)ceil(shares[i] * (double)count);
		uint64_t exact = values[rank ? rank - 1 : 0];
		uint64_t got = histogram_quantile(&h, shares[i]);
		uint64_t off = got > exact ? got - exact : exact - got;

		tap_ok(off <= exact / HISTOGRAM_SUB && got <= h.max,
		       "%s: quantile %g is %" PRIu64 ", exactly %" PRIu64, what, shares[i], got,
		       exact);
	}
}

static void test_quantiles(void)
{
	static uint64_t values[20000];
	struct rng rng;

	rng_seed(&rng, 2);
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		values[i] = rng_next(&rng) >> rng_below(&rng, 64);
	check_quantiles("all magnitudes", values, ARRAY_SIZE(values));
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		values[i] = rng_below(&rng, 60);
	check_quantiles("exact values", values, ARRAY_SIZE(values));
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		values[i] = i < 19900 ? 1000 + rng_below(&rng, 1000) : 5000000 + i;
	check_quantiles("a long tail", values, ARRAY_SIZE(values));
	values[0] = 80123;
	check_quantiles("one value", values, 1);
	values[0] = UINT64_MAX;
	values[1] = 0;
	check_quantiles("both ends", values, 2);
}

static void test_empty(void)
{
	static const struct histogram h;

	tap_eq_u64(histogram_quantile(&h, 0.5), 0, "an empty histogram's median is 0");
	tap_eq_u64(histogram_quantile(&h, 1), 0, "and so is its maximum");
}

/* Merged parts must be what one histogram of everything is, to the bit. */
static void test_merge(void)
{
	struct histogram whole = {}, parts[3] = {}, merged = {};
	struct rng rng;

	rng_seed(&rng, 3);
	for (unsigned i = 0; i < 30000; i++) {
		uint64_t value = rng_next(&rng) >> rng_below(&rng, 64);

		histogram_add(&whole, value);
		histogram_add(&parts[i % 3], value);
	}
	for (unsigned i = 0; i < 3; i++)
		histogram_merge(&merged, &parts[i]);
	tap_ok(memcmp(&merged, &whole, sizeof(whole)) == 0, "three parts merge into the whole");
	memset(&parts[0], 0, sizeof(parts[0]));
	histogram_merge(&merged, &parts[0]);
	tap_ok(memcmp(&merged, &whole, sizeof(whole)) == 0, "merging nothing changes nothing");
}

int main(void)
{
	test_edges();
	test_order();
	test_quantiles();
	test_empty();
	test_merge();
	return tap_done();
}
