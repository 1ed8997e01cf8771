# `make bench`: the project's own performance, as ratios against bare loops and peers. It installs
# nothing. The program is built by `make check` too, which runs its smallest row.
check_PROGRAMS += wring-bench wring-rates
rates_sources = \
	bench/noise.c bench/noise.h \
	bench/rates.c bench/rates.h \
	bench/simulate.c bench/simulate.h
wring_bench_SOURCES = \
	bench/anon.c \
	bench/bare.c \
	bench/bare-files.c \
	bench/bare-names.c \
	bench/bench.h \
	bench/compare.c \
	bench/cost.c \
	bench/dentry.c \
	bench/file.c \
	bench/fio.c \
	bench/lab.c \
	bench/main.c \
	bench/measure.c bench/measure.h \
	bench/peers.c bench/peers.h \
	bench/report.c bench/report.h \
	$(rates_sources) \
	bench/stress-ng.c \
	bench/tick.c \
	bench/worker.c
# `make rates`: how often verdicts are wrong, by simulation on recorded values.
wring_rates_SOURCES = bench/rates-main.c $(rates_sources)
tests_unit_test_bench_SOURCES = tests/unit/test-bench.c bench/measure.c bench/worker.c
CLEANFILES += bench.json rates.json

bench: all wring-bench$(EXEEXT)
	srcdir=$(srcdir) ./wring-bench$(EXEEXT) --json bench.json $(BENCH)

rates: wring-rates$(EXEEXT)
	./wring-rates$(EXEEXT) --json rates.json $(srcdir)/tests/fixtures/stats/noise.tsv

.PHONY: bench rates
