#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# suites/workloads.yaml on both kernels: every expectation holds, the same seed gives the same
# fingerprint, another seed another. All of it by `make check-workloads`; otherwise one scenario of
# each generator, another one each day: WRING_PICK=N chooses.
# shellcheck disable=SC2154 # $scratch comes from tap.sh
. "${srcdir:-.}/tests/tap.sh"

kernels=(--kernel debian/6.1 --kernel debian/6.12)
pick=${WRING_PICK-$(date -u +%j)}
jobs=$(nproc)
only=()

mapfile -t names < <("$WRING" list suites workloads | sed -n 's/^  \([a-z][^ ]*\)$/\1/p')
if [ "$pick" = all ]; then
	chosen=("${names[@]}")
else
	for generator in $("$WRING" list workloads | cut -d ' ' -f 1); do
		mapfile -t own < <(printf '%s\n' "${names[@]}" | grep "^$generator-")
		if [ ${#own[@]} -gt 0 ]; then
			chosen+=("${own[$((10#$pick % ${#own[@]}))]}")
		else
			not_ok "$generator: has a scenario in suites/workloads.yaml"
		fi
	done
fi
for name in "${chosen[@]}"; do
	only+=(--only "$name")
done
printf '# scenarios: %s\n' "${chosen[*]}"

# fingerprints RUN SEED: scenario, kernel and fingerprint of each trial.
fingerprints() {
	find "$1" -path "*seed-$2/trial.json" | sort | while read -r file; do
		echo "${file#"$1"/} $(sed -n 's/^  "fingerprint": "\(.*\)".*/\1/p' "$file")"
	done
}

run "$WRING" run workloads --vm "${kernels[@]}" "${only[@]}" --seeds 1..2 --jobs "$jobs" --out "$scratch/a"
is_code 0 "two seeds on both kernels: all that is expected holds"
is "$(fingerprints "$scratch/a" 1 | wc -l)" $((${#chosen[@]} * 2)) "all trials have a record"
is "$("$WRING" show "$scratch/a" --closure | grep '^[!]\|^closure' | grep -B 1 '^!')" "" \
	"every identity closes, in every phase of every trial"
run "$WRING" run workloads --vm "${kernels[@]}" "${only[@]}" --seeds 1 --jobs "$jobs" --out "$scratch/b"
is_code 0 "the first seed again"
is "$(fingerprints "$scratch/b" 1)" "$(fingerprints "$scratch/a" 1)" "the same seed, the same fingerprints"
# Also where a generator draws nothing: a seed is another boot, too.
is "$({ fingerprints "$scratch/a" 1; fingerprints "$scratch/a" 2; } | awk '{ print $2 }' | sort | uniq -d)" \
	"" "another seed, or kernel, or scenario: another fingerprint"
done_testing
