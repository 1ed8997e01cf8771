#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Verdicts on real kernels, against the shipped baselines: the same kernel passes with other seeds,
# and each change gets the verdict that its cause makes true. All of it, on both kernels, by `make
# check-gate`; otherwise a part and a change, others each day: WRING_PICK=N chooses.
# shellcheck disable=SC2154 # $code, $out, $err, $srcdir and $scratch come from tap.sh
. "${srcdir:-.}/tests/tap.sh"

pick=${WRING_PICK-$(date -u +%j)}
ci=$(realpath "$srcdir/docs/ci") schema=$(realpath "$srcdir/tests/junit.xsd")
cd "$scratch" || exit 99
ln -s "$WRING" wring

# measure OUT KERNEL SEEDS [OPTION...]: a run of the suite, which completes.
measure() {
	local dir=$1 kernel=$2 seeds=$3
	shift 3
	run ./wring run gate --vm --kernel "$kernel" --seeds "$seeds" --out "$dir" --quiet "$@"
	is_code 0 "$dir: seeds $seeds of $kernel"
}

# found METRIC: how the last gate says that it came out; nothing when it passed without a word.
found() {
	awk -v metric="$1" '/^[a-z]/ { group = $1; sub(/[:,]$/, "", group) }
		$1 == metric { print group; exit }' <<<"$out"
}

# held NAME BASE NEW CODE [OPTION...]: a gate and its exit code.
held() {
	local name=$1 base=$2 fresh=$3 want=$4
	shift 4
	run ./wring gate "$base" "$fresh" "$@"
	is_code "$want" "$name"
}

# changed NAME KERNEL SCENARIO SETTING CODE [METRIC VERDICT]: against the baseline with the setting.
changed() {
	local name=$1 kernel=$2 scenario=$3 setting=$4 want=$5
	measure "$name-${kernel#*/}" "$kernel" 1..24 --only "$scenario" --set "$setting"
	held "$setting on $kernel: exit code $want" "gate-${kernel/\//-}" "$name-${kernel#*/}" "$want" \
		--only "$scenario"
	if [ "$want" -ne 0 ]; then
		is "$(found "$6")" "$7" "by $6"
	fi
}

changes=(
	"high throttled-at-high cgroups.box.memory.high=58984K 1 reclaim.reclaimed worse"
	"watermarks node-pressure knobs.vm.watermark_scale_factor=100 1 reclaim.kswapd_share moved"
	"zstd anon-over-limit machine.swap.algorithm=zstd 1 time.measured worse"
	"swappiness anon-beside-file knobs.vm.swappiness=61 0"
)

# ---- the recipes of docs/ci, as they stand there ----

# recipe FILE: the commands that run wring.
recipe() {
	grep -E '^ +(- )?\./wring ' "$1" | sed -E 's/^ +(- )?//'
}
is "$(recipe "$ci/github-actions.yml")" "$(recipe "$ci/gitlab-ci.yml")" "both recipes run the same"
is "$(recipe "$ci/gitlab-ci.yml" | wc -l)" 2 "a run and a gate"

follow_recipe() {
	recipe "$ci/github-actions.yml" >commands
	export WRING_KERNEL=debian/6.12 WRING_BASELINE=gate-debian-6.12
	export WRING_SEEDS=101..124 WRING_OPTIONS="--only anon-over-limit"
	run bash -eu commands
	is_code 0 "the recipe passes the kernel that the baseline is of, with other seeds"
	like "$out" '^gate: pass: [0-9]+ checks hold' "in a line"
	like "$(cat gate.md)" 'anon-over-limit' "gate.md has the scenario"
	if command -v xmllint >where; then
		run xmllint --noout --schema "$schema" gate.xml
		is_code 0 "gate.xml is valid"
	else
		skip "xmllint is not here"
	fi
}

