#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The same trials by both clocks, as the table in docs/kernel-lab.md: medians of the seeds, counted
# instructions against real time, for one scenario of suites/tour on both kernels.
#
#     tests/compare-clocks.sh [SCENARIO [SEEDS]]     prints Markdown
set -eu
scenario=${1-anon-over-limit} seeds=${2-1..5}
wring=${WRING-./wring}
scratch=$(mktemp -d /tmp/wring-clocks.XXXXXX)
trap 'rm -rf "$scratch"' EXIT
kernels="debian/6.1 debian/6.12"
metrics="reclaim.scanned reclaim.reclaimed refault.anon swap.out swap.in fault.major
	cgroup.box.current_max time.measured work.anon.rate work.anon.latency.p50 work.anon.latency.p99
	psi.memory.full_share"

for clock in insn wall; do
	# In real time side by side they would measure each other.
	jobs=0
	[ $clock = insn ] || jobs=1
	"$wring" run tour --only "$scenario" --vm --kernel debian/6.1 --kernel debian/6.12 --seeds "$seeds" \
		--clock $clock --jobs $jobs --quiet --out "$scratch/$clock" >"$scratch/$clock.log" 2>&1 ||
		{ cat "$scratch/$clock.log" >&2; exit 1; }
done

# values CLOCK KERNEL METRIC: one a seed, ascending.
values() {
	for file in "$scratch/$1/$scenario/${2/\//-}"/seed-*/trial.json; do
		awk -v name="\"$3\":" '$1 == name { here = 1 } here && $1 == "\"value\":" { print $2 + 0; exit }' "$file"
	done | sort -g
}

# spread: "median (low to high)" of the numbers on stdin, for people.
spread() {
	awk '{ v[NR] = $1 }
		function text(x) { return x >= 1000 ? sprintf("%.0f", x) : sprintf("%.4g", x) }
		END { m = (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2
			if (v[1] == v[NR]) print text(m)
			else print text(m) " (" text(v[1]) " to " text(v[NR]) ")" }'
}

# apart A B: how far the second median is from the first.
apart() {
	awk -v a="$1" -v b="$2" 'BEGIN { if (a == b) print "equal"; else if (a == 0) print "-"
		else { r = b / a; if (r > 0.5 && r < 2) printf "%+.1f %%\n", 100 * (r - 1); else printf "x %.3g\n", r } }'
}

echo "| $scenario | kernel | counted instructions | real time (emulated) | apart |"
echo "|---|---|---|---|---|"
for metric in $metrics; do
	for kernel in $kernels; do
		insn=$(values insn "$kernel" "$metric" | spread)
		wall=$(values wall "$kernel" "$metric" | spread)
		echo "| $metric | $kernel | $insn | $wall | $(apart "${insn%% *}" "${wall%% *}") |"
	done
done
