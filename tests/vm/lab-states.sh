#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A machine's state: made once, kept, gone on from; made anew where it is damaged, another machine's
# or dropped; and where none can be had, each trial boots.
# shellcheck disable=SC2154 # $code, $out and $scratch come from tap.sh
. "${srcdir:-.}/tests/tap.sh"

cat >"$scratch/s.yaml" <<'E2'
suite: s
machine: {nodes: [256M], swap: {type: zram, size: 64M}}
scenarios:
  - name: a
    cgroups: {box: {memory.max: 16M}}
    workloads: [{anon: {in: box, size: 24M, passes: 1}}]
E2
# A cache of our own, with the kernels of the user's.
user=$("$WRING" clean >/dev/null; echo "${WRING_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/wring}")
export WRING_CACHE=$scratch/cache
mkdir "$WRING_CACHE"
ln -s "$user/kernels" "$WRING_CACHE/kernels"

# go NAME ARGUMENT...: a run of one seed into $scratch/NAME; $out, $code.
go() {
	name=$1
	shift
	run "$WRING" run "$scratch/s.yaml" --vm --kernel debian/6.12 --seeds 1 --out "$scratch/$name" "$@"
}

# fact NAME KEY: of the trial's record.
fact() {
	sed -n "s/^ *\"$2\": \"\{0,1\}\([^\",]*\).*/\1/p" "$scratch/$1/a/debian-6.12/seed-1/trial.json" | head -n 1
}

states() {
	find "$WRING_CACHE/vm" -name '*.state' 2>/dev/null | wc -l | tr -d ' '
}

# begin NAME: a run in the background, its kernel booting; $wring_pid.
begin() {
	"$WRING" run "$scratch/s.yaml" --vm --kernel debian/6.12 --seeds 1 --out "$scratch/$1" >"$scratch/log" 2>&1 &
	wring_pid=$!
	for _ in $(seq 300); do
		pgrep -f "qemu-system.*$scratch/$1/" >/dev/null && break
		sleep 0.1
	done
}

go first
is_code 0 "the first run"
like "$out" "debian/6.12 booted in .* s; its trials go on from there" "boots the kernel, and says so"
is "$(states)" 1 "and keeps the state"
is "$(fact first from)" state "its trial went on from the state"
first=$(fact first fingerprint)

go second
like "$out" "completed" "the next run"
unlike "$out" "booted" "boots nothing"
is "$(fact second fingerprint)" "$first" "and measures the same"

state=$(find "$WRING_CACHE/vm" -name '*.state')
printf X | dd of="$state" bs=1 seek=40000000 conv=notrunc 2>/dev/null
go damaged
like "$out" "booted" "a state that was damaged is made anew"
is "$(fact damaged fingerprint)" "$first" "and what is measured is the same: boots repeat, too"

go other --set machine.swap.size=32M
is_code 0 "another machine"
is "$(states)" 2 "has a state of its own"

WRING_VM_CACHE=1M go small --set machine.swap.size=48M
is_code 0 "a cache with little room"
is "$(states)" 1 "keeps the newest alone"
WRING_VM_CACHE=lots go words --set machine.swap.size=40M
like "$out" "each trial boots anew: WRING_VM_CACHE: «lots» is not a size" "a limit that is no size is named"
is_code 0 "and the trial boots"

go booted --boot
is_code 0 "--boot"
is "$(fact booted from)" boot "boots the trial itself"
between "$(fact booted began_tsc)" 100000000 800000000 "in at most 0.8 G instructions, idle time included"
between "$(fact first began_tsc)" 100000000 800000000 "which are as many before a state's trial begins"

go verified --verify
is_code 0 "--verify"
like "$out" "completed.*twice the same" "runs each trial twice, and they are the same"
is "$(fact verified equal)" true "which the record says"
is "$(find "$scratch/verified" -name again)" "" "the second leaves nothing"

run "$WRING" clean --states
is_code 0 "clean --states"
is "$(find "$WRING_CACHE/vm" -type f | wc -l | tr -d ' ')" 0 "drops states and unpacked kernels"

# A wring that is killed while it makes a state leaves no QEMU and no half-made state in use.
begin killed
kill -9 $wring_pid
wait $wring_pid 2>/dev/null
for _ in $(seq 100); do
	pgrep -f "qemu-system.*$scratch/killed/" >/dev/null || break
	sleep 0.1
done
is "$(pgrep -f "qemu-system.*$scratch/killed/")" "" "kill -9 while it boots: QEMU dies with it"
go after
is_code 0 "the next run makes its state"
is "$(fact after fingerprint)" "$first" "and measures the same"

# The same while it boots, by Ctrl-C.
"$WRING" clean --states >/dev/null
begin stopped
kill -INT $wring_pid
wait $wring_pid
is $? 4 "Ctrl-C while it boots: exit code 4"
is "$(pgrep -f "qemu-system.*$scratch/stopped/"; find "$scratch/stopped" -name '.work*'; states)" 0 "no QEMU, no scratch file, no state"
done_testing
