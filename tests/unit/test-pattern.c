// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/pattern.h"

#include <errno.h>

#include "src/cleanup.h"
#include "src/macro.h"
#include "tests/tap.h"

static struct workload_thread thread_of(struct worker *w, unsigned index)
{
	struct workload_thread t = { .worker = w, .index = index };

	rng_seed(&t.rng, rng_mix(w->seed, index + 1));
	return t;
}

static void test_shares(void)
{
	static const uint64_t totals[] = { 0,	      1, 2, 3, 7, 16, 1009, 65537, (1ull << 40) - 1,
					   UINT64_MAX };
	unsigned wrong = 0, uneven = 0;

	for (size_t i = 0; i < ARRAY_SIZE(totals); i++)
		for (unsigned parts = 1; parts <= 64; parts++) {
			uint64_t sum = 0, low = UINT64_MAX, high = 0;

			for (unsigned p = 0; p < parts; p++) {
				uint64_t share = share_of(totals[i], parts, p);

				wrong += share_begin(totals[i], parts, p) != sum;
				sum += share;
				low = MIN(low, share);
				high = MAX(high, share);
			}
			wrong += sum != totals[i];
			uneven += high - low > 1;
		}
	tap_eq_u64(wrong, 0, "parts lie side by side and sum up to the total");
	tap_eq_u64(uneven, 0, "no part is larger than another by more than one");
}

static int start(struct pattern *p, enum pattern_kind kind, uint64_t blocks, double theta,
		 const struct worker *w, struct error *err)
{
	const struct pattern_options o = { .kind = (int)kind,
					   .theta = theta,
					   .stride_blocks = 8,
					   .hot_set = 0.1,
					   .hot_access = 0.9,
					   .drift = 0.1 };

	return pattern_init(p, &o, blocks, w, err);
}

static void check_sequential(unsigned threads, uint64_t blocks)
{
	_cleanup_free_ unsigned *hits = calloc(blocks, sizeof(*hits));
	struct worker w = { .threads = threads, .seed = 5 };
	unsigned wrong = 0, outside = 0, jumps = 0;
	struct workload_thread all[8];
	struct pattern p;

	if (start(&p, PATTERN_SEQUENTIAL, blocks, 0, &w, NULL) < 0) {
		tap_ok(false, "%u threads, %" PRIu64 " blocks", threads, blocks);
		return;
	}
	for (unsigned i = 0; i < threads; i++)
		all[i] = thread_of(&w, i);
	for (unsigned pass = 1; pass <= 2; pass++) {
		for (unsigned i = 0; i < threads; i++) {
			uint64_t slice = share_of(blocks, threads, i), last = 0;

			for (uint64_t done = 0; done < slice; done++) {
				uint64_t block = pattern_next(&p, &all[i]);

				jumps += done > 0 && block != last + 1;
				last = block;
				if (block < blocks)
					hits[block]++;
				else
					outside++;
			}
		}
		for (uint64_t b = 0; b < blocks; b++)
			wrong += hits[b] != pass;
	}
	tap_ok(!wrong && !outside && !jumps,
	       "sequential: %u threads take each of %" PRIu64 " blocks once a pass, in order",
	       threads, blocks);
	pattern_done(&p);
}

static void test_sequential(void)
{
	static const uint64_t sizes[] = { 7, 16, 1009, 4096 };

	for (unsigned threads = 1; threads <= 7; threads++)
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
			check_sequential(threads, sizes[i]);
}

static void check_random(enum pattern_kind kind, uint64_t blocks)
{
	enum { DRAWS = 20000 };
	struct worker w = { .threads = 3, .seed = 5 };
	struct workload_thread a, b, other;
	unsigned outside = 0, differ = 0, equal = 0;
	struct pattern p, again;

	if (start(&p, kind, blocks, 0.99, &w, NULL) < 0 ||
	    start(&again, kind, blocks, 0.99, &w, NULL) < 0) {
		tap_ok(false, "%s of %" PRIu64 " blocks", pattern_names[kind], blocks);
		return;
	}
	a = thread_of(&w, 1);
	b = thread_of(&w, 1);
	other = thread_of(&w, 2);
	for (unsigned i = 0; i < DRAWS; i++) {
		uint64_t block = pattern_next(&p, &a);

		outside += block >= blocks;
		differ += block != pattern_next(&again, &b);
		equal += block == pattern_next(&p, &other);
	}
	tap_eq_u64(outside, 0, "%s of %" PRIu64 " blocks stays in range", pattern_names[kind],
		   blocks);
	tap_eq_u64(differ, 0, "the same seed gives the same sequence");
	if (blocks >= 1000)
		tap_ok(equal < DRAWS / 10, "another thread has its own: %u of %u are equal", equal,
		       DRAWS);
	pattern_done(&p);
	pattern_done(&again);
}

