#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each generator by what `wring list workloads` says of it: every option has its text, takes its
# default, both ends of its range and each of its choices, and what lies outside is refused by
# `wring plan`, by name. A later generator is covered by being listed.
# shellcheck disable=SC2154 # $code, $out and $err come from tap.sh
. "${srcdir:-.}/tests/tap.sh"

wring=$(realpath "${WRING:-./wring}")
cd "$scratch" || exit 99

# suite GENERATOR OPTIONS: a suite of one workload.
suite() {
	printf 'suite: s\nmachine: {nodes: [4G], swap: {type: zram, size: 4G}, disk: {type: null_blk, size: 4G}}\n'
	printf 'scenarios:\n  - name: a\n    workloads: [{%s: {%s}}]\n' "$1" "$2"
}

# parse PAGE: a line an option: its name, what stands for its value, its text, and of the brackets
# at the text's end the range, the default and «required»; parted by \037, since some are empty.
parse() {
	printf '%s\n' "$1" | sed -n '/^Its own keys:/,/^$/p' | awk '
		function flush(   tail, range, fallback, need) {
			if (name == "") return
			range = fallback = need = ""
			if (match(text, / \([^()]*\)$/)) {
				tail = substr(text, RSTART + 2, RLENGTH - 3)
				n = split(tail, parts, "; ")
				for (i = 1; i <= n; i++)
					if (parts[i] == "required") need = "required"
					else if (parts[i] ~ /^default /) fallback = substr(parts[i], 9)
					else if (parts[i] ~ /^[^ ]+ to [^ ]+$/) range = parts[i]
			}
			print name "\037" meta "\037" text "\037" range "\037" fallback "\037" need
		}
		/^  [a-z_]+: / {
			flush()
			name = substr($1, 1, length($1) - 1)
			line = substr($0, length($1) + 4)
			# Behind the name what stands for the value; two blanks or the line end it.
			at = index(line, "  ")
			meta = at ? substr(line, 1, at - 1) : line
			text = at ? substr(line, at) : ""
			sub(/ +$/, "", meta); sub(/^ +/, "", text)
			next
		}
		/^                                [^ ]/ { more = $0; sub(/^ +/, "", more); text = text (text == "" ? "" : " ") more }
		END { flush() }'
}

# first_of META: a value that this kind of option takes.
first_of() {
	case $1 in
	SIZE) echo 16M ;;
	TIME) echo 100ms ;;
	SHARE) echo 50% ;;
	N | NUMBER) echo 1 ;;
	"["*) echo '["true"]' ;;
	*) echo "${1%%|*}" ;;
	esac
}

# beyond SIZE: one more of its unit; within, one less.
beyond() { echo "$((${1%%[!0-9]*} + 1))${1##*[0-9]}"; }

# refused GENERATOR OTHERS OPTION VALUE: by its name, at its place.
refused() {
	suite "$1" "$2$3: $4" >bad.yaml
	run "$wring" plan bad.yaml
	is_code 2 "$1: $3: $4 is refused"
	like "$err" "bad.yaml:[0-9]+:[0-9]+: $3: " "$1: the message names it and its place"
}

# bound GENERATOR OTHERS OPTION VALUE: in its range; what else must fit with it is another matter.
bound() {
	suite "$1" "$2$3: $4" >edge.yaml
	run "$wring" plan edge.yaml
	if [ "$code" = 0 ] || ! printf '%s\n' "$err" | grep -q "$3: .*is \(out of range\|not \|none of\)"; then
		ok "$1: $3: $4 is in its range"
	else
		not_ok "$1: $3: $4 is in its range" "$err"
	fi
}

# check GENERATOR OTHERS NAME META TEXT RANGE DEFAULT: one option; OTHERS is what is required besides.
check() {
	like "$5" '[a-z]{3}.*[a-z]{3}' "$1: $3 is explained"
	if [ -n "$7" ]; then
		suite "$1" "$2$3: $7" >default.yaml
		run "$wring" plan default.yaml
		is_code 0 "$1: $3: its default, $7, is accepted"
	fi
	case $4 in
	"true|false") refused "$1" "$2" "$3" maybe ;;
	SIZE) refused "$1" "$2" "$3" 12Q ;;
	TIME) refused "$1" "$2" "$3" 12fortnights ;;
	SHARE) refused "$1" "$2" "$3" 101% ;;
	NUMBER) refused "$1" "$2" "$3" much ;;
	N) refused "$1" "$2" "$3" 99999999999999999999999 ;;
	[a-z]*"|"*)
		refused "$1" "$2" "$3" no-such-choice
		for choice in ${4//|/ }; do
			[[ $choice == *[A-Z]* ]] || bound "$1" "$2" "$3" "$choice"
		done
		;;
	esac
	if [ -n "$6" ]; then
		bound "$1" "$2" "$3" "${6% to *}"
		bound "$1" "$2" "$3" "${6#* to }"
		refused "$1" "$2" "$3" "$(beyond "${6#* to }")"
		# Below: a byte, ns or one less than the lower end.
		case ${6% to *} in
		0) ;;
		*[!0-9]*) refused "$1" "$2" "$3" 1 ;;
		*) refused "$1" "$2" "$3" $((${6% to *} - 1)) ;;
		esac
	fi
}

run "$wring" list workloads
is_code 0 "the list"
generators=$(printf '%s\n' "$out" | cut -d ' ' -f 1)
like "$generators" '^anon$' "it has anon"

for g in $generators; do
	run "$wring" list workloads "$g"
	is_code 0 "$g: its page"
	parse "$out" >options
	is "$(grep -c . options)" "$(printf '%s\n' "$out" | sed -n '/^Its own keys:/,/^$/p' | grep -c '^  [a-z_]*: ')" \
		"$g: its options are read"
	# What is required. An open loop has operations that are due: probe takes nothing else, and
	# only when it reads has it a directory.
	others=
	while IFS=$'\037' read -r name meta _ _ _ need; do
		[ -z "$need" ] || others+="$name: $(first_of "$meta"), "
	done <options
	[ "$g" != probe ] || others='kind: read, rate: 1000, '
	suite "$g" "$others" >good.yaml
	run "$wring" plan good.yaml
	is_code 0 "$g: its defaults go together"
	while IFS=$'\037' read -r name meta text range fallback _; do
		check "$g" "$(printf '%s' "$others" | sed "s/\b$name: [^,]*, //")" "$name" "$meta" "$text" "$range" "$fallback"
	done <options
done

run "$wring" list workloads anno
is_code 2 "an unknown generator is refused"
like "$err" 'did you mean «anon»' "with the nearest known one"
done_testing
