#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A kernel whose counters lie, and a sampler that is held up: run in a VM by tests/vm/run. What the
# sampler reads is changed on the way (tests/vm/fault.c); each identity has to be open, by its name, and
# the run has to end with exit code 4.
# guest-programs: tests/vm/wring-fault
# shellcheck shell=sh disable=SC2153,SC2154 # $WRING is init's; $code, $out, $err, $scratch, $srcdir come from tap.sh
. "${srcdir:-.}/tests/vm/guest.sh"

FAULTY=$srcdir/tests/vm/wring-fault
M=1000000
G=1000000000
T=1000000000000
mount -t tracefs tracefs /sys/kernel/tracing

# Everything that an identity can be about, in a short time.
suite all <<'E2'
  - name: all
    trace: true
    sample: 50ms
    knobs: {lru_gen: classic}
    cgroups: {box: {memory.max: 16M}, box/a: {memory.max: 8M}, box/b: {}}
    workloads:
      - anon: {in: box/a, size: 12M}
      - file: {in: box/b, size: 12M, passes: 2, write: 10%, dir: /disk}
E2

# lies OUT: runs it with the faults on stdin, «IDENTITY [KEY], FILE|TEXT|AMOUNT» each, and holds that
# each identity is open in the measured phase and told.
lies() {
	cat >"$1.faults"
	WRING_FAULT=$(sed 's/.*, //' "$1.faults" | paste -sd ';') run "$FAULTY" run all.yaml --out "$1"
	is_code 4 "$1: $(wc -l <"$1.faults") lies: exit code 4"
	like "$out" "INVALID: " "$1: the trial's line says so"
	run "$WRING" show "$1" --closure
	is_code 4 "$1: wring show ends with 4, too"
	while IFS= read -r line; do
		name=${line%%,*}
		if printf '%s\n' "$out" | grep -q "^! measured  $name "; then
			ok "$1: $name is open"
		else
			not_ok "$1: $name is open" "$(printf '%s\n' "$out" | grep "measured  ${name%% *}")"
		fi
	done <"$1.faults"
}

run "$FAULTY" run all.yaml --out truth
is_code 0 "no lie: all is well"
is "$("$WRING" show truth --closure | grep -c '^!')" 0 "and every identity closes"

lies vmstat <<E2
pgscan-at-limits, /proc/vmstat|pgscan_anon |$M
pgsteal-at-limits, /proc/vmstat|pgsteal_file |$M
traced-pgsteal, /proc/vmstat|pgsteal_anon |$M
nodes-level nr_inactive_anon, /proc/vmstat|nr_inactive_anon |$M
nodes-file-lists nr_active_file, /proc/vmstat|nr_active_file |$M
nodes-slab nr_slab_reclaimable, /proc/vmstat|nr_slab_reclaimable |$M
nodes-unreclaimable nr_slab_unreclaimable, /proc/vmstat|nr_slab_unreclaimable |$M
nodes-count workingset_restore_file, /proc/vmstat|workingset_restore_file |$M
refault-swapin, /proc/vmstat|workingset_refault_anon |$M
nodes-numastat numa_miss, /proc/vmstat|numa_miss |$M
nodes-numa-local, /proc/vmstat|numa_local |$M
nodes-numa-other, /proc/vmstat|numa_other |$M
zones-free, /proc/vmstat|nr_free_pages |$M
E2
# Three of many: these are all metrics that read what lies.
run "$WRING" show vmstat
like "$out" "invalid: pgscan-at-limits does not close at vmstat" "a metric of it is invalid, and why"
like "$out" "reclaim.scanned +pages +invalid" "in the table, too"
run "$WRING" show vmstat --json
like "$(printf '%s' "$out" | tr -d ' \n')" '"reclaim.scanned":{[^}]*"valid":false' "and in the JSON"
suite expect <<'E2'
  - name: all
    cgroups: {box: {memory.max: 16M}}
    workloads: [{anon: {in: box, size: 24M}}]
    expect: [reclaim.scanned > 100]
E2
WRING_FAULT="/proc/vmstat|pgscan_anon |$M" run "$FAULTY" run expect.yaml --out expect
is_code 4 "what is expected of an invalid metric can't be told: exit code 4"
like "$out" "reclaim.scanned > 100.*invalid" "which says why"

