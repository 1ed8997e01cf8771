#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Traces on a real kernel: spans against the kernel's own counters, whose they are, what is lost is
# told, and nothing stays behind.
# shellcheck shell=sh disable=SC2154 # $code, $out, $err and $scratch come from tap.sh
. "${srcdir:-.}/tests/vm/guest.sh"

TRACING=/sys/kernel/tracing

# spans OUT SCENARIO AWK: an awk program over the spans of the measured phase, columns by name.
spans() {
	json=$1/$2/host/seed-1/trial.json
	awk -F '\t' -v from="$(sed -n 's/.*"start_ns": \([0-9]*\).*/\1/p' "$json" | tail -n 1)" \
		-v to="$(sed -n 's/.*"end_ns": \([0-9]*\).*/\1/p' "$json" | tail -n 1)" "
		NR == 1 || \$2 < from || \$1 > to { next }
		{ start = \$1; end = \$2; workload = \$3; thread = \$4; what = \$5; node = \$6; order = \$7
		  priority = \$8; scanned = \$9; reclaimed = \$10; detail = \$11 }
		$3" "$1/$2/host/seed-1/spans.tsv"
}

# grown OUT SCENARIO COLUMN: a column's increase over the measured phase.
grown() {
	json=$1/$2/host/seed-1/trial.json
	awk -F '\t' -v name="$3" -v from="$(sed -n 's/.*"start_ns": \([0-9]*\).*/\1/p' "$json" | tail -n 1)" \
		-v to="$(sed -n 's/.*"end_ns": \([0-9]*\).*/\1/p' "$json" | tail -n 1)" '
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i; next }
		$1 >= from && $1 <= to { if (!n++) first = $c; last = $c }
		END { print last - first }' "$1/$2/host/seed-1/samples.tsv"
}

# trace OUT SCENARIO KEY: a number of trial.json's "trace".
trace() {
	trial "$1" "$2" | tr -d ' \n' | sed -n "s/.*\"trace\":{[^}]*\"$3\":\([0-9]*\).*/\1/p"
}

