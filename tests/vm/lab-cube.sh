#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The reclaim cube of real kernels: reclaim is attributed to the cgroup, the node, the reclaimer and
# the kind that it was, by the suite's making; what a trace tells of it is what the counters tell.
# shellcheck disable=SC2154 # $code, $out, $err and $scratch come from tap.sh
. "${srcdir:-.}/tests/tap.sh"

kernels=(--kernel debian/6.1 --kernel debian/6.12)

cat >"$scratch/suite.yaml" <<'E2'
suite: cube
machine: {nodes: [256M, 256M], swap: {type: zram, size: 512M}, disk: {type: null_blk, size: 128M, latency: 80us}}
defaults: {sample: 20ms}
scenarios:
  # 6,144 pages with room for 4,096, twice: at least the first pass' excess must go, from node 1.
  - name: counted
    cgroups: {box: {memory.max: 16M}, files: {memory.max: 16M}}
    workloads:
      - anon: {in: box, size: 24M, passes: 2, write: 50%, memory: "bind:1"}
      - file: {in: files, size: 48M, passes: 2, memory: "bind:0"}
    expect:
      - cgroup.box.reclaimed_limit > 2048
      - cgroup.box.reclaimed_file == 0
      - cgroup.files.reclaimed_limit > 8192
      - cgroup.files.reclaimed_anon == 0
      - cgroup.files.reclaimed_global == 0
      - reclaim.reclaimed_memcg > 0
      - node.1.reclaimed_file == 0
  - name: traced
    trace: true
    cgroups: {box: {memory.max: 16M}, files: {memory.max: 16M}}
    workloads:
      - anon: {in: box, size: 24M, passes: 2, write: 50%, memory: "bind:1"}
      - file: {in: files, size: 48M, passes: 2, memory: "bind:0"}
    expect:
      - node.1.reclaimed_limit > 2048
      - node.1.reclaimed_file == 0
      - node.0.reclaimed_file > 8192
      - node.0.reclaimed_kswapd == 0
      - node.1.reclaimed_global == 0
  # More than there is, and no limit.
  - name: global
    trace: true
    cgroups: {box: {}}
    workloads: [{anon: {in: box, size: 460M, passes: 1, compressibility: 80%}}]
    expect:
      - cgroup.box.reclaimed_limit == 0
      - node.0.reclaimed_limit == 0
      - node.0.reclaimed_kswapd > 0
      - node.1.reclaimed_kswapd > 0
      - cgroup.box.reclaimed_anon > 8192
      - node.0.below_low > 0
      - node.1.below_high > 0
  # The limit is the parent's: whose pages go is memory.stat's to say, and not the thread's.
  - name: nested
    trace: true
    cgroups: {box: {memory.max: 16M}, box/a: {}, box/b: {}}
    workloads:
      - anon: {name: a, in: box/a, size: 12M, passes: 3}
      - anon: {name: b, in: box/b, size: 12M, passes: 3}
    expect:
      - cgroup.box/a.reclaimed_limit > 0
      - cgroup.box/b.reclaimed_limit > 0
  # A program that knows nothing of wring, beside a cgroup that has room.
  - name: stress
    cgroups: {stress: {memory.max: 24M}, idle: {memory.max: 24M}}
    workloads:
      - exec: {in: stress, command: [stress-ng, --vm, "1", --vm-bytes, 40M, --vm-ops, "60", --vm-keep, --vm-method, write64]}
      - anon: {in: idle, size: 4M, passes: 4}
    expect:
      - cgroup.stress.reclaimed_limit > 4096
      - cgroup.stress.reclaimed_file == 0
      - cgroup.idle.reclaimed_limit == 0
E2

# metric SCENARIO KERNEL NAME: its value.
metric() {
	tr -d ' \n' <"$scratch/run/$1/debian-$2/seed-1/trial.json" |
		sed -n "s|.*\"$3\":{\"value\":\([0-9.e+]*\).*|\1|p" | grep . || echo "$3 is absent"
}

# sum A B: of two whole numbers.
sum() {
	case $1$2 in
	*[!0-9]* | '') echo "$1 + $2" ;;
	*) echo $(($1 + $2)) ;;
	esac
}

