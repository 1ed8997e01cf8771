#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Kernels by other ways than a name in the cache, and what boots them: a tree with its modules where
# they were built, a kernel that lacks something, a damaged one, real time with and without KVM.
# shellcheck disable=SC2154 # $code, $out, $err and $scratch come from tap.sh
. "${srcdir:-.}/tests/tap.sh"
. "${srcdir:-.}/tests/kernel-tree.sh"

cache=${WRING_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/wring}/kernels

cat >"$scratch/small.yaml" <<'E2'
suite: small
machine: {nodes: [256M], swap: {type: zram, size: 64M, algorithm: lz4}}
defaults: {seeds: "1"}
scenarios:
  - name: anon
    cgroups: {box: {memory.max: 16M}}
    workloads: [{anon: {in: box, size: 24M, passes: 1}}]
    expect: [swap.out > 0, cgroup.box.reclaimed_limit > 0]
E2
small() {
	run "$WRING" run "$scratch/small.yaml" --vm "$@"
}

for kernel in 6.1 6.12; do
	kernel_tree "debian/$kernel" "$scratch/linux-$kernel"
	small --kernel "$scratch/linux-$kernel" --out "$scratch/tree-$kernel"
	is_code 0 "$kernel: a built tree boots, with swap on zram by the modules in it"
	like "$out" "linux-$kernel \($kernel\." "$kernel: it goes by its folder's name"
done

rm "$scratch/linux-6.1/drivers/block/zram/zram.ko"
small --kernel "$scratch/linux-6.1" --out "$scratch/unbuilt"
is_code 5 "a module that was not built: exit code 5"
like "$err" "make modules" "the cure is said"

sed -i 's/^CONFIG_\(ZRAM\|LRU_GEN\)=.*/# CONFIG_\1 is not set/' "$scratch/linux-6.12/.config"
small --kernel "$scratch/linux-6.12" --set knobs.lru_gen=mglru --out "$scratch/lacking"
is_code 5 "a config without what the suite needs: exit code 5"
like "$err" "CONFIG_ZRAM for machine.swap" "the machine's part is named"
like "$err" "CONFIG_LRU_GEN for knobs.lru_gen \(scenario anon\)" "with the knob's, in one message"
is "$(ls -d "$scratch/lacking" 2>/dev/null)" "" "and nothing is made"

# A cache of our own, with these kernels.
export WRING_CACHE=$scratch/cache
mkdir -p "$WRING_CACHE/kernels"
ln -s "$cache/debian-6.12" "$WRING_CACHE/kernels"
cp -r "$cache/debian-6.1" "$WRING_CACHE/kernels"
printf x >>"$WRING_CACHE/kernels/debian-6.1/vmlinuz"
small --kernel debian/6.1 --out "$scratch/damaged"
is_code 5 "a damaged kernel: exit code 5"
like "$err" "damaged.*wring kernel remove debian/6.1" "it is said, with the cure"
run "$WRING" kernel list
is_code 5 "the list tells of it"
like "$out" "^debian/6.12 .* 6.12.* lru_gen .*zswap-" "and has the sound one, with its highlights"
run "$WRING" kernel remove debian/6.1
is_code 0 "it is removed"
run "$WRING" kernel list
is_code 0 "and the list is sound"

# The real QEMU, by a program that notes what KVM is asked for, and does as $KVM says.
cat >"$scratch/qemu" <<'E2'
#!/bin/bash
arguments=("$@")
for i in "${!arguments[@]}"; do
	case ${arguments[i]} in
	--version) echo "QEMU emulator version $VERSION"; exit ;;
	kvm)
		echo tried >>"$TRIES"
		case $KVM in
		assert) echo "kvm_buf_set_msrs: Assertion failed" >&2; exit 134 ;;
		works) arguments[i]=tcg,thread=multi ;;
		esac
		;;
	esac
done
exec qemu-system-x86_64 "${arguments[@]}"
E2
chmod +x "$scratch/qemu"
export WRING_QEMU=$scratch/qemu TRIES=$scratch/tries VERSION=1
tries() {
	wc -l <"$TRIES"
}
wall() {
	small --kernel debian/6.12 --clock wall "$@"
}

if [ -w /dev/kvm ]; then
	: >"$TRIES"
	run "$WRING" check
	like "$out" "KVM +not tried yet" "check: KVM was not tried yet"
	KVM=assert wall --out "$scratch/fails"
	is_code 0 "real time without KVM"
	like "$err" "KVM does not boot guests here: QEMU ended by status 134: kvm_buf_set_msrs.*TCG" "says so, with the reason"
	like "$(cat "$scratch/fails/run.json")" '"accelerator": "tcg"' "the run's record has it"
	like "$(cat "$scratch/fails/anon/debian-6.12/seed-1/trial.json")" '"accelerator": "tcg"' "and the trial's"
	like "$out" "emulated CPU" "what it prints, too"
	run "$WRING" check
	like "$out" "KVM +does not boot guests here.*kvm_buf_set_msrs" "check: shows the verdict"
	KVM=assert wall --accel kvm --out "$scratch/insists"
	is_code 5 "--accel kvm: exit code 5 where it fails"
	is "$(tries)" 2 "after it was tried again"
	KVM=works wall --out "$scratch/once"
	is "$code $(tries)" "0 2" "otherwise it is tried once"
	KVM=works VERSION=2 wall --out "$scratch/works"
	is "$code" 0 "another QEMU: it is tried anew"
	is "$(tries)" 4 "for the verdict and the trial"
	like "$(cat "$scratch/works/anon/debian-6.12/seed-1/trial.json")" '"accelerator": "kvm"' "and now recorded as KVM"
	KVM=works VERSION=2 wall --accel tcg --out "$scratch/works" --resume
	is_code 2 "no run is resumed by another accelerator"
	like "$err" "accelerator" "which is said"
	run "$WRING" plot "$scratch/works" "$scratch/fails" --out "$scratch/plots" --format svg
	like "$err" "no picture: .*accelerators differ" "nor drawn beside another's"
else
	wall --out "$scratch/absent"
	is_code 0 "real time without /dev/kvm"
	like "$err" "no KVM: /dev/kvm .*TCG" "says so, with what to do"
	wall --accel kvm --out "$scratch/insists"
	is_code 5 "--accel kvm: exit code 5"
fi
small --kernel debian/6.12 --accel kvm --out "$scratch/counted"
is_code 2 "--accel kvm counts no instructions: refused"
done_testing
