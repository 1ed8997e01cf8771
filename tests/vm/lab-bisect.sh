#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# wring bisect, on real kernels: a git tree of which some commits don't build and some don't boot,
# the recipe of docs/bisect.md for git bisect run in the same tree, and a series of releases:
# two of them, or all that apt offers with WRING_PICK=all, as `make check-bisect` has it.
#
# The tree's «make all» takes a kernel of the cache, by what the file «kernel» says: it stands
# for sources that take an hour to build. All else is as with those.
# shellcheck disable=SC2154 # $code, $out, $err and $scratch come from tap.sh
. "${srcdir:-.}/tests/tap.sh"
. "${srcdir:-.}/tests/kernel-tree.sh"

tree=$scratch/linux
metric=reclaim.scanned
no_boot='the VM ended in phase start without a record'
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.org
# The same hashes each time, and so the same steps: git draws by them what to try behind a skip.
export GIT_AUTHOR_DATE="2024-01-01T00:00:00Z" GIT_COMMITTER_DATE="2024-01-01T00:00:00Z"
export BUILT=$scratch/built

cat >"$scratch/small.yaml" <<'E2'
suite: small
machine: {nodes: [256M], swap: {type: zram, size: 64M, algorithm: lz4}}
scenarios:
  - name: anon
    cgroups: {box: {memory.max: 16M}}
    workloads: [{anon: {in: box, size: 24M, pattern: uniform, passes: 2}}]
E2
what=$scratch/small.yaml/anon

kernel_tree debian/6.1 "$BUILT/6.1"
kernel_tree debian/6.12 "$BUILT/6.12"
# One that resets the machine at its first instruction of 32 bits, which stands behind the header's
# sectors (at 0x1f1: how many but one).
cp -r "$BUILT/6.1" "$BUILT/no-boot"
image=$BUILT/no-boot/arch/x86/boot/bzImage
sectors=$(($(od -An -tu1 -j 497 -N 1 "$image") + 1))
head -c 65536 /dev/zero | tr '\0' '\377' | dd of="$image" bs=512 seek=$sectors conv=notrunc status=none

git init -q "$tree"
cat >"$tree/Makefile" <<'E2'
kernel := $(shell cat kernel)
all: bzImage
olddefconfig:
	@test -s $(O)/.config
alldefconfig:
	cp $(KCONFIG_ALLCONFIG) $(O)/.config
bzImage:
	@test $(kernel) != no-build || { echo "mm/vmscan.c:1: error: no such thing" >&2; exit 1; }
	find $(O) -mindepth 1 -delete
	cp -r $(BUILT)/$(kernel)/. $(O)
.PHONY: all olddefconfig alldefconfig bzImage
E2
# commit KERNEL SUBJECT
commit() {
	echo "$1" >"$tree/kernel"
	echo "$2" >>"$tree/log"
	git -C "$tree" add . && git -C "$tree" commit -qm "$2"
}
commit 6.1 "the good one" && git -C "$tree" tag good
commit 6.1 "docs: a word"
commit no-build "mm: half of a change" && git -C "$tree" tag half
commit 6.1 "mm: the other half"
commit no-boot "x86: a slip" && git -C "$tree" tag slip
commit 6.1 "x86: mended"
commit 6.12 "mm: a new reclaimer" && git -C "$tree" tag culprit
commit 6.12 "mm: a comment"
commit 6.12 "the bad one" && git -C "$tree" tag bad
cp "$BUILT/6.1/.config" "$scratch/config"
before=$(git -C "$tree" for-each-ref; git -C "$tree" status --porcelain; cat "$tree/.git/HEAD")

# ---- wring bisect ----

commits() {
	run "$WRING" bisect --good "$tree@good" --bad "$tree@bad" --config "$scratch/config" \
		--seeds 1..5 "$what" $metric --out "$scratch/commits" "$@"
}
culprit=$(git -C "$tree" rev-parse culprit)
commits
is_code 0 "a tree with commits that don't build and don't boot: found"
like "$out" "^$culprit is the first bad one: mm: a new reclaimer" "the first bad commit, with its subject"
like "$out" "^$metric: [0-9,]+ on $(git -C "$tree" rev-parse --short=12 culprit^), [0-9,]+ on it: [-+][0-9.]+ % \[.*\], p 0.0079" \
	"what it changed, against the commit before it, with an interval"
like "$out" "^skip .*  x86: a slip" "what does not boot is skipped"
like "$(cat "$scratch/commits/steps/$(git -C "$tree" rev-parse --short=12 slip)/skipped")" "$no_boot" "with the reason"
like "$out" "^good .*0 % of the way to bad \[.*\], not bad: p 0.0079 .* s, [0-9] steps? left\)" "a step's line: verdict, certainty, time, what is left"
unlike "$out" "NOT SURE" "each step was told"
is "$(git -C "$tree" for-each-ref; git -C "$tree" status --porcelain; cat "$tree/.git/HEAD")" "$before" "the user's tree is as it was"
is "$(ls "$scratch/commits")" "$(printf '%s\n' bisect.json build steps)" "and so are the records: the clone is gone"
printf '%s\n' "$out" | sed 's/^/# /'

