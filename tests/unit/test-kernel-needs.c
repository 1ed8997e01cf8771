// SPDX-License-Identifier: GPL-2.0-or-later
/* What a suite needs of a kernel, told by its config. */
#include "harness/vm/kernel-needs.h"

#include <errno.h>
#include <fcntl.h>

#include "harness/vm/kernel-config.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "tests/tap.h"

#define MACHINE(text) "suite: needs\nmachine: {" text "}\nscenarios:\n"
#define SCENARIO(keys, workload)                                                                   \
	"  - name: s\n    seeds: \"1\"\n" keys "    workloads: [{" workload "}]\n"
#define ANON  "anon: {size: 8M}"
#define PLAIN "nodes: [256M], swap: none"

/* A config that has all but what is named; "" has everything. */
static const struct {
	const char *suite, *without, *with, *want; /* want: lines, NULL: it passes */
} cases[] = {
	{ MACHINE(PLAIN) SCENARIO("", ANON), "ZRAM NUMA SMP FTRACE PSI LRU_GEN EXT4_FS SWAP", "",
	  NULL },
	{ MACHINE(PLAIN) SCENARIO("", ANON), "MEMCG", "", "CONFIG_MEMCG for cgroups" },
	{ MACHINE("nodes: [256M], swap: {type: zram, size: 64M}") SCENARIO("", ANON), "ZRAM", "",
	  "CONFIG_ZRAM for machine.swap of type zram" },
	{ MACHINE("nodes: [256M], swap: {type: zram, size: 64M, algorithm: lz4}")
		  SCENARIO("", ANON),
	  "CRYPTO_LZ4", "ZRAM_BACKEND_LZ4 ZRAM_BACKEND_ZSTD", NULL },
	{ MACHINE("nodes: [256M], swap: {type: zram, size: 64M, algorithm: lzo-rle}")
		  SCENARIO("", ANON),
	  "ZRAM_BACKEND_LZO", "ZRAM_BACKEND_ZSTD CRYPTO_LZO",
	  "CONFIG_ZRAM_BACKEND_LZO for machine.swap.algorithm lzo-rle" },
	{ MACHINE("nodes: [256M], swap: {type: zram, size: 64M, algorithm: lz4}")
		  SCENARIO("", ANON),
	  "CRYPTO_LZ4", "", "CONFIG_CRYPTO_LZ4 for machine.swap.algorithm lz4" },
	{ MACHINE("nodes: [256M, 256M], cpus: 2, swap: none") SCENARIO("", ANON), "NUMA SMP", "",
	  "CONFIG_NUMA for several machine.nodes\n  CONFIG_SMP for several machine.cpus" },
	{ MACHINE("nodes: [256M], disk: {type: null_blk, size: 64M}") SCENARIO("", ANON),
	  "EXT4_FS BLK_DEV_NULL_BLK", "", "CONFIG_EXT4_FS for the filesystem on machine.disk" },
	{ MACHINE("disk: {type: null_blk, size: 320M, filesystem: xfs}") SCENARIO("", ANON),
	  "EXT4_FS", "BTRFS_FS", "CONFIG_XFS_FS for the filesystem on machine.disk" },
	{ MACHINE("disk: {type: tmpfs, size: 64M}") SCENARIO("", ANON), "EXT4_FS BLK_DEV_NULL_BLK",
	  "", NULL },
	{ MACHINE("swap: [{type: zram, size: 64M}, {type: brd, size: 8M}], sysctl: "
		  "{vm.overcommit_memory: 1}") SCENARIO("", ANON),
	  "", "",
	  "CONFIG_BLK_DEV_RAM for machine.swap of type brd\n  CONFIG_SYSCTL for machine.sysctl" },
	{ MACHINE(PLAIN) SCENARIO("    trace: true\n", ANON), "FTRACE", "",
	  "CONFIG_FTRACE for trace: true" },
	{ MACHINE(PLAIN) SCENARIO("    expect: [psi.io.full_share == 0]\n", ANON), "PSI", "",
	  "CONFIG_PSI for what is expected" },
	{ MACHINE(PLAIN) SCENARIO("    knobs: {lru_gen: mglru, thp: always}\n", ANON),
	  "LRU_GEN TRANSPARENT_HUGEPAGE", "",
	  "CONFIG_LRU_GEN for knobs.lru_gen (scenario s)\n  CONFIG_TRANSPARENT_HUGEPAGE for "
	  "knobs.thp (scenario s)" },
	{ MACHINE(PLAIN) SCENARIO("    knobs: {zswap: true}\n", ANON), "ZSWAP", "",
	  "CONFIG_ZSWAP for knobs.zswap (scenario s)" },
	{ MACHINE(PLAIN) SCENARIO("    knobs: {vm.compaction_proactiveness: 20}\n", ANON),
	  "COMPACTION", "", "CONFIG_COMPACTION for knobs.vm.compaction_proactiveness" },
	{ MACHINE(PLAIN) SCENARIO("", "anon: {size: 8M, thp: always}"), "TRANSPARENT_HUGEPAGE", "",
	  "CONFIG_TRANSPARENT_HUGEPAGE for workload anon, thp: always (scenario s)" },
	{ MACHINE(PLAIN) SCENARIO("", "anon: {size: 8M}"), "TRANSPARENT_HUGEPAGE", "", NULL },
	{ MACHINE(PLAIN) SCENARIO("", "shmem: {size: 8M}"), "SHMEM", "",
	  "CONFIG_SHMEM for workload shmem (scenario s)" },
};

