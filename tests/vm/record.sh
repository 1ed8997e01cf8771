#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Prints the files of /proc, /sys and a cgroup that wring reads, as they were before and after work
# in that cgroup, and beside it, which sets every mechanism of reclaim going: run in a VM by
# tests/record-fixtures.sh, which puts them into tests/fixtures.
# guest-programs: tests/vm/squeeze
# shellcheck shell=sh disable=SC2154 # $scratch comes from tap.sh
. "${srcdir:-.}/tests/tap.sh"

CG=/sys/fs/cgroup
SQUEEZE=$srcdir/tests/vm/squeeze

# record WHEN: the files, each line marked, for tests/record-fixtures.sh.
record() {
	for file in /proc/vmstat /proc/meminfo /proc/zoneinfo /proc/buddyinfo /proc/pressure/cpu \
		/proc/pressure/io /proc/pressure/memory /sys/devices/system/node/node[01]/vmstat \
		/sys/devices/system/node/node[01]/meminfo /sys/devices/system/node/node[01]/numastat \
		/sys/block/zram0/mm_stat /sys/kernel/mm/lru_gen/enabled $CG/cgroup.controllers \
		$CG/box/cpu.stat $CG/box/memory.stat $CG/box/memory.numa_stat $CG/box/memory.current \
		$CG/box/memory.swap.current $CG/box/memory.events $CG/box/memory.events.local \
		$CG/box/memory.pressure $CG/box/io.pressure $CG/box/io.stat; do
		echo "# FILE $1$file"
		sed 's/^/# |/' "$file"
	done
	for pid in /proc/[0-9]*; do
		read -r comm <"$pid/comm" 2>/dev/null || continue
		case $comm in
		kswapd[01] | kcompactd[01] | khugepaged)
			for file in comm schedstat stat; do
				echo "# FILE $1$pid/$file"
				sed 's/^/# |/' "$pid/$file"
			done
			;;
		esac
	done
}

# squeezed CGROUP NAME GENERATOR OPTIONS [NODE]
squeezed() {
	cgroup=$1 name=$2
	shift 2
	if (echo 0 >"$CG/$cgroup/cgroup.procs" && TMPDIR=/tmp "$SQUEEZE" "$@") 2>"$scratch/err"; then
		ok "$name"
	else
		not_ok "$name" "$(cat "$scratch/err")"
	fi
}

echo +memory +io +cpu >$CG/cgroup.subtree_control
mkdir $CG/box $CG/other
echo 24M >$CG/box/memory.max
echo 1 >/proc/sys/vm/zone_reclaim_mode
echo madvise >/sys/kernel/mm/transparent_hugepage/enabled
echo advise >/sys/kernel/mm/transparent_hugepage/shmem_enabled
(
	echo 0 >$CG/box/cgroup.procs
	dd if=/dev/zero of=/disk/file bs=1M count=16
	exec dd if=/disk/file of=/dev/null bs=1M
) 2>/dev/null
record /before

echo 4M >$CG/box/memory.low
squeezed box "anonymous memory over the limit" anon "size=40M pattern=zipf"
echo 8M >$CG/box/memory.high
squeezed box "anonymous memory over memory.high" anon "size=12M"
echo max >$CG/box/memory.high
squeezed box "MADV_FREE" anon "size=40M advise=free"
squeezed box "MADV_COLD, then MADV_PAGEOUT" anon "size=16M advise=pageout"
squeezed box "locked pages" anon "size=16M mlock=50%"
squeezed box "huge pages over the limit" anon "size=40M thp=always"
squeezed box "page cache reread" file "size=40M dir=/disk"
squeezed box "page cache written and mapped" file "size=40M write=50% engine=mmap dir=/disk"
squeezed box "shmem over the limit" shmem "size=32M"
squeezed box "shmem of huge pages" shmem "size=32M huge=advise"
squeezed box "dentries and inodes" dentry "entries=8000 dir=/disk"
(echo 0 >$CG/box/cgroup.procs && exec dd if=/dev/zero of=/disk/file2 bs=1M count=48) 2>/dev/null
sync
if echo 4M >$CG/box/memory.reclaim; then ok "memory.reclaim"; else not_ok "memory.reclaim"; fi
squeezed other "a node without room, bound memory" anon "size=320M pattern=uniform fill=header" 1
squeezed other "memory in pieces, huge pages wanted" frag "demand=thp demand_size=32M size=144M" 1
echo 1 >/proc/sys/vm/compact_memory
echo 3 >/proc/sys/vm/drop_caches
record /after
done_testing
