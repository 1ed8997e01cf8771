#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# wring on a host, as root, with cgroup v2: run in a VM by tests/vm/run.
# shellcheck shell=sh disable=SC2154 # $code, $out, $err and $scratch come from tap.sh
. "${srcdir:-.}/tests/tap.sh"

CG=/sys/fs/cgroup

# suite FILE: a suite file around the scenario on stdin.
suite() {
	suite_name=${1%.yaml}
	{
		printf 'suite: %s\nmachine: {cpus: 1, nodes: [768M, 256M], swap: {type: zram, size: 512M}}\n' \
			"$suite_name"
		printf 'defaults: {sample: 50ms, seeds: "1", timeout: 30s}\nscenarios:\n'
		cat
	} >"$1"
}

# pids NAME...: the processes of these names.
pids() {
	for comm in /proc/[0-9]*/comm; do
		read -r name 2>/dev/null <"$comm" || continue
		for wanted in "$@"; do
			[ "$name" != "$wanted" ] || basename "${comm%/comm}"
		done
	done
}

# Nothing of any run is left: no cgroup, worker, journal.
left_behind() {
	ls -d $CG/wring-* 2>/dev/null
	pids wring-worker
	ls /tmp/cache/guard/*.journal 2>/dev/null
}

# record OUT SCENARIO: the directory of seed 1 on the host.
record() {
	printf '%s/%s/host/seed-1' "$1" "$2"
}

# field FILE KEY: the value of the last line "KEY": VALUE of a JSON file.
field() {
	sed -n "s|^ *\"$2\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$|\1|p" "$1" | tail -n 1
}

# start_long OUT: a long run in the background, in its measured phase; its pid in $wring_pid.
start_long() {
	$WRING run long.yaml --out "$1" >"$scratch/long" 2>&1 &
	wring_pid=$!
	tries=0
	until [ "$(cat $CG/wring-*/box/memory.current)" -gt 8000000 ]; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || return 1
		usleep 100000
	done 2>/dev/null
}

cd "$scratch" || exit 1

# --- a whole trial: limits and knobs in force, reclaim seen where it happens, all undone

swappiness=$(cat /proc/sys/vm/swappiness)
suite plain.yaml <<'E2'
  - name: plain
    knobs: {vm.swappiness: 77, vm.page_cluster: 0}
    cgroups: {box: {memory.max: 32M}, outer: {}, outer/inner: {memory.high: 16M}}
    workloads:
      - anon: {in: box, size: 48M, passes: 2, verify: true, threads: 2}
      - anon: {name: bound, in: outer/inner, size: 4M, passes: 20, memory: "bind:1", cpus: node0}
    expect:
      - cgroup.box.scanned_direct > 1000
      - work.anon.errors == 0
E2
run "$WRING" run plain.yaml --out plain
is_code 0 "a trial on the host passes"
dir=$(record plain plain)
is "$(field "$dir/trial.json" outcome)" completed "its outcome is completed"
is "$(field "$dir/trial.json" box/memory.max)" 33554432 "memory.max is read back"
is "$(field "$dir/trial.json" outer/inner/memory.high)" 16777216 "a nested cgroup's memory.high is read back"
is "$(field "$dir/trial.json" vm.swappiness)" 77 "the knob in force is recorded"
is "$(cat /proc/sys/vm/swappiness)" "$swappiness" "the knob is restored"
is "$(left_behind)" "" "no cgroup, worker or journal is left"
like "$out" "cgroup.box.scanned_direct" "direct scans of the cgroup are reported, from its memory.stat"
is "$(awk -F '\t' 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "vmstat.pgscan_direct") c = i }
	NR == 2 { a = $c } END { print $c - a }' "$dir/samples.tsv")" 0 "where vmstat counts none"
# 1,024 pages, but for what the one CPU holds back of a node's counter, in either row.
held=$(awk '/vm stats threshold:/ && $4 > n { n = $4 } END { print 2 * n }' /proc/zoneinfo)
like "$(awk -F '\t' -v held="$held" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "node1.nr_anon_pages") c = i }
	NR == 2 { a = $c } { if ($c - a > m) m = $c - a } END { print (m >= 1024 - held) ? "bound" : m }' "$dir/samples.tsv")" \
	bound "memory bound to node 1 lies there"
like "$(cat "$dir/topology.xml")" NUMANode "the topology is recorded"

suite phases.yaml <<'E2'
  - name: phases
    cgroups: {box: {memory.high: 24M}}
    workloads: [{anon: {in: box, size: 32M, pattern: zipf, warmup_passes: 1, duration: 1s, thp: always}}]
E2
run "$WRING" run phases.yaml --out phases
is_code 0 "warm-up and timed work under memory.high"
like "$(tr -d ' \n' <"$(record phases phases)/trial.json")" \
	'"name":"setup".*"name":"warmup".*"name":"measured"' "the phases are recorded in their order"
