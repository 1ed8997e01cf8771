#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The sampler by the count of instructions, where no clock and no neighbour has a say and every run
# gives the same: what a tick costs in a box with all of a cgroup's files, and that ticks of 5 ms
# (5 million instructions, of which a tick takes one or two) come in time beside the scenarios
# whose ticks cost most: with the most cgroups, and with the most that reclaim at once.
# shellcheck disable=SC2154 # $code, $out, $err and $scratch come from tap.sh
. "${srcdir:-.}/tests/tap.sh"

cat >"$scratch/tick.yaml" <<E2
suite: tick
machine: {cpus: 1, nodes: [512M, 256M], swap: {type: zram, size: 256M}}
scenarios:
  - name: tick
    seeds: "1"
    cgroups: {box: {memory.max: 64M}}
    workloads:
      - exec: {in: box, command: [$PWD/wring-bench, --dir, /tmp, --names-dir, /tmp, --repeat, "3", tick.pread, tick.time]}
E2
run "$WRING" run "$scratch/tick.yaml" --vm --kernel debian/6.1 --kernel debian/6.12 --out "$scratch/tick"
is_code 0 "a tick costs no more than 1.25 times the preads of its files"
for kernel in debian/6.1 debian/6.12; do
	told=$(sed -n 's/^ *"output": "\(.*\)",*$/\1/p' "$scratch/tick/tick/${kernel/\//-}/seed-1/trial.json")
	like "$told" 'tick\.pread .* met' "$kernel: $(printf '%b' "$told" | awk '/^tick/ { print $1, $2, $3 }' | paste -sd ' ')"
done

run "$WRING" run workloads --vm --kernel debian/6.1 --kernel debian/6.12 --set sample=5ms \
	--only kmem-kinds --only anon-patterns-ordered --out "$scratch/fast"
is_code 0 "ticks of 5 ms hold, with no gap above two of them"
for trial in "$scratch"/fast/*/*/seed-1/trial.json; do
	name=${trial#"$scratch/fast/"}
	gap=$(sed -n 's/^ *"gap_max_ns": \([0-9]*\).*/\1/p' "$trial")
	if [ "${gap:-0}" -ge 5000000 ] && [ "$gap" -le 10000000 ]; then
		ok "${name%/seed-1/*}: the longest gap is $gap instructions"
	else
		not_ok "${name%/seed-1/*}: no gap above two intervals" "got «$gap»"
	fi
done
done_testing
