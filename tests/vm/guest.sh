# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# For tests that run wring as root inside a VM, sourced by them instead of tap.sh; they begin in a
# folder of their own. A trial's record is at OUT/SCENARIO/host/seed-1.
. "${srcdir:-.}/tests/tap.sh"
cd "$scratch" || exit 1

# suite NAME: NAME.yaml, with the scenarios on stdin.
suite() {
	{
		printf 'suite: %s\n' "$1"
		printf 'machine: {cpus: 1, nodes: [512M, 256M], swap: {type: zram, size: 512M}}\n'
		printf 'defaults: {sample: 500ms, seeds: "1", timeout: 60s}\nscenarios:\n'
		cat
	} >"$1.yaml"
}

# trial OUT SCENARIO: its trial.json.
trial() {
	cat "$1/$2/host/seed-1/trial.json"
}

# metric OUT SCENARIO NAME: its value.
metric() {
	trial "$1" "$2" | tr -d ' \n' | sed -n "s|.*\"$3\":{\"value\":\([0-9.e+]*\).*|\1|p"
}

# most OUT SCENARIO COLUMN: the largest value in the samples.
most() {
	awk -F '\t' -v name="$3" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i; next }
		{ if ($c > v) v = $c } END { print v + 0 }' "$1/$2/host/seed-1/samples.tsv"
}

# last OUT SCENARIO COLUMN: the value in the row that ends the measured phase; rows after it are of
# workers that put away what they made.
last() {
	end=$(trial "$1" "$2" | tr -d ' \n' |
		sed -n 's|.*"name":"measured","start_ns":[0-9]*,"end_ns":\([0-9]*\).*|\1|p')
	awk -F '\t' -v name="$3" -v end="$end" '
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i; next }
		$1 + 0 <= end + 0 { v = $c } END { print v }' "$1/$2/host/seed-1/samples.tsv"
}

# await_memory CGROUP BYTES: until more is charged to it; half a minute at most.
await_memory() {
	tries=0
	until [ "$(cat /sys/fs/cgroup/wring-*/"$1"/memory.current 2>/dev/null || echo 0)" -gt "$2" ]; do
		tries=$((tries + 1))
		[ $tries -lt 1500 ] || break
		usleep 20000
	done
}