# ---- too few seeds, and as many as it asks for ----
few_seeds() {
	measure few debian/6.12 201..204 --only anon-over-limit
	held "four seeds: exit code 3" gate-debian-6.12 few 3 --only anon-over-limit
	seeds=$(sed -n 's/^gate: inconclusive: .*; run \([0-9]*\) seeds a side.*/\1/p' <<<"$out")
	like "$seeds" '^[0-9]+$' "it says how many"
	measure few debian/6.12 "201..$((200 + ${seeds:-24}))" --only anon-over-limit --resume
	like "$out" "$seeds of $seeds trials" "--resume adds what is missing"
	run ./wring gate gate-debian-6.12 few --only anon-over-limit
	like "$code" '^[01]$' "$seeds seeds give a verdict"
}

# ---- sequential ----
sequential() {
	run ./wring gate --auto --kernel debian/6.1 --kernel debian/6.12 gate --only slab-over-limit \
		--max-seeds 24 --out auto --quiet
	is_code 1 "--auto: 6.12 is slower at slab than 6.1"
	is "$(found time.measured)" worse "by its time"
	like "$(tr '\n' ' ' <<<"$(ls auto)")" '^look-1 (look-2 )?$' "a run for each look"
}

parts=(follow_recipe few_seeds sequential)
[ "$pick" = all ] || parts=("${parts[$((10#$pick % ${#parts[@]}))]}")
for part in "${parts[@]}"; do
	"$part"
done

# ---- what can't be judged ----
# In real time a busy machine may starve the trial: what came of it is not the point.
run ./wring run gate --vm --kernel debian/6.12 --seeds 1 --only slab-over-limit --clock wall --out wall
held "another clock: exit code 4" gate-debian-6.12 wall 4 --only slab-over-limit
like "$out" 'clocks differ' "says so"
measure cpus debian/6.12 1 --only throttled-at-high --set machine.cpus=2
held "another machine shape: exit code 4" gate-debian-6.12 cpus 4 --only throttled-at-high
like "$out" 'machine\.cpus: 1 and 2' "says so"
printf '"*": {workingset.activate: 2%%}\n' >regime.yaml
measure classic debian/6.12 1 --only throttled-at-high --set knobs.lru_gen=classic
measure mglru debian/6.12 1 --only throttled-at-high --set knobs.lru_gen=mglru
held "another regime: exit code 4" mglru classic 4 --policy regime.yaml
like "$out" 'MGLRU decides by generations' "says so"

# ---- changes ----
if [ "$pick" != all ]; then
	kernels=(debian/6.1 debian/6.12)
	kernel=${kernels[$((10#$pick % 2))]}
	read -r name scenario setting want metric verdict <<<"${changes[$((10#$pick % ${#changes[@]}))]}"
	changed "$name" "$kernel" "$scenario" "$setting" "$want" "$metric" "$verdict"
	done_testing
	exit
fi

for kernel in debian/6.1 debian/6.12; do
	version=${kernel#*/} base=gate-${kernel/\//-}
	started=$SECONDS
	measure "same-$version" "$kernel" 101..124
	printf '# 24 seeds of %s: %d s\n' "$kernel" $((SECONDS - started))
	like "$((SECONDS - started))" '^([0-9]{1,2}|[1-5][0-9]{2})$' "in less than ten minutes"
	held "$kernel against itself, other seeds: exit code 0" "$base" "same-$version" 0
	measure "swappiness-$version" "$kernel" 1..16 --set knobs.vm.swappiness=61
	held "$kernel with swappiness 61: exit code 0" "$base" "swappiness-$version" 0
	for change in "${changes[@]:0:3}"; do
		read -r name scenario setting want metric verdict <<<"$change"
		changed "$name" "$kernel" "$scenario" "$setting" "$want" "$metric" "$verdict"
	done
done
held "6.12 against 6.1: exit code 1" gate-debian-6.1 same-6.12 1
is "$(found work.anon.latency.p99)" worse "a swap-in takes longer"
is "$(found reclaim.cost_per_page)" better "a page costs less to reclaim"
changed lru debian/6.12 anon-over-limit knobs.lru_gen=classic 1 reclaim.cost_per_page worse
measure lru-6.1 debian/6.1 1..24 --only anon-over-limit --set knobs.lru_gen=mglru
run ./wring gate gate-debian-6.1 lru-6.1 --only anon-over-limit
is "$(found reclaim.cost_per_page)" better "knobs.lru_gen=mglru on debian/6.1: by reclaim.cost_per_page"

done_testing
