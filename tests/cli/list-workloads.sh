#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each generator by what `wring list workloads` says of it: every option has its text, its default is
# one that it takes, and what lies outside of its range is refused by `wring plan`, by name.
# shellcheck disable=SC2154 # $code, $out and $err come from tap.sh
. "${srcdir:-.}/tests/tap.sh"

wring=$(realpath "${WRING:-./wring}")
cd "$scratch" || exit 99

# suite GENERATOR OPTIONS: a suite of one workload.
suite() {
	printf 'suite: s\nmachine: {nodes: [4G], swap: {type: zram, size: 4G}, disk: {type: null_blk, size: 4G}}\n'
	printf 'scenarios:\n  - name: a\n    workloads: [{%s: {%s}}]\n' "$1" "$2"
}

# needed GENERATOR: what its required options are set to.
needed() {
	case $1 in
	anon | shmem | file | frag) printf 'size: 16M, ' ;;
	probe) printf 'kind: read, rate: 1000, ' ;;
	exec) printf 'command: ["true"], ' ;;
	esac
}

# refused GENERATOR OPTION VALUE: by its name, at its place.
refused() {
	local others

	others=$(needed "$1" | sed "s/$2: [^,]*, //")
	suite "$1" "$others$2: $3" >bad.yaml
	run "$wring" plan bad.yaml
	is_code 2 "$1: $2: $3 is refused"
	like "$err" "bad.yaml:[0-9]+:[0-9]+: $2: " "$1: the message names it and its place"
}

run "$wring" list workloads
is_code 0 "the list"
generators=$(printf '%s\n' "$out" | cut -d ' ' -f 1)
like "$generators" '^anon$' "it has anon"

for g in $generators; do
	run "$wring" list workloads "$g"
	is_code 0 "$g: its page"
	page=$out
	# An option's line: name, what stands for its value, its text; or the text on the next line.
	options=$(printf '%s\n' "$page" | sed -n '/^Its own keys:/,/^$/p' |
		sed -n 's/^  \([a-z_]*\): .*/\1/p')
	like "$options" '.' "$g: it has options"
	suite "$g" "$(needed "$g")" >good.yaml
	run "$wring" plan good.yaml
	is_code 0 "$g: its defaults go together"
	for option in $options; do
		text=$(printf '%s\n' "$page" | sed -n "/^  $option: /,/^  [a-z_]*: /p" | sed '1!{/^  [a-z_]*: /d}' |
			tr -s ' \n' ' ')
		like "$text" '[a-z]{3}.*[a-z]{3}' "$g: $option is explained"
		case $text in
		" $option: true|false"*) refused "$g" "$option" maybe ;;
		" $option: "[a-z]*"|"[a-z]*)
			case $option in
			dir) refused "$g" "$option" nowhere ;;
			*) refused "$g" "$option" no-such-choice ;;
			esac
			;;
		" $option: SIZE"*) refused "$g" "$option" 12Q ;;
		" $option: TIME"*) refused "$g" "$option" 12fortnights ;;
		" $option: SHARE"*) refused "$g" "$option" 101% ;;
		" $option: NUMBER"*) refused "$g" "$option" much ;;
		" $option: N "*) refused "$g" "$option" 99999999999999999999999 ;;
		esac
		# The range in brackets: one beyond its upper end.
		high=$(printf '%s\n' "$text" | sed -n 's/.*([0-9A-Za-z.]* to \([0-9]*\)[;)].*/\1/p')
		[ -z "$high" ] || refused "$g" "$option" $((high + 1))
	done
done

run "$wring" list workloads anno
is_code 2 "an unknown generator is refused"
like "$err" 'did you mean «anon»' "with the nearest known one"
done_testing
