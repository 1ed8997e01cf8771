#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Broken suite files: each is refused with exit code 2, and says where and why.
# tests/fixtures/suites/bad/NAME.yaml gives NAME.expected on stderr.
#
#     WRING_UPDATE=1 tests/cli/bad-suites.sh     writes NAME.expected anew: read the difference
. "${srcdir:-.}/tests/tap.sh"

wring=$(realpath "${WRING:-./wring}")
fixtures=$srcdir/tests/fixtures/suites
good=$(realpath "$fixtures/good.yaml")
cd "$fixtures/bad" || exit 99

for file in *.yaml; do
	name=${file%.yaml}
	run "$wring" plan "$file"
	if [ "${WRING_UPDATE-}" = 1 ]; then
		printf '%s\n' "$err" >"$name.expected"
	fi
	is_code 2 "$name: refused"
	is "$err" "$(cat "$name.expected")" "$name: says where and why"
	is "$out" "" "$name: nothing on stdout"
done

# set_fails TEXT MESSAGE: --set TEXT is refused, and the message names it.
set_fails() {
	run "$wring" plan "$good" --set "$1"
	is_code 2 "--set $1: refused"
	is "$err" "wring: --set $1: $2" "--set $1: says why"
}
set_fails knobs.vm.swapiness=60 'unknown knob «vm.swapiness» (did you mean «vm.swappiness»?)'
set_fails knobs.vm.swappiness=600 'vm.swappiness: 600 is out of range: 0 to 200'
set_fails sampel=50ms 'unknown key «sampel» (did you mean «sample»?)'
set_fails sample.every=50ms '«sample» has no keys inside of it'
set_fails workloads.anno.size=1M \
	'it matches nothing: no scenario has a workload «anno» (did you mean «anon»?)'
set_fails cgroups.bix.memory.max=1M \
	'it matches nothing: no scenario has a cgroup «bix» (did you mean «box»?)'
set_fails cgroups.box.memory.maxx=1M 'unknown key «memory.maxx» (did you mean «memory.max»?)'
set_fails machine.cpu=2 'unknown key «cpu» (did you mean «cpus»?)'
set_fails machine.nodes=1G \
	'«nodes» must be a list: [A, B], or lines that begin with «- »; this is a single value'
set_fails 'machine.nodes=[1G' 'not YAML: flow sequence without a closing bracket'
set_fails machine.node.size=1G 'machine has no key «node.size»'
set_fails machine.args=init=/bin/sh \
	"args: «init=/bin/sh» is not the suite's to say: wring's own is the first process"
set_fails machine.sysctl.swappiness=10 \
	"«swappiness» can't be a sysctl's name: it is as vm.overcommit_memory, for /proc/sys/vm/overcommit_memory"
set_fails sample 'it must be KEY=VALUE, as knobs.vm.swappiness=60'

run "$wring" plan "$good" --only 'nothing*'
is_code 2 "--only without a match: refused"
like "$err" '--only nothing\*: no scenario has such a name; there are: plain, ' \
	"--only without a match: says what there is"
run "$wring" plan "$good" --seeds 5..1
is_code 2 "--seeds 5..1: refused"
like "$err" '--seeds: «5\.\.1» is not a list' "--seeds 5..1: says why"
run "$wring" plan "$good" --kernel debian/6.12
is_code 2 "--kernel without --vm: refused"
run "$wring" plan no-such-suite
is_code 2 "a suite that isn't there: refused"
like "$err" '«no-such-suite» is neither a file nor a shipped suite' "a missing suite: says so"

done_testing
