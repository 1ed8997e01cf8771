// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The sampler on files of a scratch directory: each test writes them before a tick and expects
 * in the written rows what it put there.
 */
#include "harness/sampler.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "src/rng.h"
#include "tests/tap.h"

struct input {
	const char *path;
	enum kv_shape shape;
	const char *prefix;
};

/* In place, as the kernel's files change under the descriptor that the sampler holds. */
static void put(int dir, const char *path, const char *text)
{
	int fd = openat(dir, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		tap_ok(false, "a file to test with: %s", path);
	if (fd >= 0)
		close(fd);
}

/* A sampler that has learned its files; the caller's to free. The tests are over without one. */
static struct sampler *learned(int dir, const struct input *inputs, size_t count)
{
	struct sampler *s = NULL;
	struct error err = {};
	int r = sampler_new(&s, &err);

	for (size_t i = 0; i < count && r == 0; i++)
		r = sampler_add_file(s, dir, inputs[i].path, inputs[i].shape, inputs[i].prefix,
				     &err);
	if (r == 0)
		r = sampler_prepare(s, &err);
	if (r < 0) {
		tap_ok(false, "a sampler: %s", err.text);
		exit(tap_done());
	}
	return s;
}

__attribute__((format(printf, 3, 4))) static void expect(const struct sampler *s, const char *want,
							 const char *fmt, ...)
{
	_cleanup_free_ char *text = NULL;
	char why[200];
	va_list ap;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	int r = sampler_write(s, f);

	fclose(f);
	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	tap_ok(r == 0 && streq(text, want), "%s", why);
	if (r < 0 || !streq(text, want))
		printf("# %d; got\n%s# want\n%s", r, text, want);
}

static void test_columns(int dir)
{
	static const struct input inputs[] = { { "stat", KV_SHAPE_FLAT, "cgroup.box" },
					       { "current", KV_SHAPE_SINGLE, "cgroup.box.current" },
					       { "pressure", KV_SHAPE_PSI, "psi" } };
	struct sampler *s;

	put(dir, "stat", "anon 1\nnumber none\nactive_file:  22 kB\n");
	put(dir, "current", "4096\n");
	put(dir, "pressure",
	    "some avg10=0.12 avg60=3.00 avg300=0.00 total=1234\n"
	    "full avg10=0.00 avg60=0.00 avg300=0.00 total=987654321098\n");
	s = learned(dir, inputs, ARRAY_SIZE(inputs));
	expect(s,
	       "t_ns\tsampler.late_ns\tcgroup.box.anon\tcgroup.box.active_file\tcgroup.box.current"
	       "\tpsi.some.total\tpsi.full.total\n",
	       "columns are learned from the files, and before a tick there is no row");
	sampler_take(s, 10, 10);
	expect(s,
	       "t_ns\tsampler.late_ns\tcgroup.box.anon\tcgroup.box.active_file\tcgroup.box.current"
	       "\tpsi.some.total\tpsi.full.total\n"
	       "10\t0\t1\t22\t4096\t1234\t987654321098\n",
	       "a row of all three formats");
	tap_eq_u64(sampler_stats(s)->relearned, 0, "the layout is the one that was learned");
	tap_eq_u64(sampler_last(s, "psi.some.total"), 1234, "a column's newest value");
	tap_eq_u64(sampler_last(s, "psi.some"), 0, "a column that is not there has none");
	sampler_free(s);
}

static void test_values(int dir)
{
	static const char *const values[] = { "0",
					      "18446744073709551614",
					      "1",
					      "9223372036854775808",
					      "9223372036854775807",
					      "9223372036854775807",
					      "63",
					      "64",
					      "128",
					      "0",
					      "16383",
					      "4294967296",
					      "4294967295" };
	static const struct input inputs[] = { { "a", KV_SHAPE_SINGLE, "a" },
					       { "b", KV_SHAPE_FLAT, "b" } };
	char want[4000] = "t_ns\tsampler.late_ns\ta\tb.key\n", line[200];
	struct sampler *s;

	put(dir, "a", "5\n");
	put(dir, "b", "key 5\n");
	s = learned(dir, inputs, ARRAY_SIZE(inputs));
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		const char *other = values[ARRAY_SIZE(values) - 1 - i];

		put(dir, "a", values[i]); /* no newline at the end */
		snprintf(line, sizeof(line), "key %s\n", other);
		put(dir, "b", line);
		sampler_take(s, 1000 * i, 1000 * i);
		snprintf(line, sizeof(line), "%zu\t0\t%s\t%s\n", 1000 * i, values[i], other);
		strcat(want, line);
	}
	expect(s, want, "large jumps, up, down, and none");
	sampler_free(s);
}

