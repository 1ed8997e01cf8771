#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What other tools say beside a trial under pressure: vmstat, sar and the kernel's delay accounting
# must agree with wring's samples. Run in a VM by tests/vm/run.
#
# No figure is compared «about». A tool read its counters at a time that is known to lie between two
# readings of the monotonic clock, and a sample was taken some time after its own t_ns and before
# the next one's. So a counter that only grows, read by the tool, is no less than in the sample
# before the last one that began before the earlier clock reading, and no more than in the first one
# that began after the later. Rates are differences of such bounds.
# guest-programs: tests/vm/stamp tests/vm/delays vmstat sar sadf /usr/lib/sysstat/sadc
# shellcheck shell=sh disable=SC2129,SC2153,SC2154 # $WRING is init's; $code, $out, $err, $scratch, $srcdir come from tap.sh
. "${srcdir:-.}/tests/vm/guest.sh"

STAMP=$srcdir/tests/vm/stamp
CG=/sys/fs/cgroup
export LC_ALL=C S_TIME_FORMAT=ISO

cat >beside.yaml <<'E2'
suite: beside
machine: {cpus: 1, nodes: [512M, 256M], swap: {type: zram, size: 512M}}
defaults: {sample: 50ms, seeds: "1", timeout: 60s}
scenarios:
  - name: beside
    about: A limit that swaps, a bound node that wakes kswapd, files that are read and written
    cgroups: {box: {memory.max: 24M}, wide: {}, files: {memory.max: 16M}}
    workloads:
      - anon: {in: box, size: 32M, pattern: uniform, duration: 12s}
      - anon: {name: wide, in: wide, size: 280M, fill: header, memory: "bind:1", duration: 12s}
      - file: {in: files, dir: /disk, size: 32M, write: 20%, rate: 1000, duration: 12s}
      - probe: {name: still, in: /, kind: fault, rate: 1, duration: 20s} # nothing else: levels rest
E2

# --- the trial, and the tools beside it

echo 1 >/proc/sys/kernel/task_delayacct
"$WRING" run beside.yaml --out beside >wring.log 2>&1 &
wring=$!
await_memory box 20000000
pid=$(head -n 1 $CG/wring-*/box/cgroup.procs)
"$STAMP" vmstat -n 1 9 >vmstat.out 2>&1 &
vmstat=$!
"$STAMP" sar -o sar.data -B -W 1 8 >sar.out 2>&1 &
sar=$!
"$srcdir/tests/vm/delays" "$pid" 15 500 >delays.out 2>delays.err &
delays=$!
wait $vmstat $sar $delays
# When the work is done: before procps 4.0.3 only a new vmstat reads the memory's levels anew.
tries=0 used=
until [ "$used" = "$(cat $CG/wring-*/box/cpu.stat)" ]; do
	used=$(cat $CG/wring-*/box/cpu.stat)
	tries=$((tries + 1))
	[ $tries -lt 40 ] || break
	usleep 500000
done
for n in 1 2 3 4; do
	"$STAMP" vmstat -n >level.$n
done
wait $wring
is $? 0 "the trial that they ran beside passes"
dir=beside/beside/host/seed-1
origin=$(sed -n 's/.*"clock_origin_ns": \([0-9]*\).*/\1/p' $dir/trial.json)
like "$origin" '^[0-9]+$' "its clock is told against the kernel's"
sadf -rU sar.data -- -B -W >sar.raw </dev/null 2>&1

# What a level may be off by besides: counts that a CPU has not folded in yet; and free pages, by
# those in the CPUs' own lists, which are neither free nor allocated.
folded=$(awk '/vm stats threshold:/ { n += 2 * $4 } END { print n + 0 }' /proc/zoneinfo)
listed=$(awk '/^ *high(_max)?: / { n += $2 } END { print n + 0 }' /proc/zoneinfo)

# --- the samples, cut to what is asked of them; a name with + is the sum of all that begin so

cat >cut.awk <<'E2'
BEGIN {
	FS = OFS = "\t"
	columns = split("vmstat.pswpin vmstat.pswpout vmstat.pgpgin vmstat.pgpgout vmstat.pgfault " \
		"vmstat.pgmajfault vmstat.pgfree vmstat.pgscan_kswapd vmstat.pgscan_direct+ " \
		"vmstat.pgsteal_+ vmstat.pgalloc_+ meminfo.MemFree meminfo.Buffers meminfo.Cached " \
		"meminfo.SReclaimable box.cpu.stat.usage_usec box.psi.memory.some.total", name, " ")
}
NR == 1 {
	printf "t_ns"
	for (i = 1; i <= columns; i++) {
		list[i] = ""
		sum = name[i] ~ /\+$/
		want = name[i]
		sub(/\+$/, "", want)
		for (k = 1; k <= NF; k++)
			if ($k == want || (sum && index($k, want) == 1))
				list[i] = list[i] " " k
		printf "\t%s", name[i]
	}
	print ""
	next
}
{
	printf "%s", $1
	for (i = 1; i <= columns; i++) {
		n = split(list[i], at, " ")
		total = n ? 0 : "-"
		for (k = 1; k <= n; k++)
			total += $at[k]
		printf "\t%.0f", total
	}
	print ""
}
E2
awk -f cut.awk $dir/samples.tsv >cut.tsv

