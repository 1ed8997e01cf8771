#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a tick of the sampler costs by the count of instructions, in a box with all of a cgroup's
# files: no clock and no neighbour has a say in it, so that it is the same in every run.
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
done_testing
