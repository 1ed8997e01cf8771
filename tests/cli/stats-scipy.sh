#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every statistic against SciPy's, or against NumPy by its definition where SciPy has none.
. "${srcdir:-.}/tests/tap.sh"

# A package of the distribution is for its own Python, which needn't be the first in PATH.
python=
for each in python3 /usr/bin/python3; do
	if [ -z "$python" ] && "$each" -c 'import scipy' 2>/dev/null; then
		python=$each
	fi
done
if [ -z "$python" ]; then
	skip "no python3 with scipy (apt-get install python3-scipy)"
	done_testing
	exit
fi
run "$python" -B "$srcdir/tests/cli/stats-scipy.py" tests/cli/stats-calc
is_code 0 "all questions have their answer"
while IFS=$'\t' read -r verdict name; do
	if [ "$verdict" = ok ]; then
		ok "$name"
	else
		not_ok "$name" "$verdict"
	fi
done <"$scratch/out"
between "$points" 100 1000 "enough points"
done_testing