is "$(awk -F '\t' '$2 == "phase" { print $3 }' "$(record phases phases)/events.tsv" | tr '\n' ' ')" \
	"setup warmup measured " "and are events"

# column FILE NAME: a column's values, a line each, for awk.
column() {
	awk -F '\t' -v name="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i; next }
		{ print $1, $c }' "$1"
}

suite together.yaml <<'E2'
  - name: together
    sample: 20ms
    cgroups: {early: {}, late: {}, many: {}}
    workloads:
      - anon: {name: early, in: early, size: 4M, start: 100ms, stop: 300ms, pattern: uniform}
      - anon: {name: late, in: late, size: 4M, start: 400ms, passes: 2}
      - anon: {name: many, in: many, size: 8M, processes: 3, threads: 2, latency: none}
      - anon: {name: paced, in: many, size: 1M, rate: 500, duration: 600ms}
E2
run "$WRING" run together.yaml --out together
is_code 0 "workloads with start and stop times, processes and rates beside each other"
dir=$(record together together)
start=$(tr -d ' \n' <"$dir/trial.json" | sed 's/.*"name":"measured","start_ns":\([0-9]*\).*/\1/')
is "$(column "$dir/samples.tsv" work.early.ops | awk -v t="$start" '
	$2 && $1 - t < 100000000 { early = 1 } $2 > last { last = $2; at = $1 - t }
	END { print early + 0, (at <= 340000000) }')" "0 1" "start and stop hold: early"
is "$(column "$dir/samples.tsv" work.late.ops | awk -v t="$start" '
	$2 && $1 - t < 400000000 { early = 1 } END { print early + 0, $2 }')" "0 2048" "start holds: late"
is "$(column "$dir/samples.tsv" work.many.ops | tail -n 1 | cut -d ' ' -f 2)" 6144 \
	"three processes of two threads do three times the work"
is "$(column "$dir/samples.tsv" many.memory.stat.anon | awk '$2 > m { m = $2 }
	END { print (m >= 3 * 8 * 1048576 && m < 3 * 8 * 1048576 + 4 * 1048576) }')" 1 \
	"and own three times the memory"
ops=$(column "$dir/samples.tsv" work.paced.ops | tail -n 1 | cut -d ' ' -f 2)
[ "$ops" -ge 290 ] && [ "$ops" -le 300 ]
is $? 0 "500 operations a second for 600 ms: $ops of 300"
is "$(awk -F '\t' '$1 == "many"' "$dir/latency.tsv" | wc -l | tr -d ' ')" 0 "latency: none records none"
is "$(awk -F '\t' '$1 == "paced" { n += $4 } END { print n }' "$dir/latency.tsv")" "$ops" \
	"each paced operation has its latency"

# --- outcomes

suite oom.yaml <<'E2'
  - name: oom
    cgroups: {box: {memory.max: 16M, memory.swap.max: 0}}
    workloads: [{anon: {in: box, size: 32M}}]
  - name: expected
    cgroups: {box: {memory.max: 16M, memory.swap.max: 0}}
    workloads: [{anon: {in: box, size: 32M}}]
    expect: [outcome == oom_killed]
E2
run "$WRING" run oom.yaml --only oom --out oom
is_code 1 "an OOM kill that nobody expects fails the expectation"
is "$(field "$(record oom oom)/trial.json" outcome)" oom_killed "its outcome is oom_killed"
run "$WRING" run oom.yaml --only expected --out expected
is_code 0 "an OOM kill that is expected passes"

suite slow.yaml <<'E2'
  - name: slow
    timeout: 1s
    cgroups: {box: {memory.max: 16M}}
    workloads: [{anon: {in: box, size: 32M, passes: 1000}}]
E2
run "$WRING" run slow.yaml --out slow
is_code 4 "a timeout makes the trial invalid"
is "$(field "$(record slow slow)/trial.json" outcome)" timed_out "its outcome is timed_out"

# --- ended early

suite long.yaml <<'E2'
  - name: long
    knobs: {vm.swappiness: 33}
    cgroups: {box: {memory.max: 16M}}
    workloads: [{anon: {in: box, size: 24M, duration: 20s}}]
E2
for signal in INT TERM; do
	start_long "sig$signal" || not_ok "the long run begins"
	is "$(cat /proc/sys/vm/swappiness)" 33 "the knob is set while it runs"
	kill -$signal $wring_pid
	wait $wring_pid
	is $? 4 "SIG$signal ends a run with exit code 4"
	is "$(left_behind)" "" "SIG$signal: nothing is left"
	is "$(cat /proc/sys/vm/swappiness)" "$swappiness" "SIG$signal: the knob is restored"
	[ "$(wc -l <"$(record "sig$signal" long)/samples.tsv")" -gt 3 ]
	is $? 0 "SIG$signal: what was measured is kept"
done

