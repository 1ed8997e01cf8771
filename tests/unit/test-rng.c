// SPDX-License-Identifier: GPL-2.0-or-later
#include "src/rng.h"

#include <errno.h>

#include "src/cleanup.h"
#include "src/macro.h"
#include "tests/tap.h"

/* The published test vectors of both generators: the numbers never change, on no machine. */
static void test_vectors(void)
{
	static const uint64_t splitmix[] = { 6457827717110365317ull, 3203168211198807973ull,
					     9817491932198370423ull, 4593380528125082431ull,
					     16408922859458223821ull };
	static const uint64_t xoshiro[] = { 11520ull,
					    0ull,
					    1509978240ull,
					    1215971899390074240ull,
					    1216172134540287360ull,
					    607988272756665600ull,
					    16172922978634559625ull,
					    8476171486693032832ull,
					    10595114339597558777ull,
					    2904607092377533576ull };
	struct rng rng = { { 1, 2, 3, 4 } };
	unsigned wrong = 0;

	for (size_t i = 0; i < ARRAY_SIZE(splitmix); i++)
		wrong += rng_mix(1234567, i) != splitmix[i];
	tap_eq_u64(wrong, 0, "rng_mix gives SplitMix64's numbers");
	wrong = 0;
	for (size_t i = 0; i < ARRAY_SIZE(xoshiro); i++)
		wrong += rng_next(&rng) != xoshiro[i];
	tap_eq_u64(wrong, 0, "rng_next gives xoshiro256**'s numbers");
}

static void test_seeds(void)
{
	struct rng a, b, c;
	unsigned same = 0, equal = 0;

	rng_seed(&a, 7);
	rng_seed(&b, 7);
	rng_seed(&c, 8);
	for (unsigned i = 0; i < 1000; i++) {
		uint64_t x = rng_next(&a);

		same += x == rng_next(&b);
		equal += x == rng_next(&c);
	}
	tap_eq_u64(same, 1000, "the same seed gives the same numbers");
	tap_eq_u64(equal, 0, "the next seed gives others");
	rng_seed(&a, 0);
	tap_ok(a.s[0] | a.s[1] | a.s[2] | a.s[3], "seed 0 is no dead state");
}

static void test_bounds(void)
{
	static const uint64_t bounds[] = { 1, 2, 3, 1000, 1ull << 40, UINT64_MAX };
	struct rng rng;
	unsigned wrong = 0;
	double sum = 0;

	rng_seed(&rng, 9);
	for (size_t i = 0; i < ARRAY_SIZE(bounds); i++)
		for (unsigned n = 0; n < 10000; n++)
			wrong += rng_below(&rng, bounds[i]) >= bounds[i];
	tap_eq_u64(wrong, 0, "rng_below stays below");
	for (unsigned n = 0; n < 100000; n++) {
		double u = rng_unit(&rng);

		wrong += !(u >= 0 && u < 1);
		sum += u;
	}
	tap_eq_u64(wrong, 0, "rng_unit stays in [0, 1)");
	tap_near(sum / 100000, 0.5, 0.005, "and its mean is a half"); /* five standard errors */
}

/* P(X > x) of chi-square with k degrees of freedom, by Wilson and Hilferty (1931). */
static double chi_square_p(double x, double k)
{
	double z = (cbrt(x / k) - (1 - 2 / (9 * k))) / sqrt(2 / (9 * k));

	return erfc(z / sqrt(2)) / 2;
}

/*
 * Draws against the exact law. Ranks are pooled from the front until a cell expects at least 20
 * draws, as the test needs. The seeds are fixed, so that it passes always or never.
 */
static void check_zipf(uint64_t n, double theta)
{
	const unsigned draws = 200000;
	_cleanup_free_ uint32_t *seen = calloc(n, sizeof(*seen));
	double total = 0, chi = 0, expected = 0, observed = 0, p;
	struct zipf *zipf = NULL;
	unsigned cells = 0, outside = 0;
	struct rng rng;

	if (!seen || !tap_eq_i64(zipf_new(&zipf, n, theta, NULL), 0, "zipf n %" PRIu64 " theta %g",
				 n, theta))
		return;
	rng_seed(&rng, n + (uint64_t)(theta * 100));
	for (unsigned i = 0; i < draws; i++) {
		uint64_t rank = zipf_draw(zipf, &rng);

		if (rank < n)
			seen[rank]++;
		else
			outside++;
	}
	tap_eq_u64(outside, 0, "every rank is below n");
	for (uint64_t k = 0; k < n; k++)
		total += pow((double)(k + 1), -theta);
	for (uint64_t k = 0; k < n; k++) {
		expected += draws * pow((double)(k + 1), -theta) / total;
		observed += seen[k];
		if (expected < 20 && k + 1 < n)
			continue;
		if (expected > 0)
			chi += (observed - expected) * (observed - expected) / expected;
		cells++;
		expected = observed = 0;
	}
	p = cells > 1 ? chi_square_p(chi, cells - 1) : 1;
	tap_ok(p > 0.001, "chi-square %.1f in %u cells: p = %.3f", chi, cells, p);
	zipf_free(zipf);
}

