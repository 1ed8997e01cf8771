// SPDX-License-Identifier: GPL-2.0-or-later
/* A suite's machine: read, written back, and looked for on a host. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/probe.h"
#include "harness/suite/kernel-args.h"
#include "harness/suite/suite.h"
#include "harness/sysctl.h"
#include "src/cleanup.h"
#include "src/file.h"
#include "src/macro.h"
#include "tests/tap.h"
#include "tests/trees.h"

#define MIB (1ull << 20)

static char dir[] = "/tmp/wring-test-machine.XXXXXX";

/* A file below the test's folder, whose directories are made. */
static void put(const char *name, const char *text)
{
	_cleanup_free_ char *path = path_join(dir, name), *parent = path ? strdup(path) : NULL;
	struct error err = {};

	if (parent)
		*strrchr(parent, '/') = '\0';
	if (!parent || dir_make(parent, &err) < 0 ||
	    file_write_atomic(AT_FDCWD, path, text, strlen(text), &err) < 0) {
		tap_ok(false, "write %s: %s", name, err.text);
		exit(tap_done());
	}
}

static struct machine_spec load(const char *path)
{
	struct machine_spec machine = {};
	struct error err = {};

	if (suite_machine_load(&machine, path, &err) < 0) {
		tap_ok(false, "%s", err.text);
		exit(tap_done());
	}
	return machine;
}

/* The machine of a YAML text. */
static struct machine_spec load_text(const char *text)
{
	_cleanup_free_ char *path = path_join(dir, "machine.yaml");
	_cleanup_free_ char *whole = text_format("machine: %s\n", text);

	put("machine.yaml", whole);
	return load(path);
}

static char *written(const struct machine_spec *machine)
{
	json_t *json = suite_machine_json(machine);
	char *text = json_dumps(json, JSON_INDENT(1));

	json_decref(json);
	return text;
}

static void check_nodes(const struct machine_spec *m)
{
	static const uint64_t sets[] = { 1 << 0 | 1 << 2, 1 << 1, 1 << 3, 0 };

	tap_eq_u64(m->node_count, 4, "nodes");
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++)
		tap_eq_u64(m->nodes[i].cpu_set, sets[i], "CPUs of node %zu", i);
	tap_eq_u64(m->nodes[3].size_bytes, 1024 * MIB, "a node's size in a map");
	tap_eq_u64(m->nodes[1].size_bytes, 256 * MIB, "and alone");
	tap_ok(m->has_distances, "distances");
	tap_eq_u64(m->distances[0][3], 255, "there");
	tap_eq_u64(m->distances[3][0], 254, "and back");
	tap_eq_u64(machine_bytes(m), 1920 * MIB, "all memory");
}

static void check_devices(const struct machine_spec *m)
{
	tap_eq_u64(m->swap_count, 3, "swap devices: none is none");
	tap_eq_i64(m->swaps[0].type, SWAP_ZRAM, "zram");
	tap_eq_str(m->swaps[0].algorithm, "zstd", "its algorithm");
	tap_eq_u64(m->swaps[0].priority, 100, "its priority");
	tap_eq_i64(m->swaps[1].type, SWAP_BRD, "brd");
	tap_ok(m->swaps[1].has_priority && m->swaps[1].priority == 0, "a priority of 0 is one");
	tap_eq_i64(m->swaps[2].type, SWAP_NULL_BLK, "null_blk");
	tap_ok(!m->swaps[2].has_priority, "the kernel's priority");
	tap_eq_u64(m->swaps[2].latency_ns, 80000, "its latency");
	tap_eq_u64(machine_swap_bytes(m), 224 * MIB, "all swap");
	tap_eq_i64(m->disk.filesystem, FILESYSTEM_XFS, "the disk's filesystem");
	tap_eq_u64(m->disk.bandwidth_bytes, 50 * MIB, "its bandwidth");
	tap_eq_u64(disk_room(&m->disk), (512 - 72 - 32) * MIB, "what the filesystem leaves");
}

static void test_read(void)
{
	_cleanup_free_ char *path = tree_path("suites/machine.yaml"), *text = NULL, *again = NULL;
	struct suite *suite = NULL;
	struct strlist none = {};
	struct error err = {};
	struct machine_spec machine;

	tap_eq_i64(suite_load(&suite, path, &none, NULL, &none, &err), 0, "machine.yaml loads%s",
		   err.text);
	if (!suite)
		exit(tap_done());
	check_nodes(&suite->machine);
	check_devices(&suite->machine);
	tap_eq_str(suite->machine.args, "transparent_hugepage=never dyndbg=\"file vmscan.c +p\"",
		   "args");
	tap_eq_u64(suite->machine.sysctl_count, 2, "sysctls");
	tap_eq_str(suite->machine.sysctls[1].value, "4 4 1 7", "a sysctl's value");

	text = written(&suite->machine);
	put("again.yaml", text);
	free(path);
	path = path_join(dir, "again.yaml");
	machine = load(path);
	again = written(&machine);
	tap_eq_str(again, text, "the machine as JSON loads as the same machine");
	check_nodes(&machine);
	check_devices(&machine);
	suite_machine_done(&machine);
	suite_free(suite);
}

