#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Prints the files of /proc, /sys and a cgroup that wring reads, after some reclaim in that cgroup:
# run in a VM by tests/record-fixtures.sh, which puts them into tests/fixtures.
# shellcheck shell=sh disable=SC2154 # $scratch comes from tap.sh
. "${srcdir:-.}/tests/tap.sh"

CG=/sys/fs/cgroup
echo +memory +io +cpu >$CG/cgroup.subtree_control
mkdir $CG/box
echo 24M >$CG/box/memory.max
(
	echo 0 >$CG/box/cgroup.procs
	dd if=/dev/zero of=/disk/file bs=1M count=32
	cat /disk/file >/dev/null
	head -c 32M /dev/urandom | sort >/dev/null
) 2>/dev/null
for file in /proc/vmstat /proc/meminfo /proc/zoneinfo /proc/buddyinfo /proc/pressure/cpu \
	/proc/pressure/io /proc/pressure/memory /sys/devices/system/node/node[01]/vmstat \
	/sys/devices/system/node/node[01]/meminfo /sys/devices/system/node/node[01]/numastat \
	/sys/block/zram0/mm_stat /sys/kernel/mm/lru_gen/enabled $CG/cgroup.controllers \
	$CG/box/memory.stat $CG/box/memory.numa_stat $CG/box/memory.current \
	$CG/box/memory.swap.current $CG/box/memory.events $CG/box/memory.events.local \
	$CG/box/memory.pressure $CG/box/io.stat $CG/box/cpu.stat; do
	echo "# FILE $file"
	sed 's/^/# |/' "$file"
done
for pid in /proc/[0-9]*; do
	read -r comm <"$pid/comm"
	case $comm in
	kswapd0 | kcompactd0 | khugepaged)
		for file in comm schedstat stat; do
			echo "# FILE $pid/$file"
			sed 's/^/# |/' "$pid/$file"
		done
		;;
	esac
done
ok "recorded"
done_testing
