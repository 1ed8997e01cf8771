#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Machines as suites ask for them, seen from inside: nodes and their CPUs, distances, swap devices,
# filesystems, the kernel's arguments, sysctls. Each trial runs twice, from two boots, and both give
# the same fingerprint. What a kernel refuses ends with its reason. One of the large machines and one
# of the small ones, others each day: WRING_PICK=N chooses, or all.
# shellcheck disable=SC2154 # $code, $out, $err and $scratch come from tap.sh
. "${srcdir:-.}/tests/tap.sh"

pick=${WRING_PICK-$(date -u +%j)}
both=(--kernel debian/6.1 --kernel debian/6.12)

# suite NAME: the machine on stdin, and what looks at it: a workload that swaps and one with files,
# where the machine has what they need, and a scenario that says what is there.
suite() {
	{
		printf 'suite: %s\ndefaults: {seeds: "1", timeout: 60s}\nmachine:\n' "$1"
		cat
		cat <<'E2'
scenarios:
  - name: look
    workloads:
      - exec:
          command:
            - busybox
            - sh
            - -c
            - |
              cd /sys/devices/system/node
              for node in node*; do
                echo "$node has $(cat $node/cpulist), at $(cat $node/distance)"
              done
              while read -r name _ size _ priority; do
                echo "swap $name $size $priority"
              done </proc/swaps
              while read -r _ where type _; do
                [ $where != /disk ] || echo "disk $type $(busybox df -k /disk | tail -n 1)"
              done </proc/mounts
              echo "args $(cat /proc/cmdline)"
              echo "sysctl $(cat /proc/sys/vm/page-cluster) $(cat /proc/sys/kernel/printk)"
              busybox dd if=/dev/zero of=/disk/a bs=1M count=1 conv=fsync 2>/dev/null
              read -r began _ </proc/uptime
              busybox dd if=/dev/zero of=/disk/b bs=1M count=8 conv=fsync 2>/dev/null
              read -r ended _ </proc/uptime
              echo "8M in $began $ended"
  - name: work
    cgroups: {box: {memory.max: 24M}}
    workloads:
      - anon: {size: 40M, pattern: zipf, theta: 0.5, passes: 2, write: 50%, verify: true}
      - file: {size: 12M, passes: 2, write: 20%, fsync: 64, verify: true}
    expect: [swap.out > 500, work.anon.errors == 0, work.file.errors == 0]
E2
	} >"$scratch/$1.yaml"
}

# runs NAME ARGUMENT...: each trial twice, and alike.
runs() {
	name=$1
	shift
	run "$WRING" run "$scratch/$name.yaml" --vm --verify "$@" --out "$scratch/$name"
	is_code 0 "$name: runs"
	is "$(grep -c 'twice the same' "$scratch/out")" "$((2 * $#/2))" \
		"$name: each trial twice has the same fingerprint"
}

# says NAME KERNEL REGEX WHAT: what the machine was seen to be.
says() {
	said=$(sed -n 's/^ *"output": "\(.*\)",*$/\1/p' "$scratch/$1/look/debian-$2/seed-1/trial.json")
	like "$(printf '%b' "$said")" "$3" "$1, $2: $4"
}

