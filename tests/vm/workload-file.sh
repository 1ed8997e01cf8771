#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The file generator on a real kernel: what each engine, advice and limit does to the page cache, by
# the generator's own accounts and by the kernel's.
# shellcheck shell=sh disable=SC2154 # $code, $out, $err and $scratch come from tap.sh
. "${srcdir:-.}/tests/tap.sh"

cd "$scratch" || exit 1
MIB=1048576

# try NAME TEXT: runs the scenario on stdin, given without its name.
try() {
	{
		printf 'suite: %s\nmachine: {cpus: 1, nodes: [768M, 256M], swap: {type: zram, size: 512M}}\n' "$1"
		printf 'defaults: {sample: 500ms, seeds: "1", timeout: 30s}\nscenarios:\n  - name: %s\n' "$1"
		cat
	} >"$1.yaml"
	run "$WRING" run "$1.yaml" --out "$1"
	is_code 0 "$2"
	trial=$1/$1/host/seed-1
}

# metric NAME: of the last trial.
metric() {
	tr -d ' \n' <"$trial/trial.json" | sed -n "s|.*\"$1\":{\"value\":\([0-9.e+]*\).*|\1|p"
}

# between METRIC LOW HIGH NAME
between() {
	got=$(metric "$1")
	if awk "BEGIN { exit !(\"$got\" != \"\" && $got + 0 >= $2 && $got + 0 <= $3) }"; then
		ok "$4: $got"
	else
		not_ok "$4" "$1 is «$got», want $2 to $3"
	fi
}

# --- a limit: the classic LRU keeps nothing of a file twice its size

try seq "two passes over a file twice the limit" <<'E2'
    knobs: {lru_gen: classic}
    cgroups: {box: {memory.max: 32M}}
    workloads: [{file: {size: 64M, passes: 2, verify: true, dir: /disk}}]
E2
# The first pass is cold and leaves shadows; in the second each page is a refault.
between cgroup.box.refault_file 16384 16384 "the second pass refaults each page"
between io.read $((128 * MIB)) $((129 * MIB)) "both read the whole file, and its map"
between work.file.ops 32768 32768 "which is two passes of 4K accesses"
between work.file.errors 0 0 "the contents are as they were written"
# The worker's own memory and what reclaim took ahead are some hundreds of pages.
between cgroup.box.file_max $((28 * MIB)) $((32 * MIB)) "the limit's worth of it is cached"

try fits "two passes over a file that fits" <<'E2'
    cgroups: {box: {memory.max: 32M}}
    workloads: [{file: {size: 16M, passes: 2, dir: /disk}}]
E2
between cgroup.box.refault_file 0 0 "nothing is read again"
between io.read $((16 * MIB)) $((17 * MIB)) "it is read once"
# Beside the file: blocks of the filesystem's own.
between cgroup.box.file_end $((16 * MIB)) $((17 * MIB)) "it is cached, whole and once"

try warm "a file that is not dropped first" <<'E2'
    cgroups: {box: {}}
    workloads: [{file: {size: 16M, cold: false, dir: /disk}}]
E2
between io.read 0 $((MIB / 2)) "cold: false: nothing is read"

# --- mmap: a fault each page

try mmap "a mapping, without read-ahead" <<'E2'
    cgroups: {box: {memory.max: 32M}}
    workloads: [{file: {size: 16M, engine: mmap, fadvise: random, passes: 2, verify: true, dir: /disk}}]
E2
between cgroup.box.major_faults 4096 4096 "each page is a major fault, once"
between work.file.errors 0 0 "the contents are as they were written"

try mmap-over "a mapping twice the limit, read and written in any order" <<'E2'
    cgroups: {box: {memory.max: 16M}}
    workloads:
      - file: {size: 32M, engine: mmap, fadvise: random, pattern: uniform, write: 50%, ops: 24576, verify: true, dir: /disk}
E2
between work.file.errors 0 0 "no page came back changed from writeback and reclaim"
between cgroup.box.scanned_direct 4096 1e9 "reclaim has looked at more than a limit's worth"
between cgroup.box.refault_file 4096 1e9 "and more than that came back"

# --- io_uring

try uring "io_uring: read and written over the limit" <<'E2'
    cgroups: {box: {memory.max: 24M}}
    workloads:
      - file: {size: 48M, engine: io_uring, depth: 32, pattern: uniform, write: 50%, passes: 3, verify: true, threads: 2, files: 4, dir: /disk}
E2
between work.file.errors 0 0 "no block came back changed"
between work.file.ops 36864 36864 "all operations finished"
# The limit full, an access misses by 1/2: 20,300 of them; 11,700 blocks are touched a first time.
between cgroup.box.refault_file 6144 1e9 "more than a limit's worth came back"

try rate "io_uring under a rate" <<'E2'
    cgroups: {box: {memory.max: 24M}}
    workloads: [{file: {size: 48M, engine: io_uring, pattern: uniform, rate: 2000, ops: 1000, dir: /disk}}]
E2
between work.file.ops 1000 1000 "each was done"
between work.file.latency.p50 1 499999 "and seen to end before the next was due"

# --- direct: no page cache

