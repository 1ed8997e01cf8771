#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Programs of this machine in a VM: found by the user's PATH, with their libraries, and files beside
# them; a script is refused with what to do.
# shellcheck disable=SC2154 # $code, $out, $err and $scratch come from tap.sh
. "${srcdir:-.}/tests/tap.sh"

mkdir "$scratch/bin"
cp "$(command -v sort)" "$scratch/bin/our-sort"
printf '#!/bin/sh\nexit 0\n' >"$scratch/bin/our-script"
chmod +x "$scratch/bin/our-script"
printf 'b\t2\na\t1\n' >"$scratch/lines"
PATH=$scratch/bin:$PATH

# suite WORKLOADS
suite() {
	printf 'suite: s\nmachine: {nodes: [256M]}\nscenarios:\n  - {name: a, seeds: "1", workloads: [%s]}\n' "$1"
}

suite "{exec: {command: 'our-sort $scratch/lines', files: [$scratch/lines]}}, {exec: {command: [$scratch/bin/our-sort, --version]}}" \
	>"$scratch/sort.yaml"
run "$WRING" run "$scratch/sort.yaml" --vm --kernel debian/6.12 --out "$scratch/sort"
is_code 0 "a program that only the user's PATH has, and one by its path, run in a VM"
record=$(cat "$scratch/sort/a/debian-6.12/seed-1/trial.json")
like "$record" '"output": "a.*1\\nb.*2\\n"' "with the file that it reads"
like "$record" '"output": "sort \(GNU' "and their libraries"

suite "{exec: {command: our-script}}" >"$scratch/script.yaml"
run "$WRING" run "$scratch/script.yaml" --vm --kernel debian/6.12 --out "$scratch/script"
is_code 5 "a script is no program that a VM could be given"
like "$out$err" "make its interpreter the command's first word" "which says what to do"

suite "{exec: {command: no-such-program}}" >"$scratch/absent.yaml"
run "$WRING" run "$scratch/absent.yaml" --vm --kernel debian/6.12 --out "$scratch/absent"
is_code 5 "a program that is not there fails before a VM is booted"
like "$out$err" "workload exec: the program no-such-program is not installed" "and is named"
done_testing
