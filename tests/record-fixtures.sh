#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Records tests/fixtures/linux-VERSION anew from real kernels in VMs (make wring-test-vm first):
#
#     tests/record-fixtures.sh [VERSION]...      6.1 and 6.12 unless given
set -euo pipefail
src=$(cd "$(dirname "$0")/.." && pwd)
[ $# -gt 0 ] || set -- 6.1 6.12

for version in "$@"; do
	tree=$src/tests/fixtures/linux-$version
	log=$(mktemp)
	./wring-test-vm "debian/$version" "$src" tests/vm/record.sh >"$log"
	grep -q '^ok 1 - recorded' "$log" || { cat "$log"; exit 1; }
	rm -rf "$tree"
	while IFS= read -r line; do
		case $line in
		'# FILE '*)
			file=$tree${line#\# FILE }
			mkdir -p "$(dirname "$file")"
			: >"$file"
			;;
		'# |'*) printf '%s\n' "${line#\# |}" >>"$file" ;;
		esac
	done <"$log"
	rm "$log"
	printf '%s: %s files\n' "$tree" "$(find "$tree" -type f | wc -l)"
done
