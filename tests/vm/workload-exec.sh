#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The exec generator as root with cgroup v2: where its command runs, what is kept, how it is judged.
# shellcheck shell=sh disable=SC2154 # $code, $out, $err and $scratch come from tap.sh
. "${srcdir:-.}/tests/vm/guest.sh"

# sleepers: the processes that are called sleep.
sleepers() {
	for comm in /proc/[0-9]*/comm; do
		read -r name 2>/dev/null <"$comm" || continue
		[ "$name" != sleep ] || basename "${comm%/comm}"
	done
}

# A page is touched on the node that the policy names: numa_maps counts it as N1.
cat >placed.sh <<'E2'
cat /proc/self/cgroup
grep -E 'Cpus_allowed_list|Mems_allowed_list' /proc/self/status
echo "score $(cat /proc/self/oom_score_adj)"
echo "heap $(grep -c 'heap.*N1=' /proc/self/numa_maps) $(grep -c 'heap.*N0=' /proc/self/numa_maps)"
E2
suite placed <<E2
  - name: placed
    cgroups: {box: {memory.max: 64M}}
    workloads: [{exec: {in: box, command: [sh, $scratch/placed.sh], cpus: "pu:0", memory: "bind:1"}}]
E2
run "$WRING" run placed.yaml --out placed
is_code 0 "a script in a cgroup, on a CPU and a node"
text=$(trial placed placed | sed -n 's/.*"output": "\(.*\)"/\1/p')
like "$text" '0::/wring-[0-9]*/box\\n' "it runs in its cgroup"
like "$text" 'Cpus_allowed_list: 0\\n' "on its CPU"
like "$text" 'score 500' "before others when memory is short"
like "$text" 'heap [1-9][0-9]* 0' "with memory of its node alone"

suite judged <<'E2'
  - name: status
    workloads: [{exec: {command: [sh, -c, "echo first; echo last words; printf 'a\\0b\\tc\\377\\n'; exit 7"]}}]
  - name: oom
    cgroups: {box: {memory.max: 8M, memory.swap.max: 0}}
    workloads: [{exec: {in: box, command: [sh, -c, "tail /dev/zero; exit $?"]}}]
    expect: [cgroup.box.oom_kills > 0]
  - name: killed
    cgroups: {box: {memory.max: 8M, memory.swap.max: 0}}
    workloads: [{exec: {in: box, command: [sh, -c, "exec tail /dev/zero"]}}]
    expect: [outcome == oom_killed]
  - name: absent
    workloads: [{exec: {command: [no-such-program]}}]
E2
run "$WRING" run judged.yaml --only status --out status
is_code 4 "a status that nobody expects fails the trial"
like "$out" 'its command ended with status 7 \(1 of 1 runs failed\); it printed:' "which is said"
like "$out" '\| last words' "with what it printed"
like "$(trial status status)" '"exit_code": 7' "and recorded"
like "$(trial status status)" '"output": "first\\nlast words\\na\?b c\?\\n"' "with all output, as text"
run "$WRING" run judged.yaml --only oom --out oom
is_code 4 "a command whose child is OOM-killed fails with it"
like "$(trial oom oom)" '"exit_code": 137' "its status says so"
like "$(trial oom oom | tr -d ' \n')" '"cgroup.box.oom_kills > 0"|"text":"cgroup.box.oom_kills>0","holds":true' \
	"and so do the cgroup's events"
run "$WRING" run judged.yaml --only killed --out killed
is_code 0 "a command that the OOM killer takes: outcome oom_killed"
like "$(trial killed killed)" '"exit_signal": 9' "its signal is recorded"
run "$WRING" run judged.yaml --only absent --out absent
is_code 4 "an unknown program makes no measurement"
like "$out$err" 'no-such-program' "it is named"

suite reclaim <<'E2'
  - name: reclaim
    cgroups: {box: {memory.max: 8M}, other: {}}
    workloads:
      - exec: {name: reader, in: box, command: [dd, if=/disk/data, of=/dev/null, bs=64k]}
      - exec: {name: other, in: other, command: ["true"]}
    expect:
      - cgroup.box.scanned_direct > 1000
      - cgroup.other.scanned_direct == 0
E2
dd if=/dev/zero of=/disk/data bs=1M count=32 2>/dev/null && sync && echo 3 >/proc/sys/vm/drop_caches
run "$WRING" run reclaim.yaml --out reclaim
is_code 0 "reclaim for a command's reads is its cgroup's"

# program OUT SCENARIO KEY: a number of its (only) program's.
program() {
	trial "$1" "$2" | sed -n '/"programs": /,/\]/p' | sed -n "s|^ *\"$3\": \([0-9]*\),*\$|\1|p"
}
suite usage <<'E2'
  - name: usage
    cgroups: {box: {}}
    workloads: [{exec: {in: box, dir: /disk, command: "dd if=/dev/zero of=file bs=8M count=1"}}]
E2
run "$WRING" run usage.yaml --out usage
is_code 0 "a command that writes 8 MiB in a directory of its own"
between "$(program usage usage max_rss_bytes)" 8388608 12582912 "its memory is its buffer, and some"
between "$(program usage usage blocks_written)" 16384 17000 "it has written 8 MiB, in blocks of 512"
between "$(program usage usage system_ns)" 1000000 20000000000 "the kernel has worked for it"
is "$(program usage usage major_faults)" 0 "it has waited for no page"
is "$(metric usage usage work.exec.system_time)" "$(program usage usage system_ns)" "which are metrics, too"
is "$(echo /disk/wring-*)" "/disk/wring-*" "its directory is gone with what it held"

suite limit <<'E2'
  - name: asked
    cgroups: {box: {}}
    workloads: [{exec: {in: box, duration: 500ms, command: [sh, -c, "sleep 1000 & echo begun; wait; echo never"]}}]
  - name: stubborn
    cgroups: {box: {}}
    workloads:
      - exec:
          in: box
          duration: 500ms
          grace: 200ms
          command:
            - sh
            - -c
            - trap '' TERM; setsid sleep 1000 & (setsid sh -c 'sleep 1000; echo' &); while :; do sleep 1000; done
E2
run "$WRING" run limit.yaml --out limit
is_code 0 "commands that are ended at their time limit do not fail"
is "$(program limit asked exit_signal) $(program limit asked failures)" "15 0" "one by SIGTERM"
like "$(trial limit asked)" '"output": "begun\\n"' "with what it had printed"
is "$(program limit stubborn exit_signal) $(program limit stubborn failures)" "9 0" "one that ignores that by SIGKILL"
is "$(sleepers)" "" "with their children, also those in sessions of their own"

suite long <<'E2'
  - name: long
    workloads: [{exec: {grace: 300ms, command: [sh, -c, "trap '' TERM; setsid sleep 1000 & while :; do sleep 1000; done"]}}]
E2
"$WRING" run long.yaml --out long >"$scratch/long.log" 2>&1 &
pid=$!
tries=0
until [ -n "$(sleepers)" ] || [ $tries -gt 100 ]; do
	tries=$((tries + 1))
	usleep 100000
done
kill -INT $pid
wait $pid
is "$(sleepers)" "" "an interrupted run leaves nothing of a command"

done_testing
