#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# wring bisect refuses what it can't search before anything is built or booted.
# shellcheck disable=SC2154 # $code, $err and $scratch come from tap.sh
. "${srcdir:-.}/tests/tap.sh"

export WRING_CACHE=$scratch/cache GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
tree=$scratch/linux
args=(tour/anon-over-limit reclaim.scanned --out "$scratch/records")

# refused CODE WHY NAME WORD...: exit code, what is said, and that no records are left.
refused() {
	local want=$1 why=$2 name=$3

	shift 3
	run ./wring bisect "$@"
	is_code "$want" "$name: exit code $want"
	like "$err" "$why" "$name: said"
	is "$(ls -d "$scratch/records" 2>/dev/null)" "" "$name: no records are left"
}

refused 2 "--good and --bad are needed" "no ends" "${args[@]}"
refused 2 "an argument is missing" "no metric" --good a --bad b tour/anon-over-limit
refused 2 "no metric «reclaim.scaned» \(did you mean «reclaim.scanned»\?\)" "a slip in the metric" \
	--good a --bad b tour/anon-over-limit reclaim.scaned
refused 2 "has no scenario «anon-over-limt» \(did you mean «anon-over-limit»\?\)" "a slip in the scenario" \
	--good a --bad b tour/anon-over-limt reclaim.scanned
refused 2 "scenarios: name one" "no scenario" --good a --bad b tour reclaim.scanned
refused 2 "the same kernel" "the same ends" --good debian/6.1 --bad debian/6.1 "${args[@]}"
refused 2 "no kernel «linux-a»" "an unknown kernel" --good linux-a --bad linux-b "${args[@]}"
refused 2 "are for commits" "a config for names" --good debian/6.1 --bad debian/6.12 --config x "${args[@]}"
refused 2 "--kernel and --modules are for --step" "a kernel" --good a --bad b --kernel c "${args[@]}"
refused 2 "--resume needs --out" "resume what" --good a --bad b --resume tour/anon-over-limit reclaim.scanned

# With --step any other code would be a verdict to git bisect run.
refused 130 "--good and --bad are needed" "--step without ends" --step "${args[@]}"
refused 130 "--step needs --kernel" "--step without a kernel" --step --good a --bad b "${args[@]}"
refused 130 "no option --kernal" "--step with a slip" --step --good a --bad b --kernal c "${args[@]}"
refused 130 "an argument is missing" "--step without a metric" --good a --bad b --kernel c --step tour/anon-over-limit
refused 130 "$scratch/none" "--step without runs" --step --good "$scratch/none" --bad b --kernel c "${args[@]}"

if command -v git >/dev/null && command -v make >/dev/null && command -v gcc >/dev/null; then
	git init -q "$tree"
	commit() {
		git -C "$tree" -c user.name=a -c user.email=a@example.org commit -q --allow-empty -m "$1"
	}
	commit one && git -C "$tree" tag one
	commit two && git -C "$tree" tag two
	git -C "$tree" checkout -q -b side one
	commit three && git -C "$tree" tag three
	refused 2 "has no commit «oen»" "a slip in the commit" --good "$tree@oen" --bad "$tree@two" "${args[@]}"
	refused 2 "no ancestor of bad" "from new to old" --good "$tree@two" --bad "$tree@one" "${args[@]}"
	refused 2 "git merge-base" "two branches" --good "$tree@two" --bad "$tree@three" "${args[@]}"
	refused 2 "the same commit" "one commit" --good "$tree@one" --bad "$tree@one" "${args[@]}"
	refused 2 "is a commit .* and the other is not" "a commit and a name" --good "$tree@one" --bad debian/6.1 "${args[@]}"
	refused 2 "two trees" "two trees" --good "$tree@one" --bad "$scratch@two" "${args[@]}"
	refused 2 "--series is for kernels with names" "a series of commits" --good "$tree@one" --bad "$tree@two" --series a "${args[@]}"
	refused 2 "no-such-config" "a config that isn't there" --good "$tree@one" --bad "$tree@two" \
		--config "$scratch/no-such-config" "${args[@]}"
	run ./wring bisect --good "$tree@one" --bad "$tree@two" "${args[@]}"
	is_code 4 "commits that hold no kernel: exit code 4"
	like "$err" "the good end, [0-9a-f]*, can't be measured: it does not build: make: .* No rule to make target" \
		"make's reason is told"
	is "$(git -C "$tree" worktree list | wc -l)" 1 "no work tree of it is left behind"
else
	skip "git, make or gcc is not here"
fi
done_testing
