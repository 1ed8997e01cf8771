#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The frag generator on a whole node, against what the kernel itself says of it.
# shellcheck shell=sh disable=SC2154 # $code, $out, $err and $scratch come from tap.sh
. "${srcdir:-.}/tests/tap.sh"

INDEX=/sys/kernel/debug/extfrag/unusable_index

# suite NAME KNOBS: a suite of one scenario with the workloads on stdin. The watermarks are low,
# so that nearly all of node 1 can be taken.
suite() {
	{
		printf 'suite: %s\nmachine: {cpus: 1, nodes: [768M, 256M], swap: {type: zram, size: 512M}}\n' "$1"
		printf 'defaults: {sample: 200ms, seeds: "1", timeout: 60s}\nscenarios:\n'
		printf '  - name: %s\n    knobs: {vm.min_free_kbytes: 2048, %s}\n    workloads:\n' "$1" "$2"
		sed 's/^/      /'
	} >"$1.yaml"
}

# column NAME COLUMN first|last: of the samples in the measured phase's record.
column() {
	awk -F '\t' -v name="$2" -v which="$3" '
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i; next }
		NR == 2 || which == "last" { v = $c } END { print v }' "$1/$1/host/seed-1/samples.tsv"
}

# counter NAME COUNTER: work.frag's, when all is over.
counter() {
	column "$1" "work.frag.$2" last
}

# grown NAME COLUMN: its increase over the samples.
grown() {
	echo $(($(column "$1" "$2" last) - $(column "$1" "$2" first)))
}

# between VALUE LOW HIGH NAME: a whole number within bounds.
between() {
	if [ "$1" -ge "$2" ] && [ "$1" -le "$3" ]; then
		ok "$4: $1"
	else
		not_ok "$4" "got $1, want $2 to $3"
	fi
}

# The kernel's own index of node 1 at order 9, in thousandths; the node has one zone.
kernel_index() {
	awk '/^Node 1, zone/ { print int($14 * 1000 + 0.5) }' $INDEX
}

free_pages() {
	awk '/^Node 1, zone/ { n = 0; for (i = 15; i >= 5; i--) n = 2 * n + $i; print n }' /proc/buddyinfo
}

# start NAME: a run in the background, until the node is broken and the index stays as it is.
start() {
	$WRING run "$1.yaml" --out "$1" >"$scratch/run" 2>&1 &
	wring_pid=$!
	tries=0
	before=-1
	while now=$(kernel_index) && { [ "$now" -lt 300 ] || [ "$now" != "$before" ]; }; do
		before=$now
		tries=$((tries + 1))
		[ $tries -lt 200 ] || return 1
		usleep 200000
	done
}

# Pages of node 1 on per-CPU lists: free, but in no block.
listed_pages() {
	awk '/^Node/ { on = $2 == "1," } on && $1 == "count:" { n += $2 } END { print n + 0 }' /proc/zoneinfo
}

# holds PIN PERCENT: the index is the kernel's own, and the target.
holds() {
	name=hold-$1
	suite "$name" "vm.compaction_proactiveness: 0" <<E2
- frag: {node: 1, pin: $1, index: $2%, duration: 4s}
E2
	start "$name" || not_ok "$name: the node is broken"
	kernel=$(kernel_index) pages=$(free_pages) listed=$(listed_pages)
	wait $wring_pid
	is $? 0 "$name: a run that holds node 1 at $2 % passes"
	# In thousandths: the index moves by that when a block of order 9 is had or lost. Freed
	# last, the pages on per-CPU lists lie together: they are missing in a block each 512 and
	# one at either end. wring itself may take or free one more.
	block=$((512 * 1000 / pages + 1))
	near=$((block * (3 + listed / 512)))
	between "$(counter "$name" index_reached)" $((kernel - near)) $((kernel + near)) \
		"$name: its index is the kernel's, $kernel, within $near"
	between "$(counter "$name" index_after)" $((kernel - near)) $((kernel + near)) \
		"$name: and is so at the end"
	# It stops within a stretch of two blocks.
	between "$(counter "$name" index_reached)" $(($2 * 10 - 2 * block)) $(($2 * 10 + 2 * block)) \
		"$name: the target is met within two blocks"
}

# asks PIN: for 16 huge pages; the kernel counts the same.
asks() {
	name=thp-$1
	verify=true
	[ "$1" != unmovable ] || verify=false
	suite "$name" "thp_defrag: always, vm.compaction_proactiveness: 0" <<E2
- frag: {node: 1, pin: $1, index: 100%, demand: thp, demand_size: 32M, verify: $verify}
E2
	run "$WRING" run "$name.yaml" --out "$name"
	is_code 0 "$name: a run that asks for 16 huge pages passes"
	granted=$(counter "$name" granted)
	is "$(counter "$name" demanded)" 16 "$name: it asks for all"
	is "$(counter "$name" share)" $((granted * 1000 / 16)) "$name: the share is granted of demanded"
	is "$(grown "$name" vmstat.thp_fault_alloc)" "$granted" \
		"$name: the kernel gave as many huge pages as it counts"
	is "$(grown "$name" vmstat.thp_fault_fallback)" $((16 - granted)) \
		"$name: and fell back as often as it was refused"
	between "$(grown "$name" vmstat.compact_stall)" 1 1000 "$name: faults compact memory"
	is "$(column "$name" work.frag.errors last)" 0 "$name: no contents are changed"
}

