// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The rank tests, their intervals and selections against what they are by definition: all
 * permutations, all signs, all pairs written out.
 */
#include "results/stats/fdr.h"
#include "results/stats/pairs.h"
#include "results/stats/ranksum.h"
#include "results/stats/shift.h"
#include "results/stats/signedrank.h"
#include "results/stats/values.h"
#include "src/cleanup.h"
#include "src/macro.h"
#include "src/rng.h"
#include "tests/tap.h"

/* Twice Mann and Whitney's U of the values whose bit is set in fresh. */
static unsigned doubled_u(const double *all, size_t count, unsigned fresh)
{
	unsigned u = 0;

	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < count; k++)
			if ((fresh >> i & 1) && !(fresh >> k & 1))
				u += all[i] > all[k] ? 2 : all[i] == all[k];
	return u;
}

static double brute_ranksum(const double *all, size_t n, size_t m)
{
	unsigned seen = doubled_u(all, n + m, ((1u << m) - 1) << n), upto = 0, from = 0, ways = 0;

	for (unsigned set = 0; set < 1u << (n + m); set++) {
		unsigned u;

		if ((size_t)__builtin_popcount(set) != m)
			continue;
		u = doubled_u(all, n + m, set);
		ways++;
		upto += u <= seen;
		from += u >= seen;
	}
	return MIN(1.0, 2.0 * MIN(upto, from) / ways);
}

/* all: n of the base, then m fresh ones. */
static double our_ranksum(const double *all, size_t n, size_t m)
{
	_cleanup_free_ double *base = values_sorted(all, n), *fresh = values_sorted(all + n, m);
	struct null null;
	double p = -1;

	null_ranksum(&null, n, m);
	ranksum_p(base, n, fresh, m, &null, &p);
	null_done(&null);
	return p;
}

/* Values of few kinds have ties, of many none. */
static void check_ranksum(void)
{
	static const struct {
		size_t n, m;
		unsigned kinds;
	} cases[] = { { 1, 1, 9 }, { 3, 4, 1000 }, { 4, 3, 1000 }, { 5, 5, 1000 }, { 2, 9, 1000 },
		      { 4, 4, 3 }, { 5, 7, 4 },	   { 7, 5, 4 },	   { 6, 6, 2 },	   { 3, 8, 2 },
		      { 8, 3, 6 }, { 7, 7, 5 },	   { 5, 5, 1 } };
	struct rng rng;

	rng_seed(&rng, 1);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (unsigned k = 0; k < 4; k++) {
			size_t n = cases[i].n, m = cases[i].m;
			double all[16];

			for (size_t j = 0; j < n + m; j++)
				all[j] = (double)rng_below(&rng, cases[i].kinds) + (j < n ? 0 : k);
			tap_near(our_ranksum(all, n, m), brute_ranksum(all, n, m), 1e-12,
				 "rank sum of %zu and %zu values of %u kinds, %u apart", n, m,
				 cases[i].kinds, k);
		}
}

static unsigned doubled_rank(const double *d, size_t n, size_t i)
{
	unsigned rank = 1;

	for (size_t k = 0; k < n; k++)
		rank += fabs(d[k]) < fabs(d[i]) ? 2 : fabs(d[k]) == fabs(d[i]);
	return rank;
}

static double brute_signedrank(const double *d, size_t n)
{
	unsigned upto = 0, from = 0, ways = 0, seen = 0;

	for (size_t i = 0; i < n; i++)
		seen += d[i] > 0 ? doubled_rank(d, n, i) : 0;
	for (unsigned signs = 0; signs < 1u << n; signs++) {
		unsigned sum = 0;

		for (size_t i = 0; i < n; i++)
			sum += (signs >> i & 1) && d[i] != 0 ? doubled_rank(d, n, i) : 0;
		ways++;
		upto += sum <= seen;
		from += sum >= seen;
	}
	return MIN(1.0, 2.0 * MIN(upto, from) / ways);
}

static double our_signedrank(const double *d, size_t n)
{
	struct null null;
	double p = -1;

	null_signedrank(&null, n);
	signedrank_p(d, n, &null, &p);
	null_done(&null);
	return p;
}

static void check_signedrank(void)
{
	static const struct {
		size_t n;
		unsigned kinds;
	} cases[] = { { 1, 9 },	 { 6, 10000 }, { 10, 10000 }, { 8, 3 }, { 12, 4 },
		      { 12, 7 }, { 5, 1 },     { 9, 2 },      { 13, 3 } };
	struct rng rng;

	rng_seed(&rng, 2);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (unsigned k = 0; k < 3; k++) {
			double d[16];

			for (size_t j = 0; j < cases[i].n; j++)
				d[j] = (double)rng_below(&rng, cases[i].kinds) -
				       (double)(cases[i].kinds / (k + 2));
			tap_near(our_signedrank(d, cases[i].n), brute_signedrank(d, cases[i].n),
				 1e-12, "signed ranks of %zu differences of %u kinds (%u)",
				 cases[i].n, cases[i].kinds, k);
		}
}

