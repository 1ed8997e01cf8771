# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Sides to compare, as baselines' files: made figures of one scenario, seed by seed. Sourced by tests.

# values COUNT LEVEL SPREAD SALT: so many numbers about the level, by a share of it; the same for the
# same salt.
values() {
	awk -v n="$1" -v level="$2" -v spread="$3" -v salt="$4" 'BEGIN {
		x = salt * 7919 + 17
		for (i = 0; i < n; i++) {
			sum = 0
			for (k = 0; k < 4; k++) {
				x = (x * 16807 + 12345) % 2147483647
				sum += x / 2147483647
			}
			printf "%s%d", i ? "," : "", level * (1 + spread * (sum - 2)) + 0.5
		}
	}'
}

# side FILE FIRST COUNT SCANNED FREED [SALT]: seeds FIRST..FIRST+COUNT-1 of reclaim.scanned and
# .reclaimed. What else it says is in variables, whose defaults stand here.
side() {
	local file=$1 first=$2 count=$3 scanned=$4 freed=$5 salt=${6:-$2}
	cat >"$file" <<E2
{"kind": "wring-baseline", "schema": 1,
 "run": {"schema": 1, "wring": "0.1.0", "where": "${where:-vm}", "clock": "${clock:-insn}",
  "accelerator": "tcg", "kernels": [{"name": "${kernel:-debian/6.12}"}],
  "environment": {"files": {"wring-guest": "${maker:-aa}", "qemu": "bb"}},
  "suite": {"suite": "made", "machine": {"cpus": "${cpus:-1}", "nodes": ["256M"],
    "swap": {"type": "zram", "size": "64M", "algorithm": "${algorithm:-lz4}"}},
   "scenarios": [{"name": "one", "knobs": {}, "cgroups": {"box": {"memory.max": "${limit:-16M}"}},
    "workloads": [{"anon": {"size": "24M"}}],
    "gate": ${gate:-{\"reclaim.scanned\": \"2%\", \"reclaim.reclaimed\": \"2%\"\}}}]}},
 "cells": [{"scenario": "one", "kernel": "${kernel:-debian/6.12}",
  "facts": {"clock": "${clock:-insn}", "accelerator": "tcg", "release": "${kernel:-6.12}",
   "regime": {"lru": "${lru:-mglru}", "proactive": "${proactive:-in direct}"}},
  "seeds": [$(seq -s , "$first" $((first + count - 1)))],
  "metrics": {
   "${metric:-reclaim.scanned}": {"unit": "pages", ${drift:+\"drift\": $drift,} "values": [$(values "$count" "$scanned" "${spread:-0.02}" "$salt")]},
   "reclaim.reclaimed": {"unit": "pages", ${drift:+\"drift\": $drift,} "values": [$(values "$count" "$freed" 0.01 $((salt + 1000)))]}}}]}
E2
}
