#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What the anon generator makes a kernel do, by its own account and by the kernel's: closed forms.
# Run as root in a VM by tests/vm/run.
# shellcheck shell=sh disable=SC2154 # $code, $out, $err and $scratch come from tap.sh
. "${srcdir:-.}/tests/tap.sh"

cd "$scratch" || exit 1

# What may be missing in a cgroup's memory.stat (64 events a CPU are held back at each of two
# readings), and what a worker faults by itself meanwhile (stacks, tables, its report): pages.
HELD=128
OWN=64

# column TRIAL NAME: how much a column has grown in the measured phase, and its last and its
# highest value there.
column() {
	json="records/$1/host/seed-1/trial.json"
	from=$(sed -n 's/.*"start_ns": \([0-9]*\).*/\1/p' "$json" | tail -n 1)
	end=$(sed -n 's/.*"end_ns": \([0-9]*\).*/\1/p' "$json" | tail -n 1)
	awk -F '\t' -v name="$2" -v from="$from" -v end="$end" '
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i; next }
		!c || $1 < from || $1 > end { next }
		!seen++ { first = $c }
		{ last = $c; if ($c > highest) highest = $c }
		END { if (c) printf "%d %d %d\n", last - first, last, highest; else print "none" }
	' "records/$1/host/seed-1/samples.tsv"
}
grown() { column "$@" | cut -d ' ' -f 1; }
level() { column "$@" | cut -d ' ' -f 2; }
highest() { column "$@" | cut -d ' ' -f 3; }

# within GOT LOW HIGH NAME: a number in a range, both ends included.
within() {
	if [ "$1" -ge "$2" ] && [ "$1" -le "$3" ]; then
		ok "$4: $1"
	else
		not_ok "$4" "got $1, want $2 to $3"
	fi
}

cat >anon.yaml <<'E2'
suite: anon
machine: {cpus: 1, nodes: [768M, 256M], swap: {type: zram, size: 512M}}
defaults: {sample: 500ms, seeds: "1", timeout: 60s}
scenarios:
  - name: faults
    cgroups: {box: {}}
    workloads: [{anon: {in: box, size: 32M, passes: 3, verify: true}}]
  - name: huge
    knobs: {thp: madvise}
    cgroups: {box: {}, small: {}}
    workloads:
      - anon: {name: huge, in: box, size: 32M, thp: always, passes: 2}
      - anon: {name: small, in: small, size: 8M, passes: 2}
  - name: system
    knobs: {thp: always}
    cgroups: {box: {}}
    workloads: [{anon: {in: box, size: 32M, thp: system}}]
  - name: pageout-0
    knobs: {vm.page_cluster: 0}
    cgroups: {box: {}}
    workloads: [{anon: {in: box, size: 32M, advise: pageout, compressibility: 0}}]
  - name: pageout-50
    cgroups: {box: {}}
    workloads: [{anon: {in: box, size: 32M, advise: pageout, compressibility: 50%}}]
  - name: pageout-75
    cgroups: {box: {}}
    workloads: [{anon: {in: box, size: 32M, advise: pageout, compressibility: 75%}}]
  - name: pageout-twice
    knobs: {vm.page_cluster: 0}
    cgroups: {box: {}}
    workloads: [{anon: {in: box, size: 16M, advise: pageout, pattern: chase, verify: true, passes: 2}}]
  - name: dontneed
    cgroups: {box: {}}
    workloads: [{anon: {in: box, size: 32M, advise: dontneed, passes: 3, verify: true}}]
  - name: free
    cgroups: {box: {memory.max: 24M}}
    workloads: [{anon: {in: box, size: 48M, advise: free, passes: 2, verify: true}}]
  - name: cold
    cgroups: {box: {memory.max: 24M}}
    workloads:
      - anon: {name: kept, in: box, size: 8M, warmup_passes: 1, start: 400ms}
      - anon: {name: cold, in: box, size: 12M, advise: cold, advise_size: 12M}
      - anon: {name: late, in: box, size: 8M, start: 200ms}
  - name: mlock
    cgroups: {box: {memory.max: 32M}}
    workloads: [{anon: {in: box, size: 48M, mlock: 25%, passes: 2, verify: true}}]
  - name: fork
    cgroups: {box: {}}
    workloads: [{anon: {in: box, size: 16M, fork: hold, passes: 3, verify: true}}]
  - name: fork-threads
    cgroups: {box: {}}
    workloads: [{anon: {in: box, size: 16M, fork: hold, threads: 2, passes: 3, verify: true}}]
E2
run "$WRING" run anon.yaml --out records
is_code 0 "all trials complete"
for trial in faults huge system pageout-0 pageout-twice dontneed free mlock fork fork-threads; do
	work=anon
	[ $trial != huge ] || work=huge
	is "$(level $trial work.$work.errors)" 0 "$trial: no page lost its contents"
done

