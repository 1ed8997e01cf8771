#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Records tests/fixtures/linux-VERSION anew from real kernels in VMs, with what becomes of the same
# files after some work beside it, in linux-VERSION-after:
#
#     make wring-test-vm tests/vm/squeeze
#     tests/record-fixtures.sh [VERSION]...      6.1 and 6.12 unless given
set -euo pipefail
src=$(cd "$(dirname "$0")/.." && pwd)
[ $# -gt 0 ] || set -- 6.1 6.12

for version in "$@"; do
	tree=$src/tests/fixtures/linux-$version
	log=$(mktemp)
	./wring-test-vm "debian/$version" "$src" tests/vm/record.sh >"$log"
	if grep -q '^not ok\|^Bail' "$log" || ! grep -q '^1\.\.' "$log"; then
		grep -v '^# |\|^# FILE' "$log"
		exit 1
	fi
	rm -rf "$tree" "$tree-after"
	while IFS= read -r line; do
		case $line in
		'# FILE '*)
			file=${line#\# FILE /}
			file=$tree${file#before}
			file=${file/#"$tree"after/"$tree-after"}
			mkdir -p "$(dirname "$file")"
			: >"$file"
			;;
		'# |'*) printf '%s\n' "${line#\# |}" >>"$file" ;;
		esac
	done <"$log"
	rm "$log"
	for tree in "$tree" "$tree-after"; do
		printf '%s: %s files\n' "$tree" "$(find "$tree" -type f | wc -l)"
	done
done
