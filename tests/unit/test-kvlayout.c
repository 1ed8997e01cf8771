// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Counter files of two real kernels (tests/fixtures/linux-*): what the reader finds in them, and
 * that the learned layout, which looks for no key, finds the same in any later text.
 */
#include <fcntl.h>

#include "src/cleanup.h"
#include "src/file.h"
#include "src/kvlayout.h"
#include "src/macro.h"
#include "src/rng.h"
#include "tests/tap.h"

#define CGROUP "sys/fs/cgroup/box/"
#define NODE   "sys/devices/system/node/node1/"

static const struct {
	const char *path;
	enum kv_shape shape;
} files[] = {
	{ "proc/vmstat", KV_SHAPE_FLAT },
	{ "proc/meminfo", KV_SHAPE_FLAT },
	{ "proc/zoneinfo", KV_SHAPE_ZONES },
	{ "proc/buddyinfo", KV_SHAPE_BUDDY },
	{ "proc/pressure/memory", KV_SHAPE_PSI },
	{ NODE "vmstat", KV_SHAPE_FLAT },
	{ NODE "meminfo", KV_SHAPE_NODE },
	{ NODE "numastat", KV_SHAPE_FLAT },
	{ "sys/block/zram0/mm_stat", KV_SHAPE_MM_STAT },
	{ CGROUP "memory.stat", KV_SHAPE_FLAT },
	{ CGROUP "memory.numa_stat", KV_SHAPE_NUMA },
	{ CGROUP "memory.current", KV_SHAPE_SINGLE },
	{ CGROUP "memory.events", KV_SHAPE_FLAT },
	{ CGROUP "memory.pressure", KV_SHAPE_PSI },
	{ CGROUP "io.stat", KV_SHAPE_IO },
	{ CGROUP "cpu.stat", KV_SHAPE_FLAT },
};

static const char *const kernels[] = { "linux-6.1", "linux-6.12" };

static char *fixture(const char *kernel, const char *path, size_t *ret_len)
{
	const char *top = getenv("srcdir");
	_cleanup_free_ char *whole =
		text_format("%s/tests/fixtures/%s/%s", top ? top : ".", kernel, path);
	char *text = NULL;

	if (!whole || file_read(AT_FDCWD, whole, &text, ret_len, NULL) < 0)
		tap_ok(false, "%s/%s is read", kernel, path);
	return text;
}

/* What the reader says of a name, added up; KV_MISSING when it says nothing. */
static uint64_t look_up(enum kv_shape shape, const char *text, size_t len, const char *name)
{
	uint64_t sum = KV_MISSING;
	struct kv_reader r;
	struct kv_value v;

	kv_reader_init(&r, shape, text, text + len);
	while (kv_reader_next(&r, &v))
		if (streq(v.name, name))
			sum = sum == KV_MISSING ? v.value : sum + v.value;
	return sum;
}

static void check_value(enum kv_shape shape, const char *text, const char *name, uint64_t want)
{
	tap_eq_u64(look_up(shape, text, strlen(text), name), want, "%s",
		   *name ? name : "(no name)");
}