pages=8192
within "$(grown faults box.memory.stat.pgfault)" $((pages - HELD)) $((pages + HELD + OWN)) \
	"touching $pages pages thrice without huge pages faults for each page once"

is "$(grown huge vmstat.thp_fault_alloc)" 16 "thp: always: 32M are 16 huge pages, thp: never none"
within "$(grown huge small.memory.stat.pgfault)" $((2048 - HELD)) $((2048 + HELD + OWN)) \
	"beside it, thp: never faults for each small page"
within "$(grown huge box.memory.stat.pgfault)" 0 $((16 + HELD + OWN)) "the huge ones take a fault each"
is "$(grown system vmstat.thp_fault_alloc)" 16 "thp: system follows knob thp"

# MADV_PAGEOUT drains the CPU's batch of new pages first, so that each page is found.
is "$(grown pageout-0 work.anon.advised)" $pages "pageout: each page is advised"
is "$(grown pageout-0 vmstat.pswpout)" $pages "and each is written to swap"
is "$(grown pageout-0 vmstat.pswpin)" 0 "none comes back by itself"
within "$(level pageout-0 box.memory.stat.anon)" 0 $((HELD * 4096)) "none is left in memory"

# The bytes of a page that lz4 leaves: at least the random ones and the stamp; at most those and the
# rest of the header, a byte of filler, and for three sequences a token each, two offsets, a byte
# for each 255 literals and for each 255 bytes matched, and five literals at the end. What stays
# above zsmalloc's largest class below a page, some 3,264 bytes, is kept as it is.
for share in 0:4096:4096 50:2040:2087 75:1024:1071; do
	compressibility=${share%%:*} bounds=${share#*:}
	orig=$(grown "pageout-$compressibility" zram0.orig_data_size)
	compr=$(grown "pageout-$compressibility" zram0.compr_data_size)
	# A CPU keeps up to 64 freed slots, which zram still has: a trial before this one's, then none's.
	within $((orig / 4096)) $((pages - 64)) $pages "compressibility: $compressibility%: zram has all pages"
	within $((compr / (orig / 4096))) "${bounds%:*}" "${bounds#*:}" "bytes that one takes there"
done

# Two passes, both advised; the second reads each page back as the first one's next pointer says.
is "$(grown pageout-twice vmstat.pswpin)" 4096 "a chase through swapped pages reads each back once"
is "$(grown pageout-twice vmstat.pswpout)" 8192 "and each is written out again"

is "$(grown dontneed work.anon.dropped)" $((2 * pages)) "dontneed: each page is found dropped twice"
is "$(grown dontneed work.anon.filled)" $((3 * pages)) "and is filled thrice"
within "$(grown dontneed box.memory.stat.pgfault)" $((3 * pages - HELD)) $((3 * pages + HELD + OWN)) \
	"which takes a fault each"
is "$(grown dontneed vmstat.pswpout)" 0 "and no swap"

# 12,288 pages, of which 6,144 fit. What the limit pushes out was advised, but for a window of 256.
lazyfreed=$(grown free vmstat.pglazyfreed)
dropped=$(grown free work.anon.dropped)
within "$lazyfreed" $((12288 - 6144 - 256)) $((2 * 12288)) "free: pages are freed lazily under pressure"
within $((lazyfreed - dropped)) 0 12288 "those found dropped at a later touch are among them: $dropped"
is "$(grown free work.anon.filled)" $((12288 + dropped)) "and are filled anew"
within "$(grown free vmstat.pswpout)" 0 512 "hardly any page is written to swap"

# 28M where 24M fit: the oldest pages would go, were not those in the middle cold.
within "$(grown cold vmstat.pswpout)" $((28 * 256 - 24 * 256 - HELD)) 3072 "cold: the limit takes no more than the cold pages"
is "$(grown cold vmstat.pswpin)" 0 "and leaves older ones where they are"

locked=$((48 * 256 / 4))
within "$(($(level mlock box.memory.stat.unevictable) / 4096))" $((locked - HELD)) $((locked + HELD)) \
	"mlock: a quarter of the pages is unevictable"
within "$(grown mlock box.memory.stat.pgsteal)" 8192 1000000 "after reclaim of as many pages as don't fit, in each pass"

fork=4096
is "$(grown fork work.anon.forks)" 2 "fork: a child for each pass but the first"
within "$(grown fork box.memory.stat.pgfault)" $((3 * fork - HELD)) $((3 * fork + HELD + OWN)) \
	"each write of the later passes copies a page"
within "$(($(highest fork box.memory.stat.anon) / 4096))" $((2 * fork - HELD)) $((2 * fork + HELD + OWN)) \
	"the child holds the old ones"
within "$(grown fork-threads work.anon.forks)" 2 2 "with two threads the first one renews the child"
within "$(grown fork-threads box.memory.stat.pgfault)" $((2 * fork - HELD)) $((3 * fork + HELD + OWN)) \
	"and no page is copied twice for a child"

done_testing
