#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs over time: the list, the run with which a metric changed, its picture, and what is said of
# runs that can't be read or are too few. The runs are copies of a recorded one, a day apart.
. "${srcdir:-.}/tests/tap.sh"

wring=$(realpath "${WRING:-./wring}")
fixture=$srcdir/tests/fixtures/records/tour

# run_of DIR DAY SCANNED: a run of the day with that figure of Linux 6.12, its seeds a bit apart.
# Linux 6.1 has 135,000 pages and some noise on every day.
run_of() {
	local dir=$1 day=$2 scanned=$3 kernel seed value trial
	for kernel in debian-6.1 debian-6.12; do
		for seed in 1 2; do
			trial=anon-over-limit/$kernel/seed-$seed
			value=$((scanned + 30 * seed))
			[ $kernel = debian-6.12 ] || value=$((135000 + 71 * (day * 7 % 11) + 30 * seed))
			mkdir -p "$dir/$trial" || exit 99
			sed "/\"reclaim.scanned\": {/,/}/s/\"value\": [0-9]*/\"value\": $value/" \
				"$fixture/$trial/trial.json" >"$dir/$trial/trial.json" || exit 99
		done
	done
	sed "s/^{/{\n  \"started\": \"2026-11-$(printf %02d "$day")T03:00:00Z\", \"wring\": \"0.1.0\",/" \
		"$fixture/run.json" >"$dir/run.json" || exit 99
}

runs=$scratch/runs
for day in 1 2 3 4 5 6 7 8 9 10 11 12; do
	level=60000
	[ $day -lt 8 ] || level=66000
	run_of "$runs/tour/day-$day" $day $((level + 41 * (day * 5 % 12)))
done
ln -s day-12 "$runs/tour/latest"

# ---- the list ----
run "$wring" history "$runs"
is_code 0 "a list"
is "$(grep -c 'day-' <<<"$out")" 12 "a line a run, and none for the link"
is "$(grep -o 'day-[0-9]*' <<<"$out" | tr '\n' ' ')" \
	"day-1 day-2 day-3 day-4 day-5 day-6 day-7 day-8 day-9 day-10 day-11 day-12 " \
	"in the order of time, not of names"
like "$out" '^2026-11-01 03:00 +tour +6\.1\..*, 6\.12\..* 1,2 +0\.1\.0 +done +pass .*/day-1$' \
	"when, suite, kernels, seeds, wring, status, verdict, where"
run "$wring" history "$runs/tour/latest" "$runs/tour/day-3/" "$runs"
is "$(grep -c 'day-\|latest' <<<"$out")" 12 "a run that is named twice is there once"

# Where the record doesn't say when it began, the directory's name does.
mkdir "$scratch/named"
cp -r "$fixture" "$scratch/named/20260102T030405Z"
run "$wring" history "$scratch/named"
like "$out" '^2026-01-02 03:04 +tour' "dated by the directory's name"
mv "$scratch/named/20260102T030405Z" "$scratch/named/mine"
run "$wring" history "$scratch/named"
like "$out" '^[0-9 :-]+ ~ +tour' "dated by the file: marked"

# ---- a metric ----
run "$wring" history "$runs" --metric reclaim.scanned
is_code 0 "a metric over time"
like "$out" 'anon-over-limit, debian/6\.12: reclaim\.scanned \(pages\)' "scenario, kernel, unit"
like "$out" 'not hardware time' "the insn clock is none of hardware"
like "$out" '^  2026-11-03 03:00 +6\.12\..* 60,[0-9]+  60,[0-9]+–60,[0-9]+ ' "release, median, range"
is "$(grep -c '── ' <<<"$out")" 1 "one change: the same kernel with noise has none"
like "$(grep -A1 '── ' <<<"$out" | head -n 1)" \
	'\+(9\.[0-9]|10) %: 60,[0-9]+ → 66,[0-9]+ pages, worse; p 0\.0' "its size, side and p"
like "$(grep -A1 '── ' <<<"$out" | tail -n 1)" '^  2026-11-08' "the run with which it came"
like "$out" 'nothing that the records tell differs' "no cause is made up"
like "$out" 'no change among the 12 runs' "the other kernel"
first=$out
run "$wring" history "$runs" --metric reclaim.scanned
is "$out" "$first" "the same again"

sed -i 's/"release": "6.12[^"]*"/"release": "6.12.999"/' "$runs"/tour/day-{8,9,10,11,12}/*/debian-6.12/*/trial.json
run "$wring" history "$runs" --metric reclaim.scanned --kernel debian/6.12
like "$out" '2026-11-08 03:00: differs from the run before in Linux 6\.12\.[^ ]+ → 6\.12\.999' \
	"the kernel's release is what differs"
unlike "$out" 'debian/6\.1:' "only the kernel asked for"