static void test_shapes(void)
{
	static const char zones[] =
		"Node 0, zone      DMA\n  per-node stats\n      nr_dirty     7\n      high 9\n"
		"  pages free     3808\n        boost    1\n        min      190\n"
		"        low      237\n        high     284\n        promo    331\n"
		"        spanned  4095\n        managed  3840\n        protection: (0, 695)\n"
		"      nr_free_pages 3808\n  pagesets\n    cpu: 0\n              high:  14\n"
		"              high  15\nNode 1, zone   Normal\n  pages free     5\n        high "
		"6\n";
	static const char buddy[] = "Node 0, zone      DMA      1      0      3 \n"
				    "Node 1, zone    DMA32     10     20     30 \n";
	static const char numa[] = "anon N0=4096 N1=8192\nfile N0=1 N1=2\n";
	static const char io[] = "253:0 rbytes=10 wbytes=20 rios=1 wios=2\n"
				 "254:16 rbytes=5 wbytes=0 rios=1 wios=0\n8:0 \n";

	check_value(KV_SHAPE_ZONES, zones, "node0.DMA.free", 3808);
	check_value(KV_SHAPE_ZONES, zones, "node0.DMA.high", 284);
	check_value(KV_SHAPE_ZONES, zones, "node0.DMA.promo", 331);
	check_value(KV_SHAPE_ZONES, zones, "node0.DMA.managed", 3840);
	check_value(KV_SHAPE_ZONES, zones, "node0.DMA.spanned", KV_MISSING);
	check_value(KV_SHAPE_ZONES, zones, "node1.Normal.free", 5);
	check_value(KV_SHAPE_ZONES, zones, "node1.Normal.high", 6);
	check_value(KV_SHAPE_BUDDY, buddy, "node0.DMA.order0", 1);
	check_value(KV_SHAPE_BUDDY, buddy, "node0.DMA.order2", 3);
	check_value(KV_SHAPE_BUDDY, buddy, "node1.DMA32.order1", 20);
	check_value(KV_SHAPE_BUDDY, buddy, "node1.DMA32.order3", KV_MISSING);
	check_value(KV_SHAPE_NUMA, numa, "anon.N1", 8192);
	check_value(KV_SHAPE_NUMA, numa, "file.N0", 1);
	check_value(KV_SHAPE_IO, io, "rbytes", 15);
	check_value(KV_SHAPE_IO, io, "wios", 2);
	check_value(KV_SHAPE_SCHEDSTAT, "123 456 7\n", "wait_ns", 456);
	check_value(KV_SHAPE_MM_STAT, "  4096   74 0 0 8192 1 0 2 3 99\n", "compr_data_size", 74);
	check_value(KV_SHAPE_NODE, "Node 0 MemFree:   99 kB\n", "MemFree", 99);
	check_value(KV_SHAPE_PSI, "some avg10=0.12 avg60=3.00 total=1234\n", "some.total", 1234);
	check_value(KV_SHAPE_SINGLE, "max\n", "", UINT64_MAX);
	check_value(KV_SHAPE_FLAT, "a 12x\nab 3\n", "a", KV_MISSING);
	check_value(KV_SHAPE_FLAT, "MemTotal:       5 kB\n", "MemTotal", 5);
}

/* Replaces each number that may change by a random one of 1 to 12 digits. */
static size_t mutate(const char *text, size_t len, struct rng *rng, char *ret)
{
	size_t out = 0;

	for (size_t i = 0; i < len; i++) {
		bool number = text[i] >= '0' && text[i] <= '9' && i && strchr("= ", text[i - 1]) &&
			      (i < 5 || memcmp(text + i - 5, "Node ", 5) != 0);

		if (!number) {
			ret[out++] = text[i];
			continue;
		}
		while (i + 1 < len && text[i + 1] >= '0' && text[i + 1] <= '9')
			i++;
		out += (size_t)sprintf(ret + out, "%" PRIu64,
				       rng_next(rng) >> (24 + rng_below(rng, 38)));
	}
	return out;
}

/* The layout's values of a text against the reader's. */
static unsigned count_wrong(const struct kv_layout *l, enum kv_shape shape, const char *text,
			    size_t len, const uint64_t *values)
{
	unsigned wrong = 0;

	for (size_t i = 0; i < kv_layout_count(l); i++) {
		uint64_t want = look_up(shape, text, len, kv_layout_name(l, i));

		if (want == KV_MISSING && shape == KV_SHAPE_IO)
			want = 0;
		wrong += values[i] != want;
	}
	return wrong;
}

/* Without the line that holds the middle. */
static size_t drop_line(const char *text, size_t len, char *ret)
{
	size_t begin = len / 2, end = len / 2;

	while (begin && text[begin - 1] != '\n')
		begin--;
	while (end < len && text[end] != '\n')
		end++;
	end += end < len;
	memcpy(ret, text, begin);
	memcpy(ret + begin, text + end, len - end);
	return len - (end - begin);
}

