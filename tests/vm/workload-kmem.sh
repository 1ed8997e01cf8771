#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The kmem generator on a real kernel: what it makes is charged to its cgroup, and can't be reclaimed.
# shellcheck shell=sh disable=SC2154 # $code, $out, $err and $scratch come from tap.sh
. "${srcdir:-.}/tests/tap.sh"

cd "$scratch" || exit 1

# suite NAME: a suite file around the scenarios on stdin.
suite() {
	{
		printf 'suite: %s\nmachine: {cpus: 1, nodes: [512M], swap: {type: zram, size: 256M}}\n' "$1"
		printf 'defaults: {sample: 500ms, seeds: "1", timeout: 60s}\nscenarios:\n'
		cat
	} >"$1.yaml"
}

# end RUN SCENARIO COLUMN: the largest value, in KiB.
most() {
	awk -F '\t' -v name="$3" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i; next }
		{ if ($c > v) v = $c } END { printf "%d\n", v / 1024 }' "$1/$2/host/seed-1/samples.tsv"
}

# within VALUE LOW HIGH NAME
within() {
	[ "${1:-0}" -ge "$2" ] && [ "${1:-0}" -le "$3" ]
	is $? 0 "$4: $1, $2 to $3"
}

suite charged <<'E2'
  - name: pipe
    cgroups: {box: {}}
    workloads: [{kmem: {in: box, kind: pipe, live: 64, object: 256K}}]
  - name: socket
    cgroups: {box: {}}
    workloads: [{kmem: {in: box, kind: socket, live: 64, object: 128K, threads: 2}}]
  - name: epoll
    cgroups: {box: {}}
    workloads: [{kmem: {in: box, kind: epoll, live: 64, object: 128K}}]
  - name: pagetable
    cgroups: {box: {}}
    workloads: [{kmem: {in: box, kind: pagetable, live: 64, object: 256K}}]
E2
run "$WRING" run charged.yaml --out charged
is_code 0 "64 objects of each kind"
# The data's pages; the arrays of 64 pipe buffers of 40 bytes, inodes and files, the process's own.
within "$(most charged pipe box.memory.stat.kernel)" 16384 $((16384 + 2048)) "pipes of 16 MiB: KiB of kernel memory"
# Each page has a buffer's head beside it, some 230 and 640 bytes of slab, and 8 for the cgroup.
within "$(most charged socket box.memory.stat.kernel)" 8192 $((8192 + 8192 / 4 + 1024)) \
	"sockets of 8 MiB: KiB of kernel memory"
# An epitem of 128 bytes, its wait-queue entry of 72, and for each 8 for the cgroup.
want=$((64 * (131072 / 216) * 216 / 1024))
within "$(most charged epoll box.memory.stat.slab)" "$want" $((want + want / 20 + 256)) \
	"38,784 watches: KiB of slab"
within "$(most charged pagetable box.memory.stat.pagetables)" 16384 $((16384 + 1024)) \
	"page tables of 16 MiB: KiB of page tables"
within "$(most charged pagetable box.memory.stat.anon)" 0 1024 "which hold no memory: KiB of anonymous memory"

suite stuck <<'E2'
  - name: stuck
    cgroups: {box: {memory.max: 8M}}
    workloads: [{kmem: {in: box, live: 64, object: 256K}}]
    expect: [outcome != completed]
  - name: churn
    cgroups: {box: {memory.max: 24M}}
    workloads:
      - kmem: {in: box, live: 64, object: 256K, passes: 4}
      - anon: {in: box, size: 12M, passes: 2, pattern: uniform}
    expect: [work.kmem.live == 64, work.kmem.made == 256, swap.out > 500]
E2
run "$WRING" run stuck.yaml --out stuck
is_code 0 "16 MiB of pipes don't fit into 8; in 24 they leave room for a part of 12 MiB beside them"

done_testing
