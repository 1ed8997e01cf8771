#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The manual pages name every command and option that the program has, and none that it has not.
. "${srcdir:-.}/tests/tap.sh"

page=$srcdir/man/wring.1.scd

# The page's part about one command, up to the next heading.
section() {
	awk -v heading="## wring $1" '
		/^#/ { inside = $0 == heading || index($0, heading " ") == 1; next }
		inside' "$page"
}

run ./wring --help
is_code 0 "wring --help"
commands=$(printf '%s\n' "$out" | awk '/^Commands:/ { on = 1; next } /^$/ { on = 0 } on { print $1 }')
like "$commands" '^run$' "it lists the commands"

for command in $commands; do
	run ./wring "$command" --help
	is_code 0 "wring $command --help"
	help=$(printf '%s\n' "$out" | grep -Eo '^  --[a-z-]+' | tr -d ' ')
	like "$(grep '^## ' "$page")" "^## wring $command( |\$)" "wring.1 has wring $command"
	man=$(section "$command")
	for option in $help; do
		like "$man" "(^|, )\\*$option\\*" "wring.1 has wring $command $option"
	done
	for option in $(printf '%s\n' "$man" | grep -E "^\*--" | grep -Eo "\*--[a-z-]+\*" | tr -d '*'); do
		like "$help" "^$option\$" "wring $command has $option, as wring.1 says"
	done
done

documented=$(sed -n 's/^## wring \([a-z]*\).*/\1/p' "$page")
for command in $documented; do
	like "$commands" "^$command\$" "wring has the command $command, as wring.1 says"
done

# The options of generators are put into wring-suite.5 by man/expand.sh.
run bash "$srcdir/man/expand.sh" ./wring "$srcdir/man/wring-suite.5.scd"
is_code 0 "wring-suite.5 takes the generators' options"
suite_page=$out
run ./wring list workloads anon
is_code 0 "wring list workloads anon"
keys=$(printf '%s\n' "$out" | sed -n 's/^ *\([a-z_]*\): .*/\1/p')
like "$keys" '^size$' "it lists the keys"
for key in $keys; do
	like "$suite_page" "(^| |\\*)$key(:|\\*)" "wring-suite.5 has anon's $key"
done

run ./wring list workloads
for generator in $(printf '%s\n' "$out" | awk '{ print $1 }'); do
	like "$suite_page" "^## $generator\$" "wring-suite.5 has the generator $generator"
done

built=man/wring-suite.5
[ -e "$built" ] || built=$srcdir/$built
if [ -e "$built" ]; then
	for key in $keys; do
		like "$(cat "$built")" "(^|[^a-z_])$key([^a-z_]|\$)" "the built page has $key"
	done
else
	skip "no built page: scdoc is not installed"
fi

done_testing