static void test_vanishing(int dir)
{
	static const struct input inputs[] = { { "stat", KV_SHAPE_FLAT, "s" },
					       { "pressure", KV_SHAPE_PSI, "p" },
					       { "single", KV_SHAPE_SINGLE, "one" } };
	struct sampler *s;

	put(dir, "stat", "a 1\nb 2\nc 3\n");
	put(dir, "pressure", "some total=4\nfull total=5\n");
	put(dir, "single", "6\n");
	s = learned(dir, inputs, ARRAY_SIZE(inputs));
	sampler_take(s, 1, 1);
	put(dir, "stat", "a 10\nc 30\n");
	put(dir, "pressure", "some total=40\n");
	put(dir, "single", "");
	sampler_take(s, 2, 2);
	tap_ok(sampler_stats(s)->relearned > 0, "a key that vanished is a change of the layout");
	tap_eq_u64(sampler_last(s, "s.b"), 0, "the newest value of a missing key");
	put(dir, "stat", "");
	put(dir, "single", "none\n");
	sampler_take(s, 3, 3);
	put(dir, "stat", "a 100\nb 0\nc 300\n");
	put(dir, "pressure", "some total=400\nfull total=500\n");
	put(dir, "single", "600\n");
	sampler_take(s, 4, 4);
	tap_eq_u64(sampler_last(s, "one"), 600, "the newest value of one that came back");
	expect(s,
	       "t_ns\tsampler.late_ns\ts.a\ts.b\ts.c\tp.some.total\tp.full.total\tone\n"
	       "1\t0\t1\t2\t3\t4\t5\t6\n"
	       "2\t0\t10\t-\t30\t40\t-\t-\n"
	       "3\t0\t-\t-\t-\t40\t-\t-\n"
	       "4\t0\t100\t0\t300\t400\t500\t600\n",
	       "a missing value is missing, never 0, and can come back");
	sampler_free(s);
}

static void test_layout(int dir)
{
	static const struct input input = { "stat", KV_SHAPE_FLAT, "s" };
	struct sampler *s;
	uint64_t before;

	put(dir, "stat", "a 1\nb 2\nab 3\n");
	s = learned(dir, &input, 1);
	sampler_take(s, 1, 1);
	tap_eq_u64(sampler_stats(s)->relearned, 0, "the layout that was learned");
	put(dir, "stat", "ab 30\na 10\nb 20\n");
	sampler_take(s, 2, 2);
	before = sampler_stats(s)->relearned;
	tap_ok(before > 0, "keys in another order are a change of the layout");
	put(dir, "stat", "a 11\nb 21\nab 31\nlate 41\n");
	sampler_take(s, 3, 3);
	tap_eq_u64(sampler_stats(s)->relearned, before + 1, "a new key at the end is one");
	put(dir, "stat", "late 42\na 12\nb 22\nab 32\nabc 52\n");
	sampler_take(s, 4, 4);
	expect(s,
	       "t_ns\tsampler.late_ns\ts.a\ts.b\ts.ab\n"
	       "1\t0\t1\t2\t3\n"
	       "2\t0\t10\t20\t30\n"
	       "3\t0\t11\t21\t31\n"
	       "4\t0\t12\t22\t32\n",
	       "other orders and new keys leave the columns right");
	sampler_free(s);
}

static void put_long(int dir, uint64_t keys, uint64_t factor, FILE *row)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	for (uint64_t i = 0; i < keys; i++) {
		fprintf(f, "a_long_key_%" PRIu64 " %" PRIu64 "\n", i, i * factor);
		fprintf(row, "\t%" PRIu64, i * factor);
	}
	fputc('\n', row);
	fclose(f);
	put(dir, "long", text);
}

/*
 * 30 kB are more than a page, and more than a file of the kernel hands out at one read; 220 kB has
 * zoneinfo with hundreds of CPUs.
 */
static void test_long(int dir, uint64_t keys)
{
	static const struct input input = { "long", KV_SHAPE_FLAT, "l" };
	_cleanup_free_ char *want = NULL, *unused = NULL;
	size_t len = 0, unused_len = 0;
	FILE *f = open_memstream(&want, &len), *nothing = open_memstream(&unused, &unused_len);
	struct sampler *s;

	put_long(dir, keys, 1, nothing);
	fclose(nothing);
	s = learned(dir, &input, 1);
	fputs("t_ns\tsampler.late_ns", f);
	for (uint64_t i = 0; i < keys; i++)
		fprintf(f, "\tl.a_long_key_%" PRIu64, i);
	fputc('\n', f);
	for (uint64_t tick = 1; tick < 4; tick++) {
		fprintf(f, "%" PRIu64 "\t0", tick);
		put_long(dir, keys, tick * 7919, f);
		sampler_take(s, tick, tick);
	}
	fclose(f);
	expect(s, want, "a file of %" PRIu64 " lines is read to its end", keys);
	sampler_free(s);
}