# --- what the tools have said, as claims, times in ns on the kernel's clock:
#   point NAME COLUMN SCALE FROM TO VALUE            the column's value times SCALE, read in between
#   span NAME COLUMN SCALE FROM TO FROM TO VALUE     its growth between two readings
#   rate NAME COLUMN SCALE FROM TO FROM TO VALUE     its growth a second
#   level NAME COLUMN FROM TO VALUE                  kB of a level that moves both ways
#   most NAME COLUMN SCALE TO VALUE                  no more than the column's value

# vmstat sleeps a second between two readings, and prints one when it has it. With an interval of
# one second si, so (kB), bi, bo (KiB) are whole differences.
awk '/ start$/ { start = $1 } $2 ~ /^[0-9]/ && NF > 15 {
	if (n++ == 0) { first = $1; next }
	si += $8; so += $9; bi += $10; bo += $11
	when = start " " first " " start + (n - 1) * 1e9 " " $1
	print "span vmstat:si vmstat.pswpin 4", when, si
	print "span vmstat:so vmstat.pswpout 4", when, so
	print "span vmstat:bi vmstat.pgpgin 1", when, bi
	print "span vmstat:bo vmstat.pgpgout 1", when, bo
}' OFMT=%.0f CONVFMT=%.0f vmstat.out >claims

# A level of a vmstat that reads once: between its start and its line.
for n in 1 2 3 4; do
	awk '/ start$/ { start = $1 } $2 ~ /^[0-9]/ && NF > 15 {
		print "level vmstat:free meminfo.MemFree", start, $1, $5
		print "level vmstat:buff meminfo.Buffers", start, $1, $6
		print "level vmstat:cache meminfo.Cached", start, $1, $7
	}' level.$n >>claims
done

# sadc reads at once, then at each alarm, a second after the one before; sar prints what it gets.
# An interval begins with the heading of swapping.
awk '/ start$/ || ($3 == "pswpin/s" && $2 !~ /^Average/) { print $1 }' sar.out >sar.when
awk 'NR == FNR { when[FNR] = $1; next }
	{ k = ++line[$2] } # each kind has a line a reading
	when[k + 1] {
		for (i = 2; i < NF; i++)
			if ($i ~ /\/s;$/) {
				key = $i; sub(/\/s;/, "", key); value = $(i + 2); sub(/;/, "", value)
				print key, when[1] + k * 1e9, when[k + 1], value
			}
	}' OFMT=%.0f CONVFMT=%.0f sar.when sar.raw >sar.values
awk 'BEGIN {
	n = split("pswpin vmstat.pswpin pswpout vmstat.pswpout pgpgin vmstat.pgpgin pgpgout vmstat.pgpgout " \
		"fault vmstat.pgfault majflt vmstat.pgmajfault pgfree vmstat.pgfree " \
		"pgscank vmstat.pgscan_kswapd pgscand vmstat.pgscan_direct+ pgsteal vmstat.pgsteal_+", map, " ")
	for (i = 1; i < n; i += 2) column[map[i]] = map[i + 1]
}
column[$1] { print "point sar-raw:" $1, column[$1], 1, $2, $3, $4 }' sar.values >>claims
# The rates that it prints, from the second interval on, and of the whole.
awk 'BEGIN {
	n = split("pswpin/s vmstat.pswpin pswpout/s vmstat.pswpout pgpgin/s vmstat.pgpgin pgpgout/s vmstat.pgpgout " \
		"fault/s vmstat.pgfault majflt/s vmstat.pgmajfault pgfree/s vmstat.pgfree " \
		"pgscank/s vmstat.pgscan_kswapd pgscand/s vmstat.pgscan_direct+ pgsteal/s vmstat.pgsteal_+", map, " ")
	for (i = 1; i < n; i += 2) column[map[i]] = map[i + 1]
}
NR == FNR { when[FNR] = $1; next }
$3 ~ /\/s$/ { for (i = 3; i <= NF; i++) head[i] = $i; next }
NF > 3 && $3 ~ /^[0-9.]+$/ {
	average = $2 ~ /^Average/
	k = average ? 8 : ++line[head[3]]
	if (!when[k + 1] || (k < 2 && !average)) next
	times = average ? when[1] " " when[2] : when[1] + (k - 1) * 1e9 " " when[k]
	for (i = 3; i <= NF; i++)
		if (column[head[i]])
			print "rate", "sar:" head[i], column[head[i]], 1, times, when[1] + k * 1e9, when[k + 1], $i
}' OFMT=%.0f CONVFMT=%.0f sar.when sar.out >>claims

