#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What `wring plan` shows of a suite that uses the whole grammar.
#
#     WRING_UPDATE=1 tests/cli/plan.sh     writes the golden files anew: read the difference
. "${srcdir:-.}/tests/tap.sh"

wring=$(realpath "${WRING:-./wring}")
cd "$srcdir/tests/fixtures/suites" || exit 99

# shows NAME ARGUMENT...: `wring plan good.yaml ARGUMENT...` prints NAME.plan.
shows() {
	name=$1
	shift
	run "$wring" plan good.yaml "$@"
	if [ "${WRING_UPDATE-}" = 1 ]; then
		printf '%s\n' "$out" >"$name.plan"
	fi
	is_code 0 "$name: done"
	is "$out" "$(cat "$name.plan")" "$name: as it was"
	is "$err" "" "$name: nothing on stderr"
}

shows host
shows kernels --vm --kernel debian/6.1 --kernel debian/6.12 --jobs 2 --only tree --only plain
shows overridden --only sweep --seeds 1..20 --set knobs.vm.swappiness=100 \
	--set cgroups.box.memory.max=48M --set machine.swap.size=1G \
	--set workloads.anon.size=64M --set sample=10ms

done_testing