try_xfs() {
	suite xfs <<'E2'
  nodes: [{size: 320M, cpus: 0}, {size: 128M, cpus: none}, 64M]
  distances: [[10, 20, 30], [20, 10, 255], [30, 25, 10]]
  swap:
    - {type: brd, size: 16M, priority: 5}
    - {type: zram, size: 8M, priority: 100, algorithm: lz4}
    - {type: null_blk, size: 24M, latency: 80us}
    - {type: zram, size: 12M}
  disk: {type: null_blk, size: 320M, filesystem: xfs, latency: 20us, bandwidth: 4M}
  args: transparent_hugepage=never wring.nothing="a b"
  sysctl: {vm.page-cluster: 0, kernel.printk: 4 4 1 7}
E2
	runs xfs "${both[@]}"
	for kernel in 6.1 6.12; do
		says xfs $kernel '^node0 has 0, at 10 20 30$' "a node with the CPU, and its distances"
		says xfs $kernel '^node1 has , at 20 10 255$' "a node without CPUs, and one that it can't reach"
		says xfs $kernel '^node2 has , at 30 25 10$' "there may be no way back as long"
		says xfs $kernel '^swap /dev/ram0 16380 5$' "swap on brd, with its priority"
		says xfs $kernel '^swap /dev/zram0 8188 100$' "on zram"
		says xfs $kernel '^swap /dev/nullb0 24572 -2$' "on null_blk, with the kernel's priority"
		says xfs $kernel '^swap /dev/zram1 12284 -3$' "on a second zram, with the next one"
		says xfs $kernel '^disk xfs /dev/nullb1 ' "xfs on the disk"
		says xfs $kernel '^args .* transparent_hugepage=never wring.nothing=.*"a b.*"$' \
			"the kernel's arguments"
		says xfs $kernel '^sysctl 0 4.4.1.7$' "sysctls"
		took=$(printf '%b' "$said" | awk '/^8M in/ { printf "%d", 100 * ($4 - $3) }')
		if [ "${took:-0}" -ge 200 ] && [ "$took" -le 250 ]; then
			ok "xfs, $kernel: 8 MiB at 4 MiB a second take ${took}0 ms"
		else
			not_ok "xfs, $kernel: 8 MiB at 4 MiB a second take 2 s" "got «${took}0 ms»"
		fi
	done
}

try_cpus() {
	suite cpus <<'E2'
  cpus: 3
  nodes: [{size: 128M, cpus: "0,2"}, 128M, {size: 64M, cpus: none}]
  swap: {type: zram, size: 64M}
  disk: {type: tmpfs, size: 48M}
E2
	runs cpus "${both[@]}"
	for kernel in 6.1 6.12; do
		says cpus $kernel '^node0 has 0,2, at 10 20 20$' "the CPUs that it names"
		says cpus $kernel '^node1 has 1, at 20 10 20$' "the one that is left"
		says cpus $kernel '^node2 has , at 20 20 10$' "none"
	done
}

try_btrfs() {
	suite btrfs <<'E2'
  nodes: [256M, 128M]
  swap: {type: brd, size: 32M}
  disk: {type: null_blk, size: 128M, filesystem: btrfs, latency: 20us}
E2
	runs btrfs --kernel debian/6.12
	says btrfs 6.12 '^swap /dev/ram0 32764 -2$' "a single brd"
	says btrfs 6.12 '^disk btrfs /dev/nullb1 ' "btrfs on the disk"
}

suite tmpfs <<'E2'
  nodes: [256M]
  swap: {type: zram, size: 64M}
  disk: {type: tmpfs, size: 48M}
E2
try_tmpfs() {
	runs tmpfs --kernel debian/6.1
	says tmpfs 6.1 '^disk tmpfs wring +49152 ' "a tmpfs of its size for a disk"
}

case $pick in
all) chosen=(xfs btrfs tmpfs cpus) ;;
*[02468]) chosen=(xfs tmpfs) ;;
*) chosen=(btrfs cpus) ;;
esac
for machine in "${chosen[@]}"; do
	"try_$machine"
done

# refuses SETTING REGEX: a machine that a kernel refuses.
refuses() {
	run "$WRING" run "$scratch/tmpfs.yaml" --vm --kernel debian/6.12 --only look --set "$1" \
		--out "$scratch/refused"
	is_code 4 "$1: the trial fails"
	like "$out$err" "$2" "with the reason"
	rm -rf "$scratch/refused"
}
refuses 'machine.sysctl={vm.overcommit_memory: 9}' \
	'sysctl vm\.overcommit_memory: the kernel refuses «9»: Invalid argument'
refuses 'machine.sysctl={vm.no_such: 1}' 'sysctl vm\.no_such: this kernel has none of that name'
refuses 'machine.sysctl={vm.compact_memory: 1}' "sysctl vm\.compact_memory: it can't be read"
run "$WRING" run "$scratch/tmpfs.yaml" --vm --kernel debian/6.12 --set 'machine.swap={type: zram, size: 64M, algorithm: lz5}' --out "$scratch/lz5"
is_code 5 "a compressor that the kernel lacks: exit code 5, before it boots"
like "$err" 'CONFIG_ZRAM_BACKEND_LZ5 for machine.swap.algorithm lz5' "it is named"
done_testing