lies cgroups <<E2
pgscan-parts, /box/a/memory.stat|pgscan |$M
pgsteal-parts, /box/a/memory.stat|pgsteal |$M
slab-parts, /box/a/memory.stat|slab |$G
memory-current, /box/b/memory.current||$G
numa-stat-level file, /box/b/memory.numa_stat|file N0=|$G
numa-stat-slab slab_unreclaimable, /box/b/memory.numa_stat|slab_unreclaimable N0=|$G
numa-stat-count workingset_refault_file, /box/b/memory.numa_stat|workingset_refault_file>N1=|$M
cgroups-count pgfault, /box/memory.stat|pgfault |$G
pgscan-at-limits, /box/memory.stat|pgscan_direct |$M
cgroups-oom_kill, /box/memory.events|oom_kill |$M
swap-charged, /box/memory.swap.current||$T
io-read, /box/io.stat|rbytes=|$T
cpu-time, /box/cpu.stat|usage_usec |$T
E2
lies below <<E2
touched-pages, /box/memory.stat|pgfault |=0
children-level memory.current, /box/a/memory.current||$G
children-count pgmajfault, /box/a/memory.stat|pgmajfault |$M
children-oom-kill, /box/a/memory.events|oom_kill |$M
children-cpu, /box/a/cpu.stat|usage_usec |$T
events-local, /box/a/memory.events.local|max |$M
psi-full, /box/a/memory.pressure|full>total=|$T
psi-some, /box/b/memory.pressure|some>total=|$T
E2
lies machine <<E2
swap-filled, /proc/meminfo|SwapTotal:|$M
buddy-free, /proc/buddyinfo|DMA32 |$M
meminfo-MemFree, /proc/meminfo|MemFree:|$M
meminfo-AnonPages, /proc/meminfo|AnonPages:|$M
meminfo-Mapped, /proc/meminfo|Mapped:|$M
meminfo-Shmem, /proc/meminfo|Shmem:|$M
meminfo-SReclaimable, /proc/meminfo|SReclaimable:|$M
meminfo-SUnreclaim, /proc/meminfo|SUnreclaim:|$M
meminfo-Unevictable, /proc/meminfo|Unevictable:|$M
meminfo-Mlocked, /proc/meminfo|Mlocked:|$M
meminfo-PageTables, /proc/meminfo|PageTables:|$M
meminfo-Dirty, /proc/meminfo|Dirty:|$M
meminfo-Writeback, /proc/meminfo|Writeback:|$M
E2
lies nodes <<E2
meminfo-nodes AnonPages, /node1/meminfo|AnonPages:|$M
meminfo-nodes-slab SReclaimable, /node1/meminfo|SReclaimable:|$M
meminfo-nodes-free, /node1/meminfo|MemFree:|$M
meminfo-nodes-io Writeback, /node0/meminfo|Writeback:|$M
nodes-numastat numa_foreign, /node1/numastat|numa_foreign|$M
E2

# Each identity has been lied about.
"$WRING" show truth --closure | awk '$1 == "measured" { sub(",", "", $2); print $2 }' | sort -u >known
cat ./*.faults | sed 's/[ ,].*//' | sort -u >lied
is "$(comm -23 known lied)" "" "there is no identity that nobody has lied about"

WRING_FAULT="/proc/vmstat|pgfault |0" run "$FAULTY" run all.yaml --out backwards
is_code 4 "a counter that goes backwards: exit code 4"
like "$out" "vmstat.pgfault went backwards before" "which is named"

# --- a sampler that is held up

suite long <<'E2'
  - name: long
    sample: 100ms
    cgroups: {box: {memory.max: 16M}}
    workloads: [{anon: {in: box, size: 24M, duration: 3s}}]
E2
"$WRING" run long.yaml --out long >log 2>&1 &
wring=$!
await_memory box 12000000
usleep 500000
# wring's own process leads the trial's, which samples.
sampler=$(ps -o pid,ppid | awk -v parent=$wring '$2 == parent { print $1 }')
kill -STOP "$sampler" || not_ok "there is a process that samples: «$sampler»"
usleep 700000
kill -CONT "$sampler"
wait $wring
is $? 4 "SIGSTOP of the sampler for seven ticks in mid-phase: exit code 4"
like "$(cat log)" "INVALID: .*(gap|tick)" "the trial's line says so"
printf '"*": {reclaim.scanned: 2%%}\n' >policy.yaml
run "$WRING" gate long long --policy policy.yaml
is_code 4 "and a gate can't judge it: exit code 4"
like "$out" "long: seed 1: .*(gap|tick)" "for that reason"
is "$(trial long long | grep -A 1 '"invalid": \[' | grep -c 'ticks\|gap')" 1 "and the record why"
is "$(trial long long | sed -n 's/.*"outcome": "\(.*\)",/\1/p')" completed "the rest of it is kept"
done_testing
