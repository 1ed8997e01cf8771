#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# clang-format on every C file and shellcheck on every script: `make check-format`.
set -u
cd "${srcdir:-$(dirname "$0")/..}" || exit 99
srcdir=.
. tests/tap.sh

# The project's files: what git tracks or would; in a tarball, all but what a build leaves.
list() {
	if git rev-parse --git-dir >/dev/null 2>&1; then
		git ls-files --cached --others --exclude-standard
	else
		find . \( -path ./.git -o -path ./build -o -path './wring-[0-9]*' \) -prune -o -type f -print | sed 's|^\./||'
	fi | while IFS= read -r file; do
		if [ -f "$file" ]; then printf '%s\n' "$file"; fi
	done | sort
}

is_script() {
	case $1 in
	build-aux/* | configure | config.status | libtool) return 1 ;; # not ours, or generated
	*.sh) return 0 ;;
	esac
	head -n 1 "$1" | grep -Eaq '^#!.*[/ ](ba)?sh( |$)'
}

have() {
	command -v "$1" >/dev/null || { skip "$1 is not installed"; false; }
}

files=$(list)

if have clang-format; then
	while IFS= read -r file; do
		run clang-format --dry-run -Werror "$file"
		is_code 0 "clang-format $file"
	done < <(printf '%s\n' "$files" | grep -E '\.[ch]$' | grep -v '^config\.h$')
fi

if have shellcheck; then
	while IFS= read -r file; do
		is_script "$file" || continue
		dialect=()
		if head -n 1 "$file" | grep -q '/busybox sh'; then
			dialect=(--shell=dash) # the nearest that it knows
		fi
		run shellcheck -x --severity=style "${dialect[@]}" "$file"
		is_code 0 "shellcheck $file"
	done < <(printf '%s\n' "$files")
fi

done_testing
