#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The benchmark of the project itself: its list, a smallest row, and what it says of missing peers.
# What the row's figure is says nothing here: under sanitizers it is no measurement.
. "${srcdir:-.}/tests/tap.sh"

bench() {
	run ./wring-bench --names-dir "$scratch" --dir "$scratch" "$@"
}

bench --list
is_code 0 "wring-bench --list"
like "$out" '^anon\.touch\.uniform +>= 0\.97 ' "it has rows and targets"
like "$out" '^file\.cached +>= 1\.00 ' "of files, too"
is "$(printf '%s\n' "$out" | cut -d ' ' -f 1 | sort | uniq -d)" "" "no name twice"

bench --repeat 2 --json "$scratch/bench.json" zipf
like "$out" '^zipf\.draw +[0-9.]+ ns +[0-9.]+ ns to [0-9.]+ ns +<= 15 ns +(met|missed|undecided)$' \
	"a row has its median, quartiles, target and verdict"
verdict=$(sed -n 's/.*"verdict": "\(.*\)".*/\1/p' "$scratch/bench.json")
like "$out" " $verdict\$" "the JSON has the same verdict"
case $verdict in
met) want=0 ;;
undecided) want=3 ;;
*) want=1 ;;
esac
is_code "$want" "the exit code is the verdict's: $verdict"
for key in kernel cpus repetitions name unit target median quartiles values samples cpu_ns; do
	like "$(cat "$scratch/bench.json")" "\"$key\":" "the JSON has $key"
done
is "$(grep -c '"cpu_ns":' "$scratch/bench.json")" 2 "one sample a repetition"

run env PATH=/nonexistent ./wring-bench --dir "$scratch" anon.write.stress-ng
is_code 5 "a peer that is missing makes it exit 5"
like "$out" 'not measured: stress-ng is not installed \(apt-get install stress-ng\)$' "it says so"

bench zipf.drow
is_code 2 "an unknown row is bad usage"
like "$err" 'no row zipf\.drow \(did you mean «zipf\.draw»\?\)' "it knows a near one"
bench --repeat 0
is_code 2 "so is an option out of range"
is "$(find "$scratch" -name 'wring-bench-*')" "" "nothing is left behind"

done_testing