/* Where both can be had; far out the normal approximation is the more careful one. */
static void check_normal(void)
{
	struct null exact, normal;

	null_ranksum(&exact, 60, 60);
	normal = (struct null){ .pairs = exact.pairs, .deviation = exact.deviation };
	for (unsigned u = 1200; u <= 1800; u += 200)
		tap_near(null_p(&normal, u) / null_p(&exact, u), 1, 0.12,
			 "60 and 60 values: normal as exact at %u", u);
	null_done(&exact);
	null_signedrank(&exact, 100);
	normal = (struct null){ .pairs = exact.pairs, .deviation = exact.deviation };
	for (unsigned w = 1700; w <= 2500; w += 200)
		tap_near(null_p(&normal, w) / null_p(&exact, w), 1, 0.12,
			 "100 pairs: normal as exact at %u", w);
	null_done(&exact);
	null_ranksum(&normal, 61, 20);
	tap_ok(!normal.below, "61 values are taken as normal");
	null_done(&normal);
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* All pairs, ascending; free() it. */
static double *brute_pairs(const struct pairs *p)
{
	double *all = malloc(pairs_count(p) * sizeof(*all));
	size_t count = 0;

	for (size_t i = 0; i < p->fresh_count; i++)
		for (size_t k = p->base ? 0 : i; k < (p->base ? p->base_count : p->fresh_count);
		     k++)
			all[count++] = p->base ? p->fresh[i] - p->base[k]
					       : (p->fresh[i] + p->fresh[k]) / 2;
	qsort(all, count, sizeof(*all), by_value);
	return all;
}

static bool selects(const struct pairs *p)
{
	_cleanup_free_ double *all = brute_pairs(p);
	size_t count = pairs_count(p);

	for (size_t i = 0; i <= 40; i++) {
		size_t rank = 1 + i * (count - 1) / 40;
		double got = NAN;

		if (pairs_select(p, &rank, 1, &got) < 0 || got != all[rank - 1])
			return false;
	}
	return true;
}

static void check_select(void)
{
	static const struct {
		size_t n, m;
		unsigned kinds;
	} cases[] = { { 1, 1, 9 },	     { 40, 24, 100000 }, { 300, 211, 1000000 },
		      { 211, 300, 1000000 }, { 300, 200, 5 },	 { 1, 5000, 1000 },
		      { 5000, 1, 1000 },     { 400, 400, 1 } };
	struct rng rng;

	rng_seed(&rng, 3);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t n = cases[i].n, m = cases[i].m;
		_cleanup_free_ double *values = calloc(n + m, sizeof(*values));

		for (size_t k = 0; k < n + m; k++)
			values[k] = (double)rng_below(&rng, cases[i].kinds);
		qsort(values, n, sizeof(*values), by_value);
		qsort(values + n, m, sizeof(*values), by_value);
		tap_ok(selects(&(struct pairs){ values, values + n, n, m }),
		       "differences of %zu and %zu values of %u kinds", n, m, cases[i].kinds);
		if (n < 1000)
			tap_ok(selects(&(struct pairs){ .fresh = values, .fresh_count = n }),
			       "Walsh averages of %zu values of %u kinds", n, cases[i].kinds);
	}
}

/* The interval holds exactly those shifts that the test doesn't reject. */
static void check_duality(void)
{
	const double base[] = { 3, 9, 14, 21, 22, 35 }, fresh[] = { 8, 17, 27, 31, 40, 41, 66 };
	struct pairs pairs = { fresh, base, 7, 6 };
	struct interval at;
	struct null null;
	unsigned wrong = 0;

	null_ranksum(&null, 6, 7);
	shift_interval(&pairs, &null, 0.9, &at);
	for (double shift = -39.5; shift < 70; shift++) {
		double all[13];

		memcpy(all, base, sizeof(base));
		for (size_t i = 0; i < 7; i++)
			all[6 + i] = fresh[i] - shift;
		wrong += (brute_ranksum(all, 6, 7) > 0.1) != (shift > at.low && shift < at.high);
	}
	tap_eq_u64(wrong, 0, "rank sums: shifts outside of the interval are those rejected");
	tap_ok(at.reached && at.level >= 0.9 && at.level < 0.95, "its level is %g", at.level);
	shift_interval(&pairs, &null, 0.9999, &at);
	tap_ok(!at.reached && isinf(at.low) && isinf(at.high), "too few values for 0.9999");
	null_done(&null);

	pairs = (struct pairs){ .fresh = fresh, .fresh_count = 7 };
	null_signedrank(&null, 7);
	shift_interval(&pairs, &null, 0.9, &at);
	wrong = 0;
	for (double shift = 0.25; shift < 70; shift += 0.5) { /* no average, no difference of 0 */
		double d[7];

		for (size_t i = 0; i < 7; i++)
			d[i] = fresh[i] - shift;
		wrong += (brute_signedrank(d, 7) > 0.1) != (shift > at.low && shift < at.high);
	}
	tap_eq_u64(wrong, 0, "signed ranks: the same");
	null_done(&null);
}

static void check_fdr(void)
{
	double p[] = { 0.04, 0.001, 0.03, 0.8, 0.03, 0.002 }, q[ARRAY_SIZE(p)];
	const double want[] = { 0.048, 0.006, 0.045, 0.8, 0.045, 0.006 };

	fdr_adjust(p, ARRAY_SIZE(p), q);
	for (size_t i = 0; i < ARRAY_SIZE(p); i++)
		tap_near(q[i], want[i], 1e-12, "q of p %g", p[i]);
	fdr_adjust(p, ARRAY_SIZE(p), p);
	tap_ok(memcmp(p, q, sizeof(p)) == 0, "in place");
}

static void check_values(void)
{
	double median = 0;

	values_find_median((const double[]){ 5, 1, 3 }, 3, &median);
	tap_near(median, 3, 0, "the middle one");
	values_find_median((const double[]){ 5, 1, 3, 4 }, 4, &median);
	tap_near(median, 3.5, 0, "the mean of the middle two");
}

int main(void)
{
	check_values();
	check_ranksum();
	check_signedrank();
	check_normal();
	check_select();
	check_duality();
	check_fdr();
	return tap_done();
}