/* One that outgrows all room for it is missing: its last number would be a part of the true one. */
static void test_outgrown(int dir)
{
	static const struct input input = { "grows", KV_SHAPE_FLAT, "g" };
	_cleanup_free_ char *text = malloc(200001);
	struct sampler *s;

	put(dir, "grows", "a 1\nb 2\n");
	s = learned(dir, &input, 1);
	sampler_take(s, 1, 1);
	memset(text, '7', 200000);
	text[200000] = '\0';
	memcpy(text, "a 3\nb ", strlen("a 3\nb "));
	memset(text + strlen("a 3\nb "), ' ', 65536 - strlen("a 3\nb ") - 1);
	put(dir, "grows", text);
	sampler_take(s, 2, 2);
	put(dir, "grows", "a 4\nb 5\n");
	sampler_take(s, 3, 3);
	expect(s, "t_ns\tsampler.late_ns\tg.a\tg.b\n1\t0\t1\t2\n2\t0\t-\t-\n3\t0\t4\t5\n",
	       "a file that does not fit is missing, not cut off");
	sampler_free(s);
}

static void test_missing_file(int dir)
{
	struct error err = {};
	struct sampler *s = NULL;

	if (!tap_eq_i64(sampler_new(&s, &err), 0, "a sampler"))
		return;
	tap_eq_i64(sampler_add_file(s, dir, "none", KV_SHAPE_FLAT, "none", &err), -ENOENT,
		   "a file that this kernel lacks");
	tap_ok(err.code == 0 && !*err.text, "is no error to tell of");
	tap_eq_i64(sampler_add_file(s, dir, ".", KV_SHAPE_FLAT, "dir", &err), -EISDIR,
		   "one that can't be read is: %s", err.text);
	put(dir, "current", "1\n");
	tap_eq_i64(sampler_add_file(s, dir, "current", KV_SHAPE_SINGLE, "current", &err), 0,
		   "a file that is there");
	tap_eq_i64(sampler_prepare(s, &err), 0, "the sampler learns what is there");
	sampler_take(s, 1, 1);
	expect(s, "t_ns\tsampler.late_ns\tcurrent\n1\t0\t1\n", "and has no column of the others");
	sampler_free(s);
}

static void test_mm_stat(int dir)
{
	static const struct input input = { "mm_stat", KV_SHAPE_MM_STAT, "zram0" };
	struct sampler *s;

	put(dir, "mm_stat", "    8192   100  4096 0 4096 0 0 0 0 77\n");
	s = learned(dir, &input, 1);
	sampler_take(s, 1, 1);
	put(dir, "mm_stat", "16384 250 4096 0 4096 1 0 2 0 78\n");
	sampler_take(s, 2, 2);
	expect(s,
	       "t_ns\tsampler.late_ns\tzram0.orig_data_size\tzram0.compr_data_size\t"
	       "zram0.mem_used_total\tzram0.mem_limit\tzram0.mem_used_max\tzram0.same_pages\t"
	       "zram0.pages_compacted\tzram0.huge_pages\tzram0.huge_pages_since\n"
	       "1\t0\t8192\t100\t4096\t0\t4096\t0\t0\t0\t0\n"
	       "2\t0\t16384\t250\t4096\t0\t4096\t1\t0\t2\t0\n",
	       "zram's mm_stat: columns by place, an unknown last field left out");
	sampler_free(s);
}

struct thread {
	uint64_t ops, bytes;
	char other[48];
};

static void test_counters(void)
{
	struct thread threads[3] = { { .ops = 1, .bytes = 10 },
				     { .ops = 2, .bytes = 20 },
				     { .ops = 4, .bytes = 40 } };
	uint64_t one = 9;
	struct error err = {};
	struct sampler *s = NULL;

	if (sampler_new(&s, &err) < 0 ||
	    sampler_add_counter(s, "ops", &threads[0].ops, 3, sizeof(threads[0]), &err) < 0 ||
	    sampler_add_counter(s, "bytes", &threads[0].bytes, 2, sizeof(threads[0]), &err) < 0 ||
	    sampler_add_counter(s, "one", &one, 1, 0, &err) < 0 || sampler_prepare(s, &err) < 0) {
		tap_ok(false, "a sampler of counters: %s", err.text);
		sampler_free(s);
		return;
	}
	sampler_take(s, 100, 60);
	threads[1].ops = 1000000;
	threads[2].bytes = 77;
	one = 0;
	sampler_take(s, 200, 199);
	sampler_take(s, 300, 300);
	expect(s,
	       "t_ns\tsampler.late_ns\tops\tbytes\tone\n"
	       "100\t40\t7\t30\t9\n"
	       "200\t1\t1000005\t30\t0\n"
	       "300\t0\t1000005\t30\t0\n",
	       "counters are summed over their stride, and a row says how late it is");
	tap_eq_u64(sampler_stats(s)->late_max_ns, 40, "the latest of all");
	tap_eq_u64(sampler_last(s, "ops"), 1000005, "a counter's newest value");
	sampler_free(s);
}

