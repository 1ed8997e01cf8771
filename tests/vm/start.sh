#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# «start:» brings the machine where it is asked to, holds it there while the workloads work, and leaves
# nothing behind; what can't be had fails the trial. Run in a VM by tests/vm/run.
# shellcheck shell=sh disable=SC2153,SC2154 # $WRING is init's; $code, $out, $err, $scratch come from tap.sh
. "${srcdir:-.}/tests/vm/guest.sh"

# What others than wring read in the measured phase.
node_free() {
	awk -v node="$1" '$2 + 0 == node { size = 4096; for (i = 5; i <= NF; i++) {
		sum += $i * size; size *= 2 } } END { print sum }' "$2"
}
unusable() {
	awk -v node="$1" -v order="$2" '$2 + 0 == node { size = 1; for (i = 5; i <= NF; i++) {
		sum += $i * size; if (i - 5 < order) low += $i * size; size *= 2 } }
		END { print low / sum }' "$3"
}
swap_used() {
	awk '/SwapTotal/ { t = $2 } /SwapFree/ { f = $2 } END { print (t - f) / t }' "$1"
}

# try NAME START: with the files as they were in the measured phase.
try() {
	suite "$1" <<E2
  - name: $1
    knobs: {vm.compaction_proactiveness: 0} # kcompactd would heal what was broken
    start: $2
    workloads: [{exec: {command: [sh, -c, "cat /proc/buddyinfo >$PWD/$1.buddyinfo; cat /proc/meminfo >$PWD/$1.meminfo"]}}]
E2
	run "$WRING" run "$1.yaml" --out "$1"
	is_code 0 "$1: all goes well"
	is "$(ls -d /sys/fs/cgroup/wring-* 2>/dev/null)" "" "$1: nothing is left"
	printf '# %s\n' "$(printf '%s\n' "$out" | grep 'began with')"
}

try free '{node: 1, free: 60M}'
# 1M and 2 % are allowed; the command takes some.
between "$(node_free 1 free.buddyinfo)" $((57 << 20)) $((64 << 20)) "node 1 has 60M free"

try swap '{swap_used: 30%}'
between "$(swap_used swap.meminfo)" 0.28 0.32 "30 % of swap is in use"
is "$(awk '/SwapTotal/ { t = $2 } /SwapFree/ { f = $2 } END { print t - f < 1024 }' /proc/meminfo)" 1 \
	"swap is empty again"

try fragment '{fragment: 60%}'
# 0.02 are allowed; the command takes what it needs, some 10M of 320M that are free, from small blocks.
between "$(unusable 0 9 fragment.buddyinfo)" 0.55 0.63 "60 % of node 0's free memory is of no use for huge pages"
between "$(trial fragment fragment | tr -d ' \n' | sed 's/.*"unusable":{"node0":{[^}]*"order9":\([0-9.]*\).*/\1/')" \
	0.57 0.63 "the record has it, too"

try all '[{swap_used: 20%, fragment: 50%}, {node: 1, free: 40M}]'
between "$(swap_used all.meminfo)" 0.18 0.22 "together: swap"
between "$(unusable 0 9 all.buddyinfo)" 0.45 0.53 "together: fragments"
between "$(node_free 1 all.buddyinfo)" $((37 << 20)) $((43 << 20)) "together: free memory"

dd if=/dev/zero of=/disk/cached bs=1M count=32 2>/dev/null
suite drop <<'E2'
  - name: drop
    start: {drop_caches: true}
    workloads: [{probe: {kind: fault, rate: 10, duration: 200ms}}]
E2
cached=$(awk '/^Cached/ { print $2 }' /proc/meminfo)
run "$WRING" run drop.yaml --out drop
is_code 0 "caches are dropped"
between "$(awk '/^Cached/ { print $2 }' /proc/meminfo)" 0 $((cached - 32000)) "32M of page cache are gone"

suite never <<'E2'
  - name: never
    start: {node: 1, fragment: 99%, order: 1}
    workloads: [{probe: {kind: fault, rate: 10, duration: 200ms}}]
E2
run "$WRING" run never.yaml --out never
is_code 4 "what can't be had: exit code 4"
like "$out" "failed: start: fragment: node 1 has an unusable-free index of 0\.[0-9]* at order 1, not 0.99" \
	"which says how far it came"
is "$(ls -d /sys/fs/cgroup/wring-* 2>/dev/null)" "" "and leaves nothing"

# The command kills who holds the state, of which the OOM killer should take none before a worker.
suite lost <<E2
  - name: lost
    start: {node: 1, free: 60M}
    workloads: [{exec: {command: [sh, -c, "for p in \$(cat /sys/fs/cgroup/wring-*/.start/cgroup.procs); do cat /proc/\$p/oom_score_adj >>$PWD/lost.adj; kill -9 \$p; done"]}}]
E2
run "$WRING" run lost.yaml --out lost
is_code 4 "a state that is lost in the measured phase: exit code 4"
like "$out" "failed: start: the process that holds the state was ended \(signal 9\)" "which says why"
is "$(sort -u lost.adj)" 0 "the OOM killer takes workers first"
is "$(ls -d /sys/fs/cgroup/wring-* 2>/dev/null)" "" "nothing is left of it, too"

suite killed <<'E2'
  - name: killed
    start: {node: 1, free: 60M}
    workloads: [{probe: {kind: fault, rate: 5, duration: 5s}}]
E2
"$WRING" run killed.yaml --out killed >log 2>&1 &
wring=$!
tries=0
until [ "$(node_free 1 /proc/buddyinfo)" -lt $((64 << 20)) ]; do
	tries=$((tries + 1))
	[ $tries -lt 100 ] || not_ok "node 1 is taken: $(cat log)"
	[ $tries -lt 100 ] || break
	usleep 100000
done
# shellcheck disable=SC2046 # a list
kill -9 $(ps -o pid,comm | awk '$2 ~ /^wring/ { print $1 }')
wait "$wring"
usleep 300000
run "$WRING" clean
is_code 0 "kill -9 of all, then wring clean"
is "$(ls -d /sys/fs/cgroup/wring-* 2>/dev/null)" "" "nothing is left"
between "$(node_free 1 /proc/buddyinfo)" $((150 << 20)) $((256 << 20)) "what was held is free"
done_testing