start_long worker || not_ok "the long run begins"
kill -9 "$(pids wring-worker | head -n 1)"
wait $wring_pid
is $? 4 "a killed worker makes the trial invalid"
is "$(field "$(record worker long)/trial.json" outcome)" failed "its outcome is failed"
like "$(field "$(record worker long)/trial.json" why)" "killed by signal 9" "which says why"
is "$(left_behind)" "" "a killed worker: nothing is left"

start_long kill9 || not_ok "the long run begins"
kill -9 $wring_pid
run "$WRING" clean
is_code 0 "kill -9 of wring, then wring clean"
is "$(left_behind)" "" "kill -9: no cgroup, worker or journal is left"
is "$(cat /proc/sys/vm/swappiness)" "$swappiness" "kill -9: the knob is restored"

start_long all9 || not_ok "the long run begins"
# shellcheck disable=SC2046 # a list
kill -9 $(pids wring wring-worker)
usleep 300000
[ -n "$(left_behind)" ]
is $? 0 "kill -9 of every wring process leaves something"
run "$WRING" clean
is_code 0 "wring clean undoes it"
is "$(left_behind)" "" "no cgroup, worker or journal is left"
is "$(cat /proc/sys/vm/swappiness)" "$swappiness" "the knob is restored"

# --- what can't be undone

file=/proc/sys/vm/swappiness
cat >stuck.sh <<E2
mount --bind $file $file && mount -o remount,bind,ro $file
E2
suite stuck.yaml <<E2
  - name: stuck
    knobs: {vm.swappiness: 10}
    workloads: [{exec: {command: [sh, $PWD/stuck.sh]}}]
E2
run "$WRING" run stuck.yaml --out stuck
is_code 5 "a knob that can't be restored after the last trial: exit code 5"
like "$err" "not all could be undone, «wring clean».*vm.swappiness" "which names it, and the cure"
is "$(field "$(record stuck stuck)/trial.json" outcome)" completed "what was measured is kept"
umount $file
run "$WRING" clean
is_code 0 "the cure, once the cause is gone"
is "$(cat $file)" "$swappiness" "the knob is restored"

# --- what this machine can't do

suite node.yaml <<'E2'
  - name: node
    workloads: [{anon: {size: 4M, memory: "bind:5"}}]
E2
sed 's/nodes: \[768M, 256M\]/nodes: [64M, 64M, 64M, 64M, 64M, 64M]/' node.yaml >node6.yaml
run "$WRING" run node6.yaml --out node
is_code 5 "more nodes than this machine has: exit code 5"
like "$err" "6 NUMA nodes, this host has 2" "which says how many"
is "$(left_behind)" "" "and nothing is left"

run "$WRING" run plain.yaml --out there \
	--set 'machine.nodes=[{size: 768M, cpus: 0}, {size: 256M, cpus: none}]' \
	--set 'machine.distances=[[10, 20], [20, 10]]' --set machine.args=wring.test=1 \
	--set 'machine.disk={type: null_blk, size: 256M}' --set 'machine.sysctl={kernel.printk: 1 4 1 7}'
is_code 0 "a machine as this one is"

# lacks SETTING REGEX: what this machine isn't.
lacks() {
	run "$WRING" run plain.yaml --out lacks --set "$1"
	is_code 5 "$1: exit code 5"
	like "$err" "$2" "which says what is missing"
}
lacks 'machine.distances=[[10, 30], [20, 10]]' \
	'a distance of 30 from node 0 to node 1, it is 20 on this host: run in a VM'
lacks 'machine.nodes=[768M, {size: 256M, cpus: none}, 64M]' '3 NUMA nodes, this host has 2'
lacks 'machine.swap={type: brd, size: 64M}' \
	'swap on brd of 64M, this host has /dev/zram0, 512 MiB of priority -2: add it'
lacks 'machine.swap.priority=5' 'swap on zram of 512M and priority 5'
lacks 'machine.disk={type: null_blk, size: 512M, filesystem: xfs}' 'asks for xfs on /disk, .* ext4 is'
lacks 'machine.disk={type: null_blk, size: 512M}' 'disk of 512M, what is mounted on /disk has'
lacks machine.args=psi=1 '«psi=1», this host was booted without it'
lacks 'machine.sysctl={vm.overcommit_memory: 1}' \
	"sysctl vm\.overcommit_memory = 1, this host has 0: set it, by sysctl -w"
is "$(ls -d lacks 2>/dev/null)" "" "and makes nothing"

mkdir small && mount -t tmpfs -o size=64k tmpfs small
run "$WRING" run plain.yaml --out small/run
like "$err$out" "No space left" "a full disk is named"
is "$(left_behind)" "" "a full disk: nothing is left"
umount small

mkdir bound && mount --bind bound $CG
run "$WRING" run plain.yaml --out none
is_code 5 "without cgroup v2: exit code 5"
like "$err" "cgroup v2.*--vm" "which says what to do"
umount $CG

done_testing
