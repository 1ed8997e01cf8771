#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# How often verdicts are wrong, on recorded values and in few cases. `make rates` takes many, and
# holds the figures against their targets; here they are only not to be absurd.
. "${srcdir:-.}/tests/tap.sh"

# share NAME: per cent.
share() {
	awk -F '"' -v name="$1" '$2 == "name" { at = $4 }
		$2 == "share" && at == name { sub(/[:,] */, "", $3); print 100 * $3 }' "$scratch/rates.json"
}

# Five metrics of two scenarios, close to normal, where no recording is at hand.
noise=$srcdir/tests/fixtures/stats/noise.tsv
if [ ! -e "$noise" ]; then
	noise=$scratch/noise.tsv
	awk 'BEGIN {
		srand(3)
		for (m = 0; m < 10; m++) {
			printf "k\ts%d\tm%d\t", m / 5, m
			for (i = 0; i < 64; i++) {
				z = -6
				for (k = 0; k < 12; k++)
					z += rand()
				printf "%s%d", (i ? " " : ""), m == 9 ? 4 : 1e6 * (1 + z / 100)
			}
			print ""
		}
	}' >"$noise"
fi
run ./wring-rates --quick --json "$scratch/rates.json" "$noise"
case $code in
0 | 1) ok "wring-rates has its figures" ;;
*) is_code 0 "wring-rates has its figures" ;;
esac
between "$(share false)" 0 2.5 "hardly a gate is falsely alarmed, per cent"
between "$(share false.paired)" 0 2.5 "of pairs neither"
between "$(share false.both)" 0 2.5 "nor of both"
between "$(share coverage)" 92 98 "intervals cover, per cent"
between "$(share coverage.paired)" 92 98 "of pairs, too"
between "$(share power.400+400)" 90 100 "many seeds tell a shift of 2 %, per cent"
like "$out" "^power\.scaled\.1% +[0-9.]+ " "a table has powers by seeds"
missed=$(grep -c '"met": false' "$scratch/rates.json")
is "$code" "$((missed > 0))" "the exit code says whether a target is missed ($missed)"

printf 'k\ts\tm\t1 2 3 x\n' >"$scratch/bad.tsv"
run ./wring-rates "$scratch/bad.tsv"
is_code 5 "a line that is no series"
like "$err" 'bad\.tsv:1 is no kernel, scenario, metric and at least 8 numbers' "is said"
run ./wring-rates
is_code 2 "no file is bad usage"
run ./wring-rates --help
is_code 0 "wring-rates --help"

done_testing