static void test_uniform(void)
{
	enum { BLOCKS = 1000, DRAWS = 100000 };
	static unsigned hits[BLOCKS];
	struct worker w = { .threads = 1, .seed = 6 };
	struct workload_thread t = thread_of(&w, 0);
	double chi = 0, mean = (double)DRAWS / BLOCKS;
	struct pattern p;

	if (start(&p, PATTERN_UNIFORM, BLOCKS, 0, &w, NULL) < 0) {
		tap_ok(false, "uniform");
		return;
	}
	for (unsigned i = 0; i < DRAWS; i++)
		hits[pattern_next(&p, &t)]++;
	for (unsigned i = 0; i < BLOCKS; i++)
		chi += (hits[i] - mean) * (hits[i] - mean) / mean;
	/* Five standard deviations, sqrt(2 k) each; the seed is fixed. */
	tap_near(chi, BLOCKS - 1, 5 * sqrt(2.0 * (BLOCKS - 1)), "uniform: all equally likely");
	pattern_done(&p);
}

/* The hottest blocks by their draws, hottest first. */
static void find_hot(const unsigned *hits, uint64_t blocks, uint64_t *hot, unsigned count)
{
	for (unsigned n = 0; n < count; n++) {
		uint64_t best = blocks;

		for (uint64_t b = 0; b < blocks; b++) {
			bool taken = false;

			for (unsigned k = 0; k < n; k++)
				taken = taken || hot[k] == b;
			if (!taken && (best == blocks || hits[b] > hits[best]))
				best = b;
		}
		hot[n] = best;
	}
}

#define ZIPF_BLOCKS 8192
#define ZIPF_DRAWS  200000
#define ZIPF_HOT    16

static bool draw_hot(uint64_t seed, uint64_t *hot, double *share)
{
	_cleanup_free_ unsigned *hits = calloc(ZIPF_BLOCKS, sizeof(*hits));
	struct worker w = { .threads = 1, .seed = seed };
	struct workload_thread t = thread_of(&w, 0);
	struct pattern p;
	double sum = 0;

	if (!hits || start(&p, PATTERN_ZIPF, ZIPF_BLOCKS, 0.99, &w, NULL) < 0)
		return false;
	for (unsigned i = 0; i < ZIPF_DRAWS; i++)
		hits[pattern_next(&p, &t)]++;
	find_hot(hits, ZIPF_BLOCKS, hot, ZIPF_HOT);
	for (unsigned i = 0; i < ZIPF_HOT; i++)
		sum += hits[hot[i]];
	*share = sum / ZIPF_DRAWS;
	pattern_done(&p);
	return true;
}

static void test_zipf(void)
{
	uint64_t hot[ZIPF_HOT], other[ZIPF_HOT];
	double share, other_share, head = 0, all = 0;
	unsigned quarters[4] = {}, near = 0, common = 0;

	if (!draw_hot(5, hot, &share) || !draw_hot(6, other, &other_share)) {
		tap_ok(false, "zipf");
		return;
	}
	for (unsigned k = 0; k < ZIPF_BLOCKS; k++) {
		all += pow(k + 1, -0.99);
		head += k < ZIPF_HOT ? pow(k + 1, -0.99) : 0;
	}
	tap_near(share, head / all, 0.01, "zipf: the %u hottest blocks have their share", ZIPF_HOT);
	for (unsigned i = 0; i < ZIPF_HOT; i++) {
		quarters[hot[i] / (ZIPF_BLOCKS / 4)]++;
		for (unsigned k = 0; k < ZIPF_HOT; k++) {
			near += k < i && llabs((long long)hot[i] - (long long)hot[k]) < 8;
			common += hot[i] == other[k];
		}
	}
	/* Of 120 pairs, 0.2 would lie so near by chance. */
	tap_ok(near <= 2, "they are scattered: %u pairs are within 8 blocks", near);
	tap_ok(quarters[0] && quarters[1] && quarters[2] && quarters[3],
	       "and lie in all quarters: %u, %u, %u, %u", quarters[0], quarters[1], quarters[2],
	       quarters[3]);
	tap_ok(common <= 2, "another seed has other hot blocks: %u in common", common);
}

static void test_bad(void)
{
	struct worker w = { .threads = 5, .seed = 5 };
	struct error err = {};
	struct pattern p;

	tap_eq_i64(start(&p, PATTERN_SEQUENTIAL, 4, 0, &w, &err), -EINVAL,
		   "more threads than blocks");
	tap_eq_str(err.text, "5 threads can't share 4 blocks", "the error has both numbers");
	pattern_done(&p);
	tap_eq_i64(start(&p, PATTERN_ZIPF, 100, 9, &w, &err), -ERANGE, "a theta out of range");
	pattern_done(&p);
	tap_ok(!p.zipf, "a failed pattern owns nothing");
	tap_eq_i64(start(&p, PATTERN_SEQUENTIAL, 5, 0, &w, &err), 0,
		   "a block for each thread will do");
	pattern_done(&p);
}

int main(void)
{
	test_shares();
	test_sequential();
	check_random(PATTERN_UNIFORM, 3);
	check_random(PATTERN_UNIFORM, 1009);
	check_random(PATTERN_ZIPF, 3);
	check_random(PATTERN_ZIPF, 1009);
	check_random(PATTERN_ZIPF, 4096);
	test_uniform();
	test_zipf();
	test_bad();
	return tap_done();
}