run "$wring" history "$runs" --changes
is_code 0 "changes of all metrics"
like "$out" '^1 of [0-9]+ series changed' "one"
like "$out" '^  reclaim\.scanned +\+(9\.[0-9]|10) % .* worse +0\.0[0-9]+ +2026-11-08' "it is in the list"

run "$wring" history "$runs" --metric 'reclaim.*' --json
is_code 0 "JSON"
if command -v python3 >"$scratch/which"; then
	echo "$out" >"$scratch/history.json"
	run python3 -c "
import json
h = json.load(open('$scratch/history.json'))
s = [s for s in h['series'] if s['changes']]
print(len(h['runs']), len(s), s[0]['metric'], s[0]['kernel'], h['runs'][s[0]['changes'][0]['after']]['started'])"
	is "$out" "12 1 reclaim.scanned debian/6.12 2026-11-08T03:00:00Z" "JSON has runs, series, changes"
else
	skip "python3 is not here"
fi

# ---- few runs, damage ----
run "$wring" history "$runs"/tour/day-{6,7,8,9} --metric reclaim.scanned
is_code 0 "four runs"
unlike "$out" '── ' "no change is told of four runs"
like "$out" 'fewer than 8 runs: too few' "and how many it takes is"

echo '{' >"$runs/tour/day-2/run.json"
echo 'x' >"$runs/tour/day-4/anon-over-limit/debian-6.1/seed-1/trial.json"
run "$wring" history "$runs"
is_code 0 "damaged runs keep none of the others back"
is "$(grep -c 'day-' <<<"$out")" 10 "the others are listed"
like "$err" 'left out: .*day-2/run\.json:' "a damaged run.json is named"
like "$err" 'left out: .*day-4/.*trial\.json:' "a damaged trial.json is"
sed -i 's/^  "invalid": \[\]/  "invalid": ["a gap of 9 s"]/' "$runs"/tour/day-5/anon-over-limit/debian-6.12/seed-*/trial.json
run "$wring" history "$runs" --metric reclaim.scanned
like "$out" 'no figure in .*/day-5: seed 1 is invalid: a gap of 9 s' "a run without a figure, and why"
is "$(grep -c '── ' <<<"$out")" 1 "the change is found without it"

# ---- bad input ----
run "$wring" history
is_code 2 "no directory"
mkdir "$scratch/empty"
run "$wring" history "$scratch/empty"
is_code 2 "no run"
like "$err" 'empty: no run is in it' "no run: which directory"
run "$wring" history "$scratch/absent"
is_code 2 "no such directory"
run "$wring" history "$runs/tour/day-2"
is_code 2 "nothing that can be read"
run "$wring" history "$runs" --metric reclaim.scaned
is_code 2 "no such metric"
like "$err" 'did you mean «reclaim\.scanned»' "no such metric: the nearest"
run "$wring" history "$runs" --metric damon.nr_applied
is_code 2 "a metric that is in no run"
run "$wring" history "$runs" --metric reclaim.scanned --scenario anon-over-limt
is_code 2 "no such scenario"
like "$err" 'did you mean «anon-over-limit»' "no such scenario: the nearest"
run "$wring" history "$runs" --metric reclaim.scanned --any-kernel
is_code 2 "two kernels of one run as one series"
run "$wring" history "$runs" --out "$scratch/plots"
is_code 2 "a picture of no metric"

# ---- pictures ----
if ! command -v gnuplot >"$scratch/which"; then
	skip "pictures need gnuplot"
	done_testing
	exit
fi
run "$wring" history "$runs" --metric reclaim.scanned --out "$scratch/plots"
is_code 0 "a picture"
svg=$scratch/plots/history.reclaim.scanned.svg
like "$out" "^$svg\$" "its path is printed"
head -c 8 "$scratch/plots/history.reclaim.scanned.png" | od -An -tx1 | tr -d ' \n' >"$scratch/magic"
is "$(cat "$scratch/magic")" 89504e470d0a1a0a "the PNG is one"
if command -v xmllint >"$scratch/which"; then
	run xmllint --noout "$svg"
	is_code 0 "the SVG is well-formed"
else
	skip "xmllint is not here"
fi
text=$(sed -n 's/.*<text[^>]*>//; s/<[^>]*>//gp' "$svg")
like "$text" 'tour: reclaim.scanned' "title"
like "$text" 'insn clock: 1 ns is one guest instruction' "the clock"
like "$text" 'anon-over-limit, debian/6\.12' "a panel a kernel"
like "$text" '1000 pages' "the unit"
like "$text" '\+(9\.[0-9]|10) %, worse: 60,[0-9]+ → 66,[0-9]+' "the change"
like "$text" '6\.12\.999' "the release that came with it"
like "$text" 'Nov 12' "the days"
run "$wring" history "$runs" --metric reclaim.scanned --out "$scratch/plots" --format svg --json
is_code 0 "JSON and a picture"
like "$err" "^$svg\$" "with JSON, the path is beside it"
done_testing