first=$out
commits
is_code 2 "the same again, without --resume: exit code 2"
commits --resume
is_code 0 "and with it"
strip() {
	sed 's/ *([0-9]* s/ (/'
}
is "$(printf '%s' "$out" | strip)" "$(printf '%s' "$first" | strip)" "it says the same, out of the records"
unlike "$err" "building" "nothing is built"
commits --resume --bad "$tree@half"
is_code 4 "an end that does not build: exit code 4"
like "$err" "the bad end, [0-9a-f]*, can't be measured: it does not build: mm/vmscan.c:1: error: no such thing" "with the compiler's reason"
run "$WRING" bisect --good "$tree@bad^^^" --bad "$tree@bad^^" --seeds 1..5 "$what" $metric --out "$scratch/small"
is_code 0 "without a config: of what the suite needs"
like "$(cat "$scratch/small/wring.config")" "CONFIG_CRYPTO_LZ4=y" "which is among the records"
like "$(cat "$scratch/small/steps/$(git -C "$tree" rev-parse --short=12 bad^^)/build.log")" "cp .*/wring.config " "and built with"
commits --resume --set machine.cpus=2
is_code 2 "another machine: these records are not of it"

# ---- git bisect run ----

for end in good bad; do
	cp -r "$scratch/commits/steps/$(git -C "$tree" rev-parse --short=12 $end)/run" "$scratch/$end"
done
awk '/^```sh bisect-step.sh/ { on = 1; next } /^```/ { on = 0 } on' "$srcdir/docs/bisect.md" >"$scratch/bisect-step.sh"
sed -i "s|gate/anon-over-limit reclaim.scanned|$what $metric|; s|^wring |exec '$WRING' |" "$scratch/bisect-step.sh"
like "$(cat "$scratch/bisect-step.sh")" "--step .*" "docs/bisect.md has the recipe"
cp "$scratch/config" "$scratch/.config"
cd "$tree" || exit 1
git bisect start bad good >/dev/null
run env RECORDS="$scratch" CONFIG="$scratch/config" git bisect run sh "$scratch/bisect-step.sh"
is_code 0 "git bisect run, by the recipe of docs/bisect.md"
like "$out" "^$culprit is the first bad commit" "finds the same commit"
log=$(git bisect log)
like "$log" "^# skip: " "what does not build or boot was skipped"
like "$log" "^# good: .*" "what is good was told"
git bisect reset >/dev/null 2>&1
cd "$OLDPWD" || exit 1

step() {
	run "$WRING" bisect --step --good "$scratch/good" --bad "$scratch/bad" --out "$scratch/judged" "$@" "$what" $metric
}
step --kernel "$BUILT/6.1"
is_code 0 "--step: a good kernel"
like "$out" "^good: $metric [0-9,]+ pages, 0 % of the way to bad" "which is said"
step --kernel "$BUILT/6.12"
is_code 1 "--step: a bad one"
step --kernel "$BUILT/no-boot"
is_code 125 "--step: one that does not boot"
step --kernel "$scratch/good"
is_code 125 "--step: a tree that was not built"
step --kernel "$BUILT/6.13"
is_code 130 "--step: a path to nothing stops git"
step --colour
is_code 130 "--step: so does a slip"
run "$WRING" bisect --step --good "$scratch/good" --bad "$scratch/good" --kernel "$BUILT/6.1" "$what" $metric
is_code 131 "--step: ends that are the same"

# ---- releases ----

run "$WRING" bisect --good debian/6.1 --bad debian/6.12 --seeds 1..5 --series debian/6.1,debian/6.12 "$what" $metric --out "$scratch/names"
is_code 0 "two releases: found"
like "$out" "^debian/6.12 is the first bad one: 6.12" "the release"
run "$WRING" bisect --good debian/6.12 --bad debian/6.1 "$what" $metric --out "$scratch/order"
is_code 2 "the bad one is the older: exit code 2"
if [ "${WRING_PICK-}" = all ]; then
	run "$WRING" bisect --good debian/6.1.0-50 --bad debian/6.12 "$what" $metric --out "$scratch/all"
	is_code 0 "all releases that apt offers, from one of 6.1 to the newest 6.12: found"
	like "$out" "^debian/6.12.* is the first bad one" "the oldest of 6.12"
	printf '%s\n' "$out" | sed 's/^/# /'
fi
done_testing
