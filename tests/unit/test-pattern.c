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

/* Kinds that take each block once a pass, a slice a thread: what each thread took in turn. */
static void check_sliced(enum pattern_kind kind, unsigned threads, uint64_t blocks)
{
	_cleanup_free_ unsigned *hits = calloc(blocks, sizeof(*hits));
	_cleanup_free_ unsigned *owners = calloc(blocks, sizeof(*owners));
	struct worker w = { .threads = threads, .seed = 5 };
	unsigned wrong = 0, outside = 0, jumps = 0, shared = 0;
	struct workload_thread all[8];
	struct pattern p;

	if (start(&p, kind, blocks, 0, &w, NULL) < 0) {
		tap_ok(false, "%s: %u threads, %" PRIu64 " blocks", pattern_names[kind], threads,
		       blocks);
		return;
	}
	for (unsigned i = 0; i < threads; i++)
		all[i] = thread_of(&w, i);
	for (unsigned pass = 1; pass <= 3; pass++) {
		for (unsigned i = 0; i < threads; i++) {
			uint64_t slice = share_of(blocks, threads, i), last = 0;

			for (uint64_t done = 0; done < slice; done++) {
				uint64_t block = pattern_next(&p, &all[i]);

				jumps += done > 0 && block != last + 1;
				last = block;
				if (block >= blocks) {
					outside++;
					continue;
				}
				hits[block]++;
				shared += owners[block] && owners[block] != i + 1;
				owners[block] = i + 1;
			}
		}
		for (uint64_t b = 0; b < blocks; b++)
			wrong += hits[b] != pass;
	}
	tap_ok(!wrong && !outside && !shared && (kind != PATTERN_SEQUENTIAL || !jumps),
	       "%s: %u threads take each of %" PRIu64 " blocks once a pass, each its own",
	       pattern_names[kind], threads, blocks);
	tap_ok(pattern_is_sliced(kind), "as pattern_is_sliced() says");
	pattern_done(&p);
}

static void test_sliced(enum pattern_kind kind, uint64_t least)
{
	static const uint64_t sizes[] = { 7, 16, 1009, 4096 };

	for (unsigned threads = 1; threads <= 7; threads++)
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
			if (sizes[i] / threads >= least)
				check_sliced(kind, threads, sizes[i]);
}

/* Each stride-th block, then those beside them: as the stride 8 of start() lays them out. */
static void test_strided(void)
{
	struct worker w = { .threads = 2, .seed = 5 };
	struct workload_thread t = thread_of(&w, 1);
	unsigned wrong = 0;
	struct pattern p;

	if (start(&p, PATTERN_STRIDED, 2 * 100, 0, &w, NULL) < 0) {
		tap_ok(false, "strided");
		return;
	}
	for (unsigned pass = 0; pass < 2; pass++)
		for (uint64_t lane = 0; lane < 8; lane++)
			for (uint64_t at = lane; at < 100; at += 8)
				wrong += pattern_next(&p, &t) != 100 + at;
	tap_eq_u64(wrong, 0, "strided: every 8th block of the slice, then those beside them");
	pattern_done(&p);
}

/* One cycle through the thread's places; what pattern_chase_next() says comes next, does. */
static void test_chase(void)
{
	enum { BLOCKS = 4096 };
	struct worker w = { .threads = 1, .seed = 5 }, other_w = { .threads = 1, .seed = 6 };
	struct workload_thread t = thread_of(&w, 0), held = t, other = thread_of(&other_w, 0);
	unsigned near = 0, equal = 0, wrong = 0;
	struct pattern p, q;
	uint64_t last = 0, promised;

	if (start(&p, PATTERN_CHASE, BLOCKS, 0, &w, NULL) < 0 ||
	    start(&q, PATTERN_CHASE, BLOCKS, 0, &other_w, NULL) < 0) {
		tap_ok(false, "chase");
		return;
	}
	promised = pattern_chase_next(&p, &t);
	for (unsigned i = 0; i < 2 * BLOCKS; i++) {
		uint64_t block = pattern_next(&p, &t);

		wrong += block != promised || block != pattern_chase_next(&p, &held);
		promised = pattern_chase_next(&p, &t);
		pattern_chase_on(&p, &held);
		near += llabs((long long)block - (long long)last) < 8;
		equal += block == pattern_next(&q, &other);
		last = block;
	}
	tap_eq_u64(wrong, 0, "chase: what a block should hold is what comes next");
	/* By chance 15 of 4096 distances are below 8, and 1 of 4096 blocks is equal. */
	tap_ok(near < 100, "the cycle jumps: %u of %u steps are short", near, 2 * BLOCKS);
	tap_ok(equal < 20, "another seed has another cycle: %u in common", equal);
	pattern_done(&p);
	pattern_done(&q);
}

