#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A part of suites/causes.yaml in the lab, both kernels, both LRUs: what a scenario is made for is
# what its slowest operations were in, their shares are whole, and what is unexplained is what an
# own look at the record's files finds, too.
# shellcheck disable=SC2154 # $scratch comes from tap.sh
. "${srcdir:-.}/tests/tap.sh"

suite=${srcdir:-.}/suites/causes.yaml
kernels=(--kernel debian/6.1 --kernel debian/6.12)

# list TRIAL: a line a quantile of the only workload that has causes: its name, operations, total_ns,
# unexplained_ns, floor_ns, the ns of all shares, and the cause that has most.
list() {
	awk -F'[:,]' '
		function value(s) { gsub(/[ "]/, "", s); return s }
		BEGIN { item = 0 }
		/^  "causes"/ { inside = 1 }
		/^  [}]/ { inside = 0 }
		!inside { next }
		/"cause":/ && !(item in best) { best[item] = value($2) }
		/"ns":/ { ns[item] += value($2) }
		/"quantile":/ { name[item] = value($2) }
		/"(operations|total_ns|unexplained_ns|floor_ns)":/ { n[item, value($1)] = value($2) }
		/^      [}]/ { item++ }
		END {
			for (i = 0; i < item; i++)
				printf "%s %d %d %d %d %d %s\n", name[i], n[i, "operations"],
					n[i, "total_ns"], n[i, "unexplained_ns"], n[i, "floor_ns"],
					ns[i], best[i]
		}' "$1/trial.json"
}

# unexplained DIR WORKLOAD: of the slowest operation (the first, of several), the ns behind its
# begin that no span of its thread covers, found by marking where spans begin and end.
unexplained() {
	awk -F'\t' -v workload="$2" '
		FNR == 1 { file++; next }
		file == 1 && $1 == workload && $5 - $3 > most {
			most = $5 - $3; thread = $2; begin = $4; end = $5
		}
		file == 2 && $3 == workload && $4 == thread && $1 < end && $2 > begin {
			from = $1 > begin ? $1 : begin; to = $2 < end ? $2 : end
			# sorted by start: what is covered reaches as far as any before
			if (from > reach + 0) { if (reach) free += from - reach; else free += from - begin }
			if (to > reach + 0) reach = to
		}
		END { printf "%d\n", free + end - (reach ? reach : begin) }' "$1/slow.tsv" "$1/spans.tsv"
}

check_trial() {
	local dir=$1 workload=$2 name=${1#"$scratch"/} quantile operations total unexplained least ns best
	local lines=0 sums="" floors="" largest=-

	while read -r quantile operations total unexplained least ns best; do
		lines=$((lines + 1))
		[ $((ns + unexplained)) = "$total" ] || sums+=" $quantile"
		[ "$least" -le "$unexplained" ] && [ "$operations" -gt 0 ] || floors+=" $quantile"
		[ "$quantile" = p99 ] && largest=$best
		[ "$quantile" = max ] && is "$unexplained" "$(unexplained "$dir" "$workload")" \
			"$name: what is unexplained of the slowest one"
	done < <(list "$dir")
	is $lines 5 "$name: five quantiles"
	is "$sums" "" "$name: causes and what is unexplained add up, to the ns"
	is "$floors" "" "$name: the floor is a part of what is unexplained"
	is "$largest" "$3" "$name: the largest cause at p99"
}

# scenario NAME WORKLOAD CAUSE: the suite's own expectations hold as well.
scenario() {
	local lru kernel

	run "$WRING" run "$suite" --vm "${kernels[@]}" --jobs 2 --only "$1@*" --out "$scratch/$1"
	is_code 0 "$1: what the suite expects holds"
	for lru in classic mglru; do
		for kernel in debian-6.1 debian-6.12; do
			check_trial "$scratch/$1/$1@lru_gen=$lru/$kernel/seed-1" "$2" "$3"
		done
	done
}

scenario limit probe memcg-reclaim
run "$WRING" show "$scratch/limit"
like "$out" 'p99 .*[0-9] % memcg reclaim on node 1' "limit: show says so, with the node"
scenario swapped probe swap-in
scenario writer writer throttle-dirty

run "$WRING" run "$suite" --vm --kernel debian/6.12 --only 'limit@*=classic' --set trace=false \
	--out "$scratch/untraced"
is_code 1 "untraced, what the suite expects can't be told"
run "$WRING" show "$scratch/untraced"
like "$out" 'why operations of probe were slow: trace: true would tell' "which show tells, and the cure"
done_testing
