#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A guest that breaks, or that wants to break out, fails its own trial with the reason; the run goes
# on, and nothing is written outside of the record or left behind.
# shellcheck disable=SC2154 # $code, $out and $scratch come from tap.sh
. "${srcdir:-.}/tests/tap.sh"

break=$(dirname "$WRING")/tests/vm/break
[ -x "$break" ] || { echo "Bail out! make tests/vm/break"; exit 1; }

# way: what fails a trial of it, as the run says.
ways=(
	"panic:Kernel panic|sysrq: Trigger a crash"
	"hang:it takes too long"
	"exhaust:Kernel panic.*(no killable|memory)"
	"power-off:ended in phase measured without a record"
	"restart:ended in phase measured without a record"
	"flood:it prints without end"
	"say-done:record is incomplete: trial.json"
	"say-error:in the VM: \?\[2J\?\]0;owned\?"
	"escape-by-path:wring-escaped.* is no file of a record: refused"
	"escape-by-link:is no regular file: refused"
	"claim-too-much:larger than 64 MiB: refused"
	"write-garbage:not a whole tar|is no file of a record"
)
{
	printf 'suite: broken\nmachine: {nodes: [256M]}\ndefaults: {seeds: "1"}\nscenarios:\n'
	for way in "${ways[@]}" cry-wolf:; do
		timeout=10s
		[ "${way%%:*}" = hang ] && timeout=1s
		printf '  - {name: %s, timeout: %s, workloads: [{exec: {command: [%s, %s]}}]}\n' \
			"${way%%:*}" $timeout "$break" "${way%%:*}"
	done
	printf '  - {name: sound, workloads: [{anon: {size: 8M, passes: 1}}]}\n'
} >"$scratch/broken.yaml"

# What a run could leave behind; others use these folders, too.
leftovers() {
	find /tmp /dev/shm -maxdepth 1 -newer "$scratch/broken.yaml" \( -name 'wring-escaped*' -o -name '*qemu*' -o -name '*ivshmem*' \) 2>/dev/null
	pgrep -f "qemu-system.*$scratch/run/"
	find "$scratch/run" -name '.work*'
}

run "$WRING" run "$scratch/broken.yaml" --vm --kernel debian/6.12 --out "$scratch/run"
is_code 4 "a run with broken guests: exit code 4"
like "$out" "${#ways[@]} failed" "each of ${#ways[@]} fails its own trial"
for way in "${ways[@]}"; do
	name=${way%%:*}
	text=$(cat "$scratch/run/$name/debian-6.12/seed-1/trial.json" 2>&1)
	like "$text" '"outcome": "failed"' "$name: the trial fails"
	like "$text" "${way#*:}" "$name: with the reason"
	like "$out" "! debian/6.12 seed 1: failed" "$name: which is shown"
done
like "$(cat "$scratch/run/cry-wolf/debian-6.12/seed-1/trial.json")" '"outcome": "completed"' \
	"a guest that says it has panicked and goes on: so does its machine"
like "$(cat "$scratch/run/sound/debian-6.12/seed-1/trial.json")" '"outcome": "completed"' \
	"a sound guest's trial among them completes"
is "$(leftovers)" "" "nothing is written outside, no QEMU and no scratch file stays"
is "$(printf '%s' "$out" | LC_ALL=C tr -d '\11\12\40-\176\200-\377')" "" "no control character comes through"

# A disk that fills up while a trial runs: the file for results is sparse, and finds no room.
mkdir "$scratch/small"
cat >"$scratch/large.yaml" <<'E2'
suite: large
machine: {nodes: [256M]}
defaults: {seeds: "1", sample: 5ms}
scenarios:
  - {name: large, workloads: [{anon: {size: 16M, duration: 6s}}]}
E2
if [ "$(id -u)" = 0 ] && mount -t tmpfs -o size=64m tmpfs "$scratch/small"; then
	"$WRING" run "$scratch/large.yaml" --vm --kernel debian/6.12 --out "$scratch/small/run" >"$scratch/log" 2>&1 &
	wring_pid=$!
	for _ in $(seq 600); do
		grep -qs 'phase measured' "$scratch"/small/run/.work-*/*/status && break
		sleep 0.1
	done
	dd if=/dev/zero of="$scratch/small/filler" bs=64k 2>/dev/null
	wait $wring_pid
	code=$?
	umount "$scratch/small"
	is "$code" 4 "a disk that fills up meanwhile: exit code 4"
	like "$(cat "$scratch/log")" "failed.*[Nn]o space left" "the trial fails with the reason"
else
	skip "mounting a small disk takes root"
fi
done_testing