/* 90 % of the draws in 10 % of the blocks: which ones is the pattern's to say. */
static void test_hotcold(void)
{
	enum { BLOCKS = 10000, DRAWS = 200000 };
	_cleanup_free_ unsigned *hits = calloc(BLOCKS, sizeof(*hits));
	struct worker w = { .threads = 1, .seed = 5 };
	struct workload_thread t = thread_of(&w, 0);
	unsigned quarters[4] = {};
	double share = 0;
	struct pattern p;

	if (start(&p, PATTERN_HOTCOLD, BLOCKS, 0, &w, NULL) < 0) {
		tap_ok(false, "hotcold");
		return;
	}
	for (unsigned i = 0; i < DRAWS; i++)
		hits[pattern_next(&p, &t)]++;
	for (uint64_t k = 0; k < BLOCKS / 10; k++) {
		uint64_t block = rng_scatter(k, BLOCKS, w.seed);

		share += (double)hits[block] / DRAWS;
		quarters[block / (BLOCKS / 4)]++;
	}
	/* Five standard deviations of a share of 0.9 in so many draws. */
	tap_near(share, 0.9, 5 * sqrt(0.9 * 0.1 / DRAWS), "hotcold: the hot set has its share");
	for (unsigned i = 0; i < 4; i++)
		tap_near(quarters[i], 250, 70, "a quarter of it lies in quarter %u", i);
	pattern_done(&p);
}

/* The first tenth is hot, for all threads; each reads its slice of the rest in order. */
static void test_scan(void)
{
	enum { BLOCKS = 1000, HOT = 100, THREADS = 3, DRAWS = 100000 };
	struct worker w = { .threads = THREADS, .seed = 5 };
	unsigned wrong = 0;
	struct pattern p;

	if (start(&p, PATTERN_SCAN, BLOCKS, 0, &w, NULL) < 0) {
		tap_ok(false, "scan");
		return;
	}
	for (unsigned i = 0; i < THREADS; i++) {
		struct workload_thread t = thread_of(&w, i);
		uint64_t slice = share_of(BLOCKS - HOT, THREADS, i), cold = 0;
		uint64_t begin = HOT + share_begin(BLOCKS - HOT, THREADS, i);

		for (unsigned n = 0; n < DRAWS; n++) {
			uint64_t block = pattern_next(&p, &t);

			if (block >= HOT)
				wrong += block != begin + cold++ % slice;
		}
		tap_near(1 - (double)cold / DRAWS, 0.9, 5 * sqrt(0.9 * 0.1 / DRAWS),
			 "scan: thread %u's hot share", i);
	}
	tap_eq_u64(wrong, 0, "the others are read in order, again and again, a slice a thread");
	pattern_done(&p);
}

/* Each access lies in the window, which moves on by a tenth of a block an access. */
static void test_moving(void)
{
	enum { BLOCKS = 1000, WINDOW = 100, DRAWS = 30000 };
	struct worker w = { .threads = 2, .seed = 5 };
	struct workload_thread t = thread_of(&w, 1);
	unsigned outside = 0, low = 0;
	struct pattern p;

	if (start(&p, PATTERN_MOVING, BLOCKS, 0, &w, NULL) < 0) {
		tap_ok(false, "moving");
		return;
	}
	for (unsigned n = 0; n < DRAWS; n++) {
		/* Two threads move it on together. */
		uint64_t begin = (uint64_t)(n * 2 * 0.1), block = pattern_next(&p, &t);
		uint64_t place = (block + BLOCKS * 10 - begin % BLOCKS) % BLOCKS;

		outside += place >= WINDOW;
		low += place < WINDOW / 2;
	}
	tap_eq_u64(outside, 0, "moving: each access lies in the window");
	tap_near(low, DRAWS / 2.0, 5 * sqrt(DRAWS / 4.0), "half of them in its first half");
	pattern_done(&p);
}