# heals PIN LOW HIGH: the index is there after the kernel has compacted all it can, at 90 % before.
heals() {
	name=heal-$1
	suite "$name" "vm.compaction_proactiveness: 0" <<E2
- frag: {node: 1, pin: $1, index: 90%, duration: 4s}
E2
	start "$name" || not_ok "$name: the node is broken"
	echo 1 >/proc/sys/vm/compact_memory
	kernel=$(kernel_index) near=$((3 * 512 * 1000 / $(free_pages) + 3))
	wait $wring_pid
	is $? 0 "$name: a run passes"
	between "$kernel" "$2" "$3" "$name: what compaction makes of it"
	between "$(counter "$name" index_after)" $((kernel - near)) $((kernel + near)) \
		"$name: its index at the end is the kernel's, $kernel, within $near"
}

# surplus NAME: runs it, with time left at its end, and sees how many huge pages node 1 has beyond the reserved ones.
surplus() {
	$WRING run "$1.yaml" --out "$1" >"$scratch/run" 2>&1 &
	wring_pid=$!
	most=0
	while kill -0 $wring_pid 2>/dev/null; do
		now=$(cat /sys/devices/system/node/node1/hugepages/hugepages-2048kB/surplus_hugepages)
		[ "$now" -le "$most" ] || most=$now
		usleep 20000
	done
	wait $wring_pid
	is $? 0 "$1: a run passes"
	is "$(counter "$1" demanded)" 16 "$1: all are asked for"
	is "$(counter "$1" granted)" "$most" "$1: what is had is what the node has in surplus"
	is "$(grown "$1" vmstat.htlb_buddy_alloc_success)" "$most" "$1: and what the kernel made"
	is "$(cat /proc/sys/vm/nr_hugepages)" 0 "$1: all are given back"
}

node_free() {
	awk '/MemFree/ { print $4 }' /sys/devices/system/node/node1/meminfo
}

cd "$scratch" || exit 1
is "$(awk '/^Node 1, zone/' /proc/buddyinfo | wc -l)" 1 "node 1 is one zone"
free_before=$(node_free)

# --- movable pages. How often compaction at a fault succeeds between them depends on what the
# --- kernel remembers of its scans before; that the node can be made whole does not.

suite whole "thp_defrag: always, vm.compaction_proactiveness: 0" <<E2
- frag: {node: 1, size: 128M, index: 0%, demand: thp, demand_size: 32M}
E2
run "$WRING" run whole.yaml --out whole
is_code 0 "whole: a run that breaks nothing passes"
is "$(counter whole share)" 1000 "whole: all huge pages are had"
asks none
asks mlock
holds none 60
holds mlock 80
heals none 0 400
heals mlock 0 400

suite lazy "thp_defrag: never, vm.compaction_proactiveness: 0" <<E2
- frag: {node: 1, pin: none, index: 100%, demand: thp, demand_size: 32M}
E2
run "$WRING" run lazy.yaml --out lazy
is_code 0 "lazy: a run without direct compaction passes"
between "$(counter lazy granted)" 0 4 "lazy: what isn't there is not made"
is "$(grown lazy vmstat.compact_stall)" 0 "lazy: no fault compacts"

suite hugetlb "vm.nr_overcommit_hugepages: 16" <<E2
- frag: {node: 1, pin: mlock, index: 60%, demand: hugetlb, demand_size: 32M, ops: 16, rate: 16}
- frag: {name: last, node: 0, size: 1M, duration: 1500ms}
E2
surplus hugetlb
between "$most" 16 16 "hugetlb: where four in ten pages are in whole blocks, they are had"

suite rings "vm.swappiness: 60" <<E2
- frag: {node: 1, order: 5, size: 64M, demand: pipe, demand_size: 8M}
E2
run "$WRING" run rings.yaml --out rings
is_code 0 "rings: a run that asks for rings of order 5 passes"
is "$(counter rings share)" 1000 "rings: with memory in one piece, all are had"
between "$(kernel_index)" 0 500 "more than half of node 1's free memory is in whole blocks again"

# --- unmovable ones

holds unmovable 90
heals unmovable 750 1000
asks unmovable
between "$granted" 0 4 "thp-unmovable: hardly one is had"
suite huge2 "vm.nr_overcommit_hugepages: 16" <<E2
- frag: {node: 1, pin: unmovable, index: 100%, demand: hugetlb, demand_size: 32M, ops: 16, rate: 16}
- frag: {name: last, node: 0, size: 1M, duration: 1500ms}
E2
surplus huge2
between "$most" 0 4 "huge2: between unmovable pages hardly one is"

suite pipe "vm.swappiness: 60" <<E2
- frag: {name: node0, node: 0, order: 5, index: 100%, pin: unmovable, reserve: 8M}
- frag: {node: 1, order: 5, index: 100%, pin: unmovable, reserve: 8M, demand: pipe, demand_size: 48M}
E2
run "$WRING" run pipe.yaml --out pipe
is_code 0 "pipe: with both nodes broken, a run passes"
between "$(counter pipe share)" 0 900 "pipe: some rings are refused"
between "$(grown pipe vmstat.compact_stall)" 1 100000 "pipe: the kernel tries to compact for them"

# --- all is given back

left=""
for comm in /proc/[0-9]*/comm; do
	read -r name 2>/dev/null <"$comm" || continue
	[ "$name" != wring-worker ] || left="$left $comm"
done
is "$left" "" "no worker is left"
# Records lie on a tmpfs, and may lie on node 1; 1 M for slabs and per-CPU lists.
records=$(du -sk "$scratch" | cut -f 1)
free=$(node_free)
[ "$free" -ge $((free_before - records - 1024)) ]
is $? 0 "node 1 has $free KiB free, $free_before before, records take $records"

done_testing
