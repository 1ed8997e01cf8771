#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A gate's verdict in every format: as tests/fixtures/gate has it, JUnit by its schema (that schema
# refuses what is none), KTAP by the strict reader.
#
#     WRING_UPDATE=1 tests/cli/gate-schema.sh     writes the golden files anew: read the difference
. "${srcdir:-.}/tests/tap.sh"

fixtures=$srcdir/tests/fixtures/gate
schema=$srcdir/tests/junit.xsd

run tests/gate-print
is_code 0 "there are samples"
samples=$out

for sample in $samples; do
	for format in text junit ktap markdown; do
		file=$scratch/$sample.$format
		tests/gate-print "$sample" "$format" >"$file" || not_ok "$sample: written as $format"
		if [ "${WRING_UPDATE-}" = 1 ]; then
			mkdir -p "$fixtures"
			cp "$file" "$fixtures/"
		fi
		run diff -u "$fixtures/$sample.$format" "$file"
		is_code 0 "$sample.$format is as it was"
	done
done

# What the reader makes of a sample, which asks the names of no metric.
ktap_is() {
	code=0
	out=$(tests/gate-print --read-ktap <"$scratch/$1.ktap" 2>&1) || code=$?
	is "$out" "$2" "$1: KTAP, $2"
}
ktap_is pass "2 passed, 0 failed, 0 skipped"
ktap_is better "3 passed, 0 failed, 0 skipped"
ktap_is regression "3 passed, 3 failed, 2 skipped"
ktap_is inconclusive "1 passed, 0 failed, 1 skipped"
ktap_is hopeless "0 passed, 0 failed, 1 skipped"
ktap_is invalid "1 passed, 2 failed, 0 skipped"
ktap_is sides "2 passed, 1 failed, 0 skipped"
ktap_is empty "0 passed, 0 failed, 1 skipped"
ktap_is nasty "2 passed, 2 failed, 1 skipped"

# refused NAME FIND REPLACE: the schema refuses a sample with one thing changed.
refused() {
	sed "s|$2|$3|" "$scratch/regression.junit" >"$scratch/broken.xml"
	if cmp -s "$scratch/regression.junit" "$scratch/broken.xml"; then
		not_ok "$1: nothing was changed"
		return
	fi
	run xmllint --noout --nonet --schema "$schema" "$scratch/broken.xml"
	if [ "$code" -eq 3 ]; then
		ok "the schema refuses $1"
	else
		not_ok "the schema refuses $1" "exit code $code: $err"
	fi
}

# xpath SAMPLE EXPRESSION WANT
xpath() {
	is "$(xmllint --nonet --xpath "$2" "$scratch/$1.junit")" "$3" "$1: $2"
}

if command -v xmllint >"$scratch/which"; then
	for sample in $samples; do
		run xmllint --noout --nonet --schema "$schema" "$scratch/$sample.junit"
		is_code 0 "$sample: JUnit validates against its schema"
		for sum in tests:testcase failures:failure errors:error; do
			xpath "$sample" "sum(//testsuite/@${sum%:*}) = count(//${sum#*:})" true
			xpath "$sample" "number(/testsuites/@${sum%:*}) = count(//${sum#*:})" true
		done
		xpath "$sample" "sum(//testsuite/@skipped) = count(//skipped)" true
	done
	refused "a testcase without a name" 'classname="\([^"]*\)" name="[^"]*"' 'classname="\1"'
	refused "an unknown element" '<system-out>' '<stdout/><system-out>'
	refused "an unknown attribute" '<testcase ' '<testcase margin="2 %" '
	refused "a count that is none" 'failures="1"' 'failures="one"'
	refused "two outcomes" '<failure ' '<skipped message="x"/><failure '
	refused "properties behind a testcase" '</testsuite>' '<properties/></testsuite>'
	xpath nasty 'string(//testcase[1]/@name)' \
		"a|b \`c\` *d* _e_ [f](g) # SKIP h\\ @i #1 http://j <script>"
	xpath nasty 'string(//testsuite[1]/@name)' "<a & \"b\" 'c'>]]>��[31mred"
	xpath regression 'count(//failure[@type="worse"])' 2
	xpath regression 'count(//failure[@type="moved"])' 1
	xpath sides 'string(//testsuite[@name="gate"]/testcase/error/@message)' \
		"the sides can't be compared: the base ran by clock insn, the fresh by wall"
else
	skip "no JUnit schema: xmllint is not installed"
fi

done_testing
