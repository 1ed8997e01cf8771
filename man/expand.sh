#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# expand.sh WRING PAGE.scd: the page, with its @WORDS@ replaced by what WRING itself says, so that
# the option tables stay the only source.
set -euo pipefail
wring=$1 page=$2

# Blank lines at both ends go; what is between them is shown as it stands.
literal() {
	printf '```\n'
	expand | sed -e '/./,$!d' | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}'
	printf '```\n\n'
}

# "NAME: SUMMARY", its own keys, those of every workload, what it needs.
workloads() {
	local name all=

	while read -r name _; do
		all=$("$wring" list workloads "$name")
		printf '## %s\n\n' "$name"
		printf '%s\n' "$all" | sed '/^Keys of every workload:/,/^$/d' | literal
	done < <("$wring" list workloads)
	printf '## Keys of every workload\n\n'
	printf '%s\n' "$all" | sed -n '/^Keys of every workload:/,/^$/p' | sed 1d | literal
}

while IFS= read -r line; do
	case $line in
	@WORKLOADS@) workloads ;;
	@MACHINE@) "$wring" list machine | literal ;;
	@KNOBS@) "$wring" list knobs | literal ;;
	*) printf '%s\n' "$line" ;;
	esac
done <"$page"
