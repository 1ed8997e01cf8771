#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A VM that fails fails one trial, with the reason; nothing stays behind.
# shellcheck disable=SC2154 # $scratch, $out and $err come from tap.sh
. "${srcdir:-.}/tests/tap.sh"

cat >"$scratch/long.yaml" <<'E2'
suite: long
machine: {nodes: [256M], swap: {type: zram, size: 64M}}
defaults: {seeds: "1"}
scenarios:
  - name: long
    cgroups: {box: {memory.max: 16M}}
    workloads: [{anon: {in: box, size: 24M, duration: 50s}}]
E2
sed 's/duration: 50s/passes: 1/' "$scratch/long.yaml" >"$scratch/short.yaml"
printf 'suite: bare\nmachine: {nodes: [256M]}\nscenarios: [{name: bare, seeds: "1", workloads: [{anon: {size: 8M, passes: 1}}]}]\n' >"$scratch/bare.yaml"
sed 's/box: {memory.max: 16M}/box: {memory.max: 16M, memory.swap.max: 0}/' "$scratch/short.yaml" >"$scratch/oom.yaml"

# qemus OUT: process ids of the QEMUs of a run.
qemus() {
	pgrep -f "qemu-system.*$1/" || true
}

# begin OUT: a long run in the background, in its measured phase; $wring_pid.
begin() {
	"$WRING" run "$scratch/long.yaml" --vm --kernel debian/6.1 --out "$1" >"$1.log" 2>&1 &
	wring_pid=$!
	for _ in $(seq 600); do
		grep -qs 'phase measured' "$1"/.work-*/*/status && return
		sleep 0.1
	done
	not_ok "the VM comes to its measured phase" "$(tail -n 5 "$1.log")"
}

# await_no_qemu OUT: at most ten seconds.
await_no_qemu() {
	for _ in $(seq 100); do
		[ -n "$(qemus "$1")" ] || return
		sleep 0.1
	done
}

run "$WRING" run "$scratch/short.yaml" --vm --kernel "$scratch/short.yaml" --out "$scratch/no-kernel"
is_code 5 "a file that is no kernel: exit code 5"
like "$err" "short.yaml.*bzImage" "it says what it is not"
is "$(ls -d "$scratch/no-kernel" 2>/dev/null)" "" "and makes nothing"

run "$WRING" run "$scratch/short.yaml" --vm --kernel debian/5.4 --out "$scratch/unknown"
is_code 5 "a kernel that is not cached: exit code 5"
like "$err" "debian/5.4" "it is named"

run /usr/bin/env PATH=/nowhere "$WRING" run "$scratch/short.yaml" --vm --kernel debian/6.1 --out "$scratch/no-qemu"
is_code 5 "no QEMU: exit code 5"
like "$err" "qemu-system-x86" "the package to install is named"

# A disk of 4 MiB takes the records, but not the initramfs of a VM.
mkdir "$scratch/small"
if [ "$(id -u)" = 0 ] && mount -t tmpfs -o size=4m tmpfs "$scratch/small"; then
	run "$WRING" run "$scratch/short.yaml" --vm --kernel debian/6.1 --out "$scratch/small/run"
	umount "$scratch/small"
	is "$code" 5 "a full disk: exit code 5"
	like "$err" "No space left" "it says so"
else
	skip "mounting a small disk takes root"
fi

run "$WRING" run "$scratch/oom.yaml" --vm --kernel debian/6.1 --out "$scratch/oom"
is_code 1 "an OOM kill in a VM is an outcome, and no failure of the VM"
like "$out" "oom_killed" "and is shown"

begin "$scratch/killed-qemu"
kill -9 "$(qemus "$scratch/killed-qemu")"
wait $wring_pid
is $? 4 "a killed QEMU: exit code 4"
like "$(cat "$scratch/killed-qemu.log")" "ended in phase measured without a record" "the reason is said"
like "$(cat "$scratch/killed-qemu/long/debian-6.1/seed-1/trial.json")" '"outcome": "failed"' "and recorded"
is "$(ls -d "$scratch"/killed-qemu/.work* 2>/dev/null)" "" "its scratch files are gone"

begin "$scratch/interrupted"
kill -INT $wring_pid
wait $wring_pid
is $? 4 "SIGINT ends a run in a VM with exit code 4"
is "$(qemus "$scratch/interrupted")$(ls -d "$scratch"/interrupted/.work* 2>/dev/null)" "" "no QEMU, no scratch files"
like "$(cat "$scratch/interrupted/run.json")" '"status": "interrupted"' "the run says that it was interrupted"

begin "$scratch/killed"
kill -9 $wring_pid
wait $wring_pid 2>/dev/null
await_no_qemu "$scratch/killed"
is "$(qemus "$scratch/killed")" "" "kill -9 of wring: QEMU dies with it"
run "$WRING" clean
is_code 0 "wring clean"
is "$(ls -d "$scratch"/killed/.work* 2>/dev/null)" "" "its scratch files are gone"

# A kernel that jumps to itself at its entry, behind the real-mode part (setup_sects at 0x1f1).
cp "${WRING_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/wring}/kernels/debian-6.1/vmlinuz" "$scratch/hangs"
sectors=$(od -An -tu1 -j $((0x1f1)) -N 1 "$scratch/hangs")
printf '\353\376' | dd of="$scratch/hangs" bs=1 seek=$(((sectors + 1) * 512)) conv=notrunc 2>/dev/null
# Its ELF file would start: damage the compressed part, so that it has none.
printf XXXX | dd of="$scratch/hangs" bs=1 seek=$(((sectors + 1) * 512 + $(od -An -tu4 -j $((0x248)) -N 4 "$scratch/hangs"))) conv=notrunc 2>/dev/null
run "$WRING" run "$scratch/bare.yaml" --vm --kernel "$scratch/hangs" --out "$scratch/hung"
is_code 4 "a boot that hangs: exit code 4"
like "$out$err" "failed: the boot hangs" "the trial fails, and says so"
like "$out$err" "it printed nothing" "and quotes the console"
is "$(qemus "$scratch/hung")" "" "its QEMU is gone"
done_testing
