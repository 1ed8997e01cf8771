#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What `wring plan` shows of a suite that uses the whole grammar.
#
#     WRING_UPDATE=1 tests/cli/plan.sh     writes the golden files anew: read the difference
. "${srcdir:-.}/tests/tap.sh"

wring=$(realpath "${WRING:-./wring}")
cd "$srcdir/tests/fixtures/suites" || exit 99

# shows NAME SUITE ARGUMENT...: `wring plan SUITE ARGUMENT...` prints NAME.plan.
shows() {
	name=$1
	shift
	run env WRING_CACHE="$scratch/cache" "$wring" plan "$@"
	if [ "${WRING_UPDATE-}" = 1 ]; then
		printf '%s\n' "$out" >"$name.plan"
	fi
	is_code 0 "$name: done"
	is "$out" "$(cat "$name.plan")" "$name: as it was"
	is "$err" "" "$name: nothing on stderr"
}

shows host good.yaml
shows machine machine.yaml --vm
shows kernels good.yaml --vm --kernel debian/6.1 --kernel debian/6.12 --jobs 2 --only tree --only plain
shows overridden good.yaml --only sweep --seeds 1..20 --set knobs.vm.swappiness=100 \
	--set cgroups.box.memory.max=48M --set machine.swap.size=1G \
	--set workloads.anon.size=64M --set sample=10ms

is "$(ls -d "$scratch/cache" 2>/dev/null)" "" "plan makes no cache"

done_testing