static void test_zipf(void)
{
	static const struct {
		uint64_t n;
		double theta;
	} cases[] = {
		{ 1, 1 },	{ 2, 0.5 },	  { 10, 0 },	 { 100, 0.99 },
		{ 1000, 0 },	{ 1000, 1 },	  { 1000, 0.5 }, { 50000, 0.8 },
		{ 50000, 1.2 }, { 100000, 0.99 }, { 3, 8 },	 { 5000, 2 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_zipf(cases[i].n, cases[i].theta);
}

/* At the largest n the law is checked by its octaves: the sum over one is an integral there. */
static void test_zipf_large(void)
{
	const unsigned draws = 100000;
	struct zipf *zipf = NULL;
	unsigned high = 0, outside = 0;
	struct rng rng;

	if (!tap_eq_i64(zipf_new(&zipf, 1ull << 40, 0, NULL), 0, "zipf of 2^40 ranks"))
		return;
	rng_seed(&rng, 11);
	for (unsigned i = 0; i < draws; i++) {
		uint64_t rank = zipf_draw(zipf, &rng);

		outside += rank >= 1ull << 40;
		high += rank >= 1ull << 39;
	}
	tap_eq_u64(outside, 0, "all below 2^40");
	tap_near(high / (double)draws, 0.5, 0.008, "uniform: half lies in the upper half");
	zipf_free(zipf);
}

static void test_zipf_bad(void)
{
	struct zipf *zipf = (struct zipf *)&zipf;
	struct error err = {};
	bool same = true;

	same = same && zipf_new(&zipf, 0, 1, &err) == -EINVAL;
	same = same && zipf_new(&zipf, (1ull << 40) + 1, 1, &err) == -EINVAL;
	same = same && zipf_new(&zipf, 10, -0.1, &err) == -EINVAL;
	same = same && zipf_new(&zipf, 10, 8.1, &err) == -EINVAL;
	same = same && zipf_new(&zipf, 10, NAN, &err) == -EINVAL;
	tap_ok(same, "n and theta out of range are refused: %s", err.text);
	tap_ok(zipf == (struct zipf *)&zipf, "and nothing is written");
	zipf_free(NULL);
}

static void check_bijection(uint64_t n, uint64_t seed)
{
	_cleanup_free_ uint8_t *hit = calloc(n, 1);
	uint64_t count = 0, outside = 0, neighbours = 0, last = 0;

	if (!hit)
		return;
	for (uint64_t i = 0; i < n; i++) {
		uint64_t to = rng_scatter(i, n, seed);

		if (to >= n) {
			outside++;
			continue;
		}
		count += !hit[to];
		hit[to] = 1;
		neighbours += i && (to == last + 1 || to + 1 == last);
		last = to;
	}
	tap_ok(count == n && !outside,
	       "rng_scatter of %" PRIu64 " with seed %" PRIu64 " reaches each once", n, seed);
	if (n >= 1000)
		tap_ok(neighbours < 20, "and leaves %" PRIu64 " neighbours side by side",
		       neighbours);
}

static void test_scatter(void)
{
	static const uint64_t sizes[] = { 1,   2,   3,	 4,    5,     16,    17,
					  255, 256, 257, 1000, 65536, 65537, 100003 };
	static const uint64_t large[] = { (1ull << 40) - 1, 1ull << 63, UINT64_MAX };
	unsigned outside = 0, moved = 0;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		check_bijection(sizes[i], i);
	check_bijection(1000, UINT64_MAX);
	for (size_t i = 0; i < ARRAY_SIZE(large); i++)
		for (uint64_t k = 0; k < 1000; k++)
			outside += rng_scatter(large[i] - 1 - k, large[i], k) >= large[i];
	tap_eq_u64(outside, 0, "large sizes stay inside");
	for (uint64_t k = 0; k < 1000; k++)
		moved += rng_scatter(k, 1 << 20, 1) != rng_scatter(k, 1 << 20, 2);
	tap_ok(moved > 990, "another seed is another order");
}

int main(void)
{
	test_vectors();
	test_seeds();
	test_bounds();
	test_zipf();
	test_zipf_large();
	test_zipf_bad();
	test_scatter();
	return tap_done();
}
