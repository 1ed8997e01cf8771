#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# wring gate: each verdict with its exit code, what makes it, and what is written. The figures are
# made; real kernels are judged by tests/vm/lab-gate.sh.
# shellcheck disable=SC2034 # the variables before side() are for it
. "${srcdir:-.}/tests/tap.sh"
. "$srcdir/tests/sides.sh"

wring=$(realpath "${WRING:-./wring}")
export WRING_CACHE=$scratch/cache
mkdir -p "$WRING_CACHE/noise"
fixture=$(realpath "$srcdir/tests/fixtures/records/tour")
cd "$scratch" || exit 99

side base 1 40 60000 30000
side equal 101 24 60000 30000
side worse 101 24 63000 30000
side better 101 24 57000 30000
side fewer 101 4 60600 30000

# gate BASE NEW CODE NAME [OPTION...]
gate() {
	local base=$1 fresh=$2 want=$3 name=$4
	shift 4
	run "$wring" gate "$base" "$fresh" "$@"
	is_code "$want" "$name: exit code $want"
}

# ---- the verdicts ----
gate base equal 0 "A/A, other seeds"
like "$out" '^gate: pass: 2 checks hold' "in a line"
is "$err" "" "and nothing on stderr"
gate base worse 1 "5 % more scanned" --junit j.xml --ktap k --markdown m.md
like "$out" '^gate: REGRESSION: 1 of 2 checks' "in a line"
like "$out" '^ +reclaim\.scanned \(pages\) .*\+[45]\.[0-9] %' "which, and by how much"
like "$(cat j.xml)" '<failure ' "JUnit has a failure"
like "$(cat k)" '^ +not ok 1 reclaim\.scanned' "KTAP has it"
like "$(cat m.md)" '\| one \| reclaim\.scanned \|' "Markdown has it"
gate base better 0 "5 % fewer"
like "$out" 'better' "which it says"

# ---- too few, and the number that is asked for ----
gate base fewer 3 "four seeds"
like "$out" '^gate: inconclusive: .*; run [0-9]+ seeds a side' "says how many"
seeds=$(sed -n 's/^gate: inconclusive: .*; run \([0-9]*\) seeds a side.*/\1/p' <<<"$out")
side obeyed 101 "$seeds" 60600 30000
side obeyed-base 1 "$((seeds > 40 ? seeds : 40))" 60000 30000
run "$wring" gate obeyed-base obeyed
like "$code" '^[01]$' "that number, $seeds, obeyed gives a verdict"
gate fewer fewer 3 "four seeds against themselves"
side noisy-base 1 40 60000 30000
spread=3 side noisy 101 24 60000 30000
gate noisy-base noisy 3 "values all over the place"

# ---- what can't be judged, and why ----
clock=wall side other 101 24 60000 30000
gate base other 4 "another clock"
like "$out" 'clocks differ' "says so"
cpus=2 side other 101 24 60000 30000
gate base other 4 "another machine shape"
like "$out" 'machine\.cpus: 1 and 2' "says what differs"
algorithm=zstd limit=15M side other 101 24 60000 30000
gate base other 0 "another compressor and limit are what is compared"
like "$out" 'machine\.swap\.algorithm: lz4 and zstd' "which is said"
like "$out" 'cgroups\.box\.memory\.max: 16M and 15M' "and the limit"
direct='{"reclaim.scanned_direct": "2%"}'
gate=$direct metric=reclaim.scanned_direct side direct 1 40 60000 30000
gate=$direct metric=reclaim.scanned_direct proactive=split side other 101 24 60000 30000
gate direct other 4 "another regime"
like "$out" 'memory\.reclaim has counters of its own' "says what the counter has become"
metric=reclaim.refill side other 101 24 60000 30000
gate base other 4 "a metric that is gone"
like "$out" 'no such metric' "says so"
gate='{"reclaim.scand": "2%"}' side other 101 24 60000 30000
gate base other 4 "a metric that nobody has"
kernel=debian/6.1 side old 101 24 60000 30000
gate old equal 0 "other kernels are what is compared"
like "$out" 'debian/6\.12 is no worse than debian/6\.1' "by their names"

# ---- who made it ----
maker=cc side other 101 24 60000 30000
gate base other 4 "another build of wring, and what that does is unknown"
like "$out" 'another build of wring-guest' "says which"
drift=0.03 side known 1 40 60000 30000
maker=cc side other 101 24 61500 30000
gate known other 0 "known to move it by 3 %: 2.5 % are the same"
like "$out" 'wider by 3 %' "which is said"
maker=cc side other 101 24 66000 30000
gate known other 1 "10 % are not"

