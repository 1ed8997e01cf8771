#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A kernel of one's own: configured by «wring kernel config», built, booted and measured; then a line
# of mm/vmscan.c is changed, and the gate says what that did. By `make check-own-kernel TREE=DIR`, on a
# copy of a kernel's sources (6.1 or later), built or not.
# shellcheck disable=SC2154 # $code, $out, $err and $scratch come from tap.sh
. "${srcdir:-.}/tests/tap.sh"

tree=$scratch/linux
suite=(gate --only anon-over-limit --only throttled-at-high)
config=$scratch/wring.config
cp -a "${TREE:?names the sources of a kernel}" "$tree" || exit 99

# build WHAT: as docs/ci has it.
build() {
	local started=$SECONDS
	make -s -C "$tree" KCONFIG_ALLCONFIG="$config" alldefconfig >"$scratch/make" 2>&1 &&
		make -s -C "$tree" -j"$(nproc)" >>"$scratch/make" 2>&1
	code=$? out=$(tail -n 5 "$scratch/make") err=
	is_code 0 "$1 is built"
	printf '# in %d s\n' $((SECONDS - started))
}

# measure OUT SEEDS
measure() {
	run "$WRING" run "${suite[@]}" --vm --kernel "$tree" --seeds "$2" --out "$scratch/$1" --quiet
	is_code 0 "$1 is measured, seeds $2"
}

run "$WRING" kernel config gate
is_code 0 "wring kernel config says what the suite needs"
cp "$scratch/out" "$config"
build "the kernel"
like "$(grep -vxFf "$tree/.config" "$config" | grep ^CONFIG)" '^$' "its config has all of that"
measure before 1..24
measure again 101..124
run "$WRING" gate "$scratch/before" "$scratch/again"
is_code 0 "it passes against itself, with other seeds"
printf '%s\n' "$out" | sed 's/^/# /'

# A limit's reclaim frees four times as many pages at a time.
sed -i 's/max(nr_pages, SWAP_CLUSTER_MAX)/max(nr_pages, 4 * SWAP_CLUSTER_MAX)/' "$tree/mm/vmscan.c"
like "$(grep -c '4 \* SWAP_CLUSTER_MAX' "$tree/mm/vmscan.c")" '^[1-9]' "a line of mm/vmscan.c is changed"
build "the changed kernel"
measure after 1..24
run "$WRING" gate "$scratch/before" "$scratch/after"
is_code 1 "the gate tells the two apart"
printf '%s\n' "$out" | sed 's/^/# /'
done_testing
