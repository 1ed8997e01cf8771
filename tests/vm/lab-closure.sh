#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Identities where a second CPU counts on while the sampler reads, with kswapd awake on two nodes;
# 6.1 can't boot two CPUs by the count of instructions. With one CPU, lab-workloads.sh has them all.
# shellcheck disable=SC2154 # $code, $out, $err and $scratch come from tap.sh
. "${srcdir:-.}/tests/tap.sh"

cat >"$scratch/two.yaml" <<'E2'
suite: two
machine:
  cpus: 2
  nodes: [192M, 192M]
  swap: {type: zram, size: 512M}
  disk: {type: null_blk, size: 256M, latency: 20us}
defaults: {sample: 500ms, seeds: 1..2, timeout: 60s}
scenarios:
  - name: kswapd
    about: More than the machine has, and no limit
    cgroups: {a: {}, b: {}}
    workloads:
      - anon: {name: one, in: a, size: 200M, compressibility: 75%}
      - anon: {name: other, in: b, size: 200M, compressibility: 75%}
    expect: [reclaim.scanned_kswapd > 0]
  - name: limits
    about: Two CPUs reclaim at limits of their own, one of them pages that were written
    cgroups: {a: {memory.max: 16M}, a/c: {}, b: {memory.max: 16M}}
    workloads:
      - anon: {name: one, in: a/c, size: 24M, passes: 2}
      - file: {name: other, in: b, size: 24M, passes: 2, write: 50%, dir: /disk}
    expect: [reclaim.scanned > 0]
E2
run "$WRING" run "$scratch/two.yaml" --vm --kernel debian/6.12 --jobs "$(nproc)" --out "$scratch/two"
is_code 0 "two CPUs: what is expected holds, and every trial can be trusted"
run "$WRING" show "$scratch/two" --closure
is_code 0 "and can be shown so"
is "$(printf '%s\n' "$out" | grep -c '^closure of ')" 4 "four trials"
is "$(printf '%s\n' "$out" | grep '^[!]\|^closure' | grep -B 1 '^!')" "" "every identity closes, in every phase"
like "$out" "  measured  memory-current +a/c " "also below a limit"
done_testing