static const char all[] = "BLK_DEV_INITRD DEVTMPFS TMPFS SERIAL_8250_CONSOLE PCI MEMCG SWAP ZRAM "
			  "BLK_DEV_NULL_BLK CONFIGFS_FS EXT4_FS NUMA ACPI_NUMA SMP FTRACE "
			  "EVENT_TRACING PSI ZSWAP LRU_GEN MIGRATION TRANSPARENT_HUGEPAGE SHMEM "
			  "COMPACTION HUGETLBFS IO_URING UNIX EPOLL EVENTFD SYSVIPC";

static bool has_word(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = words; (p = strstr(p, word)); p += len)
		if ((p == words || p[-1] == ' ') && (p[len] == ' ' || !p[len]))
			return true;
	return false;
}

/* Writes the config of a case; =m, which must do as well as =y. */
static int write_config(const char *path, const char *without, const char *with)
{
	_cleanup_free_ char *words = text_format("%s %s", all, with);
	char text[4000] = "", *save = NULL;
	size_t at = 0;

	for (char *word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save))
		if (!has_word(without, word))
			at += (size_t)snprintf(text + at, sizeof(text) - at, "CONFIG_%s=m\n", word);
	return file_write_atomic(AT_FDCWD, path, text, at, NULL);
}

/* One line: a test's point has no more. */
static const char *flat(char *text)
{
	for (char *p = text; *p; p++)
		if (*p == '\n')
			*p = ';';
	return text;
}

static struct suite *load(const char *path, const char *text)
{
	struct strlist none = {};
	struct suite *suite = NULL;
	struct error err = {};

	if (file_write_atomic(AT_FDCWD, path, text, strlen(text), &err) < 0 ||
	    suite_load(&suite, path, &none, NULL, &none, &err) < 0)
		tap_ok(false, "%s", err.text);
	return suite;
}

/* The fragment as a file. */
static int write_fragment(const char *path, const struct suite *suite)
{
	FILE *f = fopen(path, "w");
	int r = f ? kernel_config_write(f, suite) : -errno;

	if (f && fclose(f) != 0)
		r = -errno;
	return r;
}

static unsigned count_lines(const char *text, const char *line)
{
	unsigned n = 0;

	for (const char *p = text; (p = strstr(p, line)); p++)
		n += (p == text || p[-1] == '\n') && p[strlen(line)] == '\n';
	return n;
}

