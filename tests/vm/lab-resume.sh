#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A run that was killed goes on: what has a record is kept, what was under way or failed runs again,
# and the whole is what an undisturbed run gives.
# shellcheck disable=SC2154 # $code, $out, $err and $scratch come from tap.sh
. "${srcdir:-.}/tests/tap.sh"

cat >"$scratch/s.yaml" <<'E2'
suite: s
machine: {nodes: [256M], swap: {type: zram, size: 64M}}
defaults: {seeds: 1..3}
scenarios:
  - name: a
    cgroups: {box: {memory.max: 16M}}
    workloads: [{anon: {in: box, size: 24M, passes: 2, pattern: uniform}}]
E2
records=$scratch/run/a/debian-6.12

# prints RUN: seed and fingerprint of each trial that has one.
prints() {
	for file in "$1"/a/debian-6.12/seed-*/trial.json; do
		echo "$(basename "$(dirname "$file")") $(sed -n 's/^  "fingerprint": "\(..*\)".*/\1/p' "$file")"
	done
}

run "$WRING" run "$scratch/s.yaml" --vm --kernel debian/6.12 --out "$scratch/whole"
is_code 0 "an undisturbed run"

"$WRING" run "$scratch/s.yaml" --vm --kernel debian/6.12 --jobs 1 --out "$scratch/run" >"$scratch/log" 2>&1 &
wring_pid=$!
for _ in $(seq 600); do
	grep -qs '"fingerprint": "..' "$records/seed-1/trial.json" && [ -e "$records/seed-2/console.log" ] && break
	sleep 0.05
done
kill -9 $wring_pid
wait $wring_pid 2>/dev/null
is "$(grep -c '"fingerprint": "..' "$records/seed-3/trial.json" 2>/dev/null || true)" "" "a run that is killed on its way"
run "$WRING" show "$scratch/run"
like "$out" "1 of 3 trials, running|[12] of 3 trials" "show tells how far it came"

run "$WRING" run "$scratch/s.yaml" --vm --kernel debian/6.12 --seeds 1..2 --out "$scratch/run" --resume
is_code 2 "going on with another plan: exit code 2"
like "$err" "resume with the same" "it says so"
before=$(stat -c %Y.%i "$records/seed-1/trial.json")
run "$WRING" run "$scratch/s.yaml" --vm --kernel debian/6.12 --out "$scratch/run" --resume
is_code 0 "--resume"
like "$out" "seed 1: kept" "keeps what has a record"
like "$out" "seed 3: completed" "and runs what has none"
is "$(stat -c %Y.%i "$records/seed-1/trial.json")" "$before" "without touching what it keeps"
is "$(prints "$scratch/run")" "$(prints "$scratch/whole")" "and is what the undisturbed run is"
run "$WRING" clean
is_code 0 "wring clean"
is "$(find "$scratch/run" -name '.work*')" "" "removes what the killed one left"

run "$WRING" plan "$scratch/s.yaml" --vm --kernel debian/6.12
like "$out" "3 trials .*as they took before" "plan knows by now how long they take"
done_testing
