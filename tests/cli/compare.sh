#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# wring compare and wring baseline: which sides there are, what is said of them, in which order.
# shellcheck disable=SC2034 # the variables before side() are for it
. "${srcdir:-.}/tests/tap.sh"
. "$srcdir/tests/sides.sh"

wring=$(realpath "${WRING:-./wring}")
fixture=$(realpath "$srcdir/tests/fixtures/records/tour")
cd "$scratch" || exit 99

side base 1 40 60000 30000
side equal 101 24 60000 30000
side worse 101 24 63000 30000

# compare BASE NEW NAME [OPTION...]
compare() {
	local base=$1 fresh=$2 name=$3
	shift 3
	run "$wring" compare "$base" "$fresh" "$@"
	is_code 0 "$name: exit code 0"
}

# ---- verdicts ----
compare base worse "5 % more scanned"
like "$out" '^worse against base$' "who against whom"
like "$out" '^one  \(40 and 24 seeds\)$' "the scenario and how many seeds"
like "$out" 'reclaim\.scanned +60,[0-9]{3} +6[23],[0-9]{3} +\+[45]\.[0-9] % \(\+[0-9.]+ to \+[0-9.]+\) .* worse$' \
	"medians, shift, interval, verdict"
unlike "$out" 'reclaim\.reclaimed' "what didn't move isn't shown"
like "$out" '1 the same, 0 can.t be told' "but counted"
is "$(awk 'length > 100' <<<"$out")" "" "no line is longer than 100"
compare base worse "the same with --all" --all
like "$out" 'reclaim\.reclaimed .* same ±2 %$' "what is the same, within what"
compare base equal "A/A"
like "$out" 'nothing moved, 2 the same' "nothing moved"
compare worse base "the other way"
like "$out" 'reclaim\.scanned .* -[45]\.[0-9] % .* better$' "is better"
gate='{}' side plain 1 40 60000 30000
gate='{}' side plain-worse 101 24 63000 30000
compare plain plain-worse "a margin of 10 %" --margin 10%
like "$out" 'nothing moved' "covers 5 %"

# ---- the other forms ----
compare base worse "Markdown" --markdown
like "$out" '^\| reclaim\.scanned \| ' "a table"
is "$(grep '^|' <<<"$out" | awk -F'|' '{ print NF }' | sort -u)" 9 "all of its rows have as many cells"
compare base worse "JSON" --json
if command -v python3 >"$scratch/which"; then
	echo "$out" >compare.json
	run python3 -c "
import json
rows = {r['metric']: r for r in json.load(open('compare.json'))['rows']}
r = rows['reclaim.scanned']
print(len(rows), r['verdict'], r['test'], len(r['base']), len(r['new']), 0.03 < r['shift'] < 0.07, r['q'] < 0.01)"
	is "$out" "2 worse rank-sum 40 24 True True" "JSON has what it was judged by"
else
	skip "python3 is not here"
fi

# ---- pairs ----
side paired 1 24 63000 30000 1
compare base paired "seeds of both sides" --json
like "$out" '"test": "signed-rank and rank-sum"' "pairs, and the seeds beyond them"
side short 1 24 60000 30000 1
compare short paired "the same seeds" --json
like "$out" '"test": "signed-rank"' "pairs alone"

# ---- which sides ----
cp -r "$fixture" run
compare run@debian/6.1 run@debian/6.12 "two kernels of a run"
like "$out" '^debian/6\.12 against debian/6\.1$' "by their names"
run "$wring" compare run
is_code 0 "one run that has two kernels"
like "$out" '^debian/6\.12 against debian/6\.1$' "is the second against the first"
run "$wring" compare run run
is_code 0 "two runs of two kernels"
like "$out" '^anon-over-limit debian/6\.1  ' "kernel by kernel"
sed -i 's/"name": "anon-over-limit"/"name": "anon-over-limit@lru_gen=mglru"/' run/run.json
sed -i 's/"scenario": "anon-over-limit"/"scenario": "anon-over-limit@lru_gen=mglru"/' \
	run/run.json run/*/debian-6.12/*/trial.json
