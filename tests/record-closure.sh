#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Records tests/fixtures/closure/linux-VERSION anew, a traced trial of real kernels in VMs (build
# first):
#
#     tests/record-closure.sh [VERSION]...      6.1 and 6.12 unless given
#
# Of the samples the rows stay that begin and end a phase, of the spans the passes over LRU lists:
# what identities are about.
set -euo pipefail
src=$(cd "$(dirname "$0")/.." && pwd)
[ $# -gt 0 ] || set -- 6.1 6.12
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

cat >"$out/closure.yaml" <<'E2'
suite: closure
machine:
  cpus: 1
  nodes: [192M, 128M]
  swap: {type: zram, size: 128M}
  disk: {type: null_blk, size: 128M, latency: 50us}
scenarios:
  - name: closure
    seeds: "1"
    trace: true
    knobs: {lru_gen: classic, thp: madvise}
    cgroups: {box: {memory.max: 32M}, box/a: {memory.max: 16M}, box/b: {}, other: {}}
    workloads:
      - anon: {name: nested, in: box/a, size: 24M, passes: 2, warmup_passes: 1}
      - file: {name: reader, in: box/b, size: 24M, passes: 2, write: 20%}
      - anon: {name: huge, in: other, size: 16M, thp: always, memory: "bind:1"}
      - shmem: {name: shmem, in: other, size: 8M}
E2
for version in "$@"; do
	to=$src/tests/fixtures/closure/linux-$version
	./wring run "$out/closure.yaml" --vm --kernel "debian/$version" --out "$out/$version" --quiet >/dev/null
	from=$out/$version/closure/debian-$version/seed-1
	mkdir -p "$to"
	cp "$from"/{trial.json,latency.tsv} "$to"
	awk -F '\t' '
		FNR == NR { if ($1 ~ /"(start|end)_ns"/) { gsub(/[^0-9]/, "", $1); edge[$1] = 1 } next }
		FNR == 1 || $1 in edge' "$from/trial.json" "$from/samples.tsv" >"$to/samples.tsv"
	awk -F '\t' 'NR == 1 || $5 == "lru"' "$from/spans.tsv" >"$to/spans.tsv"
	printf '%s: %s rows, %s spans\n' "$to" "$(wc -l <"$to/samples.tsv")" "$(wc -l <"$to/spans.tsv")"
done