for engine in pread io_uring; do
	try direct-$engine "O_DIRECT by $engine" <<E2
    cgroups: {box: {}}
    workloads: [{file: {size: 16M, engine: $engine, direct: true, passes: 2, verify: true, dir: /disk}}]
E2
	between io.read $((32 * MIB)) $((33 * MIB)) "each pass reads from the disk"
	between cgroup.box.file_max 0 $((MIB / 2)) "and leaves no page cache"
	between work.file.errors 0 0 "the contents are as they were written"
done

# --- writes

try fsync "writes with fsync" <<'E2'
    cgroups: {box: {}}
    workloads: [{file: {size: 16M, write: 100%, fsync: 16, dir: /disk}}]
E2
between work.file.fsyncs 256 256 "fsync after every 16 writes"
# Each may commit the inode: a journal's descriptor, that block, its commit; and the block itself.
between io.written $((16 * MIB)) $((16 * MIB + 256 * 4 * 4096)) "each block is written once"
between io.read 0 $((MIB / 2)) "and none is read to be overwritten whole"

before=$(grep . /proc/sys/vm/dirty_*)
try dirty "a writer that meets the dirty limit" <<'E2'
    sample: 200ms
    knobs: {vm.dirty_background_bytes: 8388608, vm.dirty_bytes: 16777216}
    cgroups: {box: {}}
    workloads: [{file: {size: 96M, write: 100%, dir: /disk}}]
E2
# Writeback begins at 8M, 2048 pages, and cleans 4M at a time (MIN_WRITEBACK_PAGES, fs/fs-writeback.c);
# writers wait at 16M, 4096 pages. A CPU keeps up to 125 pages of a counter to itself.
between io.dirty_max $((2048 - 1024 - 125)) $((4096 + 125)) "dirty pages stay within the limits"
between io.cleaned $((24576 - 4096 - 125)) $((24576 + 1024)) "what is above them is written back meanwhile"
between io.dirtied $((24576 - 125)) $((24576 + 1024)) "every page was dirtied"
is "$(grep . /proc/sys/vm/dirty_*)" "$before" "ratios that bytes had put out of force are back"

# --- advice

try dontneed "fadvise: dontneed after each access" <<'E2'
    sample: 50ms
    cgroups: {box: {}}
    workloads: [{file: {size: 32M, fadvise: dontneed, passes: 2, dir: /disk}}]
E2
between io.read $((64 * MIB)) $((65 * MIB)) "each pass reads it all again"
between cgroup.box.file_max 1 $MIB "only what is read ahead is ever cached"

try dontneed-mmap "the same of a mapping" <<'E2'
    cgroups: {box: {}}
    workloads: [{file: {size: 16M, engine: mmap, fadvise: dontneed, dir: /disk}}]
E2
between io.read $((16 * MIB)) $((17 * MIB)) "it is read"
between cgroup.box.file_max 0 $MIB "and mapped pages go, too"

# Whole read-ahead windows come with an access in any order, unless the advice is against them.
try random "fadvise: random" <<'E2'
    cgroups: {box: {}}
    workloads: [{file: {size: 64M, fadvise: random, pattern: strided, stride: 64, ops: 256, dir: /disk}}]
E2
between io.read $MIB $((MIB + MIB / 4)) "only the blocks are read that were asked for"

try willneed "fadvise: willneed before each access of a mapped MiB" <<'E2'
    cgroups: {box: {}}
    workloads: [{file: {size: 16M, block: 1M, engine: mmap, fadvise: willneed, dir: /disk}}]
E2
between io.read $((16 * MIB)) $((17 * MIB)) "each page is read once"

# --- a hot set beside a scan that is read once; which LRU keeps it better is left open

try scan "a hot set and a scan" <<'E2'
    knobs: {lru_gen: classic}
    cgroups: {box: {memory.max: 24M}}
    workloads: [{file: {size: 96M, pattern: scan, hot_set: 12%, hot_access: 50%, passes: 2, verify: true, dir: /disk}}]
E2
between work.file.errors 0 0 "the contents are as they were written"
# A hot set of 12M is read at least once, the scan once a pass or nearly.
between io.read $((90 * MIB)) $((192 * MIB)) "the scan is read from the disk"

# --- tmpfs: page cache that is swapped

try tmpfs "a tmpfs twice the limit" <<'E2'
    cgroups: {box: {memory.max: 24M}}
    workloads: [{file: {size: 48M, pattern: uniform, write: 20%, verify: true, passes: 2, dir: tmpfs}}]
E2
between cgroup.box.shmem_max $((16 * MIB)) $((24 * MIB)) "it is shmem"
between swap.in 6144 1e9 "that comes back from swap"
between work.file.errors 0 0 "unchanged"

is "$(ls /disk)" "lost+found" "nothing is left on the disk"

# --- io_uring switched off (Linux 6.6)

if [ -e /proc/sys/kernel/io_uring_disabled ]; then
	echo 2 >/proc/sys/kernel/io_uring_disabled
	run "$WRING" run uring.yaml --out off
	echo 0 >/proc/sys/kernel/io_uring_disabled
	is_code 4 "io_uring that is switched off fails the trial"
	like "$out$err" "kernel.io_uring_disabled=0" "which says what to set"
fi

done_testing
