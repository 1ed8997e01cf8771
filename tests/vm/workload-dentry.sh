#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The dentry generator on a real kernel: what it makes is charged to its cgroup, by the sizes of the
# slabs' objects, and shrinks where it can.
# shellcheck shell=sh disable=SC2154 # $code, $out, $err and $scratch come from tap.sh
. "${srcdir:-.}/tests/vm/guest.sh"

PAGE=4096
N=20000
WIDTH=8

# try NAME TEXT: runs the scenario on stdin, given without its name.
try() {
	name=$1
	{
		printf '  - name: %s\n' "$name"
		cat
	} | suite "$name"
	run "$WRING" run "$name.yaml" --out "$name"
	is_code 0 "$2"
}

# of METRIC: of the last trial.
of() {
	metric "$name" "$name" "$1"
}

# box KEY: what memory.stat of the last trial's box says at the end of the measured phase.
box() {
	last "$name" "$name" "box.memory.stat.$1"
}

# object SLAB...: bytes charged for one object of each: its size and a pointer to its cgroup.
object() {
	for slab in "$@"; do
		awk -v name="$slab" '$1 == name { print $4 + 8 }' /proc/slabinfo
	done | awk '{ sum += $1 } END { print sum }'
}

# --- charged: N files cost N inodes and N dentries

# Beside the files: the worker's directories; for each block of the filesystem that is cached (the
# inodes', the directories') a buffer head and at most a node of the page cache's tree; and what a
# CPU has not told yet, a page at most.
file=$(object dentry ext4_inode_cache)
block=$(object buffer_head radix_tree_node)
try disk "$N files on ext4" <<E2
    cgroups: {box: {}}
    workloads: [{dentry: {in: box, mode: stat, entries: $N, width: $WIDTH, dir: /disk}}]
E2
blocks=$(($(box file) / PAGE))
low=$((N * file - PAGE))
between "$(box slab_reclaimable)" $low $((N * file + (WIDTH + 2) * file + blocks * block + PAGE)) \
	"slab_reclaimable is $N of ext4's inodes and dentries"
is "$(of work.dentry.live)" $N "which is what it says to be there"

# A name of 200 bytes lies in an allocation of its own, 217 with its header.
file=$((file + $(object kmalloc-rcl-256)))
try long "$N files with names of 200 bytes" <<E2
    cgroups: {box: {}}
    workloads: [{dentry: {in: box, mode: stat, entries: $N, width: $WIDTH, name_length: 200, dir: /disk}}]
E2
blocks=$(($(box file) / PAGE))
low=$((N * file - PAGE))
between "$(box slab_reclaimable)" $low $((N * file + (WIDTH + 2) * file + blocks * block + PAGE)) \
	"with $N names more"

dentry=$(object dentry)
inode=$(object shmem_inode_cache)
try tmpfs "$N files on tmpfs" <<E2
    cgroups: {box: {}}
    workloads: [{dentry: {in: box, mode: stat, entries: $N, width: $WIDTH, dir: tmpfs}}]
E2
between "$(box slab_reclaimable)" $((N * dentry - PAGE)) $(((N + WIDTH + 3) * dentry + PAGE)) \
	"slab_reclaimable is their dentries"
# And the mount's own objects: the superblock's, some pages at most.
between "$(box slab_unreclaimable)" $((N * inode - PAGE)) $(((N + WIDTH + 3) * inode + 8 * PAGE)) \
	"slab_unreclaimable is their inodes"

try absent "$N names that are not there" <<E2
    cgroups: {box: {}}
    workloads: [{dentry: {in: box, mode: negative, entries: $N, passes: 2, dir: /disk}}]
E2
file=$(object dentry ext4_inode_cache)
between "$(box slab_reclaimable)" $((N * dentry - PAGE)) $((N * dentry + 3 * file + 2 * PAGE)) \
	"a dentry each, however often they are looked up"
is "$(of work.dentry.absent)" $((2 * N)) "each look-up was in vain"

# A dentry that is dropped waits for RCU, which lets no more than 10,000 pile up (rcutree.qhimark).
try fleeting "the same on tmpfs, which caches none" <<E2
    cgroups: {box: {}}
    workloads: [{dentry: {in: box, mode: negative, entries: $N, dir: tmpfs}}]
E2
between "$(box slab_reclaimable)" 0 $((10000 * dentry)) "at most those that wait for RCU are left"

# --- limits

try negative "100,000 look-ups in vain stay under memory.max=8M without an OOM kill" <<'E2'
    cgroups: {box: {memory.max: 8M}}
    workloads: [{dentry: {in: box, mode: negative, fresh: true, dir: /disk, ops: 100000}}]
    expect:
      - work.dentry.absent == 100000
      - cgroup.box.current_max <= 8388608
      - cgroup.box.max_events > 0
      - cgroup.box.oom_kills == 0
E2
between "$(box slab_reclaimable)" 0 8388608 "slab_reclaimable is at most the limit"
# What doesn't fit has been scanned and freed; a dentry that nobody met again at the first look.
between "$(of slab.scanned)" $((100000 - 8388608 / dentry)) 1000000 "the rest was scanned"

