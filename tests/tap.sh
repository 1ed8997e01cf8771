# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The Test Anything Protocol for shell tests, sourced by them:
#
#     . "${srcdir:-.}/tests/tap.sh"
#     run ./wring --help; is_code 0 "wring --help passes"
#     done_testing
#
# Tests run in the build folder; the sources are found through $srcdir and are read-only there.
# shellcheck disable=SC2034 # $out, $err and $code are for the tests

srcdir=${srcdir:-.}
points=0
failures=0

# A folder of the test's own, removed when it ends.
scratch=$(mktemp -d "${TMPDIR:-/tmp}/wring-test.XXXXXX") || exit 99
trap 'rm -rf "$scratch"' EXIT

ok() {
	points=$((points + 1))
	printf 'ok %d - %s\n' "$points" "$1"
}

# not_ok NAME [DETAIL]: the detail may have several lines.
not_ok() {
	points=$((points + 1))
	failures=$((failures + 1))
	printf 'not ok %d - %s\n' "$points" "$1"
	if [ -n "${2-}" ]; then
		printf '%s\n' "$2" | sed 's/^/# /'
	fi
}

# One point that can't be tried here; a failure where WRING_REQUIRE=1 says that it must be.
skip() {
	if [ "${WRING_REQUIRE-}" = 1 ]; then
		not_ok "must not be skipped (WRING_REQUIRE=1): $1"
	else
		points=$((points + 1))
		printf 'ok %d # SKIP %s\n' "$points" "$1"
	fi
}

# Runs a command with closed input: its exit code in $code, its streams in $out and $err.
run() {
	code=0
	"$@" >"$scratch/out" 2>"$scratch/err" </dev/null || code=$?
	out=$(cat "$scratch/out")
	err=$(cat "$scratch/err")
}

# is_code CODE NAME: the last run's exit code.
is_code() {
	if [ "$code" -eq "$1" ]; then
		ok "$2"
	else
		not_ok "$2" "exit code $code, want $1
stdout: $out
stderr: $err"
	fi
}

# is GOT WANT NAME: equal texts.
is() {
	if [ "$1" = "$2" ]; then
		ok "$3"
	else
		not_ok "$3" "got «$1», want «$2»"
	fi
}

# like TEXT REGEX NAME: an extended regular expression matches a line of the text.
like() {
	if printf '%s\n' "$1" | grep -Eq -- "$2"; then
		ok "$3"
	else
		not_ok "$3" "no match of «$2» in: $1"
	fi
}

# unlike TEXT PATTERN NAME: no line of TEXT matches.
unlike() {
	if printf '%s\n' "$1" | grep -Eq -- "$2"; then
		not_ok "$3" "a match of «$2» in: $1"
	else
		ok "$3"
	fi
}

# between GOT LOW HIGH NAME: a number within bounds, both included.
between() {
	if awk "BEGIN { exit !(\"$1\" != \"\" && $1 + 0 >= $2 && $1 + 0 <= $3) }"; then
		ok "$4: $1"
	else
		not_ok "$4" "got «$1», want $2 to $3"
	fi
}

# The plan; the script's last command.
done_testing() {
	printf '1..%d\n' "$points"
	[ "$failures" -eq 0 ]
}
