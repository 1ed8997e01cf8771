#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Records tests/fixtures/stats/noise.tsv anew: what the seeds of suites/gate.yaml differ by, on real
# kernels in VMs (build first, `wring kernel get` the kernels; about 20 minutes on two idle cores):
#
#     tests/record-stats.sh [RUN]      RUN: where the records stay, or those of a run that was ended
#
# A line for each metric that the suite gates: kernel, scenario, metric, and a value for each seed,
# with tabs between the four and spaces between the values. Simulations draw their trials from it,
# and the margins in the suite were chosen by it: look at these when the spread has changed.
set -euo pipefail
src=$(cd "$(dirname "$0")/.." && pwd)
kernels=(debian/6.1 debian/6.12)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
run=${1-$scratch/run}
to=$src/tests/fixtures/stats/noise.tsv

resume=()
[ ! -e "$run/run.json" ] || resume=(--resume)
./wring run "$src/suites/gate.yaml" --vm "${kernels[@]/#/--kernel=}" --seeds 1..64 --out "$run" --quiet \
	"${resume[@]}" >/dev/null
# A baseline has what is gated, a line for each metric.
for kernel in "${kernels[@]}"; do
	./wring baseline save "$run@$kernel" "$scratch/baseline" >/dev/null
	sed -n 's/^{"scenario":"\([^"]*\)","kernel":"\([^"]*\)".*/= \2 \1/p
		s/^"\([^"]*\)":{"unit":.*"values":\[\(.*\)\]}.*/\1 \2/p' "$scratch/baseline" |
		awk '$1 == "=" { cell = $2 "\t" $3; next } { gsub(",", " ", $2); print cell "\t" $1 "\t" $2 }'
done >"$scratch/noise.tsv"
mkdir -p "${to%/*}"
mv "$scratch/noise.tsv" "$to"
printf '%s: %s series\n' "$to" "$(wc -l <"$to")"
