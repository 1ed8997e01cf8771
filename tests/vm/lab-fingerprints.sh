#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The same trial gives the same fingerprint: alone or beside another, by another user, under another
# name, path, locale and load, in a longer run, from a state that was made anew; with swap on zram and
# on null_blk, with a disk, and with two CPUs. Another seed gives another.
# shellcheck disable=SC2154 # $scratch comes from tap.sh
. "${srcdir:-.}/tests/tap.sh"

kernels=(--kernel debian/6.1 --kernel debian/6.12)

scenario='
scenarios:
  - name: swaps
    cgroups: {box: {memory.max: 16M}}
    workloads: [{anon: {in: box, size: 24M, pattern: zipf, theta: 0.5, passes: 2, write: 50%, verify: true}}]
    expect: [swap.out > 500, work.anon.errors == 0]'
printf '%s\n' 'suite: zram' \
	'machine: {nodes: [256M, 256M], swap: {type: zram, size: 64M}}' \
	"$scenario" >"$scratch/zram.yaml"
printf '%s\n' 'suite: null_blk' \
	'machine: {nodes: [256M, 256M], swap: {type: null_blk, size: 64M, latency: 80us}, disk: {type: null_blk, size: 64M, latency: 80us}}' \
	"$scenario" >"$scratch/null_blk.yaml"
printf '%s\n' 'suite: smp' \
	'machine: {cpus: 2, nodes: [256M, 256M], swap: {type: zram, size: 64M}}' \
	"${scenario/passes: 2/passes: 2, threads: 2}" >"$scratch/smp.yaml"

# fingerprints RUN: seed, kernel and fingerprint of each trial.
fingerprints() {
	find "$1" -path '*seed-[12]/trial.json' | sort | while read -r file; do
		echo "$(basename "$(dirname "$(dirname "$file")")") $(basename "$(dirname "$file")")" \
			"$(sed -n 's/^  "fingerprint": "\(.*\)".*/\1/p' "$file")"
	done
}

# Another user, with a copy of the program and a cache of their own; the kernels are the same. What
# QEMU's main thread may disturb it disturbs as often as it can there.
other=$scratch/other
mkdir -p "$other/bin" "$other/cache"
cp "$(dirname "$WRING")"/{wring,wring-guest} "$other/bin/"
cp "$(dirname "$WRING")/tests/vm/impatient-qemu.so" "$other/bin/wring-steady-qemu.so"
cp -r --reflink=auto "${WRING_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/wring}/kernels" "$other/cache/"
as_other=()
if [ "$(id -u)" = 0 ]; then
	as_other=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	chown -R 65534:65534 "$other"
	chmod 755 "$scratch"
else
	skip "another user takes root; the second run is by the same one"
fi

pick=${WRING_PICK-$(date -u +%j)}
suites=(zram null_blk smp)
[ "$pick" = all ] || suites=("${suites[$((10#$pick % ${#suites[@]}))]}")
for suite in "${suites[@]}"; do
	a=$scratch/$suite-a
	b=$other/another-folder/$suite
	run "$WRING" run "$scratch/$suite.yaml" --vm "${kernels[@]}" --seeds 1..2 --jobs 1 --out "$a"
	is_code 0 "$suite: the first run passes"
	# Beside each other and a busy loop, by another user, from another folder, in a
	# suite with other names and texts and one seed more.
	mkdir -p "$scratch/moved" "$other/another-folder"
	[ ${#as_other[@]} = 0 ] || chown 65534:65534 "$other/another-folder"
	sed "s/^suite: .*/suite: renamed/; s/name: swaps/name: swaps\n    about: The same/" \
		"$scratch/$suite.yaml" >"$scratch/moved/renamed.yaml"
	(while :; do :; done) &
	load=$!
	run "${as_other[@]}" env -i PATH="$PATH" HOME="$other" WRING_CACHE="$other/cache" LC_ALL=C.UTF-8 TZ=Asia/Tokyo USER=someone \
		"$other/bin/wring" run "$scratch/moved/renamed.yaml" --vm "${kernels[@]}" --seeds 1..3 --jobs 2 --out "$b"
	kill $load
	wait $load 2>/dev/null
	is_code 0 "$suite: the second run passes"
	is "$(fingerprints "$a")" "$(fingerprints "$b")" "$suite: every fingerprint is equal"
	is "$(fingerprints "$a" | awk '{ print $3 }' | sort -u | wc -l | tr -d ' ')" 4 \
		"$suite: other seeds and kernels have others"
done
done_testing