/* A list drawn at once is what one by one gives, and leaves the thread the same. */
static void check_draw(enum pattern_kind kind)
{
	enum { BLOCKS = 1009, COUNT = 777 };
	struct worker w = { .threads = 2, .seed = 5 };
	struct workload_thread t = thread_of(&w, 1), one = t;
	uint64_t list[COUNT];
	unsigned wrong = 0;
	struct pattern p;

	if (start(&p, kind, BLOCKS, 0.99, &w, NULL) < 0) {
		tap_ok(false, "%s", pattern_names[kind]);
		return;
	}
	for (unsigned turn = 0; turn < 3; turn++) {
		pattern_draw(&p, &t, list, COUNT - turn);
		for (unsigned i = 0; i < COUNT - turn; i++)
			wrong += list[i] != pattern_next(&p, &one);
	}
	tap_eq_u64(wrong, 0, "%s: pattern_draw() gives what pattern_next() does",
		   pattern_names[kind]);
	pattern_done(&p);
}

static void test_run(void)
{
	struct worker w = { .threads = 3, .seed = 5 };
	struct workload_thread t = thread_of(&w, 1), one = t;
	unsigned wrong = 0;
	struct pattern p;

	if (start(&p, PATTERN_SEQUENTIAL, 1000, 0, &w, NULL) < 0) {
		tap_ok(false, "runs");
		return;
	}
	for (uint64_t count = 1; count < 1000; count += 7) {
		uint64_t first, run = pattern_run(&p, &t, count, &first);

		wrong += run < 1 || run > count;
		for (uint64_t i = 0; i < run; i++)
			wrong += pattern_next(&p, &one) != first + i;
	}
	tap_eq_u64(wrong, 0, "pattern_run() gives the same, without a list");
	pattern_done(&p);
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
	tap_eq_i64(start(&p, PATTERN_STRIDED, 35, 0, &w, &err), -ERANGE, "a stride beyond a slice");
	tap_eq_str(err.text, "stride: 8 is more than the 7 blocks of a thread",
		   "the error says so");
	pattern_done(&p);
	tap_eq_i64(start(&p, PATTERN_SCAN, 5, 0, &w, &err), -EINVAL, "a scan of nothing");
	tap_eq_str(err.text, "hot_set: nothing is left to scan", "the error says so");
	pattern_done(&p);
	tap_eq_i64(start(&p, PATTERN_SEQUENTIAL, 5, 0, &w, &err), 0,
		   "a block for each thread will do");
	pattern_done(&p);
}

int main(void)
{
	test_shares();
	test_sliced(PATTERN_SEQUENTIAL, 1);
	test_sliced(PATTERN_STRIDED, 8);
	test_sliced(PATTERN_CHASE, 1);
	test_strided();
	test_chase();
	test_hotcold();
	test_scan();
	test_moving();
	for (int kind = PATTERN_SEQUENTIAL; kind <= PATTERN_MOVING; kind++)
		check_draw((enum pattern_kind)kind);
	test_run();
	check_random(PATTERN_UNIFORM, 3);
	check_random(PATTERN_UNIFORM, 1009);
	check_random(PATTERN_ZIPF, 3);
	check_random(PATTERN_ZIPF, 1009);
	check_random(PATTERN_ZIPF, 4096);
	check_random(PATTERN_HOTCOLD, 3);
	check_random(PATTERN_HOTCOLD, 1009);
	check_random(PATTERN_SCAN, 1009);
	check_random(PATTERN_MOVING, 1009);
	test_uniform();
	test_zipf();
	test_bad();
	return tap_done();
}
