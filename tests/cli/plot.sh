#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Pictures of a recorded run: which files, what stands in them, and what is said when they can't be
# drawn.
. "${srcdir:-.}/tests/tap.sh"

wring=$(realpath "${WRING:-./wring}")
fixture=$srcdir/tests/fixtures/records/tour
cp -r "$fixture" "$scratch/tour" && chmod -R u+w "$scratch/tour" || exit 99
first=anon-over-limit.debian-6.1.seed-1

# A PATH on which there is everything but gnuplot; wring looks in /usr/sbin and /sbin, too.
mkdir "$scratch/empty"
if [ ! -e /usr/sbin/gnuplot ] && [ ! -e /sbin/gnuplot ]; then
	run env PATH="$scratch/empty" "$wring" plot "$scratch/tour"
	is_code 5 "without gnuplot: the environment can't"
	like "$err" 'gnuplot-nox' "without gnuplot: names the package"
	is "$out" "" "without gnuplot: no file named"
fi

run "$wring" plot "$scratch/empty"
is_code 2 "no run: bad input"
run "$wring" plot "$scratch/tour" --format gif
is_code 2 "no such format: bad input"

if ! command -v gnuplot >"$scratch/which"; then
	skip "pictures need gnuplot"
	done_testing
	exit
fi

# A trial that left no samples has no picture, and keeps none of the others from having theirs.
printf 'garbage\n' >"$scratch/tour/anon-over-limit/debian-6.12/seed-2/samples.tsv"
run "$wring" plot "$scratch/tour"
is_code 0 "drawn"
like "$err" 'debian-6.12/seed-2.*samples.tsv' "the trial without samples is named"
is "$(grep -c . <<<"$out")" 8 "three trials and a summary, each in two formats"
missing=$(while read -r file; do [ -s "$file" ] || echo "$file"; done <<<"$out")
is "$missing" "" "every file that is named is there"
is "$(find "$scratch/tour/plots" -name '*.tmp')" "" "no half file is left"

svg=$scratch/tour/plots/$first.svg
if command -v xmllint >"$scratch/which"; then
	run xmllint --noout "$scratch/tour/plots/"*.svg
	is_code 0 "every SVG is well-formed"
else
	skip "xmllint is not here"
fi
text=$(sed -n 's/.*<text[^>]*>//; s/<[^>]*>//gp' "$svg")
like "$text" 'tour / anon-over-limit' "title: suite and scenario"
like "$text" 'classic LRU, seed 1, insn clock' "title: LRU, seed, clock"
like "$text" 'measured' "phases"
like "$text" 'max 128 MiB' "the limit"
like "$text" 'cgroup limit' "reclaim under the limit has a name"
like "$text" 'scanned, all' "pages scanned"
like "$text" 'pages/s' "unit of reclaim"
like "$text" '% of time' "unit of pressure"
like "$text" 'ops/s' "unit of work"
like "$text" 'insn clock' "the time axis says which clock"
head -c 8 "$scratch/tour/plots/$first.png" | od -An -tx1 | tr -d ' \n' >"$scratch/magic"
is "$(cat "$scratch/magic")" 89504e470d0a1a0a "the PNG is one"

text=$(sed -n 's/.*<text[^>]*>//; s/<[^>]*>//gp' "$scratch/tour/plots/summary.svg")
like "$text" 'anon-over-limit' "summary: the scenario"
like "$text" 'classic' "summary: the LRU"
like "$text" '[0-9]+ % +[0-9,]+ of [0-9,]+' "summary: pages reclaimed of pages scanned"

run "$wring" plot "$scratch/tour" --out "$scratch/again" --format svg
is_code 0 "drawn elsewhere"
is "$(find "$scratch/again" -type f ! -name '*.svg')" "" "only the format asked for"
run cmp "$svg" "$scratch/again/$first.svg"
is_code 0 "the same record gives the same SVG"

# A trial that knows why its operations were slow has a picture of that, too.
cp -r "$fixture" "$scratch/why" && chmod -R u+w "$scratch/why" || exit 99
trial=$scratch/why/anon-over-limit/debian-6.1/seed-1/trial.json
causes='{"probe": [{"quantile": "p99", "latency_ns": 2520000, "operations": 1024, "of": 5000,
	"complete": false, "total_ns": 1000, "unexplained": 0.3, "unexplained_ns": 300, "floor_ns": 200,
	"shares": [{"cause": "memcg-reclaim", "node": 1, "share": 0.66, "ns": 660},
		{"cause": "cpu-wait", "share": 0.04, "ns": 40}]}]}'
sed -i "1s/{/{\"causes\": ${causes//$'\n'/ },/" "$trial"
run "$wring" plot "$scratch/why" --out "$scratch/whys" --format svg
is_code 0 "drawn, with causes"
like "$out" "$first.causes.svg" "the causes' picture is named"
text=$(sed -n 's/.*<text[^>]*>//; s/<[^>]*>//gp' "$scratch/whys/$first.causes.svg")
like "$text" 'memcg reclaim on node 1' "causes: the legend"
like "$text" 'waiting for a CPU' "causes: the legend has thin ones, too"
like "$text" '66 %' "causes: a share stands in its layer"
like "$text" '10 %' "causes: what is unexplained beyond every operation's"
like "$text" '20 %' "causes: what every operation has"
like "$text" '2.52 ms' "causes: the latency"
like "$text" '1,024 of 5,000' "causes: not all operations are there"

run "$wring" plot "$scratch/tour" "$fixture" --out "$scratch/both" --format svg
is_code 0 "two runs"
is "$(find "$scratch/both" -name summary.svg | wc -l)" 1 "two runs have one summary"

done_testing
