#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The dentry generator on a real kernel: what it makes is charged to its cgroup, and shrinks.
# shellcheck shell=sh disable=SC2154 # $code, $out, $err and $scratch come from tap.sh
. "${srcdir:-.}/tests/vm/guest.sh"

# object NAME: bytes that an object of a slab cache is charged: its size and a pointer to its cgroup.
object() {
	awk -v name="$1" '$1 == name { print $4 + 8 }' /proc/slabinfo
}

# --- charged: N files cost N inodes and N dentries

suite charged <<'E2'
  - name: disk
    cgroups: {box: {}}
    workloads: [{dentry: {in: box, mode: stat, entries: 20000, width: 20, dir: /disk}}]
  - name: tmpfs
    cgroups: {box: {}}
    workloads: [{dentry: {in: box, mode: stat, entries: 20000, width: 20, dir: tmpfs}}]
E2
run "$WRING" run charged.yaml --out charged
is_code 0 "20,000 files on ext4 and on tmpfs"
want=$((20000 * ($(object dentry) + $(object ext4_inode_cache))))
got=$(last charged disk box.memory.stat.slab_reclaimable)
# Besides: directories, their blocks' buffer heads and extent caches.
[ "$got" -ge "$want" ] && [ "$got" -le $((want + want / 10)) ]
is $? 0 "ext4: slab_reclaimable is 20,000 dentries and inodes: $got of $want"
want=$((20000 * ($(object dentry) + $(object shmem_inode_cache))))
got=$(metric charged tmpfs cgroup.box.slab_max)
[ "$got" -ge "$want" ] && [ "$got" -le $((want + want / 10)) ]
is $? 0 "tmpfs: slab is 20,000 dentries and inodes: $got of $want"

# --- memory.max shrinks it

suite shrinks <<'E2'
  - name: negative
    cgroups: {box: {memory.max: 8M}}
    workloads: [{dentry: {in: box, mode: negative, fresh: true, dir: /disk, ops: 100000}}]
    expect:
      - work.dentry.absent == 100000
      - cgroup.box.slab_max <= 8388608
      - cgroup.box.max_events > 0
      - slab.scanned > 50000
E2
run "$WRING" run shrinks.yaml --out shrinks
is_code 0 "100,000 negative look-ups stay under 8M without an OOM kill"
suite pinned <<'E2'
  - name: pinned
    cgroups: {box: {memory.max: 8M}}
    workloads: [{dentry: {in: box, live: 20000, width: 20, dir: tmpfs}}]
    expect: [outcome == oom_killed]
E2
run "$WRING" run pinned.yaml --out pinned
is_code 0 "20,000 files on tmpfs can't be reclaimed: 8M gives an OOM kill"

# --- its own accounts, and the directory is gone

suite accounts <<'E2'
  - name: accounts
    cgroups: {box: {}}
    workloads:
      - dentry: {name: lists, in: box, mode: readdir, entries: 5000, width: 10, passes: 3, threads: 2, dir: /disk}
      - dentry: {name: renames, in: box, mode: rename, entries: 5000, passes: 3, dir: /disk}
      - dentry: {name: churns, in: box, entries: 5000, live: 500, processes: 2, dir: tmpfs}
E2
run "$WRING" run accounts.yaml --out accounts
is_code 0 "three modes beside each other"
is "$(metric accounts accounts work.lists.listed)" 15000 "three passes list each of 5,000 entries thrice"
is "$(metric accounts accounts work.churns.created)" 10000 "two processes create 5,000 files each"
is "$(metric accounts accounts work.churns.live)" 1000 "and keep 500 each"
is "$(echo /disk/wring-* /tmp/wring-*-*-*)" "/disk/wring-* /tmp/wring-*-*-*" "no directory is left"

done_testing