sed -i 's/"scenario": "anon-over-limit"/"scenario": "anon-over-limit@lru_gen=classic"/' \
	run/*/debian-6.1/*/trial.json
run "$wring" compare run@debian/6.1@lru_gen=classic run@debian/6.12@knobs.lru_gen=mglru
is_code 0 "two values of a knob"
like "$out" '^anon-over-limit  \(' "under the scenario's own name"

# refused NAME REGEX SIDE...: exit code 2, and why.
refused() {
	local name=$1 regex=$2
	shift 2
	run "$wring" compare "$@"
	is_code 2 "$name"
	like "$err" "$regex" "$name: says why"
}
refused "a kernel that isn't there" 'has no kernel «debian/5\.10»; it has debian/6\.1, debian/6\.12' \
	run@debian/5.10 base
refused "a knob that isn't there" 'its matrices have lru_gen=' run@swappiness=60 base
refused "a value that isn't there" 'its matrices have lru_gen=' run@lru_gen=other base
refused "one kernel against two" 'has 2 kernels, .*: choose one, as run@debian/6\.1' base run
refused "one side with one kernel" 'has 1 kernel: with one RUN' base
refused "what isn't there" 'no such run or baseline' nowhere base
refused "a margin that is none" '^wring: --margin: «5» is none' base worse --margin 5
refused "two forms at once" 'choose one of them' base worse --json --markdown
echo '{}' >empty
refused "a file that is no baseline" 'neither a run nor a baseline' empty base
cpus=2 side other 101 24 60000 30000
run "$wring" compare base other
is_code 4 "sides that can't be compared"
like "$out" 'machine\.cpus: 1 and 2' "say why"

# ---- trials that don't count are left out, and named ----
cp -r "$fixture" bad
sed -i 's/"outcome": "completed"/"outcome": "failed"/' bad/anon-over-limit/debian-6.12/seed-2/trial.json
run "$wring" compare bad
is_code 0 "a failed trial"
like "$out" 'left out: seed 2 failed' "is left out, and named"
like "$out" '\(2 and 1 seeds\)' "the other is there"

# ---- baselines ----
cp -r "$fixture" kept
run "$wring" baseline save kept@debian/6.12 kept.json
is_code 2 "a suite without margins"
like "$err" 'give --all' "says what to do"
run "$wring" baseline save kept@debian/6.12 kept.json --all
is_code 0 "a baseline of every metric"
like "$out" '^kept\.json: 1 scenario, 2 seeds$' "is told"
compare kept.json kept@debian/6.12 "a run against its own baseline" --all
unlike "$out" '(worse|better|moved)$' "nothing moved"
sed -i 's/"suite": "tour"/&, "scenarios": [{"name": "anon-over-limit", \
	"gate": {"reclaim.scanned": "2%", "refault.*": "5% or 10"}}]/' kept/run.json
run "$wring" baseline save kept@debian/6.12 small.json
is_code 0 "a baseline of what the gate names"
like "$(tr -d '\n' <small.json)" '"reclaim\.scanned":.*"refault\.anon":' "has these"
unlike "$(cat small.json)" 'reclaim\.reclaimed' "and no others"
cp -r kept also
sed -i '/"reclaim.scanned": {/,/}/s/"value": [0-9]*/"value": 66000/' \
	also/anon-over-limit/debian-6.12/*/trial.json
run "$wring" baseline save kept@debian/6.12 small.json --also also@debian/6.12
is_code 0 "with the same by another wring"
like "$(cat small.json)" '"reclaim\.scanned":\{"unit":"pages","drift":0\.0[0-9]+,' "keeps how far that moved it"
run "$wring" baseline save bad@debian/6.12 bad.json --all
is_code 4 "a run that can't be trusted is none"
run "$wring" baseline save kept nowhere/x.json --all
is_code 5 "a file that can't be written"
run "$wring" baseline keep kept x.json
is_code 2 "a word that it doesn't know"

# ---- calibrate ----
run "$wring" calibrate tour --vm
is_code 2 "the instruction clock has no noise"
like "$err" 'figures vary by seeds alone' "which it says"

done_testing