static void test_defaults(void)
{
	struct machine_spec m = load_text("{cpus: 3, nodes: [64M, 64M], swap: none, disk: none}");
	_cleanup_free_ char *text = written(&m);

	tap_eq_u64(m.nodes[0].cpu_set, 5, "CPUs go round the nodes");
	tap_eq_u64(m.nodes[1].cpu_set, 2, "all of them");
	tap_eq_u64(m.swap_count, 0, "no swap");
	tap_ok(!strstr(text, "distances") && !strstr(text, "sysctl") && !strstr(text, "args"),
	       "what is not asked for is not written");
	suite_machine_done(&m);
	m = load_text("{disk: {type: tmpfs, size: 512M}, swap: []}");
	tap_eq_i64(m.disk.type, DISK_TMPFS, "a tmpfs");
	tap_eq_u64(disk_room(&m.disk), 512 * MIB, "keeps nothing");
	suite_machine_done(&m);
	m = load_text("{disk: {type: null_blk, size: 64M}, swap: {type: zram, size: 64M}}");
	tap_eq_i64(m.disk.filesystem, FILESYSTEM_EXT4, "ext4 unless given");
	tap_eq_u64(m.swap_count, 1, "swap as a map is one device");
	suite_machine_done(&m);
}

static void test_args(void)
{
	_cleanup_free_ char *own = kernel_args_own(true, true),
			    *wall = kernel_args_own(false, true);
	_cleanup_strlist_ struct strlist words = {}, quoted = {};

	tap_eq_i64(kernel_args_split(own, &words), 0, "wring's own arguments are words");
	for (size_t i = 0; i < words.count; i++)
		tap_ok(kernel_arg_refusal(words.items[i]), "%s is not the suite's", words.items[i]);
	tap_ok(strstr(own, "tsc_early_khz") && !strstr(wall, "tsc_early_khz"),
	       "what the clock of instructions needs is said with it alone");
	tap_ok(kernel_arg_refusal("init=/bin/sh") && kernel_arg_refusal("console=tty0,9600") &&
		       kernel_arg_refusal("\"rdinit=/x\"") && kernel_arg_refusal("tsc-early-khz=1"),
	       "nor is another value, nor another spelling");
	tap_ok(!kernel_arg_refusal("transparent_hugepage=never") && !kernel_arg_refusal("initx") &&
		       !kernel_arg_refusal("nohugevmalloc"),
	       "others are");
	tap_eq_i64(kernel_args_split(" a \"b c\"  d=\"e f\"g ", &quoted), 0, "quotes");
	tap_eq_u64(quoted.count, 3, "keep blanks");
	tap_eq_str(quoted.items[2], "d=\"e f\"g", "inside of a word, too");
	tap_eq_i64(kernel_args_split("a \"b", &quoted), -EINVAL, "an open quote");
}

/* A host as the files of /proc and /sys tell it. */
static void make_host(void)
{
	put("host/proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n"
			       "/dev/sda2 partition 1048572 0 -2\n"
			       "/dev/zram0 partition 131068 0 100\n"
			       "/dev/zram1 partition 65532 0 -3\n");
	put("host/proc/self/mounts", "/dev/sda1 / ext4 rw 0 0\n/dev/sdb /disk xfs rw 0 0\n"
				     "none /disk tmpfs rw 0 0\n");
	put("host/proc/cmdline", "root=/dev/sda1 quiet psi=1\n");
	put("host/proc/sys/vm/overcommit_memory", "0\n");
	put("host/proc/sys/kernel/printk", "4\t4\t1\t7\n");
	put("host/sys/devices/system/node/node0/cpulist", "0-1,70\n");
	put("host/sys/devices/system/node/node0/distance", "10 20 20\n");
	put("host/sys/devices/system/node/node1/cpulist", "\n");
	put("host/sys/devices/system/node/node1/distance", "20 10 20\n");
	put("host/sys/devices/system/node/node2/cpulist", "5\n");
	put("host/sys/devices/system/node/node2/distance", "20 20 10\n");
}

