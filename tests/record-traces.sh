#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Records tests/fixtures/traces/linux-VERSION anew from real kernels in VMs (make wring-test-vm
# tests/vm/trace-record first):
#
#     tests/record-traces.sh [VERSION]...      6.1 and 6.12 unless given
set -euo pipefail
src=$(cd "$(dirname "$0")/.." && pwd)
[ $# -gt 0 ] || set -- 6.1 6.12

for version in "$@"; do
	trace=$src/tests/fixtures/traces/linux-$version
	log=$(mktemp)
	./wring-test-vm "debian/$version" "$src" tests/vm/trace-record >"$log"
	if grep -q '^not ok' "$log" || ! grep -q '^1\.\.' "$log"; then
		cat "$log"
		exit 1
	fi
	sed -n 's/^# //p' "$log" >"$trace"
	rm "$log"
	printf '%s: %s bytes\n' "$trace" "$(wc -c <"$trace")"
done
