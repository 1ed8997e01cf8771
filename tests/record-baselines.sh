#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes results/baselines anew: 60 seeds of suites/gate.yaml on each kernel, and how far figures move
# when another build of wring runs them (build first; about half an hour on two idle cores):
#
#     tests/record-baselines.sh [DIR]      DIR: where the records stay, or those of a run that was ended
#
# The other build is of the same sources, compiled with -O1, 12 seeds: its wring-guest has another size
# and other timings, as that of another version, compiler or distribution has.
set -euo pipefail
src=$(cd "$(dirname "$0")/.." && pwd)
kernels=(debian/6.1 debian/6.12)
dir=$(mkdir -p "${1-$src/build/baselines}" && cd "${1-$src/build/baselines}" && pwd)
here=$PWD

# measure WRING OUT SEEDS
measure() {
	local resume=()
	[ ! -e "$2/run.json" ] || resume=(--resume)
	"$1" run gate --vm "${kernels[@]/#/--kernel=}" --seeds "$3" --out "$2" --quiet "${resume[@]}" \
		>"$2.log" || { tail -n 40 "$2.log" >&2; exit 1; }
}

# other LEVEL: a build with that optimisation.
other() {
	local tree=$dir/build$1
	[ -x "$tree/wring" ] || {
		mkdir -p "$tree"
		git -C "$src" archive HEAD | tar -x -C "$tree"
		(cd "$tree" && autoreconf -fi && ./configure -q CFLAGS="-g $1" && make -j"$(nproc)") \
			>"$tree.log" 2>&1
	}
	measure "$tree/wring" "$dir/run$1" 1..12
}

measure "$here/wring" "$dir/run" 1..60
other -O1
for kernel in "${kernels[@]}"; do
	"$here/wring" baseline save "$dir/run@$kernel" "$src/results/baselines/gate-${kernel/\//-}.json" \
		--also "$dir/run-O1@$kernel"
done