/* What wring says a kernel needs is all that it asks a kernel for. */
static void test_fragment(const char *config, const char *suite_path)
{
	const struct strlist none = {};
	struct kernel kernel = { .name = (char *)"k", .release = (char *)"6.9" };
	struct kernel *kernels[] = { &kernel };
	struct suite *suite = NULL;
	struct error err = {};

	if (suite_load(&suite, suite_path, &none, NULL, &none, &err) < 0) {
		tap_ok(false, "%s", err.text);
		return;
	}
	kernel.config = (char *)config;
	for (int whole = 0; whole < 2; whole++) {
		_cleanup_free_ char *text = NULL;

		tap_eq_i64(write_fragment(config, whole ? NULL : suite), 0, "%s: a fragment%s",
			   suite->name, whole ? " for any suite" : "");
		tap_eq_i64(kernel_needs_check(kernels, 1, suite, &err), 0, "%s: it has all (%s)",
			   suite->name, flat(err.text));
		if (file_read(AT_FDCWD, config, &text, NULL, NULL) < 0)
			continue;
		tap_eq_u64(count_lines(text, "CONFIG_MEMCG=y"), 1, "each option once");
	}
	suite_free(suite);
}

static void test_fragments(const char *config)
{
	static const char *const names[] = { "tour", "gate", "causes", "workloads" };
	const char *srcdir = getenv("srcdir");
	_cleanup_free_ char *text = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *path =
			text_format("%s/suites/%s.yaml", srcdir ? srcdir : ".", names[i]);

		test_fragment(config, path);
	}
	write_fragment(config, NULL);
	if (file_read(AT_FDCWD, config, &text, NULL, NULL) < 0)
		return;
	tap_ok(strstr(text, "CONFIG_ZRAM_BACKEND_LZ4=y\nCONFIG_CRYPTO_LZ4=y\n") != NULL,
	       "a compressor, wherever the release has it");
	tap_ok(!strchr(text, '|'), "an option a line");
	tap_ok(strstr(text, "\n# for the filesystem on machine.disk\nCONFIG_EXT4_FS=y\n") != NULL,
	       "and what it is for");
}

int main(void)
{
	char dir[] = "/tmp/wring-test-needs-XXXXXX";
	_cleanup_free_ char *config = NULL, *yaml = NULL;
	struct kernel kernel = { .name = (char *)"k", .release = (char *)"6.9" };
	struct kernel *kernels[] = { &kernel, &kernel };
	struct error err = {};

	if (!mkdtemp(dir))
		return EXIT_FAILURE;
	config = path_join(dir, "config");
	yaml = path_join(dir, "suite.yaml");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct suite *suite = load(yaml, cases[i].suite);
		bool said;
		int r;

		if (!suite)
			continue;
		kernel.config = config;
		err = (struct error){};
		r = write_config(config, cases[i].without, cases[i].with);
		if (r == 0)
			r = kernel_needs_check(kernels, 1, suite, &err);
		said = !cases[i].want || strstr(err.text, cases[i].want);
		tap_ok(r == (cases[i].want ? -EOPNOTSUPP : 0) && said, "case %zu: %s", i,
		       cases[i].want ? flat(err.text) : "nothing is missing");
		kernel.config = NULL;
		tap_eq_i64(kernel_needs_check(kernels, 1, suite, &err), 0,
			   "case %zu: an unknown config passes", i);
		suite_free(suite);
	}
	{
		struct suite *suite = load(yaml, cases[1].suite);
		const char *again = NULL;

		kernel.config = config;
		write_config(config, "MEMCG", "");
		kernel_needs_check(kernels, 2, suite, &err);
		again = strstr(err.text, "kernel k (6.9) lacks");
		again = again ? strstr(again + 1, "kernel k (6.9) lacks") : NULL;
		tap_ok(again != NULL, "each kernel in one message: %s", flat(err.text));
		suite_free(suite);
	}
	test_fragments(config);
	dir_remove(AT_FDCWD, dir, NULL);
	return tap_done();
}