# Delays in ns: before, after, run time, block I/O, swap-in, reclaim, thrashing, compaction. One
# process is alone in the box, so that all of the box's run time is its own (us, rounded down). Its
# reclaim and its compaction are stalls for memory that do not overlap, and the kernel enters the
# stall before it begins to time them, and leaves it after (try_charge_memcg(),
# __alloc_pages_direct_compact()). A wait for a refaulted page is timed from just before it enters
# the stall (swap_readpage()), by which the two may differ either way: told below, not judged.
awk '{
	print "point delays:cpu box.cpu.stat.usage_usec 1", $1, $2, int($3 / 1000)
	print "most delays:reclaim box.psi.memory.some.total 1", $2, int(($6 + $8) / 1000)
}' OFMT=%.0f CONVFMT=%.0f delays.out >>claims

# --- judged

cat >judge.awk <<'E2'
# The last row that was certainly read before t began; 0 when there is none.
function before(t,  i) { for (i = rows; i > 1; i--) if (time[i] <= t) return i - 1; return 0 }
# The first row that was certainly read after t; 0 when there is none.
function after(t,  i) { for (i = 1; i <= rows; i++) if (time[i] >= t) return i; return 0 }
function judge(name, low, value, high) {
	count[name]++
	width[name] += high - low
	size[name] = value > size[name] ? value : size[name]
	if (value < low || value > high) {
		wrong[name]++
		printf "# %s: %.2f is not within %.2f and %.2f\n", name, value, low, high
	}
}
NR == FNR && FNR == 1 { for (i = 2; i <= NF; i++) at[$i] = i; next }
NR == FNR { time[++rows] = $1 + origin; for (i = 2; i <= NF; i++) v[i, rows] = $i; next }
{ c = at[$3] }
$1 == "point" {
	a = before($5); b = after($6)
	if (a && b) judge($2, v[c, a] * $4, $7, v[c, b] * $4)
}
$1 == "span" || $1 == "rate" {
	a = before($5); b = after($6); d = before($7); e = after($8)
	if (!a || !b || !d || !e) next
	low = (v[c, d] - v[c, b]) * $4; high = (v[c, e] - v[c, a]) * $4
	if (low < 0) low = 0
	if ($1 == "rate") { # sar counts hundredths of a second and prints hundredths
		longest = ($8 - $5) / 1e9 + 0.01; shortest = ($7 - $6) / 1e9 - 0.01
		if (shortest <= 0) next
		low = low / longest - 0.005; high = high / shortest + 0.005
	}
	judge($2, low, $9, high)
}
$1 == "most" {
	b = after($5)
	if (b) judge($2, 0, $6, v[c, b] * $4 + 1)
}
# A level moves no further than pages were allocated and freed meanwhile: vmstat's own, when nothing
# else runs. That is more than all of the buffers, which do not move then.
$1 == "level" {
	a = before($4); b = after($5)
	if (!a || !b) next
	base = v[c, a]
	if ($3 == "meminfo.Cached") base += v[at["meminfo.SReclaimable"], a]
	allocated = v[at["vmstat.pgalloc_+"], b] - v[at["vmstat.pgalloc_+"], a] + folded
	freed = v[at["vmstat.pgfree"], b] - v[at["vmstat.pgfree"], a] + folded
	if ($3 == "meminfo.Buffers") judge($2, v[c, a] < v[c, b] ? v[c, a] : v[c, b], $6, v[c, a] < v[c, b] ? v[c, b] : v[c, a])
	else if ($3 == "meminfo.MemFree") judge($2, base - 4 * (allocated + listed), $6, base + 4 * (freed + listed))
	else judge($2, base - 4 * freed, $6, base + 4 * allocated)
}
END {
	for (name in count)
		printf "%s %d %d %.0f %.0f\n", name, count[name], wrong[name], width[name] / count[name], size[name]
}
E2
awk -v origin="$origin" -v folded="$folded" -v listed="$listed" -f judge.awk cut.tsv claims >verdicts
grep '^#' verdicts
grep -v '^#' verdicts | sort >names
while read -r name claims wrong width size; do
	is "$wrong" 0 "$name: $claims figures, up to $size, are within the samples around them, $width apart"
	[ "$claims" -ge 4 ] || not_ok "$name: enough figures to tell" "$claims"
done <names
is "$(wc -l <names | tr -d ' ')" 29 "figures of all kinds were had"
is "$(awk -F '\t' 'NR > 2 && $NF * 1000 > last_end { n++ } { last_end = $1 + 2 * 50000000 } END { print n + 0 }' cut.tsv)" 0 \
	"a box is stalled for no longer than the time that has passed"
awk -v origin="$origin" 'NR == FNR { t[NR] = $1; v[NR] = $NF; n = NR; next }
	{ sum = $6 + $7 + $8; when = $2 - origin }
	END { for (i = n; i > 2 && t[i] > when; i--); printf "# reclaim, thrashing and compaction make up %d %% of the time stalled for memory\n", sum / v[i] / 10 }' \
	cut.tsv delays.out
done_testing
