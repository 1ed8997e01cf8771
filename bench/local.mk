# `make bench`: the project's own performance, as ratios against bare loops and peers. It installs
# nothing. The program is built by `make check` too, which runs its smallest row.
check_PROGRAMS += wring-bench
wring_bench_SOURCES = \
	bench/anon.c \
	bench/bare.c \
	bench/bare-files.c \
	bench/bare-names.c \
	bench/bench.h \
	bench/cost.c \
	bench/dentry.c \
	bench/file.c \
	bench/fio.c \
	bench/main.c \
	bench/measure.c bench/measure.h \
	bench/peers.c bench/peers.h \
	bench/report.c bench/report.h \
	bench/stress-ng.c \
	bench/tick.c \
	bench/worker.c
tests_unit_test_bench_SOURCES = tests/unit/test-bench.c bench/measure.c bench/worker.c
CLEANFILES += bench.json

bench: all wring-bench$(EXEEXT)
	./wring-bench$(EXEEXT) --json bench.json $(BENCH)

.PHONY: bench