#define RANDOM_KEYS  40
#define RANDOM_TICKS 400

/* Many rows of a file whose keys step, jump, stay, vanish and change places. */
static void test_random(int dir)
{
	static const struct input input = { "random", KV_SHAPE_FLAT, "r" };
	uint64_t values[RANDOM_KEYS] = {};
	char want[RANDOM_KEYS][24], text[RANDOM_KEYS * 40];
	_cleanup_free_ char *rows = NULL;
	size_t rows_len = 0;
	FILE *f = open_memstream(&rows, &rows_len);
	struct sampler *s = NULL;
	struct rng rng;

	rng_seed(&rng, 1);
	fputs("t_ns\tsampler.late_ns", f);
	for (size_t i = 0; i < RANDOM_KEYS; i++)
		fprintf(f, "\tr.k%zu", i);
	fputc('\n', f);
	for (uint64_t tick = 0; tick <= RANDOM_TICKS; tick++) {
		size_t first = tick ? rng_below(&rng, 4) : 0, len = 0;

		for (size_t n = 0; n < RANDOM_KEYS; n++) {
			size_t i = first < 3 ? n : (n + tick) % RANDOM_KEYS;
			uint64_t kind = rng_below(&rng, 8), step = rng_next(&rng);

			values[i] += kind < 4	 ? 0
				     : kind < 6	 ? step >> 50
				     : kind == 6 ? step
						 : -5ull;
			values[i] -= values[i] == UINT64_MAX;
			strcpy(want[i], "-");
			if (tick && rng_below(&rng, 20) == 0)
				continue;
			snprintf(want[i], sizeof(want[i]), "%" PRIu64, values[i]);
			len += (size_t)snprintf(text + len, sizeof(text) - len, "k%zu %s\n", i,
						want[i]);
		}
		put(dir, "random", text);
		if (!tick) {
			s = learned(dir, &input, 1);
			continue;
		}
		sampler_take(s, tick, tick);
		fprintf(f, "%" PRIu64 "\t0", tick);
		for (size_t i = 0; i < RANDOM_KEYS; i++)
			fprintf(f, "\t%s", want[i]);
		fputc('\n', f);
	}
	fclose(f);
	expect(s, rows, "400 rows of random changes");
	sampler_free(s);
}

#define WIDE 4000

static size_t count_lines(const struct sampler *s)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0, lines = 0;
	FILE *f = open_memstream(&text, &len);

	sampler_write(s, f);
	fclose(f);
	for (const char *p = text; (p = strchr(p, '\n')); p++)
		lines++;
	return lines;
}

/* Rows at their largest, until the memory for them is full. */
static void test_full(void)
{
	struct error err = {};
	struct sampler *s = NULL;
	uint64_t value = 0;
	size_t taken = 0;
	int r = sampler_new(&s, &err);

	for (size_t i = 0; i < WIDE && r == 0; i++)
		r = sampler_add_counter(s, "wide", &value, 1, sizeof(value), &err);
	if (r == 0)
		r = sampler_prepare(s, &err);
	tap_eq_i64(r, 0, "a sampler of many columns");
	while (r == 0 && taken < 10000) {
		value ^= 1ull << 63;
		sampler_take(s, taken, taken);
		if (sampler_stats(s)->full)
			break;
		taken++;
	}
	tap_ok(taken > 100 && taken < 10000, "%zu rows fill the memory, which is said", taken);
	tap_eq_u64(count_lines(s), taken + 1, "the rows before it are all kept");
	sampler_take(s, taken + 1, taken + 1);
	tap_eq_u64(count_lines(s), taken + 1, "and no more are");
	sampler_free(s);
}

int main(void)
{
	const char *tmp = getenv("TMPDIR");
	_cleanup_free_ char *top = text_format("%s/wring-test-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	int dir;

	if (!mkdtemp(top)) {
		tap_ok(false, "a scratch directory in %s", top);
		return tap_done();
	}
	dir = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	test_columns(dir);
	test_values(dir);
	test_vanishing(dir);
	test_layout(dir);
	test_long(dir, 1500);
	test_long(dir, 10000);
	test_outgrown(dir);
	test_missing_file(dir);
	test_mm_stat(dir);
	test_counters();
	test_random(dir);
	test_full();
	close(dir);
	dir_remove(AT_FDCWD, top, NULL);
	return tap_done();
}