# left_behind: what there is of any run in tracefs, and journals.
left_behind() {
	ls -d $TRACING/instances/wring-* 2>/dev/null
	grep wring $TRACING/kprobe_events
	ls /tmp/cache/guard/*.journal 2>/dev/null
}

# --- without tracefs

suite classic <<'E2'
  - name: limit
    trace: true
    knobs: {lru_gen: classic}
    cgroups: {box: {memory.max: 24M}}
    workloads: [{anon: {in: box, size: 32M, passes: 2, threads: 2}}]
    expect: [trace.memcg_reclaim.count > 100]
  - name: plain
    knobs: {lru_gen: classic}
    cgroups: {box: {memory.max: 24M}}
    workloads: [{anon: {in: box, size: 32M, passes: 2, threads: 2}}]
E2
umount /sys/kernel/debug/tracing 2>/dev/null
umount /sys/kernel/debug
run "$WRING" run classic.yaml --only limit --out refused
is_code 5 "without tracefs a traced trial can't be"
like "$out$err" 'tracefs is not mounted: as root, «mount -t tracefs' "and the cure is told"
[ ! -e refused/limit/host/seed-1/spans.tsv ]
is $? 0 "and nothing is recorded"
run "$WRING" check
like "$out" '-- +tracefs +tracefs is not mounted' "wring check says so"
mount -t tracefs tracefs $TRACING
run "$WRING" check
like "$out" 'ok +tracefs +at hand' "and when it is there"

# --- the sum of the passes is what the counters say, to the page, on the classic LRU

run "$WRING" run classic.yaml --out classic
is_code 0 "a traced trial, and the same untraced"
is "$(trace classic limit lost)" 0 "no event is lost"
like "$(trial classic limit | tr -d ' \n')" '"unavailable":\[\]' "nothing is unavailable"
is "$(spans classic limit 'what == "lru" { n += reclaimed } END { print n + 0 }')" \
	$(($(grown classic limit vmstat.pgsteal_anon) + $(grown classic limit vmstat.pgsteal_file))) \
	"the passes have reclaimed what vmstat counts"
is "$(spans classic limit 'what == "lru" { n += scanned } END { print n + 0 }')" \
	$(($(grown classic limit vmstat.pgscan_anon) + $(grown classic limit vmstat.pgscan_file))) \
	"and scanned it"
is "$(spans classic limit 'what == "memcg-reclaim" && workload != "anon" { n++ } END { print n + 0 }')" 0 \
	"reclaim at the limit is the worker's"
is "$(spans classic limit 'what == "memcg-reclaim" { print thread }' | sort -u | tr '\n' ' ')" "0.0 0.1 " \
	"of both its threads"
is "$(spans classic limit 'what == "swap-in" && workload == "anon" { n++ } END { print (n > 1000) }')" 1 \
	"so are the pages that come back from swap"
is "$(spans classic limit 'what == "cpu-wait" { n++ } END { print (n > 10) }')" 1 \
	"two threads on one CPU wait for each other"
[ ! -e classic/plain/host/seed-1/spans.tsv ]
is $? 0 "an untraced trial has no spans"
is "$(left_behind)" "" "nothing stays in tracefs"
printf '# instructions: %s traced, %s untraced\n' \
	"$(metric classic limit time.measured)" "$(metric classic plain time.measured)"

# --- who else: kswapd and direct reclaim, memory.high, readers, a command's children

suite others <<'E2'
  - name: memory
    trace: true
    workloads: [{anon: {size: 900M, passes: 1, compressibility: 90%}}]
  - name: high
    trace: true
    cgroups: {box: {memory.high: 16M}}
    workloads: [{anon: {in: box, size: 24M, passes: 2}}]
  - name: reader
    trace: true
    workloads:
      - file: {name: read, size: 16M, pattern: uniform, passes: 1, dir: /disk}
      - file: {name: mapped, size: 16M, pattern: uniform, passes: 1, engine: mmap, dir: /disk}
  - name: command
    trace: true
    cgroups: {box: {memory.max: 16M}}
    workloads: [{exec: {in: box, command: [sh, -c, "dd if=/dev/zero of=/dev/null bs=24M count=2; true"]}}]
  - name: names
    trace: true
    cgroups: {box: {memory.max: 16M}}
    workloads: [{dentry: {in: box, entries: 120000, mode: negative, fresh: true, passes: 1, dir: /disk}}]
  - name: orders
    trace: true
    knobs: {thp: madvise, thp_defrag: always}
    workloads: [{frag: {demand: thp, demand_size: 120M, passes: 1}}]
E2
run "$WRING" run others.yaml --out others
is_code 0 "system memory, memory.high, readers, a command, names, high orders"
for scenario in memory high reader command names orders; do
	is "$(trace others $scenario lost)" 0 "$scenario: no event is lost"
done
like "$(spans others memory 'what == "kswapd" { print workload, thread, "of node", node }' | sort | uniq | tr '\n' ',')" \
	'^- kswapd0 of node 0,(- kswapd1 of node 1,)?$' "kswapd is awake, each of its node"
is "$(spans others high 'what == "memcg-reclaim" { r++ } what == "throttle-high" { h++ }
	END { print (r > 10 && r == h) }')" 1 "memory.high: each reclaim is within the way back to user space"
is "$(spans others reader 'what == "file-read" { print workload, what } what == "file-fault" { print workload, what }' |
	sort -u | tr '\n' ',')" "mapped file-fault,read file-read," "read(2) reads, a mapping faults"
is "$(spans others command 'what == "memcg-reclaim" && thread == "child" { n++ } END { print (n > 10) }')" 1 \
	"a command's reclaim is the child's"
like "$(spans others names 'what == "shrinker" && workload == "dentry" && reclaimed > 0 { print detail }' | sort -u)" \
	super_cache_scan "the dentries' shrinker is named"
is "$(spans others orders 'what == "compact" && workload == "frag" && node != "-" { n++ } END { print (n > 0) }')" 1 \
	"a high order compacts a node"
printf '%s\n' "$(for scenario in memory high reader command names orders; do
	printf '# %s: ' $scenario
	spans others $scenario '{ n[workload " " thread " " what]++ } END { for (i in n) printf "%s %d, ", i, n[i] }'
	echo
done)"

# --- losses: the kernel's buffers hold 4 MiB, a swap-in's two events 60 bytes at least

suite lost <<'E2'
  - name: lost
    trace: true
    sample: 10s
    timeout: 120s
    cgroups: {box: {memory.max: 16M}}
    workloads: [{anon: {in: box, size: 24M, passes: 30, touch: line}}]
E2
run "$WRING" run lost.yaml --out lost
is_code 4 "a trial that loses events is invalid"
like "$(trial lost lost)" '"[1-9][0-9]* trace events were lost: set a shorter sample: interval"' "and says so"
like "$(trace lost lost lost)" '^[1-9]' "how many is in the record"

# --- what a killed run leaves

suite long <<'E2'
  - name: long
    trace: true
    cgroups: {box: {memory.max: 16M}}
    workloads: [{anon: {in: box, size: 24M, duration: 50s}}]
E2
$WRING run long.yaml --out long >long.out 2>&1 &
wring_pid=$!
tries=0
until [ "$(cat $TRACING/instances/wring-*/tracing_on 2>/dev/null | tr -d '\n')" = 11 ] || [ $tries -gt 600 ]; do
	tries=$((tries + 1))
	usleep 100000
done
for comm in /proc/[0-9]*/comm; do
	read -r name 2>/dev/null <"$comm" || continue
	case $name in wring | wring-worker) kill -9 "$(basename "${comm%/comm}")" 2>/dev/null ;; esac
done
wait $wring_pid
like "$(left_behind)" 'instances/wring-' "kill -9 leaves an instance"
like "$(left_behind)" 'p:wring_[0-9]*/do_swap_page' "and probes"
run "$WRING" clean
is_code 0 "wring clean"
like "$out" 'trace wring-[0-9]* removed' "says that it removes them"
is "$(left_behind)" "" "and nothing is left"
done_testing
