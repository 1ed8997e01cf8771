#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The shmem generator on a real kernel: reclaimed through swap, stuck without.
# shellcheck shell=sh disable=SC2154 # $code, $out, $err and $scratch come from tap.sh
. "${srcdir:-.}/tests/vm/guest.sh"

for kind in memfd tmpfs sysv; do
	suite $kind <<E2
  - name: plain
    cgroups: {box: {}}
    workloads: [{shmem: {in: box, kind: $kind, size: 24M, huge: never}}]
  - name: swaps
    cgroups: {box: {memory.max: 16M}}
    workloads: [{shmem: {in: box, kind: $kind, size: 24M, passes: 3, verify: true, huge: never}}]
    expect: [work.shmem.errors == 0, reclaim.anon_share > 95%]
  - name: stuck
    cgroups: {box: {memory.max: 16M, memory.swap.max: 0}}
    workloads: [{shmem: {in: box, kind: $kind, size: 24M}}]
    expect: [outcome == oom_killed]
E2
	run "$WRING" run $kind.yaml --out $kind
	is_code 0 "$kind: within memory, over memory.max with swap, and without"
	# 6,144 pages; a CPU may hold back a batch of 64 from memory.stat.
	between "$(metric $kind plain cgroup.box.shmem_end)" $((24 * 1048576 - 64 * 4096)) $((24 * 1048576)) \
		"$kind: all of it is shmem of the cgroup"
	# Each pass in order meets none of what is left of the one before: LRU.
	between "$(metric $kind swaps swap.out)" $((2 * 4096)) $((3 * 6144)) "$kind: it is swapped out"
	between "$(metric $kind swaps cgroup.box.shmem_max)" 4194304 16777216 "$kind: what stays is under memory.max"
	between "$(metric $kind swaps cgroup.box.swap_end)" $((8 * 1048576 - 64 * 4096)) $((24 * 1048576)) \
		"$kind: and the rest is in swap"
done

suite modes <<'E2'
  - name: punch
    cgroups: {box: {memory.max: 16M}}
    workloads: [{shmem: {in: box, mode: punch, size: 24M, hole: 256K, passes: 2, pattern: uniform, verify: true}}]
    expect: [work.shmem.errors == 0, work.shmem.freed == 12288, swap.out > 1000]
  - name: truncate
    cgroups: {box: {memory.max: 16M}}
    workloads: [{shmem: {in: box, mode: truncate, kind: tmpfs, size: 24M, hole: 256K, passes: 2, verify: true}}]
    expect: [work.shmem.errors == 0, work.shmem.freed == 12288, swap.out > 1000]
  - name: frees
    cgroups: {box: {}}
    workloads: [{shmem: {in: box, mode: truncate, size: 24M, hole: 256K, ops: 48}}]
E2
run "$WRING" run modes.yaml --out modes
is_code 0 "holes and truncation under pressure; contents are what they were"
between "$(metric modes frees cgroup.box.shmem_end)" $((12 * 1048576 - 64 * 4096)) $((12 * 1048576 + 64 * 4096)) \
	"48 of 96 steps down give back half of the memory"

suite huge <<'E2'
  - name: huge
    cgroups: {box: {}}
    workloads: [{shmem: {in: box, kind: tmpfs, huge: always, size: 32M}}]
  - name: split
    cgroups: {box: {memory.max: 24M}}
    workloads: [{shmem: {in: box, kind: tmpfs, huge: always, size: 32M, passes: 2, verify: true}}]
    expect: [work.shmem.errors == 0, swap.out > 1000]
  - name: advised
    knobs: {thp_shmem: advise}
    cgroups: {box: {}}
    workloads: [{shmem: {in: box, kind: memfd, huge: advise, size: 32M}}]
  - name: against
    knobs: {thp_shmem: always}
    cgroups: {box: {}}
    workloads: [{shmem: {in: box, kind: memfd, huge: never, size: 32M}}]
E2
run "$WRING" run huge.yaml --out huge
is_code 0 "huge pages on tmpfs and in a memfd, also under a limit"
# Since 6.12 shmem's huge pages can be swapped out whole.
[ $(($(metric huge split thp.split) + $(metric huge split thp.swpout))) -gt 0 ]
is $? 0 "under pressure a huge page is split, or swapped out whole"
between "$(most huge huge box.memory.stat.shmem_thp)" $((30 * 1048576)) $((32 * 1048576)) "tmpfs, huge: always"
between "$(most huge advised box.memory.stat.shmem_thp)" $((30 * 1048576)) $((32 * 1048576)) "memfd, huge: advise"
is "$(most huge against box.memory.stat.shmem_thp)" 0 "memfd, huge: never against knob thp_shmem: always"
is "$(echo /tmp/wring-*-*-*)" "/tmp/wring-*-*-*" "no directory is left"
is "$(grep -c . /proc/sysvipc/shm)" 1 "no System V segment is left"

done_testing
