#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The kmem generator on a real kernel: what it makes is charged to its cgroup, and can't be reclaimed.
# shellcheck shell=sh disable=SC2154 # $code, $out, $err and $scratch come from tap.sh
. "${srcdir:-.}/tests/vm/guest.sh"

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
between "$(($(most charged pipe box.memory.stat.kernel) / 1024))" 16384 $((16384 + 2048)) "pipes of 16 MiB: KiB of kernel memory"
# Each page has a buffer's head beside it, some 230 and 640 bytes of slab, and 8 for the cgroup.
between "$(($(most charged socket box.memory.stat.kernel) / 1024))" 8192 $((8192 + 8192 / 4 + 1024)) \
	"sockets of 8 MiB: KiB of kernel memory"
# An epitem of 128 bytes, its wait-queue entry of 72, and for each 8 for the cgroup.
want=$((64 * (131072 / 216) * 216 / 1024))
between "$(($(most charged epoll box.memory.stat.slab) / 1024))" "$want" $((want + want / 20 + 256)) \
	"38,784 watches: KiB of slab"
between "$(($(most charged pagetable box.memory.stat.pagetables) / 1024))" 16384 $((16384 + 1024)) \
	"page tables of 16 MiB: KiB of page tables"
between "$(($(most charged pagetable box.memory.stat.anon) / 1024))" 0 1024 "which hold no memory: KiB of anonymous memory"

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