# Four times what fits. The set-up makes room for them before memory.max would kill it; opening one
# that was dropped is left to the kernel, which has to shrink under memory.high.
try setup "files for four times memory.max on ext4" <<'E2'
    cgroups: {box: {memory.max: 8M}}
    workloads: [{dentry: {in: box, mode: stat, entries: 24000, width: 8, ops: 1, dir: /disk}}]
    expect: [cgroup.box.oom_kills == 0, work.dentry.live == 24000, cgroup.box.current_max <= 8388608]
E2
try inodes "inodes for twice memory.high are opened at random" <<'E2'
    cgroups: {box: {memory.high: 8M}}
    workloads: [{dentry: {in: box, mode: inode, entries: 12000, width: 8, pattern: uniform, dir: /disk}}]
    expect: [slab.scanned > 0, cgroup.box.high_events > 0]
E2
# Inodes with page cache are not on the inodes' list (since 5.15), so none is taken with its pages.
is "$(of slab.inode_pages)" 0 "no page cache went with them"

try pinned "20,000 files on tmpfs can't be reclaimed: 8M ends in an OOM kill" <<'E2'
    cgroups: {box: {memory.max: 8M}}
    workloads: [{dentry: {in: box, live: 20000, width: 20, dir: tmpfs}}]
    expect: [outcome == oom_killed]
E2
try unpinned "as many made and unlinked at once fit" <<'E2'
    cgroups: {box: {memory.max: 8M}}
    workloads: [{dentry: {in: box, entries: 20000, width: 20, dir: tmpfs}}]
    expect: [work.dentry.created == 20000, work.dentry.removed == 20000]
E2

# --- vfs_cache_pressure: 40,000 unused dentries, 8M, beside a file read thrice, together over 16M

for pressure in 10 10000; do
	try "pressure-$pressure" "dentries beside a reader, vfs_cache_pressure=$pressure" <<E2
    knobs: {vm.vfs_cache_pressure: $pressure}
    cgroups: {box: {memory.high: 16M}}
    workloads:
      - dentry: {in: box, mode: negative, entries: 40000, dir: /disk}
      - file: {in: box, size: 11M, start: 1s, passes: 3, dir: /disk}
E2
	eval "slab_$pressure=$(box slab_reclaimable) refault_$pressure=$(of cgroup.box.refault_file)"
done
# A scan takes count * pressure / 100 >> priority dentries twice over, if that is a batch of 1,024:
# at 10, not before page cache is so hard to reclaim that the priority falls from 12 to 2.
# shellcheck disable=SC2154 # by eval
between "$slab_10" $((40000 * dentry - PAGE)) $((8 * 1024 * 1024)) "10: all are kept"
# At 10000 with priority 12, until 1024 / 2 * 4096 / 100 are left; some wait for RCU, a batch.
# shellcheck disable=SC2154
between "$slab_10000" 0 $(((20972 + 1024) * dentry)) "10000: they go"
[ "$refault_10000" -lt "$refault_10" ]
is $? 0 "and the file is read again less: $refault_10000 of $refault_10 pages"

# --- its own accounts, and the directory is gone

try accounts "three modes beside each other" <<'E2'
    cgroups: {box: {}}
    workloads:
      - dentry: {name: lists, in: box, mode: readdir, entries: 5000, width: 10, passes: 3, threads: 2, dir: /disk}
      - dentry: {name: renames, in: box, mode: rename, entries: 5000, passes: 3, dir: /disk}
      - dentry: {name: churns, in: box, entries: 5000, live: 500, processes: 2, dir: tmpfs}
E2
is "$(of work.lists.listed)" 15000 "three passes list each of 5,000 entries thrice"
is "$(of work.lists.errors)" 0 "and never another number"
is "$(of work.renames.ops)" 15000 "each of 5,000 is renamed thrice"
is "$(of work.churns.created)" 10000 "two processes create 5,000 files each"
is "$(of work.churns.live)" 1000 "and keep 500 each"

# Rename leaves as many as it found, while it runs.
suite renames <<'E2'
  - name: renames
    workloads: [{dentry: {mode: rename, entries: 1000, duration: 20s, dir: /disk}}]
E2
"$WRING" run renames.yaml --out renames >renames.log 2>&1 &
wring_pid=$!
tries=0
until [ -n "$(ls /disk/wring-*/t000/w00000/f* 2>/dev/null)" ] || [ $tries = 200 ]; do
	tries=$((tries + 1))
	usleep 50000
done
[ $tries -lt 200 ] || not_ok "renames begin" "$(cat renames.log; ls -d /disk/*)"
# shellcheck disable=SC2046 # a list
kill -STOP $(pidof wring-worker)
is "$(find /disk/wring-*/t000/w00000 -type f | wc -l)" 1000 "renames leave as many files, as find sees"
# shellcheck disable=SC2046
kill -CONT $(pidof wring-worker)
kill -INT $wring_pid
wait $wring_pid
is "$(echo /disk/wring-* /tmp/wring-*-*-*)" "/disk/wring-* /tmp/wring-*-*-*" "no directory is left"

done_testing