# column SCENARIO KERNEL COLUMN: its increase over the measured phase.
column() {
	awk -F '\t' -v name="$3" -v bounds="$(tr -d ' \n' <"$scratch/run/$1/debian-$2/seed-1/trial.json" |
		sed -n 's|.*"name":"measured","start_ns":\([0-9]*\),"end_ns":\([0-9]*\).*|\1 \2|p')" '
		BEGIN { split(bounds, t, " ") }
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i; next }
		$1 == t[1] { a = $c } $1 == t[2] && !seen { b = $c; seen = 1 }
		END { print c ? b - a : "none" }' "$scratch/run/$1/debian-$2/seed-1/samples.tsv"
}

# cells SCENARIO KERNEL NODE CGROUP RECLAIMER KIND: what was freed there by the record's list of
# cells; «-» where it is not listed. A word that is «*» is a key that the cell hasn't.
cells() {
	tr -d ' \n' <"$scratch/run/$1/debian-$2/seed-1/trial.json" | sed 's/.*"cube"://; s/.*"measured":{"off"/{/' |
		sed 's/"objects".*//; s/},{/}\n{/g; s/"//g' |
		awk -v n="$3" -v c="$4" -v r="$5" -v k="$6" '
			{ gsub(/.*cells:\[/, ""); gsub(/[{}\]]/, "")
			  delete v; m = split($0, part, ",")
			  for (i = 1; i <= m; i++) { split(part[i], p, ":"); v[p[1]] = p[2] }
			  if ((("node" in v) ? v["node"] : "*") == n && (("cgroup" in v) ? v["cgroup"] : "*") == c &&
			      (("reclaimer" in v) ? v["reclaimer"] : "*") == r && (("kind" in v) ? v["kind"] : "*") == k)
				found = ("reclaimed" in v) ? v["reclaimed"] : "-" }
			END { print found == "" ? "-" : found }'
}

run "$WRING" run "$scratch/suite.yaml" --vm "${kernels[@]}" --seeds 1 --out "$scratch/run"
is_code 0 "all that the scenarios expect of the cube holds"
[ "$code" = 0 ] || printf '%s\n' "$out$err" | grep '!\|wring:' | sed 's/^/# /'

for k in 6.1 6.12; do
	is "$(metric counted $k cgroup.box.reclaimed_limit)" \
		"$(column counted $k box.memory.stat.pgsteal_direct)" \
		"$k: without global reclaim, what a cgroup's counter calls direct is at its limit"
	is "$(cells counted $k 0 files limit file)" "$(column counted $k files.memory.stat.pgsteal)" \
		"$k: page cache bound to node 0 goes there, at its limit, by counters and levels alone"
	is "$(cells traced $k 1 box limit anon)" \
		"$(awk -F '\t' '$5 == "lru" && $3 == "anon" && $6 == 1 { n += $10 } END { print n }' \
			"$scratch/run/traced/debian-$k/seed-1/spans.tsv")" \
		"$k: anonymous memory bound to node 1 goes there, by each pass over its lists"
	is "$(sum "$(metric global $k node.0.reclaimed_kswapd)" "$(metric global $k node.1.reclaimed_kswapd)")" \
		"$(column global $k vmstat.pgsteal_kswapd)" "$k: the kswapds' pages are the counter's"
	is "$(sum "$(metric global $k node.0.reclaimed_global)" "$(metric global $k node.1.reclaimed_global)")" \
		"$(column global $k vmstat.pgsteal_direct)" "$k: and so are direct reclaim's"
	is "$(metric nested $k cgroup.box.reclaimed_limit)" \
		"$(sum "$(metric nested $k cgroup.box/a.reclaimed_limit)" "$(metric nested $k cgroup.box/b.reclaimed_limit)")" \
		"$k: a parent's pages are its children's"
	is "$(metric stress $k cgroup.stress.reclaimed_limit)" "$(metric stress $k reclaim.reclaimed_memcg)" \
		"$k: all reclaim at limits is of the program's cgroup"
	for scenario in counted traced global nested stress; do
		like "$(tr -d ' \n' <"$scratch/run/$scenario/debian-$k/seed-1/trial.json")" \
			'"measured":{"off":0,' "$k, $scenario: no fact contradicts another"
	done
done

run "$WRING" show --cube "$scratch/run"
is_code 0 "the cube is shown"
like "$out" "traced, debian/6.12 seed 1: LRU mglru" "for each scenario and kernel"
is "$(printf '%s\n' "$out" | awk '{ gsub(/[\200-\277]/, ""); if (length > 100) print }')" "" \
	"in a hundred columns"
like "$out" "proactive: –" "what a kernel can't tell is said so"
done_testing
