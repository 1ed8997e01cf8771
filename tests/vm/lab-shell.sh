#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# wring shell: a terminal in a scenario's machine, with its knobs and cgroups.
# shellcheck disable=SC2154 # $code, $out, $err and $scratch come from tap.sh
. "${srcdir:-.}/tests/tap.sh"

cat >"$scratch/s.yaml" <<'E2'
suite: s
machine: {nodes: [256M, 128M], swap: {type: zram, size: 64M}}
scenarios:
  - name: limited
    knobs: {vm.swappiness: 17}
    cgroups: {box: {memory.max: 24M}}
    workloads: [{anon: {in: box, size: 8M, passes: 1}}]
  - name: other
    workloads: [{anon: {size: 8M, passes: 1}}]
E2

run "$WRING" shell "$scratch/s.yaml"
is_code 2 "a suite of two scenarios: exit code 2"
like "$err" "2 scenarios: name one, as .*s.yaml/limited" "it says how to name one"
run "$WRING" shell "$scratch/s.yaml/limitid"
is_code 2 "no such scenario: exit code 2"
like "$err" "did you mean «limited»" "the nearest is named"
run "$WRING" shell --kernel debian/5.4 "$scratch/s.yaml/limited"
is_code 5 "no such kernel: exit code 5"
run env PATH=/nowhere "$WRING" shell "$scratch/s.yaml/limited" --accel tcg
is_code 5 "neither QEMU nor busybox: exit code 5"

# What is typed, when the shell is there.
mkfifo "$scratch/keys"
WRING_CACHE_BEFORE=$(ls -A "${WRING_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/wring}")
"$WRING" shell --vm "$scratch/s.yaml/limited" --accel tcg <"$scratch/keys" >"$scratch/screen" 2>"$scratch/log" &
wring_pid=$!
exec 3>"$scratch/keys"
for _ in $(seq 600); do
	grep -qs 'limited# ' "$scratch/screen" && break
	kill -0 $wring_pid 2>/dev/null || break
	sleep 0.1
done
# shellcheck disable=SC2016 # the guest expands it
printf 'echo swappiness $(cat /proc/sys/vm/swappiness) max $(cat box/memory.max)\n' >&3
# shellcheck disable=SC2016
printf 'echo nodes $(cat /sys/devices/system/node/online) swap $(tail -n 1 /proc/swaps | cut -d" " -f1); false; exit\n' >&3
wait $wring_pid
is $? 0 "a shell that is left: exit code 0, whatever its last command's ($(tail -n 3 "$scratch/log"))"
exec 3>&-
like "$(cat "$scratch/screen")" "^swappiness 17 max 25165824" "the scenario's knobs and cgroups are there"
like "$(cat "$scratch/screen")" "^nodes 0-1 swap /dev/zram0" "in the suite's machine"
is "$(ls -A "${WRING_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/wring}")" "$WRING_CACHE_BEFORE" "nothing stays in the cache"
done_testing