# ---- real time ----
clock=wall side wall 1 40 60000 30000
clock=wall side wall-new 101 24 61500 30000
gate wall wall-new 4 "in real time, not calibrated"
like "$out" 'wring calibrate made' "says what to do"
gate wall wall-new 1 "judged all the same" --uncalibrated
noise() {
	printf '{"kind": "wring-noise", "schema": 1, "suite": "made", "runs": [{"boot": "x", "cells":
		{"one": {"reclaim.scanned": {"median": 60000, "split": %s},
		 "reclaim.reclaimed": {"median": 30000, "split": 0.001}}}}%s]}' "$1" "$2" \
		>"$WRING_CACHE/noise/made.json"
}
noise 0.04 ''
gate wall wall-new 0 "this machine's noise is 4 %: 2.5 % are the same"
like "$out" "this machine's own noise" "which is said"
noise 0.001 ''
gate wall wall-new 1 "a quiet machine"
noise 0.001 ', {"boot": "y", "cells": {"one": {"reclaim.scanned": {"median": 63000, "split": 0.001}}}}'
gate wall wall-new 0 "but another boot had 5 % more"
echo '{}' >"$WRING_CACHE/noise/made.json"
gate wall wall-new 2 "a damaged calibration"
rm "$WRING_CACHE/noise/made.json"

# ---- margins ----
gate='{}' side none 101 24 60000 30000
gate='{}' side none-base 1 40 60000 30000
gate none-base none 2 "no margins"
like "$err" '«gate:» in the suite says them' "says where they go"
printf '"*": {"reclaim.s*": 8%%}\n' >wide.yaml
gate base worse 0 "a policy that allows 8 %" --policy wide.yaml
like "$out" '1 check holds' "and has no other metric"
gate none-base none 0 "a policy where the suite has no margins" --policy wide.yaml
printf 'other: {reclaim.scanned: 8%%}\n' >none.yaml
gate base worse 2 "a policy for other scenarios" --policy none.yaml
printf '"*": {reclaim.scanned: 8}\n' >bad.yaml
gate base worse 2 "a policy that is wrong" --policy bad.yaml
like "$err" '^wring: bad\.yaml:1:24: ' "says where"
gate base worse 2 "a policy that is not there" --policy nowhere.yaml
printf '"*": {reclaim.scanned: 0%% or 4000}\n' >number.yaml
gate base worse 0 "a margin in pages" --policy number.yaml

# ---- a run: what its trials are in trouble with ----
made_run() {
	local dir=$1 seed trial
	rm -rf "$dir"
	cp -r "$fixture" "$dir"
	for seed in 1 2; do
		trial=$dir/anon-over-limit/debian-6.12/seed-$seed/trial.json
		[ -z "${2-}" ] || sed -i "$2" "$trial"
	done
}
printf '"*": {reclaim.scanned: 2%%}\n' >run.yaml
made_run run
gate run@debian/6.12 run@debian/6.12 3 "two seeds of a run against themselves" --policy run.yaml
made_run bad 's/"invalid": \[\]/"invalid": ["the sampler was held up: a gap of 1.4 s"]/'
gate run@debian/6.12 bad@debian/6.12 4 "a starved sampler" --policy run.yaml
like "$out" 'the sampler was held up' "says why"
made_run bad 's/"outcome": "completed"/"outcome": "failed"/'
gate run@debian/6.12 bad@debian/6.12 4 "failed trials" --policy run.yaml
made_run bad '0,/"holds": true/s//"holds": false/'
gate run@debian/6.12 bad@debian/6.12 1 "an expectation that isn't met" --policy run.yaml
like "$out" 'expectation not met' "says which"
made_run bad
rm bad/anon-over-limit/debian-6.12/seed-2/trial.json
gate run@debian/6.12 bad@debian/6.12 4 "a trial that is missing" --policy run.yaml
like "$out" 'wring run --resume' "says what to do"

# ---- usage ----
gate base nowhere 2 "a side that is not there"
like "$err" 'no such run or baseline' "says so"
run "$wring" gate base
is_code 2 "one side"
run "$wring" gate base equal --kernel debian/6.1
is_code 2 "--kernel without --auto"
run "$wring" gate --auto tour --kernel debian/6.1
is_code 2 "--auto with one kernel"
gate base equal 5 "a file that can't be written" --junit nowhere/j.xml
head -c 300 base >cut-off
gate cut-off equal 2 "a damaged baseline"
sed 's/"values": \[[0-9]*,/"values": [/' base >short
gate short equal 2 "a baseline that lacks a value"
like "$err" 'save it anew' "says what to do"

done_testing
