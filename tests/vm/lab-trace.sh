#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Traced trials in the lab: equal runs give equal spans, to the last digit; what tracing costs, in
# instructions of the guest, beside the same trial untraced.
# shellcheck disable=SC2154 # $scratch comes from tap.sh
. "${srcdir:-.}/tests/tap.sh"

kernels=(--kernel debian/6.1 --kernel debian/6.12)

cat >"$scratch/suite.yaml" <<'E2'
suite: trace
machine: {nodes: [256M, 256M], swap: {type: zram, size: 64M}, disk: {type: null_blk, size: 128M, latency: 50ms}}
defaults: {trace: true}
scenarios:
  - name: swaps
    cgroups: {box: {memory.max: 16M}}
    workloads: [{anon: {in: box, size: 24M, passes: 2, write: 50%, threads: 2}}]
    expect: [trace.memcg_reclaim.count > 100, trace.swap_in.count > 1000]
  - name: classic
    knobs: {lru_gen: classic}
    cgroups: {box: {memory.max: 16M}}
    workloads: [{anon: {in: box, size: 24M, passes: 2, write: 50%, threads: 2}}]
    expect: [trace.memcg_reclaim.count > 100, trace.priority_min <= 12]
  - name: writer
    knobs: {vm.dirty_ratio: 1}
    workloads: [{file: {size: 48M, write: 100%, passes: 1}}]
    expect: [trace.throttle_dirty.time > 0]
E2

# field FILE KEY: a number or a text of trial.json.
field() {
	sed -n "s/.*\"$2\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" "$1" | tail -n 1
}

run "$WRING" run "$scratch/suite.yaml" --vm "${kernels[@]}" --seeds 1 --out "$scratch/a"
is_code 0 "traced trials in the lab"
run "$WRING" run "$scratch/suite.yaml" --vm "${kernels[@]}" --seeds 1 --jobs 2 --out "$scratch/b"
is_code 0 "the same, beside each other"
run "$WRING" run "$scratch/suite.yaml" --vm "${kernels[@]}" --seeds 1 --set trace=false --out "$scratch/off"
case $code in
0 | 1 | 4) ok "the same untraced, where metrics of a trace can't be told" ;;
*) not_ok "the same untraced, where metrics of a trace can't be told" "exit code $code: $out $err" ;;
esac
for scenario in swaps classic writer; do
	for kernel in debian-6.1 debian-6.12; do
		trial=$scenario/$kernel/seed-1
		run cmp "$scratch/a/$trial/spans.tsv" "$scratch/b/$trial/spans.tsv"
		is_code 0 "$scenario, $kernel: every span is equal"
		is "$(field "$scratch/a/$trial/trial.json" fingerprint)" \
			"$(field "$scratch/b/$trial/trial.json" fingerprint)" "and so is the fingerprint"
		is "$(field "$scratch/a/$trial/trial.json" lost)" 0 "no event is lost"
		[ ! -e "$scratch/off/$trial/spans.tsv" ]
		is $? 0 "untraced, there are no spans"
	done
done

# measured FILE: the phase's length.
measured() {
	awk '/"name": "measured"/ { seen = 1 } seen && /"(start|end)_ns"/ { gsub(/[^0-9]/, "", $2); t[n++] = $2 }
		END { d = t[1] - t[0]; print (d < 0 ? -d : d) }' "$1"
}
# Of a writer that is held back, time is no measure: when it is depends on all that runs.
for scenario in swaps classic; do
	for kernel in debian-6.1 debian-6.12; do
		trial=$scenario/$kernel/seed-1/trial.json
		on=$(measured "$scratch/a/$trial") off=$(measured "$scratch/off/$trial")
		events=$(field "$scratch/a/$trial" events)
		printf '# %s, %s: %s ns traced, %s ns untraced, %s events: %s\n' $scenario $kernel "$on" "$off" "$events" \
			"$(awk "BEGIN { printf \"%+.1f %%, %.0f ns an event\", ($on / $off - 1) * 100, ($on - $off) / $events }")"
	done
done
done_testing
