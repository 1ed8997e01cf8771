#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The probe generator beside pressure, and without: what a bystander feels.
# shellcheck shell=sh disable=SC2154 # $code, $out, $err and $scratch come from tap.sh
. "${srcdir:-.}/tests/tap.sh"

# suite NAME: a suite of one scenario, the rest of it on stdin.
suite() {
	{
		printf 'suite: %s\nmachine: {cpus: 1, nodes: [768M, 256M], swap: {type: zram, size: 512M}}\n' "$1"
		printf 'defaults: {sample: 200ms, seeds: "1", timeout: 60s}\nscenarios:\n  - name: %s\n' "$1"
		cat
	} >"$1.yaml"
}

# work NAME WORKLOAD.COLUMN: at the end of the measured phase.
work() {
	awk -F '\t' -v name="work.$2" '
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i; next }
		{ v = $c } END { print v }' "$1/$1/host/seed-1/samples.tsv"
}

# grown NAME CGROUP KEY: what memory.stat gained.
grown() {
	awk -F '\t' -v name="$2.memory.stat.$3" '
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i; next }
		NR == 2 { a = $c } { v = $c } END { print v - a }' "$1/$1/host/seed-1/samples.tsv"
}

# quantile NAME WORKLOAD P: ns.
quantile() {
	awk -v name="\"work.$2.latency.$3\":" '$1 == name { on = 1 }
		on && $1 == "\"value\":" { print int($2); exit }' "$1/$1/host/seed-1/trial.json"
}

between() {
	if [ "$1" -ge "$2" ] && [ "$1" -le "$3" ]; then
		ok "$4: $1"
	else
		not_ok "$4" "got $1, want $2 to $3"
	fi
}

cd "$scratch" || exit 1

suite alone <<'E2'
    cgroups: {box: {}}
    workloads:
      - probe: {name: fault, in: box, kind: fault, rate: 1000, duration: 1s}
      - probe: {name: alloc, in: box, kind: alloc, block: 64K, rate: 100, duration: 1s}
      - probe: {name: read, in: box, kind: read, dir: /disk, rate: 100, duration: 1s, verify: true}
      - probe: {name: touch, in: box, kind: touch, rate: 100, duration: 1s, verify: true}
E2
run "$WRING" run alone.yaml --out alone
is_code 0 "all kinds, without pressure, pass"
# The last ones come too late on a busy machine.
between "$(work alone fault.ops)" 980 1000 "1,000 a second for a second"
for kind in alloc read touch; do
	between "$(work alone $kind.ops)" 97 100 "$kind: 100 a second for a second"
	is "$(work alone $kind.errors)" 0 "$kind: no errors"
done

suite beside <<'E2'
    cgroups: {box: {memory.max: 32M}, box/greedy: {}, box/probes: {}}
    workloads:
      - anon: {name: greedy, in: box/greedy, size: 64M, warmup_passes: 1, duration: 1s}
      - probe: {name: fault, in: box/probes, kind: fault, rate: 1000, duration: 1s}
      - probe: {name: alloc, in: box/probes, kind: alloc, block: 64K, rate: 100, duration: 1s}
      - probe: {name: read, in: box/probes, kind: read, dir: /disk, rate: 100, duration: 1s, verify: true}
      - probe: {name: touch, in: box/probes, kind: touch, rate: 100, duration: 1s, verify: true}
E2
run "$WRING" run beside.yaml --out beside
is_code 0 "all kinds, beside a neighbour that is too large, pass"
# By the median; tails are compared in suites/workloads.yaml.
alone=$(quantile alone fault p50) beside=$(quantile beside fault p50)
between "$beside" $((alone + 1)) 2000000000 "a first touch takes longer than without pressure, $alone ns"
for what in anon file; do
	between "$(grown beside box/probes workingset_refault_$what)" 1 1000000 \
		"$what pages of the probes were taken, and waited for"
	is "$(grown alone box workingset_refault_$what)" 0 "and none without pressure"
done
for kind in fault alloc read touch; do
	is "$(work beside $kind.errors)" 0 "$kind: no errors, no contents changed"
done
between "$(work beside fault.ops)" 900 1000 "late operations are made up for, not left out"

# The same process in another cgroup, with memory of its own: what it feels is the processor's.
suite apart <<'E2'
    cgroups: {box: {memory.max: 32M}, own: {}}
    workloads:
      - anon: {name: greedy, in: box, size: 64M, warmup_passes: 1, duration: 1s}
      - probe: {name: touch, in: own, kind: touch, rate: 100, duration: 1s, verify: true}
E2
run "$WRING" run apart.yaml --out apart
is_code 0 "a bystander in a cgroup of its own passes"
is "$(grown apart own workingset_refault_anon)" 0 "none of its pages was taken"

suite closed <<'E2'
    workloads: [{probe: {duration: 1s}}]
E2
run "$WRING" run closed.yaml --out closed
is_code 2 "without a rate it is refused"
like "$err" "add rate, as rate: 1000" "which says what to do"

done_testing