static void test_host(void)
{
	static const struct {
		const char *machine, *missing; /* NULL: nothing */
	} cases[] = {
		{ "{}", NULL },
		{ "{cpus: 2, nodes: [{size: 64M, cpus: 0-1}, {size: 64M, cpus: none}],"
		  " distances: [[10, 20], [20, 10]]}",
		  NULL },
		{ "{nodes: [64M, 64M, 64M, 64M]}", "4 NUMA nodes, this host has 3" },
		{ "{nodes: [64M, 64M, {size: 64M, cpus: none}]}",
		  "node 2 with CPUs none, this host's has 5" },
		{ "{cpus: 2, nodes: [{size: 64M, cpus: 0}, {size: 64M, cpus: 1}]}",
		  "node 1 with CPUs 1, this host's has none" },
		{ "{nodes: [64M, 64M], distances: [[10, 21], [20, 10]]}",
		  "a distance of 21 from node 0 to node 1, it is 20" },
		{ "{swap: [{type: zram, size: 64M}, {type: zram, size: 128M, priority: 100}]}",
		  NULL },
		{ "{swap: [{type: zram, size: 64M}, {type: zram, size: 128M}]}", NULL },
		{ "{swap: {type: zram, size: 1G}}", "swap on zram of 1G, this host has /dev/sda2, "
						    "1.00 GiB of priority -2; /dev/zram0" },
		{ "{swap: {type: brd, size: 1M}}", "swap on brd of 1M" },
		{ "{swap: {type: zram, size: 1M, priority: 7}}",
		  "swap on zram of 1M and priority 7" },
		{ "{disk: {type: tmpfs, size: 16M}}", NULL },
		{ "{disk: {type: null_blk, size: 512M, filesystem: xfs}}",
		  "asks for xfs on /disk, on this host tmpfs" },
		{ "{args: quiet psi=1}", NULL },
		{ "{args: psi=0}", "the kernel argument «psi=0», this host was booted without it" },
		{ "{sysctl: {vm.overcommit_memory: 0, kernel.printk: 4 4  1 7}}", NULL },
		{ "{sysctl: {vm.overcommit_memory: 1}}",
		  "sysctl vm.overcommit_memory = 1, this host has 0" },
		{ "{sysctl: {vm.no_such: 1}}", "sysctl vm.no_such: this kernel has none" },
	};
	_cleanup_free_ char *root = path_join(dir, "host");
	_cleanup_fsroot_ struct fsroot fs = { -1, -1, -1 };
	struct error err = {};

	make_host();
	tap_eq_i64(fsroot_open(&fs, root, &err), 0, "the host's files%s", err.text);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct machine_spec machine = load_text(cases[i].machine);
		struct error why = {};
		int r = probe_shape(&fs, &machine, &why);

		tap_ok(cases[i].missing ? r < 0 && strstr(why.text, cases[i].missing) : r == 0,
		       "%s on the host: %s", cases[i].machine, r < 0 ? why.text : "all there");
		suite_machine_done(&machine);
	}
}

static void test_sysctl_set(void)
{
	_cleanup_free_ char *root = path_join(dir, "host");
	_cleanup_fsroot_ struct fsroot fs = { -1, -1, -1 };
	const struct setting good = { (char *)"vm.overcommit_memory", (char *)"2" };
	const struct setting absent = { (char *)"vm.no_such", (char *)"2" };
	const struct setting full = { (char *)"vm.full", (char *)"2" };
	char line[10] = "";
	struct error err = {};

	if (fsroot_open(&fs, root, &err) < 0 || symlinkat("/dev/full", fs.proc, "sys/vm/full") < 0)
		tap_ok(false, "%s", err.text);
	tap_eq_i64(sysctl_set(&fs, &good, &err), 0, "a sysctl is set%s", err.text);
	file_read_line(fs.proc, "sys/vm/overcommit_memory", line, sizeof(line));
	tap_eq_str(line, "2", "to its value");
	tap_eq_i64(sysctl_set(&fs, &absent, &err), -ENOENT, "one that is not there");
	tap_eq_i64(sysctl_set(&fs, &full, &err), -ENOSPC, "one that refuses it");
	tap_ok(strstr(err.text, "vm.full") && strstr(err.text, "No space"), "says what: %s",
	       err.text);
}

int main(void)
{
	struct error err = {};

	if (!mkdtemp(dir)) {
		tap_ok(false, "mkdtemp: %s", strerror(errno));
		return tap_done();
	}
	test_read();
	test_defaults();
	test_args();
	test_host();
	test_sysctl_set();
	tap_eq_i64(dir_remove(AT_FDCWD, dir, &err), 0, "what was made is removed");
	return tap_done();
}