static void check_file(const char *kernel, const char *path, enum kv_shape shape)
{
	struct rng rng;
	size_t len = 0, n;
	_cleanup_free_ char *text = fixture(kernel, path, &len);
	_cleanup_free_ char *other = calloc(16, len + 64);
	_cleanup_free_ uint64_t *values = NULL;
	struct kv_layout *l = NULL;
	unsigned wrong = 0, changed = 0;

	if (!text || !other || kv_layout_new(&l, shape, text, len, NULL) < 0) {
		tap_ok(false, "%s/%s", kernel, path);
		return;
	}
	values = calloc(kv_layout_count(l) + 1, sizeof(*values));
	tap_ok(kv_layout_count(l) > 0 && !kv_layout_read(l, text, len, values) &&
		       !count_wrong(l, shape, text, len, values),
	       "%s/%s: %zu values, by its layout", kernel, path, kv_layout_count(l));
	rng_seed(&rng, 1);
	for (unsigned i = 0; i < 50; i++) {
		n = mutate(text, len, &rng, other);
		changed += kv_layout_read(l, other, n, values);
		wrong += count_wrong(l, shape, other, n, values);
	}
	tap_eq_u64(wrong, 0, "and of 50 later texts");
	tap_eq_u64(changed, 0, "none of which had another layout");
	n = drop_line(text, len, other);
	kv_layout_read(l, other, n, values);
	tap_eq_u64(count_wrong(l, shape, other, n, values), 0,
		   "a line less: its values are missing");
	tap_ok(!kv_layout_read(l, other, n, values), "which is a layout, too");
	kv_layout_read(l, text, len, values);
	tap_eq_u64(count_wrong(l, shape, text, len, values), 0, "the line is back: so are they");
	/* Cut anywhere, it is read as far as it goes. */
	wrong = 0;
	for (size_t cut = 0; cut < len; cut += 1 + len / 40) {
		kv_layout_read(l, text, cut, values);
		wrong += count_wrong(l, shape, text, cut, values);
	}
	tap_eq_u64(wrong, 0, "cut off anywhere");
	kv_layout_free(l);
}

/* More than the layout has room for: values are still right, and every read says «changed». */
static void test_outgrown(void)
{
	_cleanup_free_ char *text = calloc(1, 100000);
	struct kv_layout *l = NULL;
	uint64_t values[2];
	size_t n = 0;

	if (kv_layout_new(&l, KV_SHAPE_FLAT, "a 1\nb 2\n", 8, NULL) < 0) {
		tap_ok(false, "a layout");
		return;
	}
	for (unsigned i = 0; i < 2000; i++)
		n += (size_t)sprintf(text + n, "key_%u %u\n", i, i);
	n += (size_t)sprintf(text + n, "b 77\n");
	for (unsigned i = 0; i < 2; i++) {
		tap_ok(kv_layout_read(l, text, n, values), "a file that has outgrown its layout");
		tap_ok(values[0] == KV_MISSING && values[1] == 77, "is read all the same");
	}
	tap_ok(kv_layout_read(l, "a 5\nb 6\n", 8, values) && values[0] == 5 && values[1] == 6,
	       "and again when it is small");
	tap_ok(!kv_layout_read(l, "a 7\nb 8\n", 8, values) && values[0] == 7, "by its layout");
	kv_layout_free(l);
}

/* A cgroup's io.stat is empty before the first request: 0, not missing; devices come later. */
static void test_io(void)
{
	static const char text[] = "8:0 rbytes=7 wbytes=1 rios=1 wios=1 dbytes=0 dios=0\n";
	struct kv_layout *l = NULL;
	uint64_t values[6];

	if (kv_layout_new(&l, KV_SHAPE_IO, "", 0, NULL) < 0) {
		tap_ok(false, "a layout");
		return;
	}
	tap_eq_u64(kv_layout_count(l), 6, "io.stat has its six values before the first device");
	kv_layout_read(l, "", 0, values);
	tap_eq_u64(values[0], 0, "which are 0");
	kv_layout_read(l, text, strlen(text), values);
	tap_eq_u64(values[0], 7, "until there is one");
	kv_layout_free(l);
}

int main(void)
{
	test_shapes();
	for (size_t k = 0; k < ARRAY_SIZE(kernels); k++)
		for (size_t i = 0; i < ARRAY_SIZE(files); i++)
			check_file(kernels[k], files[i].path, files[i].shape);
	test_outgrown();
	test_io();
	return tap_done();
}
